"""Problem 1, the answers (a) to (f) as data: derive, check, print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mpmath
import sympy

from derivations import bound, formulas, loss, rnn, vanishing
from derivations.checks import Answers, claims, exact, gate, numeric, round_trip, run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from derivations.formulas import Formula

PARTS = (rnn, loss, bound, vanishing)


@dataclass(frozen=True)
class Problem1:
    """All that the report prints about problem 1."""

    formulas: Mapping[str, Formula]  # by key
    facts: Mapping[str, str]  # printed numbers and words that are no formulas
    ledger: Mapping[str, Any]  # of the checks, all passed, as in ledger.json
    timings: Mapping[str, float]  # seconds of one core, by the key of a check
    figure_1f: Mapping[str, Any]


def printed() -> dict[str, Formula]:
    """Derive the formulas, by key."""
    return formulas.by_key([*formulas.symbols(), *(formula for part in PARTS for formula in part.formulas())])


def derive(seed: int) -> Problem1:
    """Derive, check and print the answers to problem 1; CheckFailed names the check that did not pass."""
    index = printed()
    answers = Answers(index, vanishing.measure(seed))
    read_back = round_trip.checks(index.values())
    checks = {**exact.check, **numeric.check, **claims.check, **read_back, **gate.check}
    rows, timings = run(checks.values(), answers, seed)
    exempt: dict[str, list[str]] = {}
    for formula in index.values():
        exempt.setdefault(formula.exempt, []).append(formula.latex)
    exemptions = [{"reason": why, "formulas": exempt[why]} for why in sorted(exempt) if why]
    versions = {"sympy": sympy.__version__, "mpmath": mpmath.__version__}
    ledger = {"schema": 1, "seed": seed, **versions, "checks": rows, "exemptions": exemptions}
    counts = {"1f.runs": vanishing.RUNS, "formulas": len(index), "seed": seed, "sympy": sympy.__version__}
    facts = {name: str(count) for name, count in counts.items()}
    return Problem1(index, facts, ledger, timings, vanishing.figure(answers.runs))
