"""What 1f says in numbers: exact examples, rounded powers and the figure."""

from __future__ import annotations

from fractions import Fraction
from math import exp, log10

import pytest
import sympy as sp
from mpmath import MPContext, fp

from derivations import contributions, vanishing
from derivations.rnn import forward


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (sp.Integer(2) ** -50, "8.9e-16"),
        (sp.Integer(4) ** -50, "7.9e-31"),
        (1 - sp.Integer(2) ** 49, "-5.6e+14"),
    ],
)
def test_powers_are_rounded_from_exact_integers(value: sp.Rational, printed: str) -> None:
    """2^-50 is 8.9e-16 and 4^-50 is 7.9e-31, as any calculator says."""
    assert printed == vanishing.rounded(value).text


def test_the_example_at_rest_explodes_as_the_exact_fractions_say() -> None:
    """With z_t = 0 throughout and w_2 = 8, d h_50 / d w_1 is 1 - 2^49."""
    derivative = Fraction(0)
    for time in range(1, 51):
        derivative = Fraction(1, 4) * ((0 if time == 1 else -4) + 8 * derivative)

    formulas = {formula.key: formula for formula in vanishing.formulas_1f()}
    assert 1 - 2**49 == derivative
    assert "1 - 2^{49}" in formulas["1f.rest.8"].latex


def test_off_the_example_little_is_left() -> None:
    """A w_1 that is off by 1e-12 leaves some thousands of the 5.6e14."""
    assert 7e3 < -vanishing.cliff() < 8e3


def test_weights_of_three_steps_are_what_one_computes_by_hand() -> None:
    """The weights are running products of |w_2| sigma'(z_j), from the newest back."""
    h1 = 1 / (1 + exp(-0.5))
    h2 = 1 / (1 + exp(-(-1 + 2 * h1)))
    ages = [0.0, log10(2 * h2 * (1 - h2)), log10(2 * h2 * (1 - h2) * 2 * h1 * (1 - h1))]

    assert ages == pytest.approx(contributions.weights(fp, "2", ("0.5", "-1.0", "0.25")), abs=1e-14)


def test_the_forward_pass_carries_its_derivative() -> None:
    """The derivative of h_2 by the recursion is the one by a difference quotient."""
    ctx = MPContext()
    ctx.dps = 40
    xs = [ctx.mpf("0.3"), ctx.mpf("-0.8")]

    def last(w1: object) -> object:
        return list(forward(ctx.exp, w1, ctx.mpf("1.5"), xs))[-1].state

    found = list(forward(ctx.exp, ctx.mpf("0.9"), ctx.mpf("1.5"), xs))[-1].derivative

    assert abs(ctx.diff(last, ctx.mpf("0.9")) - found) < 1e-30


def test_inputs_depend_on_seed_and_run_alone() -> None:
    """The same seed and run give the same six-place decimals; another run gives others."""
    one = contributions.inputs(0, 0)

    assert one == contributions.inputs(0, 0)
    assert one != contributions.inputs(0, 1)
    assert all(len(value.partition(".")[2]) == 6 for value in one)
    assert 50 == len(one)


def test_every_run_stays_below_the_sharp_bound() -> None:
    """In the figure, at every age, the highest run is at or below the bound with 1/4."""
    for curve in contributions.measure(0).curves:
        steps = log10(float(curve.w2) / 4)

        assert 50 == len(curve.median)
        assert all(high <= age * steps + 1e-9 for age, high in enumerate(curve.highest))
        assert all(
            low <= mid <= high
            for low, mid, high in zip(curve.lowest, curve.median, curve.highest, strict=True)
        )
