"""SymPy objects as functions of a world: what a formula that was derived is worth at a point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sympy as sp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from derivations.world import Local, World

    Value = Callable[[Any, Local], Any]  # of a World, or of what else gives symbols a value


def value(expression: sp.Basic, world: World) -> Any:
    """Evaluate an expression at a point."""
    return compiled(expression)(world, {})


def compiled(expression: sp.Basic) -> Value:
    """Turn an expression into a function of a world and of the running indices around it.

    Raises
    ------
    TypeError
        The expression holds an object that has no rule here.
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
    return lambda world, local: rule(world, *[part(world, local) for part in parts])


def _symbol(symbol: sp.Symbol) -> Value:
    name = symbol.name

    def look_up(world: Any, local: Local) -> Any:
        return local[name] if name in local else world.value(name)

    return look_up


def _rational(number: sp.Rational) -> Value:
    top, bottom = int(number.p), int(number.q)
    return lambda world, _: top if bottom == 1 else world.ctx.mpf(top) / bottom


def _repeated(expression: sp.Sum | sp.Product) -> Value:
    body, (index, low, high) = expression.args
    parts = [compiled(part) for part in (body, low, high)]
    name, adds = index.name, isinstance(expression, sp.Sum)
    alone = body.free_symbols == {index}  # sigma'(z_j) in a product: worth remembering

    def accumulate(world: Any, local: Local) -> Any:
        inside = dict(local)
        known: dict[int, Any] = world.memory.setdefault(body, {}) if alone else {}
        total = 0 if adds else 1
        for step in range(parts[1](world, local), parts[2](world, local) + 1):
            if step not in known:
                inside[name] = step
                known[step] = parts[0](world, inside)
            total = total + known[step] if adds else total * known[step]
        return total

    return accumulate


def _indexed(expression: sp.Function) -> Value:
    name, index = expression.func.__name__, compiled(expression.args[0])
    return lambda world, local: world.value(name, index(world, local))


def _numeral(expression: Any) -> Value:
    return lambda world, _: world.ctx.mpf(expression.text)


def _derivative(expression: sp.Function) -> Value:
    numerator, variable = expression.args
    body = compiled(numerator)
    if isinstance(variable, sp.Symbol):
        return lambda world, local: world.derivative(lambda moved: body(moved, local), variable.name)
    name, index = variable.func.__name__, compiled(variable.args[0])
    return lambda world, local: world.derivative(lambda moved: body(moved, local), name, index(world, local))


def _add(_: Any, *terms: Any) -> Any:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def _multiply(_: Any, *factors: Any) -> Any:
    product = factors[0]
    for factor in factors[1:]:
        product = product * factor
    return product


def _power(world: Any, base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and exponent < 0:
        base = world.ctx.mpf(base)  # Python's own int ** -1 would be a float
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
    "Add": _add,
    "Mul": _multiply,
    "Pow": _power,
    "Power": _power,
    "sigma": lambda world, argument: world.sigma(argument),
    "sigma_prime": lambda world, argument: world.sigma_prime(argument),
    "exp": lambda world, argument: world.ctx.exp(argument),
    "log": lambda world, argument: world.ctx.log(argument),
    "tanh": lambda world, argument: world.ctx.tanh(argument),
    "Abs": lambda _, argument: abs(argument),
}
