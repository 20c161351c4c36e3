"""Why old inputs fade from the gradient: bounds on its terms, and what they do not say (question 1f)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate
from math import log10
from random import Random
from statistics import NormalDist, median
from typing import TYPE_CHECKING, Any

import sympy as sp

from derivations.formulas import Formula, Numeral, Partial, Power, Total, claim, sigma, sigma_prime, term
from derivations.notation import G, L, T, delta, eta, h, j, k, t, w1, w2, wo, x, y, z
from derivations.rnn import ARGUMENT, HALF, QUARTER
from derivations.valuation import context

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DIGITS = 50
RUNS = 100
LENGTH = 50
WEIGHTS = ("0.5", "1", "2", "4")  # of w_2


def derivatives(first: sp.Expr, last: sp.Expr) -> sp.Expr:
    """Return the product of sigma'(z_j) over a stretch of time."""
    return sp.Product(sigma_prime(z(j)), (j, first, last))


def bound_of_term(constant: sp.Rational) -> sp.Expr:
    """Return the bound on |G_k| that follows from a bound on sigma'."""
    return constant * abs(wo) * abs(x(k)) * (constant * abs(w2)) ** (T - k)


def rounded(value: Any, digits: int = 2) -> Numeral:
    """Round an exact integer or fraction, or a float, to so many significant digits, as it is printed."""
    exact = sp.Rational(value)
    return Numeral(f"{Decimal(int(exact.p)) / int(exact.q):.{digits - 1}e}")


def formulas() -> tuple[Formula, ...]:
    """Return the formulas of question 1f: the answer, then the remarks."""
    first, fifty = abs(wo) * abs(x(1)), Total(h(50), w1)
    counted = abs(wo) * abs(x(k)) * abs(w2) ** (T - k) * Power(HALF, T - k + 1)
    power, explosion = 1 / sp.Integer(2) ** 50, 1 - Power(2, 49)
    newest = delta * abs(wo) * abs(x(T)) * sigma_prime(z(T))
    ratio = (abs(w2) / 2) ** (T - k) * abs(x(k)) / abs(x(T))
    oldest = (Power(2, -T) * first, r"\le", Power(2, -50) * first, r"\approx", rounded(power) * first)
    rest, exploding = {"sample": "at rest, w_1=1"}, {"sample": "at rest, w_1=1, w_2=8, T=50"}
    return (
        claim("1f.sum", Total(L, w1), "=", sp.Sum(G(k), (k, 1, T))),
        claim("1f.Gk", G(k), "=", -delta * y * wo * x(k) * w2 ** (T - k) * derivatives(k, T)),
        claim("1f.delta", delta, "=", sigma(-ARGUMENT)),
        claim("1f.deltarange", 0, "<", delta, "<", 1),
        claim("1f.absy", abs(y), "=", 1),
        claim("1f.derivatives", 0, "<", sigma_prime(z(j)), "<", HALF, slashed=True),
        term("1f.nderivatives", T - k + 1),
        term("1f.age", T - k),
        claim("1f.bound", abs(G(k)), r"\le", counted, "=", bound_of_term(HALF)),
        claim("1f.G1", abs(G(1)), r"\le", *oldest, sample="any, w_2=1, T>=50"),
        term("1f.step", -eta * Total(L, w1)),
        term("1f.share", -eta * G(1)),
        claim("1f.only", Total(L, w1), "=", G(1), slashed=True, sample="only x_1"),
        claim("1f.newest", abs(G(T)), "=", newest),
        claim("1f.onesign", abs(Total(L, w1)), r"\ge", abs(G(T)), slashed=True, sample="one sign"),
        claim("1f.quarter", abs(G(k)), r"\le", bound_of_term(QUARTER)),
        term("1f.power", Power(2, -50)),
        claim("1f.tight", Power(4, -50), r"\approx", rounded(power**2)),
        claim("1f.rest.x1", x(1), "=", 0, **rest),
        claim("1f.rest.x", x(t), "=", -w2 / 2, slashed=True, **rest),
        claim("1f.rest.z", z(t), "=", 0, **rest),
        claim("1f.rest.path", Partial(h(T), h(k)), "=", (w2 / 4) ** (T - k), slashed=True, **rest),
        claim("1f.rest.8", fifty, "=", explosion, r"\approx", rounded(1 - 2**49), slashed=True, **exploding),
        claim("1f.path", abs(Partial(h(T), h(k))), r"\le", (abs(w2) / 4) ** (T - k), slashed=True),
        claim("1f.ratio", abs(G(k)) / abs(G(T)), r"\le", ratio, slashed=True),
        term("1f.weight", abs(w2) ** (T - k) * derivatives(k, T - 1)),
        term("1f.bound2", (abs(w2) / 2) ** (T - k)),
        term("1f.bound4", (abs(w2) / 4) ** (T - k)),
    )


@dataclass(frozen=True)
class Runs:
    """How much each input of random sequences weighs in d h_T / d w_1, for several w_2 and w_1 = 1.

    The weight of time k is what its term is worth relative to the newest one, ignoring the size of the
    inputs: |w_2|**(T-k) * prod(sigma'(z_j), j=k..T-1), which (e) bounds by (|w_2| / 4)**(T-k).
    """

    inputs: tuple[tuple[str, ...], ...]  # decimals
    weights: Mapping[str, tuple[tuple[float, ...], ...]]  # log10, by w_2, of each run by age T-k = 0, 1, ...


def measure(seed: int) -> Runs:
    """Run the networks; the same for the same seed."""
    ctx = context(DIGITS)
    drawn = tuple(inputs(seed, run) for run in range(RUNS))
    numbers = [[ctx.mpf(value) for value in xs] for xs in drawn]
    return Runs(drawn, {w2: tuple(weights(ctx, ctx.mpf(w2), xs) for xs in numbers) for w2 in WEIGHTS})


def inputs(seed: int, run: int) -> tuple[str, ...]:
    """Draw the inputs of one run, standard normal, as decimals: any machine sees exactly these numbers."""
    source = Random(f"{seed} contributions {run}")  # noqa: S311 - sample points, no secrets
    normal = NormalDist()
    return tuple(f"{normal.inv_cdf(source.uniform(1e-9, 1 - 1e-9)):.6f}" for _ in range(LENGTH))


def weights(ctx: Any, w2: Any, xs: Sequence[Any]) -> tuple[float, ...]:
    """Run one network and return log10 of the weight of each age, the newest first."""
    state, factors = ctx.zero, []
    for value in xs[:-1]:
        state = 1 / (1 + ctx.exp(-(value + w2 * state)))
        factors.append(abs(w2) * (state * (1 - state)))
    return tuple(accumulate((log10(float(factor)) for factor in reversed(factors)), initial=0.0))


def figure(runs: Runs) -> dict[str, Any]:
    """Sum the runs up for the figure of 1f: by w_2 and age, their median and extremes."""
    ways: dict[str, Any] = {"median": median, "lowest": min, "highest": max}
    curves = []
    for carried, found in runs.weights.items():
        by_age = list(zip(*found, strict=True))
        curves.append({"w2": carried, **{name: [of(one) for one in by_age] for name, of in ways.items()}})
    return {"length": LENGTH, "runs": len(runs.inputs), "curves": curves}
