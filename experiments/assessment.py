"""How far the numbers of 2(b) can be trusted, as typed values: curves, seeds, selection, other arithmetic."""

from __future__ import annotations

import math
from typing import Any

from msgspec import Struct

from experiments.record import PassedOver


class Choice(Struct, frozen=True):
    """The setting that is reported, and what ranks above it but cannot be reproduced."""

    place: int  # in grid order
    passed_over: tuple[PassedOver, ...]

    @property
    def reproducible(self) -> bool:
        """Whether the setting keeps its score; if none does, the first of the ranking is reported."""
        return all(other.place != self.place for other in self.passed_over)


class Reached(Struct, frozen=True):
    """The result of a network: development samples right, and the epochs that it trained."""

    dev: int
    epochs: int


class Line(Struct, frozen=True):
    """What came out under one arithmetic, or with the training inputs moved by one unit in the last place."""

    arithmetic: str
    default: Reached
    best: Reached
    rivals: tuple[Reached, ...]
    stays: bool  # whether the rule reports the same setting


class Certificate(Struct, frozen=True):
    """Whether the reported setting stays the best where numbers round differently."""

    lines: tuple[Line, ...]  # the first is the arithmetic of the report
    # Places, in grid order, of those that could overtake: their results move, and the largest count that was
    # seen reaches the best one's.
    rivals: tuple[int, ...]
    near: int  # settings within reach of the best one
    moved: int  # those of them with another count or number of epochs when the inputs move up
    obstacle: str  # why no other kernels were tried; empty if they were

    @property
    def holds(self) -> bool:
        """Whether the best setting is reported with the same count everywhere."""
        return all(line.stays and line.best.dev == self.lines[0].best.dev for line in self.lines)

    @property
    def default_holds(self) -> bool:
        """Whether the default setting has the same count everywhere."""
        return all(line.default.dev == self.lines[0].default.dev for line in self.lines)


class Curve(Struct, frozen=True):
    """How a network learned: training loss and development accuracy after each epoch."""

    loss: tuple[float, ...]
    accuracy: tuple[float, ...]


class Spread(Struct, frozen=True):
    """How a count varies with the seed: every value in the order of the seeds, and its summary."""

    counts: tuple[int, ...]

    @property
    def mean(self) -> float:
        """The mean."""
        return sum(self.counts) / len(self.counts)

    @property
    def deviation(self) -> float:
        """The sample standard deviation (n - 1); 0 for a single seed."""
        squares = math.fsum((count - self.mean) ** 2 for count in self.counts)
        return math.sqrt(squares / max(1, len(self.counts) - 1))

    @property
    def lowest(self) -> int:
        """The lowest count."""
        return min(self.counts)

    @property
    def highest(self) -> int:
        """The highest count."""
        return max(self.counts)


class Seeds(Struct, frozen=True):
    """Development counts of default and best for several seeds, the report's own first."""

    counts: dict[str, tuple[int, ...]]


class Optimism(Struct, frozen=True):
    """What selecting on some samples and scoring on others does to the best of many; accuracies in [0, 1]."""

    rounds: int  # of the bootstrap that count: they left at least one sample out
    selected: float  # mean accuracy of the setting that won a round, on the samples drawn
    left_out: float  # ... on the samples left out
    gain: float  # the winner's accuracy minus the default's on the samples left out: mean
    gain_low: float  # ... and central 95 %
    gain_high: float
    winners: int  # how many different settings won at least one round
    kept: float  # share of the rounds won by the setting that is reported


class Assessment(Struct, frozen=True):
    """What the pages say beside the numbers that were asked for."""

    curves: dict[str, Curve]  # default, best
    epochs: dict[str, int]
    converged: dict[str, bool]
    predicted: tuple[Any, ...]  # by the best network, for each development sample: its label
    wrong: int
    seeds: Seeds
    selection: Optimism
    certificate: Certificate
    environment: dict[str, Any]  # the audit of the numeric pins, and why scikit-learn had to train
