"""The work of a search, divided into tasks that keep all cores busy to the end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import trainer
from experiments.store import Outcome, in_force

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from sklearn.neural_network import MLPClassifier

SHARES = 12  # tasks for each worker, at least: the last ones end together
FEWEST = 4  # networks in a task: fewer would leave a stack little to share


@dataclass(frozen=True, eq=False)
class Data:
    """The training set and the development set."""

    X_train: NDArray[np.float64]
    y_train: NDArray[Any]
    X_dev: NDArray[np.float64]
    y_dev: NDArray[Any]

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """All four, in this order."""
        return self.X_train, self.y_train, self.X_dev, self.y_dev


@dataclass(frozen=True)
class Fit:
    """One setting (without ``random_state``) and one seed."""

    setting: Mapping[str, Any]
    seed: int

    @property
    def parameters(self) -> dict[str, Any]:
        """What `MLPClassifier` takes."""
        return {**self.setting, "random_state": self.seed}


@dataclass(frozen=True)
class Task:
    """Fits that one worker does in one go, and about what they cost (in no particular unit)."""

    fits: tuple[Fit, ...]
    cost: float


@dataclass(frozen=True, eq=False)
class Report:
    """What a worker gives back: the outcomes in the order of the task's fits, and what decided their bits."""

    number: int
    outcomes: tuple[Outcome, ...]
    computed_with: Mapping[str, Any]


def divide(fits: Sequence[Fit], samples: int, features: int, outputs: int, workers: int) -> list[Task]:
    """Divide fits into tasks, the longest first.

    Fits of one shape and batch size stay together where they can, since they share a stack; a shape with much
    work is cut so that no task is long compared with the whole.
    """
    shapes: dict[tuple[Any, ...], list[tuple[Fit, float]]] = {}
    for fit in fits:
        layers, batch = shape(fit.setting, samples)
        price = cost((features, *layers, outputs), batch, samples, fit.setting.get("activation", "relu"))
        shapes.setdefault((layers, batch), []).append((fit, price))
    share = sum(price for members in shapes.values() for _, price in members) / (SHARES * workers)
    tasks = []
    for members in shapes.values():
        # Neighbours in a stack that use the same solver and activation are served by one call.
        members.sort(key=lambda m: (m[0].setting.get("activation", ""), m[0].setting.get("solver", "")))
        total = sum(price for _, price in members)
        parts = max(1, min(round(total / share), len(members) // FEWEST))
        bounds = [len(members) * part // parts for part in range(parts + 1)]
        for start, stop in pairwise(bounds):
            part = members[start:stop]
            tasks.append(Task(tuple(fit for fit, _ in part), sum(price for _, price in part)))
    return sorted(tasks, key=lambda task: -task.cost)


def shape(setting: Mapping[str, Any], samples: int) -> tuple[tuple[int, ...], int]:
    """Return the hidden layers of a setting and its batch size for so many samples."""
    sizes = setting.get("hidden_layer_sizes", (100,))
    layers = tuple(sizes) if isinstance(sizes, tuple | list) else (int(sizes),)
    batch = setting.get("batch_size", "auto")
    return layers, min(200 if batch == "auto" else int(batch), samples)


def cost(units: Sequence[int], batch: int, samples: int, activation: str) -> float:
    """Estimate the microseconds of an epoch, from measured rates of products, passes and functions."""
    weights = sum(fan_in * fan_out for fan_in, fan_out in pairwise(units))
    hidden = sum(units[1:-1])
    per_unit = 1.8e-3 if activation in ("relu", "identity") else 8e-3
    return math.ceil(samples / batch) * (5 + batch * (1.5e-4 * weights + per_unit * hidden) + 3e-3 * weights)


def work(number: int, task: Task, data: Data) -> Report:
    """Do a task: train its networks, and count what they have right."""
    settings = [fit.parameters for fit in task.fits]
    with trainer.quiet():
        trained = dict(trainer.fits(settings, data.X_train, data.y_train, jobs=1))
    outcomes = (_outcome(fit, trained[place], data) for place, fit in enumerate(task.fits))
    return Report(number, tuple(outcomes), _computed_with())


@cache
def _computed_with() -> Mapping[str, Any]:
    return in_force()


def _outcome(fit: Fit, network: MLPClassifier | ValueError, data: Data) -> Outcome:
    """Count what a network has right."""
    if isinstance(network, ValueError):
        nothing = np.zeros(len(data.y_dev), dtype=np.uint16)
        return Outcome(fit.setting, fit.seed, 0, 0, 0, False, nothing, "", str(network))
    predicted = network.predict(data.X_dev)
    return Outcome(
        setting=fit.setting,
        seed=fit.seed,
        train=int(np.count_nonzero(network.predict(data.X_train) == data.y_train)),
        dev=int(np.count_nonzero(predicted == data.y_dev)),
        epochs=int(network.n_iter_),
        converged=trainer.converged(network),
        predictions=np.searchsorted(network.classes_, predicted).astype(np.uint16),
        digest=trainer.digest(network),
    )
