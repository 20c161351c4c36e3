"""The derivative of the sigmoid and how it is bounded (question 1e)."""

from __future__ import annotations

import sympy as sp

from derivations.formulas import Formula, claim, derivation, term
from derivations.functions import Total, sigma, sigma_prime
from derivations.notation import r, u

HALF = sp.Rational(1, 2)
QUARTER = sp.Rational(1, 4)
DEFINITION = sigma(r).rewrite(sp.exp)  # equation (6) of the sheet


def in_u(expression: sp.Expr) -> sp.Expr:
    """Write an expression in r over u = exp(-r) > 0, where the assumption engine can judge signs."""
    return expression.xreplace({sp.exp(-r): u})


def formulas() -> tuple[Formula, ...]:
    """Return the formulas of question 1e."""
    asked, product = Total(sigma(r), r), sigma(r) * (1 - sigma(r))
    square = QUARTER - (sigma(r) - HALF) ** 2
    complement = claim("1e.complement", 1 - sigma(r), "=", sp.exp(-r) * DEFINITION, slashed=True)
    return (
        claim("1e.definition", sigma(r), "=", DEFINITION, slashed=True),
        claim("1e.asked", 0, "<", asked, "<", HALF),
        claim("1e.restated", 0, "<", asked, "<", HALF, slashed=True),
        derivation(
            "1e.derivative",
            asked,
            ("=", sp.diff(DEFINITION, r), "quotient rule"),
            ("=", product, f"since ${complement.latex}$"),
        ),
        complement,
        claim("1e.exp", sp.exp(-r), ">", 0),
        claim("1e.range", 0, "<", sigma(r), "<", 1),
        term("1e.rest", 1 - sigma(r)),
        term("1e.half", HALF),
        term("1e.quarter", QUARTER),
        term("1e.one", sp.Integer(1)),
        term("1e.zero", sp.Integer(0)),
        claim("1e.square", sigma_prime(r), "=", square, r"\le", QUARTER, slashed=True),
    )
