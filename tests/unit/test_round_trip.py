"""What is printed is what was checked: a spoiled print, a false claim and an unreadable one are found."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from derivations import formulas, problem1
from derivations.checks import CheckFailed, round_trip
from derivations.functions import sigma
from derivations.notation import h, t, w1, w2, x

if TYPE_CHECKING:
    from derivations.valuation import Valuation

GENERAL = problem1.printed()["1c.general"]


@pytest.fixture(scope="module")
def points() -> list[Valuation]:
    """Draw five points."""
    return round_trip.points("any", Random(0))


def test_the_general_form_is_read_back_to_35_digits(points: list[Valuation]) -> None:
    """Its print means what was derived, and is d h_t / d w_1."""
    assert round_trip.read_back(GENERAL, GENERAL.latex, points) < 1e-35


@pytest.mark.parametrize(
    ("printed", "spoiled"),
    [
        ("w_2^{t-k}", "w_2^{k-t}"),
        ("w_2^{t-k}", "w_1^{t-k}"),
        ("j=k", "j=1"),
        (r"\sigma'", r"\sigma"),
        ("x_k", "x_t"),
        ("^{t} x_k", "^{t+1} x_k"),
        (r"\sum", r"-\sum"),
    ],
)
def test_a_print_that_says_something_else_is_found(
    points: list[Valuation], printed: str, spoiled: str
) -> None:
    """One wrong letter in the LaTeX, and the formula is not printed as it was derived."""
    wrong = GENERAL.latex.replace(printed, spoiled)

    assert wrong != GENERAL.latex
    with pytest.raises(CheckFailed, match=r"1c\.general"):
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


def test_an_unreadable_print_is_found(points: list[Valuation]) -> None:
    """What the parser cannot read is a failed check that names the formula."""
    with pytest.raises(CheckFailed, match=r"1c\.general: it cannot be read back"):
        round_trip.read_back(GENERAL, r"\mystery", points)


def test_a_lost_relation_is_found(points: list[Valuation]) -> None:
    """A chain that lost a side is not the chain that was derived."""
    with pytest.raises(CheckFailed, match="other relations"):
        round_trip.read_back(GENERAL, "h_t", points)
