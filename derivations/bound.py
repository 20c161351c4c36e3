"""The derivative of the sigmoid and how it is bounded (question 1e)."""

from __future__ import annotations

import sympy as sp

from derivations.formulas import Formula, claim, derivation, term
from derivations.notation import Total
from derivations.sigmoid import r, sigma, sigma_prime, u

HALF = sp.Rational(1, 2)
QUARTER = sp.Rational(1, 4)


def definition() -> sp.Expr:
    """Return sigma(r) by its definition, equation (6) of the sheet."""
    return sigma(r).rewrite(sp.exp)


def derivative() -> sp.Expr:
    """Return exp(-r) / (1 + exp(-r))**2, from the definition; SymPy applies the quotient rule."""
    return sp.diff(definition(), r)


def in_u(expression: sp.Expr) -> sp.Expr:
    """Write an expression in r over u = exp(-r) > 0, where the assumption engine can judge signs."""
    return expression.xreplace({sp.exp(-r): u})


def formulas_1e() -> tuple[Formula, ...]:
    """Return the formulas of question 1e."""
    asked = Total(sigma(r), r)
    product = sigma(r) * (1 - sigma(r))
    complement = claim("1e.complement", 1 - sigma(r), "=", sp.exp(-r) * definition(), slashed=True)
    return (
        claim("1e.definition", sigma(r), "=", definition(), slashed=True),
        claim("1e.asked", sp.Integer(0), "<", asked, "<", HALF),
        claim("1e.restated", sp.Integer(0), "<", asked, "<", HALF, slashed=True),
        derivation(
            "1e.derivative",
            asked,
            ("=", derivative(), "quotient rule"),
            ("=", product, f"since ${complement.latex}$"),
        ),
        complement,
        claim("1e.exp", sp.exp(-r), ">", sp.Integer(0)),
        claim("1e.range", sp.Integer(0), "<", sigma(r), "<", sp.Integer(1)),
        term("1e.rest", 1 - sigma(r)),
        term("1e.half", HALF),
        term("1e.quarter", QUARTER),
        term("1e.one", sp.Integer(1)),
        term("1e.zero", sp.Integer(0)),
        claim(
            "1e.square", sigma_prime(r), "=", QUARTER - (sigma(r) - HALF) ** 2, r"\le", QUARTER, slashed=True
        ),
    )
