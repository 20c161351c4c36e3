"""The report's search, against scikit-learn's searches and Optuna.

    python -m benchmarks.search [--runs N] [--quick] [--json FILE]

GridSearchCV and lockstep train every setting on every core; GridSearchCV's scorer counts dev samples and
hashes the weights, and both must be lockstep's, bit for bit, for each setting and seed. Successive halving
(HalvingGridSearchCV over max_iter) and Optuna (TPE with a successive-halving pruner, a process on each core)
stop trainings early: each goes on until its CPU time is what lockstep's exhaustive search took, and then the
best counts of correct dev samples are compared.
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import arithmetic, problems
from benchmarks.measurement import Found, Row, Sample, Target, cpu_of_all, program, ratio, say, side

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

SEEDS = 5  # at once, in the second comparison
OPTUNA_SEEDS = (0, 1)
FIRST_RUNGS = (7, 22, 66, 200)  # epochs: the last rung is 189, 198, 198, 200 of the 200 that a fit may take
PEEKS = "; a network from the middle of its training counts, too, seen at every fifth epoch"
EPOCHS = 200  # MLPClassifier's max_iter


def measure(options: argparse.Namespace) -> Found:
    """Compare on each set, with one seed, then the shipped set with several."""
    rows: list[Row] = []
    facts: dict[str, Any] = {}
    quick = options.quick
    for name in problems.SETS:
        whole = {"data": name, "seeds": 1, "part": name != "shipped", "quick": quick}
        target = Target(2.5, at_least=True) if name == "shipped" else None
        compared = _exact(f"{name}, one seed", whole, options.runs, target)
        rows += compared
        ours = compared[0].sides["lockstep"]
        if name == "shipped":
            rows += _limit(ours)
        rows += _early_stoppers(name, whole, ours)
    several = {"data": "shipped", "seeds": SEEDS, "part": True, "quick": quick}
    rows += _exact(f"shipped, {SEEDS} seeds", several, options.runs, Target(3, at_least=True))
    facts["spaces"] = (
        f"{len(_settings(part=False, quick=quick))} settings of report.toml on the shipped data with one"
        f" seed; {len(_settings(part=True, quick=quick))} of them everywhere else"
    )
    return Found(rows, facts=facts)


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
    budget = min(sample.cpu for sample in ours)
    best = max(dev for dev, _ in ours[0].answer["found"].values())
    halving = [side("search", "halving", budget=budget, **whole)]
    say(f"{name}, halving: best {halving[0].answer['best']} for {best}, CPU {halving[0].cpu:.1f} s")
    optuna = []
    for seed in OPTUNA_SEEDS[: 1 if whole["quick"] else None]:
        optuna.append(side("search", "optuna", budget=budget, seed=seed, **whole))
        say(f"{name}, Optuna: best {optuna[-1].answer['best']} for {best}, CPU {optuna[-1].cpu:.1f} s")
    rows = []
    for who, samples in {"HalvingGridSearchCV": halving, "Optuna": optuna}.items():
        gained = [best - sample.answer["best"] for sample in samples]
        sides = {"lockstep": ours, who: samples}
        found = ", ".join(f"{sample.answer['best']} ({sample.answer['did']})" for sample in samples)
        found += PEEKS * (who == "Optuna")
        quantity = f"best dev count, lockstep - {who}, at equal CPU time"
        rows.append(
            Row(name, quantity, gained, Target(0, at_least=True), sides, note=f"{best} against {found}")
        )
    return rows


def grid_search(data: str, seeds: int, *, part: bool, quick: bool) -> dict[str, Any]:
    """Train by GridSearchCV over all cores, one search for each seed."""
    from sklearn.model_selection import GridSearchCV  # noqa: PLC0415 - after the pins, as all of numpy
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    X, y, fold = _joined(data)
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

    arrays, settings = problems.data(data).arrays, _settings(part=part, quick=quick)
    started = time.perf_counter()
    outcomes = search.run(settings, *arrays, seeds=range(seeds))
    seconds = time.perf_counter() - started
    found = {_name(o.setting, o.seed): [o.dev, o.digest] for o in outcomes}
    names = ("hidden_layer_sizes", "batch_size", "activation", "solver")
    epochs = [[*(outcome.setting[name] for name in names), outcome.epochs] for outcome in outcomes]
    return {"seconds": seconds, "found": found, "epochs": epochs}


def halving(data: str, seeds: int, budget: float, *, part: bool, quick: bool) -> dict[str, Any]:
    """Search by successive halving, with longer and longer first rungs, until the CPU time is used.

    The winner of each round is also trained to its end, and the better of its two scores counts.
    """
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401, PLC0415
    from sklearn.model_selection import HalvingGridSearchCV  # noqa: PLC0415
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    del seeds  # one, as its random_state
    X, y, fold = _joined(data)
    sets = problems.data(data)
    space, best, rungs = problems.space(part=part, quick=quick), 0, []
    started = time.perf_counter()
    for first in FIRST_RUNGS:
        search = HalvingGridSearchCV(
            MLPClassifier(random_state=0),
            space,
            resource="max_iter",
            min_resources=first,
            max_resources=EPOCHS,
            scoring=_count,
            refit=False,
            cv=fold,
            random_state=0,
            n_jobs=-1,
        ).fit(X, y)
        winner = MLPClassifier(random_state=0, **search.best_params_ | {"max_iter": EPOCHS})
        winner.fit(sets.X_train, sets.y_train)
        best = max(best, int(search.best_score_), int(_count(winner, sets.X_dev, sets.y_dev)))
        rungs.append(first)
        if cpu_of_all() >= budget:
            break
    did = f"first rungs of {', '.join(map(str, rungs))} epochs"
    return {"seconds": time.perf_counter() - started, "best": best, "did": did}


def optuna(data: str, seeds: int, budget: float, seed: int, *, part: bool, quick: bool) -> dict[str, Any]:
    """Search by Optuna, a process on each core, until the CPU time is used."""
    from joblib import Parallel, delayed  # noqa: PLC0415

    del seeds  # one, as its random_state
    cores = len(os.sched_getaffinity(0))
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="optuna-") as folder:
        journal = str(Path(folder) / "journal")
        shares = Parallel(n_jobs=cores)(
            delayed(_try)(data, journal, seed * cores + core, budget / cores, part=part, quick=quick)
            for core in range(cores)
        )
        trials = _study(journal, 0).trials
    if not any(trial.state.name == "COMPLETE" for trial in trials):
        raise RuntimeError("none of Optuna's trials came to an end: that is no comparison")
    pruned = sum(trial.state.name == "PRUNED" for trial in trials)
    did = f"{len(trials)} trials, {pruned} pruned"
    return {"seconds": time.perf_counter() - started, "best": max(shares), "did": did}


def _study(journal: str, seed: int) -> Any:
    import optuna as library  # noqa: PLC0415 - a peer, not always there

    library.logging.set_verbosity(library.logging.WARNING)
    storages = library.storages
    return library.create_study(
        study_name="search",
        storage=storages.JournalStorage(storages.journal.JournalFileBackend(journal)),
        load_if_exists=True,
        direction="maximize",
        sampler=library.samplers.TPESampler(seed=seed),
        pruner=library.pruners.SuccessiveHalvingPruner(),
    )


def _try(data: str, journal: str, seed: int, share: float, *, part: bool, quick: bool) -> int:
    """Do one process's share: trials of one epoch after the other; the best count of dev samples."""
    import warnings  # noqa: PLC0415

    import numpy as np  # noqa: PLC0415
    import optuna as library  # noqa: PLC0415
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    warnings.simplefilter("ignore")
    sets, space, best = problems.data(data), problems.space(part=part, quick=quick), 0
    classes = np.unique(sets.y_train)
    study = _study(journal, seed)

    def objective(trial: Any) -> int:
        nonlocal best
        chosen = {name: trial.suggest_categorical(name, range(len(values))) for name, values in space.items()}
        setting = {name: space[name][place] for name, place in chosen.items()}
        network = MLPClassifier(random_state=np.random.RandomState(0), **setting)
        count = 0
        for epoch in range(EPOCHS):
            network.partial_fit(sets.X_train, sets.y_train, classes=classes)
            if epoch % 5 == 4:
                count = int(_count(network, sets.X_dev, sets.y_dev))
                best = max(best, count)
                trial.report(count, epoch)
                if trial.should_prune():
                    raise library.TrialPruned
            if network._no_improvement_count > network.n_iter_no_change or time.process_time() > share:  # noqa: SLF001
                break
        count = int(_count(network, sets.X_dev, sets.y_dev))
        best = max(best, count)
        return count

    while True:
        study.optimize(objective, n_trials=1, catch=ValueError)
        if time.process_time() > share:
            return best


def _joined(name: str) -> tuple[Any, Any, Any]:
    """Give both sets as one, and the fold that tells them apart."""
    import numpy as np  # noqa: PLC0415
    from sklearn.model_selection import PredefinedSplit  # noqa: PLC0415

    data = problems.data(name)
    X, y = np.concatenate((data.X_train, data.X_dev)), np.concatenate((data.y_train, data.y_dev))
    return X, y, PredefinedSplit(np.repeat([-1, 0], [len(data.X_train), len(data.X_dev)]))


def _score(network: Any, X: Any, y: Any) -> dict[str, float]:
    """Count what is right, and hash the weights: 48 bits, which a float64 holds exactly."""
    from experiments import lockstep  # noqa: PLC0415

    return {"dev": _count(network, X, y), "bits": float(int(lockstep.digest(network), 16))}


def _count(network: Any, X: Any, y: Any) -> float:
    return float((network.predict(X) == y).sum())


def _settings(*, part: bool, quick: bool) -> list[dict[str, Any]]:
    return problems.settings(problems.space(part=part, quick=quick))


def _name(setting: Mapping[str, Any], seed: int) -> str:
    return json.dumps([sorted((name, str(value)) for name, value in setting.items()), seed])


SIDES: dict[str, Callable[..., Any]] = {
    "GridSearchCV": grid_search,
    "lockstep": lockstep_search,
    "halving": halving,
    "optuna": optuna,
}

if __name__ == "__main__":
    program(__doc__ or "", measure, SIDES, runs=2)
