"""How far to trust the numbers: the setting that another machine finds, its certificate, the statistics."""

import os
import signal
from dataclasses import replace

import numpy as np
import pytest
from msgspec import structs

from experiments import dataset, numerics, robustness, trainer, uncertainty
from experiments.assessment import Certificate, Choice, Line, Reached
from experiments.errors import SearchError
from experiments.record import PassedOver, Search, Setting, Space, rank
from experiments.robustness import ARITHMETICS, Trial, certify, choose, nudged, possible, reported
from report import ROOT

HASWELL = numerics.Machine(
    *("x86_64", "glibc", frozenset({"sse4_2", "avx2", "fma"}), {"numpy": "0.3.31"}), numpy_loaded=False
)
# On the stand-in data the setting with the rate 0.1 is chaotic, the other one is calm and scores less.
PLANTED = Space(((50,),), ("tanh",), ("adam",), (0.03, 0.1), (32,))


@pytest.fixture(scope="module")
def planted():
    """Return the planted space on the stand-in data; the default setting is added."""
    data = dataset.load(ROOT / "data")
    return Trial(data, PLANTED.settings(len(data.X_train)), seed=0, jobs=2)


@pytest.fixture(scope="module")
def found(planted):
    """Search the planted space."""
    return Search.of(planted.run(range(len(planted.settings)), planted.data.X_train))


@pytest.fixture(scope="module")
def choice(planted, found):
    """Apply the rule to it."""
    return choose(planted, found)


def test_inputs_move_by_one_unit_in_the_last_place():
    """Up, down, and for each value one of the two; the mixture depends on the seed alone."""
    X = np.array([[1.0, -2.0], [0.0, 1e300]])

    moved = nudged(X, 3)

    assert moved["up"].tolist() == [[1 + 2**-52, -2 + 2**-52], [5e-324, np.nextafter(1e300, np.inf)]]
    assert moved["down"].tolist() == [[1 - 2**-53, -2 - 2**-51], [-5e-324, np.nextafter(1e300, 0)]]
    mixed = nudged(np.ones((20, 3)), 3)["at random"]
    assert set(mixed.ravel()) == {1 + 2**-52, 1 - 2**-53}
    assert (mixed == nudged(np.ones((20, 3)), 3)["at random"]).all()
    assert (mixed != nudged(np.ones((20, 3)), 4)["at random"]).any()


def test_the_chaotic_setting_is_passed_over(planted, found, choice):
    """It has the highest score, which changes when the inputs move; the calm one after it is chosen."""
    calm, chaotic = (planted.settings.index(PLANTED.settings(1257)[place]) for place in (-2, -1))

    assert rank(found.dev, planted.weights)[0] == chaotic
    assert choice.place == calm
    [passed] = choice.passed_over
    assert passed.place == chaotic
    assert passed.dev[0] == found.dev[chaotic] > found.dev[calm]
    assert min(passed.dev) < found.dev[calm]
    assert choice.reproducible


@pytest.mark.parametrize(
    "tried",
    [
        pytest.param((ARITHMETICS[0], ARITHMETICS[-1]), id="two"),
        pytest.param(ARITHMETICS, id="all", marks=pytest.mark.slow),
    ],
)
def test_the_winner_stays_where_numbers_round_otherwise(tried, planted, found, choice, monkeypatch):
    """With the rule the same setting and count are reported everywhere; without it they are not."""
    monkeypatch.setattr(robustness, "ARITHMETICS", tried)

    certificate = certify(planted, found, choice)
    [chaotic] = certificate.rivals
    without = {max(line.best.dev, line.rivals[0].dev) for line in certificate.lines}

    assert certificate.holds
    assert certificate.default_holds
    assert (certificate.near, certificate.moved) == (2, 1)  # the default is out of reach
    assert chaotic == choice.passed_over[0].place
    assert {line.best.dev for line in certificate.lines} == {found.dev[choice.place]}
    assert len(without) > 1
    assert [line.arithmetic for line in certificate.lines[1:4]] == [
        f"inputs moved {direction}" for direction in ("up", "down", "at random")
    ]
    threaded, *forced = [line.arithmetic for line in certificate.lines[4:]]
    assert threaded.endswith("4 threads")
    asked = [each.kernels for each in possible(numerics.detect()) if each != robustness.PINNED]
    assert asked == [arithmetic.partition(",")[0] for arithmetic in forced]


def test_ties_and_order_are_those_of_the_ranking(planted):
    """What is passed over is skipped in the order of the rule."""
    dev = (5, 7, 7)
    found = Search(dev, dev, dev, (True,) * 3)

    assert reported(planted, found, ()) == 1
    assert reported(planted, found, (PassedOver(1, (7, 6)),)) == 2


def test_if_no_setting_keeps_its_score_the_first_is_reported(planted, found):
    """Then everything is passed over, and the choice says that it cannot be reproduced."""
    other = structs.replace(found, epochs=tuple(epochs + 1 for epochs in found.epochs))

    choice = choose(planted, other)

    assert choice.place == rank(found.dev, planted.weights)[0]
    assert len(choice.passed_over) == len(planted.settings)
    assert not choice.reproducible


def test_a_certificate_holds_if_nothing_changes():
    """Another count of the best, or another winner, under one arithmetic is enough; other epochs are not."""
    line = Line("as built", Reached(436, 200), Reached(482, 119), (), stays=True)

    def holds(**changes):
        return Certificate((line, structs.replace(line, **changes)), (), 5, 0, "").holds

    assert holds(arithmetic="elsewhere", best=Reached(482, 118), default=Reached(435, 200))
    assert not holds(best=Reached(481, 119))
    assert not holds(stays=False)
    assert not Certificate(
        (line, structs.replace(line, default=Reached(435, 200))), (), 5, 0, ""
    ).default_holds


def test_only_what_the_cpu_can_run_is_forced():
    """A CPU without AVX-512 leaves SkylakeX out; a machine that cannot be pinned is left as it is."""
    assert ["Haswell", "Sandybridge", "Nehalem"] == [each.kernels for each in possible(HASWELL)]
    assert possible(replace(HASWELL, architecture="aarch64")) == ()
    assert possible(replace(HASWELL, flags=robustness.AVX512 | {"sse4_2"})) == ARITHMETICS


def test_a_machine_without_other_kernels_says_so(planted, found, choice, monkeypatch):
    """There moved inputs and threads alone decide, and the certificate holds the reason."""
    monkeypatch.setattr(numerics, "detect", lambda: replace(HASWELL, architecture="aarch64"))
    for name in (*numerics.KERNELS, numerics.RECORD):  # pinning as there would leave other tests unpinned
        monkeypatch.setenv(name, os.environ[name])

    certificate = certify(planted, found, choice)

    assert len(certificate.lines) == 5  # moved up, down, at random; more threads
    assert certificate.obstacle == "the pins are made for x86-64, this machine is aarch64"
    assert certificate.holds


def test_a_process_that_dies_is_told():
    """A crash of other kernels is told with their name; an error there is raised here."""
    with robustness._process(ARITHMETICS[-1]) as call:
        assert call(os.getenv, "OPENBLAS_CORETYPE") == "Nehalem"
        with pytest.raises(ValueError, match="invalid literal"):
            call(int, "one")
        with pytest.raises(SearchError, match=r"^The process with Nehalem kernels died \(SIGILL\): is there"):
            call(signal.raise_signal, signal.SIGILL)


# --- statistics: small cases that can be counted out, networks that diverge or just stop
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
