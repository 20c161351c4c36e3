"""The reported values of problem 2: on the page, in results.json, in the notebook, and as they come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from experiments import record
from report.verify.reported import same
from report.verify.rows import ATTACHMENT, MATCH, TEXT, Finding, Row, mismatch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from report.verify.circumstances import Circumstances
    from report.verify.fresh import Fresh
    from report.verify.reported import Shown
    from report.verify.submission import Submission

Entry = Mapping[str, Any]
NAMES = {
    "train.accuracy": "training accuracy",
    "dev.accuracy": "development accuracy",
    "gain": "best minus default",
    "params": "the five together",
}
MISSING = "(missing)"


def rows(submission: Submission, fresh: Fresh, circumstances: Circumstances) -> Iterator[Row]:
    """Compare every reported value.

    Accuracies and the gain are compared as counts, exactly; hyper-parameters exactly; each also as printed.
    """
    made = submission.attached
    noted = {key: to_builtins(value) for key, value in record.values(made.record).items()}
    anew = (
        fresh.attached.values if fresh.attached else noted
    )  # without a reproduction, the record is the truth
    for key in (*noted, *sorted({*made.values} - {*noted})):
        shown = submission.shown.get(key, ()) + submission.shown.get(f"{key}.count", ())
        row = _row(key, shown, (made.values.get(key), noted.get(key), anew.get(key)), circumstances)
        yield row if fresh.attached else replace(row, reproduced="")


def _row(
    key: str,
    shown: tuple[Shown, ...],
    sides: tuple[Entry | None, Entry | None, Entry | None],
    circumstances: Circumstances,
) -> Row:
    """Compare one value: what the page shows with results.json, the notebook's record, and what comes out."""
    attached, noted, anew = sides
    other = _first_other(shown, attached)
    entry = attached or noted or anew or {}
    return Row(
        key[:2],
        _name(key),
        "count" if "correct" in entry else "exact",
        _finding(shown, sides, circumstances),
        reported=(other or shown[0]).text if shown else MISSING,
        attached=_told(attached),
        reproduced=_told(anew),
    )


def _finding(
    shown: tuple[Shown, ...],
    sides: tuple[Entry | None, Entry | None, Entry | None],
    circumstances: Circumstances,
) -> Finding:
    """Tell whether all sides say the same, and if not, which of them was changed."""
    attached, noted, truth = sides
    shows = _first_other(shown, attached)
    if shown and shows is None and attached == noted == truth:
        return MATCH
    text_right = bool(shown) and _first_other(shown, truth) is None
    if attached == truth and not text_right:
        return mismatch(TEXT, f"the text was changed after the build: {_where(shown, truth)}")
    if text_right and attached != truth:
        return mismatch(
            ATTACHMENT, f"results.json in the PDF was changed after the build{_field(attached, truth)}"
        )
    if text_right:
        return mismatch(ATTACHMENT, "the notebook in the PDF gives another number: it was changed")
    if noted == truth:
        return mismatch(TEXT, "text and attachment were changed: the notebook's own output is right")
    cause, reason = circumstances.of_numbers()
    if shows is not None or not shown:
        reason += f"; and the text does not say what results.json says: {_where(shown, attached)}"
    return mismatch(cause, reason)


def _first_other(shown: tuple[Shown, ...], entry: Entry | None) -> Shown | None:
    """Give the first place where the page shows something else than a value."""
    allowed = [] if entry is None else [str(entry["printed"]), _told(entry)]
    return next((place for place in shown if not any(same(place.text, text) for text in allowed)), None)


def _field(attached: Entry | None, truth: Entry | None) -> str:
    """Name the first field of an entry that is not as it should be."""
    if attached is None or truth is None:
        return ": it lacks this value" if attached is None else ": it invents this value"
    for field in (*truth, *attached):
        if attached.get(field) != truth.get(field):
            return f": its {field!r} is {attached.get(field)!r}"
    return ""


def _where(shown: tuple[Shown, ...], entry: Entry | None) -> str:
    other = _first_other(shown, entry)
    if other is None:
        return "the page does not show it"
    return f"page {other.page} shows {other.text}" if other.page else "it cannot be seen on the page"


def _told(entry: Entry | None) -> str:
    """Give a value as a count if it is one (a gain with its sign), else as it is printed."""
    if entry is None:
        return MISSING
    if "correct" not in entry:
        return str(entry["printed"])
    return (
        f"{entry['correct']:+d}"
        if str(entry["printed"])[:1] in "+-"
        else f"{entry['correct']}/{entry['total']}"
    )


def _name(key: str) -> str:
    rest = key[3:]
    return NAMES.get(rest, rest.removeprefix("params."))
