"""The exact test for long sequences: both sides as polynomials modulo a prime, at random points.

Over opaque sigma' a derivative is a polynomial in w_2, the x_k and the sigma'(z_j). Two different ones of
degree 2 t or less agree at a random point modulo p with a probability of at most 2 t / p (Schwartz and
Zippel), here below 1e-16. A test in floating point cannot do this: what a long product makes small is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from derivations import evaluate, rnn
from derivations.checks.ledger import Check, CheckFailed, Finding
from derivations.formulas import inline
from derivations.notation import h, t

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    import sympy as sp

PRIME = 2**61 - 1
LONGEST = 100
POINTS = 3


class Residues:
    """A point modulo PRIME: each symbol, each opaque sigma'(.) is a number of its own, drawn on demand."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._drawn: dict[tuple[str, int | None], int] = {}
        self.memory: dict[Any, dict[int, Any]] = {}

    def value(self, name: str, index: int | None = None) -> int:
        """Return a weight or an input; for a state or its argument its place, which sigma' is opaque over."""
        if name in {"z", "h"} and index is not None:
            return index if name == "z" else -index
        return self._draw(name, index)

    def sigma_prime(self, place: int) -> int:
        """Return the opaque sigma' at a place."""
        return self._draw("sigma'", place)

    def sigma(self, place: int) -> int:
        """Return the opaque sigma at a place."""
        return self._draw("sigma", place)

    def _draw(self, name: str, index: int | None) -> int:
        key = (name, index)
        if key not in self._drawn:
            self._drawn[key] = self._rng.randrange(PRIME)
        return self._drawn[key]


def first_difference(form: sp.Expr, rng: Random, times: Sequence[int]) -> int | None:
    """Find the first t at which a general form is not what the recursion of the derivative gives, if any.

    The recursion is run on integers: D_t = sigma'(z_t) (x_t + w_2 D_{t-1}), D_0 = 0.
    """
    value = evaluate.compiled(form)
    for point in [Residues(rng) for _ in range(POINTS)]:
        derivative = 0
        for time in range(1, max(times) + 1):
            carried = point.value("w_2") * derivative
            derivative = point.sigma_prime(time) * (point.value("x", time) + carried) % PRIME
            if time in times and (value(point, {"t": time}) - derivative) % PRIME:
                return time
    return None


def _all_lengths(rng: Random) -> Finding:
    time = first_difference(rnn.general(), rng, range(1, LONGEST + 1))
    if time is not None:
        raise CheckFailed(f"the general form is not what the recursion gives at t = {time}.")
    return Finding(LONGEST * POINTS)


def checks() -> tuple[Check, ...]:
    """Return the modular check."""
    statement = f"the sum in (c) is what the recursion gives for {inline(h(t))}, {inline(t)} up to {LONGEST}"
    return (Check("1c.modular", statement, "modulo a prime", _all_lengths),)
