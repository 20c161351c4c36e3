"""The ledger: what was checked, by which method, at how many points, and how far off the worst point was."""

from __future__ import annotations

import time
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class CheckFailed(Exception):  # noqa: N818 - "check failed" is what has happened
    """A derivation did not survive a check; str() is one sentence that names the check."""


@dataclass(frozen=True)
class Finding:
    """What a check that passed found.

    Parameters
    ----------
    points : int
        At how many points, cases or formulas it looked.
    worst : float, str or None
        The largest residual, or what else tells how near it came; None where the method is exact.
    """

    points: int
    worst: float | str | None = None


@dataclass(frozen=True)
class Check:
    """One check: what it states, how it goes about it, and the function that does it.

    The function gets its own random numbers, the same ones in every run with the same seed, and raises
    CheckFailed with the reason alone; `run` adds the check's name.
    """

    key: str
    question: str
    statement: str
    method: str
    function: Callable[[Random], Finding]


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
    """Run all checks.

    Parameters
    ----------
    checks : iterable of Check
        The checks, in the order of the ledger.
    seed : int
        From which, with the check's key, its random points are drawn.

    Returns
    -------
    tuple
        The ledger, and the seconds of one core that each check took, by key.

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


def _printed(worst: float | str | None) -> str:
    if worst is None:
        return "exact"
    if isinstance(worst, str):
        return worst
    return f"{worst:.0e}" if worst else "0"
