"""The three-way comparison: reported, attached, reproduced, question by question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from report.config import QUESTIONS
from report.verify import circumstances, pages, papers, values, whole
from report.verify.rows import WHOLE, Outcome, mismatched

if TYPE_CHECKING:
    from collections.abc import Iterable

    from report.verify.fresh import Fresh
    from report.verify.rows import Row
    from report.verify.submission import HandedIn, Submission


def compare(submission: Submission, handed_in: HandedIn, fresh: Fresh) -> tuple[list[Row], tuple[str, ...]]:
    """Compare a submission with what comes out here.

    Parameters
    ----------
    submission : Submission
        What the PDF shows and carries.
    handed_in : HandedIn
        The files that came with it.
    fresh : Fresh
        What this copy of the program and the data at hand give.

    Returns
    -------
    rows : list of Row
        In the order of the questions; what is about the whole comes last.
    remarks : tuple of str
        What is worth knowing beside.
    """
    found = circumstances.compare(submission, fresh)
    rows = [
        *pages.formulas(submission, fresh, found),
        *papers.checks(submission, fresh, found),
        *values.rows(submission, fresh, found),
        *papers.search(submission, fresh, found),
        *papers.trust(submission, fresh, found),
        *papers.facts(submission, fresh, found),
        *papers.data(submission, handed_in, fresh, found),
        *papers.notebook(submission, handed_in, fresh, found),
    ]
    differing = {row.question for row in rows if row.finding.outcome is Outcome.MISMATCH}
    otherwise = {question for question in QUESTIONS if {question, question[0]} & differing}
    rows += pages.texts(submission, fresh, found, otherwise)
    rows += whole.rows(submission, fresh, found, differs=bool(mismatched(rows)))
    return list(in_order(rows)), (*_remarks(submission, fresh), *found.remarks())


def in_order(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Sort rows by question; what is about a whole problem, or all of it, comes after."""
    order = ["1", *QUESTIONS, "2", WHOLE]
    return tuple(sorted(rows, key=lambda row: order.index(row.question)))


def _remarks(submission: Submission, fresh: Fresh) -> tuple[str, ...]:
    remarks = []
    if submission.attached.quick:
        remarks.append("It is a quick build: only a small part of the search was run.")
    if submission.others:
        remarks.append(f"Further attachments, left alone: {', '.join(submission.others[:5])}.")
    if fresh.attached is not None and not fresh.environment.get("pinned"):
        remarks.append("The numeric pins are not in force here: the last bits may differ.")
    return tuple(remarks)
