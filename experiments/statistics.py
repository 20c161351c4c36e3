"""How far a measured accuracy, and a gain found by selecting, can be trusted."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Z_95 = 1.959963984540054  # the normal distribution's 97.5 % point
DRAWS = 2000


@dataclass(frozen=True)
class Spread:
    """Counts of correct answers of one setting over several seeds."""

    mean: float
    deviation: float
    lowest: int
    highest: int


@dataclass(frozen=True)
class Selection:
    """What selecting the best of many settings on the samples that score them does to the score.

    Attributes
    ----------
    chosen : float
        Mean accuracy of the setting selected in a draw, on the samples drawn: what a search reports.
    left_out : float
        Mean accuracy of the same setting on the samples left out: what it is worth.
    gain : float
        Mean difference, on the samples left out, between the selected and the default setting.
    gain_low, gain_high : float
        The 2.5 % and 97.5 % quantiles of that difference over the draws.
    winners : int
        How many different settings were selected in some draw.
    reported : float
        The share of draws in which the setting that the report chose was selected.
    """

    chosen: float
    left_out: float
    gain: float
    gain_low: float
    gain_high: float
    winners: int
    reported: float

    @property
    def optimism(self) -> float:
        """By how much the score on the drawn samples exceeds the one on those left out."""
        return self.chosen - self.left_out


def wilson(correct: int, total: int, z: float = Z_95) -> tuple[float, float]:
    """Give Wilson's score interval of a proportion.

    Parameters
    ----------
    correct, total : int
        A count, and of how many (at least 1).
    z : float
        The normal quantile of the level; 95 % by default.

    Returns
    -------
    tuple of float
        Lower and upper end, within [0, 1].

    References
    ----------
    E. B. Wilson, Probable inference, the law of succession, and statistical inference.
    JASA 22 (1927), 209-212.
    """
    share = correct / total
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    return max(0.0, middle - half), min(1.0, middle + half)


def spread(counts: Sequence[int]) -> Spread:
    """Summarise counts over seeds; the deviation is the sample's (n - 1)."""
    values = np.asarray(counts)
    deviation = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return Spread(float(values.mean()), deviation, int(values.min()), int(values.max()))


def selection(
    correct: NDArray[np.bool_],
    weights: Sequence[int],
    default: int,
    best: int,
    seed: int,
    draws: int = DRAWS,
) -> Selection:
    """Estimate by bootstrap what selection on the development set did to the score; nothing is trained again.

    Each draw takes development samples with replacement, selects the best setting on them by the report's
    rule (most correct, then fewest weights, then grid order), and scores it on the samples left out.

    Parameters
    ----------
    correct : ndarray of bool, shape (settings, samples)
        Which development sample each setting gets right, settings in grid order.
    weights : sequence of int
        The number of weights of each setting's network.
    default, best : int
        The places of the default and of the reported setting.
    seed : int
        Of the draws.
    draws : int
        How many.

    References
    ----------
    I. Tsamardinos, E. Greasidou, G. Borboudakis, Bootstrapping the out-of-sample predictions for efficient
    and accurate cross-validation. Machine Learning 107 (2018), 1895-1922.
    """
    n = correct.shape[1]
    # One row per draw: how often each sample was drawn. Small whole numbers: float64 is exact.
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws).astype(float)
    inside = drawn @ correct.T.astype(float)
    # The rule as one number: an in-bag count outweighs any place in the order by weights and grid.
    place = np.empty(len(weights))
    place[np.lexsort((np.arange(len(weights)), np.asarray(weights)))] = np.arange(len(weights))
    winner = np.argmax(inside * len(weights) - place, axis=1)
    out = (drawn == 0).astype(float)
    left = out @ correct.T.astype(float) / np.maximum(out.sum(axis=1, keepdims=True), 1)
    rows = np.arange(draws)
    gains = left[rows, winner] - left[:, default]
    low, high = np.quantile(gains, [0.025, 0.975])
    return Selection(
        chosen=float(inside[rows, winner].mean() / n),
        left_out=float(left[rows, winner].mean()),
        gain=float(gains.mean()),
        gain_low=float(low),
        gain_high=float(high),
        winners=len(np.unique(winner)),
        reported=float(np.mean(winner == best)),
    )


def summary(found: Spread | Selection) -> dict[str, Any]:
    """Give a result as JSON has it."""
    return dict(vars(found))
