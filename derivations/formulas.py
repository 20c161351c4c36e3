"""A formula of the report: its SymPy objects, and the LaTeX that is printed for them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import sympy as sp

from derivations import notation as the
from derivations import printer
from derivations.sigmoid import r, sigma, sigma_prime

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CASE = "Cases that the text names"  # why the truth of a formula is not tested
CONDITION = "Conditions under which something is stated"


@dataclass(frozen=True)
class Formula:
    """One printed formula: a term, a chain of relations, or a derivation with one rule for each step.

    A chain reads sides[0] relations[0] sides[1] ...; a lone term has one side and no relation.
    """

    key: str  # its name in templates, "1c.general"; inline symbols have short keys such as "w1"
    latex: str  # bare mathematics, without dollar signs or a display environment
    sides: tuple[sp.Basic, ...] = field(repr=False)
    relations: tuple[str, ...] = ()
    sample: str = "any"  # the kind of random point at which it holds, a key of samples.KINDS
    exempt: str = ""  # why its truth is not tested; empty for a claim

    @property
    def question(self) -> str:
        """Return "1a" to "1f", or "1" for a symbol that all of them use."""
        head = self.key.partition(".")[0]
        return head if head[:1] == "1" else "1"


def term(key: str, expression: sp.Basic) -> Formula:
    """Make a formula that claims nothing, for a line of text: a symbol or an expression."""
    return Formula(key, printer.latex(expression, slashed=True), (expression,))


def claim(
    key: str,
    *chain: sp.Basic | str,
    align: bool = False,
    slashed: bool = False,
    sample: str = "any",
    exempt: str = "",
) -> Formula:
    """Make a chain of relations on one line, written as it is read: claim("1e.x", p, "<", q).

    Parameters
    ----------
    *chain : Basic or str
        Sides and, between them, relations in LaTeX.
    align : bool
        Put an alignment point before the first relation.
    slashed : bool
        Write fractions as p/q: the formula stands in a line of text.
    """
    sides, relations = chain[::2], chain[1::2]
    body = printer.chain(sides, relations, align=align, slashed=slashed)
    return Formula(key, body, tuple(sides), tuple(relations), sample, exempt)


def derivation(key: str, start: sp.Basic, *lines: tuple[str, sp.Basic, str | None]) -> Formula:
    """Make a derivation: a start and, line by line, a relation, what it leads to, and the rule applied.

    A rule is text; mathematics in it comes from `inline`. With None for a rule the next relation stands
    on the same line.
    """
    relations = tuple(relation for relation, _, _ in lines)
    sides = (start, *(side for _, side, _ in lines))
    body = printer.steps(sides, relations, [rule for _, _, rule in lines])
    return Formula(key, body, sides, relations)


def inline(expression: sp.Basic) -> str:
    """Print an expression for use inside a text: the name of a rule, the statement of a check."""
    return f"${printer.latex(expression, slashed=True)}$"


def by_key(formulas: Iterable[Formula]) -> Mapping[str, Formula]:
    """Index formulas by key; two with the same key are a ValueError."""
    index: dict[str, Formula] = {}
    for formula in formulas:
        if formula.key in index:
            msg = f"two formulas have the key {formula.key!r}"
            raise ValueError(msg)
        index[formula.key] = formula
    return index


def symbols() -> tuple[Formula, ...]:
    """Return the inline symbols of the text, by short keys."""
    plain = (the.w1, the.w2, the.t, the.k, the.j, the.T, the.eta, r)
    table: Sequence[tuple[str, sp.Basic]] = [
        *[(symbol.name.strip("\\").replace("_", ""), symbol) for symbol in plain],
        *[("sigma", sigma(r)), ("dsigmazj", sigma_prime(the.z(the.j)))],
        *[(f"x{time}", the.x(time)) for time in (1, the.t, the.k)],
        *[(f"h{time}", the.h(time)) for time in (1, 2, 3, the.t, the.k, the.T)],
        ("htm1", the.h(the.t - 1)),
        ("Gk", the.G(the.k)),
        *[("tmk", the.t - the.k), ("tp1", the.t + 1)],
        *[(f"dh{time}", the.Total(the.h(time), the.w1)) for time in (the.t, the.T)],
    ]
    return (
        *[term(key, expression) for key, expression in table],
        claim("dsigmadef", sigma_prime(r), "=", the.Total(sigma(r), r), slashed=True),
        claim("zj", the.z(the.j), "=", the.w1 * the.x(the.j) + the.w2 * the.h(the.j - 1)),
        *[claim(key, left, "=", sp.sympify(right), exempt=CASE) for key, left, right in _cases()],
        *[
            claim(key, left, relation, sp.sympify(right), exempt=CONDITION)
            for key, left, relation, right in _conditions()
        ],
    )


def _cases() -> Sequence[tuple[str, sp.Basic, sp.Basic | int]]:
    return [
        *[(f"T{value}", the.T, value) for value in (3, 50)],
        ("t1", the.t, 1),
        ("tT", the.t, the.T),
        *[("k1", the.k, 1), ("kt", the.k, the.t), ("ktp1", the.k, the.t + 1)],
        *[("plus", the.y, 1), ("minus", the.y, -1)],
        *[(f"w2is{value}", the.w2, value) for value in (0, 1, 2, 4, 8)],
        *[("w1is1", the.w1, 1), ("wois0", the.wo, 0), ("xTis0", the.x(the.T), 0), ("rzero", r, 0)],
    ]


def _conditions() -> Sequence[tuple[str, sp.Basic, str, sp.Basic | int]]:
    size = abs(the.w2)
    return [
        *[("lt2", size, "<", 2), ("lt4", size, "<", 4), ("w2ge0", the.w2, r"\ge", 0)],
        *[("w2gt0", the.w2, ">", 0), ("tge2", the.t, r"\ge", 2), ("Tge50", the.T, r"\ge", 50)],
        *[("kltT", the.k, "<", the.T), ("xbounded", abs(the.x(the.k)), r"\le", the.X)],
    ]
