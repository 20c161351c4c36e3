"""The ledger: rows in order, a failure that names its check, the same content whatever the run."""

import pytest

from derivations.checks import Answers, Check, CheckFailed, Finding, require, run, scientific

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
