"""Problem 1, the answers (a) to (f) as data: derive, check, print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mpmath
import sympy

from derivations import bound, contributions, formulas, loss, rnn, vanishing
from derivations.checks import claims, curves, derivative, exact, gate, modular, numeric, round_trip, run

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
    """All that the report prints about problem 1."""

    formulas: Mapping[str, Formula]  # by key
    facts: Mapping[str, str]  # printed numbers and words that are no formulas
    ledger: tuple[LedgerRow, ...]  # the checks, all passed
    timings: Mapping[str, float]  # seconds of one core, by the key of a check
    exemptions: tuple[Exemption, ...]
    seed: int  # of all random points
    figure_1f: Figure


def derive(seed: int) -> Problem1:
    """Derive, check and print the answers to problem 1; CheckFailed names the check that did not pass."""
    figure = contributions.measure(seed)
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
    ledger, timings = run(
        [
            *exact.checks(),
            *modular.checks(),
            *derivative.checks(),
            *numeric.checks(),
            *claims.checks(index),
            *curves.checks(figure, seed),
            *round_trip.checks(index.values()),
            *gate.checks(),
        ],
        seed,
    )
    return Problem1(
        formulas=index,
        facts={
            "1f.runs": str(contributions.RUNS),
            "formulas": str(len(index)),
            "seed": str(seed),
            "sympy": sympy.__version__,
        },
        ledger=ledger,
        timings=timings,
        exemptions=_exemptions(index.values()),
        seed=seed,
        figure_1f=figure,
    )


def _exemptions(printed: Iterable[Formula]) -> tuple[Exemption, ...]:
    by_reason: dict[str, list[Formula]] = {}
    for formula in printed:
        if formula.exempt:
            by_reason.setdefault(formula.exempt, []).append(formula)
    return tuple(Exemption(reason, tuple(group)) for reason, group in sorted(by_reason.items()))


def ledger_json(problem1: Problem1) -> dict[str, Any]:
    """Return the content of ledger.json; it depends on the seed and the versions alone."""
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
