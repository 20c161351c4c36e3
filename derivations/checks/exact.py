"""Checks of (a) to (d) that decide: expansion over opaque sigma and sigma', and the proof by induction."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import sympy as sp

from derivations import loss, rnn
from derivations.checks.ledger import Check, CheckFailed, Finding
from derivations.formulas import inline
from derivations.notation import Partial, T, Total, a, b, h, k, t, w1, w2, wo, x, y, z
from derivations.sigmoid import sigma, sigma_prime, u

if TYPE_CHECKING:
    from random import Random

LONGEST = 8  # t = 1..8 by expansion; longer sequences are the modular test's


def vanishes(expression: sp.Expr) -> bool:
    """Decide whether a polynomial in opaque atoms is zero."""
    return bool(sp.expand(expression) == 0)


def unrolled(form: sp.Expr, time: int) -> sp.Expr:
    """Write a general form out at one t."""
    return written_out(form.xreplace({t: sp.Integer(time)}))


def written_out(expression: sp.Expr) -> sp.Expr:
    """Put its terms in the place of each sum, its factors in that of each product: faster than `doit`."""
    if not expression.has(sp.Sum, sp.Product):
        return expression
    if not isinstance(expression, sp.Sum | sp.Product):
        return expression.func(*map(written_out, expression.args))
    index, low, high = expression.limits[0]
    parts = (expression.function.xreplace({index: sp.Integer(i)}) for i in range(int(low), int(high) + 1))
    return (sp.Add if isinstance(expression, sp.Sum) else sp.Mul)(*map(written_out, parts))


@cache
def differentiated(time: int) -> sp.Expr:
    """Differentiate the explicit h_t, name its z's and multiply out."""
    return sp.expand(rnn.named(rnn.direct_derivative(time), time))


def agrees_with_differentiation(form: sp.Expr, time: int) -> bool:
    """Decide whether a general form is, at one t, what differentiating the explicit h_t gives."""
    return vanishes(differentiated(time) - unrolled(form, time))


def _expansion(_: Random) -> Finding:
    for time in range(1, LONGEST + 1):
        if not agrees_with_differentiation(rnn.general(), time):
            raise CheckFailed(f"differentiating h_t directly does not give the general form at t = {time}.")
    return Finding(LONGEST)


def chain_rule() -> sp.Expr:
    """Return d L / d w_1 by the chain rule through a, over d h_T / d w_1 and sigma(-a).

    Uses sigma' = sigma (1 - sigma) and 1 - sigma(a) = sigma(-a), which have checks of their own.
    """
    outer = loss.derivative_in_a().xreplace({sigma_prime(a): sigma(a) * (1 - sigma(a))})
    outer = sp.expand(outer).xreplace({sigma(a): 1 - sigma(-a)}).xreplace({a: loss.argument()})
    return outer * rnn.total_derivative(loss.argument())


def is_gradient(candidate: sp.Expr) -> bool:
    """Decide whether a formula is d L / d w_1, with the general form for d h_T / d w_1."""
    return vanishes(chain_rule().xreplace({Total(h(T), w1): rnn.general(T)}) - candidate)


def _gradient(_: Random) -> Finding:
    if not is_gradient(loss.gradient()):
        raise CheckFailed("the chain rule through a does not give the printed gradient.")
    return Finding(1)


def _labels(_: Random) -> Finding:
    score = wo * h(T) + b
    flipped = {sigma(-score): 1 - sigma(score)}
    for label in (1, -1):
        gradient = chain_rule().subs(y, label)
        short = wo * loss.prediction_minus_target().subs(y, label) * Total(h(T), w1)
        if not vanishes(gradient.xreplace(flipped) - short.xreplace(flipped)):
            raise CheckFailed(f"the gradient is not prediction minus target for y = {label}.")
    return Finding(2)


def _nesting(_: Random) -> Finding:
    for time in (1, 2, 3):
        state, depth = rnn.state(time), 0
        if state.free_symbols != ({w1} if time == 1 else {w1, w2}) or state.atoms(h):
            raise CheckFailed(f"h_{time} holds other symbols than the inputs and the two weights.")
        if state.atoms(x) != {x(step) for step in range(1, time + 1)}:
            raise CheckFailed(f"h_{time} does not hold exactly the inputs up to {time}.")
        while inner := [atom for atom in state.atoms(sigma) if atom.args[0] != state]:
            state, depth = max(inner, key=lambda atom: len(atom.atoms(sigma))).args[0], depth + 1
        if depth != time:
            raise CheckFailed(f"h_{time} nests the sigmoid {depth} times.")
    return Finding(3)


def _paths(_: Random) -> Finding:
    earlier = sp.Symbol("h", real=True)  # h_start, as a variable
    cases = [(start, time) for time in range(2, LONGEST + 1) for start in range(1, time)]
    for start, time in cases:
        direct = sp.diff(rnn.state(time, start, earlier), earlier)
        product = written_out(rnn.path(sp.Integer(time), sp.Integer(start)))
        if not vanishes(rnn.named(direct, time, start, earlier) - product):
            raise CheckFailed(f"the path from {start} to {time} is not the printed product.")
    return Finding(len(cases))


def proof(form: sp.Sum) -> dict[str, bool]:
    """Try to prove by induction that a sum over k is d h_t / d w_1 for every positive integer t.

    SymPy cannot do this unaided. Three rules suffice, each the defining property of a sum or a product: split
    off the last term of a sum, split off the last factor of a product, move a factor into a sum. Expansion
    then decides whether terms are equal. The form is proved if all parts of the proof hold.
    """
    newest = x(t + 1) * sigma_prime(z(t + 1))
    recursion = rnn.one_step(t + 1)  # sigma'(z_{t+1}) (x_{t+1} + w_2 d h_t / d w_1)
    factor = sp.expand(recursion).coeff(Total(h(t), w1))  # what the hypothesis is multiplied by
    base = form.xreplace({t: sp.Integer(1)}).doit() - x(1) * sigma_prime(z(1))

    longer, last = split_last_term(form.xreplace({t: t + 1}))
    terms = split_last_factors(longer.function) - factor * form.function
    return {
        "base": sp.expand(base) == 0,
        "recursion": sp.expand(recursion - newest - factor * Total(h(t), w1)) == 0,
        "limits": longer.limits == form.limits,
        "terms": sp.powsimp(sp.expand(terms)) == 0,
        "last": sp.expand(last.doit() - newest) == 0,
    }


def split_last_term(series: sp.Sum) -> tuple[sp.Sum, sp.Expr]:
    """Split off the last term of a sum."""
    index, low, high = series.limits[0]
    return sp.Sum(series.function, (index, low, high - 1)), series.function.xreplace({index: high})


def split_last_factors(expression: sp.Expr) -> sp.Expr:
    """Split off the last factor of every product in an expression."""
    rewritten = {}
    for product in expression.atoms(sp.Product):
        index, low, high = product.limits[0]
        rest = sp.Product(product.function, (index, low, high - 1))
        rewritten[product] = rest * product.function.xreplace({index: high})
    return expression.xreplace(rewritten)


def _induction(_: Random) -> Finding:
    failed = [part for part, holds in proof(rnn.general()).items() if not holds]
    if failed:
        raise CheckFailed(f"the proof by induction does not go through: {failed[0]}.")
    wrong = rnn.general().xreplace({w2 ** (t - k): sp.Integer(1)})
    if all(proof(wrong).values()):
        raise CheckFailed("the proof by induction goes through without w_2, too.")
    return Finding(len(proof(rnn.general())))


def _flip(_: Random) -> Finding:
    difference: sp.Expr = 1 - sigma(a) - sigma(-a)
    if sp.cancel(difference.rewrite(sp.exp).xreplace({sp.exp(-a): u, sp.exp(a): 1 / u})) != 0:
        raise CheckFailed("1 - sigma(a) is not sigma(-a).")
    return Finding(1)


def checks() -> tuple[Check, ...]:
    """Return the exact checks of (a) to (d)."""
    states = ", ".join(inline(h(time)) for time in (1, 2, 3))
    expansion = "symbolic expansion"
    return (
        Check(
            "1a.nesting",
            f"{states} nest one, two, three sigmoids, and nothing else",
            "structure of the expressions",
            _nesting,
        ),
        Check(
            "1b.expand",
            f"differentiating {inline(h(t))} directly gives the sum in (c), {inline(t)} up to {LONGEST}",
            expansion,
            _expansion,
        ),
        Check(
            "1c.induction",
            f"the proof for every {inline(t)}; without {inline(w2)} it fails",
            "induction",
            _induction,
        ),
        Check(
            "1c.path",
            f"{inline(Partial(h(t), h(k)))} is the printed product, {inline(t)} up to {LONGEST}",
            expansion,
            _paths,
        ),
        Check("1d.flip", inline(sp.Eq(1 - sigma(a), sigma(-a))), "simplification", _flip),
        Check(
            "1d.gradient",
            f"the chain rule through {inline(a)} gives the printed gradient",
            expansion,
            _gradient,
        ),
        Check(
            "1d.labels",
            f"prediction minus target, {inline(sp.Eq(y, 1))} and {inline(sp.Eq(y, -1))}",
            expansion,
            _labels,
        ),
    )
