"""The statistics: small cases that can be counted out."""

from itertools import product

import numpy as np
import pytest

from experiments.assessment import Spread
from experiments.uncertainty import bootstrap


def test_spread_summarises_seeds():
    """Mean and sample deviation of 2, 4, 4, 4, 5, 5, 7, 9: 5 and sqrt(32 / 7)."""
    found = Spread((2, 4, 4, 4, 5, 5, 7, 9))

    assert (found.mean, found.lowest, found.highest) == (5.0, 2, 9)
    assert found.deviation == pytest.approx((32 / 7) ** 0.5)
    assert Spread((7,)).deviation == 0.0


def by_hand(right, sizes, default, draws):
    """Do the rounds one by one in plain Python, for the given draws."""
    samples = len(right[0])
    rows = []
    for draw in draws:
        counts = [sum(setting[i] for i in draw) for setting in right]
        winner = min(range(len(right)), key=lambda s: (-counts[s], sizes[s], s))
        out = [i for i in range(samples) if i not in draw]
        if out:
            rows.append(
                (
                    winner,
                    counts[winner] / samples,
                    sum(right[winner][i] for i in out) / len(out),
                    sum(right[default][i] for i in out) / len(out),
                )
            )
    return rows


@pytest.mark.parametrize("data_seed", [11, 12, 13])
def test_the_bootstrap_is_the_one_done_by_hand(data_seed):
    """Twelve settings with ties in score and size, 40 samples, 600 rounds: every figure counted out."""
    generator = np.random.default_rng(data_seed)
    right = generator.random((12, 40)) < 0.7
    right[5] = right[2]
    sizes = [30, 10, 20, 20, 10, 20, 30, 30, 10, 20, 20, 10]
    drawing = np.random.default_rng(4)
    draws = [draw for rounds in (250, 250, 100) for draw in drawing.integers(40, size=(rounds, 40)).tolist()]

    rows = by_hand(right.tolist(), sizes, 3, draws)
    found = bootstrap(right, sizes, default=3, seed=4, rounds=600)

    winner, drawn, left, default = (np.array(column) for column in zip(*rows, strict=True))
    counts = right.sum(axis=1).tolist()
    champion = min(range(12), key=lambda s: (-counts[s], sizes[s], s))
    assert found.rounds == len(rows)
    assert found.selected == pytest.approx(drawn.mean())
    assert found.left_out == pytest.approx(left.mean())
    assert found.selected - found.left_out == pytest.approx(drawn.mean() - left.mean())
    assert found.gain == pytest.approx((left - default).mean())
    assert (found.gain_low, found.gain_high) == pytest.approx(np.percentile(left - default, [2.5, 97.5]))
    assert found.winners == len(set(winner.tolist()))
    assert found.kept == pytest.approx(np.mean(winner == champion))


def test_the_bootstrap_tends_to_the_exact_expectation():
    """For three samples all 27 draws can be listed; many rounds come near their mean."""
    right = [[True, True, False], [False, True, True], [True, False, False]]
    rows = by_hand(right, [1, 1, 1], 2, list(product(range(3), repeat=3)))

    found = bootstrap(np.array(right), [1, 1, 1], default=2, seed=0, rounds=40_000)

    assert found.left_out == pytest.approx(np.mean([row[2] for row in rows]), abs=0.01)
    assert found.selected == pytest.approx(np.mean([row[1] for row in rows]), abs=0.01)


def test_one_sample_is_too_few():
    """With one sample no round can leave any out."""
    with pytest.raises(ValueError, match="at least two samples"):
        bootstrap(np.array([[True]]), [1], default=0, seed=0)
