"""Checks against the network, run on numbers: complex steps in floats, differences of many digits."""

from __future__ import annotations

import cmath
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from mpmath import fp

from derivations import evaluate, loss, rnn, samples
from derivations.checks.ledger import Check, CheckFailed, Finding, residual
from derivations.formulas import inline
from derivations.notation import L, Total, h, t, w1
from derivations.rnn import forward

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    import sympy as sp

    from derivations.valuation import Valuation

    Function = Callable[[Valuation, Any, Any], Any]  # of a network, an arithmetic, and w_1
    Lengths = Callable[[Random], Iterator[int]]

LONGEST = 8
IMAGINARY = 1e-200


class Method(NamedTuple):
    """A numerical derivative in w_1, how a form is compared with it, and how far off it may be."""

    name: str
    off: Callable[[sp.Expr, Function, Valuation], float]
    ctx: Any
    tolerance: float


def last_state(point: Valuation, ctx: Any, weight: Any) -> Any:
    """Run a network forward with another w_1; return h_T."""
    xs = point.xs[: point.value("T")]
    return list(forward(ctx.exp, weight, point.value("w_2"), xs))[-1].state


def loss_of(point: Valuation, ctx: Any, weight: Any) -> Any:
    """Run a network forward with another w_1; return the loss, from equation (5) of the sheet."""
    last = last_state(point, ctx, weight)
    margin = point.value("y") * (point.value("w_o") * last + point.value("b"))
    return -ctx.log(1 / (1 + ctx.exp(-margin)))


def _off_by_step(form: sp.Expr, of: Function, point: Valuation) -> float:
    moved = of(point, cmath, complex(point.value("w_1"), IMAGINARY))
    return residual(evaluate.value(form, point), moved.imag / IMAGINARY)


def _off_by_difference(form: sp.Expr, of: Function, point: Valuation) -> float:
    difference = point.ctx.diff(lambda weight: of(point, point.ctx, weight), point.value("w_1"))
    return residual(evaluate.value(form, point), difference)


STEP = Method("complex steps", _off_by_step, fp, 1e-13)
DIFFERENCE = Method("finite differences", _off_by_difference, samples.context(40), 1e-30)


def _compared(method: Method, form: sp.Expr, of: Function, lengths: Lengths, rng: Random) -> Finding:
    residuals = [method.off(form, of, samples.network(rng, method.ctx, length)) for length in lengths(rng)]
    worst = max(residuals)
    if not worst <= method.tolerance:
        raise CheckFailed(
            f"the formula is off by {worst:.1e} at a random network; {method.tolerance:.0e} is allowed."
        )
    return Finding(len(residuals), worst)


def _every_length(points: int, _: Random) -> Iterator[int]:
    return (length for length in range(1, LONGEST + 1) for _ in range(points))


def _random_lengths(points: int, rng: Random) -> Iterator[int]:
    return (rng.randint(1, LONGEST) for _ in range(points))


def checks() -> tuple[Check, ...]:
    """Return the numeric checks."""
    states = rnn.general(), last_state
    losses = loss.gradient(), loss_of
    several = f"the sum in (c) is {inline(Total(h(t), w1))}, {inline(t)} up to {LONGEST}"
    one = f"the result of (d) is {inline(Total(L, w1))} of the loss itself"
    digits = f"in {DIFFERENCE.ctx.dps} digits"
    rows = (
        ("1b.step", several, STEP, states, partial(_every_length, 20)),
        ("1b.difference", f"{several}, {digits}", DIFFERENCE, states, partial(_every_length, 5)),
        ("1d.step", one, STEP, losses, partial(_random_lengths, 100)),
        ("1d.difference", f"{one}, {digits}", DIFFERENCE, losses, partial(_random_lengths, 10)),
    )
    return tuple(
        Check(key, statement, method.name, partial(_compared, method, *compared, lengths))
        for key, statement, method, compared, lengths in rows
    )
