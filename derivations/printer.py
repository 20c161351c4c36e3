"""The one LaTeX printer: every formula of problem 1 is made here, from SymPy objects.

It is not SymPy's: the order of terms and factors is the sheet's, an exponent reads t-k and not -k+t, and an
object that it does not know is an error, never a surprise on the page. The mathematics stays canonical; only
a sort key decides what comes first.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import sympy as sp

from derivations.notation import w2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from derivations.formulas import Formula

# Factors are written in the order of what they begin with, and sums are sorted by their terms' beginnings.
_ORDER = [
    *[*"0123456789", r"\left(\frac{1}{", r"\eta", r"\delta"],
    *["y", "w_o", "w_1", "x_", "w_2", "z_", "h_", "L", "a", "b", "G_", "u", "r", "T", "t", "k", "j"],
    *[r"\exp", r"\log", r"\sigma(", "\\sigma\\", r"\sigma'", "(", r"\big", r"\Big", r"\left("],
    *["d ", r"\frac{d ", r"\partial ", r"\frac{\partial ", r"\prod", r"\sum"],
]
_INDEXED = {"x", "h", "z", "G"}
_OPENERS = {"": "(", "(": r"\bigl(", r"\bigl(": r"\Bigl(", r"\Bigl(": r"\biggl("}
_FUNCTIONS = {"sigma": r"\sigma", "sigma_prime": r"\sigma'", "exp": r"\exp"}
_DERIVATIVES = {"Total": "d", "Partial": r"\partial"}
_BIG = {"Sum": r"\sum", "Product": r"\prod"}


def latex(expression: sp.Basic, *, slashed: bool = False) -> str:
    """Print one expression as bare LaTeX mathematics; an object without a rule here is a TypeError.

    Slashed fractions are written as p/q, which fits into a line of text.
    """
    return _Printer(slashed=slashed).text(expression)


def chain(formula: Formula) -> str:
    """Print a formula, a = b < c: on one line, or as the body of an align environment with the rules applied.

    A relation with a rule ends its line with it, the argument of the macro rulename; one whose rule is None
    shares its line with the next. With rules, or `align`, an alignment point precedes the first relation.
    """
    text, *rest = (latex(side, slashed=formula.slashed) for side in formula.sides)
    rules, start = formula.rules or (None,) * len(rest), " &" if formula.rules or formula.align else " "
    for relation, side, rule in zip(formula.relations, rest, rules, strict=True):
        text += f"{start}{relation} {side}" + (rf" \rulename{{{rule}}}" if rule else "")
        start = " " if rule is None else " \\\\\n&"
    return text


def _place(text: str) -> tuple[int, str]:
    """Return where a printed factor stands among others; a size stands where its content does."""
    bare = re.sub(r"^(?:\\left)?\\lvert ", "", text)
    found = (place for place, beginning in enumerate(_ORDER) if bare.startswith(beginning))
    return next(found, len(_ORDER)), text


class _Printer:
    """Prints the subset of SymPy that problem 1 uses, in the notation of the sheet."""

    def __init__(self, *, slashed: bool) -> None:
        self._slashed = slashed

    def text(self, expr: Any) -> str:
        """Print an expression by the rule for its class."""
        name = "Rational" if isinstance(expr, sp.Rational) else expr.func.__name__
        if name in _INDEXED:
            return f"{name}_{self._script(expr.args[0])}"
        if name in _FUNCTIONS:
            return _FUNCTIONS[name] + _bracket(self.text(expr.args[0]))
        if name not in _RULES:
            raise TypeError(f"the printer has no rule for {name}: {expr}")
        return _RULES[name](self, expr)

    def terms(self, expr: sp.Add) -> str:
        """Print a sum, by the powers of w_2; 1 stands first (1 - h_t), but last in an index (t + 1)."""
        number = 1 if all(part.is_integer for part in expr.args) else -1

        def key(part: sp.Expr) -> tuple[Any, ...]:
            text, degree = self.text(part), sp.sympify(part.as_powers_dict().get(w2, 0))
            power = int(degree) if degree.is_Integer else 0
            return text[0] == "-", number * part.is_number, power, _place(re.sub(r"^-?(?:\d+ )?", "", text))

        first, *rest = (self.text(part) for part in sorted(expr.args, key=key))
        return " ".join([first, *(f"- {text[1:]}" if text[0] == "-" else f"+ {text}" for text in rest)])

    def rational(self, expr: sp.Rational) -> str:
        sign = "-" if expr < 0 else ""
        return sign + (str(abs(expr.p)) if expr.q == 1 else self._quotient(str(abs(expr.p)), str(expr.q)))

    def logarithm(self, expr: sp.Expr) -> str:
        body = self.text(expr.args[0])
        bare = isinstance(expr.args[0], sp.Function | sp.Symbol)
        return rf"\log {body}" if bare else r"\log" + _bracket(body)

    def size(self, expr: sp.Expr) -> str:
        body = self.text(expr.args[0])
        left, right = (r"\left", r"\right") if r"\frac" in body else ("", "")
        return rf"{left}\lvert {body} {right}\rvert"

    def derivative(self, expr: sp.Expr) -> str:
        of, variable = expr.args
        sign, body = _DERIVATIVES[expr.func.__name__], self.text(of)
        body = _bracket(body) if isinstance(of, sp.Add | sp.Mul) else body
        return self._quotient(f"{sign} {body}", f"{sign} {self.text(variable)}")

    def repeated(self, expr: sp.Expr) -> str:
        body, (index, low, high) = expr.args
        shown = _bracket(self.text(body)) if isinstance(body, sp.Add) else self.text(body)
        first, last = (self.text(end).replace(" ", "") for end in (low, high))
        return rf"{_BIG[expr.func.__name__]}_{{{index}={first}}}^{{{last}}} {shown}"

    def power(self, expr: sp.Expr) -> str:
        base, exponent = expr.args
        if isinstance(expr, sp.Pow) and _inverse(expr):
            return self.product(expr)
        plain = isinstance(base, sp.Symbol | sp.Abs) or (base.is_Integer and base >= 0)
        body = self.text(base)
        return f"{body if plain else _bracket(body)}^{self._script(exponent)}"

    def ordered(self, factors: Iterable[sp.Expr]) -> list[sp.Expr]:
        return sorted(factors, key=lambda factor: _place("(" * factor.is_Add + self.text(factor)))

    def product(self, expr: sp.Expr) -> str:
        coefficient, rest = expr.as_coeff_Mul()
        sign, size = "-" if coefficient < 0 else "", abs(coefficient)
        factors = sp.Mul.make_args(rest)
        above = self.ordered(factor for factor in factors if not _inverse(factor))
        below = self.ordered(1 / factor for factor in factors if _inverse(factor))
        if not below and size.q == 1:
            return sign + self._factors(size, above)
        behind = above if not below and len(above) > 1 else []  # a number takes in one factor, and no more
        top = self._part(size.p, [] if behind else above)
        quotient = sign + self._quotient(top, self._part(size.q, below, several=True))
        return f"{quotient} {self._factors(1, behind)}" if behind else quotient

    def _part(self, number: int, factors: Sequence[sp.Expr], *, several: bool = False) -> str:
        """Print a numerator or a denominator; p/q has brackets around a sum, and around `several` factors."""
        shown = self._factors(number, factors, alone=True)
        wide = any(factor.is_Add for factor in factors) or (several and len(factors) + (number != 1) > 1)
        return _bracket(shown) if self._slashed and wide else shown

    def _factors(self, number: int, factors: Sequence[sp.Expr], *, alone: bool = False) -> str:
        shown = [] if number == 1 and factors else [str(number)]
        for factor in factors:
            body = self.text(factor)
            single = alone and len(factors) == 1 and number == 1
            big = isinstance(factor, sp.Sum | sp.Product) and factor is not factors[-1]
            if big or (isinstance(factor, sp.Add) and not single):
                body = _bracket(body)
            digits = shown and shown[-1][-1:] in "0123456789}" and body[:1].isdigit()
            sizes = shown and shown[-1].endswith(r"\rvert") and not body.startswith(r"\left")
            apart = sizes or (shown and body.startswith("d "))
            shown += [r"\cdot", body] if digits else [r"\,", body] if apart else [body]
        return " ".join(shown)

    def _quotient(self, above: str, below: str) -> str:
        return f"{above}/{below}" if self._slashed else rf"\frac{{{above}}}{{{below}}}"

    def _script(self, expr: sp.Expr) -> str:
        body = self.text(expr).replace(" ", "")
        return body if len(body) == 1 else f"{{{body}}}"


def _numeral(_: _Printer, expr: sp.Symbol) -> str:
    mantissa, _, exponent = expr.name.partition("e")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}" if exponent else str(mantissa)


def _inverse(factor: sp.Expr) -> bool:
    return isinstance(factor, sp.Pow) and factor.exp.is_number and factor.exp < 0


def _bracket(body: str) -> str:
    """Put parentheses around a printed body, larger by one size around others."""
    if r"\sum" in body or r"\prod" in body:
        return rf"\biggl({body}\biggr)"
    if r"\frac" in body:
        return rf"\left({body}\right)"
    opener = _OPENERS[next((size for size in (r"\Bigl(", r"\bigl(", "(") if size in body), "")]
    return opener + body + opener.replace("l(", "r)").replace("(", ")")


_RULES: Mapping[str, Callable[[_Printer, Any], str]] = {
    "Symbol": lambda _, expr: str(expr),
    "Numeral": _numeral,
    "Rational": _Printer.rational,
    "log": _Printer.logarithm,
    "Abs": _Printer.size,
    **dict.fromkeys(_DERIVATIVES, _Printer.derivative),
    **dict.fromkeys(_BIG, _Printer.repeated),
    **dict.fromkeys(("Pow", "Power"), _Printer.power),
    "Mul": _Printer.product,
    "Add": _Printer.terms,
    "Equality": lambda printer, expr: f"{printer.text(expr.lhs)} = {printer.text(expr.rhs)}",
}
