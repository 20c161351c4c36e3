"""The sigmoid: its calculus, its derivative, the certificates of its bound."""

from __future__ import annotations

import pytest
import sympy as sp

from derivations import bound
from derivations.checks import derivative
from derivations.sigmoid import r, sigma, sigma_prime, u

QUARTER = sp.Rational(1, 4)


def test_the_derivative_of_sigma_is_one_opaque_glyph() -> None:
    """Differentiating sigma(r^2) gives sigma'(r^2) times the inner derivative."""
    assert 2 * r * sigma_prime(r**2) == sp.diff(sigma(r**2), r)


def test_the_values_at_zero_are_exact() -> None:
    """sigma(0) = 1/2 and sigma'(0) = 1/4, as rationals."""
    assert (sp.Rational(1, 2), QUARTER) == (sigma(sp.Integer(0)), sigma_prime(sp.Integer(0)))


def test_the_derivative_is_the_quotient_rule_s_result() -> None:
    """D sigma / d r = exp(-r) / (1 + exp(-r))^2."""
    assert sp.exp(-r) / (1 + sp.exp(-r)) ** 2 == bound.derivative()


def test_a_quarter_minus_the_derivative_is_a_square() -> None:
    """1/4 - sigma' = (1 - u)^2 / (4 (1 + u)^2) over u = exp(-r)."""
    gap = QUARTER - bound.in_u(bound.derivative())
    assert sp.cancel(gap - (1 - u) ** 2 / (4 * (1 + u) ** 2)) == 0


def test_the_certificate_finds_nothing_wrong_with_the_derivative() -> None:
    """All five parts of the certificate hold for u / (1 + u)^2."""
    assert derivative.certificate(u / (1 + u) ** 2) == []


@pytest.mark.parametrize(
    ("wrong", "claim"),
    [
        (-u / (1 + u) ** 2, "sigma' > 0"),
        (u / (1 + u), "1/2 - sigma' > 0"),
        (2 * u / (1 + u) ** 2, "1/4 - sigma' >= 0"),
        (u / (2 * (1 + u) ** 2), "1/4 - sigma' is a square"),
        (QUARTER - ((u - 2) / (u + 2)) ** 2 / 4, "1/4 - sigma' = 0 only at u = 1"),
    ],
)
def test_the_certificate_names_what_a_wrong_derivative_breaks(wrong: sp.Expr, claim: str) -> None:
    """Each wrong derivative fails in the claim that it contradicts."""
    assert claim in derivative.certificate(wrong)
