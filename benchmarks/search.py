"""The report's search, against scikit-learn's searches and Optuna.

    python -m benchmarks.search [--runs N] [--quick] [--json FILE]

GridSearchCV and lockstep train every setting on every core; GridSearchCV's scorer counts dev samples and
hashes the weights, and both must be lockstep's, bit for bit, for each setting and seed. Successive halving
(HalvingGridSearchCV over max_iter) and Optuna (TPE with a successive-halving pruner, a process on each core)
stop trainings early, with the CPU time that lockstep's exhaustive search took: Optuna uses it up, halving
begins no further round when half of it is gone. Then the best counts of correct dev samples are compared, of
networks trained to their end; halving may also keep one from its last rung. Each run takes other seeds.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from benchmarks import arithmetic, early, problems
from benchmarks.measurement import Found, Row, Target, program, ratio, say, side
from benchmarks.problems import PART, WHOLE
from benchmarks.processes import timed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.processes import Sample

SEEDS = 5  # at once, in the second comparison


def measure(options: argparse.Namespace) -> Found:
    """Compare on each set, with one seed, then the shipped set with several."""
    rows: list[Row] = []
    for name in problems.SETS:
        shipped = name == "shipped"
        what = {"data": name, "space": WHOLE if shipped else PART, "quick": options.quick}
        target = Target(2.5, at_least=True) if shipped else None
        seeds = [[run] for run in range(options.runs)]
        compared = _exact(f"{name}, one seed", what, seeds, target)
        rows += compared
        ours = compared[0].sides["lockstep"]
        if shipped:
            rows += _limit(ours)
        rows += _early_stoppers(name, what, ours)
    several = {"data": "shipped", "space": PART, "quick": options.quick}
    seeds = [[run * SEEDS + place for place in range(SEEDS)] for run in range(options.runs)]
    rows += _exact(f"shipped, {SEEDS} seeds", several, seeds, Target(3, at_least=True))
    count = {name: len(problems.settings(name, quick=options.quick)) for name in problems.SPACES}
    spaces = (
        f"{count[WHOLE]} settings of report.toml on the shipped data with one seed, {count[PART]} everywhere"
        " else"
    )
    return Found(rows, facts={"spaces": spaces})


def _exact(
    name: str, what: Mapping[str, Any], seeds: Sequence[Sequence[int]], target: Target | None
) -> list[Row]:
    """Compare the two exhaustive searches, a run for each list of seeds: time, and equality of every bit."""
    sides: dict[str, list[Sample]] = {"GridSearchCV": [], "lockstep": []}
    for some in seeds:
        for who, samples in sides.items():
            samples.append(side("search", who, seeds=some, **what))
            say(f"{name} {some}, {who}: {samples[-1].wall:.1f} s, CPU {samples[-1].cpu:.1f} s")
    theirs, ours = (
        {key: both for sample in samples for key, both in sample.answer["found"].items()}
        for samples in sides.values()
    )
    equal = sum(ours.get(key) == both for key, both in theirs.items())
    counts = sum(ours.get(key, [None])[0] == dev for key, (dev, _) in theirs.items())
    best = ", ".join(str(_best(sample)) for sample in sides["lockstep"])
    note = f"{counts} of {len(theirs)} dev counts equal; best of each run: {best} correct"
    cpu = [a.cpu / b.cpu for a, b in zip(*sides.values(), strict=True)]
    return [
        ratio(name, tuple(sides), sides, target=target, note=note),
        Row(name, "GridSearchCV / lockstep, CPU time", cpu),
        Row(
            name,
            "share of networks with equal bits",
            [equal / len(theirs)],
            Target(1, at_least=True),
            note=f"{equal} of {len(theirs)}, all runs together",
        ),
    ]


def _best(lockstep: Sample) -> int:
    """Give the best dev count of a search."""
    return int(max(dev for dev, _ in lockstep.answer["found"].values()))


def _limit(ours: Sequence[Sample]) -> list[Row]:
    """Tell how far the arithmetic limit is."""
    samples, features = problems.data("shipped").X_train.shape
    limits = [arithmetic.limits(sample.answer["epochs"], samples, features) for sample in ours]
    bare, heavy = zip(*limits, strict=True)
    return [
        Row(
            "shipped, one seed",
            "lockstep / bare loop, CPU time",
            [sample.cpu / seconds for sample, seconds in zip(ours, bare, strict=True)],
            note=f"{_seconds(bare)} of one core in a bare loop of the same calls",
        ),
        Row(
            "shipped, one seed",
            "lockstep / products and functions alone, CPU time",
            [sample.cpu / seconds for sample, seconds in zip(ours, heavy, strict=True)],
            note=f"{_seconds(heavy)}; tanh, expit and sqrt are the functions",
        ),
    ]


def _seconds(values: Sequence[float]) -> str:
    return f"{', '.join(f'{value:.1f}' for value in values)} s"


def _early_stoppers(name: str, what: Mapping[str, Any], ours: Sequence[Sample]) -> list[Row]:
    """Compare best dev counts at equal CPU time, run by run."""
    return [
        _compared(
            name,
            who,
            ours,
            [side("search", who, seed=seed, budget=we.cpu, **what) for seed, we in enumerate(ours)],
        )
        for who in ("HalvingGridSearchCV", "Optuna")
    ]


def _compared(name: str, who: str, ours: Sequence[Sample], theirs: Sequence[Sample]) -> Row:
    """Tell how much better our best network is than a peer's."""
    for we, they in zip(ours, theirs, strict=True):
        say(f"{name}, {who}: best {they.answer['best']} for {_best(we)}, CPU {they.cpu:.1f} s")
    found = ", ".join(f"{sample.answer['best']} ({sample.answer['did']})" for sample in theirs)
    return Row(
        name,
        f"best dev count, lockstep - {who}, at equal CPU time",
        [_best(we) - they.answer["best"] for we, they in zip(ours, theirs, strict=True)],
        Target(0, at_least=True),
        {"lockstep": ours, who: theirs},
        note=f"{', '.join(str(_best(sample)) for sample in ours)} against {found}",
    )


def grid_search(data: str, space: str, seeds: Sequence[int], *, quick: bool) -> dict[str, Any]:
    """Train by GridSearchCV over all cores, one search for each seed."""
    from sklearn.model_selection import GridSearchCV  # noqa: PLC0415 - after the pins, as all of numpy
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    X, y, fold = problems.joined(data)
    values, found = problems.values(space, quick=quick), {}
    with timed() as taken:
        for seed in seeds:
            search = GridSearchCV(
                MLPClassifier(random_state=seed), values, scoring=_score, refit=False, cv=fold, n_jobs=-1
            )
            results = search.fit(X, y).cv_results_
            columns = (results[name] for name in ("params", "mean_test_dev", "mean_test_bits"))
            for setting, dev, bits in zip(*columns, strict=True):
                found[_name(setting, seed)] = [int(dev), f"{int(bits):012x}"]
    return {**taken, "found": found}


def lockstep_search(data: str, space: str, seeds: Sequence[int], *, quick: bool) -> dict[str, Any]:
    """Train by our search, all seeds at once."""
    from experiments import search  # noqa: PLC0415

    arrays, settings = problems.data(data).arrays, problems.settings(space, quick=quick)
    with timed() as taken:
        outcomes = search.run(settings, *arrays, seeds=seeds)
    found = {_name(o.setting, o.seed): [o.dev, o.digest] for o in outcomes}
    names = ("hidden_layer_sizes", "batch_size", "activation", "solver")
    epochs = [[*(outcome.setting[name] for name in names), outcome.epochs] for outcome in outcomes]
    return {**taken, "found": found, "epochs": epochs}


def _score(network: Any, X: Any, y: Any) -> dict[str, float]:
    """Count what is right, and hash the weights: 48 bits, which a float64 holds exactly."""
    from experiments import lockstep  # noqa: PLC0415

    return {"dev": problems.count(network, X, y), "bits": float(int(lockstep.digest(network), 16))}


def _name(setting: Mapping[str, Any], seed: int) -> str:
    return json.dumps([sorted((name, str(value)) for name, value in setting.items()), seed])


SIDES: dict[str, Callable[..., Any]] = {
    "GridSearchCV": grid_search,
    "lockstep": lockstep_search,
    "HalvingGridSearchCV": early.halving,
    "Optuna": early.optuna,
}

if __name__ == "__main__":
    program(__doc__ or "", measure, SIDES, runs=2)
