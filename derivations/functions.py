"""The functions of the sheet, none of which SymPy may carry out by itself.

Over an opaque sigma and sigma' every identity of the recurrent network is a polynomial identity in
independent atoms, so that expanding decides it. What sigma really is enters only in `derivations.bound`.
"""

# mypy: allow-subclassing-any
from __future__ import annotations

from typing import Any, Self

import sympy as sp

sigma_prime = sp.Function("sigma_prime", nargs=1, positive=True)  # one glyph; sigma'(z_t) = h_t (1 - h_t)
# the total derivative of the first argument with respect to the second, and that of a state by an earlier one
Total, Partial = (sp.Function(name, nargs=2, real=True) for name in ("Total", "Partial"))
Power = sp.Function("Power", nargs=2, real=True)  # printed as a power, such as 2^{-50}


class sigma(sp.Function):  # noqa: N801 - SymPy functions are named as they print
    """The sigmoid as an unexpanded function of one real argument."""

    nargs = 1
    is_positive = True

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Return the derivative with respect to the argument, as the opaque sigma'."""
        del argindex
        return sigma_prime(self.args[0])

    def _eval_rewrite_as_exp(self, argument: sp.Expr, **_: Any) -> sp.Expr:
        return 1 / (1 + sp.exp(-argument))


class Numeral(sp.Symbol):
    """A decimal number as it is to be printed, '-36.3' or '8.9e-16'; SymPy must not compute with it."""

    def __new__(cls, text: str) -> Self:  # noqa: D102 - see the class
        numeral: Self = super().__new__(cls, text, real=True)
        return numeral
