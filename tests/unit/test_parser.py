"""The independent parser: LaTeX to numbers, without SymPy."""

from __future__ import annotations

import re
import sys
from math import exp, log
from pathlib import Path

import pytest
from mpmath import fp

from derivations import parser
from derivations.valuation import Valuation

ROOT = Path(__file__).resolve().parents[2]
X1, X2, W1, W2 = 0.5, -1.25, 0.75, 2.0


def sigma(v: float) -> float:
    """Compute the sigmoid by hand."""
    return 1 / (1 + exp(-v))


H1 = sigma(W1 * X1)
H2 = sigma(W1 * X2 + W2 * H1)


@pytest.fixture
def point() -> Valuation:
    """Make a network of two steps."""
    numbers = {"w_1": W1, "w_2": W2, "w_o": -1.5, "b": 0.25, "y": -1.0, "t": 2, "k": 1, "T": 2, "r": 0.5}
    return Valuation(fp, numbers, [X1, X2])


# Expected: by hand from the definitions, in floats.
@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        ("w_1 x_2", W1 * X2),
        ("h_t", H2),
        ("h_{t-1}", H1),
        ("h_0", 0.0),
        ("-w_2^2", -(W2**2)),
        ("2^{-50}", 2.0**-50),
        (r"8.9 \times 10^{-16}", 8.9e-16),
        (r"3 - 2 - 1", 0),
        (r"w_1 - w_2 x_1 + 1", W1 - W2 * X1 + 1),
        (r"\frac{1 + w_1}{2 w_2}", (1 + W1) / (2 * W2)),
        (r"\left(\frac{1}{2}\right)^{t+1}", 0.125),
        (r"\bigl(1 + (w_1)\bigr) w_2", (1 + W1) * W2),
        (r"\lvert -w_2 \rvert \lvert x_2 \rvert", W2 * -X2),
        (r"\log \sigma(w_1)", log(sigma(W1))),
        (r"\sigma'(0)", 0.25),
        (r"\sum_{k=1}^{t} x_k w_2^{t-k}", X1 * W2 + X2),
        (r"\prod_{j=k}^{t} h_j", H1 * H2),
        (r"\sum_{k=1}^{2} \prod_{j=k}^{2} x_j", X1 * X2 + X2),
        (r"x_1 \\ &\qquad + x_2", X1 + X2),
    ],
)
def test_a_formula_is_worth_what_it_says(point: Valuation, latex: str, expected: float) -> None:
    """The value that is read is the value of the mathematics, computed by hand."""
    found = parser.parse(latex).sides[0](point)

    assert expected == pytest.approx(found, rel=1e-14)


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\frac{d h_1}{d w_1}", X1 * H1 * (1 - H1)),
        (r"\frac{d z_2}{d w_1}", X2 + W2 * X1 * H1 * (1 - H1)),
        (r"\frac{\partial h_2}{\partial h_1}", W2 * H2 * (1 - H2)),
        (r"\frac{d \sigma(r)}{d r}", sigma(0.5) * (1 - sigma(0.5))),
    ],
)
def test_a_derivative_is_taken_of_the_network(point: Valuation, latex: str, expected: float) -> None:
    """A derivative sign is carried out on the network, whatever other formula may claim it equals."""
    found = parser.parse(latex).sides[0](point)

    assert expected == pytest.approx(found, rel=1e-14)


def test_a_chain_is_read_with_its_relations_and_its_rules_left_out() -> None:
    """Alignment, line breaks and the names of rules are layout."""
    latex = "h_1 &= \\sigma(z_1) \\rulename{as $\\frac{a}{b}$ is} \\\\\n&\\le 1"

    reading = parser.parse(latex)

    assert ("=", r"\le") == reading.relations
    assert 3 == len(reading.sides)


def test_the_rounding_of_a_decimal_is_half_a_unit_of_its_last_place() -> None:
    """8.9 stands for anything within 0.05 of it."""
    assert (0.0, 0.05 / 8.9) == parser.parse(r"2^{-50} \approx 8.9 \times 10^{-16}").roundings


@pytest.mark.parametrize(
    "latex",
    [
        "",
        "w_1 +",
        "(w_1",
        r"\sigma w_1",
        r"\cos(w_1)",
        "w_2^10",
        "a = ",
        *(r"\frac{1}", r"\sum_{k=1} x_k", "x_1 ! x_2", ")"),
    ],
)
def test_what_is_outside_the_subset_is_refused(latex: str) -> None:
    """Half a formula, an unknown command, a script of two characters without braces: each is an error."""
    with pytest.raises(parser.ParseError):
        parser.parse(latex)


def test_an_unknown_symbol_is_not_given_a_value(point: Valuation) -> None:
    """An unknown symbol has no value, and neither has x_0."""
    with pytest.raises(KeyError, match="w_3"):
        parser.parse("w_3").sides[0](point)
    with pytest.raises(KeyError, match="x_0"):
        parser.parse("x_0").sides[0](point)


def test_the_parser_shares_no_code_with_sympy_or_the_printer() -> None:
    """parser.py imports the standard library alone, the type of a valuation apart."""
    text = (ROOT / "derivations" / "parser.py").read_text(encoding="utf-8")

    others = set(re.findall(r"^\s*(?:from|import) (\S+)", text, re.MULTILINE)) - sys.stdlib_module_names
    assert others == {"collections.abc", "derivations.valuation"}
