"""The three-way comparison: reported, attached, reproduced, question by question."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from experiments.record import search_rows, values
from report.config import QUESTIONS
from report.results import NOTEBOOK, RESULTS
from report.verify import notebook
from report.verify.findings import (
    CARRIED,
    SEEN,
    WHOLE,
    Cause,
    Causes,
    Outcome,
    Quantity,
    Same,
    counted,
    differing,
    mismatch,
    not_compared,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from experiments.record import Value
    from report.results import Ledger, Results
    from report.verify.evidence import Evidence, HandedIn
    from report.verify.findings import Pages, Reproduced, Shown

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
    """Compare a submission with what is made of its configuration here: return quantities and remarks.

    `pages` is None if none were set here; `starts` holds the page on which each question begins.
    """
    causes = Causes.find(given, made, pages)
    found = [
        *_entries(given, made, causes),
        *_values(given, made, pages, causes),
        *_data(made),
        *_notebook_inside(given, made, causes),
    ]
    beside, of_the_notebook = _notebook_beside(handed_in, given)
    found += beside
    wrong = [row for row in found if row.outcome is Outcome.MISMATCH]
    wrong_questions = {question for question in QUESTIONS for row in wrong if row.concerns(question)}
    if pages is None:
        found += [
            Quantity(question, "pages", Same.SIGHT, **not_compared(made.no_pages)) for question in QUESTIONS
        ]
    else:
        found += [*_pages(pages, starts, causes, wrong_questions), *_whole(pages, causes, told=bool(wrong))]
    order = ["1", *QUESTIONS, "2", WHOLE]
    remarks = [
        *handed_in.remarks,
        *given.remarks,
        *causes.of_the_file(pages),
        *dict.fromkeys(f"{table.name} {table.what}." for table in made.written_otherwise),
        *of_the_notebook,
        *causes.remarks(),
    ]
    if made.results.quick:
        remarks.append("It is a quick build: only a small part of the search was run.")
    if not made.environment.get("pinned"):
        remarks.append("The numeric pins are not in force here: the last bits may differ.")
    return sorted(found, key=lambda row: order.index(row.question)), remarks


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
    searched = len(made.record.search.dev)
    for question, name in {**there, **here}:
        sides = [groups.get((question, name), {}) for groups in (there, here)]
        noun, rule = ENTRIES[name]
        other_data = bool(causes.data) and question == WHOLE  # they have other rows
        found: dict[str, Any] = {}
        if name in NUMBERS and made.trained < searched:
            found = not_compared(f"{made.trained} of {searched:,} settings were trained (--fast)")
        elif other := differing(*sides):
            of_numbers = name in NUMBERS or other_data
            cause, reason = causes.of_numbers() if of_numbers else causes.of_entries()
            found = mismatch(cause, f"{reason} ({counted(len(other), noun)}, the first: {other[0]})")
        told = [counted(len(side) - (name == "search"), noun) for side in sides]
        about = "2" if other_data else question
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
    if not isinstance(value, dict | list | tuple):
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
        if pages and pages.same == Same.NO:
            shown = pages.shown.get(key, ()) + pages.shown.get(f"{key}.count", ())
            seen = (_other(shown, sides[0]) or shown[0]).text if shown else MISSING
        yield Quantity(
            key[:2],
            NAMES.get(key[3:], key[3:].removeprefix("params.")),
            "exact" if entry.correct is None else "count",
            reported=seen,
            attached=_told(sides[0]),
            reproduced=_told(sides[2]),
            **_judged(sides, shown, causes, accounts=3 if pages else 2),
        )


def _judged(
    sides: tuple[Value | None, Value | None, Value | None],
    shown: tuple[Shown, ...] | None,
    causes: Causes,
    accounts: int,
) -> dict[str, Any]:
    """Say which accounts (the page, results.json, the notebook) do not give what comes out, and why.

    Where one of them does, the others were changed.
    """
    attached, noted, truth = sides
    wrong = []
    if shown is not None and (not shown or _other(shown, truth)):
        wrong.append(f"the text was changed after the build: {_where(shown, truth)}")
    cause = Cause.CHANGED if wrong else Cause.ATTACHMENT
    if attached != truth:
        wrong.append(f"{RESULTS} was changed after the build{_field(attached, truth)}")
    if noted != truth:
        wrong.append("the notebook gives another number: it was changed")
    if len(wrong) == accounts:
        return mismatch(*causes.of_numbers())
    return mismatch(cause, "; ".join(wrong)) if wrong else {}


def _other(shown: tuple[Shown, ...], entry: Value | None) -> Shown | None:
    """Return the first place where the page shows something else than a value, or something else, too."""
    allowed = ["".join(text.split()) for text in ((entry.printed, _told(entry)) if entry else ())]
    return next((place for place in shown if place.text not in allowed or not place.plain), None)


def _where(shown: tuple[Shown, ...], entry: Value | None) -> str:
    other = _other(shown, entry)
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
        found = mismatch(Cause.DATA, f"the data differ: {'; '.join(other)}") if other else {}
        side: dict[str, Any] = {"attached" if name == "data" else "reported": counted(len(tables), "file")}
        if tables:
            yield Quantity("2", name, "values", reproduced=counted(4, "file"), **side, **found)


def _notebook_inside(given: Evidence, made: Reproduced, causes: Causes) -> Iterator[Quantity]:
    """Compare the attached notebook with what this program writes."""
    sides = [counted(len(cells), "cell") for cells in (given.notebook.cells, made.cells)]
    for question, what in (causes.cells or {"2": ""}).items():
        told = f"{what}: it is not what this program writes"
        found = mismatch(Cause.EDITED, f"{told}; it was edited") if what else {}
        if what and causes.code:
            found = mismatch(Cause.CODE, f"{told}; {causes.program}")
        yield Quantity(question, "notebook's cells", "exact", attached=sides[0], reproduced=sides[1], **found)


def _notebook_beside(handed_in: HandedIn, given: Evidence) -> tuple[list[Quantity], list[str]]:
    """Compare the notebook beside the PDF with the one in it."""
    content = handed_in.beside.get(NOTEBOOK)
    if content is None:
        return [], []
    other: notebook.Differences = {}
    remarks: list[str] = []
    if content != given.files[NOTEBOOK]:
        read = notebook.read(content, f"The {NOTEBOOK} beside the PDF")
        other, remarks = notebook.compare(read, given.notebook)
    name, rule, sides = "notebook handed in", "values", ("beside", "in the PDF")
    rows = [
        Quantity(
            question,
            name,
            rule,
            *sides,
            **mismatch(Cause.EDITED, f"the one beside the PDF is not the one in it: {what}"),
        )
        for question, what in other.items()
    ]
    told = [f"The {NOTEBOOK} beside the PDF: {'; '.join(remarks)}."] if remarks else []
    return rows or [Quantity("2", name, rule, *sides)], told


# --- the pages
def _pages(pages: Pages, starts: Mapping[str, int], causes: Causes, wrong: set[str]) -> Iterator[Quantity]:
    """Compare the pages of each question."""
    firsts = [*(starts.get(question, 0) for question in QUESTIONS), 0]
    for question, (first, after) in zip(QUESTIONS, pairwise(firsts), strict=True):
        where = f"p. {first}-{after}" if after > first else f"p. {first}"
        places = [place for place in pages.places if place.question == question]
        found = causes.of_pages(places) if places else {}
        if places and question in wrong:
            found = not_compared(f"it differs where the values above differ: {places[0].what}", Cause.FOLLOWS)
        yield Quantity(question, "pages", pages.same or Same.SIGHT, reported=where, reproduced=where, **found)


def _whole(pages: Pages, causes: Causes, *, told: bool) -> Iterator[Quantity]:
    """Compare what belongs to no question, unless it follows from what is told already."""
    name, rule = "the rest of the file", pages.same or Same.SIGHT
    places = [place for place in pages.places if not place.question and not (told and place.kind == CARRIED)]
    if not places:
        yield Quantity(WHOLE, name, rule)
    for place in places[:TOLD]:
        found = causes.of_pages([place])
        if told and place.kind == SEEN:
            found = not_compared(f"it differs where the values above differ: {place.what}", Cause.FOLLOWS)
        yield Quantity(WHOLE, name, rule, **found)
