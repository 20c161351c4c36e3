"""The loss of one example and its gradient with respect to w_1 (question 1d)."""

from __future__ import annotations

import sympy as sp

from derivations.formulas import Formula, claim, derivation, inline, term
from derivations.functions import Total, sigma, sigma_prime
from derivations.notation import L, T, a, b, h, w1, wo, y
from derivations.rnn import general, total_derivative

ARGUMENT = y * (wo * h(T) + b)  # a, the argument of sigma in the loss
LOSS = -sp.log(sigma(a))  # on the atom a; differentiated there, the order of the sheet is kept


def formulas() -> tuple[Formula, ...]:
    """Return the formulas of question 1d; unevaluated products are those that SymPy would multiply out."""
    flip = claim("1d.flip", 1 - sigma(a), "=", sigma(-a))
    prime = claim("1d.prime", sigma_prime(a), "=", sigma(a) * (1 - sigma(a)))
    inner = total_derivative(ARGUMENT)
    short = -sigma(-ARGUMENT) * inner
    target = sp.Mul(sp.Rational(-1, 2), 1 + y, evaluate=False)  # -1 or 0
    error = sp.Add(sigma(wo * h(T) + b), target, evaluate=False)
    return (
        claim("1d.a", a, "=", ARGUMENT),
        claim("1d.L", L, "=", LOSS),
        claim("1d.loss", L, "=", LOSS.xreplace({a: ARGUMENT})),
        flip,
        prime,
        derivation(
            "1d.outer",
            Total(L, a),
            ("=", sp.diff(LOSS, a), None),
            ("=", sp.Mul(-1, 1 - sigma(a), evaluate=False), f"by (e), ${prime.latex}$"),
            ("=", -sigma(-a), f"since ${flip.latex}$"),
        ),
        derivation("1d.inner", Total(a, w1), ("=", inner, f"only {inline(h(T))} depends on {inline(w1)}")),
        derivation(
            "1d.chain",
            Total(L, w1),
            ("=", Total(L, a) * Total(a, w1), None),
            ("=", short, "chain rule"),
        ),
        claim("1d.gradient", Total(L, w1), "=", short.xreplace({Total(h(T), w1): general(T)})),
        term("1d.weight", sigma(-a)),
        claim("1d.labels", -y * sigma(-a), "=", error, slashed=True),
    )
