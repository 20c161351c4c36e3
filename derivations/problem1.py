"""Problem 1, the answers (a) to (f) as data: derive, check, print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mpmath
import sympy

from derivations import bound, checks, contributions, formulas, loss, rnn, vanishing
from derivations.checks import exact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from derivations.checks import LedgerRow
    from derivations.contributions import Figure
    from derivations.formulas import Formula


@dataclass(frozen=True)
class Problem1:
    """All that the report prints about problem 1.

    Parameters
    ----------
    formulas : mapping of str to Formula
        By key.
    facts : mapping of str to str
        Printed numbers and words that are no formulas.
    ledger : tuple of LedgerRow
        The checks, all passed.
    timings : mapping of str to float
        Seconds that each check took.
    seed : int
        From which all random points were drawn.
    table_1f : tuple of tuple of Formula
        The cells of the table in 1f, row by row, all of them mathematics.
    figure_1f : Figure
        The figure in 1f, as plain data.
    """

    formulas: Mapping[str, Formula]
    facts: Mapping[str, str]
    ledger: tuple[LedgerRow, ...]
    timings: Mapping[str, float]
    seed: int
    table_1f: tuple[tuple[Formula, ...], ...]
    figure_1f: Figure


def derive(seed: int) -> Problem1:
    """Derive, check and print the answers to problem 1.

    Parameters
    ----------
    seed : int
        For the random points of the checks and for the networks that are measured.

    Raises
    ------
    CheckFailed
        A check did not pass; the message is one sentence that names it.
    """
    index = formulas.by_key(
        [
            *formulas.symbols(),
            *rnn.formulas_1a(),
            *rnn.formulas_1b(),
            *rnn.formulas_1c(),
            *loss.formulas_1d(),
            *bound.formulas_1e(),
            *vanishing.formulas_1f(),
        ]
    )
    rows, figure = contributions.measure(seed)
    ledger, timings = checks.run(exact.checks(), seed)
    return Problem1(
        formulas=index,
        facts={"1f.runs": str(contributions.RUNS), "1f.orders": vanishing.orders_lost(rows)},
        ledger=ledger,
        timings=timings,
        seed=seed,
        table_1f=vanishing.table(rows),
        figure_1f=figure,
    )


def ledger_json(problem1: Problem1) -> dict[str, Any]:
    """Give the content of ledger.json; it depends on the seed and the versions alone."""
    return {
        "schema": 1,
        "seed": problem1.seed,
        "sympy": sympy.__version__,
        "mpmath": mpmath.__version__,
        "checks": [
            {
                "id": row.key,
                "question": row.question,
                "statement": row.statement,
                "method": row.method,
                "points": row.points,
                "worst_residual": row.worst,
                "passed": row.passed,
            }
            for row in problem1.ledger
        ],
    }
