"""How the cost of a search grows: with settings, samples, width and cores.

    python -m benchmarks.growth [--runs N] [--quick] [--json FILE]

Settings and cores are measured on whole searches; samples and width on ten networks side by side against the
same ten one after the other, on one core and for a few epochs.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from benchmarks import problems
from benchmarks.measurement import Found, Row, program, ratio, say, side
from benchmarks.processes import Sample

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

COUNTS, PEERS_COUNTS = (100, 300, 1000, 3000), (100, 300)  # the peer's cost for each setting is constant
SAMPLES = (500, 5000, 50_000)
WIDTHS = (10, 50, 100, 200, 400)
CORES = (1, 2)
QUICK = 2  # points of each curve
ONCE = 300  # settings, from which on a search is long enough to be measured once
FEW = 500  # samples, for searches of many settings
EPOCHS = 10  # of training, where samples and width grow
RATES = [0.001, 0.002, 0.003, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1]
SECONDS = "wall time, s"


def measure(options: argparse.Namespace) -> Found:
    """Measure each curve, both sides turn by turn."""
    some = QUICK if options.quick else None
    tens = 10 if options.quick else 1
    counts = [count // tens for count in COUNTS][:some]
    peers = [count // tens for count in PEERS_COUNTS][:some]
    settings = {
        "lockstep": [("settings", count, {"trainer": "lockstep", "count": count}) for count in counts],
        "scikit-learn": [("settings", count, {"trainer": "scikit-learn", "count": count}) for count in peers],
    }
    cores = {
        trainer: [
            ("settings", jobs, {"trainer": trainer, "count": 100 // tens, "jobs": jobs}) for jobs in CORES
        ]
        for trainer in settings
    }
    samples = {
        trainer: [("networks", n, {"trainer": trainer, "samples": n}) for n in SAMPLES[:some]]
        for trainer in settings
    }
    widths = {
        trainer: [("networks", width, {"trainer": trainer, "width": width}) for width in WIDTHS[:some]]
        for trainer in settings
    }
    rows: list[Row] = []
    curves: list[dict[str, Any]] = []
    for panel, xlabel, sides in (
        ("settings", "settings", settings),
        ("samples", "training samples", samples),
        ("width", "units in each of two layers", widths),
        ("cores", "processes", cores),
    ):
        points = _points(panel, sides, options.runs)
        rows += _rows(panel, points)
        curves += _curves(panel, xlabel, points)
    facts = {
        "settings": f"layers of 10 to 40 units, {FEW} samples; GridSearchCV up to {peers[-1]} settings",
        "samples and width": f"ten networks, {EPOCHS} epochs, batches of 200, one core",
    }
    return Found(rows, curves, facts)


Points = dict[str, dict[int, list[Sample]]]


def _points(panel: str, sides: Mapping[str, Sequence[tuple[str, int, dict[str, Any]]]], runs: int) -> Points:
    points: Points = {trainer: {} for trainer in sides}
    for run in range(runs):
        for trainer, wanted in sides.items():
            for name, x, arguments in wanted:
                if run and arguments.get("count", 0) > ONCE:
                    continue
                sample = side("growth", name, **arguments)
                points[trainer].setdefault(x, []).append(sample)
                say(f"{panel} {x}, run {run + 1}, {trainer}: {sample.wall:.2f} s")
    return points


def _rows(panel: str, points: Points) -> list[Row]:
    """Give the ratio at the ends of the common stretch, and how steep each curve is between its ends."""
    ours, theirs = points["lockstep"], points["scikit-learn"]
    common = [x for x in ours if x in theirs]
    rows = []
    for x in (common[0], common[-1]):
        sides = {"scikit-learn": theirs[x], "lockstep": ours[x]}
        rows.append(ratio(f"{x:,} {panel}", ("scikit-learn", "lockstep"), sides))
    for trainer, found in points.items():
        first, last = min(found), max(found)
        slopes = [
            math.log(b.wall / a.wall) / math.log(last / first)
            for a, b in zip(found[first], found[last], strict=False)  # the longest once
        ]
        name = f"{first:,} to {last:,} {panel}"
        rows.append(Row(name, f"{trainer}: wall time grows with this power", slopes))
    return rows


def _curves(panel: str, xlabel: str, points: Points) -> list[dict[str, Any]]:
    return [
        {
            "panel": f"cost with {panel}",
            "label": trainer,
            "x": list(found),
            "y": [sorted(sample.wall for sample in samples)[len(samples) // 2] for samples in found.values()],
            "xlabel": xlabel,
            "ylabel": SECONDS,
        }
        for trainer, found in points.items()
    ]


def settings(trainer: str, count: int, jobs: int = 2) -> dict[str, Any]:
    """Search so many settings of small networks on part of the shipped data."""
    data = problems.data("shipped")
    X, y = data.X_train[:FEW], data.y_train[:FEW]
    wanted = _small(count)
    started = time.perf_counter()
    if trainer == "lockstep":
        from experiments import search  # noqa: PLC0415 - after the pins, as all of numpy

        outcomes = search.run(wanted, X, y, data.X_dev, data.y_dev, jobs=jobs)
        best = max(outcome.dev for outcome in outcomes)
    else:
        import numpy as np  # noqa: PLC0415
        from sklearn.model_selection import GridSearchCV, PredefinedSplit  # noqa: PLC0415
        from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

        both = np.concatenate((X, data.X_dev)), np.concatenate((y, data.y_dev))
        fold = PredefinedSplit(np.repeat([-1, 0], [len(X), len(data.X_dev)]))
        grid = [{name: [value] for name, value in setting.items()} for setting in wanted]
        model = MLPClassifier(random_state=0)
        search_ = GridSearchCV(model, grid, scoring=_count, refit=False, cv=fold, n_jobs=jobs).fit(*both)
        best = int(search_.best_score_)
    return {"seconds": time.perf_counter() - started, "best": best}


def _small(count: int) -> list[dict[str, Any]]:
    """List settings of small networks: as many learning rates as it takes for so many."""
    layers, activations = [(10,), (20,), (40,), (20, 20), (40, 20)], ["relu", "tanh"]
    kinds = [(layer, name, solver) for layer in layers for name in activations for solver in ("adam", "sgd")]
    rates = -(-count // len(kinds))
    return [
        {
            "hidden_layer_sizes": layer,
            "activation": name,
            "solver": solver,
            "learning_rate_init": 10 ** (-3 + 2 * rate / rates),
            "batch_size": 200,
        }
        for rate in range(rates)
        for layer, name, solver in kinds
    ][:count]


def networks(trainer: str, samples: int = 1257, width: int = 50) -> dict[str, Any]:
    """Train ten networks of two layers for a few epochs, on one core."""
    import warnings  # noqa: PLC0415

    from sklearn.datasets import make_classification  # noqa: PLC0415
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    from experiments import lockstep  # noqa: PLC0415

    warnings.simplefilter("ignore")
    X, y = make_classification(samples, random_state=0)
    wanted = [
        {
            "hidden_layer_sizes": (width, width),
            "learning_rate_init": rate,
            "max_iter": EPOCHS,
            "random_state": 0,
        }
        for rate in RATES
    ]
    lockstep.fit_many([wanted[0] | {"max_iter": 1}], X[:200], y[:200])  # what is loaded or made only once
    started = time.perf_counter()
    if trainer == "lockstep":
        fitted = lockstep.fit_many(wanted, X, y)
    else:
        fitted = [MLPClassifier(**setting).fit(X, y) for setting in wanted]
    return {
        "seconds": time.perf_counter() - started,
        "bits": [lockstep.digest(network) for network in fitted],
    }


def _count(network: Any, X: Any, y: Any) -> float:
    return float((network.predict(X) == y).sum())


if __name__ == "__main__":
    program(__doc__ or "", measure, {"settings": settings, "networks": networks}, runs=2)
