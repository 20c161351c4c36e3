"""Checks of what 1f says: bounds on random networks, equality in fractions, series, powers, the table."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from mpmath import fp

from derivations import contributions, evaluate, samples, vanishing
from derivations.checks.ledger import Check, CheckFailed, Finding
from derivations.checks.numeric import context
from derivations.formulas import inline
from derivations.notation import G, Numeral, Partial, Power, T, Total, h, k, q, w1, w2, z
from derivations.sigmoid import sigma_prime
from derivations.world import World

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from derivations.contributions import Row
    from derivations.formulas import Formula

NETWORKS = 300
LARGEST_W2 = 6
BOUNDS = ("1f.bound", "1f.termwise", "1f.old", "1f.whole", "1f.newest")
ATTAINED_AT = (1, 2, 3, 5, 8)
ROUNDING = 1e-12  # floats against floats


def _networks(formulas: Mapping[str, Formula]) -> Check:
    def run(rng: Random) -> Finding:
        sides = {key: [evaluate.compiled(side) for side in formulas[key].sides] for key in BOUNDS}
        tightest = 0.0
        for _ in range(NETWORKS):
            world = samples.network(rng, fp, rng.randint(2, 12), LARGEST_W2)
            for key in BOUNDS:
                values = [side(world, {}) for side in sides[key]]
                tightest = max(tightest, _share(formulas[key], values))
        return Finding(NETWORKS * len(BOUNDS), f"{tightest:.2f} of it")

    terms = f"{inline(abs(G(k)))}, their sums and {inline(abs(G(T)))}"
    statement = f"the bounds on {terms}, {inline(abs(w2))} up to {LARGEST_W2}"
    return Check("1f.networks", "1f", statement, "random networks, floats", run)


def _share(formula: Formula, values: Sequence[float]) -> float:
    """Give the largest quotient of smaller and larger side of a chain of inequalities."""
    largest = 0.0
    for number, relation in enumerate(formula.relations):
        if relation == "=":
            continue
        low, high = values[number], values[number + 1]
        low, high = (low, high) if relation == r"\le" else (high, low)
        if low > high * (1 + ROUNDING):
            raise CheckFailed(
                f"the bound {formula.key} does not hold on a random network: {low:.3e} > {high:.3e}."
            )
        largest = max(largest, low / high)
    return largest


def _attained(_: Random) -> Finding:
    for w2_value in ATTAINED_AT:
        x, weight = Fraction(-w2_value, 2), Fraction(w2_value)
        state, derivative, series = Fraction(0), Fraction(0), Fraction(0)
        for time in range(1, 51):
            now = Fraction(0) if time == 1 else x
            if now + weight * state != 0:
                raise CheckFailed(f"z_{time} is not 0 in the example at rest, w_2 = {w2_value}.")
            state = Fraction(1, 2)  # sigma(0)
            derivative = Fraction(1, 4) * (now + weight * derivative)
            series = series if time == 1 else series * weight / 4 + 1
        if abs(derivative) != abs(x) * Fraction(1, 4) * series:
            raise CheckFailed(f"the bound is not attained in the example at rest, w_2 = {w2_value}.")
    return Finding(len(ATTAINED_AT))


def _series(_: Random) -> Finding:
    longest = 60
    for length in range(1, longest + 1):
        # two polynomials of degree `length` that agree at length + 1 points are the same
        for value in range(length + 1):
            if (1 - value) * sum(value**power for power in range(length)) != 1 - value**length:
                raise CheckFailed(f"the geometric series of {length} terms does not add up.")
    return Finding(longest)


def _powers(formulas: Mapping[str, Formula]) -> Check:
    keys = ("1f.G1.50", "1f.G1.100", "1f.tight.50", "1f.tight.100")

    def run(_: Random) -> Finding:
        for key in keys:
            power = next(iter(formulas[key].sides[-2].atoms(Power)))
            numeral = next(iter(formulas[key].sides[-1].atoms(Numeral)))
            base, exponent = (int(part) for part in power.args)
            mantissa, _, ten = numeral.text.partition("e")
            digits, scale = int(mantissa.replace(".", "")), int(ten) - 1
            # |digits 10^scale - base^exponent| <= 10^scale / 2, in integers
            if abs(2 * digits * base**-exponent - 2 * 10**-scale) > base**-exponent:
                raise CheckFailed(f"{numeral.text} is not {base}^{exponent} to two digits.")
        return Finding(len(keys))

    return Check("1f.powers", "1f", "the four printed powers of 2 and 4", "integers", run)


def _mean(rng: Random) -> Finding:
    tightest = 0.0
    for _ in range(NETWORKS):
        world = samples.network(rng, fp, rng.randint(2, 12), 3 * LARGEST_W2)
        start = rng.randint(1, world.value("T") - 1)
        ends = [_last_state(world, start, end) for end in (0.0, 1.0)]
        share = abs(ends[1] - ends[0]) / fp.tanh(abs(world.value("w_2")) / 4)
        if share > 1 + ROUNDING:
            raise CheckFailed(f"a path changes by {share:.3f} of its bound over all states.")
        tightest = max(tightest, share)
    return Finding(NETWORKS, f"{tightest:.2f} of it")


def _last_state(world: World, start: int, state: float) -> float:
    """Run a network on from h_start; give h_T."""
    for time in range(start + 1, world.value("T") + 1):
        state = world.sigma(world.value("w_1") * world.value("x", time) + world.value("w_2") * state)
    return state


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
    return Finding(len(weights))


def _table(rows: Sequence[Row], seed: int) -> Check:
    def run(_: Random) -> Finding:
        ctx = context(contributions.DIGITS + 30)
        product = evaluate.compiled(abs(w2) ** (T - 1) * vanishing.slopes_between(1, T - 1))
        worst = 0.0
        for row in rows:
            if any(high > limit for high, limit in zip(row.maxima, row.bounds_quarter, strict=True)):
                raise CheckFailed(f"the table's largest weight is above its bound for w_2 = {row.w2}.")
            xs = contributions.inputs(seed, 0)
            length = contributions.LENGTHS[0]
            parameters: dict[str, Any] = {"w_1": ctx.one, "w_2": ctx.mpf(row.w2), "T": length}
            again = product(World(ctx, parameters, [ctx.mpf(x) for x in xs]), {})
            measured = contributions.trace(ctx, row.w2, xs, (length,))[0].log_weights[-1]
            worst = max(worst, abs(float(ctx.log10(again)) - measured))
        if worst > ROUNDING * 100:
            raise CheckFailed(f"the table's weights are off by {worst:.1e} orders of magnitude.")
        return Finding(len(rows), worst)

    return Check("1f.table", "1f", "weights in the table, from the printed product", "80 digits", run)


def checks(formulas: Mapping[str, Formula], rows: Sequence[Row], seed: int) -> tuple[Check, ...]:
    """Give the checks of 1f."""
    path, step = inline(Partial(h(T), h(k))), inline(abs(w2) * sigma_prime(z(k)))
    rest = (
        f"{inline(z(k))} stays 0 and the bound on {inline(Total(h(T), w1))} is attained, {inline(T)} up to 50"
    )
    floats = "random networks, floats"
    return (
        _networks(formulas),
        Check("1f.attained", "1f", rest, "fractions", _attained),
        Check("1f.series", "1f", f"the geometric series in {inline(q)}, up to 60 terms", "integers", _series),
        _powers(formulas),
        Check("1f.mean", "1f", f"the bound on the mean of {path}", floats, _mean),
        Check("1f.edge", "1f", f"the width of the interval in which {step} exceeds 1", "30 digits", _edge),
        _table(rows, seed),
    )
