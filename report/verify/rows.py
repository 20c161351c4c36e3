"""The rows of the verdict: one for each quantity, with what is reported, attached and reproduced."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from report.config import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

WHOLE = ""  # the question of a row that is about the submission as a whole
# Why something does not match or was not compared, in words that programs may rely on.
TEXT, ATTACHMENT, DATA, CODE, ENVIRONMENT, NOTEBOOK, UNEXPLAINED, CONSEQUENCE = CAUSES = (
    "text changed",
    "attachment changed",
    "data differ",
    "code or versions differ",
    "environment differs",
    "notebook differs",
    "unexplained",
    "follows from another",
)


class Outcome(StrEnum):
    """What a comparison found."""

    MATCH = "match"
    MISMATCH = "mismatch"
    OPEN = "not compared"
    UNJUDGED = "cannot be judged"


class Finding(NamedTuple):
    """What a comparison found; for all but a match one of `CAUSES` (or none), and a sentence."""

    outcome: Outcome
    cause: str = ""
    reason: str = ""


MATCH = Finding(Outcome.MATCH)


def mismatch(cause: str, reason: str) -> Finding:
    """Give the finding that something does not match."""
    return Finding(Outcome.MISMATCH, cause, reason)


def unjudged(cause: str, reason: str) -> Finding:
    """Give the finding that something differs and nobody here can tell why."""
    return Finding(Outcome.UNJUDGED, cause, reason)


def unseen(reason: str, cause: str = "") -> Finding:
    """Give the finding that something was not compared."""
    return Finding(Outcome.OPEN, cause, reason)


@dataclass(frozen=True)
class Row:
    """One quantity.

    Attributes
    ----------
    question : str
        ``1a`` to ``2b``; ``1`` or ``2`` for all of a problem, empty for the submission as a whole.
    quantity : str
        What is compared, for people.
    rule : str
        How: ``count``, ``exact``, ``glyphs``, ``LaTeX``, ``sha256``.
    finding : Finding
    reported, attached, reproduced : str
        As they are shown; empty where a quantity has no such side.
    """

    question: str
    quantity: str
    rule: str
    finding: Finding
    reported: str = ""
    attached: str = ""
    reproduced: str = ""


def counted(number: int, noun: str, nouns: str = "") -> str:
    """Give a number of things: ``1 cell``, ``1,000 cells``; `nouns` where an s does not make the plural."""
    return f"{number:,} {noun if number == 1 else nouns or f'{noun}s'}"


def concerns(row: Row, question: str) -> bool:
    """Tell whether a row is about a question: its own, or all of the problem."""
    return row.question in (question, question[0])


def outcome(rows: Iterable[Row], question: str) -> Outcome:
    """Give what was found of a question: the worst of its rows."""
    found = {row.finding.outcome for row in rows if concerns(row, question)}
    for worst in (Outcome.MISMATCH, Outcome.UNJUDGED, Outcome.OPEN):
        if worst in found:
            return worst
    return Outcome.MATCH


def mismatched(rows: Iterable[Row], kind: Outcome = Outcome.MISMATCH) -> list[str]:
    """Name the questions that do not match; the last may be empty, for the submission as a whole.

    Those that cannot be judged, with that outcome as `kind`.
    """
    rows = list(rows)
    named = [question for question in QUESTIONS if outcome(rows, question) is kind]
    whole = any(row.question == WHOLE and row.finding.outcome is kind for row in rows)
    return [*named, WHOLE] if whole else named
