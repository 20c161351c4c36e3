"""The mutation gate: checks are shown to reject wrong answers before they are trusted with the right ones.

Its points are the same whatever the seed: a test asserts which check rejects which wrong version.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from random import Random
from typing import TYPE_CHECKING

import sympy as sp

from derivations.checks import Answers, Check, Checks, Finding, exact, numeric, require, round_trip
from derivations.formulas import inline, sigma, sigma_prime
from derivations.notation import T, h, j, k, r, t, w1, w2, wo, x, y, z
from derivations.rnn import ARGUMENT, general
from derivations.valuation import context

if TYPE_CHECKING:
    from collections.abc import Mapping

LONG, LONG_DIGITS = 50, 60  # and still blind to the oldest term
DROPPED = "term k = 1 dropped"
check = Checks()


@dataclass(frozen=True)
class Gate:
    """Wrong versions of a formula's second side, by what is replaced in it, and the checks that see them."""

    formula: str
    wrong: Mapping[str, Mapping[sp.Basic, sp.Basic]]
    methods: tuple[Check, ...]

    def spoiled(self, answers: Answers, name: str) -> Answers:
        """Return the answers with one of the wrong versions."""
        return answers.spoiled(self.formula, answers.side(self.formula, 1).xreplace(self.wrong[name]), 1)

    def kills(self, answers: Answers) -> dict[str, tuple[str, ...]]:
        """Return for each wrong version the checks that reject it."""
        found: dict[str, tuple[str, ...]] = dict.fromkeys(self.wrong, ())
        for name, method in product(self.wrong, self.methods):
            rng = Random("mutation gate")  # noqa: S311 - sample points, no secrets
            if not method.passes(self.spoiled(answers, name), rng):
                found[name] += (method.key,)
        return found


_READ_BACK = Check("1e.printed", "as derived", "read back", round_trip.printed_well, (["1e.derivative"],))
CHECKS = {**exact.check, **numeric.check, "1e.printed": _READ_BACK}
_LONG_RUNS = ("1c.general", [LONG] * 5, 0.9)
_MORE_DIGITS = numeric.DIFFERENCE._replace(ctx=context(LONG_DIGITS))
LONG_METHODS = (  # at t = 50 alone, but for the proof
    CHECKS["1c.induction"],
    CHECKS["1c.modular"].claiming((LONG,)),
    CHECKS["1b.step"].claiming(numeric.STEP, *_LONG_RUNS),
    CHECKS["1b.difference"].claiming(_MORE_DIGITS, *_LONG_RUNS),
)


def _methods(*keys: str) -> tuple[Check, ...]:
    return tuple(CHECKS[key] for key in keys)


_POWER, _SUM, _PRODUCT = w2 ** (t - k), sp.Tuple(k, 1, t), sp.Tuple(j, k, t)
_OUTER, _GENERAL, _FACTOR = sigma(-ARGUMENT), general(T), sigma_prime(z(j))
_U = sp.exp(-r)
_SQUARE = (1 + _U) ** -2
GATES = {
    "1c": Gate(
        "1c.general",
        {
            "exponent one too large": {_POWER: w2 ** (t - k + 1)},
            "exponent k - 1": {_POWER: w2 ** (k - 1)},
            "no w_2": {_POWER: sp.Integer(1)},
            "w_1 for w_2": {_POWER: w1 ** (t - k)},
            "product from k + 1": {_PRODUCT: sp.Tuple(j, k + 1, t)},
            "product up to t - 1": {_PRODUCT: sp.Tuple(j, k, t - 1)},
            "product from 1": {_PRODUCT: sp.Tuple(j, 1, t)},
            "sum up to t - 1": {_SUM: sp.Tuple(k, 1, t - 1)},
            DROPPED: {_SUM: sp.Tuple(k, 2, t)},
            "input one later": {x(k): x(k + 1)},
            "no x_k": {x(k): sp.Integer(1)},
            "sigma for sigma'": {_FACTOR: sigma(z(j))},
            "sigma' of h_j": {_FACTOR: sigma_prime(h(j))},
            "sign": {_POWER: -_POWER},
        },
        _methods("1b.expand", "1c.induction", "1c.modular", "1b.step", "1b.difference"),
    ),
    "1d": Gate(
        "1d.gradient",
        {
            "sign": {_GENERAL: -_GENERAL},
            "no y": {_GENERAL: _GENERAL / y},
            "no w_o": {_GENERAL: _GENERAL / wo},
            "sigma(a) for sigma(-a)": {_OUTER: sigma(ARGUMENT)},
            "no b": {_OUTER: sigma(-y * wo * h(T))},
            "(c) at T - 1": {_GENERAL: general(T - 1)},
        },
        _methods("1d.gradient", "1d.step", "1d.difference"),
    ),
    "1e": Gate(
        "1e.derivative",
        {
            "sign": {_SQUARE: -_SQUARE},
            "denominator not squared": {_SQUARE: 1 / (1 + _U)},
            "sigma squared": {_SQUARE: _SQUARE / _U},
            "numerator 2 u": {_SQUARE: 2 * _SQUARE},
        },
        _methods("1e.slope", "1e.bounds", "1e.printed"),
    ),
}
BLIND_SPOT = replace(GATES["1c"], wrong={DROPPED: GATES["1c"].wrong[DROPPED]}, methods=LONG_METHODS)


def _killed_twice(gate: Gate, answers: Answers, _: Random) -> Finding:
    for name, killers in gate.kills(answers).items():
        require(len(killers) >= 2, f"as the one with {name} passes all but {len(killers)}")
    return Finding(len(gate.wrong))


for _question, _gate in GATES.items():
    _statement = f"{len(_gate.wrong)} wrong versions, each rejected twice"
    check(f"{_question}.mutants", _statement, "mutants", _gate)(_killed_twice)


@check(
    "1c.blindspot",
    f"dropping {inline(sp.Eq(k, 1))} at {inline(sp.Eq(t, LONG))} is caught by exact methods only: "
    f"floats and {LONG_DIGITS} digits are blind to it",
    "mutants",
)
def _blind_spot(answers: Answers, _: Random) -> Finding:
    killers = BLIND_SPOT.kills(answers)[DROPPED]
    require(killers == ("1c.induction", "1c.modular"), f"as it is rejected by {', '.join(killers) or 'none'}")
    return Finding(1)
