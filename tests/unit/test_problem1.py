"""Problem 1: the ten requirements on it, the pages around it, the one printer and the independent parser."""

import ast
import json
import re
import sys
from math import exp, inf, log10
from random import Random

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import fp

from derivations import formulas, parser, printer, problem1, rnn, vanishing
from derivations.checks import CheckFailed, round_trip
from derivations.formulas import Numeral, Partial, Power, Total, derivation, sigma, sigma_prime
from derivations.notation import L, T, a, b, eta, h, j, k, r, t, u, w1, w2, wo, x, y, z
from derivations.valuation import Valuation, compiled, context, draw
from report import ROOT

SOURCES = sorted((ROOT / "derivations").rglob("*.py"))
DERIVED = """
import json
from derivations.problem1 import derive
found = derive(0)
print(json.dumps([*map(dict, (found.formulas, found.facts, found.ledger, found.figure_1f))]))
"""


@pytest.fixture(scope="module")
def found():
    """Derive once."""
    return problem1.derive(0)


# What one writes by hand, by requirement: whole formulas, or how they end.
PRINTED = {
    1: {"1a.h2": r"\sigma\bigl(w_1 x_2 + w_2 \sigma(w_1 x_1)\bigr)"},
    2: {
        "1b.d2": r"= x_2 \sigma'(z_2) + x_1 w_2 \sigma'(z_1) \sigma'(z_2)",
        "1b.z3": r"z_3 = w_1 x_3 + w_2 \sigma\bigl(w_1 x_2 + w_2 \sigma(w_1 x_1)\bigr)",
    },
    3: {"1c.general": r"\frac{d h_t}{d w_1} = \sum_{k=1}^{t} x_k w_2^{t-k} \prod_{j=k}^{t} \sigma'(z_j)"},
    4: {
        "1d.gradient": r"\frac{d L}{d w_1} = -y w_o \sigma\bigl(-y (w_o h_T + b)\bigr)"
        r" \sum_{k=1}^{T} x_k w_2^{T-k} \prod_{j=k}^{T} \sigma'(z_j)"
    },
    5: {"1e.asked": r"0 < \frac{d \sigma(r)}{d r} < \frac{1}{2}", "1e.square": r" \le 1/4"},
    6: {
        "1f.G1": r"\approx 8.9 \times 10^{-16} \lvert w_o \rvert \, \lvert x_1 \rvert",
        "1f.tight": r"4^{-50} \approx 7.9 \times 10^{-31}",
        "lt2": r"\lvert w_2 \rvert < 2",
        "lt4": r"\lvert w_2 \rvert < 4",
        "1f.newest": r"\lvert G_T \rvert = \delta \lvert w_o \rvert \, \lvert x_T \rvert \, \sigma'(z_T)",
        "1f.rest.8": r"= 1 - 2^{49} \approx -5.6 \times 10^{14}",
    },
}


@pytest.mark.parametrize("requirement", PRINTED)
def test_a_requirement_is_printed_as_one_writes_it_by_hand(found, requirement):
    """1 to 6: states, derivatives, general form, gradient in the sheet's order, bounds and numbers."""
    for key, by_hand in PRINTED[requirement].items():
        assert found.formulas[key].endswith(by_hand)


# By requirement and check: how many points at least, and the largest residual, 0 where it must be exact.
LEDGER = {
    1: {"1a.nesting": (3, 0)},
    2: {"1b.expand": (8, 0), "1b.step": (8 * 20, 1e-13), "1b.difference": (8 * 5, 1e-30)},
    3: {"1c.induction": (5, 0), "1c.modular": (300, 0)},
    4: {"1d.flip": (1, 0), "1d.gradient": (1, 0), "1d.labels": (2, 0), "1d.step": (100, 1e-13)},
    5: {"1e.bounds": (5, 0), "1e.range": (1, 0)},
    7: {
        "1f.networks": (300, inf),
        "1f.attained": (25, 0),
        "1f.powers": (3, 0),
        "1f.figure": (4, 1e-10),
    },
}


@pytest.mark.parametrize("requirement", LEDGER)
def test_a_requirement_is_checked_at_its_points(found, requirement):
    """1 to 5, 7: by expansion, complex steps, differences, induction, a prime, signs."""
    rows = {row["id"]: row for row in found.ledger["checks"]}

    for check, (points, worst) in LEDGER[requirement].items():
        assert rows[check]["points"] >= points
        residual = rows[check]["worst_residual"]
        assert residual == "exact" if worst == 0 else worst == inf or float(residual) <= worst


def test_requirement_9_every_formula_is_read_back_at_five_points(found):
    """9: all formulas, to 1e-35 of 50 digits; the exempt ones have a reason."""
    read_back = [row for row in found.ledger["checks"] if row["id"].endswith(".printed")]
    listed = found.ledger["exemptions"]

    assert 5 * len(found.formulas) == sum(row["points"] for row in read_back)
    assert max(float(row["worst_residual"]) for row in read_back) <= round_trip.TOLERANCE
    exempt = [formula.latex for formula in problem1.printed().values() if formula.exempt]
    assert exempt == [latex for entry in listed for latex in entry["formulas"]]
    assert all(entry["reason"] for entry in listed)
    assert {"schema", "seed", "sympy", "mpmath", "checks", "exemptions"} == found.ledger.keys()


def test_requirement_9_the_same_bytes_whatever_the_hash_seed(found, python):
    """9: formulas, facts, ledger and figure do not change with PYTHONHASHSEED."""
    content = [*map(dict, (found.formulas, found.facts, found.ledger, found.figure_1f))]

    assert json.dumps(content) == python(DERIVED, PYTHONHASHSEED="1").strip()


def test_requirement_9_no_formula_is_typed_outside_the_printer():
    """9: no string in derivations/ holds LaTeX, but in the printer, in the parser and in names of symbols."""
    allowed = {r"\le", r"\ge", r"\approx", r"\delta", r"\eta"}
    typed = []
    for source in SOURCES:
        if source.name in {"printer.py", "parser.py"}:
            continue
        tree = ast.parse(source.read_text(encoding="utf-8"))
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                found = {*re.findall(r"\\[A-Za-z]+", node.value), *re.findall(r"[_^]\{", node.value)}
                typed += [(source.name, text) for text in found - allowed]

    assert [] == typed


def test_requirement_10_the_package_needs_sympy_and_mpmath_and_nothing_heuristic():
    """No other import, no file opened; no simplify, equals, evalf or is_zero, no raised recursion limit."""
    for source in SOURCES:
        text = source.read_text(encoding="utf-8")
        imported = set(re.findall(r"^\s*(?:from|import) (\w+)", text, re.MULTILINE))

        assert imported <= {*sys.stdlib_module_names, "sympy", "mpmath", "derivations"}
        assert not re.search(r"(?<!\.)\bopen\(|pathlib|read_text", text)
        assert not re.search(r"simplify\(|\.equals\(|\.evalf\(|setrecursionlimit|\.is_zero", text)


def test_weights_of_three_steps_are_what_one_computes_by_hand():
    """The weights are running products of |w_2| sigma'(z_j), from the newest back."""
    h1 = 1 / (1 + exp(-0.5))
    h2 = 1 / (1 + exp(-(-1 + 2 * h1)))
    ages = [0.0, log10(2 * h2 * (1 - h2)), log10(2 * h2 * (1 - h2) * 2 * h1 * (1 - h1))]

    assert ages == pytest.approx(vanishing.weights(fp, 2.0, (0.5, -1.0, 0.25)), abs=1e-14)


def test_the_figure_sums_up_runs_whose_inputs_depend_on_seed_and_run_alone():
    """Six-place decimals, the same for the same run; the lowest, the median and the highest of each age."""
    one = vanishing.inputs(0, 0)
    runs = vanishing.Runs((one, one, one), {"2": ((0.0, -1.0), (0.0, -3.0), (0.0, -2.0))})
    (curve,) = vanishing.figure(runs)["curves"]

    assert one == vanishing.inputs(0, 0) != vanishing.inputs(0, 1)
    assert [6] * 50 == [len(value.partition(".")[2]) for value in one]
    assert ([0.0, -3.0], [0.0, -2.0], [0.0, -1.0]) == tuple(
        curve[one] for one in ("lowest", "median", "highest")
    )


def test_a_kind_of_point_has_the_numbers_in_its_name():
    """'any, w_2=1, T>=50' fixes w_2 at 1 and T at 50 or more; at rest every z_t is 0."""
    found = draw("any, w_2=1, T>=50", Random(0), fp)
    rest = draw("at rest, w_1=1, w_2=8, T=50", Random(0), fp)

    assert 1 == found("w_2")
    assert 50 <= found("T") <= 60
    assert (8, 50, 0) == (rest("w_2"), rest("T"), rest("z", 50))


def test_two_formulas_with_one_key_are_refused(monkeypatch):
    """A key that is given twice is an error that names it."""
    monkeypatch.setattr(problem1, "PARTS", (rnn, rnn))

    with pytest.raises(ValueError, match="recursion"):
        problem1.printed()


# --- its templates: prose and layout around formulas, no mathematics of their own
TEMPLATES = ROOT / "templates"
QUESTIONS = ("1a", "1b", "1c", "1d", "1e", "1f")
NAMES = (*QUESTIONS, "checked")
MATHEMATICS = re.compile(
    r"\$(?P<inline>[^$]*)\$|\\\[(?P<display>.*?)\\\]|\\begin\{align\*\}(?P<align>.*?)\\end\{align\*\}"
    r"|\\result\{(?P<result>(?:[^{}]|\{[^{}]*\})*)\}",
    re.DOTALL,
)
LAYOUT = re.compile(
    r"@|\s|[,.:;&]|\\\\(?:\[\d+pt\])?|\\q?quad|\\text\{[ a-z]*\}|\\begin\{aligned\}|\\end\{aligned\}"
)
# what may hold = or > outside of mathematics: keys, sizes, columns
NOT_TEXT = re.compile(r"\\(?:label|ref|cite|input|includegraphics(?:\[[^\]]*\])?|hypertarget)\{[^}]*\}"
                      r"|\\begin\{tabular\*?\}\{.*\}")  # fmt: skip


def text_of(name):
    """Return a template without comments, every tag replaced by @."""
    source = (TEMPLATES / f"{name}.tex").read_text(encoding="utf-8")
    return re.sub(r"<%.*?%>", "@", re.sub(r"<#.*?#>", "", source), flags=re.DOTALL)


@pytest.mark.parametrize("name", NAMES)
def test_no_mathematics_is_typed_into_a_template(name):
    """In mathematics stand tags and layout alone; outside no relation, script, Greek letter or operator."""
    found = [next(filter(None, match.groups()), "") for match in MATHEMATICS.finditer(text_of(name))]
    text = NOT_TEXT.sub("", MATHEMATICS.sub("", text_of(name)))

    assert [] == [typed for typed in found if LAYOUT.sub("", typed)]
    assert [] == re.findall(
        r"[_^=<>]|\\(?:frac|sum|prod|sigma|gamma|delta|le|ge|approx|times|cdot|ensuremath)\b", text
    )


def test_no_formula_is_idle():
    """What is derived is printed, be it as the name of a rule."""
    derived = {key: formula.latex for key, formula in problem1.printed().items()}
    rules = " ".join(re.findall(r"\\rulename\{.*", "\n".join(derived.values())))
    sources = "".join((TEMPLATES / f"{name}.tex").read_text(encoding="utf-8") for name in QUESTIONS)
    named = {"".join(key) for key in re.findall(r'eq(?:\.(\w+)|\["([^"]+)"\])', sources)}

    idle = {key for key in derived.keys() - named if f"${derived[key]}$" not in rules}
    assert set() == idle


def test_mathematics_in_the_name_of_a_rule_is_a_formula_too():
    """What stands between dollar signs beside a step is one of the formulas that are read back."""
    derived = {formula.latex for formula in problem1.printed().values()}
    lines = re.findall(r"\\rulename\{.*", "\n".join(derived))

    inside = {part for line in lines for part in re.findall(r"\$([^$]*)\$", line)}
    assert len(inside) >= 6
    assert set() == inside - derived


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_answer_restates_the_question_and_sets_its_result_off(question):
    """Each answer restates the question and has a result set off."""
    text = text_of(question)

    assert r"\restated{" in text
    assert re.search(r"\\result\{|\\answer\{", text)


def test_prose_says_of_a_bound_no_more_than_holds():
    """1e calls 0 no minimum; in 1f the gradient vanishes under a condition on w_2 alone."""
    text, source = text_of("1f"), " ".join((TEMPLATES / "1f.tex").read_text(encoding="utf-8").split())

    assert "minim" not in text_of("1e")
    assert not re.search(r"the gradient (?:goes|tends) to zero", text, re.IGNORECASE)
    assert re.search(r"If .{,200}eq\.lt2.{,200}the whole gradient vanishes", source)


def test_the_literature_is_cited_and_listed():
    """Two works are cited in 1f and stand in the references."""
    cited = ["bengio1994", "pascanu2013"]

    assert cited == re.findall(r"\\cite\{(\w+)\}", text_of("1f"))
    assert cited == re.findall(r"\\bibitem\{(\w+)\}", text_of("references"))


# --- the printer, the parser, and the check that what is printed is what was derived
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
