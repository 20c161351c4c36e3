"""Checks of the figure of 1f: its curves, and the text's sentence about them."""

from __future__ import annotations

from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any

from derivations import contributions, evaluate, vanishing
from derivations.checks.ledger import Check, CheckFailed, Finding
from derivations.notation import T, w2
from derivations.samples import context
from derivations.valuation import Valuation

if TYPE_CHECKING:
    from random import Random

ORDERS = 1e-10  # of magnitude: logarithms are floats


def drawn(figure: contributions.Figure, seed: int, _: Random) -> Finding:
    """Check the curves of the figure: one run recomputed from the printed product, all below the bound."""
    ctx = context(contributions.DIGITS + 30)
    product = evaluate.compiled(abs(w2) ** (T - 1) * vanishing.product_of_derivatives(1, T - 1))
    xs, worst = contributions.inputs(seed, 0), 0.0
    for curve in figure.curves:
        bound = ctx.log10(ctx.mpf(curve.w2) / 4)
        if any(high > age * bound + ORDERS for age, high in enumerate(curve.highest)):
            raise CheckFailed(f"a weight is above its bound for w_2 = {curve.w2}.")
        parameters: dict[str, Any] = {"w_1": ctx.one, "w_2": ctx.mpf(curve.w2), "T": figure.length}
        again = product(Valuation(ctx, parameters, [ctx.mpf(value) for value in xs]), {})
        worst = max(worst, abs(float(ctx.log10(again)) - contributions.weights(ctx, curve.w2, xs)[-1]))
    if worst > ORDERS:
        raise CheckFailed(f"the figure's weights are off by {worst:.1e} orders of magnitude.")
    return Finding(len(figure.curves), worst)


def saturates(seed: int, smaller: str, larger: str, _: Random) -> Finding:
    """Check that the oldest input weighs less for the larger w_2, in each of several groups of runs."""
    ctx, runs = context(contributions.DIGITS), 20
    groups = [range(start, start + runs) for start in range(0, contributions.RUNS, runs)]
    for group in groups:
        oldest = [
            median(contributions.weights(ctx, w2, contributions.inputs(seed, run))[-1] for run in group)
            for w2 in (smaller, larger)
        ]
        if oldest[1] >= oldest[0]:
            raise CheckFailed(f"the oldest input does not weigh less for w_2 = {larger}.")
    return Finding(len(groups) * runs)


def checks(figure: contributions.Figure, seed: int) -> tuple[Check, ...]:
    """Return the checks of the figure."""
    curves = "the curves of the figure, from the printed product, below the bound"
    weighs = "the oldest input weighs less for $w_2 = 4$ than for $w_2 = 2$"
    return (
        Check("1f.figure", curves, "high precision", partial(drawn, figure, seed)),
        Check("1f.saturates", weighs, "high precision", partial(saturates, seed, "2", "4")),
    )
