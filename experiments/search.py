"""Any list of settings, trained exhaustively: on all cores or a cluster, and never twice.

Results depend on the data, the settings and the seeds alone: not on the number of workers, the order in which
they finish, or what an earlier run had found out already.
"""

from __future__ import annotations

import contextlib
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from experiments import trainer
from experiments.errors import SearchError
from experiments.store import Outcome, Store, in_force

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from sklearn.neural_network import MLPClassifier

    from experiments.record import Setting

SHARES = 12  # tasks for each worker of a cluster, at least: the last ones end together
CLUSTER = 16  # the least number of workers for which work is divided: more may join


class Data(NamedTuple):
    """The training set and the development set."""

    X_train: NDArray[np.float64]
    y_train: NDArray[Any]
    X_dev: NDArray[np.float64]
    y_dev: NDArray[Any]


class Fit(NamedTuple):
    """One network to be trained."""

    setting: Setting
    seed: int


def run(
    settings: Sequence[Setting],
    X_train: NDArray[Any],
    y_train: NDArray[Any],
    X_dev: NDArray[Any],
    y_dev: NDArray[Any],
    *,
    seeds: Sequence[int] = (0,),
    jobs: int | None = None,
    store: Path | None = None,
    progress: Callable[[float, float], None] | None = None,
    scheduler: str | None = None,
) -> tuple[Outcome, ...]:
    """Train every setting with every seed and count what it has right, in that order.

    Samples are (n, features) as float64, labels (n,). By default as many networks train at once as this
    process has cores; with the address of a Dask scheduler its workers train. Each outcome is kept at once in
    the folder `store`, and found by a later run. `progress` is called with the work done and the work there
    is. A SearchError says that a disk, a worker or the cluster failed.
    """
    data = Data(X_train, y_train, X_dev, y_dev)
    (samples, features), classes = X_train.shape, len(set(y_train.tolist()))
    wanted = [Fit(setting, seed) for setting in settings for seed in seeds]
    found: dict[Fit, Outcome] = {}
    with contextlib.ExitStack() as ending:
        ending.enter_context(trainer.quiet())
        kept = ending.enter_context(contextlib.closing(Store(store, *data))) if store else None
        costs = {}
        for fit in wanted:
            if kept and (known := kept.load(*fit)):
                found[fit] = known
            else:
                costs[fit] = cost(fit.setting, samples, features, classes)
        missing = sorted(costs, key=lambda fit: -costs[fit])  # the longest first: the last ones end together
        outcomes = _on_cluster(missing, costs, data, scheduler) if scheduler else _here(missing, data, jobs)
        done, total = 0.0, sum(costs.values())
        ending.enter_context(contextlib.closing(outcomes))
        for each in outcomes:
            fit = Fit(each.setting, each.seed)
            if kept:
                kept.save(each)
            found[fit] = each
            done += costs[fit]
            if progress:
                progress(done, total)
    return tuple(found[fit] for fit in wanted)


def cost(setting: Setting, samples: int, features: int, classes: int) -> float:
    """Estimate the microseconds of an epoch, from measured rates of products, passes and functions."""
    units = (features, *setting.hidden_layer_sizes, 1 if classes <= 2 else classes)
    weights = sum(fan_in * fan_out for fan_in, fan_out in pairwise(units))
    batch = min(setting.batch_size, samples)
    per_unit = 1e-3 if setting.activation in ("relu", "identity") else 3e-3
    each = 2 + batch * (1e-4 * weights + per_unit * sum(units[1:-1])) + 1.5e-3 * weights
    return math.ceil(samples / batch) * each


def _here(fits: Sequence[Fit], data: Data, jobs: int | None) -> Generator[Outcome]:
    """Yield the outcomes of `fits` as they are done by this machine's cores."""
    parameters = [fit.setting.parameters(fit.seed) for fit in fits]

    def count(place: int, network: MLPClassifier | ValueError) -> Outcome:
        return outcome(fits[place], network, data)

    trained = trainer.fits(parameters, data.X_train, data.y_train, then=count, jobs=jobs)
    with contextlib.closing(trained):
        yield from (done for _, done in trained)


def _on_cluster(
    fits: Sequence[Fit], costs: dict[Fit, float], data: Data, scheduler: str
) -> Generator[Outcome]:
    """Yield the outcomes of `fits` as they are done by the workers of a cluster."""
    from experiments import cluster  # noqa: PLC0415 - Dask takes half a second

    with cluster.connected(scheduler) as client:
        workers = max(CLUSTER, sum(client.nthreads().values()))
        tasks = list(divide(fits, costs, sum(costs.values()) / (SHARES * workers)))
        for outcomes, computed_with in cluster.results(client, work, tasks, data):
            if computed_with != in_force():
                raise SearchError(
                    "A worker computes with other kernels or versions than this process: start the workers"
                    ' of the cluster in this environment, after eval "$(python -m experiments.numerics)".'
                )
            yield from outcomes


def divide(fits: Iterable[Fit], costs: dict[Fit, float], share: float) -> Iterator[tuple[Fit, ...]]:
    """Divide fits, in their order, into tasks that cost about a share each."""
    task: list[Fit] = []
    total = 0.0
    for fit in fits:
        if task and total + costs[fit] > share:
            yield tuple(task)
            task, total = [], 0.0
        task.append(fit)
        total += costs[fit]
    yield tuple(task)


def work(task: Sequence[Fit], data: Data) -> tuple[list[Outcome], dict[str, Any]]:
    """Train the networks of a task, one after the other: their outcomes, and what decided their bits."""
    with trainer.quiet():
        networks = [trainer.fit(fit.setting.parameters(fit.seed), data.X_train, data.y_train) for fit in task]
    return [outcome(*each, data) for each in zip(task, networks, strict=True)], in_force()


def outcome(fit: Fit, network: MLPClassifier | ValueError, data: Data) -> Outcome:
    """Count what a network has right."""
    if isinstance(network, ValueError):
        return Outcome(*fit, 0, 0, 0, False, bytes(2 * len(data.y_dev)), "", str(network))
    predicted = network.predict(data.X_dev)
    return Outcome(
        *fit,
        train=int(np.count_nonzero(network.predict(data.X_train) == data.y_train)),
        dev=int(np.count_nonzero(predicted == data.y_dev)),
        epochs=int(network.n_iter_),
        converged=bool(network.n_iter_ < network.max_iter),
        predicted=np.searchsorted(network.classes_, predicted).astype("<u2").tobytes(),
        digest=trainer.digest(network),
    )
