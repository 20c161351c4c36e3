"""What the report says beside the notebook's numbers: how the networks learned, how far to trust the gain."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import certificate, search, statistics, trainer
from experiments.record import Setting, all_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray
    from sklearn.neural_network import MLPClassifier

    from experiments.dataset import Dataset
    from experiments.record import Record

SEEDS = 20


def study(
    data: Dataset,
    settings: Sequence[Setting],
    record: Record,
    predicted: NDArray[Any],
    seed: int,
    jobs: int,
) -> dict[str, Any]:
    """Compute it, as JSON has it.

    Parameters
    ----------
    data : Dataset
        The data.
    settings : sequence of Setting
        The settings of the search.
    record : Record
        What the notebook found.
    predicted : ndarray, shape (settings, development samples)
        What each setting's network predicts, in grid order.
    seed : int
        The seed of the report's networks; the next ones follow it.
    jobs : int
        How many processes may train at once.
    """
    models = chosen(data, record)
    best = settings.index(models["best"])
    learned: dict[str, Any] = {}
    certified = _certificate(
        data, models, seed, jobs, beside=lambda: learned.update(learning(data, models, seed))
    )
    return {
        **learned,
        "predicted": predicted[best].tolist(),
        "wrong": int(np.sum(predicted[best] != data.y_dev)),
        **trust(data, settings, record, predicted, seed, jobs),
        "certificate": certified,
    }


def chosen(data: Dataset, record: Record) -> dict[str, Setting]:
    """Return the two settings that the report is about: ``default`` and ``best``."""
    return {"default": Setting().clipped(len(data.X_train)), "best": record.params}


def learning(data: Dataset, models: Mapping[str, Setting], seed: int) -> dict[str, Any]:
    """Train default and best once more, looking at the development set after each epoch."""
    accuracy: dict[str, list[float]] = {name: [] for name in models}
    names = list(models)

    def look(place: int, network: MLPClassifier) -> None:
        accuracy[names[place]].append(float(np.mean(network.predict(data.X_dev) == data.y_dev)))

    settings = [models[name].parameters(seed) for name in names]
    trained = trainer.fit_many(settings, data.X_train, data.y_train, look)
    return {
        "curves": {
            name: {"loss": [float(loss) for loss in model.loss_curve_], "accuracy": accuracy[name]}
            for name, model in zip(names, trained, strict=True)
        },
        "epochs": {name: int(model.n_iter_) for name, model in zip(names, trained, strict=True)},
        "converged": {name: bool(m.n_iter_ < m.max_iter) for name, m in zip(names, trained, strict=True)},
    }


def trust(
    data: Dataset,
    settings: Sequence[Setting],
    record: Record,
    predicted: NDArray[Any],
    seed: int,
    jobs: int | None = None,
) -> dict[str, Any]:
    """Say how far to trust the gain: ``seeds`` (several of them), ``selection`` (what choosing adds)."""
    models = chosen(data, record)
    weights = all_weights(settings, data.X_train.shape[1], len(data.classes))
    # A network that scikit-learn refused has nothing right, whatever stands in its row of predictions.
    right = (predicted == data.y_dev) & (np.array(record.search.dev) > 0)[:, None]
    place = settings.index(models["default"])
    selection = statistics.bootstrap(right, weights, default=place, seed=seed)
    return {"seeds": _seeds(data, models, seed, jobs), "selection": asdict(selection)}


def _certificate(
    data: Dataset,
    models: Mapping[str, Setting],
    seed: int,
    jobs: int,
    beside: Callable[[], object],
) -> list[dict[str, Any]]:
    """Refit both networks under every set of kernels that this CPU has: by set, what each model got right."""
    seeded = {name: setting.parameters(seed) for name, setting in models.items()}
    sets: dict[str, dict[str, Any]] = {}
    arrays = (data.X_train, data.y_train, data.X_dev, data.y_dev)
    for row in certificate.certify(seeded, *arrays, jobs=jobs, beside=beside):
        measured = {"train": row.train, "dev": row.dev, "margin": row.margin}
        sets.setdefault(f"{row.kernels}, {row.simd}", {})[row.model] = measured
    return [{"kernels": kernels, "models": found} for kernels, found in sets.items()]


def _seeds(
    data: Dataset, models: Mapping[str, Setting], seed: int, jobs: int | None = None
) -> dict[str, Any]:
    """Train default and best with several seeds, to see whether the gain holds."""
    seeds = [(seed + i) % 2**32 for i in range(SEEDS)]
    arrays = (data.X_train, data.y_train, data.X_dev, data.y_dev)
    outcomes = search.run(
        [setting.parameters() for setting in models.values()], *arrays, seeds=seeds, jobs=jobs
    )
    counts = [outcome.dev for outcome in outcomes]
    by_name = {name: counts[i * SEEDS : (i + 1) * SEEDS] for i, name in enumerate(models)}
    gains = [best - default for best, default in zip(by_name["best"], by_name["default"], strict=True)]
    return {
        "counts": by_name,
        **{name: asdict(statistics.spread(found)) for name, found in by_name.items()},
        "gain": asdict(statistics.spread(gains)),
        "better": sum(gain > 0 for gain in gains),
    }
