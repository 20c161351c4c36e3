"""Wrong versions of the answers, made from the right ones: what the checks must not let through."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy as sp

from derivations import bound, loss, rnn
from derivations.notation import T, b, h, j, k, t, w1, w2, wo, x, y, z
from derivations.sigmoid import sigma, sigma_prime, u

if TYPE_CHECKING:
    from collections.abc import Mapping


def of_1c() -> Mapping[str, sp.Expr]:
    """Return wrong versions of the general form, by what is wrong with them."""
    right = rnn.general()
    product = next(iter(right.atoms(sp.Product)))

    def product_over(low: sp.Expr, high: sp.Expr) -> sp.Expr:
        return right.xreplace({product: sp.Product(product.function, (j, low, high))})

    def sum_over(low: sp.Expr, high: sp.Expr) -> sp.Expr:
        return sp.Sum(right.function, (k, low, high))

    def factor(replaced: sp.Expr) -> sp.Expr:
        return right.xreplace({product: sp.Product(replaced, (j, k, t))})

    power = w2 ** (t - k)
    return {
        "exponent one too large": right.xreplace({power: w2 ** (t - k + 1)}),
        "exponent k - 1": right.xreplace({power: w2 ** (k - 1)}),
        "no w_2": right.xreplace({power: sp.Integer(1)}),
        "w_1 for w_2": right.xreplace({power: w1 ** (t - k)}),
        "product from k + 1": product_over(k + 1, t),
        "product up to t - 1": product_over(k, t - 1),
        "product from 1": product_over(sp.Integer(1), t),
        "sum up to t - 1": sum_over(sp.Integer(1), t - 1),
        "term k = 1 dropped": sum_over(sp.Integer(2), t),
        "input one later": right.xreplace({x(k): x(k + 1)}),
        "no x_k": right.xreplace({x(k): sp.Integer(1)}),
        "sigma for sigma'": factor(sigma(z(j))),
        "sigma' of h_j": factor(sigma_prime(h(j))),
        "sign": sp.Sum(-right.function, (k, 1, t)),
    }


def of_1d() -> Mapping[str, sp.Expr]:
    """Return wrong versions of the gradient."""
    right, argument = loss.gradient(), loss.argument()
    general = rnn.general(T)
    return {
        "sign": -right,
        "no y": right / y,
        "no w_o": right / wo,
        "sigma(a) for sigma(-a)": right.xreplace({sigma(-argument): sigma(argument)}),
        "no b": right.xreplace({sigma(-argument): sigma(-argument.xreplace({b: sp.Integer(0)}))}),
        "(c) at T - 1": right.xreplace({general: rnn.general(T - 1)}),
    }


def of_1e() -> Mapping[str, sp.Expr]:
    """Return wrong versions of the derivative of the sigmoid, over u = exp(-r)."""
    right = bound.in_u(bound.derivative())
    return {
        "sign": -right,
        "denominator not squared": right * (1 + u),
        "sigma squared": right / u,
        "numerator 2 u": 2 * right,
    }
