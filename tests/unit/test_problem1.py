"""Problem 1 as a whole: the ten requirements on its content and its checks, one test or more for each."""

import ast
import json
import re
import sys
from math import exp, inf, log10
from pathlib import Path
from random import Random

import pytest
from mpmath import fp

from derivations import problem1, rnn, vanishing
from derivations.checks import round_trip
from derivations.valuation import draw

ROOT = Path(__file__).resolve().parents[2]
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


def test_nothing_that_sympy_leaves_behind_is_printed(found):
    """1 and 3: no h_0 in a state, no exponential, no dummy index, and no -k + t."""
    for time in (1, 2, 3):
        printed = found.formulas[f"1a.h{time}"]

        assert time == printed.count(r"\sigma")
        assert not re.search(r"h_0|e\^|\\exp|\\xi|\\left\.", printed)
    assert all("-k+" not in latex for latex in found.formulas.values())


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
        **{f"1f.{claim}": (1, inf) for claim in ("shrinks", "threshold", "stays", "saturates", "count")},
    },
    8: {"1c.mutants": (12, 0), "1d.mutants": (4, 0), "1e.mutants": (2, 0), "1c.blindspot": (1, 0)},
}


@pytest.mark.parametrize("requirement", LEDGER)
def test_a_requirement_is_checked_at_its_points(found, requirement):
    """1 to 5, 7, 8: by expansion, complex steps, differences, induction, a prime, signs, mutants."""
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


def test_requirement_10_nothing_slow_or_heuristic_is_used():
    """10: no simplify, equals, evalf or is_zero, and no raised recursion limit, anywhere."""
    heuristic = re.compile(r"simplify\(|\.equals\(|\.evalf\(|setrecursionlimit|\.is_zero")

    assert [] == [source.name for source in SOURCES if heuristic.search(source.read_text(encoding="utf-8"))]


def test_the_package_needs_sympy_mpmath_and_the_standard_library_alone():
    """No other import, and no file is opened: derivations/ knows neither templates nor data."""
    for source in SOURCES:
        text = source.read_text(encoding="utf-8")
        imported = set(re.findall(r"^\s*(?:from|import) (\w+)", text, re.MULTILINE))

        assert imported <= {*sys.stdlib_module_names, "sympy", "mpmath", "derivations"}
        assert not re.search(r"(?<!\.)\bopen\(|pathlib|read_text", text)


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
