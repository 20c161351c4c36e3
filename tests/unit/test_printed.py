"""The one printer, the independent parser, and the check that what is printed is what was derived."""

import re
import sys
from pathlib import Path
from random import Random

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from derivations import formulas, parser, printer, problem1
from derivations.checks import CheckFailed, round_trip
from derivations.formulas import Numeral, Partial, Power, Total, derivation, sigma, sigma_prime
from derivations.notation import L, T, a, b, eta, h, j, k, r, t, u, w1, w2, wo, x, y, z
from derivations.valuation import Valuation, compiled, context

ROOT = Path(__file__).resolve().parents[2]
HALF = sp.Rational(1, 2)


# Expected: what the sheet or a textbook writes, by hand.
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (y * (wo * h(T) + b), r"y (w_o h_T + b)"),
        (1 - k, r"1 - k"),
        (h(t) * (1 - h(t)), r"h_t (1 - h_t)"),
        (-sp.log(sigma(a)), r"-\log \sigma(a)"),
        (-sigma_prime(a) / sigma(a), r"-\frac{\sigma'(a)}{\sigma(a)}"),
        (Partial(h(t), h(k)), r"\frac{\partial h_t}{\partial h_k}"),
        (Total(sigma(r), r), r"\frac{d \sigma(r)}{d r}"),
        (Power(HALF, T - k), r"\left(\frac{1}{2}\right)^{T-k}"),
        (Numeral("-36.3"), r"-36.3"),
        (sp.exp(-r) / (1 + sp.exp(-r)) ** 2, r"\frac{\exp(-r)}{\bigl(1 + \exp(-r)\bigr)^2}"),
        (sp.Rational(1, 4) - (sigma(r) - HALF) ** 2, r"\frac{1}{4} - \left(\sigma(r) - \frac{1}{2}\right)^2"),
        ((1 + u**2) / (2 * (1 + u) ** 2), r"\frac{1 + u^2}{2 (1 + u)^2}"),
        (-w2 / (2 * w1), r"-\frac{w_2}{2 w_1}"),
        (HALF * abs(wo) * sigma(a), r"\frac{1}{2} \lvert w_o \rvert \, \sigma(a)"),
        (abs(w2) / 2, r"\frac{\lvert w_2 \rvert}{2}"),
        (eta * abs(w2), r"\eta \lvert w_2 \rvert"),
        (sp.Product(sigma_prime(z(j)), (j, k, t + 1)), r"\prod_{j=k}^{t+1} \sigma'(z_j)"),
        (sigma(sigma(sigma(a + b) + b) + b), r"\sigma\Bigl(b + \sigma\bigl(b + \sigma(a + b)\bigr)\Bigr)"),
        (Total(L, a) * Total(a, w1), r"\frac{d L}{d a} \frac{d a}{d w_1}"),
        (sp.Eq(t, 2), r"t = 2"),
    ],
)
def test_the_sheets_notation_is_printed(expression, expected):
    """An object is printed as the sheet or a textbook would write it."""
    printed = printer.latex(expression)

    assert expected == printed


def test_an_unknown_object_is_refused():
    """What the printer has no rule for is an error that names it, never SymPy's own idea of it."""
    with pytest.raises(TypeError, match="no rule for cos"):
        printer.latex(sp.cos(w1))


def test_a_chain_of_steps_is_aligned_and_its_rules_are_named():
    """The first line holds the left side, each line its relation and the rule beside it."""
    printed = printer.chain(derivation("1a.x", a, ("=", b, "by hand"), (r"\le", y, "")))

    assert "a &= b \\rulename{by hand} \\\\\n&\\le y" == printed


ATOMS = st.sampled_from(
    [w1, w2, wo, b, x(1), x(2), h(2), z(1), sp.Integer(2), sp.Integer(-3), HALF, sp.Rational(-2, 3)]
)


def _larger(parts):
    pairs = st.tuples(parts, parts)
    return st.one_of(
        pairs.map(lambda pair: pair[0] + pair[1]),
        pairs.map(lambda pair: pair[0] * pair[1]),
        pairs.map(lambda pair: pair[0] - pair[1]),
        parts.map(sigma),
        parts.map(sigma_prime),
        parts.map(abs),
        parts.map(lambda part: part**2),
        parts.map(lambda part: 1 / (3 + part**2)),
        parts.map(lambda part: Power(part, 2)),
    )


CTX = context(40)
NETWORK = Valuation(
    CTX,
    {"w_1": CTX.mpf("0.7"), "w_2": CTX.mpf("-1.3"), "w_o": CTX.mpf("1.9"), "b": CTX.mpf("0.2")},
    [CTX.mpf("0.4"), CTX.mpf("-1.1")],
)


@settings(max_examples=60, deadline=None)
@given(st.recursive(ATOMS, _larger, max_leaves=12))
def test_whatever_is_printed_means_what_it_was_printed_from(expression):
    """Read by the independent parser, the print of any expression has the value of the expression."""
    printed = parser.parse(printer.latex(expression)).sides[0](NETWORK)
    meant = compiled(expression)(NETWORK)

    assert abs(printed - meant) <= 1e-30 * max(1, abs(meant))


def test_a_chain_is_read_with_its_relations_and_its_rules_left_out():
    """Alignment, line breaks and the names of rules are layout."""
    latex = "h_1 &= \\sigma(z_1) \\rulename{as $\\frac{a}{b}$ is} \\\\\n&\\le 1"

    reading = parser.parse(latex)

    assert ("=", r"\le") == reading.relations
    assert 3 == len(reading.sides)


def test_the_rounding_of_a_decimal_is_half_a_unit_of_its_last_place():
    """8.9 stands for anything within 0.05 of it."""
    assert (0.0, 0.05 / 8.9) == parser.parse(r"2^{-50} \approx 8.9 \times 10^{-16}").roundings


@pytest.mark.parametrize(
    "latex",
    [
        *("", "w_1 +", "(w_1", r"\sigma w_1", r"\cos(w_1)", "w_2^10", "a = "),
        *(r"\frac{1}", r"\sum_{k=1} x_k", "x_1 ! x_2", ")"),
    ],
)
def test_what_is_outside_the_subset_is_refused(latex):
    """Half a formula, an unknown command, a script of two characters without braces: each is an error."""
    with pytest.raises(parser.ParseError):
        parser.parse(latex)


def test_an_unknown_symbol_is_not_given_a_value():
    """An unknown symbol has no value, and neither has x_0."""
    with pytest.raises(KeyError, match="w_3"):
        parser.parse("w_3").sides[0](NETWORK)
    with pytest.raises(KeyError, match="x_0"):
        parser.parse("x_0").sides[0](NETWORK)


def test_the_parser_shares_no_code_with_sympy_or_the_printer():
    """parser.py imports the standard library alone, the type of a valuation apart."""
    text = (ROOT / "derivations" / "parser.py").read_text(encoding="utf-8")

    others = set(re.findall(r"^\s*(?:from|import) (\S+)", text, re.MULTILINE)) - sys.stdlib_module_names
    assert others == {"collections.abc", "derivations.valuation"}


GENERAL = problem1.printed()["1c.general"]
POINTS = round_trip.points("any", Random(0))
OTHER, RELATIONS, UNREAD = "not printed as it was derived", "other relations", "it cannot be read back"


@pytest.mark.parametrize(
    ("printed", "spoiled", "told"),
    [
        ("w_2^{t-k}", "w_2^{k-t}", OTHER),
        ("j=k", "j=1", OTHER),
        (r"\sum", r"-\sum", OTHER),
        (GENERAL.latex, "h_t", RELATIONS),
        (GENERAL.latex, r"\mystery", UNREAD),
    ],
)
def test_a_print_that_says_something_else_is_found(printed, spoiled, told):
    """A wrong letter, a lost side, what the parser cannot read: each is told with the formula."""
    wrong = GENERAL.latex.replace(printed, spoiled)

    assert wrong != GENERAL.latex
    with pytest.raises(CheckFailed, match=rf"1c\.general: .*{told}"):
        round_trip.read_back(GENERAL, wrong, POINTS)


@pytest.mark.parametrize(
    "formula",
    [
        formulas.claim("1a.wrong", h(t), "=", sigma(w1 * x(t))),
        formulas.claim("1a.wrong", h(t), ">", h(t)),
        formulas.claim("1a.wrong", h(t), "<", sigma(w1 * x(t) + w2 * h(t - 1)) / 2),
        formulas.claim("1a.wrong", h(t), r"\approx", 2 * h(t)),
    ],
)
def test_a_claim_that_is_printed_well_but_false_is_found(formula):
    """Equality, strict and other inequalities, roundings: each is tested for its truth."""
    with pytest.raises(CheckFailed, match="not true"):
        round_trip.read_back(formula, formula.latex, POINTS)


def test_a_condition_is_read_back_and_its_truth_left_alone():
    """A case such as h_t = 0 passes if it is exempt; its print is compared all the same."""
    condition = formulas.claim("1a.case", h(t), "=", w1, exempt="a case")

    assert round_trip.read_back(condition, condition.latex, POINTS) < 1e-35
    with pytest.raises(CheckFailed, match="not printed as it was derived"):
        round_trip.read_back(condition, "h_t = w_2", POINTS)
