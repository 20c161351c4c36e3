"""Every check rejects what is wrong; the rows of the ledger, and the worked example of docs/checks.md."""

import re
import textwrap
from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest
import sympy as sp

from derivations import problem1, vanishing
from derivations.checks import (
    Answers,
    Check,
    CheckFailed,
    Finding,
    claims,
    exact,
    gate,
    numeric,
    round_trip,
    run,
    scientific,
)
from derivations.formulas import Numeral, Total, sigma, sigma_prime
from derivations.notation import G, L, T, h, j, k, t, u, w1, w2, x, z
from report import ROOT

GUIDE = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
FORMULAS = problem1.printed()
ANSWERS = Answers(FORMULAS, vanishing.measure(0))
CHECKS = {**exact.check, **numeric.check, **claims.check, **gate.check}
QUARTER, SLOPE = sp.Rational(1, 4), FORMULAS["1e.derivative"].sides[1]


def spoiled(key, wrong, number=-1):
    """Return the answers with another side of one formula."""
    return ANSWERS.spoiled(key, sp.sympify(wrong), number)


def side(key, number=-1):
    """Return the right side of a formula."""
    return FORMULAS[key].sides[number]


def another_decimal(key):
    """Return the rounded side of a formula with its second digit wrong."""
    numeral = next(iter(side(key).atoms(Numeral)))
    return side(key).xreplace({numeral: Numeral(re.sub(r"\.\d", ".0", numeral.name))})


GEOMETRIC = QUARTER * w2 / 2 * sum(((w2 / 4) ** age for age in range(50)), sp.Integer(0))
PATH = sp.Product(sigma_prime(z(j)), (j, k, t))
# What is wrong, the checks that see it, the formula, a wrong side of it, and which if not the last.
WRONG = {
    "states that do not start at zero": (("1a.nesting",), "1a.h2", sigma(w1 * x(2) + w2 * h(0)), -1),
    "a state with an outer h_0": (("1a.nesting",), "1a.h1", sigma(w1 * x(1) + 0 * w2 + h(0)), -1),
    "a state without its second input": (("1a.nesting",), "1a.h2", side("1a.h1"), -1),
    "a path from one derivative too early": (("1c.path",), "1c.path", w2 ** (t - k) * PATH, -1),
    "another complement": (("1d.flip",), "1d.flip", sigma(2 * side("1d.a", 0)), -1),
    "prediction plus target": (("1d.labels",), "1d.labels", -side("1d.labels"), -1),
    "another sign": (("1d.gradient", "1d.step", "1d.difference"), "1d.gradient", -side("1d.gradient"), -1),
    "twice the derivative": (("1e.slope", "1e.bounds", "1e.range"), "1e.derivative", 2 * SLOPE, 1),
    "a square that is not completed": (("1e.slope",), "1e.square", side("1e.square", 1) / 2, 1),
    "a bound with a factor too few": (("1f.count",), "1f.bound", 2 * side("1f.bound"), -1),
    "a sharp bound with a factor too few": (("1f.count",), "1f.quarter", 2 * side("1f.quarter"), -1),
    "a term with another factor": (("1f.count",), "1f.Gk", 2 * side("1f.Gk"), -1),
    "a caption's bound with 1/2": (("1f.count",), "1f.bound4", (abs(w2) / 2) ** (T - k), 0),
    "one derivative too few": (("1f.count",), "1f.nderivatives", T - k, 0),
    "a tenth of the bound": (("1f.networks",), "1f.bound", side("1f.bound") / 10, -1),
    "a tenth of the sharp bound": (("1f.networks",), "1f.quarter", side("1f.quarter") / 10, -1),
    "a tenth of the ratio": (("1f.networks",), "1f.ratio", side("1f.ratio") / 10, -1),
    "8.0e-16 for 2^-50": (("1f.powers",), "1f.G1", another_decimal("1f.G1"), -1),
    "7.0e-31 for 4^-50": (("1f.powers",), "1f.tight", another_decimal("1f.tight"), -1),
    "-5.0e14 for 1 - 2^49": (("1f.powers",), "1f.rest.8", another_decimal("1f.rest.8"), -1),
    "terms shrink, not only their bound": (("1f.shrinks",), "1f.bound", abs(G(k)) * abs(x(k)), -1),
    "the gradient vanishes as its paths do": (("1f.threshold",), "1f.path", abs(Total(L, w1)), 0),
    "a path at rest that is half": (("1f.attained",), "1f.rest.path", side("1f.rest.path") / 2, -1),
    "weights of another product": (("1f.figure",), "1f.weight", side("1f.weight") * w2, 0),
}


@pytest.mark.parametrize(("checks", "key", "wrong", "number"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_is_rejected(checks, key, wrong, number):
    """Each check that looks at the answer rejects the wrong one, and accepts what is printed."""
    for check in checks:
        assert CHECKS[check].passes(ANSWERS, Random(0))
        assert not CHECKS[check].passes(spoiled(key, wrong, number), Random(0))


def test_a_failure_stops_and_names_the_check():
    """With a wrong general form the first check that sees it is named, with the step where it fails."""
    wrong = gate.GATES["1c"].spoiled(ANSWERS, "no w_2")

    with pytest.raises(CheckFailed, match=r"^check 1b\.expand \(symbolic expansion\) failed at t = 2: .*\.$"):
        run([*exact.check.values(), *numeric.check.values()], wrong, 0)


def test_a_curve_above_its_bound_is_rejected():
    """The check of the figure looks at every curve."""
    runs = vanishing.Runs(ANSWERS.runs.inputs, {"1": ((0.0,) * 50,)})

    assert not CHECKS["1f.figure"].passes(replace(ANSWERS, runs=runs), Random(0))


def derivative_at_rest(value, _):
    """Run d h_50 / d w_1 on fractions in the example at rest, whatever k is."""
    derivative = Fraction(0)
    for time in range(1, 51):
        derivative = Fraction(1, 4) * ((0 if time == 1 else Fraction(-value, 2)) + value * derivative)
    return abs(derivative)


# What is claimed of the same formula, and what must not be.
STRONGER = {
    "2 is the threshold of the bound with 1/2, not 3": ("1f.shrinks", (3,), ANSWERS),
    "4 is the threshold of a path, not 5": ("1f.threshold", (5,), ANSWERS),
    "no two terms cancel for inputs of one sign, not for any": ("1f.stays", ("any",), ANSWERS),
    "the bound that is attained is that on a path, not that on the gradient": (
        "1f.attained",
        (derivative_at_rest,),
        spoiled("1f.rest.path", GEOMETRIC),
    ),
    "from 2 to 4 the oldest input loses weight, not from 1 to 2": ("1f.saturates", ("1", "2"), ANSWERS),
}


@pytest.mark.parametrize(("key", "claimed", "answers"), STRONGER.values(), ids=STRONGER)
def test_a_stronger_claim_is_rejected(key, claimed, answers):
    """The check of a sentence accepts what the page says and rejects what it used to say."""
    assert CHECKS[key].passes(ANSWERS, Random(0))
    assert not CHECKS[key].claiming(*claimed).passes(answers, Random(0))


def test_every_check_is_shown_to_fail_somewhere():
    """No check of the ledger is left out here, in the gate or in the round trip."""
    shown = {check for checks, *_ in WRONG.values() for check in checks} | {
        key for key, _, _ in STRONGER.values()
    }
    in_gate = {method.key for one in gate.GATES.values() for method in one.methods}

    assert CHECKS.keys() - gate.check.keys() == (shown | in_gate) & CHECKS.keys()


@pytest.mark.parametrize(
    ("wrong", "claim"),
    [
        (-u / (1 + u) ** 2, "sigma' > 0"),
        (u / (1 + u), "1/2 - sigma' > 0"),
        (2 * u / (1 + u) ** 2, "1/4 - sigma' >= 0"),
        (u / (2 * (1 + u) ** 2), "1/4 - sigma' is a square"),
        (QUARTER - ((u - 2) / (u + 2)) ** 2 / 4, "1/4 - sigma' = 0 only at u = 1"),
    ],
)
def test_the_certificate_names_what_a_wrong_derivative_breaks(wrong, claim):
    """Each wrong derivative fails in the claim that it contradicts; u / (1 + u)^2 fails in none."""
    assert claim in exact.certificate(wrong)
    assert [] == exact.certificate(u / (1 + u) ** 2)


GENERAL = side("1c.general")


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        (GENERAL.xreplace({w2 ** (t - k): sp.Integer(1)}), "terms"),
        (GENERAL.xreplace({x(k): x(k + 1)}), "base"),
        (sp.Sum(GENERAL.function, (k, 2, t)), "base"),
        (sp.Sum(GENERAL.function, (k, 1, 2 * t)), "limits"),
        (sp.Sum(x(k) * w2 ** (t - k) * sp.Product(sigma_prime(z(j)), (j, 1, t)), (k, 1, t)), "last"),
    ],
)
def test_a_wrong_form_fails_in_the_part_of_the_proof_that_it_breaks(wrong, part):
    """A form without w_2 fails in the step, a shifted one in the base, a longer product in the last term."""
    assert not exact.proof(wrong)[part]
    assert all(exact.proof(GENERAL).values())


def test_the_worst_of_all_networks_is_told():
    """Of derivatives that are off by 0.001 and by less, the residual that is told is the larger one."""
    off = iter([1e-9, 1e-3, 1e-6])
    slack = numeric.STEP._replace(
        tolerance=1, derivative=lambda of, at: numeric.STEP.derivative(of, at) + next(off)
    )
    found = CHECKS["1b.step"].claiming(slack, "1c.general", [2, 2, 2], 1)(ANSWERS, Random(0))

    assert 3 == found.points
    assert 5e-4 <= float(found.worst) <= 2e-3


def test_a_proof_that_proves_anything_fails(monkeypatch):
    """The check of the induction also wants a wrong form to be rejected."""
    monkeypatch.setattr(exact, "proof", lambda _: {"base": True})

    assert not exact.check["1c.induction"].passes(ANSWERS, Random(0))


@pytest.mark.parametrize("question", gate.GATES)
def test_every_method_rejects_every_wrong_version(question):
    """The 14 wrong versions of (c) up to t = 8, the 6 of (d) and the 4 of (e): by all methods, always."""
    found = gate.GATES[question].kills(ANSWERS)

    assert {"1c": 14, "1d": 6, "1e": 4}[question] == len(found)
    assert {tuple(method.key for method in gate.GATES[question].methods)} == set(found.values())


def test_a_gate_that_lets_a_wrong_version_through_fails():
    """A wrong version that only one method rejects stops the build, and so does a number that sees all."""
    weak = replace(gate.GATES["1d"], wrong={"nothing": {}})
    few = replace(gate.GATES["1d"], methods=(exact.check["1d.gradient"],))

    assert not gate.check["1d.mutants"].claiming(weak).passes(ANSWERS, Random(0))
    assert not gate.check["1d.mutants"].claiming(few).passes(ANSWERS, Random(0))
    doubled = spoiled("1c.general", sp.Sum(2 * GENERAL.function, (k, 1, t)))
    assert not gate.check["1c.blindspot"].passes(doubled, Random(0))


# --- the rows of the ledger, and the guide
COUNTED = Check("1a.one", "one is one", "counting", lambda *_: Finding(3, "0.95 of it"))


def test_a_finding_becomes_a_row():
    """Points and the worst residual of a check stand in its row."""
    rows = run([COUNTED], ANSWERS, 0)

    texts = {"id": "1a.one", "question": "1a", "statement": "one is one", "method": "counting"}
    assert [texts | {"points": 3, "worst_residual": "0.95 of it", "passed": True}] == rows


@pytest.mark.parametrize(("worst", "printed"), [(0.0, "0"), (1.2345e-51, "2e-51"), (9.1e-17, "1e-16")])
def test_a_residual_is_rounded_up(worst, printed):
    """What is printed bounds what was found."""
    assert printed == scientific(worst)


def test_each_check_has_random_numbers_of_its_own():
    """They depend on the seed and the key, not on what ran before."""
    one, two = (Check(key, "", "", lambda _, rng: Finding(rng.getrandbits(60))) for key in ("1a.1", "1a.2"))
    drawn = [
        [row["points"] for row in run(*which)]
        for which in (([one, two], ANSWERS, 0), ([two], ANSWERS, 0), ([two], ANSWERS, 1))
    ]

    assert drawn[0][1:] == drawn[1]
    assert 3 == len({*drawn[0], *drawn[2]})


def test_the_worked_example_is_derived_printed_and_checked():
    """The guide's formula prints as by hand, holds when read back, and passes its check, which can fail."""
    blocks = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    names = {}
    exec("\n".join(map(textwrap.dedent, blocks)), names)  # the guide is ours
    (formula,) = names["formulas"]()
    right, check = Answers({formula.key: formula}, None), names["check"]["1g.expand"]

    by_hand = r"\frac{d h_t}{d w_2} = \sum_{k=1}^{t} w_2^{t-k} h_{k-1} \prod_{j=k}^{t} \sigma'(z_j)"
    assert by_hand == formula.latex
    assert round_trip.read_back(formula, by_hand, round_trip.points("any", Random(0))) < 1e-35
    assert 8 == check(right, Random(0)).points
    with pytest.raises(CheckFailed, match="at t = 1"):
        check(right.spoiled(formula.key, right.side(formula.key).xreplace({h(k - 1): h(k)})), Random(0))


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`((?:[a-z_]+/)*[a-z_0-9]+\.py)`", GUIDE))))
def test_the_files_that_the_guide_names_exist(name):
    """Each module that the guide speaks of is there."""
    assert any((ROOT / folder / name).is_file() for folder in ("", "derivations", "derivations/checks"))
