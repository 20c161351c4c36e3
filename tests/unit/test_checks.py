"""The ledger's rows, and the worked example of docs/checks.md."""

import re
import textwrap
from pathlib import Path
from random import Random

import pytest

from derivations.checks import Answers, Check, CheckFailed, Finding, require, round_trip, run, scientific

ROOT = Path(__file__).resolve().parents[2]
GUIDE = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
NOTHING = Answers({}, None)
ONE = Check("1a.one", "one is one", "counting", lambda *_: Finding(3, "0.95 of it"))


def test_a_finding_becomes_a_row():
    """Points and the worst residual of a check stand in its row."""
    rows = run([ONE], NOTHING, 0)

    texts = {"id": "1a.one", "question": "1a", "statement": "one is one", "method": "counting"}
    assert [texts | {"points": 3, "worst_residual": "0.95 of it", "passed": True}] == rows


@pytest.mark.parametrize(("worst", "printed"), [(0.0, "0"), (1.2345e-51, "2e-51"), (9.1e-17, "1e-16")])
def test_a_residual_is_rounded_up(worst, printed):
    """What is printed bounds what was found."""
    assert printed == scientific(worst)


def test_a_failure_is_one_sentence_that_names_the_check():
    """What failed, how it was looked at, where, and what it states."""
    bad = Check("1a.two", "one is two", "counting", lambda *_: require(holds=False, where="at t = 3"))

    with pytest.raises(CheckFailed) as caught:
        run([ONE, bad], NOTHING, 0)

    assert "check 1a.two (counting) failed at t = 3: one is two." == str(caught.value)


def drawn(seed, *keys):
    """Run checks that count as many points as a random number."""
    checks = [Check(key, "", "", lambda _, rng: Finding(rng.getrandbits(60))) for key in keys]
    return [row["points"] for row in run(checks, NOTHING, seed)]


def test_each_check_has_random_numbers_of_its_own():
    """They depend on the seed and the key, not on what ran before."""
    one, two = drawn(0, "1a.one", "1a.two")

    assert [two] == drawn(0, "1a.two")
    assert 3 == len({one, two, *drawn(1, "1a.two")})


def example(**changes):
    """Run the guide's Python, with some text changed."""
    blocks = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    code = "\n".join(textwrap.dedent(block) for block in blocks)
    for old, new in changes.items():
        assert old in code
        code = code.replace(old, new)
    names = {}
    exec(compile(code, "docs/checks.md", "exec"), names)  # the guide is ours
    return names


def test_the_worked_example_is_derived_printed_and_checked():
    """The formula of the guide is printed as written by hand, holds when read back, and passes its check."""
    names = example()
    (formula,) = names["formulas"]()

    by_hand = r"\frac{d h_t}{d w_2} = \sum_{k=1}^{t} w_2^{t-k} h_{k-1} \prod_{j=k}^{t} \sigma'(z_j)"
    assert by_hand == formula.latex
    assert round_trip.read_back(formula, by_hand, round_trip.points("any", Random(0))) < 1e-35
    assert 8 == names["check"]["1g.expand"](Answers({formula.key: formula}, None), Random(0)).points


def test_the_worked_example_fails_when_it_is_wrong():
    """With the state in place of the state before, the exact check of the guide rejects it."""
    names = example(**{"h(k - 1) * w2": "h(k) * w2"})
    (formula,) = names["formulas"]()

    with pytest.raises(CheckFailed, match="at t = 1"):
        names["check"]["1g.expand"](Answers({formula.key: formula}, None), Random(0))


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`((?:[a-z_]+/)*[a-z_0-9]+\.py)`", GUIDE))))
def test_the_files_that_the_guide_names_exist(name):
    """Each module that the guide speaks of is there."""
    assert any((ROOT / folder / name).is_file() for folder in ("", "derivations", "derivations/checks"))
