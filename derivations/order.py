"""The order in which the sheet writes things: which factor, which term comes first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy as sp

from derivations.notation import w2

if TYPE_CHECKING:
    from collections.abc import Sequence

INDEXED = {"x", "h", "z", "G"}
# Factors are written in this order, and sums are sorted by the first factor of their terms.
_ORDER = (
    *(r"\eta", r"\delta", "y", "w_o", "w_1", "x", "X", "w_2", "z", "h", "L", "a", "b", "G"),
    *("u", "r", "T", "t", "k", "j"),
)
_RANK = {name: rank for rank, name in enumerate(_ORDER)}


def around_fraction(factors: Sequence[sp.Expr], *, has_denominator: bool) -> tuple[list[sp.Expr], ...]:
    """Decide which factors stand before a fraction, in its numerator, and after it.

    A quotient of sums keeps the symbols in front, p (1 - q)/(1 - r); a logarithm stands behind; a numerical
    fraction takes in one symbol, or a lone sum, and no more.
    """
    symbols = [factor for factor in factors if factor_key(factor)[0] <= 1]
    others = [factor for factor in factors if factor_key(factor)[0] > 1]
    logs = [factor for factor in others if isinstance(factor, sp.log)]
    if has_denominator:
        others = [factor for factor in others if factor not in logs]
        return (symbols, others, logs) if symbols and others else ([], [*symbols, *others], logs)
    if len(symbols) == 1:
        return [], symbols, others
    return ([], list(factors), []) if len(factors) == 1 else ([], [], [*symbols, *others])


def factor_key(factor: sp.Expr) -> tuple[Any, ...]:
    """Sort factors: numbers, symbols by rank, functions, sums, derivatives, big operators."""
    base = factor.as_base_exp()[0] if isinstance(factor, sp.Pow) else factor
    if isinstance(base, sp.Abs):
        base = base.args[0]
    name = base.func.__name__
    if base.is_Number or name in {"Numeral", "Power"}:
        return (0, 0, (0, 0), str(factor))
    if isinstance(base, sp.Symbol):
        return (1, _RANK[base.name], (0, 0), "")
    if name in INDEXED:
        return (1, _RANK[name], _index_key(base.args[0]), "")
    if name in {"Total", "Partial"}:
        return (4, *factor_key(base.args[0]))
    group = {"Add": 3, "Mul": 3, "Product": 5, "Sum": 6}.get(name, 2)
    inner = base.args[0] if group == 2 and base.args[0].args else base
    return (group, 0, _index_key(inner.args[0]) if name == "sigma_prime" else (0, 0), str(factor))


def _index_key(index: sp.Expr) -> tuple[int, Any]:
    return (0, int(index)) if index.is_Integer else (1, str(index))


def term_key(term: sp.Expr, index: bool) -> tuple[Any, ...]:
    """Sort the terms of a sum by the power of w_2, then by the factors.

    A number comes first (1 - h_t), but last in the arithmetic of indices (t + 1).
    """
    rest = term.as_coeff_Mul()[1]
    if rest == 1:
        return (1 if index else -1, 0, ())
    degree = rest.as_powers_dict().get(w2, 0)
    order = int(degree) if sp.sympify(degree).is_Integer else 0
    first = min(factor_key(factor) for factor in sp.Mul.make_args(rest))
    return (0, order, first)
