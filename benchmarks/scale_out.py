"""The search on a Dask cluster: 1, 2 and 4 workers here, and a model of what a hundred would do.

    python -m benchmarks.scale_out [--runs N] [--quick] [--json FILE]

The model divides 100,000 settings into tasks as the search does for so many workers, gives each the seconds
that its stack takes by the rate measured here, and lets workers take them in order. A task cannot start
before the client has handed it out (measured with empty tasks), nor before its worker has started.
"""

from __future__ import annotations

import contextlib
import heapq
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks import problems
from benchmarks.measurement import Found, Row, curve, program, say, side
from benchmarks.processes import timed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from benchmarks.processes import Sample

WORKERS = (1, 2, 4)
MODELLED = (1, 3, 10, 30, 100, 300, 1000)
MANY, AIM = 100_000, 100  # settings and workers of the model
EMPTY = 200  # empty tasks
HANDED = 2  # workers that are handed them for the model
START = 120  # seconds in which workers have to be there
WORTH = 0.5  # of the workers' time used: below, more of them hardly pay
SPACE: dict[str, list[Any]] = {
    "hidden_layer_sizes": [
        (first, *second) for first in range(10, 210, 20) for second in ((), (20,), (50,), (100,))
    ],
    "activation": ["relu", "tanh", "logistic", "identity"],
    "solver": ["adam", "sgd"],
    "batch_size": [16, 32, 64, 128, 200],
    "learning_rate_init": [10 ** (-4 + step / 20) for step in range(63)],
}


def measure(options: argparse.Namespace) -> Found:
    """Measure here, then reckon."""
    quick = options.quick
    here: dict[int, list[Sample]] = {workers: [] for workers in WORKERS}
    costs = _costs(MODELLED)
    models: list[Model] = []
    for _ in range(options.runs):
        for workers, samples in here.items():
            samples.append(side("scale_out", "cluster", workers=workers, quick=quick))
            say(f"{workers} workers: {samples[-1].wall:.1f} s")
        stacks = side("scale_out", "stacks", quick=quick)
        models.append(_model(costs, stacks.answer, here[HANDED][-1].answer["each"]))
        say(f"model, {AIM} workers: {models[-1].seconds[AIM]:.0f} s")
    rows = [
        Row(
            f"{workers} workers",
            "speed-up over 1 worker, wall time",
            [one.wall / some.wall for one, some in zip(here[1], samples, strict=True)],
            sides={"1 worker": here[1], f"{workers} workers": samples},
        )
        for workers, samples in here.items()
        if workers > 1
    ]
    rows += [
        Row("a task", "to hand it out and take its result, ms", [1000 * model.each for model in models]),
        Row("a worker", "to start and probe, seconds", [model.start for model in models]),
        Row(f"model, {MANY:,} settings", "one worker, hours", [model.seconds[1] / 3600 for model in models]),
        Row(
            f"model, {MANY:,} settings",
            f"{AIM} workers, minutes",
            [model.seconds[AIM] / 60 for model in models],
        ),
        Row(
            f"model, {MANY:,} settings",
            f"{AIM} workers, share of their time used",
            [model.used[AIM] for model in models],
        ),
    ]
    panel, axes = f"{MANY:,} settings on a cluster", ("workers", "wall time, min")
    reckoned = {n: [model.seconds[n] / 60 for model in models] for n in MODELLED}
    perfect = {n: [minutes / n for minutes in reckoned[1]] for n in MODELLED}
    curves = [curve(panel, "model", axes, reckoned), curve(panel, "perfect", axes, perfect)]
    return Found(rows, curves, {"where it stops": _limit(models[0], costs)})


@dataclass(frozen=True)
class Model:
    """What was measured here in seconds, and the wall time and the use of so many workers that follow."""

    each: float
    start: float
    seconds: dict[int, float]
    used: dict[int, float]


def _model(costs: Mapping[int, list[float]], stacks: Mapping[str, Any], each: float) -> Model:
    """Reckon with the rate of the stacks, what it takes to hand out a task, and a worker's start."""
    rate = sum(seconds for _, seconds in stacks["tasks"]) / sum(cost for cost, _ in stacks["tasks"])
    start, reckoned, used = stacks["start"], {}, {}
    for workers, tasks in costs.items():
        reckoned[workers] = _makespan([cost * rate for cost in tasks], workers, each, start)
        used[workers] = sum(tasks) * rate / (workers * reckoned[workers])
    return Model(each, start, reckoned, used)


def _limit(model: Model, costs: Mapping[int, list[float]]) -> str:
    """Say where more workers stop paying, and for which reason."""
    past = [workers for workers, share in model.used.items() if share < WORTH]
    if not past:
        return f"not below {max(model.used)} workers"
    n = past[0]
    slow = len(costs[n]) * model.each > model.seconds[n] / 2
    reason = "the rate at which the client hands tasks out sets" if slow else "the longest tasks set"
    return (
        f"of {n} workers only {model.used[n]:.0%} of the time is used ({len(costs[n]):,} tasks): {reason} the"
        " limit"
    )


def _costs(modelled: Iterable[int]) -> dict[int, list[float]]:
    """Give for so many workers the costs of the tasks into which the search divides the many settings."""
    from sklearn.model_selection import ParameterGrid  # noqa: PLC0415 - after the pins, as all of numpy

    from experiments.search import CLUSTER  # noqa: PLC0415
    from experiments.workload import Fit, divide  # noqa: PLC0415

    samples, features = problems.data("shipped").X_train.shape
    fits = [Fit(setting, 0) for setting in [*ParameterGrid(SPACE)][:MANY]]
    parts = {workers: max(CLUSTER, workers) for workers in modelled}
    costs = {n: [task.cost for task in divide(fits, samples, features, 1, n)] for n in {*parts.values()}}
    return {workers: costs[n] for workers, n in parts.items()}


def _makespan(tasks: Iterable[float], workers: int, each: float, start: float) -> float:
    """Give the time at which the last task ends, when each worker takes the next one as it comes free."""
    free = [start] * workers
    for number, seconds in enumerate(tasks, start=1):
        heapq.heapreplace(free, max(free[0], number * each) + seconds)
    return max(free)


def cluster(workers: int, *, quick: bool) -> dict[str, Any]:
    """Search on so many worker processes of this machine; then time empty tasks."""
    from experiments import cluster as clusters  # noqa: PLC0415
    from experiments import search  # noqa: PLC0415
    from experiments.workload import Task  # noqa: PLC0415

    data, settings = problems.data("shipped"), problems.settings(problems.PART, quick=quick)
    empty = {number: Task((), 0) for number in range(EMPTY // (10 if quick else 1))}
    with _cluster(workers) as address:
        with timed() as taken:
            outcomes = search.run(settings, *data.arrays, scheduler=address)
        started = time.perf_counter()
        for _ in clusters.spread(empty, data, address):
            pass
        each = (time.perf_counter() - started) / len(empty)
    return {**taken, "best": max(outcome.dev for outcome in outcomes), "each": each}


def stacks(*, quick: bool) -> dict[str, Any]:
    """Time each task of that search by itself, and what a worker does before its first one."""
    started = time.perf_counter()
    from experiments import workload  # noqa: PLC0415
    from experiments.search import CLUSTER  # noqa: PLC0415

    data, settings = problems.data("shipped"), problems.settings(problems.PART, quick=quick)
    samples, features = data.X_train.shape
    workload.work(0, workload.Task((), 0), data)  # the probe
    start = time.perf_counter() - started
    fits = [workload.Fit(setting, 0) for setting in settings]
    tasks = []
    for task in workload.divide(fits, samples, features, 1, CLUSTER):
        started = time.perf_counter()
        workload.work(0, task, data)
        tasks.append((task.cost, time.perf_counter() - started))
    return {"start": start, "tasks": tasks}


@contextlib.contextmanager
def _cluster(workers: int) -> Iterator[str]:
    """Run a scheduler and worker processes, ready for work."""
    from distributed import LocalCluster  # noqa: PLC0415 - a peer, not always there

    with LocalCluster(n_workers=0, dashboard_address=":0") as local, contextlib.ExitStack() as ending:
        address = local.scheduler_address
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address]
        for _ in range(workers):
            process = subprocess.Popen(
                [*command, "--nthreads", "1", "--no-nanny", "--no-dashboard"], stderr=subprocess.DEVNULL
            )
            ending.callback(process.wait)
            ending.callback(process.terminate)
        local.wait_for_workers(workers, timeout=START)
        yield address


SIDES: dict[str, Callable[..., Any]] = {"cluster": cluster, "stacks": stacks}

if __name__ == "__main__":
    program(__doc__ or "", measure, SIDES, runs=2)
