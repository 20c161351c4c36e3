"""The loss of one example and its gradient with respect to w_1 (question 1d)."""

from __future__ import annotations

import sympy as sp

from derivations.formulas import Formula, claim, derivation, inline, term
from derivations.notation import L, T, Total, a, b, h, w1, wo, y
from derivations.rnn import general, total_derivative
from derivations.sigmoid import sigma, sigma_prime


def argument() -> sp.Expr:
    """Return a = y (w_o h_T + b), the argument of sigma in the loss."""
    return y * (wo * h(T) + b)


def loss() -> sp.Expr:
    """Return the loss on the atom a; differentiated there, the order of the sheet is kept."""
    return -sp.log(sigma(a))


def derivative_in_a() -> sp.Expr:
    """Return d L / d a = -sigma'(a) / sigma(a)."""
    return sp.diff(loss(), a)


def gradient() -> sp.Expr:
    """Return the answer to 1d: -y w_o sigma(-y (w_o h_T + b)) times the general form at t = T."""
    outer = -sigma(-argument())  # equals derivative_in_a() at a = argument(); a check proves it
    inner = total_derivative(argument()).xreplace({Total(h(T), w1): general(T)})
    return outer * inner


def prediction_minus_target() -> sp.Expr:
    """Return the factor of w_o d h_T / d w_1 in one form for both labels; the target (1 + y)/2 is 1 or 0."""
    target = sp.Mul(sp.Rational(-1, 2), 1 + y, evaluate=False)  # SymPy would multiply it out
    return sp.Add(sigma(wo * h(T) + b), target, evaluate=False)


def formulas_1d() -> tuple[Formula, ...]:
    """Return the formulas of question 1d."""
    minus_rest = sp.Mul(-1, 1 - sigma(a), evaluate=False)
    inner = total_derivative(argument())
    flip = claim("1d.flip", 1 - sigma(a), "=", sigma(-a))
    prime = claim("1d.prime", sigma_prime(a), "=", sigma(a) * (1 - sigma(a)))
    short = -sigma(-argument()) * inner
    return (
        claim("1d.a", a, "=", argument()),
        claim("1d.L", L, "=", loss()),
        claim("1d.loss", L, "=", loss().xreplace({a: argument()})),
        flip,
        prime,
        derivation(
            "1d.outer",
            Total(L, a),
            ("=", derivative_in_a(), None),
            ("=", minus_rest, f"by (e), ${prime.latex}$"),
            ("=", -sigma(-a), f"since ${flip.latex}$"),
        ),
        derivation("1d.inner", Total(a, w1), ("=", inner, f"only {inline(h(T))} depends on {inline(w1)}")),
        derivation(
            "1d.chain",
            Total(L, w1),
            ("=", Total(L, a) * Total(a, w1), None),
            ("=", short, "chain rule"),
        ),
        claim("1d.gradient", Total(L, w1), "=", gradient()),
        term("1d.weight", sigma(-a)),
        claim("1d.labels", -y * sigma(-a), "=", prediction_minus_target(), slashed=True),
        term("1d.target", sp.Mul(sp.Rational(1, 2), 1 + y, evaluate=False)),
    )
