"""The ledger: rows in order, a failure that names its check, the same content whatever the run."""

from __future__ import annotations

import pytest

from derivations.checks import Answers, Check, CheckFailed, Finding, require, run, scientific

NOTHING = Answers({}, None)


def check(key: str, finding: Finding) -> Check:
    """Make a check that passes with a finding."""
    return Check(key, "one is one", "counting", lambda *_: finding)


def failing(*_: object) -> Finding:
    """Fail somewhere."""
    require(holds=False, where="at t = 3")
    return Finding(1)


def test_a_finding_becomes_a_row() -> None:
    """Points and the worst residual of a check stand in its row."""
    rows = run([check("1a.one", Finding(3, "0.95 of it"))], NOTHING, 0)

    texts = {"id": "1a.one", "question": "1a", "statement": "one is one", "method": "counting"}
    assert [texts | {"points": 3, "worst_residual": "0.95 of it", "passed": True}] == rows


@pytest.mark.parametrize(("worst", "printed"), [(0.0, "0"), (1.2345e-51, "2e-51"), (9.1e-17, "1e-16")])
def test_a_residual_is_rounded_up(worst: float, printed: str) -> None:
    """What is printed bounds what was found."""
    assert printed == scientific(worst)


def test_a_failure_is_one_sentence_that_names_the_check() -> None:
    """What failed, how it was looked at, where, and what it states."""
    bad = Check("1a.two", "one is two", "counting", failing)

    with pytest.raises(CheckFailed) as caught:
        run([check("1a.one", Finding(1)), bad], NOTHING, 0)

    assert "check 1a.two (counting) failed at t = 3: one is two." == str(caught.value)


def drawn(seed: int, *keys: str) -> list[int]:
    """Run checks that count as many points as a random number."""
    checks = [Check(key, "", "", lambda _, rng: Finding(rng.getrandbits(60))) for key in keys]
    return [row["points"] for row in run(checks, NOTHING, seed)]


def test_each_check_has_random_numbers_of_its_own() -> None:
    """They depend on the seed and the key, not on what ran before."""
    one, two = drawn(0, "1a.one", "1a.two")

    assert [two] == drawn(0, "1a.two")
    assert 3 == len({one, two, *drawn(1, "1a.two")})
