r"""Parses the LaTeX that is printed into Python, to be evaluated at a point. Shares no code with the printer.

A recursive-descent parser of the subset of LaTeX that the pages use. It knows notation only: that
\frac{d h_t}{d w_1} and d h_t/d w_1 are derivatives and h_t a symbol with an index; a valuation has values.

    chain   =  sum { relation sum }
    sum     =  [ "-" ] product { ( "+" | "-" ) product }
    product =  factor { [ \cdot | \times | "/" ] factor }
    factor  =  base [ "^" script ]
    base    =  number | symbol | "(" sum ")" | \lvert sum \rvert | quotient | function | big
    big     =  ( \sum | \prod ) _{ letter = sum } ^{ sum } product
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import prod
from string import ascii_letters
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from derivations.valuation import Valuation

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+\.\d+|\d+|[A-Za-z]|[{}()_^=<>+\-/']")
_LAYOUT = re.compile(
    r"\\(?:left|right|[bB]igg?[lr]|q?quad)(?![A-Za-z])|\\\\|\\,|&"
    r"|\\rulename\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}"
)
_RELATIONS = ("=", "<", ">", r"\le", r"\ge", r"\approx")
_ENDS = {*_RELATIONS, "+", "-", ")", "}", r"\rvert", ""}
_INDEXED = {"x", "h", "z", "G"}
_FUNCTIONS = {r"\sigma": "sigma", r"\sigma'": "sigma_prime", r"\exp": "ctx.exp", r"\log": "ctx.log"}
_LETTERS = {*ascii_letters, r"\delta", r"\eta"}


class ParseError(ValueError):
    """The text is outside the subset."""


@dataclass(frozen=True)
class Chain:
    """A formula as it was parsed: a term, or a chain of relations."""

    sides: tuple[Callable[[Valuation], Any], ...]
    relations: tuple[str, ...]  # in LaTeX
    roundings: tuple[float, ...]  # of sides: half a unit of the last decimal, relative; 0 without decimals


def parse(latex: str) -> Chain:
    """Parse a term, or a chain of relations, on one line or several; a ParseError says what was expected."""
    bare = _LAYOUT.sub(" ", latex)
    parser = _Parser(_TOKEN.findall(bare))
    if "".join(parser.tokens) != "".join(bare.split()):
        raise ParseError(f"not all of it is known: {bare}")
    sides: list[Callable[[Valuation], Any]] = []
    relations: list[str] = []
    roundings: list[float] = []
    while True:
        start = parser.position
        sides.append(eval(f"lambda at: {parser.sum()}", {"prod": prod}))  # noqa: S307 - by this grammar
        roundings.append(_rounding(parser.tokens[start : parser.position]))
        if not parser.next:
            return Chain(tuple(sides), tuple(relations), tuple(roundings))
        relations.append(parser.take(*_RELATIONS))


def _rounding(tokens: list[str]) -> float:
    decimal = next((token for token in tokens if "." in token), "1")
    places = len(decimal.partition(".")[2])
    return 0.5 * 10.0**-places / float(decimal) if places and float(decimal) else 0.0


class _Parser:
    """One pass over the tokens; each method reads one rule of the grammar and writes it in Python."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.position = 0
        self.running: list[str] = []  # indices of the sums and products around

    @property
    def next(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, *wanted: str) -> str:
        if not self.next or (wanted and self.next not in wanted):
            raise self.error(" or ".join(wanted) or "more")
        self.position += 1
        return self.tokens[self.position - 1]

    def skip(self, *tokens: str) -> None:
        for token in tokens:
            self.take(token)

    def found(self, *wanted: str) -> str:
        """Take the next token if it is one of these."""
        return self.take() if self.next in wanted else ""

    def error(self, expected: str) -> ParseError:
        return ParseError(f"expected {expected} at token {self.position} ({self.next or 'the end'})")

    def sum(self) -> str:
        text = self.found("-") + self.product()
        while sign := self.found("+", "-"):
            text += sign + self.product()
        return f"({text})"

    def product(self) -> str:
        text = self.factor()
        while self.next not in _ENDS:
            sign = "/" if self.found(r"\cdot", r"\times", "/") == "/" else "*"
            text += sign + self.factor()
        return text

    def factor(self) -> str:
        base = self.base()
        return f"{base}**{self.script()}" if self.found("^") else base

    def script(self) -> str:
        """Read what stands after _ or ^: a group, or as TeX has it a single character."""
        if self.found("{"):
            return self.enclosed("}")
        if len(self.next) != 1:
            raise self.error("braces or one character")
        return self.base(scripts=False)

    def enclosed(self, closing: str) -> str:
        inside = self.sum()
        self.skip(closing)
        return inside

    def base(self, *, scripts: bool = True) -> str:
        if self.next in _BASES:
            token = self.take()
            return _BASES[token](self, token)
        if self.next[:1].isdigit():
            number = self.take()
            return f"at.ctx.mpf({number!r})" if "." in number else f"at.ctx.mpf({number})"
        if self.next in self.running:
            return self.take()
        return f"at({self.symbol(scripts=scripts)})"

    def symbol(self, *, scripts: bool = True) -> str:
        """Read a symbol: h_t has an index, w_1 a name with a subscript."""
        if self.next not in _LETTERS:
            raise self.error("a symbol")
        name = self.take()
        if not scripts or not self.found("_"):
            return repr(name)
        return f"{name!r}, int({self.script()})" if name in _INDEXED else repr(f"{name}_{self.take()}")

    def function(self, token: str) -> str:
        name = token + self.found("'")
        if name not in _FUNCTIONS or (name != r"\log" and self.next != "("):
            raise self.error("parentheses")
        return f"at.{_FUNCTIONS[name]}({self.factor()})"

    def fraction(self, _: str) -> str:
        self.skip("{")
        sign = self.found("d", r"\partial")
        above = self.sum()
        self.skip("}", "{", *([sign] if sign else []))
        below = self.symbol() if sign else self.sum()
        self.skip("}")
        return f"at.derivative(lambda at: {above}, {below})" if sign else f"({above}/{below})"

    def slashed(self, sign: str) -> str:
        """Read d h_t/d w_1, the sign having been taken."""
        above = self.base()
        self.skip("/", sign)
        return f"at.derivative(lambda at: {above}, {self.symbol()})"

    def repeated(self, token: str) -> str:
        self.skip("_", "{")
        index = self.take(*ascii_letters)
        self.skip("=")
        low = self.enclosed("}")
        self.skip("^")
        high = self.script()
        self.running.append(index)
        body = self.product()
        self.running.pop()
        return f"{token[1:]}({body} for {index} in range(int({low}), int({high}) + 1))"


_BASES: dict[str, Callable[[_Parser, str], str]] = {
    "(": lambda parser, _: parser.enclosed(")"),
    r"\lvert": lambda parser, _: "abs" + parser.enclosed(r"\rvert"),
    r"\frac": _Parser.fraction,
    **dict.fromkeys(("d", r"\partial"), _Parser.slashed),
    **dict.fromkeys((r"\sum", r"\prod"), _Parser.repeated),
    **dict.fromkeys(_FUNCTIONS, _Parser.function),
}
