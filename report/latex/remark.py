"""An author's remark: plain text, and mathematics between dollars that is checked before TeX sees it."""

from __future__ import annotations

import re
from collections import deque

from report.errors import InputError
from report.latex.escape import Latex, escape, prose

LONGEST = 60  # characters of a formula, which is not broken over lines
# As in Markdown: a dollar before a blank, or with a digit behind the closing one, is a dollar.
_FORMULA = re.compile(r"\$(?![\s$])([^$]*[^\s$])\$(?!\d)")
_TOKEN = re.compile(r"\s*(\\[A-Za-z]+|\\.|[0-9]+|\S)")
_LETTER = re.compile(
    r"[A-Za-z0-9]|\\(?:alpha|beta|gamma|delta|epsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau"
    r"|upsilon|phi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Phi|Psi|Omega|infty|partial)"
)
_SYMBOL = re.compile(
    r"[0-9]+|[-+=<>()\[\]|,.;:!/*]|\\(?:cdot|times|le|ge|ne|leq|geq|neq|approx|ll|gg|in|to|sum|prod|pm|mid|ldots"
    r"|cdots|log|exp|max|min|tanh|lvert|rvert|quad|qquad|[,;!{}])"
)
_GROUPS = {r"\frac": 2, r"\sqrt": 1}
_ADVICE = r"A formula takes letters, signs, ^, _, \frac, \sqrt; a dollar with a blank behind it is a dollar."


class FormulaError(ValueError):
    """What is wrong with a formula, as the end of a sentence."""


def remark(text: str, source: str) -> Latex:
    """Return a remark as LaTeX.

    Raises
    ------
    InputError
        A formula holds what the safe list does not, or a character has no font.
    """
    made, position = [], 0
    for found in _FORMULA.finditer(text):
        try:
            check(found[1])
        except FormulaError as error:
            raise InputError(f"{source}: the formula {found[0]} {error}.", _ADVICE) from None
        made += [escape(text[position : found.start()], source), prose(found[0])]
        position = found.end()
    return Latex("".join([*made, escape(text[position:], source)]))


def check(formula: str) -> None:
    """Refuse a formula in which TeX could find anything but a formula."""
    if len(formula) > LONGEST:
        raise FormulaError(f"is longer than {LONGEST} characters")
    parts = deque(_TOKEN.findall(formula))
    while parts:
        _atom(parts)


def _atom(parts: deque[str]) -> None:
    """Read a symbol, a group or a command with its groups, and the scripts behind it."""
    part = parts.popleft()
    if part in _GROUPS:
        for _ in range(_GROUPS[part]):
            if not parts or parts.popleft() != "{":
                raise FormulaError(f"lacks a {{ behind {part}")
            _group(parts)
    elif part == "{":
        _group(parts)
    elif not (_LETTER.fullmatch(part) or _SYMBOL.fullmatch(part)):
        raise FormulaError(f"holds {part}, which is not known here")
    seen = ""
    while parts and parts[0] in {"^", "_", "'"}:
        mark = parts.popleft()
        if (mark != "'" and mark in seen) or (mark == "'" and "^" in seen):
            raise FormulaError(f"has two {mark} at one symbol")
        seen += mark
        if mark != "'":
            _script(mark, parts)


def _script(mark: str, parts: deque[str]) -> None:
    """Read what stands behind ^ or _: a group, or as TeX has it a single letter or digit."""
    part = parts.popleft() if parts else ""
    if part == "{":
        _group(parts)
    elif not _LETTER.fullmatch(part):
        raise FormulaError(f"has {mark}{part} without braces")


def _group(parts: deque[str]) -> None:
    while parts and parts[0] != "}":
        _atom(parts)
    if not parts:
        raise FormulaError("lacks a }")
    parts.popleft()
