"""docs/checks.md: its worked example runs, passes its checks, and fails when it is made wrong."""

import re
import textwrap
from pathlib import Path
from random import Random

import pytest

from derivations.checks import Answers, CheckFailed, round_trip

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "checks.md").read_text(encoding="utf-8")


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
    root = Path(__file__).resolve().parents[2]
    places = (root / name, root / "derivations" / name, root / "derivations/checks" / name)

    assert any(place.is_file() for place in places)
