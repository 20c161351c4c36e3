"""Checks of the examples in 1f: what is attained in exact fractions, powers, the knife edge, the table."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

import sympy as sp

from derivations import contributions, evaluate, vanishing
from derivations.checks.ledger import Check, CheckFailed, Finding
from derivations.checks.numeric import context
from derivations.formulas import inline
from derivations.notation import Numeral, Power, T, Total, gamma, h, k, q, t, w1, w2, x, z
from derivations.sigmoid import sigma_prime
from derivations.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from derivations.contributions import Row
    from derivations.formulas import Formula

ATTAINED_AT = (1, 2, 3, 5, 8)
LENGTH = 50
POWERS = ("1f.G1.50", "1f.G1.100", "1f.tight.50", "1f.tight.100")
TABLE_TOLERANCE = 1e-10  # orders of magnitude; the logarithms are floats


def _attained(formulas: Mapping[str, Formula], _: Random) -> Finding:
    for value in ATTAINED_AT:
        at = {w1: sp.Integer(1), w2: sp.Integer(value), T: sp.Integer(LENGTH), t: sp.Integer(LENGTH)}
        later = formulas["1f.rest.x"].sides[1].xreplace(at)
        quarter = {gamma: sp.Rational(1, 4), q: sp.Rational(value, 4), x(LENGTH): later}
        bound = formulas["1f.rest.value"].sides[1].xreplace(at).xreplace(quarter)
        if abs(_at_rest(value, Fraction(int(later.p), int(later.q)))) != Fraction(int(bound.p), int(bound.q)):
            raise CheckFailed(f"the bound is not attained in the example at rest, w_2 = {value}.")
    return Finding(len(ATTAINED_AT))


def _at_rest(w2_value: int, later: Fraction) -> Fraction:
    """Run the network on fractions, every z_t being 0; give d h_T / d w_1."""
    state, derivative = Fraction(0), Fraction(0)
    for time in range(1, LENGTH + 1):
        now = Fraction(0) if time == 1 else later
        if now + w2_value * state != 0:
            raise CheckFailed(f"z_{time} is not 0 in the example at rest, w_2 = {w2_value}.")
        state = Fraction(1, 2)  # sigma(0)
        derivative = Fraction(1, 4) * (now + w2_value * derivative)
    return derivative


def _powers(formulas: Mapping[str, Formula], _: Random) -> Finding:
    for key in POWERS:
        power = next(iter(formulas[key].sides[-2].atoms(Power)))
        numeral = next(iter(formulas[key].sides[-1].atoms(Numeral)))
        base, exponent = (int(part) for part in power.args)
        mantissa, _, ten = numeral.text.partition("e")
        digits, scale = int(mantissa.replace(".", "")), int(ten) - 1
        # |digits 10^scale - base^exponent| <= 10^scale / 2, in integers
        if abs(2 * digits * base**-exponent - 2 * 10**-scale) > base**-exponent:
            raise CheckFailed(f"{numeral.text} is not {base}^{exponent} to two digits.")
    return Finding(len(POWERS))


def _edge(_: Random) -> Finding:
    ctx = context(30)
    width = evaluate.compiled(vanishing.edge())
    found = vanishing.knife_edge()
    weights = [ctx.mpf(4) + ctx.mpf(number) / 20 for number in range(1, 400)]
    for weight in weights:
        value = width(World(ctx, {"w_2": weight}, []), {})
        z_at_end = weight * value / 2
        state = 1 / (1 + ctx.exp(-z_at_end))
        if abs(weight * state * (1 - state) - 1) > ctx.mpf(10) ** -25:
            raise CheckFailed(f"a step of the path is not 1 at the end of the interval for |w_2| = {weight}.")
        if value > found.width:
            raise CheckFailed(f"the interval for |w_2| = {weight} is wider than the widest.")
    widest = World(ctx, {"w_2": ctx.mpf(found.weight)}, [])
    if abs(width(widest, {}) - found.width) > ctx.mpf(10) ** -14:
        raise CheckFailed(f"the widest interval is not at |w_2| = {found.weight}.")
    return Finding(len(weights) + 1)


def _table(rows: Sequence[Row], seed: int, _: Random) -> Finding:
    ctx = context(contributions.DIGITS + 30)
    product = evaluate.compiled(abs(w2) ** (T - 1) * vanishing.slopes_between(1, T - 1))
    xs, length = contributions.inputs(seed, 0), contributions.LENGTHS[0]
    worst = 0.0
    for row in rows:
        if any(high > limit for high, limit in zip(row.maxima, row.bounds_quarter, strict=True)):
            raise CheckFailed(f"the table's largest weight is above its bound for w_2 = {row.w2}.")
        parameters: dict[str, Any] = {"w_1": ctx.one, "w_2": ctx.mpf(row.w2), "T": length}
        again = product(World(ctx, parameters, [ctx.mpf(value) for value in xs]), {})
        measured = contributions.trace(ctx, row.w2, xs, (length,))[0].log_weights[-1]
        worst = max(worst, abs(float(ctx.log10(again)) - measured))
    if worst > TABLE_TOLERANCE:
        raise CheckFailed(f"the table's weights are off by {worst:.1e} orders of magnitude.")
    return Finding(len(rows), worst)


def checks(formulas: Mapping[str, Formula], rows: Sequence[Row], seed: int) -> tuple[Check, ...]:
    """Give the checks of the examples in 1f."""
    length = inline(sp.Eq(T, LENGTH))
    step = inline(abs(w2) * sigma_prime(z(k)))
    return (
        Check(
            "1f.attained",
            "1f",
            f"{inline(z(t))} stays 0, the bound on {inline(Total(h(T), w1))} is attained at {length}",
            "fractions",
            partial(_attained, formulas),
        ),
        Check(
            "1f.powers", "1f", "the four printed powers of 2 and 4", "integers", partial(_powers, formulas)
        ),
        Check("1f.edge", "1f", f"the width of the interval in which {step} exceeds 1", "30 digits", _edge),
        Check(
            "1f.table",
            "1f",
            "weights in the table, from the printed product",
            f"{contributions.DIGITS + 30} digits",
            partial(_table, rows, seed),
        ),
    )
