"""Searches that stop trainings early, within a given CPU time: successive halving and Optuna."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import problems
from benchmarks.processes import cpu_of_all, timed

FIRST_RUNGS = (7, 22, 66, 200)  # epochs: the last rung is 189, 198, 198, 200 of the 200 that a fit may take
PEEK = 5  # epochs from one report to Optuna's pruner to the next
EPOCHS = 200  # MLPClassifier's max_iter


def halving(data: str, space: str, seeds: list[int], budget: float, *, quick: bool) -> dict[str, Any]:
    """Search by successive halving, with longer and longer first rungs, while half of the CPU time is left.

    The winner of each round is also trained to its end, and the better of its two scores counts.
    """
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401, PLC0415
    from sklearn.model_selection import HalvingGridSearchCV  # noqa: PLC0415
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    X, y, fold = problems.joined(data)
    sets, values = problems.data(data), problems.values(space, quick=quick) | {"random_state": seeds}
    best, rungs, before = 0, [], cpu_of_all()
    with timed() as taken:
        for first in FIRST_RUNGS:
            search = HalvingGridSearchCV(
                MLPClassifier(),
                values,
                resource="max_iter",
                min_resources=first,
                max_resources=EPOCHS,
                scoring=problems.count,
                refit=False,
                cv=fold,
                random_state=seeds[0],
                n_jobs=-1,
            ).fit(X, y)
            winner = MLPClassifier(**search.best_params_ | {"max_iter": EPOCHS})
            winner.fit(sets.X_train, sets.y_train)
            best = max(best, int(search.best_score_), int(problems.count(winner, sets.X_dev, sets.y_dev)))
            rungs.append(first)
            if cpu_of_all() - before > budget / 2:
                break
    did = f"first rungs of {', '.join(map(str, rungs))} epochs"
    return {**taken, "best": best, "did": did}


def optuna(data: str, space: str, seeds: list[int], budget: float, *, quick: bool) -> dict[str, Any]:
    """Search by Optuna, a process on each core, until the CPU time is used; its own best trial counts."""
    from joblib import Parallel, delayed  # noqa: PLC0415

    cores = len(os.sched_getaffinity(0))
    with timed() as taken, tempfile.TemporaryDirectory(prefix="optuna-") as folder:
        journal = str(Path(folder) / "journal")
        seen = Parallel(n_jobs=cores)(
            delayed(_try)(data, space, journal, seeds, core, budget / cores, quick=quick)
            for core in range(cores)
        )
        study = _study(journal, 0)
        best, trials = int(study.best_value), study.trials
    pruned = sum(trial.state.name == "PRUNED" for trial in trials)
    did = f"{len(trials)} trials, {pruned} pruned; {max(seen)} seen in the middle of a training"
    return {**taken, "best": best, "did": did}


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


def _try(
    data: str, space: str, journal: str, seeds: list[int], core: int, share: float, *, quick: bool
) -> int:
    """Do one process's share: trials of one epoch after the other; the best dev count at any report.

    A trial's value is that of the network trained to its end, by scikit-learn's own rule or `EPOCHS`. The
    share ends a trial in its middle, but not before one has come to its end.
    """
    import warnings  # noqa: PLC0415

    import numpy as np  # noqa: PLC0415
    import optuna as library  # noqa: PLC0415
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    warnings.simplefilter("ignore")
    sets, values = problems.data(data), problems.values(space, quick=quick) | {"random_state": seeds}
    seen, ended = 0, False
    classes = np.unique(sets.y_train)
    study = _study(journal, 100 * seeds[0] + core)

    def objective(trial: Any) -> int:
        nonlocal seen, ended
        chosen = {name: trial.suggest_categorical(name, range(len(some))) for name, some in values.items()}
        setting = {name: values[name][place] for name, place in chosen.items()}
        # A generator, not its seed: partial_fit would shuffle each epoch alike.
        setting["random_state"] = np.random.RandomState(setting["random_state"])
        network = MLPClassifier(**setting)
        for epoch in range(EPOCHS):
            network.partial_fit(sets.X_train, sets.y_train, classes=classes)
            if network._no_improvement_count > network.n_iter_no_change:  # noqa: SLF001 - fit's own rule
                break
            if ended and time.process_time() > share:
                raise library.TrialPruned
            if epoch % PEEK == PEEK - 1:
                count = int(problems.count(network, sets.X_dev, sets.y_dev))
                seen = max(seen, count)
                trial.report(count, epoch)
                if trial.should_prune():
                    raise library.TrialPruned
        ended = True
        return int(problems.count(network, sets.X_dev, sets.y_dev))

    while not ended or time.process_time() <= share:
        study.optimize(objective, n_trials=1, catch=ValueError)
    return seen
