"""Problem 1, the answers (a) to (f) as data: derive, check, print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import mpmath
import sympy as sp

from derivations import rnn, vanishing
from derivations.checks import Answers, claims, exact, gate, numeric, round_trip, run
from derivations.formulas import Formula, Total, claim, sigma, sigma_prime, term
from derivations.notation import G, T, eta, h, j, k, r, t, w1, w2, wo, x, y, z

if TYPE_CHECKING:
    from collections.abc import Mapping

PARTS = (rnn, vanishing)


@dataclass(frozen=True)
class Problem1:
    """All that the report prints about problem 1."""

    formulas: Mapping[str, str]  # LaTeX, by key
    facts: Mapping[str, str]  # printed numbers and words that are no formulas
    ledger: Mapping[str, Any]  # of the checks, all passed, as in ledger.json
    figure_1f: Mapping[str, Any]


def symbols() -> tuple[Formula, ...]:
    """Return the inline symbols of the text, the cases that it names and its conditions, by short keys."""
    plain = (w1, w2, wo, t, k, j, T, eta, r)
    table: list[tuple[str, sp.Basic]] = [
        *[(symbol.name.strip("\\").replace("_", ""), symbol) for symbol in plain],
        *[("sigma", sigma(r)), ("dsigmazj", sigma_prime(z(j)))],
        *[(f"x{time}", x(time)) for time in (1, t, k, T)],
        ("absxk", abs(x(k))),
        *[(f"h{time}", h(time)) for time in (1, 2, 3, t, k, T)],
        *[("htm1", h(t - 1)), ("Gk", G(k)), ("tmk", t - k), ("tp1", t + 1)],
        *[(f"dh{time}", Total(h(time), w1)) for time in (t, T)],
    ]
    cases = [
        *[("T3", T, "=", 3), ("T50", T, "=", 50), ("t1", t, "=", 1), ("tT", t, "=", T)],
        *[("k1", k, "=", 1), ("kt", k, "=", t), ("ktp1", k, "=", t + 1)],
        *[("plus", y, "=", 1), ("minus", y, "=", -1)],
        *[(f"w2is{value}", w2, "=", value) for value in (0, 1, 2, 4, 8)],
        *[("w1is1", w1, "=", 1), ("rzero", r, "=", 0)],
    ]
    conditions = [
        *[("lt2", abs(w2), "<", 2), ("lt4", abs(w2), "<", 4), ("w2ge0", w2, r"\ge", 0)],
        *[("w2gt0", w2, ">", 0), ("tge2", t, r"\ge", 2), ("Tge50", T, r"\ge", 50)],
    ]
    return (
        *[term(key, expression) for key, expression in table],
        claim("dsigmadef", sigma_prime(r), "=", Total(sigma(r), r), slashed=True),
        claim("zj", z(j), "=", w1 * x(j) + w2 * h(j - 1)),
        *[claim(*case, exempt="Cases that the text names") for case in cases],
        *[claim(*condition, exempt="Conditions under which something is stated") for condition in conditions],
    )


def printed() -> dict[str, Formula]:
    """Derive the formulas, by key."""
    index: dict[str, Formula] = {}
    for formula in (*symbols(), *(formula for part in PARTS for formula in part.formulas())):
        if formula.key in index:
            raise ValueError(f"two formulas have the key {formula.key!r}")
        index[formula.key] = formula
    return index


def derive(seed: int) -> Problem1:
    """Derive, check and print the answers to problem 1; CheckFailed names the check that did not pass."""
    index = printed()
    answers = Answers(index, vanishing.measure(seed))
    read_back = round_trip.checks(index.values())
    checks = {**exact.check, **numeric.check, **claims.check, **read_back, **gate.check}
    rows = run(checks.values(), answers, seed)
    exempt: dict[str, list[str]] = {}
    for formula in index.values():
        exempt.setdefault(formula.exempt, []).append(formula.latex)
    exemptions = [{"reason": why, "formulas": exempt[why]} for why in sorted(exempt) if why]
    versions = {"sympy": sp.__version__, "mpmath": mpmath.__version__}
    ledger = {"schema": 1, "seed": seed, **versions, "checks": rows, "exemptions": exemptions}
    counts = {"1f.runs": vanishing.RUNS, "formulas": len(index), "seed": seed, "sympy": sp.__version__}
    facts = {name: str(count) for name, count in counts.items()}
    latex = {key: formula.latex for key, formula in index.items()}
    return Problem1(latex, facts, ledger, vanishing.figure(answers.runs))
