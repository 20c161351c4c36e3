"""The loss and its gradient."""

from __future__ import annotations

import sympy as sp

from derivations import loss, rnn
from derivations.checks import exact
from derivations.notation import T, a, b, h, k, w2, wo, x, y
from derivations.sigmoid import sigma, sigma_prime


def test_the_loss_is_differentiated_on_one_atom() -> None:
    """d(-log sigma(a)) / da = -sigma'(a) / sigma(a), by SymPy's diff."""
    assert -sigma_prime(a) / sigma(a) == loss.derivative_in_a()


def test_the_gradient_of_one_time_stamp_is_what_one_finds_by_hand() -> None:
    """With T = 1 the gradient is -y w_o sigma(-y (w_o h_1 + b)) x_1 sigma'(z_1)."""
    by_hand = -y * wo * sigma(-y * (wo * h(1) + b)) * x(1) * sigma_prime(rnn.z(1))

    at_one = loss.gradient().xreplace({T: sp.Integer(1)}).doit()

    assert sp.expand(by_hand - at_one) == 0


def test_both_labels_give_prediction_minus_target() -> None:
    """For y = 1 the error is sigma - 1, for y = -1 it is sigma."""
    score = wo * h(T) + b
    form = loss.prediction_minus_target()

    assert form.subs(y, 1) == sigma(score) - 1
    assert form.subs(y, -1) == sigma(score)


def test_a_gradient_with_a_wrong_sign_is_told_from_the_right_one() -> None:
    """The exact check accepts the gradient and rejects its negative, and one with another power of w_2."""
    right = loss.gradient()
    other = right.xreplace({w2 ** (T - k): w2 ** (T - k + 1)})

    assert [True, False, False] == [exact.is_gradient(form) for form in (right, -right, other)]
