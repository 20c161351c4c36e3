"""Checks against the network, run on numbers: imaginary steps in floats, differences of many digits."""

from __future__ import annotations

import cmath
from typing import TYPE_CHECKING, Any

from mpmath import MPContext, fp

from derivations import evaluate, loss, rnn, samples
from derivations.checks.ledger import Check, CheckFailed, Finding
from derivations.formulas import inline
from derivations.network import forward
from derivations.notation import L, Total, h, t, w1

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    import sympy as sp

    from derivations.valuation import Valuation

LONGEST = 8
STEP = 1e-200
TOLERANCE = 1e-13  # of a float
DIFFERENCE_DIGITS = 40
DIFFERENCE_TOLERANCE = 1e-30


def state_of(point: Valuation, exp: Callable[[Any], Any], w1_value: Any) -> Any:
    """Run a network forward with another w_1; return h_T."""
    xs = point.xs[: point.value("T")]
    return list(forward(exp, w1_value, point.value("w_2"), xs))[-1].state


def loss_of(point: Valuation, ctx: Any, w1_value: Any) -> Any:
    """Run a network forward with another w_1; return the loss, from equation (5) of the sheet."""
    last = state_of(point, ctx.exp, w1_value)
    margin = point.value("y") * (point.value("w_o") * last + point.value("b"))
    return -ctx.log(1 / (1 + ctx.exp(-margin)))


def off_by_step(form: sp.Expr, of: Callable[[Valuation, Any, Any], Any], point: Valuation) -> float:
    """Compare a form, in floats, with an imaginary step in w_1."""
    moved = of(point, cmath, complex(point.value("w_1"), STEP))
    return _relative(evaluate.value(form, point), moved.imag / STEP)


def off_by_difference(form: sp.Expr, of: Callable[[Valuation, Any, Any], Any], point: Valuation) -> float:
    """Compare a form with a finite difference in w_1, in the digits of the point."""
    derivative = point.ctx.diff(lambda value: of(point, point.ctx, value), point.value("w_1"))
    return _relative(evaluate.value(form, point), derivative)


def last_state(point: Valuation, ctx: Any, w1_value: Any) -> Any:
    """Return h_T as a function of w_1."""
    return state_of(point, ctx.exp, w1_value)


def context(digits: int) -> Any:
    """Make an arithmetic of so many digits."""
    ctx = MPContext()
    ctx.dps = digits
    return ctx


def _relative(left: Any, right: Any) -> float:
    return float(abs(left - right) / max(1, abs(left), abs(right)))


def _states_by_step(rng: Random) -> Finding:
    form, points = rnn.general(), 20
    worst = max(
        off_by_step(form, last_state, samples.network(rng, fp, length))
        for length in range(1, LONGEST + 1)
        for _ in range(points)
    )
    return _finding(points * LONGEST, worst, TOLERANCE)


def _states_by_difference(rng: Random) -> Finding:
    ctx, form, points = context(DIFFERENCE_DIGITS), rnn.general(), 5
    worst = max(
        off_by_difference(form, last_state, samples.network(rng, ctx, length))
        for length in range(1, LONGEST + 1)
        for _ in range(points)
    )
    return _finding(points * LONGEST, worst, DIFFERENCE_TOLERANCE)


def _loss_by_step(rng: Random) -> Finding:
    form, points = loss.gradient(), 100
    worst = max(
        off_by_step(form, loss_of, samples.network(rng, fp, rng.randint(1, LONGEST))) for _ in range(points)
    )
    return _finding(points, worst, TOLERANCE)


def _loss_by_difference(rng: Random) -> Finding:
    ctx, form, points = context(DIFFERENCE_DIGITS), loss.gradient(), 10
    worst = max(
        off_by_difference(form, loss_of, samples.network(rng, ctx, rng.randint(1, LONGEST)))
        for _ in range(points)
    )
    return _finding(points, worst, DIFFERENCE_TOLERANCE)


def _finding(points: int, worst: float, tolerance: float) -> Finding:
    if not worst <= tolerance:
        raise CheckFailed(
            f"the formula is off by {worst:.1e} at a random network; {tolerance:.0e} is allowed."
        )
    return Finding(points, worst)


def checks() -> tuple[Check, ...]:
    """Return the numeric checks."""
    state, gradient = inline(Total(h(t), w1)), inline(Total(L, w1))
    by_step, by_difference = "imaginary step", "finite difference"
    several = f"the sum in (c) is {state}, {inline(t)} up to {LONGEST}"
    digits = f"in {DIFFERENCE_DIGITS} digits"
    one = f"the result of (d) is {gradient} of the loss itself"
    return (
        Check("1b.step", "1b", several, by_step, _states_by_step),
        Check("1b.difference", "1b", f"{several}, {digits}", by_difference, _states_by_difference),
        Check("1d.step", "1d", one, by_step, _loss_by_step),
        Check("1d.difference", "1d", f"{one}, {digits}", by_difference, _loss_by_difference),
    )
