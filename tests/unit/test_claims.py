"""Each sentence of 1f has a check of its own claim, which rejects the sentence that was once there."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import sympy as sp

from derivations import vanishing
from derivations.checks import CheckFailed, claims, curves
from derivations.notation import G, L, Partial, T, Total, X, h, k, w1, x

if TYPE_CHECKING:
    from collections.abc import Callable

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
GRADIENT, PATH = abs(Total(L, w1)), abs(Partial(h(T), h(k)))
HALVED = vanishing.bound_of_term(vanishing.HALF) / abs(x(k))
ATTAINED = (claims.path_in_fractions, claims.printed_path)


def derivative_at_rest(value: int, _: int) -> Fraction:
    """Run d h_50 / d w_1 on fractions in the example at rest, whatever k is."""
    derivative = Fraction(0)
    for time in range(1, 51):
        derivative = Fraction(1, 4) * ((0 if time == 1 else Fraction(-value, 2)) + value * derivative)
    return abs(derivative)


def general_bound(value: int, _: int) -> Fraction:
    """Return the bound on |d h_50 / d w_1| that sums a geometric series of all fifty terms."""
    return sum(
        (Fraction(1, 4) * Fraction(value, 2) * Fraction(value, 4) ** age for age in range(50)), Fraction(0)
    )


# What is said now, and what was said before: the same check holds for one and rejects the other.
CLAIMS: dict[str, tuple[Callable[[Random], Any], Callable[[Random], Any]]] = {
    "1 the bound that is attained is that on a path, not that on the gradient": (
        partial(claims.attained, *ATTAINED),
        partial(claims.attained, derivative_at_rest, general_bound),
    ),
    "2 the cliff keeps the inputs where they are": (
        partial(claims.cliff, lambda _: -4),
        partial(claims.cliff, lambda weight: -8 / (2 * weight)),
    ),
    "3 from w_2 = 4 on a path can fail to vanish; the gradient can at any w_2": (
        partial(claims.only_below, PATH, 4),
        partial(claims.only_below, GRADIENT, 4),
    ),
    "3 the threshold is 4 and not 2": (
        partial(claims.only_below, PATH, 4),
        partial(claims.only_below, PATH, 5),
    ),
    "11 the lower bound is free of T if one X bounds all inputs": (
        partial(claims.free_of_length, vanishing.newest_at_least(), 2.5),
        partial(claims.free_of_length, vanishing.newest_at_least(), None),
    ),
    "11 the lower bound is zero if x_T is": (
        partial(claims.free_of_length, vanishing.newest_at_least(), 2.5),
        partial(claims.free_of_length, vanishing.newest_at_least() / abs(x(T)) / 10, 2.5),
    ),
    "12 the bound shrinks geometrically, the terms need not": (
        partial(claims.shrinks, HALVED, 2),
        partial(claims.shrinks, abs(G(k)), 2),
    ),
    "12 it shrinks for |w_2| < 2 only": (
        partial(claims.shrinks, HALVED, 2),
        partial(claims.shrinks, HALVED, 3),
    ),
    "the mean of a path is at most tanh(|w_2| / 4)": (
        partial(claims.mean, vanishing.mean_of_path()),
        partial(claims.mean, vanishing.mean_of_path() / 2),
    ),
    "the oldest input weighs less for the larger of 2 and 4": (
        partial(curves.saturates, 0, "2", "4"),
        partial(curves.saturates, 0, "1", "2"),
    ),
}


@pytest.mark.parametrize(("now", "before"), CLAIMS.values(), ids=CLAIMS)
def test_a_claim_passes_its_check_and_the_stronger_one_does_not(
    now: Callable[[Random], Any], before: Callable[[Random], Any]
) -> None:
    """The check of a sentence accepts what the page says and rejects what it used to say."""
    now(Random(0))
    with pytest.raises(CheckFailed):
        before(Random(0))


def test_the_general_bound_is_above_the_example_of_the_page() -> None:
    """At w_2 = 8 the sum of all fifty bounds is 1.126e15 and the example's derivative half of it, 5.6e14."""
    assert 1.126e15 == pytest.approx(float(general_bound(8, 1)), rel=1e-3)
    assert 5.6e14 == pytest.approx(float(derivative_at_rest(8, 1)), rel=0.01)


GONE = {
    "4 the interval that is nearly half of all states was called a knife edge": ("1f", r"knife"),
    "5 half a unit in the last place, and lost": ("1f", r"unit\s+in\s+the\s+last|double precision"),
    "6 intervals of fitted or selected accuracies": ("2b", r"confidence|Wilson"),
    "7 means over the seeds with the one on which the setting was chosen": ("2b", r"Over\s.*seeds"),
    "9 a share of nothing": ("2b", r"in\s+<%= trust.kept %>\s+of\s+them"),
    "10 a table of four decimals from forty runs": ("1f", r"\\begin\{table\}"),
}


@pytest.mark.parametrize(("template", "words"), GONE.values(), ids=GONE)
def test_a_sentence_that_has_no_check_is_gone(template: str, words: str) -> None:
    """What was false and needless was cut."""
    source = (TEMPLATES / f"{template}.tex").read_text(encoding="utf-8")

    assert not re.search(words, source)


def test_the_bounds_share_no_symbol_that_hides_the_length() -> None:
    """T occurs in the lower bound on the newest term as the index of that input alone."""
    assert T not in vanishing.newest_at_least().xreplace({x(T): sp.Symbol("newest")}).free_symbols
    assert X in vanishing.newest_at_least().free_symbols
