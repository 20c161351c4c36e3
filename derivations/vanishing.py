"""Why old inputs fade from the gradient: bounds on its terms, and what they do not say (question 1f)."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import sympy as sp

from derivations.formulas import Formula, claim, term
from derivations.loss import argument
from derivations.notation import (
    G,
    L,
    Numeral,
    Partial,
    Power,
    T,
    Total,
    X,
    b,
    delta,
    eta,
    h,
    j,
    k,
    t,
    w1,
    w2,
    wo,
    x,
    y,
    z,
)
from derivations.rnn import forward
from derivations.samples import context
from derivations.sigmoid import sigma, sigma_prime

ONE, HALF, QUARTER = sp.Integer(1), sp.Rational(1, 2), sp.Rational(1, 4)
OFF_REST = 1 + Power(10, -12)  # the w_1 of the cliff


def term_of_gradient() -> sp.Expr:
    """Return G_k, the term of the gradient (1d) that holds x_k, with delta for sigma(-a)."""
    return -delta * y * wo * x(k) * w2 ** (T - k) * product_of_derivatives(k, T)


def bound_of_term(constant: sp.Rational) -> sp.Expr:
    """Return the bound on |G_k| that follows from a bound on sigma'."""
    return constant * abs(wo) * abs(x(k)) * (constant * abs(w2)) ** (T - k)


def product_of_derivatives(first: sp.Expr | int, last: sp.Expr) -> sp.Expr:
    """Return the product of sigma'(z_j) over a stretch of time."""
    return sp.Product(sigma_prime(z(j)), (j, first, last))


def newest_at_least() -> sp.Expr:
    """Return the lower bound on |G_T| in which T occurs only as the index of the newest input."""
    return sigma(-abs(wo) - abs(b)) * abs(wo) * abs(x(T)) * sigma_prime(abs(w1) * X + abs(w2))


def path_at_rest() -> sp.Expr:
    """Return d h_T / d h_k where every sigma' is 1/4."""
    return (w2 / 4) ** (T - k)


def mean_of_path() -> sp.Expr:
    """Return the bound on the mean of |d h_T / d h_k| over all h_k between 0 and 1."""
    return sp.tanh(abs(w2) / 4)


def cliff() -> float:
    """Return d h_50 / d w_1 for w_2 = 8 and the inputs at rest for w_1 = 1, when w_1 is off by 1e-12."""
    ctx = context(50)
    steps = forward(ctx.exp, 1 + ctx.mpf(10) ** -12, ctx.mpf(8), [0, *[-4] * 49])
    return float(list(steps)[-1].derivative)


def rounded(value: Any, digits: int = 2) -> Numeral:
    """Round an exact integer or fraction, or a float, to so many significant digits, as it is printed."""
    with localcontext() as context:
        context.prec = 60
        exact = sp.Rational(value)
        return Numeral(f"{Decimal(int(exact.p)) / Decimal(int(exact.q)):.{digits - 1}e}")


def formulas_1f() -> tuple[Formula, ...]:
    """Return the formulas of question 1f."""
    return (*_answer(), *_remarks())


def _answer() -> tuple[Formula, ...]:
    first = abs(wo) * abs(x(1))
    from_50 = "w2=1, T>=50"
    counted = abs(wo) * abs(x(k)) * abs(w2) ** (T - k) * Power(HALF, T - k + 1)
    return (
        claim("1f.sum", Total(L, w1), "=", sp.Sum(G(k), (k, 1, T))),
        claim("1f.Gk", G(k), "=", term_of_gradient()),
        claim("1f.delta", delta, "=", sigma(-argument())),
        claim("1f.deltarange", sp.Integer(0), "<", delta, "<", ONE),
        claim("1f.absy", abs(y), "=", ONE),
        claim("1f.derivatives", sp.Integer(0), "<", sigma_prime(z(j)), "<", HALF, slashed=True),
        term("1f.nderivatives", T - k + 1),
        term("1f.age", T - k),
        claim("1f.bound", abs(G(k)), r"\le", counted, "=", bound_of_term(HALF)),
        claim(
            "1f.G1",
            abs(G(1)),
            r"\le",
            Power(2, -T) * first,
            r"\le",
            Power(2, -50) * first,
            r"\approx",
            rounded(sp.Integer(2) ** -50) * first,
            sample=from_50,
        ),
        term("1f.step", -eta * Total(L, w1)),
        term("1f.share", -eta * G(1)),
        claim("1f.only", Total(L, w1), "=", G(1), slashed=True, sample="only x1"),
    )


def _remarks() -> tuple[Formula, ...]:
    fifty = Total(h(50), w1)
    return (
        claim("1f.newest", abs(G(T)), r"\ge", newest_at_least()),
        claim("1f.onesign", abs(Total(L, w1)), r"\ge", abs(G(T)), slashed=True, sample="one sign"),
        claim("1f.quarter", abs(G(k)), r"\le", bound_of_term(QUARTER)),
        term("1f.power", Power(2, -50)),
        claim("1f.tight", Power(4, -50), r"\approx", rounded(sp.Integer(4) ** -50)),
        claim("1f.rest.x1", x(1), "=", sp.Integer(0), sample="at rest"),
        claim("1f.rest.x", x(t), "=", -w2 / 2, slashed=True, sample="at rest"),
        claim("1f.rest.z", z(t), "=", sp.Integer(0), sample="at rest"),
        claim("1f.rest.path", Partial(h(T), h(k)), "=", path_at_rest(), slashed=True, sample="at rest"),
        claim(
            "1f.rest.8",
            fifty,
            "=",
            1 - Power(2, 49),
            r"\approx",
            rounded(1 - sp.Integer(2) ** 49),
            slashed=True,
            sample="at rest, w2=8",
        ),
        claim("1f.cliff.x", x(t), "=", sp.Integer(-4), sample="at rest, w2=8"),
        claim("1f.cliff.w1", w1, "=", OFF_REST, sample="off rest, w2=8"),
        claim("1f.cliff", fifty, r"\approx", rounded(cliff()), slashed=True, sample="off rest, w2=8"),
        claim("1f.mean", mean_of_path(), "<", ONE, slashed=True),
        term("1f.path", abs(Partial(h(T), h(k)))),
        term("1f.weight", abs(w2) ** (T - k) * product_of_derivatives(k, T - 1)),
        term("1f.bound2", (abs(w2) / 2) ** (T - k)),
        term("1f.bound4", (abs(w2) / 4) ** (T - k)),
    )
