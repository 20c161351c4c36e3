"""A formula of the report: the functions in it, its SymPy objects, and the LaTeX that is printed for them.

SymPy may carry out no function of the sheet by itself: over an opaque sigma and sigma' every identity of the
recurrent network is a polynomial identity in independent atoms, so that expanding decides it. What sigma is
enters only in 1e.
"""

# mypy: allow-subclassing-any
from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import sympy as sp

from derivations import printer

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


@dataclass(frozen=True)
class Formula:
    """One printed formula: a term, a chain of relations, or a derivation with one rule for each step.

    A chain reads sides[0] relations[0] sides[1] ...; a lone term has one side and no relation.
    """

    key: str  # its name in templates, "1c.general"; inline symbols have short keys such as "w1"
    sides: tuple[sp.Basic, ...]
    relations: tuple[str, ...] = ()  # in LaTeX
    rules: tuple[str | None, ...] = ()  # of the steps of a derivation
    align: bool = False  # an alignment point stands before the first relation
    slashed: bool = False  # fractions are p/q: the formula stands in a line of text
    sample: str = "any"  # the kind of random point at which it holds, as valuation.draw reads it
    exempt: str = ""  # why its truth is not tested; empty for a claim

    @property
    def question(self) -> str:
        """Return "1a" to "1f", or "1" for a symbol that all of them use."""
        head = self.key.partition(".")[0]
        return head if head[:1] == "1" else "1"

    @cached_property
    def latex(self) -> str:
        """Return the bare mathematics, without dollar signs or a display environment."""
        return printer.chain(self)


def term(key: str, expression: sp.Basic) -> Formula:
    """Make a formula that claims nothing, for a line of text: a symbol or an expression."""
    return Formula(key, (expression,), slashed=True)


def claim(key: str, *chain: sp.Basic | str | int, **options: Any) -> Formula:
    """Make a chain of relations as it is read: claim("1e.x", p, "<", q). Options are fields of `Formula`."""
    sides = tuple(sp.sympify(side) for side in chain[::2])
    return Formula(key, sides, tuple(map(str, chain[1::2])), **options)


def derivation(key: str, start: sp.Basic, *lines: tuple[str, sp.Basic, str | None]) -> Formula:
    """Make a derivation: a start and, step by step, a relation, what it leads to, and the rule applied.

    A rule is text, mathematics in it comes from `inline`; with None the next step stands on the same line.
    """
    relations, sides, rules = zip(*lines, strict=True)
    return Formula(key, (start, *sides), relations, rules)


def inline(expression: sp.Basic) -> str:
    """Print an expression for use inside a text: the name of a rule, the statement of a check."""
    return f"${printer.latex(expression, slashed=True)}$"
