"""Problem 1, the answers (a) to (f) as data: derive, check, print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mpmath
import sympy

from derivations import bound, contributions, formulas, loss, rnn, vanishing
from derivations.checks import bounds, exact, examples, gate, modular, numeric, round_trip, run, slope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from derivations.checks import LedgerRow
    from derivations.contributions import Figure
    from derivations.formulas import Formula


@dataclass(frozen=True)
class Exemption:
    """Formulas whose truth is not tested, and why."""

    reason: str
    formulas: tuple[Formula, ...]


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
        Seconds of one core that each check took, by its key.
    exemptions : tuple of Exemption
        The formulas that claim nothing, by reason.
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
    exemptions: tuple[Exemption, ...]
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
    rows, figure = contributions.measure(seed)
    table = vanishing.table(rows)
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
    printed = [*index.values(), *(cell for row in table for cell in row)]
    ledger, timings = run(
        [
            *exact.checks(),
            *modular.checks(),
            *slope.checks(),
            *numeric.checks(),
            *bounds.checks(index),
            *examples.checks(index, rows, seed),
            *round_trip.checks(printed),
            *gate.checks(),
        ],
        seed,
    )
    return Problem1(
        formulas=index,
        facts={
            "1f.runs": str(contributions.RUNS),
            "1f.orders": vanishing.orders_lost(rows),
            "formulas": str(len(printed)),
            "seed": str(seed),
            "sympy": sympy.__version__,
        },
        ledger=ledger,
        timings=timings,
        exemptions=_exemptions(printed),
        seed=seed,
        table_1f=table,
        figure_1f=figure,
    )


def _exemptions(printed: Iterable[Formula]) -> tuple[Exemption, ...]:
    by_reason: dict[str, list[Formula]] = {}
    for formula in printed:
        if formula.exempt:
            by_reason.setdefault(formula.exempt, []).append(formula)
    return tuple(Exemption(reason, tuple(group)) for reason, group in sorted(by_reason.items()))


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
        "exemptions": [
            {"reason": exemption.reason, "formulas": [formula.latex for formula in exemption.formulas]}
            for exemption in problem1.exemptions
        ],
    }
