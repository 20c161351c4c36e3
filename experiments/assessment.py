"""How far the numbers of 2(b) can be trusted, as typed values: curves, seeds, selection, other arithmetic."""

from __future__ import annotations

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
    """Whether the reported setting stays the best where numbers round differently.

    Attributes
    ----------
    lines
        The first is the arithmetic of the report.
    rivals
        Places, in grid order, of the settings that could overtake: their results move, and the largest count
        that was seen reaches the best one's.
    near, moved
        How many settings are within reach of the best one, and how many of them have another count or
        number of epochs when the inputs move up.
    obstacle
        Why no other kernels were tried; empty if they were.
    """

    lines: tuple[Line, ...]
    rivals: tuple[int, ...]
    near: int
    moved: int
    obstacle: str

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
    mean: float
    deviation: float  # sample standard deviation (n - 1); 0 for a single seed
    lowest: int
    highest: int


class Seeds(Struct, frozen=True):
    """Development counts of default and best for several seeds, the report's own first."""

    counts: dict[str, tuple[int, ...]]


class Optimism(Struct, frozen=True):
    """What selecting on some samples and scoring on others does to the best of many; accuracies in [0, 1].

    Attributes
    ----------
    rounds
        How many bootstrap rounds count (those that left at least one sample out).
    selected, left_out
        Mean accuracy of the setting that won a round, on the samples drawn and on those left out.
    gain, gain_low, gain_high
        The winner's accuracy minus the default's on the samples left out: mean and central 95 %.
    winners
        How many different settings won at least one round.
    kept
        Share of the rounds won by the setting that is reported.
    """

    rounds: int
    selected: float
    left_out: float
    gain: float
    gain_low: float
    gain_high: float
    winners: int
    kept: float


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
