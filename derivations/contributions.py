"""How much each time stamp contributes to d h_T / d w_1, measured on random inputs (the figure of 1f).

The weight of time k is what its term is worth relative to the newest one, ignoring the size of the inputs:
|w_2|**(T-k) * prod(sigma'(z_j), j=k..T-1), which (e) bounds by (|w_2| / 4)**(T-k).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from random import Random
from statistics import NormalDist, median
from typing import TYPE_CHECKING, Any

from derivations.rnn import forward
from derivations.samples import context

if TYPE_CHECKING:
    from collections.abc import Sequence

DIGITS = 50
RUNS = 100
LENGTH = 50
WEIGHTS = ("0.5", "1", "2", "4")  # of w_2


@dataclass(frozen=True)
class Curve:
    """The weights for one w_2 by age T-k = 0, 1, ..., as powers of ten: median and extremes of the runs."""

    w2: str
    median: tuple[float, ...]
    lowest: tuple[float, ...]
    highest: tuple[float, ...]


@dataclass(frozen=True)
class Figure:
    """What the figure of 1f shows."""

    length: int
    runs: int
    curves: tuple[Curve, ...]


def inputs(seed: int, run: int) -> tuple[str, ...]:
    """Draw the inputs of one run, standard normal, as decimals of six places.

    Decimals, so that any machine and any precision sees exactly the same numbers.
    """
    source = Random(f"{seed} contributions {run}")  # noqa: S311 - sample points, no secrets
    normal = NormalDist()
    return tuple(f"{normal.inv_cdf(source.uniform(1e-9, 1 - 1e-9)):.6f}" for _ in range(LENGTH))


def weights(ctx: Any, w2: str, xs: Sequence[str]) -> tuple[float, ...]:
    """Run one network with w_1 = 1 and return log10 of the weight of each age, the newest first."""
    weight = ctx.mpf(w2)
    steps = list(forward(ctx.exp, ctx.one, weight, map(ctx.mpf, xs)))
    found = [0.0]
    for step in reversed(steps[:-1]):
        found.append(found[-1] + log10(float(abs(weight) * step.sigma_prime)))
    return tuple(found)


def measure(seed: int) -> Figure:
    """Measure the weights; the same for the same seed."""
    ctx = context(DIGITS)
    drawn = [inputs(seed, run) for run in range(RUNS)]
    return Figure(LENGTH, RUNS, tuple(_curve(w2, [weights(ctx, w2, xs) for xs in drawn]) for w2 in WEIGHTS))


def _curve(w2: str, runs: Sequence[tuple[float, ...]]) -> Curve:
    by_age = list(zip(*runs, strict=True))
    median_, lowest, highest = (tuple(of(values) for values in by_age) for of in (median, min, max))
    return Curve(w2, median_, lowest, highest)
