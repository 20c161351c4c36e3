"""Every check fails when what it looks at is wrong: none of them passes by doing nothing."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING

import pytest
import sympy as sp

from derivations import bound, contributions, induction, loss, mutants, rnn, samples, vanishing
from derivations.checks import CheckFailed, bounds, exact, examples, gate, modular, numeric, slope
from derivations.notation import Numeral, gamma, k, t, w2
from derivations.sigmoid import sigma_prime

if TYPE_CHECKING:
    from collections.abc import Iterable

    from derivations.checks import Check

RIGHT_FORM, RIGHT_GRADIENT = rnn.general(), loss.gradient()
FORMULAS = {formula.key: formula for formula in vanishing.formulas_1f()}


def outcome(checks: Iterable[Check]) -> dict[str, bool]:
    """Say for each check whether it passes."""
    passed = {}
    for check in checks:
        try:
            check.function(Random(0))
        except CheckFailed:
            passed[check.key] = False
        else:
            passed[check.key] = True
    return passed


def test_a_wrong_general_form_fails_in_five_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without w_2 it is rejected by expansion, induction, integers, imaginary steps and differences."""
    wrong = mutants.of_1c()["no w_2"]
    monkeypatch.setattr(rnn, "general", lambda time=t: wrong.xreplace({t: time}))

    found = outcome([*exact.checks(), *modular.checks(), *numeric.checks()])

    failed = {key for key, passed in found.items() if not passed}
    assert {"1b.expand", "1c.induction", "1c.modular", "1b.step", "1b.difference"} <= failed


def test_a_proof_that_proves_anything_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check of the induction also wants a wrong form to be rejected."""
    monkeypatch.setattr(induction, "proof", lambda _: {"base": True})

    assert not outcome(exact.checks())["1c.induction"]


def test_a_wrong_path_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that starts one slope too early is rejected."""
    early = lambda time, start: w2 ** (time - start) * sp.Product(sigma_prime(rnn.z(k)), (k, start, time))  # noqa: E731
    monkeypatch.setattr(rnn, "path", early)

    assert not outcome(exact.checks())["1c.path"]


def test_states_that_do_not_start_at_zero_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """States that hold another symbol than inputs and weights are rejected."""
    state = rnn.state
    monkeypatch.setattr(rnn, "state", lambda time, *_: state(time, 0, rnn.h(0)))

    assert not outcome(exact.checks())["1a.nesting"]


def test_a_wrong_gradient_fails_in_three_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the wrong sign it is rejected exactly and by both numeric methods."""
    monkeypatch.setattr(loss, "gradient", lambda: -RIGHT_GRADIENT)

    found = outcome([*exact.checks(), *numeric.checks()])

    assert {"1d.gradient", "1d.step", "1d.difference"} == {key for key, passed in found.items() if not passed}


def test_a_wrong_error_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prediction plus target is rejected."""
    right = loss.prediction_minus_target()
    monkeypatch.setattr(loss, "prediction_minus_target", lambda: -right)

    assert not outcome(exact.checks())["1d.labels"]


def test_a_wrong_slope_fails_in_all_checks_of_1e(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the slope has another form, breaks a bound and has another range."""
    right = bound.derivative()
    monkeypatch.setattr(bound, "derivative", lambda: 2 * right)

    assert {False} == set(outcome(slope.checks()).values())


def test_a_bound_that_is_too_small_fails_on_a_network() -> None:
    """A tenth of a bound does not hold."""
    for key in bounds.BOUNDS:
        low = FORMULAS[key].sides
        wrong = {**FORMULAS, key: replace(FORMULAS[key], sides=(*low[:-1], low[-1] / 10))}
        if key == "1f.newest":  # a lower bound: a million times as much
            wrong[key] = replace(FORMULAS[key], sides=(*low[:-1], low[-1] * 10**6))

        assert not outcome(bounds.checks(wrong))["1f.networks"], key


@pytest.mark.parametrize("name", ["bound_of_term", "bound_of_terms", "term_of_gradient"])
def test_a_bound_that_is_too_large_fails_by_its_count_of_factors(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A bound with one gamma too few would hold on every network; the count rejects it."""
    right = getattr(vanishing, name)
    monkeypatch.setattr(vanishing, name, lambda *arguments: right(*arguments) / gamma)

    assert not outcome(bounds.checks(FORMULAS))["1f.count"]


def test_a_wrong_power_fails() -> None:
    """8.8e-16 is not 2^-50."""
    sides = [side.xreplace({vanishing.rounded(sp.Integer(2) ** -50): Numeral("8.8e-16")})
             for side in FORMULAS["1f.G1.50"].sides]  # fmt: skip
    wrong = {**FORMULAS, "1f.G1.50": replace(FORMULAS["1f.G1.50"], sides=tuple(sides))}

    assert not outcome(examples.checks(wrong, [], 0))["1f.powers"]


@pytest.mark.parametrize("key", ["1f.rest.x", "1f.rest.value"])
def test_an_example_that_is_not_at_rest_or_misses_the_bound_fails(key: str) -> None:
    """Inputs twice as large do not keep z_t at 0; a bound twice as large is not attained."""
    sides = FORMULAS[key].sides
    wrong = {**FORMULAS, key: replace(FORMULAS[key], sides=(sides[0], 2 * sides[1]))}

    assert not outcome(examples.checks(wrong, [], 0))["1f.attained"]


def test_a_mean_that_is_too_small_fails() -> None:
    """Half of tanh(|w_2|/4) does not bound the change of a path over all states."""
    formula = FORMULAS["1f.mean"]
    wrong = {**FORMULAS, "1f.mean": replace(formula, sides=(formula.sides[0] / 2, formula.sides[1]))}

    assert not outcome(bounds.checks(wrong))["1f.mean"]


def test_a_wrong_width_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interval that is half as wide does not end where a step of the path is 1."""
    right = vanishing.edge()
    monkeypatch.setattr(vanishing, "edge", lambda: right / 2)

    assert not outcome(examples.checks(FORMULAS, [], 0))["1f.edge"]


def test_a_wrong_row_of_the_table_fails() -> None:
    """A largest weight above its bound, or inputs of another seed, are rejected."""
    row = contributions.Row("1", (-36.0, -72.0), (-20.0, -69.0), (-29.5, -59.6), (-14.8, -29.8), (0.1, 0.1))

    assert not outcome(examples.checks(FORMULAS, [row], 0))["1f.table"]


def test_a_gate_that_lets_a_mutant_through_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong version that only one method rejects stops the build, and so does a rejected right answer."""
    harmless = {"nothing": RIGHT_FORM}
    monkeypatch.setattr(mutants, "of_1c", lambda: {**harmless, "term k = 1 dropped": RIGHT_FORM})

    found = outcome(gate.checks())

    assert not found["1c.mutants"]
    assert not found["1c.blindspot"]
    with pytest.raises(CheckFailed, match="right answer"):
        gate._killed_twice({}, RIGHT_FORM, {"never": lambda _: False}, Random(0))


def test_a_kind_of_point_has_the_numbers_in_its_name() -> None:
    """'w2=1, T=50' fixes w_2 at 1 and T at 50, so that what is claimed for T = 50 is read at T = 50."""
    for name, kind in samples.KINDS.items():
        for part in name.split(", "):
            symbol, equals, number = part.partition("=")
            if equals:
                assert Fraction(number) == kind.fixed[{"w2": "w_2"}.get(symbol, symbol)]
