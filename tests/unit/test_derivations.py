"""What problem 1 is made with: the runs of its figure, points of a kind, formulas by key."""

from __future__ import annotations

from math import exp, log10
from random import Random

import pytest
from mpmath import fp

from derivations import problem1, rnn, vanishing
from derivations.valuation import draw


def test_weights_of_three_steps_are_what_one_computes_by_hand() -> None:
    """The weights are running products of |w_2| sigma'(z_j), from the newest back."""
    h1 = 1 / (1 + exp(-0.5))
    h2 = 1 / (1 + exp(-(-1 + 2 * h1)))
    ages = [0.0, log10(2 * h2 * (1 - h2)), log10(2 * h2 * (1 - h2) * 2 * h1 * (1 - h1))]

    assert ages == pytest.approx(vanishing.weights(fp, 2.0, (0.5, -1.0, 0.25)), abs=1e-14)


def test_the_figure_sums_up_runs_whose_inputs_depend_on_seed_and_run_alone() -> None:
    """Six-place decimals, the same for the same run; the lowest, the median and the highest of each age."""
    one = vanishing.inputs(0, 0)
    runs = vanishing.Runs((one, one, one), {"2": ((0.0, -1.0), (0.0, -3.0), (0.0, -2.0))})
    (curve,) = vanishing.figure(runs)["curves"]

    assert one == vanishing.inputs(0, 0) != vanishing.inputs(0, 1)
    assert [6] * 50 == [len(value.partition(".")[2]) for value in one]
    assert ([0.0, -3.0], [0.0, -2.0], [0.0, -1.0]) == tuple(
        curve[one] for one in ("lowest", "median", "highest")
    )


def test_a_kind_of_point_has_the_numbers_in_its_name() -> None:
    """'any, w_2=1, T>=50' fixes w_2 at 1 and T at 50 or more; at rest every z_t is 0."""
    found = draw("any, w_2=1, T>=50", Random(0), fp)
    rest = draw("at rest, w_1=1, w_2=8, T=50", Random(0), fp)

    assert 1 == found("w_2")
    assert 50 <= found("T") <= 60
    assert (8, 50, 0) == (rest("w_2"), rest("T"), rest("z", 50))


def test_two_formulas_with_one_key_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is given twice is an error that names it."""
    monkeypatch.setattr(problem1, "PARTS", (rnn, rnn))

    with pytest.raises(ValueError, match="recursion"):
        problem1.printed()
