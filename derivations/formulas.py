"""A formula of the report: its SymPy objects, and the LaTeX that is printed for them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sympy as sp

from derivations import printer
from derivations.functions import Total, sigma, sigma_prime
from derivations.notation import G, T, eta, h, j, k, r, t, w1, w2, wo, x, y, z

if TYPE_CHECKING:
    from collections.abc import Iterable


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


def by_key(formulas: Iterable[Formula]) -> dict[str, Formula]:
    """Index formulas by key; two with the same key are a ValueError."""
    index: dict[str, Formula] = {}
    for formula in formulas:
        if formula.key in index:
            raise ValueError(f"two formulas have the key {formula.key!r}")
        index[formula.key] = formula
    return index


def symbols() -> tuple[Formula, ...]:
    """Return the inline symbols of the text, the cases that it names and its conditions, by short keys."""
    plain = (w1, w2, wo, t, k, j, T, eta, r)
    table: list[tuple[str, sp.Basic]] = [
        *[(symbol.name.strip("\\").replace("_", ""), symbol) for symbol in plain],
        *[("sigma", sigma(r)), ("dsigmazj", sigma_prime(z(j)))],
        *[(f"x{time}", x(time)) for time in (1, t, k, T)],
        *[(f"h{time}", h(time)) for time in (1, 2, 3, t, k, T)],
        *[("htm1", h(t - 1)), ("Gk", G(k)), ("tmk", t - k), ("tp1", t + 1)],
        *[(f"dh{time}", Total(h(time), w1)) for time in (t, T)],
    ]
    cases = [
        *[("T3", T, "=", 3), ("T50", T, "=", 50), ("t1", t, "=", 1), ("tT", t, "=", T)],
        *[("k1", k, "=", 1), ("kt", k, "=", t), ("ktp1", k, "=", t + 1)],
        *[("plus", y, "=", 1), ("minus", y, "=", -1)],
        *[(f"w2is{value}", w2, "=", value) for value in (0, 1, 2, 4, 8)],
        *[("w1is1", w1, "=", 1), ("rzero", r, "=", 0)],
    ]
    conditions = [
        *[("lt2", abs(w2), "<", 2), ("lt4", abs(w2), "<", 4), ("w2ge0", w2, r"\ge", 0)],
        *[("w2gt0", w2, ">", 0), ("tge2", t, r"\ge", 2), ("Tge50", T, r"\ge", 50)],
    ]
    return (
        *[term(key, expression) for key, expression in table],
        claim("dsigmadef", sigma_prime(r), "=", Total(sigma(r), r), slashed=True),
        claim("zj", z(j), "=", w1 * x(j) + w2 * h(j - 1)),
        *[claim(*case, exempt="Cases that the text names") for case in cases],
        *[claim(*condition, exempt="Conditions under which something is stated") for condition in conditions],
    )
