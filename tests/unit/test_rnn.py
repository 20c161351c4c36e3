"""The recurrent network: explicit states, derivatives, the general form, the proof."""

from __future__ import annotations

import pytest
import sympy as sp

from derivations import rnn
from derivations.checks import exact
from derivations.notation import Partial, Total, a, b, h, j, k, t, w1, w2, wo, x, y, z
from derivations.sigmoid import sigma, sigma_prime


def test_the_first_states_are_nested_sigmoids() -> None:
    """h_1, h_2 and h_3 are what one writes down by hand, without h_0."""
    first = sigma(w1 * x(1))
    second = sigma(w1 * x(2) + w2 * first)
    third = sigma(w1 * x(3) + w2 * second)

    assert (first, second, third) == tuple(rnn.state(time) for time in (1, 2, 3))


def test_the_second_derivative_in_time_is_what_the_chain_rule_gives_by_hand() -> None:
    """D h_2 / d w_1 = sigma'(z_2) (x_2 + w_2 x_1 sigma'(z_1))."""
    by_hand = sigma_prime(z(2)) * (x(2) + w2 * x(1) * sigma_prime(z(1)))

    assert by_hand == rnn.named(rnn.direct_derivative(2), 2)


def test_the_general_form_at_three_is_the_sum_of_three_terms() -> None:
    """At t = 3 the general form is the summed form of (b), written by hand."""
    s1, s2, s3 = (sigma_prime(z(time)) for time in (1, 2, 3))
    by_hand = x(3) * s3 + w2 * x(2) * s2 * s3 + w2**2 * x(1) * s1 * s2 * s3

    assert sp.expand(by_hand - rnn.general(sp.Integer(3)).doit()) == 0


def test_a_path_over_two_steps_has_two_derivatives_and_w2_squared() -> None:
    """The path from h_1 to h_3 is w_2^2 sigma'(z_2) sigma'(z_3)."""
    by_hand = w2**2 * sigma_prime(z(2)) * sigma_prime(z(3))

    assert by_hand == rnn.path(sp.Integer(3), sp.Integer(1)).doit()


def test_states_and_the_margin_depend_on_the_weight_and_inputs_do_not() -> None:
    """A total derivative goes into h, z and a, and treats x, b, w_o and y as constants."""
    derivative = rnn.total_derivative(y * (wo * h(t) + b) + x(t) + w1 * x(1) + z(t) * a)

    by_hand = y * wo * Total(h(t), w1) + x(1) + a * Total(z(t), w1) + z(t) * Total(a, w1)
    assert sp.expand(by_hand - derivative) == 0


def test_the_proof_goes_through_in_every_part() -> None:
    """Base, limits, terms and last term of the induction all hold for the general form."""
    assert all(exact.proof(rnn.general()).values())


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        (rnn.general().xreplace({w2 ** (t - k): sp.Integer(1)}), "terms"),
        (rnn.general().xreplace({x(k): x(k + 1)}), "base"),
        (sp.Sum(rnn.general().function, (k, 2, t)), "base"),
        (sp.Sum(x(k) * w2 ** (t - k) * sp.Product(sigma_prime(z(j)), (j, 1, t)), (k, 1, t)), "last"),
    ],
)
def test_a_wrong_form_fails_in_the_part_of_the_proof_that_it_breaks(wrong: sp.Expr, part: str) -> None:
    """A form without w_2 fails in the step, a shifted one in the base, a longer product in the last term."""
    assert not exact.proof(wrong)[part]


def test_a_path_factor_is_named_after_the_states_that_it_joins() -> None:
    """The formula for a path has the partial derivative on its left, the product on its right."""
    formula = next(formula for formula in rnn.formulas_1c() if formula.key == "1c.path")

    assert (Partial(h(t), h(k)), rnn.path()) == formula.sides
