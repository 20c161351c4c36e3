"""The sigmoid: opaque to the algebra, open to the calculus.

Over an opaque sigma and sigma' every identity of the recurrent network is a polynomial identity in
independent atoms, so that expanding decides it. What sigma really is enters only in `derivations.bound`,
where its derivative is bounded.
"""

# mypy: allow-subclassing-any
from __future__ import annotations

from typing import Any

import sympy as sp

r = sp.Symbol("r", real=True)
u = sp.Symbol("u", positive=True)  # u = exp(-r)


class sigma(sp.Function):  # noqa: N801 - SymPy functions are named as they print
    """The sigmoid as an unexpanded function of one real argument."""

    nargs = 1

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        """Return the derivative with respect to the argument, as the opaque sigma'."""
        del argindex
        return sigma_prime(self.args[0])

    @classmethod
    def eval(cls, argument: sp.Expr) -> sp.Expr | None:
        """Know the one value that is needed exactly: sigma(0) = 1/2."""
        return sp.Rational(1, 2) if argument == 0 else None

    def _eval_rewrite_as_exp(self, argument: sp.Expr, **_: Any) -> sp.Expr:
        return 1 / (1 + sp.exp(-argument))

    def _eval_is_positive(self) -> bool | None:
        return True if self.args[0].is_extended_real else None


class sigma_prime(sp.Function):  # noqa: N801 - as above
    """The derivative of the sigmoid, one glyph; sigma'(z_t) = h_t (1 - h_t)."""

    nargs = 1

    @classmethod
    def eval(cls, argument: sp.Expr) -> sp.Expr | None:
        """Know the one value that is needed exactly: sigma'(0) = 1/4."""
        return sp.Rational(1, 4) if argument == 0 else None

    def _eval_rewrite_as_exp(self, argument: sp.Expr, **_: Any) -> sp.Expr:
        return sp.exp(-argument) / (1 + sp.exp(-argument)) ** 2

    def _eval_is_positive(self) -> bool | None:
        return True if self.args[0].is_extended_real else None
