"""The mutation gate: which check rejects which wrong version."""

from __future__ import annotations

import pytest

from derivations import bound, loss, rnn
from derivations.checks import gate

EXACT = ("induction", "modular")
NUMERIC = ("step", "difference")


def test_the_kill_matrix_of_1c_at_t_8() -> None:
    """At t = 8 every method rejects every one of the 14 wrong general forms."""
    found = gate.kills(gate.mutants_1c(), gate.methods_1c(gate.SHORT))

    assert {
        "exponent one too large": ("expansion", *EXACT, *NUMERIC),
        "exponent k - 1": ("expansion", *EXACT, *NUMERIC),
        "no w_2": ("expansion", *EXACT, *NUMERIC),
        "w_1 for w_2": ("expansion", *EXACT, *NUMERIC),
        "product from k + 1": ("expansion", *EXACT, *NUMERIC),
        "product up to t - 1": ("expansion", *EXACT, *NUMERIC),
        "product from 1": ("expansion", *EXACT, *NUMERIC),
        "sum up to t - 1": ("expansion", *EXACT, *NUMERIC),
        "term k = 1 dropped": ("expansion", *EXACT, *NUMERIC),
        "input one later": ("expansion", *EXACT, *NUMERIC),
        "no x_k": ("expansion", *EXACT, *NUMERIC),
        "sigma for sigma'": ("expansion", *EXACT, *NUMERIC),
        "sigma' of h_j": ("expansion", *EXACT, *NUMERIC),
        "sign": ("expansion", *EXACT, *NUMERIC),
    } == found


def test_at_t_50_no_number_sees_the_dropped_term() -> None:
    """At t = 50 floats and 60 digits pass one wrong form, without the term k = 1; exact methods reject it."""
    found = gate.kills(gate.mutants_1c(), gate.methods_1c(gate.LONG))

    blind = {name for name, killers in found.items() if killers == EXACT}
    assert {"term k = 1 dropped"} == blind
    assert all((*EXACT, *NUMERIC) == killers for name, killers in found.items() if name not in blind)


def test_the_kill_matrix_of_1d() -> None:
    """Every method rejects every one of the 6 wrong gradients."""
    found = gate.kills(gate.mutants_1d(), gate.methods_1d())

    all_three = ("chain rule", *NUMERIC)
    assert {
        "sign": all_three,
        "no y": all_three,
        "no w_o": all_three,
        "sigma(a) for sigma(-a)": all_three,
        "no b": all_three,
        "(c) at T - 1": all_three,
    } == found


def test_the_kill_matrix_of_1e() -> None:
    """Every method rejects every one of the 4 wrong derivatives."""
    found = gate.kills(gate.mutants_1e(), gate.methods_1e())

    all_three = ("quotient rule", "signs", "step")
    assert {
        "sign": all_three,
        "denominator not squared": all_three,
        "sigma squared": all_three,
        "numerator 2 u": all_three,
    } == found


@pytest.mark.parametrize("length", [gate.SHORT, gate.LONG])
def test_no_check_rejects_the_right_general_form(length: int) -> None:
    """A gate that lets nothing through would prove nothing."""
    assert {"right": ()} == gate.kills({"right": rnn.general()}, gate.methods_1c(length))


def test_no_check_rejects_the_right_gradient_or_the_right_derivative() -> None:
    """Likewise for (d) and (e)."""
    assert {"right": ()} == gate.kills({"right": loss.gradient()}, gate.methods_1d())
    right = bound.in_u(bound.derivative())
    assert {"right": ()} == gate.kills({"right": right}, gate.methods_1e())
