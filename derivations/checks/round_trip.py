"""What is printed is what was checked: every formula is read back from its LaTeX and compared.

Side by side with the SymPy object that it was printed from, and as a statement about the network: an equality
by its residual, an inequality by its truth. Conditions are read back too; that they hold is not claimed.
"""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from derivations import parser
from derivations.checks import Answers, CheckFailed, Checks, Finding, require, residual, scientific
from derivations.valuation import compiled, context, draw

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from derivations.formulas import Formula
    from derivations.valuation import Valuation

DIGITS = 50
POINTS = 5
TOLERANCE = 1e-35


def points(kind: str, rng: Random) -> list[Valuation]:
    """Draw the points at which formulas of a kind are read back."""
    ctx = context(DIGITS)
    return [draw(kind, rng, ctx) for _ in range(POINTS)]


def read_back(formula: Formula, latex: str, at: Iterable[Valuation]) -> float:
    """Read one formula back from its print at some points, and return the largest residual.

    CheckFailed if the LaTeX cannot be read, says something else than the formula, or is not true.
    """
    try:
        printed = parser.parse(latex)
    except parser.ParseError as error:
        raise CheckFailed(f"in {formula.key}: it cannot be read back, {error}") from error
    require(printed.relations == formula.relations, f"in {formula.key}: other relations are read back")
    derived = [compiled(side) for side in formula.sides]
    worst = 0.0
    for point in at:
        values = [side(point) for side in printed.sides]
        pairs = zip(values, derived, strict=True)
        worst = max(worst, *(residual(value, side(point)) for value, side in pairs))
        require(worst <= TOLERANCE, f"in {formula.key}: it is not printed as it was derived")
        if not formula.exempt:
            worst = max(worst, _truth(formula, printed, values))
    return worst


def _truth(formula: Formula, printed: parser.Chain, values: list[Any]) -> float:
    worst = 0.0
    for place, relation in enumerate(printed.relations, 1):
        left, right, rounding = values[place - 1], values[place], printed.roundings[place]
        off = residual(left, right)
        holds = {
            "=": off <= TOLERANCE,
            "<": left < right,
            ">": left > right,
            r"\le": left <= right + TOLERANCE,
            r"\ge": left >= right - TOLERANCE,
            r"\approx": abs(left - right) <= rounding * abs(right) * (1 + 1e-12),
        }
        require(holds[relation], f"in {formula.key}: its LaTeX, read back, is not true at a random point")
        worst = max(worst, off if relation == "=" else 0)
    return worst


def checks(formulas: Iterable[Formula]) -> Checks:
    """Return one check for each question: all its formulas read back."""
    found = Checks()
    for question, group in groupby(sorted(formulas, key=attrgetter("question")), key=attrgetter("question")):
        keys = [formula.key for formula in group]
        statement = f"{len(keys)} printed formulas: as derived, and true"
        found(f"{question}.printed", statement, "read back", keys)(printed_well)
    return found


def printed_well(keys: list[str], answers: Answers, rng: Random) -> Finding:
    """Read formulas back at points of their kinds, the same ones for each kind."""
    printed = [answers.formulas[key] for key in keys]
    drawn = {kind: points(kind, rng) for kind in dict.fromkeys(formula.sample for formula in printed)}
    worst = max(read_back(formula, formula.latex, drawn[formula.sample]) for formula in printed)
    return Finding(POINTS * len(keys), scientific(worst))
