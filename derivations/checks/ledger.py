"""The ledger: what was checked, by which method, at how many points, and how far off the worst point was."""

from __future__ import annotations

import time
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class CheckFailed(Exception):  # noqa: N818 - "check failed" is what has happened
    """A derivation did not survive a check; str() is one sentence that names the check."""


@dataclass(frozen=True)
class Finding:
    """What a check that passed found."""

    points: int  # cases, formulas or random points that were looked at
    worst: float | str | None = None  # the largest residual, or a text; None where the method is exact


@dataclass(frozen=True)
class Check:
    """One check: what it states, its method, and the function that carries it out.

    The function gets its own random numbers, the same ones in every run with the same seed, and raises
    CheckFailed with the reason alone; `run` adds the check's name.
    """

    key: str  # the question, a point, a name: "1c.modular"
    statement: str
    method: str
    function: Callable[[Random], Finding]

    @property
    def question(self) -> str:
        """Return the question that the check belongs to."""
        return self.key.partition(".")[0]


@dataclass(frozen=True)
class LedgerRow:
    """One row of the ledger; `statement` is LaTeX text, `worst` is printed."""

    key: str
    question: str
    statement: str
    method: str
    points: int
    worst: str
    passed: bool


def run(checks: Iterable[Check], seed: int) -> tuple[tuple[LedgerRow, ...], dict[str, float]]:
    """Run all checks; the random points of each are drawn from the seed and its key.

    Returns
    -------
    tuple
        The ledger in the order of the checks, and the seconds of one core that each took, by key.

    Raises
    ------
    CheckFailed
        At the first check that does not pass.
    """
    rows, seconds = [], {}
    for check in checks:
        start = time.thread_time()
        try:
            finding = check.function(Random(f"{seed} {check.key}"))  # noqa: S311 - sample points, no secrets
        except CheckFailed as error:
            raise CheckFailed(f"check {check.key} ({check.method}) failed: {error}") from error
        seconds[check.key] = time.thread_time() - start
        worst = _printed(finding.worst)
        rows.append(
            LedgerRow(
                check.key, check.question, check.statement, check.method, finding.points, worst, passed=True
            )
        )
    return tuple(rows), seconds


def residual(left: Any, right: Any) -> float:
    """Return the difference of two numbers relative to the larger of 1 and their sizes."""
    return float(abs(left - right) / max(1, abs(left), abs(right)))


def _printed(worst: float | str | None) -> str:
    if worst is None:
        return "exact"
    if isinstance(worst, str):
        return worst
    return f"{worst:.0e}" if worst else "0"
