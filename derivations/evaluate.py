"""Evaluates SymPy expressions at a point."""

from __future__ import annotations

from functools import reduce
from operator import add, mul
from typing import TYPE_CHECKING, Any

import sympy as sp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from derivations.valuation import Local, Valuation

    Value = Callable[[Any, Local], Any]  # of a Valuation, or anything else that gives symbols values


def value(expression: sp.Basic, point: Valuation) -> Any:
    """Evaluate an expression at a point."""
    return compiled(expression)(point, {})


def compiled(expression: sp.Basic) -> Value:
    """Turn an expression into a function of a valuation and of the running indices around it.

    An object that has no rule here is a TypeError.
    """
    name = expression.func.__name__
    special = _SPECIAL.get(name)
    if special is not None:
        return special(expression)
    if isinstance(expression, sp.Rational):
        return _rational(expression)
    if name not in _RULES:
        msg = f"no rule to evaluate {name}"
        raise TypeError(msg)
    rule = _RULES[name]
    parts = [compiled(argument) for argument in expression.args]
    return lambda point, local: rule(point, *[part(point, local) for part in parts])


def _symbol(symbol: sp.Symbol) -> Value:
    name = symbol.name

    def look_up(point: Any, local: Local) -> Any:
        return local[name] if name in local else point.value(name)

    return look_up


def _rational(number: sp.Rational) -> Value:
    top, bottom = int(number.p), int(number.q)
    return lambda point, _: top if bottom == 1 else point.ctx.mpf(top) / bottom


def _repeated(expression: sp.Sum | sp.Product) -> Value:
    body, (index, low, high) = expression.args
    parts = [compiled(part) for part in (body, low, high)]
    name, adds = index.name, isinstance(expression, sp.Sum)
    alone = body.free_symbols == {index}  # sigma'(z_j) in a product: kept

    def accumulate(point: Any, local: Local) -> Any:
        inside = dict(local)
        known: dict[int, Any] = point.memory.setdefault(body, {}) if alone else {}
        total = 0 if adds else 1
        for step in range(parts[1](point, local), parts[2](point, local) + 1):
            if step not in known:
                inside[name] = step
                known[step] = parts[0](point, inside)
            total = total + known[step] if adds else total * known[step]
        return total

    return accumulate


def _indexed(expression: sp.Function) -> Value:
    name, index = expression.func.__name__, compiled(expression.args[0])
    return lambda point, local: point.value(name, index(point, local))


def _numeral(expression: Any) -> Value:
    return lambda point, _: point.ctx.mpf(expression.text)


def _derivative(expression: sp.Function) -> Value:
    numerator, variable = expression.args
    body = compiled(numerator)
    if isinstance(variable, sp.Symbol):
        return lambda point, local: point.derivative(lambda moved: body(moved, local), variable.name)
    name, index = variable.func.__name__, compiled(variable.args[0])
    return lambda point, local: point.derivative(lambda moved: body(moved, local), name, index(point, local))


def _power(point: Any, base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and exponent < 0:
        base = point.ctx.mpf(base)  # Python's own int ** -1 would be a float
    return base**exponent


_SPECIAL: Mapping[str, Callable[[Any], Value]] = {
    "Symbol": _symbol,
    "Numeral": _numeral,
    "Sum": _repeated,
    "Product": _repeated,
    "Total": _derivative,
    "Partial": _derivative,
    **dict.fromkeys(("x", "h", "z", "G"), _indexed),
}
_RULES: Mapping[str, Callable[..., Any]] = {
    "Add": lambda _, *terms: reduce(add, terms),
    "Mul": lambda _, *factors: reduce(mul, factors),
    "Pow": _power,
    "Power": _power,
    "sigma": lambda point, argument: point.sigma(argument),
    "sigma_prime": lambda point, argument: point.sigma_prime(argument),
    "exp": lambda point, argument: point.ctx.exp(argument),
    "log": lambda point, argument: point.ctx.log(argument),
    "tanh": lambda point, argument: point.ctx.tanh(argument),
    "Abs": lambda _, argument: abs(argument),
}
