"""How far to trust the numbers: small cases that can be counted out, networks that diverge or just stop."""

import numpy as np
import pytest

from experiments import dataset, trainer, uncertainty
from experiments.assessment import Choice, Spread
from experiments.record import PassedOver, Search, Setting
from experiments.robustness import Trial

SETTINGS = (
    Setting(batch_size=60),  # the default
    Setting((4, 4), "identity", "sgd", 0.1, 16),
    Setting((4, 4), "identity", "sgd", 1e80, 16),  # its weights overflow
)
PLACES = {"default": 0, "best": 1}


@pytest.fixture(scope="module")
def trial(unbuilt):
    """Return the three settings on the tiny data."""
    return Trial(dataset.load(unbuilt.data), SETTINGS, seed=0)


def searched(trial):
    """Search, and return also what each setting predicts."""
    outcomes = trial.run(range(3), trial.data.X_train)
    found = Search.of(outcomes)
    return found, np.array([np.array(trial.data.classes)[each.predictions] for each in outcomes])


def test_what_cannot_be_chosen_wins_no_draw(trial):
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


def test_a_network_that_diverges_with_another_seed_counts_nothing(trial, monkeypatch):
    """The spread over seeds takes it as no correct answer, and the report is made."""
    monkeypatch.setattr(uncertainty, "SEEDS", 2)

    seeds = uncertainty.spread_over_seeds(trial, {"default": 0, "best": 2})

    assert seeds.counts["best"] == (0, 0)
    assert min(seeds.counts["default"]) > 0


def test_curves_end_where_training_does(trial):
    """A curve ends with the reported network; one that is stopped after 200 epochs has not converged."""
    found, _ = searched(trial)

    curves, outcomes = uncertainty.learning(trial, PLACES)

    for name, place in PLACES.items():
        assert len(curves[name].loss) == len(curves[name].accuracy) == found.epochs[place]
        assert curves[name].accuracy[-1] * len(trial.data.y_dev) == pytest.approx(found.dev[place])
        assert outcomes[name].dev == found.dev[place]
        assert outcomes[name].converged == (found.epochs[place] < 200)


@pytest.mark.parametrize("enough", [True, False])
def test_a_network_that_stops_in_its_very_last_epoch_has_not_converged(enough, trial, monkeypatch):
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


def test_spread_summarises_seeds():
    """Mean and sample deviation of 2, 4, 4, 4, 5, 5, 7, 9: 5 and sqrt(32 / 7)."""
    found = Spread((2, 4, 4, 4, 5, 5, 7, 9))

    assert (found.mean, found.lowest, found.highest) == (5.0, 2, 9)
    assert found.deviation == pytest.approx((32 / 7) ** 0.5)
    assert Spread((7,)).deviation == 0.0


@pytest.mark.parametrize("samples", [3, 40, 41])
def test_the_bootstrap_is_the_one_done_by_hand(samples):
    """Twelve settings with ties in score and size, 600 rounds: every figure counted out."""
    right = np.random.default_rng(samples).random((12, samples)) < 0.7
    right[5] = right[2]
    sizes = [30, 10, 20, 20, 10, 20, 30, 30, 10, 20, 20, 10]
    drawing = np.random.default_rng(4)
    draws = np.concatenate([drawing.integers(samples, size=(rounds, samples)) for rounds in (250, 250, 100)])

    found = uncertainty.bootstrap(right, sizes, default=3, seed=4, rounds=600)

    def wins(draw):
        counts = [sum(setting[i] for i in draw) for setting in right.tolist()]
        return min(range(12), key=lambda s: (-counts[s], sizes[s], s))

    rows = []
    for draw in draws.tolist():
        winner, out = wins(draw), [i for i in range(samples) if i not in draw]
        if out:  # else nothing is left to test on
            rows.append((winner, right[winner, draw].mean(), right[winner, out].mean(), right[3, out].mean()))
    winner, drawn, left, default = (np.array(column) for column in zip(*rows, strict=True))
    assert found.rounds == len(rows)
    assert (found.selected, found.left_out) == pytest.approx((drawn.mean(), left.mean()))
    assert found.gain == pytest.approx((left - default).mean())
    assert (found.gain_low, found.gain_high) == pytest.approx(np.percentile(left - default, [2.5, 97.5]))
    assert found.winners == len(set(winner.tolist()))
    assert found.kept == pytest.approx(np.mean(winner == wins(range(samples))))


def test_one_sample_is_too_few():
    """With one sample no round can leave any out."""
    with pytest.raises(ValueError, match="at least two samples"):
        uncertainty.bootstrap(np.array([[True]]), [1], default=0, seed=0)
