"""What 1f says in numbers: exact examples, rounded powers, the knife edge, the table and the figure."""

from __future__ import annotations

from fractions import Fraction
from math import exp, log10

import pytest
import sympy as sp
from mpmath import MPContext, fp

from derivations import contributions, vanishing
from derivations.network import forward


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (sp.Integer(2) ** -50, "8.9e-16"),
        (sp.Integer(2) ** -100, "7.9e-31"),
        (sp.Integer(4) ** -50, "7.9e-31"),
        (sp.Integer(4) ** -100, "6.2e-61"),
        (1 - sp.Integer(2) ** 49, "-5.6e+14"),
    ],
)
def test_powers_are_rounded_from_exact_integers(value: sp.Rational, printed: str) -> None:
    """2^-50 is 8.9e-16 and 4^-50 is 7.9e-31, as any calculator says."""
    assert printed == vanishing.rounded(value).text


def test_the_example_at_rest_explodes_as_the_exact_fractions_say() -> None:
    """With z_t = 0 throughout, d h_50 / d w_1 is -49/2 for w_2 = 4 and 1 - 2^49 for w_2 = 8."""
    found = {}
    for w2, x in ((4, -2), (8, -4)):
        derivative = Fraction(0)
        for time in range(1, 51):
            derivative = Fraction(1, 4) * ((0 if time == 1 else x) + w2 * derivative)
        found[w2] = derivative

    assert {4: Fraction(-49, 2), 8: 1 - Fraction(2) ** 49} == found
    formulas = {formula.key: formula for formula in vanishing.formulas_1f()}
    assert formulas["1f.rest.4"].sides[1] == sp.Rational(-49, 2)


def test_the_widest_interval_is_that_of_the_literature() -> None:
    """Nielsen's exercise: about 0.45 wide, near |w_2| = 6.9."""
    edge = vanishing.knife_edge()

    assert (0.4477, 6.894) == (round(edge.width, 4), round(edge.weight, 3))


def test_off_the_knife_edge_the_example_no_longer_explodes() -> None:
    """A w_1 that is off by 1e-12 leaves some thousands of the 5.6e14."""
    assert 7e3 < -vanishing.cliff() < 8e3


@pytest.mark.parametrize(
    ("w2", "quarter", "half"), [("0.5", -44.3, -29.5), ("1", -29.5, -14.8), ("4", 0.0, 14.8)]
)
def test_the_bounds_of_the_oldest_term_are_powers_of_the_age(w2: str, quarter: float, half: float) -> None:
    """At T = 50 the oldest term is 49 steps old: 49 log10 of |w_2|/4 and |w_2|/2."""
    found = [contributions.bound(fp, slope, w2, 49) for slope in (4, 2)]

    assert [quarter, half] == [round(value, 1) for value in found]


def test_a_trace_of_three_steps_is_what_one_computes_by_hand() -> None:
    """The weights are running products of |w_2| sigma'(z_j), from the newest back."""
    xs, w2 = ("0.5", "-1.0", "0.25"), "2"
    h1 = 1 / (1 + exp(-0.5))
    h2 = 1 / (1 + exp(-(-1 + 2 * h1)))
    ages = [0.0, log10(2 * h2 * (1 - h2)), log10(2 * h2 * (1 - h2) * 2 * h1 * (1 - h1))]

    found = contributions.trace(fp, w2, xs, (3,))[0]

    assert ages == pytest.approx(found.log_weights, abs=1e-14)


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
    assert 100 == len(one)


@pytest.fixture(scope="module")
def measured() -> tuple[tuple[contributions.Row, ...], contributions.Figure]:
    """Measure once."""
    return contributions.measure(0)


def test_old_terms_fade_while_the_derivative_stays(
    measured: tuple[tuple[contributions.Row, ...], contributions.Figure],
) -> None:
    """From T = 50 to 100 the oldest term loses dozens of orders; the derivative stays (a factor of 2)."""
    rows, _ = measured

    assert all(row.medians[0] - row.medians[1] > 25 for row in rows)
    assert all(0.5 < row.derivatives[0] / row.derivatives[1] < 2 for row in rows)
    slowest = max(rows, key=lambda row: row.medians[0])
    assert "2" == slowest.w2  # saturation: larger weights fade faster again


def test_every_run_stays_below_the_tight_bound(
    measured: tuple[tuple[contributions.Row, ...], contributions.Figure],
) -> None:
    """In the figure, at every age, the highest run is at or below both bounds where |w_2| < 4."""
    _, figure = measured

    for panel in figure.panels:
        assert 50 == len(panel.median)
        pairs = zip(panel.highest, panel.bound_quarter, panel.bound_half, strict=True)
        assert all(high <= quarter + 1e-9 <= half + 2e-9 for high, quarter, half in pairs)


def test_the_lines_of_half_an_ulp_are_those_of_ieee_754() -> None:
    """Half a unit in the last place of 1 is 2^-24 in float32 and 2^-53 in float64."""
    assert (("float32", 24), ("float64", 53)) == contributions.HALF_ULPS


def test_the_table_shows_the_bounds_at_both_lengths(
    measured: tuple[tuple[contributions.Row, ...], contributions.Figure],
) -> None:
    """For w_2 = 1 the oldest of T terms is T - 1 steps old: 4^-49, 2^-49, 4^-99, 2^-99 as powers of ten."""
    row = next(row for row in measured[0] if row.w2 == "1")

    assert (-29.5, -59.6) == tuple(round(value, 1) for value in row.bounds_quarter)
    assert (-14.8, -29.8) == tuple(round(value, 1) for value in row.bounds_half)
