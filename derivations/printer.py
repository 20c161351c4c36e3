"""The one LaTeX printer: every formula of problem 1 is made here, from SymPy objects.

It is written from scratch instead of derived from SymPy's own: the order of terms and factors is the sheet's,
an exponent reads t-k and not -k+t, and an object that it does not know is an error, never a surprise on the
page. The mathematics stays canonical; only a sort key decides what comes first.
"""

# mypy: allow-subclassing-any
# ruff: noqa: N802 - SymPy's printer finds its methods by the names of its classes
from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.printing.printer import Printer

from derivations.order import INDEXED, around_fraction, factor_key, term_key

if TYPE_CHECKING:
    from collections.abc import Sequence

_OPENERS = {"": "(", "(": r"\bigl(", r"\bigl(": r"\Bigl(", r"\Bigl(": r"\biggl("}
_FUNCTIONS = {"sigma": r"\sigma", "sigma_prime": r"\sigma'", "exp": r"\exp", "tanh": r"\tanh"}
LINE = 66  # glyphs that fit beside a left side in 150 mm at 11 pt


def latex(expression: sp.Basic, *, slashed: bool = False) -> str:
    """Print one expression as bare LaTeX mathematics; an object without a rule here is a TypeError.

    Slashed fractions are written as p/q, which fits into a line of text.
    """
    return str(_SheetPrinter(slashed=slashed).doprint(expression))


def chain(
    sides: Sequence[sp.Basic], relations: Sequence[str], *, align: bool = False, slashed: bool = False
) -> str:
    """Print relations on one line, a = b < c, with an alignment point before the first if `align`."""
    pieces = [latex(sides[0], slashed=slashed)]
    for number, (relation, side) in enumerate(zip(relations, sides[1:], strict=True)):
        pieces += [("&" if align and number == 0 else "") + relation, latex(side, slashed=slashed)]
    return " ".join(pieces)


def steps(sides: Sequence[sp.Basic], relations: Sequence[str], rules: Sequence[str | None]) -> str:
    """Print the body of an align environment: one line for each relation, the rule applied beside it.

    A relation whose rule is None shares its line with the next. A rule is the argument of the macro rulename.
    A side that is too long for the line is broken before a term of its sum.
    """
    lines, line = [], f"{latex(sides[0])} &"
    for relation, side, rule in zip(relations, sides[1:], rules, strict=True):
        line += f"{relation} {broken(side)}"
        if rule is None:
            line += " "
        else:
            lines.append(line + (rf" \rulename{{{rule}}}" if rule else ""))
            line = "&"
    return " \\\\\n".join(lines)


def broken(expression: sp.Basic, limit: int = LINE) -> str:
    """Print a side of an aligned display, with line breaks before the terms of a sum that is too long."""
    whole = latex(expression)
    if glyphs(whole) <= limit or not isinstance(expression, sp.Add):
        return whole
    lines = [""]
    for term in _SheetPrinter().signed_terms(expression):
        longer = f"{lines[-1]} {term}".strip()
        if lines[-1] and glyphs(longer) > limit:
            lines.append(term)
        else:
            lines[-1] = longer
    return " \\\\\n&\\qquad ".join(lines)


def glyphs(text: str) -> int:
    """Estimate how wide a formula is: the number of its visible glyphs, small ones counted as half."""
    text = re.sub(r"\\(?:left|right|[bB]igg?[lr])(?![a-z])", "", text)
    small = sum(
        len(re.sub(r"\\[a-z]+", "#", group.strip("{}"))) for group in re.findall(r"[_^](\{[^{}]*\}|.)", text)
    )
    bare = re.sub(r"[_^](\{[^{}]*\}|.)", "", text)
    return len(re.sub(r"[{} ]", "", re.sub(r"\\[A-Za-z]+ ?", "#", bare))) + small // 2


class _SheetPrinter(Printer):
    """Prints the subset of SymPy that problem 1 uses, in the notation of the sheet."""

    printmethod = "_sheet_latex"

    def __init__(self, *, slashed: bool = False) -> None:
        super().__init__()
        self._slashed = slashed

    def emptyPrinter(self, expr: Any) -> str:
        msg = f"the printer has no rule for {type(expr).__name__}: {expr}"
        raise TypeError(msg)

    # atoms

    def _print_Symbol(self, expr: sp.Symbol) -> str:
        return str(expr.name)

    def _print_Integer(self, expr: sp.Integer) -> str:
        return str(int(expr))

    def _print_Rational(self, expr: sp.Rational) -> str:
        sign = "-" if expr < 0 else ""
        return f"{sign}{self._quotient(str(abs(expr.p)), str(expr.q))}"

    def _print_Numeral(self, expr: Any) -> str:
        mantissa, _, exponent = expr.text.partition("e")
        return rf"{mantissa} \times 10^{{{int(exponent)}}}" if exponent else str(mantissa)

    # functions

    def _print_Function(self, expr: sp.Function) -> str:
        name = expr.func.__name__
        if name in INDEXED:
            return f"{name}_{self._script(expr.args[0])}"
        if name in _FUNCTIONS:
            return _FUNCTIONS[name] + _bracket(self._print(expr.args[0]))
        return self.emptyPrinter(expr)

    _print_exp = _print_tanh = _print_Function

    def _print_log(self, expr: sp.Function) -> str:
        body = self._print(expr.args[0])
        bare = isinstance(expr.args[0], sp.Function | sp.Symbol)
        return rf"\log {body}" if bare else r"\log" + _bracket(body)

    def _print_Abs(self, expr: sp.Abs) -> str:
        body = self._print(expr.args[0])
        size = (r"\left", r"\right") if r"\frac" in body else ("", "")
        return rf"{size[0]}\lvert {body} {size[1]}\rvert"

    def _print_Power(self, expr: Any) -> str:
        base, exponent = expr.args
        body = self._print(base)
        return f"{body if base.is_Integer and base >= 0 else _bracket(body)}^{self._script(exponent)}"

    def _print_Total(self, expr: Any) -> str:
        return self._quotient(f"d {self._operand(expr.args[0])}", f"d {self._print(expr.args[1])}")

    def _print_Partial(self, expr: Any) -> str:
        above, below = self._operand(expr.args[0]), self._print(expr.args[1])
        return self._quotient(rf"\partial {above}", rf"\partial {below}")

    def _print_Sum(self, expr: sp.Sum) -> str:
        return self._big(r"\sum", expr)

    def _print_Product(self, expr: sp.Product) -> str:
        return self._big(r"\prod", expr)

    def _print_Equality(self, expr: sp.Eq) -> str:
        return f"{self._print(expr.lhs)} = {self._print(expr.rhs)}"

    # arithmetic

    def _print_Pow(self, expr: sp.Pow) -> str:
        base, exponent = expr.args
        if exponent == sp.Rational(1, 2):
            return rf"\sqrt{{{self._print(base)}}}"
        if exponent.is_number and exponent < 0:
            return self._print_Mul(expr)
        body = self._print(base)
        plain = isinstance(base, sp.Symbol | sp.Abs) or (base.is_Integer and base >= 0)
        return f"{body if plain else _bracket(body)}^{self._script(exponent)}"

    def _print_Mul(self, expr: sp.Expr) -> str:
        coefficient, rest = expr.as_coeff_Mul()
        above: list[sp.Expr] = []
        below: list[sp.Expr] = []
        for factor in sorted(sp.Mul.make_args(rest), key=factor_key):
            _, power = factor.as_base_exp()
            inverse = isinstance(factor, sp.Pow) and power.is_number and power < 0
            (below if inverse else above).append(1 / factor if inverse else factor)
        sign = "-" if coefficient < 0 else ""
        size = abs(coefficient)
        if not below and size.q == 1:
            return sign + self._product(size, above)
        before, top, after = around_fraction(above, has_denominator=bool(below))
        top_printed = self._product(sp.Integer(size.p), top, enclosed=True)
        below_printed = self._product(sp.Integer(size.q), below, enclosed=True)
        if self._slashed:
            top_printed = _bracket(top_printed) if any(part.is_Add for part in top) else top_printed
            several = len(below) + (size.q != 1) > 1 or any(part.is_Add for part in below)
            below_printed = _bracket(below_printed) if several else below_printed
        parts = [self._quotient(top_printed, below_printed)]
        if before:
            parts.insert(0, self._product(sp.Integer(1), before))
        if after:
            parts.append(self._product(sp.Integer(1), after))
        return sign + " ".join(parts)

    def _print_Add(self, expr: sp.Add) -> str:
        return " ".join(self.signed_terms(expr))

    def signed_terms(self, expr: sp.Add) -> list[str]:
        """Print the terms of a sum in order, each but the first with its sign and a space in front."""
        index = all(part.is_integer for part in expr.args)
        terms = [self._print(part) for part in sorted(expr.args, key=lambda part: term_key(part, index))]
        terms.sort(key=lambda term: term.startswith("-"))  # what is added before what is subtracted
        signed = [f"- {term[1:]}" if term.startswith("-") else f"+ {term}" for term in terms[1:]]
        return [terms[0], *signed]

    # parts

    def _product(self, coefficient: sp.Integer, factors: Sequence[sp.Expr], *, enclosed: bool = False) -> str:
        shown = [] if coefficient == 1 and factors else [self._print(coefficient)]
        for position, factor in enumerate(factors):
            body = self._print(factor)
            single = enclosed and len(factors) == 1 and coefficient == 1
            big = isinstance(factor, sp.Sum | sp.Product) and position < len(factors) - 1
            negative = isinstance(factor, sp.Rational) and factor < 0
            if big or negative or (isinstance(factor, sp.Add) and not single):
                body = _bracket(body)
            digits = shown and shown[-1][-1:] in "0123456789}" and body[:1].isdigit()
            sizes = shown and shown[-1].endswith(r"\rvert") and body.startswith(r"\lvert")
            apart = sizes or (shown and body.startswith("d "))
            shown += [r"\cdot", body] if digits else [r"\,", body] if apart else [body]
        return " ".join(shown)

    def _big(self, sign: str, expr: Any) -> str:
        body, (index, low, high) = expr.args
        shown = self._print(body)
        if isinstance(body, sp.Add):
            shown = _bracket(shown)
        bounds = (self._print(index), self._print(low).replace(" ", ""), self._print(high).replace(" ", ""))
        return rf"{sign}_{{{bounds[0]}={bounds[1]}}}^{{{bounds[2]}}} {shown}"

    def _quotient(self, above: str, below: str) -> str:
        return f"{above}/{below}" if self._slashed else rf"\frac{{{above}}}{{{below}}}"

    def _operand(self, expr: sp.Expr) -> str:
        body = self._print(expr)
        return _bracket(body) if isinstance(expr, sp.Add | sp.Mul) else body

    def _script(self, expr: sp.Expr) -> str:
        body = self._print(expr)
        return body if len(body) == 1 else f"{{{body.replace(' ', '')}}}"


def _bracket(body: str) -> str:
    """Put parentheses around a printed body, larger by one size around others."""
    if r"\sum" in body or r"\prod" in body:
        return rf"\biggl({body}\biggr)"
    if r"\frac" in body:
        return rf"\left({body}\right)"
    inner = next((size for size in (r"\Bigl(", r"\bigl(", "(") if size in body), "")
    opener = _OPENERS[inner]
    closer = opener.replace("l(", "r)") if opener != "(" else ")"
    return f"{opener}{body}{closer}"
