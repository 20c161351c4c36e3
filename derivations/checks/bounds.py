"""Checks of the bounds in 1f: their count of factors, the series, and random networks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import sympy as sp
from mpmath import fp

from derivations import evaluate, samples, vanishing
from derivations.checks import exact
from derivations.checks.ledger import Check, CheckFailed, Finding
from derivations.formulas import inline
from derivations.notation import G, Partial, T, X, gamma, h, k, m, q, w2, x, y
from derivations.sigmoid import sigma_prime

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from derivations.formulas import Formula
    from derivations.world import World

NETWORKS = 300
LONGEST = 6
LARGEST_W2 = 6
BOUNDS = ("1f.bound", "1f.termwise", "1f.old", "1f.whole", "1f.newest")
ROUNDING = 1e-12  # floats against floats


def _networks(formulas: Mapping[str, Formula], rng: Random) -> Finding:
    sides = {key: [evaluate.compiled(side) for side in formulas[key].sides] for key in BOUNDS}
    tightest = 0.0
    for _ in range(NETWORKS):
        world = samples.network(rng, fp, rng.randint(2, 12), LARGEST_W2)
        for key in BOUNDS:
            values = [side(world, {}) for side in sides[key]]
            tightest = max(tightest, _share(formulas[key], values))
    return Finding(NETWORKS * len(BOUNDS), f"{tightest:.2f} of it")


def _share(formula: Formula, values: Sequence[float]) -> float:
    """Give the largest quotient of smaller and larger side of a chain of inequalities."""
    largest = 0.0
    for number, relation in enumerate(formula.relations):
        low, high = values[number], values[number + 1]
        if relation == "=":
            low, high = sorted((low, high))
            if high - low > ROUNDING * high:
                raise CheckFailed(f"the two forms of the bound {formula.key} differ: {low} and {high}.")
            continue
        low, high = (low, high) if relation == r"\le" else (high, low)
        if low > high * (1 + ROUNDING):
            raise CheckFailed(
                f"the bound {formula.key} does not hold on a random network: {low:.3e} > {high:.3e}."
            )
        largest = max(largest, low / high)
    return largest


def _count(_: Random) -> Finding:
    steep = {q: gamma * abs(w2)}
    series = [vanishing.bound_of_terms(T - m, m), vanishing.bound_of_terms(m, T - m)]
    for length in range(1, LONGEST + 1):
        at = {T: sp.Integer(length)}
        bounds = []
        for time in range(1, length + 1):
            term = exact.written_out(vanishing.term_of_gradient().xreplace({**at, k: sp.Integer(time)}))
            slopes = dict.fromkeys(term.atoms(sigma_prime), gamma)
            counted = term.xreplace({**slopes, y: sp.Integer(1)})
            bounds.append(vanishing.bound_of_term().xreplace({**at, k: sp.Integer(time)}))
            if sp.expand(counted**2 - bounds[-1].xreplace(steep) ** 2) != 0:  # squares do without signs
                raise CheckFailed(f"the bound on G_{time} is not what its factors give at T = {length}.")
        for age in range(length):
            largest = [bound.xreplace({x(time): X}) for time, bound in enumerate(bounds, 1)]
            parts = [sum(largest[: length - age]), sum(largest[:age])]
            for part, whole in zip(parts, series, strict=True):
                sums = whole.xreplace({**at, m: sp.Integer(age)}) - part
                if sp.expand(sp.cancel(sums)) != 0:
                    raise CheckFailed(f"the bound on a sum is not the sum of the bounds at T = {length}.")
    return Finding(LONGEST * (LONGEST + 1) // 2)


def _series(_: Random) -> Finding:
    longest = 60
    for length in range(1, longest + 1):
        # two polynomials of degree `length` that agree at length + 1 points are the same
        for value in range(length + 1):
            if (1 - value) * sum(value**power for power in range(length)) != 1 - value**length:
                raise CheckFailed(f"the geometric series of {length} terms does not add up.")
    return Finding(longest)


def _mean(formula: Formula, rng: Random) -> Finding:
    bound, tightest = evaluate.compiled(formula.sides[0]), 0.0
    for _ in range(NETWORKS):
        world = samples.network(rng, fp, rng.randint(2, 12), 3 * LARGEST_W2)
        start = rng.randint(1, world.value("T") - 1)
        ends = [_last_state(world, start, end) for end in (0.0, 1.0)]
        share = abs(ends[1] - ends[0]) / bound(world, {})
        if share > 1 + ROUNDING:
            raise CheckFailed(f"a path changes by {share:.3f} of its bound over all states.")
        tightest = max(tightest, share)
    return Finding(NETWORKS, f"{tightest:.2f} of it")


def _last_state(world: World, start: int, state: float) -> float:
    """Run a network on from h_start; give h_T."""
    for time in range(start + 1, world.value("T") + 1):
        state = world.sigma(world.value("w_1") * world.value("x", time) + world.value("w_2") * state)
    return state


def checks(formulas: Mapping[str, Formula]) -> tuple[Check, ...]:
    """Give the checks of the bounds in 1f."""
    path = inline(Partial(h(T), h(k)))
    floats = "random networks, floats"
    return (
        Check(
            "1f.count",
            "1f",
            f"each bound has a factor {inline(gamma)} for each slope, {inline(T)} up to {LONGEST}",
            "expansion over opaque atoms",
            _count,
        ),
        Check(
            "1f.networks",
            "1f",
            f"the bounds on {inline(abs(G(k)))}, their sums and {inline(abs(G(T)))}, {inline(abs(w2))} up to "
            f"{LARGEST_W2}",
            floats,
            partial(_networks, formulas),
        ),
        Check("1f.series", "1f", f"the geometric series in {inline(q)}, up to 60 terms", "integers", _series),
        Check(
            "1f.mean", "1f", f"the bound on the mean of {path}", floats, partial(_mean, formulas["1f.mean"])
        ),
    )
