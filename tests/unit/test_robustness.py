"""The best setting that another machine finds, too: the rule, and the certificate that the winner stays."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from experiments import dataset, numerics, robustness
from experiments.assessment import Certificate, Choice, Line, Reached
from experiments.errors import SearchError
from experiments.record import PassedOver, Search, Space, rank
from experiments.robustness import ARITHMETICS, Trial, certify, choose, nudged, possible, reported

ROOT = Path(__file__).parents[2]
HASWELL = numerics.Machine(
    architecture="x86_64",
    libc="glibc",
    flags=frozenset({"sse4_2", "avx2", "fma"}),
    openblas={"numpy": "0.3.31"},
    numpy_loaded=False,
)
# On the stand-in data the setting with the rate 0.1 is chaotic, the other one is calm and scores less.
PLANTED = Space(((50,),), ("tanh",), ("adam",), (0.03, 0.1), (32,))


def search(trial, X=None):
    """Train all settings of a trial by its own means."""
    outcomes = trial.run(range(len(trial.settings)), trial.data.X_train if X is None else X)
    return Search.of(outcomes)


@pytest.fixture(scope="module")
def planted():
    """Return the planted space on the stand-in data; the default setting is added."""
    data = dataset.load(ROOT / "data")
    return Trial(data, PLANTED.settings(len(data.X_train)), seed=0, jobs=2)


@pytest.fixture(scope="module")
def found(planted):
    """Search the planted space."""
    return search(planted)


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
    """What is passed over is skipped in the order of the rule; if nothing is left, the first stays."""
    dev = (5, 7, 7)
    found = Search(dev, dev, dev, (True,) * 3)

    assert reported(planted, found, ()) == 1
    assert reported(planted, found, (PassedOver(1, (7, 6)),)) == 2
    everything = tuple(PassedOver(place, (7, 6)) for place in range(3))
    assert reported(planted, found, everything) == 1
    assert not Choice(1, everything).reproducible


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
