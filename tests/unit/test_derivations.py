"""Problem 1 by hand: states, derivatives, the general form, gradient, bounds, examples and the figure."""

from __future__ import annotations

from fractions import Fraction
from math import exp, log10
from random import Random

import pytest
import sympy as sp
from mpmath import fp

from derivations import problem1, rnn, vanishing
from derivations.checks.exact import derivative
from derivations.functions import Total, sigma, sigma_prime
from derivations.notation import T, a, b, h, k, r, t, w1, w2, wo, x, y, z
from derivations.valuation import draw

FORMULAS = problem1.printed()
S1, S2, S3 = (sigma_prime(z(time)) for time in (1, 2, 3))
H1 = sigma(w1 * x(1))
H2 = sigma(w1 * x(2) + w2 * H1)
SCORE = wo * h(T) + b
U = sp.exp(-r)


def at(key: str, numbers: dict[sp.Symbol, int] | None = None) -> sp.Expr:
    """Return the right side of a formula with numbers for some of its indices, sums written out."""
    return FORMULAS[key].sides[-1].subs(numbers or {}).doit()


# Expected: by hand.
@pytest.mark.parametrize(
    ("found", "by_hand"),
    [
        (at("1a.h3"), sigma(w1 * x(3) + w2 * H2)),
        (rnn.differentiated(2), S2 * (x(2) + w2 * x(1) * S1)),
        (at("1c.general", {t: 3}), x(3) * S3 + w2 * x(2) * S2 * S3 + w2**2 * x(1) * S1 * S2 * S3),
        (at("1c.path", {t: 3, k: 1}), w2**2 * S2 * S3),
        (FORMULAS["1d.outer"].sides[1], -sigma_prime(a) / sigma(a)),
        (at("1d.gradient", {T: 1}), -y * wo * sigma(-y * (wo * h(1) + b)) * x(1) * S1),
        (at("1d.labels", {y: 1}), sigma(SCORE) - 1),
        (at("1d.labels", {y: -1}), sigma(SCORE)),
        (FORMULAS["1e.derivative"].sides[1], U / (1 + U) ** 2),
        (sp.diff(sigma(r**2), r), 2 * r * sigma_prime(r**2)),
        (
            rnn.total_derivative(y * (wo * h(t) + b) + x(t) + w1 * x(1) + z(t) * a),
            y * wo * Total(h(t), w1) + x(1) + a * Total(z(t), w1) + z(t) * Total(a, w1),
        ),
    ],
)
def test_what_is_derived_is_what_one_finds_by_hand(found: sp.Expr, by_hand: sp.Expr) -> None:
    """Each state, derivative and gradient is the one that is written down by hand."""
    assert sp.expand(found - by_hand) == 0


def test_a_derivative_is_multiplied_out_over_named_arguments() -> None:
    """The third derivative has three terms over sigma'(z_1) to sigma'(z_3), and no explicit argument."""
    assert {S1, S2, S3} == derivative(3).atoms(sp.Function) - {x(1), x(2), x(3), z(1), z(2), z(3)}
    assert 3 == len(derivative(3).args)


def test_the_example_at_rest_explodes() -> None:
    """With z_t = 0 throughout and w_2 = 8, d h_50 / d w_1 is 1 - 2^49."""
    found = Fraction(0)
    for time in range(1, 51):
        found = Fraction(1, 4) * ((0 if time == 1 else -4) + 8 * found)

    assert 1 - 2**49 == found
    assert "1 - 2^{49}" in FORMULAS["1f.rest.8"].latex


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
