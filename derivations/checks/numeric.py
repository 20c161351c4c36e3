"""Checks against the network, run on numbers: complex steps in floats, differences of many digits."""

from __future__ import annotations

import cmath
from typing import TYPE_CHECKING, Any, NamedTuple

from mpmath import fp

from derivations.checks import Answers, Checks, Finding, require, residual, scientific
from derivations.formulas import Total, inline
from derivations.notation import L, h, t, w1
from derivations.valuation import compiled, context, network

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from derivations.valuation import Valuation

    Function = Callable[[Valuation, Any, Any], Any]  # of a network, an arithmetic, and w_1

LONGEST = 8
TINY = 1e-200
check = Checks()


class Method(NamedTuple):
    """A numerical derivative in w_1, and how far off a formula may be."""

    name: str
    derivative: Callable[[Function, Valuation], Any]
    ctx: Any
    tolerance: float


def last_state(at: Valuation, ctx: Any, weight: Any) -> Any:
    """Run the recursion from h_0 = 0 with another w_1; return h_T, not by the valuation's recursion."""
    state = 0
    for value in at.xs[: at("T")]:
        state = 1 / (1 + ctx.exp(-(weight * value + at("w_2") * state)))
    return state


def loss_of(at: Valuation, ctx: Any, weight: Any) -> Any:
    """Run a network forward with another w_1; return the loss, from equation (5) of the sheet."""
    margin = at("y") * (at("w_o") * last_state(at, ctx, weight) + at("b"))
    return -ctx.log(1 / (1 + ctx.exp(-margin)))


_FUNCTIONS: dict[str, Function] = {"1c.general": last_state, "1d.gradient": loss_of}
STEP = Method("complex steps", lambda of, at: of(at, cmath, complex(at("w_1"), TINY)).imag / TINY, fp, 1e-13)
DIFFERENCE = Method(
    "finite differences",
    lambda of, at: at.ctx.diff(lambda weight: of(at, at.ctx, weight), at("w_1")),
    context(40),
    1e-30,
)


def _compared(
    method: Method, key: str, lengths: Sequence[int], largest_w2: float, answers: Answers, rng: Random
) -> Finding:
    """Compare at networks of some lengths, 0 for a random one."""
    value, worst = compiled(answers.side(key)), 0.0
    for length in lengths:
        at = network(rng, method.ctx, length or rng.randint(1, LONGEST), largest_w2)
        off = residual(value(at), method.derivative(_FUNCTIONS[key], at))
        require(off <= method.tolerance, f"by {off:.1e} at a random network")
        worst = max(worst, off)
    return Finding(len(lengths), scientific(worst))


_STATES = f"the sum in (c) is {inline(Total(h(t), w1))}, {inline(t)} up to {LONGEST}"
_LOSS = f"the result of (d) is {inline(Total(L, w1))} of the loss itself"
_EACH = range(1, LONGEST + 1)
for _key, _statement, _method, *_claimed in (
    ("1b.step", _STATES, STEP, "1c.general", sorted([*_EACH] * 20)),
    ("1b.difference", f"{_STATES}, in 40 digits", DIFFERENCE, "1c.general", sorted([*_EACH] * 5)),
    ("1d.step", _LOSS, STEP, "1d.gradient", [0] * 100),
    ("1d.difference", f"{_LOSS}, in 40 digits", DIFFERENCE, "1d.gradient", [0] * 10),
):
    check(_key, _statement, _method.name, _method, *_claimed, 2)(_compared)
