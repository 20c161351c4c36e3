"""What else is handed in: the checks, the search, the data, the notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from experiments.data.files import FILE_NAMES
from report.config import QUESTIONS
from report.results import NOTEBOOK
from report.verify import attached
from report.verify.attached import ALL_PROBLEM_1
from report.verify.circumstances import differing_cell
from report.verify.errors import UnjudgedError
from report.verify.rows import (
    ATTACHMENT,
    CODE,
    DATA,
    MATCH,
    UNEXPLAINED,
    WHOLE,
    Row,
    counted,
    mismatch,
    unseen,
)
from report.verify.rows import NOTEBOOK as NOTEBOOK_DIFFERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from experiments.record import Search
    from report.verify.circumstances import Circumstances
    from report.verify.fresh import Fresh
    from report.verify.submission import HandedIn, Submission

TRUST = ("seeds", "selection")
TEXTS = ("markdown", "raw")


def checks(submission: Submission, fresh: Fresh, circumstances: Circumstances) -> Iterator[Row]:
    """Compare the ledger: each check of a derivation with its statement, and that it passed."""
    if fresh.attached is None:
        return
    there, here = submission.attached.checks, fresh.attached.checks
    for question in (ALL_PROBLEM_1, *QUESTIONS):
        ours = {key: check for key, check in there.items() if check["question"] == question}
        theirs = {key: check for key, check in here.items() if check["question"] == question}
        if not ours and not theirs:
            continue
        told = [f"{sum(check['passed'] for check in found.values())} passed" for found in (ours, theirs)]
        finding = MATCH
        if differing := sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key)):
            cause, reason = circumstances.of_formulas()
            if cause == UNEXPLAINED:
                cause, reason = ATTACHMENT, "ledger.json in the PDF was changed after the build"
            finding = mismatch(cause, f"{reason} (check {differing[0]})")
        yield Row(question, "checks", "exact", finding, attached=told[0], reproduced=told[1])


def search(submission: Submission, fresh: Fresh, circumstances: Circumstances) -> Iterator[Row]:
    """Compare counts and epochs of every setting of the search, the notebook's with ours."""
    if fresh.attached is None:
        return
    ours, theirs = submission.attached.record, fresh.record
    assert theirs is not None
    there, here = ours.search, theirs.search
    finding = MATCH
    if fresh.settings < len(here.dev):
        finding = unseen(f"{fresh.settings} of {len(here.dev):,} settings were trained (--fast)")
    elif there != here:
        cause, reason = circumstances.of_numbers()
        differ = sum(one != other for one, other in zip(_rows(there), _rows(here), strict=False))
        finding = mismatch(cause, f"{reason} ({differ or 'another number of'} settings differ)")
    elif ours.tied != theirs.tied:
        finding = mismatch(
            NOTEBOOK_DIFFERS, "the notebook's record counts other ties: its output was changed"
        )
    told = [counted(len(found.dev), "setting") for found in (there, here)]
    yield Row("2b", "search", "count", finding, attached=told[0], reproduced=told[1])


def trust(submission: Submission, fresh: Fresh, circumstances: Circumstances) -> Iterator[Row]:
    """Compare what is printed beside the gain, several seeds and what selecting adds, to four decimals."""
    if fresh.attached is None:
        return
    there, here = (
        [_printed(of.studied[name]) for name in TRUST] for of in (submission.attached, fresh.attached)
    )
    finding = MATCH
    if fresh.settings < len(submission.attached.record.search.dev):
        finding = unseen("seeds and selection were not computed again (--fast)")
    elif there != here:
        finding = mismatch(*circumstances.of_numbers())
    told = [counted(sum(map(len, numbers)), "number") for numbers in (there, here)]
    yield Row("2b", "seeds, selection", "digits", finding, attached=told[0], reproduced=told[1])


def facts(submission: Submission, fresh: Fresh, circumstances: Circumstances) -> Iterator[Row]:
    """Compare what results.json and ledger.json say beside the values: the seed, rows, columns, versions."""
    if fresh.attached is None:
        return
    there, here = submission.attached.facts, fresh.attached.facts
    finding = MATCH
    if differing := sorted(place for place in {*there, *here} if there.get(place) != here.get(place)):
        cause, reason = circumstances.of_facts()
        finding = mismatch(cause, f"{reason} ({differing[0]})")
    told = [counted(len(found), "entry", "entries") for found in (there, here)]
    question = "2" if circumstances.data else WHOLE  # other data have other rows
    yield Row(question, "seed, rows, columns", "exact", finding, attached=told[0], reproduced=told[1])


def data(
    submission: Submission, handed_in: HandedIn, fresh: Fresh, circumstances: Circumstances
) -> Iterator[Row]:
    """Compare the data files by hash: those that the numbers were made with, those here, those handed in."""
    there = submission.attached.data
    told = counted(len(there), "file")
    finding = (
        mismatch(DATA, f"the data differ: {'; '.join(circumstances.data)}") if circumstances.data else MATCH
    )
    yield Row("2", "data", "sha256", finding, attached=told, reproduced=counted(len(fresh.data), "file"))
    if given := [name for name in FILE_NAMES if name in handed_in.beside]:
        other = [name for name in given if handed_in.hash_of(name) != there.get(name)]
        finding = (
            mismatch(DATA, f"{', '.join(other)} beside the PDF is not what its numbers were made with")
            if other
            else MATCH
        )
        yield Row(
            "2", "data handed in", "sha256", finding, reported=counted(len(given), "file"), attached=told
        )


def notebook(
    submission: Submission, handed_in: HandedIn, fresh: Fresh, circumstances: Circumstances
) -> Iterator[Row]:
    """Compare the notebook in the PDF with the one that this program writes, and with the one handed in."""
    question, finding = "2", MATCH
    cell, tag = circumstances.cell, circumstances.cell_question
    if not cell:
        cell, tag = differing_cell(submission.attached.cells, fresh.cells, kinds=TEXTS)
    if cell:
        question = _asked(tag)
        told = f"{cell} is not the one that this program writes"
        if circumstances.code:
            finding = mismatch(CODE, f"{told}; the code differs: {', '.join(circumstances.code)}")
        else:
            finding = mismatch(NOTEBOOK_DIFFERS, f"{told}: it was edited after the build")
    count = [counted(len(cells), "cell") for cells in (submission.attached.cells, fresh.cells)]
    yield Row(question, "notebook's cells", "exact", finding, attached=count[0], reproduced=count[1])
    beside = handed_in.beside.get(NOTEBOOK)
    if beside is not None:
        yield _beside(submission, beside)


def _beside(submission: Submission, beside: bytes) -> Row:
    """Compare the notebook in the PDF with the one beside it, byte for byte."""
    question, finding = "2", MATCH
    if beside != submission.files[NOTEBOOK]:
        try:
            cells, _ = attached.notebook(beside, f"the {NOTEBOOK} beside the PDF")
        except UnjudgedError:
            where = "it cannot be read"
        else:
            where, tag = differing_cell(cells, submission.attached.cells, kinds=("code", *TEXTS))
            question = _asked(tag)
        reason = f"the notebook in the PDF is not the notebook beside it: {where or 'another output'}"
        finding = mismatch(NOTEBOOK_DIFFERS, reason)
    return Row(question, "notebook handed in", "bytes", finding, reported="beside", attached="in the PDF")


def _printed(value: Any, place: str = "") -> dict[str, str]:
    """Give every number in a value of any shape by its place, decimals as they are printed."""
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        found: dict[str, str] = {}
        for key, item in items:
            found |= _printed(item, f"{place}.{key}")
        return found
    return {place: f"{value:.4f}" if isinstance(value, float) else str(value)}


def _asked(tag: str) -> str:
    """Give the question that a cell's tag names, else all of problem 2."""
    return tag if tag in QUESTIONS else "2"


def _rows(found: Search) -> list[tuple[int, ...]]:
    return list(zip(*structs.astuple(found), strict=True))
