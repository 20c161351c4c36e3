r"""Parses the LaTeX that is printed, and evaluates it. Shares no code with SymPy or with the printer.

A recursive-descent parser of the subset of LaTeX that the pages use. It knows notation only: that
\frac{d h_t}{d w_1} and d h_t/d w_1 are derivatives and h_t a symbol with an index; a valuation has values.

    chain   =  sum { relation sum }
    sum     =  [ "-" ] product { ( "+" | "-" ) product }
    product =  factor { [ \cdot | \times | "/" ] factor }
    factor  =  base [ "^" script ]
    base    =  number | symbol | "(" sum ")" | \lvert sum \rvert | quotient | \sqrt{..} | function | big
    big     =  ( \sum | \prod ) _{ letter = sum } ^{ sum } product
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from derivations.valuation import Local, Valuation

    Value = Callable[[Valuation, Local], Any]

_TOKEN = re.compile(r"\s*(\\[A-Za-z]+|\\.|\d+\.\d+|\d+|[A-Za-z]|[{}()_^=<>+\-/'&])")
_LAYOUT = {
    *(r"\left", r"\right", r"\bigl", r"\bigr", r"\Bigl", r"\Bigr", r"\biggl", r"\biggr"),
    *(r"\quad", r"\qquad", r"\\", r"\,", "&"),
}
_RELATIONS = {"=", "<", ">", r"\le", r"\ge", r"\ne", r"\approx"}
_ENDS = _RELATIONS | {"+", "-", ")", "}", r"\rvert", ""}
_INDEXED = {"x", "h", "z", "G"}


class ParseError(ValueError):
    """The text is outside the subset."""


@dataclass(frozen=True)
class Chain:
    """A formula as it was parsed: a term, or a chain of relations."""

    sides: tuple[Value, ...]  # functions of a valuation and of the running indices, {} at the top
    relations: tuple[str, ...]  # in LaTeX
    roundings: tuple[float, ...]  # of sides: half a unit of the last decimal, relative; 0 without decimals


def parse(latex: str) -> Chain:
    """Parse a term, or a chain of relations, on one line or several; a ParseError says what was expected."""
    parser = _Parser(_tokens(latex))
    sides: list[Value] = []
    relations: list[str] = []
    roundings: list[float] = []
    while True:
        start = parser.position
        sides.append(parser.sum())
        roundings.append(_rounding(parser.tokens[start : parser.position]))
        if not parser.peek():
            return Chain(tuple(sides), tuple(relations), tuple(roundings))
        relations.append(parser.take(_RELATIONS))


def _tokens(latex: str) -> list[str]:
    latex = re.sub(r"\\rulename\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}", "", latex)
    tokens, position = [], 0
    latex = latex.strip()
    while position < len(latex):
        found = _TOKEN.match(latex, position)
        if not found:
            msg = f"cannot read {latex[position : position + 20]!r}"
            raise ParseError(msg)
        if found[1] not in _LAYOUT:
            tokens.append(found[1])
        position = found.end()
    return tokens


def _rounding(tokens: list[str]) -> float:
    decimals = [token for token in tokens if "." in token]
    if not decimals or float(decimals[0]) == 0:
        return 0.0
    return 0.5 * 10.0 ** -len(decimals[0].partition(".")[2]) / float(decimals[0])


class _Parser:
    """One pass over the tokens; each method reads one rule of the grammar and returns its value."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.position = 0

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, wanted: set[str] | str | None = None) -> str:
        token = self.peek()
        if not token or (
            wanted is not None and token not in ({wanted} if isinstance(wanted, str) else wanted)
        ):
            msg = f"expected {wanted or 'more'} at token {self.position} ({token or 'the end'})"
            raise ParseError(msg)
        self.position += 1
        return token

    def sum(self) -> Value:
        sign = -1 if self.peek() == "-" and self.take() else 1
        total = _scaled(sign, self.product())
        while self.peek() in {"+", "-"}:
            sign = 1 if self.take() == "+" else -1
            total = _added(total, _scaled(sign, self.product()))
        return total

    def product(self) -> Value:
        result = self.factor()
        while self.peek() not in _ENDS:
            sign = self.take() if self.peek() in {r"\cdot", r"\times", "/"} else ""
            result = (_divided if sign == "/" else _multiplied)(result, self.factor())
        return result

    def factor(self) -> Value:
        base = self.base()
        if self.peek() != "^":
            return base
        self.take("^")
        return _raised(base, self.script())

    def script(self) -> Value:
        """Read what stands after _ or ^: a group, or as TeX has it a single character."""
        if self.peek() == "{":
            return self.group()
        if len(self.peek()) != 1:
            msg = f"script {self.peek()!r} without braces at token {self.position}"
            raise ParseError(msg)
        return self.base(scripts=False)

    def group(self) -> Value:
        self.take("{")
        return self.enclosed("}")

    def base(self, *, scripts: bool = True) -> Value:
        first = self.take()
        if first[0].isdigit():
            return _number(first)
        if first in _BASES:
            return _BASES[first](self)
        if first in _FUNCTIONS:
            return self.function(first)
        if first.isalpha() or first in {r"\delta", r"\eta"}:
            return _look_up(*self.name(first, scripts=scripts))
        msg = f"unexpected {first!r} at token {self.position - 1}"
        raise ParseError(msg)

    def enclosed(self, closing: str) -> Value:
        inside = self.sum()
        self.take(closing)
        return inside

    def size(self) -> Value:
        inside = self.enclosed(r"\rvert")
        return lambda point, local: abs(inside(point, local))

    def root(self) -> Value:
        inside = self.group()
        return lambda point, local: point.ctx.sqrt(inside(point, local))

    def function(self, name: str) -> Value:
        if name == r"\sigma" and self.peek() == "'":
            name += self.take()
        if name != r"\log" and self.peek() != "(":
            msg = f"{name} without parentheses at token {self.position}"
            raise ParseError(msg)
        argument = self.factor()
        return lambda point, local: _FUNCTIONS[name](point, argument(point, local))

    def name(self, token: str, *, scripts: bool = True) -> tuple[str, Value | None]:
        """Read a symbol: h_t has an index, w_1 a name with a subscript."""
        if not scripts or self.peek() != "_":
            return token, None
        self.take("_")
        if token in _INDEXED:
            return token, self.script()
        return f"{token}_{self.take()}", None

    def fraction(self) -> Value:
        top = self.tokens[self.position + 1 : self.position + 2]
        if top in (["d"], [r"\partial"]):
            return self.derivative(top[0])
        return _divided(self.group(), self.group())

    def derivative(self, sign: str) -> Value:
        self.take("{")
        self.take(sign)
        of = self.sum()
        self.take("}")
        self.take("{")
        derivative = self.with_respect_to(sign, of)
        self.take("}")
        return derivative

    def slashed_derivative(self, sign: str) -> Value:
        """Read d h_t/d w_1, the sign having been taken."""
        of = self.base()
        self.take("/")
        return self.with_respect_to(sign, of)

    def with_respect_to(self, sign: str, of: Value) -> Value:
        self.take(sign)
        name, index = self.name(self.take())
        return lambda point, local: point.derivative(
            lambda moved: of(moved, local), name, index(point, local) if index else None
        )

    def repeated(self, *, adds: bool) -> Value:
        self.take("_")
        self.take("{")
        index = self.take()
        self.take("=")
        low = self.sum()
        self.take("}")
        self.take("^")
        high = self.script()
        body = self.product()

        def run(point: Valuation, local: Local) -> Any:
            values = [
                body(point, {**local, index: step})
                for step in range(low(point, local), high(point, local) + 1)
            ]
            result = 0 if adds else 1
            for value in values:
                result = result + value if adds else result * value
            return result

        return run


def _number(token: str) -> Value:
    return lambda point, _: point.ctx.mpf(token) if "." in token else int(token)


def _look_up(name: str, index: Value | None) -> Value:
    if index is not None:
        return lambda point, local: point.value(name, index(point, local))
    return lambda point, local: local[name] if name in local else point.value(name)


def _scaled(sign: int, value: Value) -> Value:
    return value if sign == 1 else lambda point, local: -value(point, local)


def _added(left: Value, right: Value) -> Value:
    return lambda point, local: left(point, local) + right(point, local)


def _multiplied(left: Value, right: Value) -> Value:
    return lambda point, local: left(point, local) * right(point, local)


def _divided(above: Value, below: Value) -> Value:
    return lambda point, local: point.ctx.mpf(1) * above(point, local) / below(point, local)


def _raised(base: Value, exponent: Value) -> Value:
    def power(point: Valuation, local: Local) -> Any:
        bottom, top = base(point, local), exponent(point, local)
        exact = isinstance(bottom, int) and (not isinstance(top, int) or top >= 0)
        return bottom**top if exact else (point.ctx.mpf(1) * bottom) ** top

    return power


_BASES: dict[str, Callable[[_Parser], Value]] = {
    "(": lambda parser: parser.enclosed(")"),
    r"\lvert": _Parser.size,
    r"\frac": _Parser.fraction,
    "d": lambda parser: parser.slashed_derivative("d"),
    r"\partial": lambda parser: parser.slashed_derivative(r"\partial"),
    r"\sqrt": _Parser.root,
    r"\sum": lambda parser: parser.repeated(adds=True),
    r"\prod": lambda parser: parser.repeated(adds=False),
}
_FUNCTIONS: dict[str, Callable[[Valuation, Any], Any]] = {
    r"\sigma": lambda point, argument: point.sigma(argument),
    r"\sigma'": lambda point, argument: point.sigma_prime(argument),
    r"\exp": lambda point, argument: point.ctx.exp(argument),
    r"\log": lambda point, argument: point.ctx.log(argument),
    r"\tanh": lambda point, argument: point.ctx.tanh(argument),
}
