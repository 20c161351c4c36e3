"""Any list of settings, trained exhaustively: on all cores or a cluster, and never twice.

Results depend on the data, the settings and the seeds alone: not on the number of workers, the order in which
they finish, or what an earlier run had found out already.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any

import numpy as np
from joblib import Parallel, cpu_count, delayed, parallel_config
from joblib.externals.loky.process_executor import TerminatedWorkerError
from sklearn.neural_network import MLPClassifier

from experiments import workers
from experiments.errors import SearchError, SpaceError
from experiments.record import HYPER_PARAMETERS
from experiments.store import Outcome, Store, in_force, plain
from experiments.workload import Data, Fit, Task, divide, shape, work

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from experiments.workload import Report

__all__ = ["Outcome", "SearchError", "SpaceError", "check", "run"]

ATTEMPTS = 3  # at tasks whose worker process dies
CLUSTER = 16  # workers for which the work is divided at least, when a cluster does it: more may yet come


def run(
    settings: Sequence[Mapping[str, Any]],
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
    """Train every setting with every seed and count what it has right.

    Parameters
    ----------
    settings
        The five hyper-parameters of problem 2(b) as `MLPClassifier` takes them, any of them left out.
    X_train, y_train, X_dev, y_dev
        Samples (n, features) as float64, labels (n,).
    seeds
        Values of ``random_state``.
    jobs
        Worker processes; by default as many as this process has cores.
    store
        A folder in which each finished task's outcomes are kept at once, and found by a later run.
    progress
        Called with the work done and the work there is, in one unit.
    scheduler
        The address of a Dask scheduler, to use its workers instead of this machine's cores.

    Returns
    -------
    tuple of Outcome
        In the order of `settings`, and for each of them in the order of `seeds`.

    Raises
    ------
    SpaceError
        If there is nothing to search, or a setting is not one that can be searched.
    SearchError
        If a disk, a worker or the cluster fails; what was finished is in the store.
    """
    check(settings)
    data = Data(X_train, y_train, X_dev, y_dev)
    wanted = [Fit(setting, seed) for setting in settings for seed in seeds]
    shelf = Store(store, *data.arrays) if store else None
    found: dict[str, Outcome] = {}
    missing: dict[str, Fit] = {}
    for fit in wanted:
        outcome = shelf.load(fit.setting, fit.seed) if shelf else None
        if outcome:
            found[_key(fit)] = outcome
        else:
            missing.setdefault(_key(fit), fit)
    for outcome in _trained(list(missing.values()), data, jobs or cpu_count(), scheduler, progress):
        if shelf:
            shelf.save(outcome)
        found[_key(Fit(outcome.setting, outcome.seed))] = outcome
    return tuple(found[_key(fit)] for fit in wanted)


def check(settings: Sequence[Mapping[str, Any]]) -> None:
    """Refuse what cannot be searched.

    Raises
    ------
    SpaceError
        If there is no setting, or one holds another parameter than the five, another solver than sgd and
        adam, or a value that scikit-learn would refuse.
    """
    if not settings:
        raise SpaceError("The search space is empty: give at least one value for each hyper-parameter.")
    for number, setting in enumerate(settings, start=1):
        where = f"Setting {number} of the search space"
        if others := [name for name in setting if name not in HYPER_PARAMETERS]:
            raise SpaceError(
                f"{where} holds {others[0]}, but only {', '.join(HYPER_PARAMETERS)} are tuned: leave it out."
            )
        if (solver := setting.get("solver", "adam")) not in ("adam", "sgd"):
            raise SpaceError(f"{where} has the solver {solver!r}: only sgd and adam may be used.")
        try:
            MLPClassifier(**setting)._validate_params()  # noqa: SLF001 - scikit-learn's own rules
            layers, _ = shape(setting, 1)
        except (ValueError, TypeError) as error:
            raise SpaceError(f"{where} is refused by scikit-learn: {' '.join(str(error).split())}") from error
        if not all(isinstance(size, (int, np.integer)) and size > 0 for size in layers):
            raise SpaceError(
                f"{where} has hidden_layer_sizes {setting['hidden_layer_sizes']!r}: each layer needs a whole"
                " number of units, at least 1."
            )


def check_values(values: Mapping[str, Sequence[Any]]) -> None:
    """Refuse a space, given as lists of values, that cannot even be spread out into settings.

    Raises
    ------
    SpaceError
        If a name is not one of the five, one of the five is missing, or has no list of values.
    """
    for name in (*values, *HYPER_PARAMETERS):
        if name not in HYPER_PARAMETERS:
            raise SpaceError(
                f"The search space holds {name}, but only {', '.join(HYPER_PARAMETERS)} are tuned:"
                " leave it out."
            )
        if not isinstance(values.get(name), list | tuple) or not values[name]:
            raise SpaceError(f"The search space needs a list of at least one value for {name}.")
    if not all(isinstance(layers, list | tuple) for layers in values["hidden_layer_sizes"]):
        raise SpaceError(
            "The search space needs a list of layer sizes for each network, such as [[100], [50, 50]]."
        )
    if not all(isinstance(size, int) for size in values["batch_size"]):
        raise SpaceError("The search space needs whole numbers for batch_size.")


def _key(fit: Fit) -> str:
    return json.dumps([plain(fit.setting), int(fit.seed)], sort_keys=True)


def _trained(
    fits: Sequence[Fit],
    data: Data,
    jobs: int,
    scheduler: str | None,
    progress: Callable[[float, float], None] | None,
) -> Iterator[Outcome]:
    """Yield the outcomes of `fits`, task by task as they are done."""
    if not fits:
        return
    samples, features = data.X_train.shape
    classes = len(set(data.y_train.tolist()))
    outputs = 1 if classes <= 2 else classes
    if scheduler:
        from experiments import cluster  # noqa: PLC0415 - joblib's part for Dask takes half a second

        jobs = max(CLUSTER, cluster.cores(scheduler))
    parts = divide(fits, samples, features, outputs, jobs)
    tasks = dict(enumerate(parts))
    done, total = 0.0, sum(task.cost for task in parts)
    here = in_force()
    if progress:
        progress(done, total)
    reports = cluster.spread(tasks, data, scheduler) if scheduler else _on_this_machine(tasks, data, jobs)
    with contextlib.closing(reports):
        for report in reports:
            if report.computed_with != here:
                raise SearchError(
                    "A worker computes with other kernels or versions than this process: start the workers of"
                    ' the cluster in this environment, after eval "$(python -m experiments.numerics)".'
                )
            yield from report.outcomes
            done += tasks[report.number].cost
            if progress:
                progress(done, total)


def _work_for(
    process: int, work: Callable[[int, Task, Data], Report], number: int, task: Task, data: Data
) -> Report:
    """Do a task, and be gone when the process that wants it is."""
    if os.getpid() != process:  # a single job is done by the process itself
        workers.end_with(process)
    return work(number, task, data)


def _on_this_machine(tasks: Mapping[int, Task], data: Data, jobs: int) -> Generator[Report]:
    """Yield the reports of tasks done by worker processes; those of a worker that dies are done again."""
    left = dict(tasks)
    # Workers must split sums as this process does: joblib would choose their threads by their number.
    threads = max((library["threads"] for library in in_force()["blas"]), default=1)
    if min(jobs, len(left)) > 1:  # a single job is done by the process itself
        workers.start_trackers()
    for _ in range(ATTEMPTS):
        with parallel_config(backend="loky", inner_max_num_threads=threads):
            parallel = Parallel(n_jobs=min(jobs, len(left)), return_as="generator_unordered", batch_size=1)
        reports = parallel(
            delayed(_work_for)(os.getpid(), work, number, task, data)
            for number, task in tasks.items()
            if number in left
        )
        try:
            with contextlib.closing(reports):
                for report in reports:
                    del left[report.number]
                    yield report
        except TerminatedWorkerError:
            continue
        return
    raise SearchError(
        f"Worker processes died {ATTEMPTS} times: is there enough memory? Run it again, with fewer jobs;"
        " what was finished is kept."
    )
