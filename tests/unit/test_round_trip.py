"""What is printed is what was checked: a spoiled print, a false claim and an unreadable one are found."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from derivations import formulas, problem1
from derivations.checks import CheckFailed, round_trip
from derivations.formulas import sigma
from derivations.notation import h, t, w1, w2, x

if TYPE_CHECKING:
    from derivations.valuation import Valuation

GENERAL = problem1.printed()["1c.general"]
OTHER, RELATIONS, UNREAD = "not printed as it was derived", "other relations", "it cannot be read back"


@pytest.fixture(scope="module")
def points() -> list[Valuation]:
    """Draw five points."""
    return round_trip.points("any", Random(0))


@pytest.mark.parametrize(
    ("printed", "spoiled", "told"),
    [
        ("w_2^{t-k}", "w_2^{k-t}", OTHER),
        ("w_2^{t-k}", "w_1^{t-k}", OTHER),
        ("j=k", "j=1", OTHER),
        (r"\sigma'", r"\sigma", OTHER),
        ("x_k", "x_t", OTHER),
        ("^{t} x_k", "^{t+1} x_k", OTHER),
        (r"\sum", r"-\sum", OTHER),
        (GENERAL.latex, "h_t", RELATIONS),
        (GENERAL.latex, r"\mystery", UNREAD),
    ],
)
def test_a_print_that_says_something_else_is_found(
    points: list[Valuation], printed: str, spoiled: str, told: str
) -> None:
    """A wrong letter, a lost side, what the parser cannot read: each is told with the formula."""
    wrong = GENERAL.latex.replace(printed, spoiled)

    assert wrong != GENERAL.latex
    with pytest.raises(CheckFailed, match=rf"1c\.general: .*{told}"):
        round_trip.read_back(GENERAL, wrong, points)


@pytest.mark.parametrize(
    "formula",
    [
        formulas.claim("1a.wrong", h(t), "=", sigma(w1 * x(t))),
        formulas.claim("1a.wrong", h(t), ">", h(t)),
        formulas.claim("1a.wrong", h(t), "<", sigma(w1 * x(t) + w2 * h(t - 1)) / 2),
        formulas.claim("1a.wrong", h(t), r"\approx", 2 * h(t)),
    ],
)
def test_a_claim_that_is_printed_well_but_false_is_found(
    points: list[Valuation], formula: formulas.Formula
) -> None:
    """Equality, strict and other inequalities, roundings: each is tested for its truth."""
    with pytest.raises(CheckFailed, match="not true"):
        round_trip.read_back(formula, formula.latex, points)


def test_a_condition_is_read_back_and_its_truth_left_alone(points: list[Valuation]) -> None:
    """A case such as h_t = 0 passes if it is exempt; its print is compared all the same."""
    condition = formulas.claim("1a.case", h(t), "=", w1, exempt="a case")

    assert round_trip.read_back(condition, condition.latex, points) < 1e-35
    with pytest.raises(CheckFailed, match="not printed as it was derived"):
        round_trip.read_back(condition, "h_t = w_2", points)
