"""The three-way comparison: reported, attached, reproduced, question by question."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from experiments.record import search_rows, values
from report.config import QUESTIONS
from report.results import NOTEBOOK, RESULTS
from report.verify import notebook
from report.verify.findings import (
    ATTACHMENT,
    BYTES,
    CARRIED,
    CHANGED,
    CODE,
    DATA,
    DIFFERENT,
    DOCUMENT,
    EDITED,
    FOLLOWS,
    SEEN,
    SIGHT,
    TEXT,
    WHOLE,
    Causes,
    Outcome,
    Quantity,
    counted,
    differing,
    mismatch,
    not_compared,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from experiments.record import Value
    from report.results import Ledger, Results
    from report.verify.evidence import Evidence, HandedIn
    from report.verify.findings import Pages, Place, Reproduced, Shown

RULES = {BYTES: "bytes", DOCUMENT: "objects", SIGHT: "sight", TEXT: "text", DIFFERENT: "sight"}
MISSING = "(missing)"
NAMES = {
    "train.accuracy": "training accuracy",
    "dev.accuracy": "development accuracy",
    "gain": "best minus default",
    "params": "the five together",
}
# Entries of the attached files that are compared one by one: what they are called, and how they are compared.
ENTRIES = {
    "formulas": ("formula", "LaTeX"),
    "checks": ("check", "exact"),
    "search": ("setting", "count"),
    "seeds, selection": ("number", "digits"),
    "seed, rows, columns": ("value", "exact"),
}
NUMBERS = ("search", "seeds, selection")
APART = {"values", "formulas", "environment", "studied", "made_with"}
TOLD = 8  # places that are told of the file as a whole


def compare(
    handed_in: HandedIn, given: Evidence, made: Reproduced, pages: Pages | None, starts: Mapping[str, int]
) -> tuple[list[Quantity], list[str]]:
    """Compare a submission with what this copy of the program makes of its configuration.

    Parameters
    ----------
    handed_in, given
        The submission, and the files attached to it.
    made
        What was reproduced.
    pages
        How far the pages are the same; None if none were set here.
    starts
        The page on which each question begins, of the pages that were set here.

    Returns
    -------
    quantities
        In the order of the questions; what is about the whole comes last.
    remarks
        What is worth knowing beside.
    """
    causes = Causes.find(given, made, pages)
    found = [*_entries(given, made, causes), *_values(given, made, pages, causes), *_data(made)]
    found += _notebooks(handed_in, given, made, causes)
    wrong = [row for row in found if row.outcome is Outcome.MISMATCH]
    wrong_questions = {question for question in QUESTIONS for row in wrong if row.concerns(question)}
    if pages is None:
        found += [
            Quantity(question, "pages", "sight", **not_compared(made.no_pages)) for question in QUESTIONS
        ]
    else:
        found += [*_pages(pages, starts, causes, wrong_questions), *_whole(pages, causes, told=bool(wrong))]
    order = ["1", *QUESTIONS, "2", WHOLE]
    return sorted(found, key=lambda row: order.index(row.question)), [
        *handed_in.remarks,
        *given.remarks,
        *([_of_the_file(pages, causes)] if pages and pages.same not in (BYTES, DIFFERENT) else []),
        *dict.fromkeys(
            f"{table.name} {table.what}." for table in made.tables if table.same and not table.equal
        ),
        *_of_the_notebook(handed_in, given),
        *(["It is a quick build: only a small part of the search was run."] if made.results.quick else []),
        *causes.remarks(),
        *(
            []
            if made.environment.get("pinned")
            else ["The numeric pins are not in force here: the last bits may differ."]
        ),
    ]


# --- the attached files
def _entries(given: Evidence, made: Reproduced, causes: Causes) -> Iterator[Quantity]:
    """Compare the entries of the attached files, question by question and kind by kind."""
    if given.results is None or given.ledger is None:
        return
    there, here = _grouped(given.results, given.ledger), _grouped(made.results, made.ledger)
    if given.notebook.record:
        settings = given.config.search.settings(made.record.total.train)
        for groups, record in ((there, given.notebook.record), (here, made.record)):
            rows = search_rows(settings[: len(record.search.dev)], record.search) if record.search.dev else []
            groups["2b", "search"] = dict(enumerate([*rows, (record.tied, record.passed_over)]))
    fast = made.trained < len(made.record.search.dev)
    for question, name in {**there, **here}:
        sides = [groups.get((question, name), {}) for groups in (there, here)]
        noun, rule = ENTRIES[name]
        found: dict[str, Any] = {}
        if name in NUMBERS and fast:
            found = not_compared(
                f"{made.trained} of {len(made.record.search.dev):,} settings were trained (--fast)"
            )
        elif other := differing(*sides):
            cause, reason = (
                causes.of_numbers()
                if name in NUMBERS or (causes.data and not question)
                else causes.of_entries()
            )
            found = mismatch(cause, f"{reason} ({counted(len(other), noun)}, the first: {other[0]})")
        about = "2" if causes.data and not question else question  # other data have other rows
        told = [counted(len(side) - (name == "search"), noun) for side in sides]
        yield Quantity(about, name, rule, attached=told[0], reproduced=told[1], **found)


def _grouped(results: Results, ledger: Ledger) -> dict[tuple[str, str], dict[Any, Any]]:
    """Return the entries of the attached files by question and kind, but for reported values."""
    groups: dict[tuple[str, str], dict[Any, Any]] = defaultdict(dict)
    for key, formula in results.formulas.items():
        groups[formula.question, "formulas"][key] = formula
    for check in ledger.checks:
        groups[check.question, "checks"][check.id] = check
    groups["2b", "seeds, selection"] = _printed(
        [to_builtins(results.studied.seeds), to_builtins(results.studied.selection)]
    )
    rest = {key: value for key, value in to_builtins(results).items() if key not in APART}
    files = {name: file | {"sha256": ""} for name, file in rest["data"]["files"].items()}
    rest["data"] = {"stand_in": results.data.stand_in, **files}
    rest["ledger"] = {key: value for key, value in to_builtins(ledger).items() if key != "checks"}
    groups[WHOLE, "seed, rows, columns"] = _printed(rest)
    return groups


def _printed(value: Any, place: str = "") -> dict[str, str]:
    """Return every number in a value of any shape by its place, decimals as they are printed."""
    if not isinstance(value, dict | list):
        return {place.lstrip("."): f"{value:.4f}" if isinstance(value, float) else str(value)}
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return {where: text for key, item in items for where, text in _printed(item, f"{place}.{key}").items()}


# --- the reported values
def _values(given: Evidence, made: Reproduced, pages: Pages | None, causes: Causes) -> Iterator[Quantity]:
    """Compare every reported value: accuracies and the gain as counts, each also as it is printed."""
    truth = made.results.values
    noted = values(given.notebook.record) if given.notebook.record else truth
    attached = given.results.values if given.results else noted
    for key in {**truth, **attached}:
        sides = attached.get(key), noted.get(key), truth.get(key)
        entry = next(side for side in sides if side)
        shown: tuple[Shown, ...] | None = None  # as they come out
        seen = entry.printed if pages else ""
        if pages and pages.same == DIFFERENT:
            shown = pages.shown.get(key, ()) + pages.shown.get(f"{key}.count", ())
            seen = (_other(shown, sides[0]) or shown[0]).text if shown else MISSING
        yield Quantity(
            key[:2],
            NAMES.get(key[3:], key[3:].removeprefix("params.")),
            "exact" if entry.correct is None else "count",
            reported=seen,
            attached=_told(sides[0]),
            reproduced=_told(sides[2]),
            **_judged(sides, shown, causes),
        )


def _judged(
    sides: tuple[Value | None, Value | None, Value | None], shown: tuple[Shown, ...] | None, causes: Causes
) -> dict[str, Any]:
    """Say whether results.json, notebook, reproduction and page agree, and if not, which was changed."""
    attached, noted, truth = sides
    text_right = shown is None or (bool(shown) and _other(shown, truth) is None)
    if not text_right and attached == truth:
        return mismatch(CHANGED, f"the text was changed after the build: {_where(shown, truth)}")
    if text_right and attached != truth:
        return mismatch(ATTACHMENT, f"{RESULTS} was changed after the build{_field(attached, truth)}")
    if text_right and noted != truth:
        return mismatch(ATTACHMENT, "the notebook gives another number: it was changed")
    if text_right:
        return {}
    if noted == truth:
        return mismatch(CHANGED, "text and attachment were changed: the notebook's own output is right")
    cause, reason = causes.of_numbers()
    if _other(shown or (), attached):
        reason += f"; and the text does not say what {RESULTS} says: {_where(shown, attached)}"
    return mismatch(cause, reason)


def _other(shown: tuple[Shown, ...], entry: Value | None) -> Shown | None:
    """Return the first place where the page shows something else than a value, or something else, too."""
    allowed = ["".join(text.split()) for text in ((entry.printed, _told(entry)) if entry else ())]
    return next((place for place in shown if place.text not in allowed or not place.plain), None)


def _where(shown: tuple[Shown, ...] | None, entry: Value | None) -> str:
    other = _other(shown or (), entry)
    return f"page {other.page} shows {other.text or 'nothing there'}" if other else "no page shows it"


def _field(attached: Value | None, truth: Value | None) -> str:
    """Name the first field of an entry that is not as it should be."""
    if attached is None or truth is None:
        return ": it lacks this value" if attached is None else ": it invents this value"
    there, here = to_builtins(attached), to_builtins(truth)
    field = differing(there, here)[0]
    return f": its {field!r} is {there.get(field)!r}"


def _told(entry: Value | None) -> str:
    """Return a value as a count if it is one (a gain with its sign), else as it is printed."""
    if entry is None or entry.correct is None:
        return entry.printed if entry else MISSING
    return f"{entry.correct:+d}" if entry.printed[:1] in "+-" else f"{entry.correct}/{entry.total}"


# --- data and notebooks
def _data(made: Reproduced) -> Iterator[Quantity]:
    """Compare the data: those that the numbers were made with, and those that came with the PDF."""
    for name, tables in (("data", made.made_of), ("data handed in", made.handed_in)):
        other = [f"{table.name} {table.what}" for table in tables if not table.same]
        found = mismatch(DATA, f"the data differ: {'; '.join(other)}") if other else {}
        side: dict[str, Any] = {"attached" if name == "data" else "reported": counted(len(tables), "file")}
        if tables:
            yield Quantity("2", name, "values", reproduced=counted(4, "file"), **side, **found)


def _notebooks(handed_in: HandedIn, given: Evidence, made: Reproduced, causes: Causes) -> Iterator[Quantity]:
    """Compare the attached notebook with what this program writes, and with the one beside it."""
    count = [counted(len(cells), "cell") for cells in (given.notebook.cells, made.cells)]
    found: dict[str, Any] = {}
    if causes.cell.what:
        told = f"{causes.cell.what}: it is not what this program writes"
        why = (CODE, f"{told}; {causes.program}") if causes.code else (EDITED, f"{told}; it was edited")
        found = mismatch(*why)
    question = causes.cell.question or "2"
    yield Quantity(question, "notebook's cells", "exact", attached=count[0], reproduced=count[1], **found)
    if NOTEBOOK in handed_in.beside:
        other = _beside(handed_in, given)
        found = (
            mismatch(EDITED, f"the one beside the PDF is not the one in it: {other.what}")
            if other.what
            else {}
        )
        name = "notebook handed in"
        yield Quantity(other.question or "2", name, "values", "beside", "in the PDF", **found)


def _beside(handed_in: HandedIn, given: Evidence) -> notebook.Difference:
    content = handed_in.beside[NOTEBOOK]
    if content == given.files[NOTEBOOK]:
        return notebook.Difference()
    return notebook.compare(notebook.read(content, f"The {NOTEBOOK} beside the PDF"), given.notebook)


def _of_the_notebook(handed_in: HandedIn, given: Evidence) -> list[str]:
    remarks = _beside(handed_in, given).remarks if NOTEBOOK in handed_in.beside else ()
    return [f"The {NOTEBOOK} beside the PDF: {'; '.join(remarks)}."] if remarks else []


# --- the pages
def _pages(pages: Pages, starts: Mapping[str, int], causes: Causes, wrong: set[str]) -> Iterator[Quantity]:
    """Compare the pages of each question."""
    ends = [*(starts.get(question, 0) for question in QUESTIONS), 0]
    for first, after, question in zip(ends, ends[1:], QUESTIONS, strict=False):
        where = f"p. {first}-{after}" if after > first else f"p. {first}"
        places = [place for place in pages.places if place.question == question]
        found = _why(places, causes) if places else {}
        if places and question in wrong:
            found = not_compared(f"it differs where the values above differ: {places[0].what}", FOLLOWS)
        yield Quantity(question, "pages", RULES[pages.same], reported=where, reproduced=where, **found)


def _whole(pages: Pages, causes: Causes, *, told: bool) -> Iterator[Quantity]:
    """Compare what belongs to no question, unless it follows from what is told already."""
    places = [place for place in pages.places if not place.question and not (told and place.kind == CARRIED)]
    if not places:
        yield Quantity(WHOLE, "the rest of the file", RULES[pages.same])
    for place in places[:TOLD]:
        found = _why([place], causes)
        if told and place.kind == SEEN:
            found = not_compared(f"it differs where the values above differ: {place.what}", FOLLOWS)
        yield Quantity(WHOLE, "the rest of the file", RULES[pages.same], **found)


def _why(places: Sequence[Place], causes: Causes) -> dict[str, Any]:
    """Say what differs at some places, and why."""
    told = "; ".join(dict.fromkeys(place.what for place in places[:3]))
    if causes.tex:
        reason = f"{told}; another TeX set the pages ({causes.tex})"
        return {"outcome": Outcome.UNJUDGED, "cause": CODE, "reason": reason}
    if causes.program:
        return mismatch(CODE, f"{told}; {causes.program}")
    return mismatch(CHANGED, f"the file was changed after the build: {told}")


def _of_the_file(pages: Pages, causes: Causes) -> str:
    """Say how the file was written."""
    if pages.same == DOCUMENT:
        return "The file was saved again by another program, which changed nothing in it."
    if causes.tex:
        places = (
            ", but not their places: it breaks lines elsewhere"
            if pages.same == TEXT
            else " and show the same"
        )
        return f"Another TeX set the pages: they say the same{places}."
    return f"The pages say the same; the file was written anew by {pages.producer or 'another program'}."
