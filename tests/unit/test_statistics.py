"""The statistics behind the numbers, against published values and hand calculations."""

import numpy as np
import pytest

from experiments.statistics import selection, spread, wilson


@pytest.mark.parametrize(
    ("correct", "total", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_agrees_with_the_published_table(correct, total, low, high):
    """Wilson's interval has the ends that Newcombe printed."""
    assert wilson(correct, total) == pytest.approx((low, high), abs=5e-5)


def test_a_perfect_score_ends_at_one():
    """No interval leaves [0, 1]."""
    low, high = wilson(10, 10)

    assert high == pytest.approx(1.0, abs=1e-12)
    assert low == pytest.approx(0.7225, abs=5e-5)  # n / (n + z**2)


def test_spread_is_the_samples_own():
    """Mean, deviation with n - 1, extremes, by hand."""
    found = spread([2, 4, 6])

    assert (found.mean, found.deviation, found.lowest, found.highest) == (4.0, 2.0, 2, 6)


def test_one_setting_alone_is_not_optimistic():
    """With nothing to choose from, drawn and left-out scores agree up to the noise of the draws."""
    correct = np.arange(400)[None, :] % 4 > 0

    found = selection(correct, [1], default=0, best=0, seed=1)

    assert abs(found.optimism) < 0.005
    assert (found.gain, found.winners, found.reported) == (0.0, 1, 1.0)


def test_the_best_of_many_coins_is_worth_a_coin():
    """Guessing settings look better than one half where they were selected, and are worth a half outside."""
    correct = np.random.default_rng(0).random((200, 300)) < 0.5
    correct[0] = np.arange(300) % 2 == 0

    found = selection(correct, [1] * 200, default=0, best=0, seed=2)

    assert found.chosen > 0.58
    assert abs(found.left_out - 0.5) < 0.06
    assert found.optimism > 0.05


def test_ties_go_to_fewer_weights_then_to_the_first():
    """Equal settings: the one with fewest weights wins in each draw, the first of two such."""
    correct = np.tile(np.arange(50) % 5 > 0, (4, 1))

    found = selection(correct, [9, 3, 3, 7], default=0, best=1, seed=3)

    assert (found.winners, found.reported) == (1, 1.0)


def test_a_setting_that_is_always_right_gains_what_the_default_lacks():
    """The gain left out is the default's error, by hand 1/4 up to the noise of the draws."""
    correct = np.vstack([np.arange(400) % 4 > 0, np.ones(400, bool)])

    found = selection(correct, [1, 1], default=0, best=1, seed=4)

    assert found.left_out == 1.0
    assert found.gain == pytest.approx(0.25, abs=0.005)
    assert found.gain_low < 0.25 < found.gain_high
