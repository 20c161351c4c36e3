"""What is said beside the numbers stays right where a network diverges or stops in its very last epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from experiments import dataset, trainer, uncertainty
from experiments.assessment import Choice
from experiments.record import PassedOver, Search, Setting
from experiments.robustness import Trial

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = (
    Setting(batch_size=60),  # the default
    Setting((4, 4), "identity", "sgd", 0.1, 16),
    Setting((4, 4), "identity", "sgd", 1e80, 16),  # its weights overflow
)
PLACES = {"default": 0, "best": 1}


@pytest.fixture(scope="module")
def trial(tiny_project: Path) -> Trial:
    """Return the three settings on the tiny data."""
    return Trial(dataset.load(tiny_project / "data"), SETTINGS, seed=0)


def searched(trial: Trial) -> tuple[Search, np.ndarray]:
    """Search, and return also what each setting predicts."""
    outcomes = trial.run(range(3), trial.data.X_train)
    found = Search.of(outcomes)
    return found, np.array([np.array(trial.data.classes)[each.predictions] for each in outcomes])


def test_what_cannot_be_chosen_wins_no_draw(trial: Trial) -> None:
    """A network that diverged, and one that the rule passes over, count as wrong throughout."""
    found, predicted = searched(trial)
    assert [epochs > 0 for epochs in found.epochs] == [True, True, False]
    predicted[2] = trial.data.y_dev  # as right as can be
    right = predicted == trial.data.y_dev

    refused = uncertainty.optimism(trial, found, Choice(1, ()), predicted)
    passed = uncertainty.optimism(trial, found, Choice(1, (PassedOver(0, (20, 3)),)), predicted)

    nothing = np.zeros_like(right[:1])
    for optimism, counted in (
        (refused, np.concatenate([right[:2], nothing])),
        (passed, np.concatenate([nothing, right[1:2], nothing])),
    ):
        assert optimism == uncertainty.bootstrap(counted, trial.weights, default=0, seed=0)
    assert passed.winners == 1


def test_a_network_that_diverges_with_another_seed_counts_nothing(
    trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The spread over seeds takes it as no correct answer, and the report is made."""
    monkeypatch.setattr(uncertainty, "SEEDS", 2)

    seeds = uncertainty.spread_over_seeds(trial, {"default": 0, "best": 2})

    assert seeds.counts["best"] == (0, 0)
    assert min(seeds.counts["default"]) > 0


def test_curves_end_where_training_does(trial: Trial) -> None:
    """A curve ends with the reported network; one that is stopped after 200 epochs has not converged."""
    found, _ = searched(trial)

    curves, outcomes = uncertainty.learning(trial, PLACES)

    for name, place in PLACES.items():
        assert len(curves[name].loss) == len(curves[name].accuracy) == found.epochs[place]
        assert curves[name].accuracy[-1] * len(trial.data.y_dev) == pytest.approx(found.dev[place])
        assert outcomes[name].dev == found.dev[place]
        assert outcomes[name].converged == (found.epochs[place] < 200)


@pytest.mark.parametrize("enough", [True, False])
def test_a_network_that_stops_in_its_very_last_epoch_has_not_converged(
    enough: bool, trial: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The notebook calls converged what trained for fewer epochs than it might; so does the search."""
    [stopped] = trial.run([1], trial.data.X_train)
    limit = stopped.epochs + enough
    fits = trainer.fits
    monkeypatch.setattr(
        trainer,
        "fits",
        lambda settings, *rest, **more: fits([{**s, "max_iter": limit} for s in settings], *rest, **more),
    )

    [again] = trial.run([1], trial.data.X_train)

    assert (again.epochs, again.converged) == (stopped.epochs, enough)
