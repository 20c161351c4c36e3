"""Problem 2 as typed values: a setting, the space of a search, and the record that the notebook leaves."""

from __future__ import annotations

import math
import sys
from itertools import pairwise, product
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct, structs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


# What a hyper-parameter may be, in bounds and in words; checked wherever a space is read from outside.
Layers = Annotated[
    tuple[Annotated[int, Meta(ge=1, le=10_000, description="a whole number from 1 to 10000")], ...],
    Meta(
        min_length=1,
        max_length=5,
        description="a list of 1 to 5 layer sizes from 1 to 10000",
        extra={"hint": "One hidden layer of 100 units is written [100]."},
    ),
]
Activation = Annotated[
    str,
    Meta(pattern=r"^(identity|logistic|relu|tanh)\Z", description="identity, logistic, relu or tanh"),
]
Solver = Annotated[
    str,
    Meta(
        pattern=r"^(adam|sgd)\Z",
        description="adam or sgd",
        extra={"hint": "The assignment allows these two."},
    ),
]
Rate = Annotated[float, Meta(gt=0, le=sys.float_info.max, description="a positive finite number")]
Batch = Annotated[
    int,
    Meta(
        ge=1,
        le=10**9,
        description="a whole number from 1 to 1000000000",
        extra={"hint": 'scikit-learn\'s "auto" is 200, clipped to the number of samples.'},
    ),
]
_Some = Meta(
    min_length=1,
    description="a list with one item or more",
    extra={"hint": 'A single value is a list, too: ["relu"], [0.01], [[100]].'},
)


class Setting(Struct, frozen=True):
    """The hyper-parameters that are tuned, in the sheet's order, each with scikit-learn's default."""

    hidden_layer_sizes: Layers = (100,)
    activation: Activation = "relu"
    solver: Solver = "adam"
    learning_rate_init: Rate = 0.001
    batch_size: Batch = 200  # "auto" before it is clipped to the number of samples

    def parameters(self, seed: int | None = None) -> dict[str, Any]:
        """Return the arguments of `MLPClassifier`, with ``random_state`` where a seed is given."""
        seeded = {} if seed is None else {"random_state": seed}
        return {**structs.asdict(self), **seeded}

    def printed(self) -> dict[str, str]:
        """Return each hyper-parameter as a page prints it: layer sizes as a tuple, words without quotes."""
        return {name: str(value) for name, value in structs.asdict(self).items()}

    def clipped(self, samples: int) -> Setting:
        """Return the setting with a batch no larger than the training set, as scikit-learn trains it."""
        return structs.replace(self, batch_size=min(self.batch_size, samples))

    def weights(self, features: int, classes: int) -> int:
        """Count the weights and biases of the network."""
        units = (features, *self.hidden_layer_sizes, 1 if classes <= 2 else classes)
        return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(units))


HYPER_PARAMETERS = Setting.__struct_fields__


class Space(Struct, frozen=True):
    """The values to try for each hyper-parameter; by default scikit-learn's default alone."""

    hidden_layer_sizes: Annotated[tuple[Layers, ...], _Some] = (Setting().hidden_layer_sizes,)
    activation: Annotated[tuple[Activation, ...], _Some] = (Setting().activation,)
    solver: Annotated[tuple[Solver, ...], _Some] = (Setting().solver,)
    learning_rate_init: Annotated[tuple[Rate, ...], _Some] = (Setting().learning_rate_init,)
    batch_size: Annotated[tuple[Batch, ...], _Some] = (Setting().batch_size,)

    @property
    def size(self) -> int:
        """The number of combinations, before batches are clipped."""
        return math.prod(map(len, structs.astuple(self)))

    @property
    def grid(self) -> dict[str, tuple[Any, ...]]:
        """The values of all but the layers, by name, in the order in which scikit-learn walks a grid."""
        return {name: getattr(self, name) for name in sorted(HYPER_PARAMETERS) if name != LAYERS}

    def small(self) -> Space:
        """Return the first two values of each hyper-parameter: a search for trying things out."""
        return Space(*(values[:2] for values in structs.astuple(self)))

    def clipped(self, samples: int) -> Space:
        """Return the space with batches no larger than the training set and no value twice."""
        sizes = tuple(min(size, samples) for size in self.batch_size)
        return structs.replace(self, batch_size=sizes).distinct()

    def distinct(self) -> Space:
        """Return the space with no value twice."""
        return Space(*(tuple(dict.fromkeys(values)) for values in structs.astuple(self)))

    def holds(self, setting: Setting) -> bool:
        """Return whether a setting is one of the space's combinations."""
        return all(getattr(setting, name) in getattr(self, name) for name in HYPER_PARAMETERS)

    def settings(self, samples: int) -> tuple[Setting, ...]:
        """Return all settings for so many training samples, in the order in which the notebook tries them.

        One grid search for each architecture; the default setting comes first where the space lacks it.
        """
        space, default = self.clipped(samples), Setting().clipped(samples)
        walked = [
            Setting(layers, **dict(zip(space.grid, values, strict=True)))
            for layers in space.hidden_layer_sizes
            for values in product(*space.grid.values())
        ]
        return tuple(walked if space.holds(default) else [default, *walked])


LAYERS = "hidden_layer_sizes"


class Counts(Struct, frozen=True):
    """How many samples are right, or how many there are, in each set."""

    train: int
    dev: int


class Search(Struct, frozen=True):
    """What every setting of the search reached, column by column in grid order."""

    train: tuple[int, ...]
    dev: tuple[int, ...]
    epochs: tuple[int, ...]  # 0 where scikit-learn refused the network
    converged: tuple[bool, ...]

    @classmethod
    def of(cls, outcomes: Iterable[Any]) -> Search:
        """Return the columns of outcomes, one for each setting."""
        rows = list(outcomes)
        return cls(*(tuple(getattr(row, name) for row in rows) for name in cls.__struct_fields__))

    def __post_init__(self) -> None:
        if len({len(column) for column in structs.astuple(self)}) != 1:
            raise ValueError("the columns of the search differ in length")


class PassedOver(Struct, frozen=True):
    """A setting that ranks above the best one, but whose result hangs on the last bit of the inputs."""

    place: int  # in grid order
    dev: tuple[int, ...]  # its counts: in the search, then with the inputs moved up, down and at random


MIME = "application/vnd.homework03+json"  # of the record among the outputs of the notebook's last cell


class Record(Struct, frozen=True):
    """What the notebook leaves: every number of problem 2 that is reported comes from here."""

    default: Counts
    best: Counts
    params: Setting  # of the best setting
    total: Counts
    tied: int  # settings that share the best one's dev count
    search: Search
    versions: dict[str, str]
    passed_over: tuple[PassedOver, ...] = ()

    @property
    def reproducible(self) -> bool:
        """Whether the reported setting keeps its score when its inputs move; else no setting does."""
        return len(self.passed_over) < len(self.search.dev)

    def refits(self, settings: Sequence[Setting]) -> dict[int, tuple[int, ...]]:
        """Return the counts of the settings that were trained again with their inputs moved, by place."""
        found = {settings.index(self.params): (self.best.dev,) * 3}
        return found | {other.place: other.dev[1:] for other in self.passed_over}


class Value(Struct, frozen=True, omit_defaults=True):
    """A reported value, as results.json holds it."""

    question: str  # such as 2a
    value: Any  # of a type that JSON has
    printed: str  # what the page shows
    correct: int | None = None  # the count that an accuracy stands for,
    total: int | None = None  # and of how many


def values(record: Record) -> dict[str, Value]:
    """Return all that is reported for 2(a) and 2(b), by key such as ``2a.dev.accuracy``."""
    found = {}
    for question, counts in (("2a", record.default), ("2b", record.best)):
        for part, correct in structs.asdict(counts).items():
            total = getattr(record.total, part)
            share = correct / total
            found[f"{question}.{part}.accuracy"] = Value(question, share, f"{share:.4f}", correct, total)
    more, total = record.best.dev - record.default.dev, record.total.dev
    found["2b.gain"] = Value("2b", more / total, f"{more / total:+.4f}", more, total)
    params, printed = structs.asdict(record.params), record.params.printed()
    params[LAYERS] = list(record.params.hidden_layer_sizes)
    found["2b.params"] = Value("2b", params, ", ".join(f"{name}={text}" for name, text in printed.items()))
    return found | {f"2b.params.{name}": Value("2b", params[name], printed[name]) for name in params}


def search_rows(
    settings: Sequence[Setting], search: Search, refits: Mapping[int, tuple[int, ...]] | None = None
) -> list[dict[str, Any]]:
    """Return the rows of search.csv: each setting in grid order with its counts, epochs and convergence.

    With `refits` a last column holds the counts of the settings that were trained again with moved inputs.
    """
    columns = zip(search.train, search.dev, search.epochs, search.converged, strict=True)
    rows: list[dict[str, Any]] = [
        {
            **setting.printed(),
            "train_correct": train,
            "dev_correct": dev,
            "epochs": epochs,
            "converged": converged,
        }
        for setting, (train, dev, epochs, converged) in zip(settings, columns, strict=True)
    ]
    if refits is not None:
        for place, row in enumerate(rows):
            row["dev_correct_when_nudged"] = " ".join(map(str, refits.get(place, ())))
    return rows


def rank(correct: Sequence[float], weights: Sequence[int]) -> list[int]:
    """Return the places of the settings by the written rule, the best first.

    More dev samples right (a count, or its mean over seeds), then fewer weights, then grid order.
    """
    return sorted(range(len(correct)), key=lambda place: (-correct[place], weights[place], place))


def all_weights(settings: Iterable[Setting], features: int, classes: int) -> list[int]:
    """Return the number of weights and biases of each setting's network."""
    return [setting.weights(features, classes) for setting in settings]
