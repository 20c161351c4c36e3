"""The symbols of the sheet as SymPy objects; a symbol's name is what is printed for it.

Quantities that carry an index (x_t, h_t, z_t, G_k) are functions of that index, so that sums bind it.
"""

# mypy: allow-subclassing-any
from __future__ import annotations

from typing import Any, Self

import sympy as sp

w1, w2, wo, b, y = sp.symbols("w_1 w_2 w_o b y", real=True)
t, k, j, T = sp.symbols("t k j T", integer=True)

x, h, z, G = (sp.Function(name, real=True) for name in ("x", "h", "z", "G"))

a = sp.Symbol("a", real=True)  # the argument of the loss, y (w_o h_T + b)
L = sp.Symbol("L", real=True)

eta = sp.Symbol(r"\eta", positive=True)  # the learning rate
delta = sp.Symbol(r"\delta", positive=True)  # sigma(-a)
X = sp.Symbol("X", nonnegative=True)  # a bound on all |x_k|


class Total(sp.Function):
    """The total derivative of the first argument with respect to the second, not carried out."""

    nargs = 2

    def _eval_is_extended_real(self) -> bool:
        return True


class Partial(sp.Function):
    """The derivative of a later state with respect to an earlier one: a path factor."""

    nargs = 2

    def _eval_is_extended_real(self) -> bool:
        return True


class Power(sp.Function):
    """A power of integers that is to be printed as one, such as 2^{-50}; SymPy would carry it out."""

    nargs = 2

    def value(self) -> sp.Rational:
        """Carry the power out, exactly."""
        base, exponent = self.args
        return base**exponent

    def _eval_is_extended_real(self) -> bool:
        return True


class Numeral(sp.AtomicExpr):
    """A decimal number as it is to be printed: '0.4477', '-36.3' or '8.9e-16'."""

    is_number = False  # SymPy must not compute with a rounded number
    is_commutative = True
    is_extended_real = True
    __slots__ = ("text",)

    def __new__(cls, text: str) -> Self:  # noqa: D102 - see the class
        self: Self = super().__new__(cls)
        self.text = text
        return self

    def _hashable_content(self) -> tuple[Any, ...]:
        return (self.text,)

    def __getnewargs__(self) -> tuple[str]:
        return (self.text,)

    def sort_key(self, order: str | None = None) -> Any:  # noqa: ARG002 - SymPy's signature
        """Sort by what is printed; SymPy's own key ignores the text."""
        return self.class_key(), (1, (self.text,)), sp.S.One.sort_key(), sp.S.One
