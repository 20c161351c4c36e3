"""Every check fails when what it looks at is wrong: none of them passes by doing nothing."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from fractions import Fraction
from functools import partial
from random import Random
from typing import TYPE_CHECKING

import pytest
import sympy as sp
from mpmath import fp

from derivations import bound, contributions, loss, rnn, samples, vanishing
from derivations.checks import CheckFailed, claims, curves, derivative, exact, gate, modular, numeric
from derivations.notation import Numeral, k, t, w2
from derivations.sigmoid import sigma_prime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from derivations.checks import Check

RIGHT_FORM, RIGHT_GRADIENT = rnn.general(), loss.gradient()
FORMULAS = {formula.key: formula for formula in vanishing.formulas_1f()}


def outcome(checks: Iterable[Check]) -> dict[str, bool]:
    """Return for each check whether it passes."""
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
    """Without w_2 it is rejected by expansion, induction, integers, complex steps and differences."""
    wrong = gate.mutants_1c()["no w_2"]
    monkeypatch.setattr(rnn, "general", lambda time=t: wrong.xreplace({t: time}))

    found = outcome([*exact.checks(), *modular.checks(), *numeric.checks()])

    failed = {key for key, passed in found.items() if not passed}
    assert {"1b.expand", "1c.induction", "1c.modular", "1b.step", "1b.difference"} <= failed


def test_a_proof_that_proves_anything_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check of the induction also wants a wrong form to be rejected."""
    monkeypatch.setattr(exact, "proof", lambda _: {"base": True})

    assert not outcome(exact.checks())["1c.induction"]


def test_a_wrong_path_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that starts one derivative too early is rejected."""
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


def test_a_wrong_derivative_fails_in_all_checks_of_1e(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the derivative has another form, breaks a bound and has another range."""
    right = bound.derivative()
    monkeypatch.setattr(bound, "derivative", lambda: 2 * right)

    assert {False} == set(outcome(derivative.checks()).values())


def rejected(check: Callable[[Random], object]) -> bool:
    """Return whether a check fails."""
    with contextlib.suppress(CheckFailed):
        check(Random(0))
        return False
    return True


@pytest.mark.parametrize("key", claims.BOUNDS)
def test_a_bound_that_is_too_small_fails_on_a_network(key: str) -> None:
    """A tenth of an upper bound does not hold, nor a million times the lower one."""
    sides = FORMULAS[key].sides
    wrong = sides[-1] * 10**6 if key == "1f.newest" else sides[-1] / 10
    formulas = {**FORMULAS, key: replace(FORMULAS[key], sides=(*sides[:-1], wrong))}

    assert not rejected(partial(claims.hold, FORMULAS))
    assert rejected(partial(claims.hold, formulas))


@pytest.mark.parametrize("name", ["bound_of_term", "term_of_gradient"])
def test_a_bound_that_is_too_large_fails_by_its_count_of_factors(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A bound with one factor too few would hold on every network; the count rejects it."""
    right = getattr(vanishing, name)
    monkeypatch.setattr(vanishing, name, lambda *arguments: right(*arguments) * 2)

    assert rejected(claims.counted)


@pytest.mark.parametrize("key", claims.POWERS)
def test_a_wrong_power_fails(key: str) -> None:
    """8.8e-16 is not 2^-50."""
    numeral = next(iter(FORMULAS[key].sides[-1].atoms(Numeral)))
    wrong = FORMULAS[key].sides[-1].xreplace({numeral: Numeral(numeral.text.replace(".", ".0"))})
    formulas = {**FORMULAS, key: replace(FORMULAS[key], sides=(*FORMULAS[key].sides[:-1], wrong))}

    assert not rejected(partial(claims.rounds, FORMULAS))
    assert rejected(partial(claims.rounds, formulas))


def test_a_gradient_that_falls_below_its_newest_term_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """With inputs of both signs terms cancel, and the check that says otherwise fails."""
    monkeypatch.setitem(samples.KINDS, "one sign", samples.Kind())

    assert rejected(claims.stays)


def test_a_curve_above_its_bound_fails() -> None:
    """A weight above the bound is rejected."""
    flat = (0.0,) * 50
    figure = contributions.Figure(50, 1, (contributions.Curve("1", flat, flat, flat),))

    assert rejected(partial(curves.drawn, figure, 0))


def test_a_gate_that_lets_a_mutant_through_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong version that only one method rejects stops the build, and so does a rejected right answer."""
    harmless = {"nothing": RIGHT_FORM}
    monkeypatch.setattr(gate, "mutants_1c", lambda: {**harmless, "term k = 1 dropped": RIGHT_FORM})

    found = outcome(gate.checks())

    assert not found["1c.mutants"]
    assert not found["1c.blindspot"]
    with pytest.raises(CheckFailed, match="right answer"):
        gate._killed_twice({}, RIGHT_FORM, {"never": lambda _: False}, Random(0))


def test_a_kind_of_point_has_the_numbers_in_its_name() -> None:
    """'w2=1, T>=50' fixes w_2 at 1 and T at 50 or more, so that what is claimed there is read there."""
    for name, kind in samples.KINDS.items():
        for part in name.split(", "):
            symbol, equals, number = part.partition("=")
            if symbol == "T>":
                assert int(number) == kind.lengths[0] <= samples.draw(kind, Random(0), fp).value("T")
            elif equals:
                assert Fraction(number) == kind.fixed[{"w2": "w_2"}.get(symbol, symbol)]
