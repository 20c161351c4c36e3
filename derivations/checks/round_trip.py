"""What is printed is what was checked: every formula is read back from its LaTeX and compared.

Side by side with the SymPy object that it was printed from, and as a statement about the network: an equality
by its residual, an inequality by its truth. Conditions are read back too; that they hold is not claimed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from derivations import evaluate, parser, samples
from derivations.checks.ledger import Check, CheckFailed, Finding, residual

if TYPE_CHECKING:
    from collections.abc import Iterable
    from random import Random

    from derivations.formulas import Formula
    from derivations.valuation import Valuation

DIGITS = 50
POINTS = 5
TOLERANCE = 1e-35


def read_back(formula: Formula, points: Iterable[Valuation]) -> float:
    """Read one formula back at some points, and return the largest residual.

    Raises
    ------
    CheckFailed
        The LaTeX cannot be read, says something else than the objects it was printed from, or is not true.
    """
    try:
        printed = parser.parse(formula.latex)
    except parser.ParseError as error:
        raise CheckFailed(f"formula {formula.key} cannot be read back: {error}.") from error
    if printed.relations != formula.relations:
        raise CheckFailed(f"formula {formula.key} is read back with other relations.")
    derived = [evaluate.compiled(side) for side in formula.sides]
    worst = 0.0
    for point in points:
        values = [side(point, {}) for side in printed.sides]
        for value, side in zip(values, derived, strict=True):
            worst = max(worst, residual(value, side(point, {})))
        if worst > TOLERANCE:
            raise CheckFailed(f"formula {formula.key} is not printed as it was derived.")
        if not formula.exempt:
            worst = max(worst, _truth(formula, printed, values))
    return worst


def _truth(formula: Formula, printed: parser.Chain, values: list[Any]) -> float:
    worst = 0.0
    for number, relation in enumerate(printed.relations):
        left, right = values[number], values[number + 1]
        if relation == "=":
            off = residual(left, right)
            worst, holds = max(worst, off), off <= TOLERANCE
        elif relation == r"\approx":
            holds = abs(left - right) <= printed.roundings[number + 1] * abs(right) * (1 + 1e-12)
        else:
            slack = TOLERANCE if relation in {r"\le", r"\ge"} else 0
            gap = right - left if relation in {"<", r"\le"} else left - right
            holds = bool(gap > 0 or (slack and gap >= -slack))
        if not holds:
            raise CheckFailed(
                f"formula {formula.key}, read back from its LaTeX, is not true at a random point."
            )
    return worst


def checks(formulas: Iterable[Formula]) -> tuple[Check, ...]:
    """Return one check for each question: all its formulas read back."""
    by_question: dict[str, list[Formula]] = {}
    for formula in formulas:
        by_question.setdefault(formula.question, []).append(formula)
    return tuple(_check(question, group) for question, group in sorted(by_question.items()))


def _check(question: str, formulas: list[Formula]) -> Check:
    def run(rng: Random) -> Finding:
        ctx = samples.context(DIGITS)
        kinds = dict.fromkeys(formula.sample for formula in formulas)
        points = {
            kind: [samples.draw(samples.KINDS[kind], rng, ctx) for _ in range(POINTS)] for kind in kinds
        }
        worst = max(read_back(formula, points[formula.sample]) for formula in formulas)
        return Finding(POINTS * len(formulas), worst)

    statement = f"{len(formulas)} printed formulas: as derived, and true"
    return Check(f"{question}.printed", statement, "read back", run)
