"""How the cost of a search grows: with settings, samples, width and cores.

    python -m benchmarks.growth [--runs N] [--quick] [--json FILE]

Settings and cores are measured on whole searches; samples and width on ten networks side by side against the
same ten one after the other, on one core and for a few epochs.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from benchmarks import problems
from benchmarks.measurement import Found, Row, curve, program, ratio, say, side, turns
from benchmarks.processes import Sample, timed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

OURS, THEIRS = "lockstep", "scikit-learn"
COUNTS = {OURS: (100, 200, 1000, 3000), THEIRS: (100, 200)}  # the peer's cost for each setting is constant
SAMPLES = (500, 5000, 50_000)
WIDTHS = (10, 50, 100, 200, 400)
ONE, ALL = 1, 2  # processes
QUICK = 2  # points of each curve
FEWEST = 20  # settings of small networks: one of each kind
FEW = 100  # samples, for searches of many settings
SPREAD = 200  # settings with which one core is compared with two
EPOCHS = 3  # of training, where samples and width grow
RATES = [0.001, 0.002, 0.003, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1]
LABELS = {
    "settings": "settings",
    "cores": "processes",
    "samples": "training samples",
    "width": "units in each of two layers",
}

Points = dict[str, dict[int, list[Sample]]]  # by trainer and size


def measure(options: argparse.Namespace) -> Found:
    """Measure each curve, both sides turn by turn."""
    panels: dict[str, Points] = {panel: {THEIRS: {}, OURS: {}} for panel in LABELS}
    for number in turns(options):
        for trainer in (THEIRS, OURS):
            for panel, size, sample in _turn(trainer, quick=options.quick):
                panels[panel][trainer].setdefault(size, []).append(sample)
                say(f"{panel} {size}, run {number + 1}, {trainer}: {sample.wall:.2f} s")
    rows = [row for panel, points in panels.items() for row in _rows(panel, points)]
    curves = [curve for panel, points in panels.items() for curve in _curves(panel, points)]
    facts = {
        "settings and cores": f"layers of 10 to 40 units, {FEW} samples, learning rates from 0.01 to 0.1",
        "cores": f"{SPREAD} settings",
        "samples and width": f"ten networks, {EPOCHS} epochs, batches of 200, one core",
    }
    return Found(rows, curves, facts)


def _turn(trainer: str, *, quick: bool) -> Iterator[tuple[str, int, Sample]]:
    """Measure each size of each panel once: give the panel, the size and the sample."""
    some, tens = (QUICK, 10) if quick else (None, 1)
    counts = [count // tens for count in COUNTS[trainer][:some]]
    spread = SPREAD // tens
    for count, sample in _points("settings", counts, trainer=trainer, counts=counts, jobs=ALL):
        yield "settings", count, sample
        if count == spread:
            yield "cores", ALL, sample
    for _, sample in _points("settings", [spread], trainer=trainer, counts=[spread], jobs=ONE):
        yield "cores", ONE, sample
    for panel, sizes in (("samples", SAMPLES[:some]), ("width", WIDTHS[:some])):
        for size, sample in _points("networks", sizes, trainer=trainer, **{panel: sizes}):
            yield panel, size, sample


def _points(name: str, sizes: Sequence[int], **arguments: Any) -> Iterator[tuple[int, Sample]]:
    """Run one side, which measures several sizes one after the other."""
    points = side("growth", name, **arguments).answer
    for size, point in zip(sizes, points, strict=True):
        yield size, Sample(point["seconds"], point["cpu"], answer=point)


def _rows(panel: str, points: Points) -> list[Row]:
    """Give the ratio at the ends of the common stretch, and how steep each curve is between its ends."""
    ours, theirs = points[OURS], points[THEIRS]
    common = [size for size in ours if size in theirs]
    for size in common:
        if _found(ours[size]) != _found(theirs[size]):
            raise ValueError(f"{panel} {size}: {OURS} and {THEIRS} find different networks")
    rows = []
    for size in (common[0], common[-1]):
        sides = {THEIRS: theirs[size], OURS: ours[size]}
        rows.append(ratio(f"{size:,} {panel}", (THEIRS, OURS), sides))
    for trainer, found in points.items():
        first, last = min(found), max(found)
        slopes = [
            math.log(b.wall / a.wall) / math.log(last / first)
            for a, b in zip(found[first], found[last], strict=True)
        ]
        name = f"{first:,} to {last:,} {panel}"
        rows.append(Row(name, f"{trainer}: wall time grows with this power", slopes))
    return rows


def _found(samples: Sequence[Sample]) -> list[Any]:
    return [sample.answer["found"] for sample in samples]


def _curves(panel: str, points: Points) -> list[dict[str, Any]]:
    axes = LABELS[panel], "wall time, s"
    return [
        curve(
            f"cost with {panel}",
            trainer,
            axes,
            {size: [sample.wall for sample in samples] for size, samples in found.items()},
            found,
        )
        for trainer, found in points.items()
    ]


def settings(trainer: str, counts: Sequence[int], jobs: int) -> list[dict[str, Any]]:
    """Search so many settings of small networks on part of the shipped data; give the best dev counts.

    Worker processes are started before the clock is, and used again.
    """
    import numpy as np  # noqa: PLC0415 - after the pins
    from sklearn.model_selection import GridSearchCV, PredefinedSplit  # noqa: PLC0415
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    from experiments import search  # noqa: PLC0415

    data = problems.data("shipped")
    X, y = data.X_train[:FEW], data.y_train[:FEW]
    both = np.concatenate((X, data.X_dev)), np.concatenate((y, data.y_dev))
    fold = PredefinedSplit(np.repeat([-1, 0], [len(X), len(data.X_dev)]))

    def searched(wanted: list[dict[str, Any]]) -> int:
        if trainer == OURS:
            return max(outcome.dev for outcome in search.run(wanted, X, y, data.X_dev, data.y_dev, jobs=jobs))
        grid = [{name: [value] for name, value in setting.items()} for setting in wanted]
        model = MLPClassifier(random_state=0)
        fitted = GridSearchCV(model, grid, scoring=problems.count, refit=False, cv=fold, n_jobs=jobs)
        return int(fitted.fit(*both).best_score_)

    points = []
    searched(_small(FEWEST))
    for count in counts:
        with timed() as taken:
            found = searched(_small(count))
        points.append({**taken, "found": found})
    return points


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
            "learning_rate_init": 10 ** (-2 + rate / rates),
            "batch_size": 200,
        }
        for rate in range(rates)
        for layer, name, solver in kinds
    ][:count]


def networks(
    trainer: str, samples: Sequence[int] = (1257,), width: Sequence[int] = (50,)
) -> list[dict[str, Any]]:
    """Train ten networks of two layers for a few epochs, on one core, for each size; give their digests."""
    import warnings  # noqa: PLC0415

    from sklearn.datasets import make_classification  # noqa: PLC0415
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    from experiments import lockstep  # noqa: PLC0415

    warnings.simplefilter("ignore")
    shared = {"max_iter": EPOCHS, "random_state": 0}
    points = []
    for many, units in itertools.product(samples, width):
        X, y = make_classification(many, random_state=0)
        wanted: list[dict[str, Any]] = [
            {"hidden_layer_sizes": (units, units), "learning_rate_init": rate, **shared} for rate in RATES
        ]
        lockstep.fit_many([wanted[0] | {"max_iter": 1}], X[:200], y[:200])  # what is loaded or made only once
        with timed() as taken:
            if trainer == OURS:
                fitted = lockstep.fit_many(wanted, X, y)
            else:
                fitted = [MLPClassifier(**setting).fit(X, y) for setting in wanted]
        points.append({**taken, "found": [lockstep.digest(network) for network in fitted]})
    return points


if __name__ == "__main__":
    program(__doc__ or "", measure, {"settings": settings, "networks": networks}, runs=2)
