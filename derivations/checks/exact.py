"""Checks of (a) to (e) that decide: algebra over opaque sigma and sigma', induction, signs of factors.

Over opaque sigma' a derivative is a polynomial in w_2, the x_k and the sigma'(z_j). Expansion decides short
ones; long ones are compared modulo a prime at random points, where two different polynomials of degree 2 t or
less agree with a probability of at most 2 t / p (Schwartz and Zippel), here below 1e-16. A test in floating
point cannot do this: what a long product makes small is lost.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import sympy as sp
from mpmath import fp

from derivations import rnn
from derivations.checks import Answers, Checks, Finding, require
from derivations.formulas import Partial, Total, inline, sigma, sigma_prime
from derivations.notation import T, a, b, h, k, r, t, u, w1, w2, wo, x, y, z
from derivations.valuation import Valuation, compiled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

LONGEST = 8  # t = 1..8 by expansion
LONGEST_MODULAR = 100
POINTS = 3
PRIME = 2**61 - 1
STATES, PATH, SLOPE = (inline(one) for one in (h(t), Partial(h(t), h(k)), Total(sigma(r), r)))
QUARTER = inline(rnn.QUARTER)
UP_TO = f"{inline(t)} up to"
NESTED = "$h_1$, $h_2$, $h_3$ nest one, two, three sigmoids, and nothing else"
RECURSION = f"the sum in (c) is what the recursion gives for {STATES}, {UP_TO} {LONGEST_MODULAR}"
EXPANSION = "symbolic expansion"
check = Checks()


def vanishes(expression: sp.Expr) -> bool:
    """Decide whether a polynomial in opaque atoms is zero."""
    return bool(sp.expand(expression) == 0)


def unrolled(form: sp.Expr, time: int) -> sp.Expr:
    """Write the sums and products of a general form out at one t."""
    return form.xreplace({t: sp.Integer(time)}).doit()


@check("1a.nesting", NESTED, "structure of the expressions")
def _nesting(answers: Answers, _: Random) -> Finding:
    for time in (1, 2, 3):
        state = answers.side(f"1a.h{time}")
        for step in range(time, 0, -1):
            require(isinstance(state, sigma), f"by the depth of h_{time}")
            state = sp.expand((state.args[0] - w1 * x(step)) / w2)
        require(state == 0, f"by the innermost sigmoid of h_{time}")
    return Finding(3)


@cache
def derivative(time: int) -> sp.Expr:
    """Differentiate the explicit h_t and multiply out."""
    return sp.expand(rnn.differentiated(time))


@check("1b.expand", f"differentiating {STATES} directly gives the sum in (c), {UP_TO} {LONGEST}", EXPANSION)
def _expansion(answers: Answers, _: Random) -> Finding:
    for time in range(1, LONGEST + 1):
        gap = derivative(time) - unrolled(answers.side("1c.general"), time)
        require(vanishes(gap), f"at t = {time}")
    return Finding(LONGEST)


def proof(form: sp.Sum) -> dict[str, bool]:
    """Try to prove by induction that a sum over k is d h_t / d w_1 for every positive integer t.

    SymPy cannot do this unaided. Three rules suffice, each the defining property of a sum or a product: split
    off the last term of a sum, split off the last factor of a product, move a factor into a sum. Expansion
    then decides whether terms are equal. The form is proved if all parts of the proof hold.
    """
    newest = x(t + 1) * sigma_prime(z(t + 1))
    recursion = rnn.one_step(t + 1)  # sigma'(z_{t+1}) (x_{t+1} + w_2 d h_t / d w_1)
    factor = sp.expand(recursion).coeff(Total(h(t), w1))  # what the hypothesis is multiplied by
    longer = form.xreplace({t: t + 1})
    index, low, high = longer.limits[0]
    terms = split_last_factors(longer.function) - factor * form.function
    return {
        "base": vanishes(unrolled(form, 1) - x(1) * sigma_prime(z(1))),
        "recursion": vanishes(recursion - newest - factor * Total(h(t), w1)),
        "limits": (sp.Tuple(index, low, high - 1),) == form.limits,
        "terms": sp.powsimp(sp.expand(terms)) == 0,
        "last": vanishes(longer.function.xreplace({index: high}).doit() - newest),
    }


def split_last_factors(expression: sp.Expr) -> sp.Expr:
    """Split off the last factor of every product in an expression."""

    def split(factor: sp.Expr, limits: sp.Tuple) -> sp.Expr:
        index, low, high = limits
        return sp.Product(factor, (index, low, high - 1)) * factor.xreplace({index: high})

    return expression.replace(sp.Product, split)


@check("1c.induction", f"the proof for every {inline(t)}; without {inline(w2)} it fails", "induction")
def _induction(answers: Answers, _: Random) -> Finding:
    parts = proof(answers.side("1c.general"))
    require(all(parts.values()), f"in {', '.join(part for part, holds in parts.items() if not holds)}")
    without = answers.side("1c.general").xreplace({w2 ** (t - k): sp.Integer(1)})
    require(not all(proof(without).values()), "as it goes through without w_2, too")
    return Finding(len(parts))


@check("1c.path", f"{PATH} is the printed product, {UP_TO} {LONGEST}", EXPANSION)
def _paths(answers: Answers, _: Random) -> Finding:
    earlier = sp.Symbol("h", real=True)  # h_start, as a variable
    cases = [(start, time) for time in range(2, LONGEST + 1) for start in range(1, time)]
    for start, time in cases:
        direct = rnn.differentiated(time, earlier, start, earlier)
        product = unrolled(answers.side("1c.path").xreplace({k: sp.Integer(start)}), time)
        require(vanishes(direct - product), f"from {start} to {time}")
    return Finding(len(cases))


@check("1d.flip", inline(sp.Eq(1 - sigma(a), sigma(-a))), "simplification")
def _flip(answers: Answers, _: Random) -> Finding:
    gap = (answers.side("1d.flip", 0) - answers.side("1d.flip")).rewrite(sp.exp)
    require(sp.cancel(gap.xreplace({sp.exp(-a): u, sp.exp(a): 1 / u})) == 0)
    return Finding(1)


def chain_rule() -> sp.Expr:
    """Return d L / d w_1 by the chain rule through a; what it uses of sigma has checks of its own."""
    outer = sp.diff(rnn.LOSS, a).xreplace({sigma_prime(a): sigma(a) * (1 - sigma(a))})
    outer = sp.expand(outer).xreplace({sigma(a): 1 - sigma(-a)}).xreplace({a: rnn.ARGUMENT})
    return outer * rnn.total_derivative(rnn.ARGUMENT)


@check("1d.gradient", f"the chain rule through {inline(a)} gives the printed gradient", EXPANSION)
def _gradient(answers: Answers, _: Random) -> Finding:
    inserted = {Total(h(T), w1): answers.side("1c.general").xreplace({t: T})}
    require(vanishes(chain_rule().xreplace(inserted) - answers.side("1d.gradient")))
    return Finding(1)


@check("1d.labels", f"prediction minus target, {inline(sp.Eq(y, 1))} and {inline(sp.Eq(y, -1))}", EXPANSION)
def _labels(answers: Answers, _: Random) -> Finding:
    score = wo * h(T) + b
    for label in (1, -1):
        short = wo * answers.side("1d.labels") * Total(h(T), w1)
        gap = (chain_rule() - short).subs(y, label)
        require(vanishes(gap.xreplace({sigma(-score): 1 - sigma(score)})), f"for y = {label}")
    return Finding(2)


class Residues(Valuation):
    """A point modulo PRIME: each symbol, each opaque sigma'(.) is a number of its own, drawn on demand."""

    def __init__(self, rng: Random) -> None:
        super().__init__(fp, {}, ())
        self._rng = rng

    def __call__(self, name: str, index: int | None = None) -> Any:
        """Return a weight or an input; for a state or its argument its place, which sigma' is opaque over."""
        if name in {"z", "h"} and index is not None:
            return index if name == "z" else -index
        if (name, index) not in self.known:
            self.known[name, index] = self._rng.randrange(PRIME)
        return self.known[name, index]

    def sigma(self, argument: int) -> Any:
        """Return the opaque sigma at a place."""
        return self("sigma", argument)

    def sigma_prime(self, argument: int) -> Any:
        """Return the opaque sigma' at a place."""
        return self("sigma'", argument)


@check("1c.modular", RECURSION, "modulo a prime", range(1, LONGEST_MODULAR + 1))
def _modular(times: Sequence[int], answers: Answers, rng: Random) -> Finding:
    """Run the recursion on integers: D_t = sigma'(z_t) (x_t + w_2 D_{t-1}), D_0 = 0."""
    value = compiled(answers.side("1c.general"))
    for at in [Residues(rng) for _ in range(POINTS)]:
        derivative = 0
        for time in range(1, times[-1] + 1):
            derivative = at.sigma_prime(time) * (at("x", time) + at("w_2") * derivative) % PRIME
            at.known["t", None] = time
            require(time not in times or (value(at) - derivative) % PRIME == 0, f"at t = {time}")
    return Finding(len(times) * POINTS)


@check("1e.slope", f"both printed forms of {SLOPE}", "simplification")
def _slope(answers: Answers, _: Random) -> Finding:
    direct = rnn.in_u(sp.diff(rnn.DEFINITION, r))
    for key, side in (("1e.derivative", 1), ("1e.derivative", 2), ("1e.square", 1)):
        form = answers.side(key, side).xreplace({sigma(r): rnn.DEFINITION})
        require(sp.cancel(rnn.in_u(form) - direct) == 0, f"in {key}, side {side}")
    return Finding(2)


def certificate(derivative: sp.Expr) -> list[str]:
    """Return which bounds of a derivative over u = exp(-r) > 0 do not hold; empty if all do."""
    half, quarter = sp.factor(rnn.HALF - derivative), sp.factor(rnn.QUARTER - derivative)
    top, bottom = sp.fraction(quarter)
    powers = [power for part in (top, bottom) for _, power in sp.factor_list(part)[1]]
    found = {
        "sigma' > 0": derivative.is_positive,
        "1/2 - sigma' > 0": half.is_positive,
        "1/4 - sigma' >= 0": quarter.is_nonnegative,
        "1/4 - sigma' is a square": all(power % 2 == 0 for power in powers),
        "1/4 - sigma' = 0 only at u = 1": sp.roots(sp.Poly(top, u)).keys() == {sp.Integer(1)},
    }
    return [claim for claim, holds in found.items() if not holds]


@check("1e.bounds", f"the three bounds, equality only at {inline(sp.Eq(u, 1))}", "signs of factors")
def _bounds(answers: Answers, _: Random) -> Finding:
    wrong = certificate(rnn.in_u(answers.side("1e.derivative", 1)))
    require(not wrong, f"to prove {', '.join(wrong)}")
    return Finding(5)


@check("1e.range", f"the range of {SLOPE} is open at 0, closed at {QUARTER}", "range by calculus")
def _range(answers: Answers, _: Random) -> Finding:
    """Look at the ends of u > 0, the zeros there, and the values where the derivative in u vanishes."""
    slope = rnn.in_u(answers.side("1e.derivative", 1))
    zeros, peaks = (sp.solveset(form, u, sp.Interval.open(0, sp.oo)) for form in (slope, sp.diff(slope, u)))
    ends = [sp.limit(slope, u, end) for end in (0, sp.oo)]
    require(ends == [0, 0] and zeros == sp.S.EmptySet, "at 0")
    require({slope.subs(u, peak) for peak in peaks} == {rnn.QUARTER}, f"at {QUARTER}")
    return Finding(1)
