"""The scalar network run forward on numbers: any number type that the context's exp can take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Step(NamedTuple):
    """One time stamp: the state h_t, sigma'(z_t), and d h_t / d w_1."""

    state: Any
    sigma_prime: Any
    derivative: Any


def forward(exp: Any, w1: Any, w2: Any, xs: Iterable[Any]) -> Iterator[Step]:
    """Run h_t = sigma(w_1 x_t + w_2 h_{t-1}) from h_0 = 0, and the recursion of its derivative with it.

    Parameters
    ----------
    exp : callable
        The exponential of the number type, such as `MPContext().exp`.
    w1, w2 : number
        The weights.
    xs : iterable of number
        The inputs x_1, x_2, ...
    """
    state, derivative = 0, 0
    for x in xs:
        state = 1 / (1 + exp(-(w1 * x + w2 * state)))
        sigma_prime = state * (1 - state)
        derivative = sigma_prime * (x + w2 * derivative)
        yield Step(state, sigma_prime, derivative)
