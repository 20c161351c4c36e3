"""Checks of (e): the derivative of the sigmoid; its bounds by the signs of factors over u = exp(-r) > 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy as sp

from derivations import bound
from derivations.checks.ledger import Check, CheckFailed, Finding
from derivations.formulas import inline
from derivations.notation import Total
from derivations.sigmoid import r, sigma, u

if TYPE_CHECKING:
    from random import Random


def _forms(_: Random) -> Finding:
    value = bound.definition()
    if sp.cancel(bound.in_u(bound.derivative() - value * (1 - value))) != 0:
        raise CheckFailed("the quotient rule does not give sigma (1 - sigma).")
    if sp.cancel(bound.in_u(bound.derivative() - bound.QUARTER + (value - bound.HALF) ** 2)) != 0:
        raise CheckFailed("sigma' is not 1/4 - (sigma - 1/2)^2.")
    return Finding(2)


def certificate(derivative: sp.Expr) -> list[str]:
    """Return which bounds of a derivative over u > 0 do not hold; empty if all do."""
    half, quarter = sp.factor(bound.HALF - derivative), sp.factor(bound.QUARTER - derivative)
    top, bottom = sp.fraction(quarter)
    found = {
        "sigma' > 0": derivative.is_positive,
        "1/2 - sigma' > 0": half.is_positive,
        "1/4 - sigma' >= 0": quarter.is_nonnegative,
        "1/4 - sigma' is a square": all(
            power % 2 == 0 for part in (top, bottom) for _, power in sp.factor_list(part)[1]
        ),
        "1/4 - sigma' = 0 only at u = 1": sp.roots(sp.Poly(top, u)).keys() == {sp.Integer(1)},
    }
    return [claim for claim, holds in found.items() if not holds]


def _certificate(_: Random) -> Finding:
    wrong = certificate(bound.in_u(bound.derivative()))
    if wrong:
        raise CheckFailed(f"not proved over u = exp(-r) > 0: {wrong[0]}.")
    return Finding(5)


def _range(_: Random) -> Finding:
    found = sp.calculus.util.function_range(bound.derivative(), r, sp.Reals)
    if found != sp.Interval.Lopen(0, bound.QUARTER):
        raise CheckFailed(f"SymPy finds another range of sigma': {found}.")
    return Finding(1)


def checks() -> tuple[Check, ...]:
    """Return the checks of (e)."""
    derivative = inline(Total(sigma(r), r))
    return (
        Check("1e.slope", f"both printed forms of {derivative}", "simplification", _forms),
        Check(
            "1e.bounds",
            f"the three bounds, equality only at {inline(sp.Eq(u, 1))}",
            "signs of factors",
            _certificate,
        ),
        Check(
            "1e.range",
            f"the range of {derivative} is open at 0, closed at {inline(bound.QUARTER)}",
            "range by calculus",
            _range,
        ),
    )
