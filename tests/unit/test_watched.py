"""Training that can be watched: the same networks and sights, whether lockstep may be used or not."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from experiments import watched

GENERATOR = np.random.default_rng(2)
X = GENERATOR.standard_normal((70, 3))
Y = np.where(X[:, 0] > X[:, 1] * X[:, 2], 1, -1)
SETTINGS: list[dict[str, Any]] = [
    {"hidden_layer_sizes": (6,), "learning_rate_init": 0.05, "batch_size": 32, "random_state": 1},
    {"hidden_layer_sizes": (4, 3), "solver": "sgd", "learning_rate_init": 0.1, "random_state": 2},
]


def by_scikit_learn(setting: dict[str, Any]) -> MLPClassifier:
    """Fit with scikit-learn itself."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return MLPClassifier(**setting).fit(X, Y)


@pytest.fixture(params=["", "it differs here"], ids=["lockstep", "scikit-learn"])
def reason(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let lockstep be used, or not."""
    monkeypatch.setattr(watched, "why_not_lockstep", lambda: request.param)
    if request.param:
        monkeypatch.setattr("experiments.lockstep.fits", None)
    given: str = request.param
    return given


@pytest.mark.usefixtures("reason")
def test_every_epoch_is_seen_as_scikit_learn_has_it() -> None:
    """After each epoch the network predicts what scikit-learn's does after so many, and ends as its own."""
    seen: dict[int, list[list[float]]] = {0: [], 1: []}

    def look(place: int, network: MLPClassifier) -> None:
        seen[place].append(network.predict_proba(X)[:, 1].tolist())

    networks = watched.fit_watched(SETTINGS, X, Y, look)

    for place, (setting, network) in enumerate(zip(SETTINGS, networks, strict=True)):
        expected = by_scikit_learn(setting)
        assert network.loss_curve_ == expected.loss_curve_
        assert len(seen[place]) == expected.n_iter_ == network.n_iter_
        for epochs in (1, 2, expected.n_iter_):
            then = by_scikit_learn(setting | {"max_iter": epochs})
            assert seen[place][epochs - 1] == then.predict_proba(X)[:, 1].tolist()
