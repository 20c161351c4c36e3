"""How reliable the accuracies are: their spread over seeds, and how optimistic a best of many is.

Everything is computed from counts and predictions that are there already; no network is trained here.
"""

from __future__ import annotations

from statistics import fmean, stdev
from typing import TYPE_CHECKING

import numpy as np

from experiments.assessment import Optimism, Spread
from experiments.record import rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LEVEL = 0.95
CHUNK = 250  # bootstrap rounds at once: bounds the memory


def spread(counts: Sequence[int]) -> Spread:
    """Summarise the counts of one setting over seeds."""
    deviation = stdev(counts) if len(counts) > 1 else 0.0
    return Spread(tuple(counts), fmean(counts), deviation, min(counts), max(counts))


def bootstrap(
    right: NDArray[np.bool_], sizes: Sequence[int], *, default: int, seed: int, rounds: int = 2000
) -> Optimism:
    """Estimate how optimistic the best of many settings is.

    Each round draws as many samples as there are, with replacement; the setting that wins on them, by the
    report's own rule, is scored on the samples that were not drawn.

    Parameters
    ----------
    right : ndarray of bool (settings, samples)
        Which dev samples each setting has right.
    sizes
        Weights and biases of each setting's network, for ties.
    default
        Place of the default setting.
    seed
        Of the draws.
    rounds
        How many.

    Raises
    ------
    ValueError
        If no round leaves a sample out, which takes fewer than two samples.

    Notes
    -----
    B. Efron, J. Amer. Statist. Assoc. 78 (1983) 316-331: the left-out ("out-of-bag") samples of a round were
    not seen when its winner was selected, so its score there is not optimistic by selection.
    """
    settings, samples = right.shape
    order = rank([0] * settings, sizes)  # by the rule for ties alone: the first of the highest then wins
    hits = right[order].astype(np.float64)
    home = order.index(default)
    champion = int(np.argmax(hits.sum(axis=1)))
    generator = np.random.default_rng(seed)
    rows: list[NDArray[np.float64]] = []
    for start in range(0, rounds, CHUNK):
        draws = generator.integers(samples, size=(min(CHUNK, rounds - start), samples))
        times = np.stack([np.bincount(draw, minlength=samples) for draw in draws]).astype(np.float64)
        winner = np.argmax(hits @ times.T, axis=0)
        drawn = np.einsum("ij,ij->i", hits[winner], times) / samples
        out = times == 0
        left = out.sum(axis=1)
        with np.errstate(invalid="ignore"):
            theirs = (hits[winner] * out).sum(axis=1) / left
            defaults = (hits[home] * out).sum(axis=1) / left
        rows.append(np.column_stack((winner, drawn, theirs, defaults))[left > 0])
    table = np.concatenate(rows)
    if not len(table):
        raise ValueError("the bootstrap needs at least two samples")
    winner, drawn, theirs, defaults = table.T
    tails = [50 * (1 - LEVEL), 50 * (1 + LEVEL)]
    return Optimism(
        rounds=len(table),
        selected=float(drawn.mean()),
        left_out=float(theirs.mean()),
        gain=float((theirs - defaults).mean()),
        gain_low=float(np.percentile(theirs - defaults, tails)[0]),
        gain_high=float(np.percentile(theirs - defaults, tails)[1]),
        winners=len(np.unique(winner)),
        kept=float(np.mean(winner == champion)),
    )
