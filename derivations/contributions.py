"""How much each time stamp contributes to d h_T / d w_1, measured on random inputs (question 1f).

The weight of time k is what its term is worth beside the newest one, the inputs' own size apart:
|w_2|**(T-k) * prod(sigma'(z_j), j=k..T-1), which (e) bounds by (gamma |w_2|)**(T-k).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log10
from random import Random
from statistics import NormalDist, median
from typing import TYPE_CHECKING, Any

from mpmath import MPContext

from derivations.network import forward

if TYPE_CHECKING:
    from collections.abc import Sequence

DIGITS = 50
RUNS = 40
LENGTHS = (50, 100)
TABLE_W2 = ("0.5", "1", "2", "3", "4", "6")
FIGURE_W2 = ("0.5", "1", "2", "4")
HALF_ULPS = (("float32", 24), ("float64", 53))  # half a unit in the last place of 1 is 2**-24, 2**-53


@dataclass(frozen=True)
class Trace:
    """One run: log10 of the weight of each age T-k = 0, ..., T-1, and |d h_T / d w_1|, for one length T."""

    log_weights: tuple[float, ...]
    derivative: float


@dataclass(frozen=True)
class Panel:
    """What the figure shows for one w_2, by age: the runs' median and extremes, and both bounds (log10)."""

    w2: str
    median: tuple[float, ...]
    lowest: tuple[float, ...]
    highest: tuple[float, ...]
    bound_half: tuple[float, ...]
    bound_quarter: tuple[float, ...]


@dataclass(frozen=True)
class Figure:
    """The figure of 1f as plain data: panels over the age T-k, and the lines of half an ulp (name, log10)."""

    length: int
    runs: int
    panels: tuple[Panel, ...]
    half_ulps: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Row:
    """What the table shows for one w_2, by length: the oldest term (log10) and the whole derivative."""

    w2: str
    medians: tuple[float, ...]
    maxima: tuple[float, ...]
    bounds_quarter: tuple[float, ...]
    bounds_half: tuple[float, ...]
    derivatives: tuple[float, ...]


def inputs(seed: int, run: int) -> tuple[str, ...]:
    """Draw the inputs of one run, standard normal, as decimals of six places.

    Decimals, so that any machine and any precision sees exactly the same numbers.
    """
    source = Random(f"{seed} contributions {run}")  # noqa: S311 - sample points, no secrets
    normal = NormalDist()
    return tuple(f"{normal.inv_cdf(source.uniform(1e-9, 1 - 1e-9)):.6f}" for _ in range(max(LENGTHS)))


def trace(ctx: Any, w2: str, xs: Sequence[str], lengths: Sequence[int] = LENGTHS) -> tuple[Trace, ...]:
    """Run one network with w_1 = 1 forward, once, and read off each length.

    Parameters
    ----------
    ctx : MPContext
        Its precision is used.
    w2 : str
        The recurrent weight, a decimal.
    xs : sequence of str
        The inputs, decimals.
    lengths : sequence of int
        The values of T.
    """
    weight = ctx.mpf(w2)
    factors: list[float] = []  # log10 of |w_2| sigma'(z_j)
    traces = []
    for time, step in enumerate(forward(ctx.exp, ctx.one, weight, map(ctx.mpf, xs)), start=1):
        if time in lengths:
            traces.append(Trace(_falling(factors), float(abs(step.derivative))))
        factors.append(log10(float(abs(weight) * step.slope)))
    return tuple(traces)


def measure(seed: int) -> tuple[tuple[Row, ...], Figure]:
    """Measure the table and the figure of 1f.

    Returns
    -------
    tuple
        The rows, one for each of TABLE_W2, and the figure's data; the same for the same seed.
    """
    ctx = MPContext()
    ctx.dps = DIGITS
    drawn = [inputs(seed, run) for run in range(RUNS)]
    traces = {w2: [trace(ctx, w2, xs) for xs in drawn] for w2 in dict.fromkeys(TABLE_W2 + FIGURE_W2)}
    rows = tuple(_row(w2, traces[w2]) for w2 in TABLE_W2)
    panels = tuple(_panel(w2, [run[0] for run in traces[w2]]) for w2 in FIGURE_W2)
    half_ulps = tuple((name, float(-bits * ctx.log10(2))) for name, bits in HALF_ULPS)
    return rows, Figure(LENGTHS[0], RUNS, panels, half_ulps)


def bound(ctx: Any, slope: int, w2: str, age: int) -> float:
    """Give log10 of the bound (|w_2| / slope)**age, slope being 2 or 4."""
    return float(age * ctx.log10(abs(ctx.mpf(w2)) / slope))


def _falling(factors: Sequence[float]) -> tuple[float, ...]:
    """Sum from the newest factor to the oldest: the weight of age 0 is 1."""
    total, sums = 0.0, [0.0]
    for value in reversed(factors):
        total += value
        sums.append(total)
    return tuple(sums)


def _row(w2: str, runs: Sequence[tuple[Trace, ...]]) -> Row:
    ctx = MPContext()
    by_length = list(zip(*runs, strict=True))
    oldest = [[one.log_weights[-1] for one in length] for length in by_length]
    return Row(
        w2,
        medians=tuple(median(values) for values in oldest),
        maxima=tuple(max(values) for values in oldest),
        bounds_quarter=tuple(bound(ctx, 4, w2, length - 1) for length in LENGTHS),
        bounds_half=tuple(bound(ctx, 2, w2, length - 1) for length in LENGTHS),
        derivatives=tuple(median(one.derivative for one in length) for length in by_length),
    )


def _panel(w2: str, runs: Sequence[Trace]) -> Panel:
    ctx = MPContext()
    by_age = list(zip(*(run.log_weights for run in runs), strict=True))
    ages = range(len(by_age))
    return Panel(
        w2,
        median=tuple(median(values) for values in by_age),
        lowest=tuple(min(values) for values in by_age),
        highest=tuple(max(values) for values in by_age),
        bound_half=tuple(bound(ctx, 2, w2, age) for age in ages),
        bound_quarter=tuple(bound(ctx, 4, w2, age) for age in ages),
    )
