"""The values of symbols and expressions at one point: what is not given follows by the recursion.

Nothing here knows a result of problem 1. Derivatives are taken of the network itself, by a step in the
imaginary direction: f'(v) = Im f(v + i e) / e, whose error is of order e**2 and vanishes at e = 1e-200.
"""

from __future__ import annotations

from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Any

import sympy as sp
from mpmath import MPContext

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

STEP = "1e-200"


class Valuation:
    """The values of all symbols at one point; called with a symbol's printed name, and its index if any.

    The context is `mpmath.fp` for floats, or an `MPContext` for more digits. Parameters are w_1, w_2, w_o, b,
    y, r, eta (with its backslash) and the integers t, k, j, T. The inputs x_1, x_2, ... are `xs`.
    """

    def __init__(self, ctx: Any, parameters: Mapping[str, Any], xs: Sequence[Any]) -> None:
        self.ctx, self.parameters, self.xs = ctx, dict(parameters), tuple(xs)
        self.known: dict[tuple[str, Any], Any] = {(name, None): value for name, value in parameters.items()}
        self.known |= {("h", 0): ctx.zero, **{("x", time): value for time, value in enumerate(xs, 1)}}
        self._moved: dict[tuple[str, int | None], Valuation] = {}
        self._products: dict[tuple[str, int], tuple[int, Any]] = {}

    def __call__(self, name: str, index: int | None = None) -> Any:
        """Return the value of a symbol; an unknown one is a KeyError."""
        if (name, index) not in self.known:
            if name not in _RULES:
                raise KeyError(name if index is None else f"{name}_{index}")
            self.known[name, index] = _RULES[name](self, *([] if index is None else [index]))
        return self.known[name, index]

    def moved(self, name: str, index: int | None, value: Any) -> Valuation:
        """Return the same point with another value of a symbol, and of what depends on it."""
        there = Valuation(self.ctx, self.parameters, self.xs)
        there.known[name, index] = value
        return there

    def sigma(self, argument: Any) -> Any:
        """Return the sigmoid of a number."""
        return 1 / (1 + self.ctx.exp(-argument))

    def sigma_prime(self, argument: Any) -> Any:
        """Return the derivative of the sigmoid at a real number, by a complex step."""
        if ("sigma'", argument) not in self.known:
            step = self.ctx.mpf(STEP)
            self.known["sigma'", argument] = self.sigma(argument + self.ctx.mpc(0, step)).imag / step
        return self.known["sigma'", argument]

    def derivative(self, function: Callable[[Valuation], Any], name: str, index: int | None = None) -> Any:
        """Differentiate a function of the values by a symbol; with a state h_k, all later ones move."""
        key, step = (name, index), self.ctx.mpf(STEP)
        if key not in self._moved:
            self._moved[key] = self.moved(*key, self(*key) + self.ctx.mpc(0, step))
        return self.ctx.mpc(function(self._moved[key])).imag / step

    def product(self, name: str, factor: Callable[[int], Any], low: int, high: int) -> Any:
        """Multiply factor(low) to factor(high), going on from the last product of that name and `low`."""
        reached, product = self._products.get((name, low), (low - 1, 1))
        if reached > high:
            reached, product = low - 1, 1
        for step in range(reached + 1, high + 1):
            product = product * factor(step)
        self._products[name, low] = max(high, low - 1), product
        return product


def _state(at: Valuation, time: int) -> Any:
    for step in range(1, time if ("h", time - 1) not in at.known else 0):
        at("h", step)  # from the first one on: no deep recursion
    return at.sigma(at("z", time))


_RULES: Mapping[str, Callable[..., Any]] = {
    "h": _state,
    "z": lambda at, time: at("w_1") * at("x", time) + at("w_2") * at("h", time - 1),
    # what L changes by, to first order, if w_1 changes at this one time
    "G": lambda at, time: at("x", time) * at.derivative(lambda moved: moved("L"), "z", time),
    "a": lambda at: at("y") * (at("w_o") * at("h", at("T")) + at("b")),
    "L": lambda at: -at.ctx.log(at.sigma(at("a"))),
    r"\delta": lambda at: at.sigma(-at("a")),
    "u": lambda at: at.ctx.exp(-at("r")),
}

# What a kind of point does to w_2 and the inputs that were drawn.
INPUTS: Mapping[str, Callable[[Fraction, list[Fraction]], tuple[Fraction, list[Fraction]]]] = {
    "any": lambda w2, xs: (w2, xs),
    "one sign": lambda w2, xs: (abs(w2), [abs(x) for x in xs]),
    "only x_1": lambda w2, xs: (w2, [xs[0], *[Fraction(0)] * (len(xs) - 1)]),
    "at rest": lambda w2, xs: (abs(w2), [Fraction(0), *[-abs(w2) / 2] * (len(xs) - 1)]),  # z_t = 0 if w_1 = 1
}


def context(digits: int) -> Any:
    """Return an arithmetic of so many digits."""
    ctx = MPContext()
    ctx.dps = digits
    return ctx


def network(rng: Random, ctx: Any, length: int, largest_w2: float = 2) -> Valuation:
    """Draw a network that is run for so many time stamps, t = T = length."""
    return draw("any", rng, ctx, t=length, T=length, w_2=rng.uniform(-largest_w2, largest_w2))


def draw(sample: str, rng: Random, ctx: Any, **fixed: Fraction | float) -> Valuation:
    """Draw a point of a kind, such as "at rest, w_1=1, T=50": the name of its inputs, then what is fixed.

    The numbers are drawn as floats and kept as fractions, so that every precision sees the same point.
    """
    kind, *parts = sample.split(", ")
    fixed |= {name: Fraction(number) for name, number in (part.split("=") for part in parts)}
    least = int(fixed.pop("T>", 0))  # of "T>=50"
    length = int(fixed.get("T", rng.randint(*((least, least + 10) if least else (3, 6)))))
    now = int(fixed.get("t", rng.randint(min(2, length), length)))
    start = rng.randint(1, now)
    drawn: dict[str, float | Fraction] = {
        **{name: rng.choice((-1, 1)) * rng.uniform(0.25, 2) for name in ("w_1", "w_2", "w_o", "b")},
        "y": rng.choice((-1, 1)),
        "r": rng.uniform(-4, 4),
        r"\eta": rng.uniform(0.01, 1),
        "T": length,
        "t": now,
        "k": start,
        "j": rng.randint(start, length),
        **fixed,
    }
    numbers = {name: Fraction(value) for name, value in drawn.items()}
    inputs = [Fraction(rng.uniform(-2, 2)) for _ in range(length + 1)]
    numbers["w_2"], inputs = INPUTS[kind](numbers["w_2"], inputs)
    exact = {name: int(numbers[name]) for name in ("T", "t", "k", "j")}
    rounded = {name: ctx.mpf(number.numerator) / number.denominator for name, number in numbers.items()}
    xs = [ctx.mpf(number.numerator) / number.denominator for number in inputs]
    return Valuation(ctx, rounded | exact, xs)


# {0}, {1}, ... are the arguments; `at` is the point
_CALLS = {
    **dict.fromkeys(("x", "h", "z", "G"), "at({name!r}, {0})"),
    **dict.fromkeys(("sigma", "sigma_prime"), "at.{name}({0})"),
    **dict.fromkeys(("exp", "log"), "at.ctx.{name}({0})"),
    **dict.fromkeys(("Total", "Partial"), "at.derivative(lambda at: {0}, {1})"),
    **dict.fromkeys(("Pow", "Power"), "({0})**({1})"),
    "Abs": "abs({0})",
}


def compiled(expression: sp.Basic) -> Callable[[Any], Any]:
    """Turn an expression into a function of a valuation; an object that has no rule here is a TypeError."""
    text = f"lambda at: {_source(expression, ())}"
    function: Callable[[Any], Any] = eval(text, {"prod": prod})  # noqa: S307 - our own text, as in lambdify
    return function


def _source(expression: Any, running: tuple[str, ...]) -> str:
    """Write an expression in Python, `running` being the indices of the sums and products around it."""
    name = expression.func.__name__
    if isinstance(expression, sp.Rational):
        return f"({expression.p})" if expression.q == 1 else f"(at.ctx.mpf({expression.p})/{expression.q})"
    if isinstance(expression, sp.Symbol):
        bare = {"Numeral": f"at.ctx.mpf({str(expression)!r})", "Symbol": f"at({str(expression)!r})"}
        return str(expression) if str(expression) in running else bare[name]
    if name in {"Sum", "Product"}:
        return _repeated(expression, running)
    inner = [_source(argument, running) for argument in expression.args]
    if name in {"Add", "Mul"}:
        return f"({(' + ' if name == 'Add' else '*').join(inner)})"
    if name not in _CALLS:
        raise TypeError(f"no rule to evaluate {name}")
    if name in {"Pow", "Power"} and expression.args[0].is_Integer:
        inner[0] = f"at.ctx.mpf({inner[0]})"  # Python's own int ** -1 would be a float
    if name in {"Total", "Partial"}:  # the name and the index of the variable, not its value
        inner[1] = inner[1].removeprefix("at(").removesuffix(")")
    return _CALLS[name].format(*inner, name=name)


def _repeated(expression: sp.Sum | sp.Product, running: tuple[str, ...]) -> str:
    body, (index, low, high) = expression.args
    term = _source(body, (*running, index.name))
    first, last = _source(low, running), _source(high, running)
    if isinstance(expression, sp.Product) and body.free_symbols == {index}:  # sigma'(z_j)
        return f"at.product({term!r}, lambda {index}: {term}, {first}, {last})"
    name = "sum" if isinstance(expression, sp.Sum) else "prod"
    return f"{name}({term} for {index} in range({first}, {last} + 1))"
