"""Checks that decide: expansion over opaque sigma and sigma', and signs judged by the assumption engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy as sp

from derivations import bound, loss, rnn
from derivations.checks.ledger import Check, CheckFailed, Finding
from derivations.formulas import inline
from derivations.notation import T, Total, a, h, t, w1
from derivations.sigmoid import r, sigma, sigma_prime, u

if TYPE_CHECKING:
    from random import Random

LONGEST = 8  # t = 1..8 by expansion; longer sequences are the modular test's


def vanishes(expression: sp.Expr) -> bool:
    """Decide whether a polynomial in opaque atoms is zero."""
    return bool(sp.expand(expression) == 0)


def unrolled(form: sp.Expr, time: int) -> sp.Expr:
    """Write a general form out at one t."""
    return form.xreplace({t: sp.Integer(time)}).doit()


def agrees_with_differentiation(form: sp.Expr, time: int) -> bool:
    """Decide whether a general form is, at one t, what differentiating the explicit h_t gives."""
    return vanishes(rnn.named(rnn.direct_derivative(time), time) - unrolled(form, time))


def _expansion(_: Random) -> Finding:
    for time in range(1, LONGEST + 1):
        if not agrees_with_differentiation(rnn.general(), time):
            raise CheckFailed(f"differentiating h_t directly does not give the general form at t = {time}.")
    return Finding(LONGEST)


def _gradient(_: Random) -> Finding:
    # sigma' = sigma (1 - sigma) and 1 - sigma(a) = sigma(-a), themselves checked under (e) and below
    outer = loss.slope_in_a().xreplace({sigma_prime(a): sigma(a) * (1 - sigma(a))})
    outer = sp.expand(outer).xreplace({sigma(a): 1 - sigma(-a)}).xreplace({a: loss.argument()})
    inner = rnn.total_derivative(loss.argument()).xreplace({Total(h(T), w1): rnn.general(T)})
    if not vanishes(outer * inner - loss.gradient()):
        raise CheckFailed("the chain rule through a does not give the printed gradient.")
    return Finding(1)


def _flip(_: Random) -> Finding:
    difference: sp.Expr = 1 - sigma(a) - sigma(-a)
    if sp.cancel(difference.rewrite(sp.exp).xreplace({sp.exp(-a): u, sp.exp(a): 1 / u})) != 0:
        raise CheckFailed("1 - sigma(a) is not sigma(-a).")
    return Finding(1)


def _slope(_: Random) -> Finding:
    value = bound.definition()
    if sp.cancel(bound.in_u(bound.derivative() - value * (1 - value))) != 0:
        raise CheckFailed("the quotient rule does not give sigma (1 - sigma).")
    if sp.cancel(bound.in_u(bound.derivative() - bound.QUARTER + (value - bound.HALF) ** 2)) != 0:
        raise CheckFailed("sigma' is not 1/4 - (sigma - 1/2)^2.")
    return Finding(2)


def certificate(slope: sp.Expr) -> list[str]:
    """Judge the bounds of a slope given over u > 0.

    Returns
    -------
    list of str
        What does not hold; empty if all does.
    """
    half, quarter = sp.factor(bound.HALF - slope), sp.factor(bound.QUARTER - slope)
    top, bottom = sp.fraction(quarter)
    found = {
        "sigma' > 0": slope.is_positive,
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
    """Give the exact checks."""
    return (
        Check(
            "1b.expand",
            "1b",
            f"differentiating {inline(h(t))} directly gives the sum in (c), {inline(t)} up to {LONGEST}",
            "expansion over opaque atoms",
            _expansion,
        ),
        Check("1d.flip", "1d", f"{inline(sp.Eq(1 - sigma(a), sigma(-a)))}", "cancellation", _flip),
        Check(
            "1d.gradient",
            "1d",
            f"the chain rule through {inline(a)} gives the printed gradient",
            "expansion over opaque atoms",
            _gradient,
        ),
        Check(
            "1e.slope", "1e", f"both printed forms of {inline(Total(sigma(r), r))}", "cancellation", _slope
        ),
        Check(
            "1e.bounds",
            "1e",
            f"the three bounds, equality only at {inline(sp.Eq(u, 1))}",
            "sign of the factors",
            _certificate,
        ),
        Check(
            "1e.range",
            "1e",
            f"the range of {inline(Total(sigma(r), r))} is open at 0, closed at {inline(bound.QUARTER)}",
            "second opinion by calculus",
            _range,
        ),
    )
