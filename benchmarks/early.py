"""Searches that look at networks in training: successive halving, Optuna, and ours, made to look as often."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import problems
from benchmarks.processes import cpu_of_all

FIRST_RUNGS = (7, 22, 66, 200)  # epochs: the last rung is 189, 198, 198, 200 of the 200 that a fit may take
PEEK = 5  # epochs from one look at a network in training to the next
EPOCHS = 200  # MLPClassifier's max_iter


def watched(data: str, seeds: int, *, part: bool, quick: bool) -> dict[str, Any]:
    """Train by our trainer on all cores, and look at each network as often as Optuna does."""
    from joblib import Parallel, delayed  # noqa: PLC0415

    from experiments.workload import Fit, divide  # noqa: PLC0415

    del seeds  # one, as its random_state
    samples, features = problems.data(data).X_train.shape
    classes = len({*problems.data(data).y_train.tolist()})
    cores = len(os.sched_getaffinity(0))
    fits = [Fit(setting, 0) for setting in problems.settings(problems.space(part=part, quick=quick))]
    tasks = divide(fits, samples, features, 1 if classes == 2 else classes, cores)
    started = time.perf_counter()
    found = Parallel(n_jobs=cores, batch_size=1)(
        delayed(_watch)(data, [fit.parameters for fit in task.fits]) for task in tasks
    )
    return {"seconds": time.perf_counter() - started, "best": max(found)}


def _watch(data: str, settings: list[dict[str, Any]]) -> int:
    """Train in lockstep; the best count of dev samples that was seen."""
    from experiments import lockstep  # noqa: PLC0415

    sets, seen = problems.data(data), [0]

    def look(_: int, network: Any) -> None:
        if network.n_iter_ % PEEK == 0:
            seen.append(int(problems.count(network, sets.X_dev, sets.y_dev)))

    for _, network in lockstep.fits(settings, sets.X_train, sets.y_train, callback=look):
        if not isinstance(network, ValueError):
            seen.append(int(problems.count(network, sets.X_dev, sets.y_dev)))
    return max(seen)


def halving(data: str, seeds: int, budget: float, *, part: bool, quick: bool) -> dict[str, Any]:
    """Search by successive halving, with longer and longer first rungs, until the CPU time is used.

    The winner of each round is also trained to its end, and the better of its two scores counts.
    """
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401, PLC0415
    from sklearn.model_selection import HalvingGridSearchCV  # noqa: PLC0415
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    del seeds  # one, as its random_state
    X, y, fold = problems.joined(data)
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
            scoring=problems.count,
            refit=False,
            cv=fold,
            random_state=0,
            n_jobs=-1,
        ).fit(X, y)
        winner = MLPClassifier(random_state=0, **search.best_params_ | {"max_iter": EPOCHS})
        winner.fit(sets.X_train, sets.y_train)
        best = max(best, int(search.best_score_), int(problems.count(winner, sets.X_dev, sets.y_dev)))
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
            if epoch % PEEK == PEEK - 1:
                count = int(problems.count(network, sets.X_dev, sets.y_dev))
                best = max(best, count)
                trial.report(count, epoch)
                if trial.should_prune():
                    raise library.TrialPruned
            if network._no_improvement_count > network.n_iter_no_change or time.process_time() > share:  # noqa: SLF001
                break
        count = int(problems.count(network, sets.X_dev, sets.y_dev))
        best = max(best, count)
        return count

    while True:
        study.optimize(objective, n_trials=1, catch=ValueError)
        if time.process_time() > share:
            return best
