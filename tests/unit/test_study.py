"""Where a network diverges, or stops in its very last epoch: what is said beside the numbers stays right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from experiments.problem2 import space

from experiments import dataset, search, statistics, study
from report.verify import reproduce

if TYPE_CHECKING:
    from pathlib import Path

    from experiments.problem2 import Space

    from experiments.dataset import Dataset

# With the default setting that is always added: two that learn, and one whose weights overflow.
WILD = {"hidden_layer_sizes": (4, 4), "activation": "identity", "solver": "sgd", "learning_rate_init": 1e80}
SEARCH = {
    "hidden_layer_sizes": [[4, 4]],
    "activation": ["identity"],
    "solver": ["sgd"],
    "learning_rate_init": [0.1, 1e80],
    "batch_size": [16],
}


@pytest.fixture(scope="module")
def data(tiny_project: Path) -> Dataset:
    """Read the tiny data."""
    return dataset.load(tiny_project / "data")


@pytest.fixture(scope="module")
def tried(data: Dataset) -> tuple[Space, tuple[search.Outcome, ...]]:
    """Search the space with seed 0."""
    found = space(SEARCH, len(data.X_train))
    arrays = (data.X_train, data.y_train, data.X_dev, data.y_dev)
    return found, search.run(list(found.settings()), *arrays, jobs=1)


def test_a_network_that_diverges_wins_no_draw(
    data: Dataset, tried: tuple[Space, tuple[search.Outcome, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its row of predictions is all one class, and may be right by chance: it counts as wrong throughout."""
    monkeypatch.setattr(study, "SEEDS", 2)
    found, outcomes = tried
    assert [bool(outcome.failed) for outcome in outcomes] == [False, False, True]
    record = reproduce._record(found, outcomes, data)
    predicted = np.array([np.array(data.classes)[outcome.predictions] for outcome in outcomes])
    predicted[2] = data.y_dev  # as right as can be

    told = study.trust(data, found, record, predicted, seed=0)["selection"]

    expected = statistics.bootstrap(
        np.array([*(predicted[:2] == data.y_dev), np.zeros(len(data.y_dev), bool)]),
        [(3 + 1) * 100 + 101, 16 + 20 + 5, 16 + 20 + 5],
        default=0,
        seed=0,
    )
    assert told["left_out"] == expected.left_out
    assert told["winners"] == expected.winners <= 2


def test_a_network_that_diverges_with_another_seed_counts_nothing(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spread over seeds takes it as no correct answer, and the report is made."""
    monkeypatch.setattr(study, "SEEDS", 2)
    models: dict[str, dict[str, Any]] = {"default": {}, "best": {**WILD, "batch_size": 16}}

    told = study._seeds(data, models, seed=0)

    assert told["counts"]["best"] == [0, 0]
    assert min(told["counts"]["default"]) > 0
    assert told["better"] == 0


def test_a_network_that_stops_in_the_last_epoch_is_recorded_as_in_the_notebook(data: Dataset) -> None:
    """The notebook calls converged what stopped before the limit of 200 epochs; so does what is compared."""
    usual = {name: [value] for name, value in study.default(200).items()}
    found = space(usual | {"hidden_layer_sizes": [[100]]}, 200)
    nothing = np.zeros(len(data.y_dev), dtype=np.uint16)
    outcomes = [
        search.Outcome(setting, 0, 40, 20, 200, converged=True, predictions=nothing, digest="")
        for setting in found.settings()
    ]
    limited = dataset.Dataset(**{**vars(data), "X_train": np.zeros((200, 3))})

    assert reproduce._record(found, outcomes, limited)["search"]["converged"] == [0]
