"""The three-way comparison: reported, attached, reproduced, question by question; and what explains it."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from msgspec import structs, to_builtins

from experiments.record import values
from report.config import QUESTIONS
from report.results import RESULTS
from report.verify.findings import (
    CELLS,
    DATA,
    DATA_BESIDE,
    FOLLOWING,
    NOTEBOOK_BESIDE,
    PROBLEM_2,
    RUN_AGAIN,
    TOLD,
    UNKNOWN,
    UNREAD,
    WHOLE,
    Cause,
    Causes,
    Outcome,
    Quantity,
    Same,
    Why,
    counted,
    differing,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from experiments.record import Record, Value
    from report.results import Ledger, Results
    from report.verify.evidence import Evidence, HandedIn
    from report.verify.findings import Difference, Pages, Reproduced, Shown

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
STUDIED = ("studied.seeds.", "studied.selection.")
# What is compared otherwise, or is no part of the answers.
APART = ("values.", "formulas.", "studied.", "made_with.", "environment.", "ledger.checks.")
# Files that are compared as a whole: how, what is shown as their sides, the cause, and how it is told.
FILES = {
    DATA: ("values", ("", "4 files", "4 files"), Cause.DATA, "the data differ (name others with --data): "),
    DATA_BESIDE: ("values", ("beside", "", "4 files"), Cause.DATA, "the data differ: "),
    CELLS: ("exact", ("", "sources", "sources"), Cause.EDITED, "it is not what this program writes: "),
    NOTEBOOK_BESIDE: ("values", ("beside", "in the PDF", ""), Cause.EDITED, "it is not the one in the PDF: "),
    RUN_AGAIN: ("values", ("", "outputs", "outputs"), Cause.EDITED, "run again: "),
}
# How a file is written whose pages match.
WRITTEN = {
    Same.OBJECTS: "The file was saved again by another program, which changed nothing in it.",
    Same.SIGHT: "The pages say the same; the file was written anew by {}.",
    Same.TEXT: "Another TeX set the pages: they say the same, though it breaks lines elsewhere.",
}


def compare(
    handed_in: HandedIn, given: Evidence, made: Reproduced, pages: Pages | None, starts: Mapping[str, int]
) -> tuple[list[Quantity], list[str]]:
    """Compare a submission with what is made of its configuration here: return quantities and remarks.

    `pages` is None if none were set here; `starts` holds the page on which each question begins.
    """
    causes = Causes.find(given, made, pages)
    found = [*_entries(given, made, causes), *_values(given, made, pages, causes)]
    found += [row for name, differences in made.files.items() for row in rows(name, differences, causes)]
    wrong = [row for row in found if row.outcome is Outcome.MISMATCH]
    if pages is None:
        why = Why("", made.no_pages, Outcome.OPEN)
        found += [Quantity(question, "pages", Same.SIGHT).because(why) for question in QUESTIONS]
    else:
        found += _pages(pages, starts, causes, wrong)
    order = ["1", *QUESTIONS, PROBLEM_2, WHOLE]
    found.sort(key=lambda row: order.index(row.question))
    return found, [*handed_in.remarks, *given.remarks, *_remarks(made, pages, causes)]


def _remarks(made: Reproduced, pages: Pages | None, causes: Causes) -> Iterator[str]:
    """Walk what is worth knowing though everything matches."""
    if pages and pages.lost:
        named = " and ".join(filter(None, (", ".join(pages.lost[:-1]), pages.lost[-1])))
        yield f"The file was saved again by another program, which dropped its {named}."
    elif pages and pages.same in WRITTEN:
        yield WRITTEN[pages.same].format(pages.producer or "another program")
    harmless = (each.what for found in made.files.values() for each in found if each.harmless)
    yield from (f"{what}." for what in dict.fromkeys(harmless))
    elsewhere = causes.code, causes.versions, causes.environment, causes.tex
    yield from (f"Made where {what}." for what in elsewhere if what)
    if made.results.quick:
        yield "It is a quick build: only a small part of the search was run."
    if not made.environment.get("pinned"):
        yield "The numeric pins are not in force here: the last bits may differ."


# --- the attached files
def _entries(given: Evidence, made: Reproduced, causes: Causes) -> Iterator[Quantity]:
    """Compare the entries of the attached files, question by question and kind by kind."""
    if given.results is None or given.ledger is None:
        return
    there = _grouped(given.results, given.ledger, given.notebook.record)
    here = _grouped(made.results, made.ledger, made.record if given.notebook.record else None)
    searched = len(made.record.search.dev)
    for question, name in {**there, **here}:
        sides = [groups.get((question, name), {}) for groups in (there, here)]
        noun, rule = ENTRIES[name]
        of_data = bool(causes.data) and question == WHOLE  # other rows
        why = None
        if name in NUMBERS and made.trained < searched:
            told = f"{made.trained} of {searched:,} settings were trained (--fast)"
            why = Why("", told, Outcome.OPEN)
        elif other := differing(*sides):
            why = causes.of_numbers() if of_data or name in NUMBERS else causes.of_entries()
            why = why._replace(reason=f"{why.reason} ({counted(len(other), noun)}, the first: {other[0]})")
        attached, reproduced = (counted(len(side) - (name == "search"), noun) for side in sides)
        about = PROBLEM_2 if of_data else question
        yield Quantity(about, name, rule, attached=attached, reproduced=reproduced).because(why)


def _grouped(
    results: Results, ledger: Ledger, record: Record | None
) -> dict[tuple[str, str], dict[Any, Any]]:
    """Return the entries of the attached files by question and kind, but for reported values."""
    groups: dict[tuple[str, str], dict[Any, Any]] = defaultdict(dict)
    for key, formula in results.formulas.items():
        groups[formula.question, "formulas"][key] = formula
    for check in ledger.checks:
        groups[check.question, "checks"][check.id] = check
    if record:
        chosen = record.tied, record.passed_over
        rows = zip(*structs.astuple(record.search), strict=True)
        groups["2b", "search"] = dict(enumerate([*rows, chosen]))
    told = _printed(to_builtins(results) | {"ledger": to_builtins(ledger)})
    groups["2b", "seeds, selection"] = {key: told[key] for key in told if key.startswith(STUDIED)}
    groups[WHOLE, "seed, rows, columns"] = {key: told[key] for key in told if not key.startswith(APART)}
    return groups


def _printed(value: Any, place: str = "") -> dict[str, str]:
    """Return every number in a value of any shape by its place, decimals as they are printed."""
    if not isinstance(value, dict | list | tuple):
        return {place.lstrip("."): f"{value:.4f}" if isinstance(value, float) else str(value)}
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return {where: text for key, item in items for where, text in _printed(item, f"{place}.{key}").items()}


# --- the reported values
def _values(given: Evidence, made: Reproduced, pages: Pages | None, causes: Causes) -> Iterator[Quantity]:
    """Compare every reported value: accuracies and the gain as counts, each also as it is printed.

    There are three accounts of it: the page, results.json and the notebook. Where one of them gives what
    comes out here, the others were changed.
    """
    truth = made.results.values
    noted = values(given.notebook.record) if given.notebook.record else truth
    unread = pages is not None and any(place.kind == UNREAD for place in pages.places)
    attached = given.results.values if given.results else noted
    for key in {**truth, **attached}:
        there, here = attached.get(key), truth.get(key)
        entry = here or attached[key]
        seen, accounts = entry.printed if pages else "", []  # of each that is there, what is wrong with it
        if pages and pages.same != Same.NO:
            accounts.append((Cause.CHANGED, ""))
        elif pages:
            places = *pages.shown.get(key, ()), *pages.shown.get(f"{key}.count", ())
            seen, wrong = _shown(places, here) if places or not unread else ("", "")
            accounts.append((Cause.CHANGED, wrong))
        if given.results:
            accounts.append((Cause.ATTACHMENT, _changed(there, here)))
        if given.notebook.record:
            told = "" if noted.get(key) == here else "the notebook gives another number: it was changed"
            accounts.append((Cause.ATTACHMENT, told))
        why = None
        if found := [account for account in accounts if account[1]]:
            why = Why(found[0][0], "; ".join(told for _, told in found))
            why = causes.of_numbers() if len(found) == len(accounts) > 1 else why
        name = NAMES.get(key[3:], key[3:].removeprefix("params."))
        rule = "exact" if entry.correct is None else "count"
        yield Quantity(entry.question, name, rule, seen, _told(there), _told(here)).because(why)


def _shown(shown: Sequence[Shown], entry: Value | None) -> tuple[str, str]:
    """Return what the pages show for a value, and where they show something else, or something else, too."""
    allowed = ["".join(text.split()) for text in ((entry.printed, _told(entry)) if entry else ())]
    other = next((place for place in shown if place.text not in allowed or not place.plain), None)
    where = f"page {other.page} shows {other.text or 'nothing there'}" if other else "no page shows it"
    wrong = f"the text was changed after the build: {where}" if other or not shown else ""
    if other and other.text in allowed:
        where = f"{other.text} on page {other.page} is painted otherwise, or something is drawn over it"
        wrong = f"the page was changed after the build: {where}"
    return (other or shown[0]).text if shown else MISSING, wrong


def _changed(attached: Value | None, truth: Value | None) -> str:
    """Name the first field of a value in results.json that is not as it should be."""
    if attached == truth:
        return ""
    what = "it lacks this value" if attached is None else "it invents this value"
    if attached and truth:
        there, here = to_builtins(attached), to_builtins(truth)
        field = differing(there, here)[0]
        what = f"its {field!r} is {there.get(field)!r}"
    return f"{RESULTS} was changed after the build: {what}"


def _told(entry: Value | None) -> str:
    """Return a value as a count if it is one (a gain with its sign), else as it is printed."""
    if entry is None or entry.correct is None:
        return entry.printed if entry else MISSING
    return f"{entry.correct:+d}" if entry.printed[:1] in "+-" else f"{entry.correct}/{entry.total}"


# --- data and notebooks
def rows(name: str, found: Sequence[Difference], causes: Causes | None = None) -> list[Quantity]:
    """Return a row for each question in which something differs; if nothing does, one for problem 2.

    Where other code wrote the notebook, or for other data, it is no wonder that the cells differ.
    """
    rule, sides, cause, told = FILES[name]
    by_question: dict[str, list[str]] = defaultdict(list)
    for each in found:
        if not each.harmless:
            by_question[each.question].append(each.what)
    if all(each.harmless or each.kind == UNKNOWN for each in found):  # the numbers show whether it matters
        unknown = "; ".join(by_question[PROBLEM_2])
        why = Why("", unknown, Outcome.OPEN) if unknown else None
        return [Quantity(PROBLEM_2, name, rule, *sides).because(why)]
    more = ""
    if name == CELLS and causes and (causes.code or causes.data):
        cause, more = (Cause.CODE if causes.code else Cause.DATA), f"; {causes.code or causes.data}"
    return [
        Quantity(question, name, rule, *sides).because(Why(cause, told + "; ".join(what[:TOLD]) + more))
        for question, what in by_question.items()
    ]


# --- the pages
def _pages(
    pages: Pages, starts: Mapping[str, int], causes: Causes, wrong: Sequence[Quantity]
) -> Iterator[Quantity]:
    """Compare the pages of each question, and what belongs to none, unless it follows from what is told."""
    firsts = [*(starts.get(question, 0) for question in QUESTIONS), 0, 0]
    for question, (first, after) in zip((*QUESTIONS, WHOLE), pairwise(firsts), strict=True):
        where = f"p. {first}-{after}" if after > first else f"p. {first}" if first else ""
        follows = any(row.concerns(question) for row in wrong) if question else bool(wrong)
        places = [each for each in pages.places if each.question == question]
        own = [each for each in places if not (follows and each.kind == FOLLOWING)]
        why = causes.of_pages(own) if own else None
        if places and not own:
            told = f"it differs where the values above differ: {places[0].what}"
            why = Why(Cause.FOLLOWS, told, Outcome.OPEN)
        name = "pages" if question else "the rest of the file"
        row = Quantity(question, name, pages.same or Same.SIGHT, where, reproduced=where)
        yield row.because(why)
