"""Which setting is best: the written rule, since scores of k out of n are often equal."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def parameters(layers: Sequence[int], features: int, classes: int) -> int:
    """Count the weights and biases of a network with these hidden layers."""
    outputs = 1 if classes <= 2 else classes
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise((features, *layers, outputs)))


def rank(correct: Sequence[float], sizes: Sequence[int]) -> list[int]:
    """Order settings: more dev samples correct, then fewer weights, then their own order.

    Parameters
    ----------
    correct
        Dev samples that each setting has right (a count, or its mean over seeds).
    sizes
        Weights and biases of its network.

    Returns
    -------
    list of int
        Places of the settings, the best first.
    """
    return sorted(range(len(correct)), key=lambda place: (-correct[place], sizes[place], place))
