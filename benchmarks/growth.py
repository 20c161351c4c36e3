"""How the cost of a search grows: with settings, samples, width and cores.

    python -m benchmarks.growth [--runs N] [--quick] [--json FILE]

Settings and cores are measured on whole searches of small networks, samples and width on ten networks side by
side against the same ten one after the other, on one core and for a few epochs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from benchmarks import problems
from benchmarks.measurement import Found, Row, Target, curve, program, ratio, say, side, turns
from benchmarks.processes import Sample, timed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from experiments.record import Setting

OURS, THEIRS = "ours", "scikit-learn"
COUNTS = {OURS: (50, 100, 1000, 3000), THEIRS: (50, 100)}  # the peer's cost for each setting is constant
SAMPLES = (500, 5000, 50_000)
WIDTHS = (10, 50, 100, 200, 400)
ONE, ALL = 1, 2  # processes
QUICK = 2  # points of each curve
FEWEST = 20  # settings of small networks: one of each kind
FEW = 100  # samples, for searches of many settings
SPREAD = 100  # settings with which one core is compared with two
EPOCHS = 3  # of training, where samples and width grow
TYPICAL = {"samples": 1257, "width": 50}  # where the other one grows
HARD = (  # from the rates that `arithmetic` measures
    "At the CPU's limit (0.037 ns a product, 2.2 ns a root and quotient) products and updates alone take"
    " 0.9 of our time; the target asks for 0.95."
)
WIDEST = Target(1.5, at_least=True), HARD
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
        "settings and cores": f"layers of 10 to 40 units, {FEW} samples, learning rates from 0.03 to 0.3",
        "cores": f"{SPREAD} settings",
        "samples and width": f"ten networks, {EPOCHS} epochs, batches of 200, one core",
    }
    return Found(rows, curves, facts)


def _turn(trainer: str, *, quick: bool) -> Iterator[tuple[str, int, Sample]]:
    """Measure each size of each panel once: give the panel, the size and the sample."""
    some, tens = (QUICK, 10) if quick else (None, 1)
    counts = [count // tens for count in COUNTS[trainer][:some]]
    spread = SPREAD // tens
    wanted = [(count, ALL) for count in counts] + [(spread, ONE)]
    for (count, jobs), sample in _points("searches", trainer, wanted):
        if jobs == ALL:
            yield "settings", count, sample
        if count == spread:
            yield "cores", jobs, sample
    grown = [
        (panel, size) for panel, sizes in (("samples", SAMPLES), ("width", WIDTHS)) for size in sizes[:some]
    ]
    for (panel, size), sample in _points("networks", trainer, grown):
        yield panel, size, sample


def _points(name: str, trainer: str, points: Sequence[tuple[Any, Any]]) -> Iterator[tuple[Any, Sample]]:
    """Run one side, which measures several points one after the other."""
    answers = side("growth", name, trainer=trainer, points=points).answer
    for point, answer in zip(points, answers, strict=True):
        yield point, Sample(answer["seconds"], answer["cpu"], answer=answer)


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
        target, note = WIDEST if (panel, size) == ("width", 400) else (None, "")
        rows.append(ratio(f"{size:,} {panel}", (THEIRS, OURS), sides, target=target, note=note))
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


def searches(trainer: str, points: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    """Search settings of small networks on part of the shipped data; give the best dev counts.

    Each point is how many settings, on how many processes. Those are started before the clock is.
    """
    import numpy as np  # noqa: PLC0415 - after the pins
    from sklearn.model_selection import GridSearchCV, PredefinedSplit  # noqa: PLC0415
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    from experiments import search  # noqa: PLC0415

    data = problems.data("shipped")
    X, y = data.X_train[:FEW], data.y_train[:FEW]
    both = np.concatenate((X, data.X_dev)), np.concatenate((y, data.y_dev))
    fold = PredefinedSplit(np.repeat([-1, 0], [len(X), len(data.X_dev)]))

    def searched(wanted: list[Setting], jobs: int) -> int:
        if trainer == OURS:
            return max(outcome.dev for outcome in search.run(wanted, X, y, data.X_dev, data.y_dev, jobs=jobs))
        grid = [{name: [value] for name, value in each.parameters().items()} for each in wanted]
        model = MLPClassifier(random_state=0)
        fitted = GridSearchCV(model, grid, scoring=problems.count, refit=False, cv=fold, n_jobs=jobs)
        return int(fitted.fit(*both).best_score_)

    answers = []
    searched(_small(FEWEST), ALL)
    for count, jobs in points:
        with timed() as taken:
            found = searched(_small(count), jobs)
        answers.append({**taken, "found": found})
    return answers


def _small(count: int) -> list[Setting]:
    """List settings of small networks: as many learning rates as it takes for so many."""
    from experiments.record import Setting  # noqa: PLC0415 - after the pins

    layers, activations = [(10,), (20,), (40,), (20, 20), (40, 20)], ["relu", "tanh"]
    kinds = [(layer, name, solver) for layer in layers for name in activations for solver in ("adam", "sgd")]
    rates = -(-count // len(kinds))
    return [
        Setting(layer, name, solver, 10 ** (-1.5 + rate / rates))
        for rate in range(rates)
        for layer, name, solver in kinds
    ][:count]


def networks(trainer: str, points: Sequence[tuple[str, int]]) -> list[dict[str, Any]]:
    """Train ten networks of two layers for a few epochs, on one core; give their digests.

    Each point is what grows, and its size.
    """
    import warnings  # noqa: PLC0415

    from sklearn.datasets import make_classification  # noqa: PLC0415
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    from experiments.trainer import digest, fit_many  # noqa: PLC0415

    warnings.simplefilter("ignore")
    shared = {"max_iter": EPOCHS, "random_state": 0}
    answers = []
    for panel, size in points:
        samples, units = (TYPICAL | {panel: size}).values()
        X, y = make_classification(samples, random_state=0)
        wanted: list[dict[str, Any]] = [
            {"hidden_layer_sizes": (units, units), "learning_rate_init": rate, **shared} for rate in RATES
        ]
        fit_many([wanted[0] | {"max_iter": 1}], X[:200], y[:200])  # what is loaded or made only once
        with timed() as taken:
            if trainer == OURS:
                fitted = fit_many(wanted, X, y, jobs=1)
            else:
                fitted = [MLPClassifier(**setting).fit(X, y) for setting in wanted]
        answers.append({**taken, "found": [digest(network) for network in fitted]})
    return answers


if __name__ == "__main__":
    program(__doc__ or "", measure, {"searches": searches, "networks": networks}, runs=2)
