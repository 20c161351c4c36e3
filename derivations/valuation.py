"""The value of each symbol at one point: given for parameters, by the recursion for what follows from them.

Nothing here knows a result of problem 1. Derivatives are taken of the network itself, by a step in the
imaginary direction: f'(v) = Im f(v + i e) / e, whose error is of order e**2 and vanishes at e = 1e-200.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

STEP = "1e-200"
Local = dict[str, int]  # the running indices of sums and products


class Valuation:
    """The values of all symbols at one point.

    The context is `mpmath.fp` for floats, or an `MPContext` for more digits. Parameters go by their printed
    names: w_1, w_2, w_o, b, y, r, eta (with its backslash) and the integers t, k, j, T. The inputs x_1, x_2,
    ... are `xs`.
    """

    def __init__(
        self,
        ctx: Any,
        parameters: Mapping[str, Any],
        xs: Sequence[Any],
        moved: Mapping[tuple[str, int | None], Any] | None = None,
    ) -> None:
        self.ctx = ctx
        self.parameters = dict(parameters)
        self.xs = tuple(xs)
        self.memory: dict[Any, dict[int, Any]] = {}  # values that `evaluate` keeps for this point
        self._known: dict[tuple[str, int | None], Any] = dict(moved or {})
        self._moved: dict[tuple[str, int | None], Valuation] = {}
        self._derivatives: dict[Any, Any] = {}

    def value(self, name: str, index: int | None = None) -> Any:
        """Return the value of a symbol, by its printed name and index; an unknown one is a KeyError."""
        key = (name, index)
        if key not in self._known:
            self._known[key] = self._find(name, index)
        return self._known[key]

    def sigma(self, argument: Any) -> Any:
        """Return the sigmoid of a number."""
        return 1 / (1 + self.ctx.exp(-argument))

    def sigma_prime(self, argument: Any) -> Any:
        """Return the derivative of the sigmoid at a real number, by a complex step."""
        if argument not in self._derivatives:
            step = self.ctx.mpf(STEP)
            self._derivatives[argument] = self.sigma(argument + self.ctx.mpc(0, step)).imag / step
        return self._derivatives[argument]

    def derivative(self, function: Callable[[Valuation], Any], name: str, index: int | None = None) -> Any:
        """Differentiate a function of the values with respect to one of its symbols.

        What depends on the symbol moves with it; for a state h_k, that is all that comes later.
        """
        step = self.ctx.mpf(STEP)
        return self.ctx.mpc(function(self._shifted(name, index, step))).imag / step

    def _shifted(self, name: str, index: int | None, size: Any) -> Valuation:
        key = (name, index)
        if key not in self._moved:
            there = self.value(name, index) + self.ctx.mpc(0, size)
            self._moved[key] = Valuation(self.ctx, self.parameters, self.xs, {key: there})
        return self._moved[key]

    def _find(self, name: str, index: int | None) -> Any:
        if index is not None and index >= _FIRST.get(name, index + 1):
            return _INDEXED[name](self, index)
        if index is None and name in self.parameters:
            return self.parameters[name]
        if index is None and name in _DERIVED:
            return _DERIVED[name](self)
        raise KeyError(name if index is None else f"{name}_{index}")


def _state(point: Valuation, time: int) -> Any:
    return point.sigma(point.value("z", time)) if time else point.ctx.zero


def _preactivation(point: Valuation, time: int) -> Any:
    from_input = point.value("w_1") * point.value("x", time)
    return from_input + point.value("w_2") * point.value("h", time - 1)


def _contribution(point: Valuation, time: int) -> Any:
    """Return what L changes by, to first order, if w_1 changes at this one time."""
    return point.value("x", time) * point.derivative(lambda moved: moved.value("L"), "z", time)


def _margin(point: Valuation) -> Any:
    return point.value("y") * (point.value("w_o") * point.value("h", point.value("T")) + point.value("b"))


_FIRST = {"x": 1, "h": 0, "z": 1, "G": 1}
_INDEXED: Mapping[str, Callable[[Valuation, int], Any]] = {
    "x": lambda point, time: point.xs[time - 1],
    "h": _state,
    "z": _preactivation,
    "G": _contribution,
}
_DERIVED: Mapping[str, Callable[[Valuation], Any]] = {
    "a": _margin,
    "L": lambda point: -point.ctx.log(point.sigma(point.value("a"))),
    r"\delta": lambda point: point.sigma(-point.value("a")),
    "u": lambda point: point.ctx.exp(-point.value("r")),
    "X": lambda point: max(abs(point.value("x", time)) for time in range(1, point.value("T") + 1)),
}
