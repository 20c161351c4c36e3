"""The search on a Dask cluster: 1, 2 and 4 workers here, and a model of what a hundred would do.

    python -m benchmarks.scale_out [--runs N] [--quick] [--json FILE]

Workers have loaded what they need before a search is timed; how long that takes is told beside it. The model
divides 100,000 settings into tasks as the search does for so many workers, gives each network the seconds
that follow from the rate of some of them, which are trained here, and lets workers take the tasks in order. A
task cannot start before the client has handed it out (measured with empty tasks), nor before its worker is
ready.
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
from benchmarks.measurement import Found, Row, curve, program, say, side, turns
from benchmarks.processes import Sample, timed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from experiments.search import Fit

WORKERS = (1, 2, 4)
MODELLED = (1, 3, 10, 30, 100, 300, 1000)
MANY, AIM = 100_000, 100  # settings and workers of the model
EMPTY = 200  # empty tasks
HANDED = 2  # workers that are handed them for the model
SAMPLED = 60  # networks of the model that are trained here
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
    here: dict[int, list[Sample]] = {workers: [] for workers in WORKERS}
    costs = _costs(MODELLED)
    models: list[Model] = []
    for _ in turns(options):
        for point in side("scale_out", "clusters", quick=options.quick).answer:
            here[point["workers"]].append(Sample(point["seconds"], point["cpu"], answer=point))
            say(f"{point['workers']} workers: {point['seconds']:.1f} s")
        rate = side("scale_out", "networks", sampled=4 if options.quick else SAMPLED).answer["rate"]
        models.append(_model(costs, rate, here[1][-1].answer["start"], here[HANDED][-1].answer["each"]))
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
        Row("a worker", "to load what it needs and probe, seconds", [model.start for model in models]),
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


def _model(costs: Mapping[int, list[float]], rate: float, start: float, each: float) -> Model:
    """Reckon with the seconds for a unit of cost, a worker's start, and what it takes to hand out a task."""
    reckoned, used = {}, {}
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
    """Return for so many workers the costs of the model's tasks, divided and in the order of the search."""
    from experiments.search import CLUSTER, SHARES, divide  # noqa: PLC0415 - after the pins, as all of numpy

    costs = _networks()
    fits = sorted(costs, key=lambda fit: -costs[fit])
    total = sum(costs.values())
    return {
        workers: [
            sum(costs[fit] for fit in task)
            for task in divide(fits, costs, total / (SHARES * max(CLUSTER, workers)))
        ]
        for workers in modelled
    }


def _networks() -> dict[Fit, float]:
    """Return the networks of the model with their costs."""
    from sklearn.model_selection import ParameterGrid  # noqa: PLC0415

    from experiments.record import Setting  # noqa: PLC0415
    from experiments.search import Fit, cost  # noqa: PLC0415

    samples, features = problems.data("shipped").X_train.shape
    settings = (Setting(**values) for values in [*ParameterGrid(SPACE)][:MANY])
    return {Fit(setting, 0): cost(setting, samples, features, 2) for setting in settings}


def _makespan(tasks: Iterable[float], workers: int, each: float, start: float) -> float:
    """Give the time at which the last task ends, when each worker takes the next one as it comes free."""
    free = [start] * workers
    for number, seconds in enumerate(tasks, start=1):
        heapq.heapreplace(free, max(free[0], number * each) + seconds)
    return max(free)


def clusters(*, quick: bool) -> list[dict[str, Any]]:
    """Search on a cluster of this machine's processes, which grows, and time empty tasks on it."""
    from experiments import search  # noqa: PLC0415
    from experiments.cluster import connected, results  # noqa: PLC0415

    data, settings = problems.data("shipped"), problems.settings(problems.PART, quick=quick)
    first = problems.settings(problems.PART, quick=True)

    def empty(count: int, address: str) -> float:
        """Give the seconds that so many empty tasks take."""
        started = time.perf_counter()
        with connected(address) as client:
            for _ in results(client, search.work, [()] * count, data):
                pass
        return time.perf_counter() - started

    found = []
    with _cluster() as (address, add):
        for workers in WORKERS:
            add(workers)
            start = empty(4 * workers, address)  # what each worker loads, and its probe
            search.run(first, *data, scheduler=address)  # what happens only once
            with timed() as taken:
                outcomes = search.run(settings, *data, scheduler=address)
            count = EMPTY // (10 if quick else 1)
            each = empty(count, address) / count
            best = max(outcome.dev for outcome in outcomes)
            found.append({**taken, "workers": workers, "best": best, "start": start, "each": each})
    return found


@contextlib.contextmanager
def _cluster() -> Iterator[tuple[str, Callable[[int], None]]]:
    """Run a scheduler; give its address, and a function that starts workers until so many are there."""
    from distributed import LocalCluster  # noqa: PLC0415 - a peer, not always there

    with LocalCluster(n_workers=0, dashboard_address=":0") as local, contextlib.ExitStack() as ending:
        address = local.scheduler_address
        command = [sys.executable, "-m", "distributed.cli.dask_worker", address]
        started: list[subprocess.Popen[bytes]] = []

        def add(workers: int) -> None:
            while len(started) < workers:
                process = subprocess.Popen(
                    [*command, "--nthreads", "1", "--no-nanny", "--no-dashboard"], stderr=subprocess.DEVNULL
                )
                started.append(process)
                ending.callback(process.wait)
                ending.callback(process.terminate)
            local.wait_for_workers(workers, timeout=START)

        yield address, add


def networks(sampled: int) -> dict[str, float]:
    """Train some networks of the model, cheap and dear; return ``rate``, the seconds for a unit of cost."""
    from experiments.search import work  # noqa: PLC0415

    data, costs = problems.data("shipped"), _networks()
    fits = sorted(costs, key=lambda fit: costs[fit])
    some = [fits[(2 * place + 1) * len(fits) // (2 * sampled)] for place in range(sampled)]
    started = time.perf_counter()
    work(some, data)
    return {"rate": (time.perf_counter() - started) / sum(costs[fit] for fit in some)}


SIDES: dict[str, Callable[..., Any]] = {"clusters": clusters, "networks": networks}

if __name__ == "__main__":
    program(__doc__ or "", measure, SIDES, runs=2)
