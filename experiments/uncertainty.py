"""How far the numbers of 2(b) can be trusted: curves, other seeds, what choosing the best of many adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import numerics, robustness, statistics, trainer
from experiments.assessment import Assessment, Curve, Seeds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from sklearn.neural_network import MLPClassifier

    from experiments.assessment import Certificate, Choice, Optimism
    from experiments.record import Search
    from experiments.robustness import Trial

SEEDS = 20


def learning(trial: Trial, places: Mapping[str, int]) -> tuple[dict[str, Curve], dict[str, bool]]:
    """Train networks once more, looking at the development set after each epoch.

    Returns
    -------
    curves, converged
        By the names of the places.
    """
    data, names = trial.data, list(places)
    accuracy: list[list[float]] = [[] for _ in names]

    def look(number: int, network: MLPClassifier) -> None:
        accuracy[number].append(float(np.mean(network.predict(data.X_dev) == data.y_dev)))

    settings = [trial.settings[place].parameters(trial.seed) for place in places.values()]
    networks = trainer.fit_many(settings, data.X_train, data.y_train, look)
    curves = {
        name: Curve(tuple(map(float, network.loss_curve_)), tuple(seen))
        for name, network, seen in zip(names, networks, accuracy, strict=True)
    }
    return curves, {name: len(curve.loss) < networks[0].max_iter for name, curve in curves.items()}


def spread_over_seeds(trial: Trial, places: Mapping[str, int]) -> Seeds:
    """Train default and best with several seeds, the report's first."""
    seeds = [(trial.seed + i) % 2**32 for i in range(SEEDS)]
    outcomes = trial.run(list(places.values()), trial.data.X_train, seeds)
    return Seeds(
        {
            name: tuple(outcome.dev for outcome in outcomes[i * SEEDS : (i + 1) * SEEDS])
            for i, name in enumerate(places)
        }
    )


def optimism(trial: Trial, found: Search, choice: Choice, predicted: NDArray[Any]) -> Optimism:
    """Estimate what choosing the best on the development set adds to its score.

    Parameters
    ----------
    predicted : ndarray (settings, development samples)
        What each setting's network predicts.
    """
    data = trial.data
    # A network that scikit-learn refused has none right; settings that the rule passes over win no draw.
    counts = np.array(found.epochs) > 0
    counts[[other.place for other in choice.passed_over if other.place != choice.place]] = False
    right = (predicted == data.y_dev) & counts[:, None]
    return statistics.bootstrap(right, trial.weights, default=trial.default, seed=trial.seed)


def assess(
    trial: Trial,
    found: Search,
    choice: Choice,
    predicted: NDArray[Any],
    certificate: Certificate | None = None,
) -> Assessment:
    """Compute what the pages say beside the numbers; a given certificate is used as it is."""
    places = {"default": trial.default, "best": choice.place}
    curves, converged = learning(trial, places)
    best = predicted[choice.place]
    return Assessment(
        curves=curves,
        epochs={name: len(curve.loss) for name, curve in curves.items()},
        converged=converged,
        predicted=tuple(best.tolist()),
        wrong=int(np.sum(best != trial.data.y_dev)),
        seeds=spread_over_seeds(trial, places),
        selection=optimism(trial, found, choice, predicted),
        certificate=certificate or robustness.certify(trial, found, choice),
        environment={**numerics.audit(), "no_lockstep": trainer.fallback_reason()},
    )
