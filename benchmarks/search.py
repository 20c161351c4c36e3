"""The report's search, against scikit-learn's searches and Optuna.

    python -m benchmarks.search [--runs N] [--quick] [--json FILE]

GridSearchCV and lockstep train every setting on every core; GridSearchCV's scorer counts dev samples and
hashes the weights, and both must be lockstep's, bit for bit, for each setting and seed. Successive halving
(HalvingGridSearchCV over max_iter) and Optuna (TPE with a successive-halving pruner, a process on each core)
stop trainings early: each goes on until its CPU time is what lockstep's exhaustive search took, and then the
best counts of correct dev samples are compared. Optuna sees a network in the middle of its training and may
keep it; so may lockstep in that comparison, at the same epochs.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from benchmarks import arithmetic, early, problems
from benchmarks.measurement import Found, Row, Target, program, ratio, say, side

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.processes import Sample

SEEDS = 5  # at once, in the second comparison
OPTUNA_SEEDS = (0, 1)


def measure(options: argparse.Namespace) -> Found:
    """Compare on each set, with one seed, then the shipped set with several."""
    rows: list[Row] = []
    quick = options.quick
    for name in problems.SETS:
        what = {"data": name, "seeds": 1, "part": name != "shipped", "quick": quick}
        target = Target(2.5, at_least=True) if name == "shipped" else None
        compared = _exact(f"{name}, one seed", what, options.runs, target)
        rows += compared
        ours = compared[0].sides["lockstep"]
        if name == "shipped":
            rows += _limit(ours)
        rows += _early_stoppers(name, what, ours)
    several = {"data": "shipped", "seeds": SEEDS, "part": True, "quick": quick}
    rows += _exact(f"shipped, {SEEDS} seeds", several, options.runs, Target(3, at_least=True))
    whole, part = (len(problems.settings(problems.space(part=part, quick=quick))) for part in (False, True))
    spaces = (
        f"{whole} settings of report.toml on the shipped data with one seed; {part} of them everywhere else"
    )
    return Found(rows, facts={"spaces": spaces})


def _exact(name: str, what: Mapping[str, Any], runs: int, target: Target | None) -> list[Row]:
    """Compare the two exhaustive searches: time, and equality of every bit."""
    sides: dict[str, list[Sample]] = {"GridSearchCV": [], "lockstep": []}
    for run in range(runs):
        for who, samples in sides.items():
            samples.append(side("search", who, **what))
            say(f"{name}, run {run + 1}, {who}: {samples[-1].wall:.1f} s, CPU {samples[-1].cpu:.1f} s")
    theirs, ours = (sides[who][0].answer["found"] for who in sides)
    equal = sum(ours.get(key) == both for key, both in theirs.items())
    counts = sum(ours.get(key, [None])[0] == dev for key, (dev, _) in theirs.items())
    best = max(dev for dev, _ in ours.values())
    note = f"{counts} of {len(theirs)} dev counts equal; best: {best} correct"
    cpu = [a.cpu / b.cpu for a, b in zip(*sides.values(), strict=True)]
    return [
        ratio(name, tuple(sides), sides, target=target, note=note),
        Row(name, "GridSearchCV / lockstep, CPU time", cpu),
        Row(name, "share of networks with equal bits", [equal / len(theirs)], Target(1, at_least=True)),
    ]


def _limit(ours: Sequence[Sample]) -> list[Row]:
    """Tell how far the arithmetic limit is."""
    samples, features = problems.data("shipped").X_train.shape
    bare, heavy = arithmetic.limits(ours[0].answer["epochs"], samples, features)
    note = f"{bare:.1f} s of one core in a bare loop of the same calls"
    return [
        Row("shipped, one seed", "lockstep / bare loop, CPU time", [s.cpu / bare for s in ours], note=note),
        Row(
            "shipped, one seed",
            "lockstep / products and functions alone, CPU time",
            [s.cpu / heavy for s in ours],
            note=f"{heavy:.1f} s; tanh, expit and sqrt are the functions",
        ),
    ]


def _early_stoppers(name: str, whole: Mapping[str, Any], ours: Sequence[Sample]) -> list[Row]:
    """Compare best dev counts at equal CPU time."""
    best = max(dev for dev, _ in ours[0].answer["found"].values())
    budget = min(sample.cpu for sample in ours)
    halving = [side("search", "halving", budget=budget, **whole)]
    watched = side("search", "watched", **whole)
    say(f"{name}, lockstep, watched: best {watched.answer['best']}, CPU {watched.cpu:.1f} s")
    optuna = [
        side("search", "optuna", budget=watched.cpu, seed=seed, **whole)
        for seed in OPTUNA_SEEDS[: 1 if whole["quick"] else None]
    ]
    looks = f"; both look at a network every {early.PEEK} epochs, and what they see counts"
    return [
        _compared(name, "HalvingGridSearchCV", halving, ("lockstep", ours, best), ""),
        _compared(name, "Optuna", optuna, ("lockstep, watched", [watched], watched.answer["best"]), looks),
    ]


def _compared(
    name: str, who: str, theirs: Sequence[Sample], ours: tuple[str, Sequence[Sample], int], note: str
) -> Row:
    """Tell how much better our best network is than a peer's."""
    we, samples, best = ours
    for sample in theirs:
        say(f"{name}, {who}: best {sample.answer['best']} for {best}, CPU {sample.cpu:.1f} s")
    found = ", ".join(f"{sample.answer['best']} ({sample.answer['did']})" for sample in theirs)
    return Row(
        name,
        f"best dev count, {we} - {who}, at equal CPU time",
        [best - sample.answer["best"] for sample in theirs],
        Target(0, at_least=True),
        {we: samples, who: theirs},
        note=f"{best} against {found}{note}",
    )


def grid_search(data: str, seeds: int, *, part: bool, quick: bool) -> dict[str, Any]:
    """Train by GridSearchCV over all cores, one search for each seed."""
    from sklearn.model_selection import GridSearchCV  # noqa: PLC0415 - after the pins, as all of numpy
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    X, y, fold = problems.joined(data)
    space, found = problems.space(part=part, quick=quick), {}
    started = time.perf_counter()
    for seed in range(seeds):
        search = GridSearchCV(
            MLPClassifier(random_state=seed), space, scoring=_score, refit=False, cv=fold, n_jobs=-1
        )
        results = search.fit(X, y).cv_results_
        columns = (results[name] for name in ("params", "mean_test_dev", "mean_test_bits"))
        for setting, dev, bits in zip(*columns, strict=True):
            found[_name(setting, seed)] = [int(dev), f"{int(bits):012x}"]
    return {"seconds": time.perf_counter() - started, "found": found}


def lockstep_search(data: str, seeds: int, *, part: bool, quick: bool) -> dict[str, Any]:
    """Train by our search, all seeds at once."""
    from experiments import search  # noqa: PLC0415

    arrays, settings = problems.data(data).arrays, problems.settings(problems.space(part=part, quick=quick))
    started = time.perf_counter()
    outcomes = search.run(settings, *arrays, seeds=range(seeds))
    seconds = time.perf_counter() - started
    found = {_name(o.setting, o.seed): [o.dev, o.digest] for o in outcomes}
    names = ("hidden_layer_sizes", "batch_size", "activation", "solver")
    epochs = [[*(outcome.setting[name] for name in names), outcome.epochs] for outcome in outcomes]
    return {"seconds": seconds, "found": found, "epochs": epochs}


def _score(network: Any, X: Any, y: Any) -> dict[str, float]:
    """Count what is right, and hash the weights: 48 bits, which a float64 holds exactly."""
    from experiments import lockstep  # noqa: PLC0415

    return {"dev": problems.count(network, X, y), "bits": float(int(lockstep.digest(network), 16))}


def _name(setting: Mapping[str, Any], seed: int) -> str:
    return json.dumps([sorted((name, str(value)) for name, value in setting.items()), seed])


SIDES: dict[str, Callable[..., Any]] = {
    "GridSearchCV": grid_search,
    "lockstep": lockstep_search,
    "watched": early.watched,
    "halving": early.halving,
    "optuna": early.optuna,
}

if __name__ == "__main__":
    program(__doc__ or "", measure, SIDES, runs=2)
