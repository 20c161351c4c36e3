"""Text as LaTeX: every character is printed as itself, or the text is refused.

An author's remark may hold mathematics between dollars, which is checked before TeX sees it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from report.errors import InputError
from report.latex import scripts

if TYPE_CHECKING:
    from collections.abc import Sequence


LONGEST = 24  # characters that fit beside a figure
ROWS_OF_VALUES = 12  # of a figure, for each hyper-parameter: those with the highest maxima


class Latex(str):
    """Text that is LaTeX already, and passes into a page as it is."""

    __slots__ = ()


SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "[": "{[}",  # a bracket after \\ would be taken for its argument
    "]": "{]}",
    "-": "-{}",  # no ligatures: -- stays two hyphens
    ",": ",{}",
    "\N{NO-BREAK SPACE}": "~",
    "\N{SOFT HYPHEN}": r"\-",
}
# What pdfTeX prints from UTF-8 as it stands, in the encodings T1 (letters) and TS1 (signs).
DIRECT = frozenset(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿĀāĂăĄąĆćĈĉĊċČčĎďĐđĒēĔĕĖėĘęĚě"
    "ĜĝĞğĠġĢģĤĥĨĩĪīĬĭĮįİıĴĵĶķĹĺĻļĽľŁłŃńŅņŇňŊŋŌōŎŏŐőŒœŔŕŖŗŘřŚśŜŝŞşŠšŢţŤťŨũŪūŬŭŮůŰűŲųŴŵŶŷŸŹźŻżŽžȘșȚț"
    "¡¿«»§£©®°·±×÷¬µ¹²³½¼¾¢¥ªº–—‘’“”„‚…€•†‰™←→"
)
# Of these, letters that TeX sets from two glyphs, which need an ActualText.
TWO_GLYPHS = "ĢģĩīĭĮįĵĶķĻļŅņŖŗŢţŲųȘșȚț"
_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi"
    " chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega"
)
GREEK = _NAMES.split()
# Signs that are set as mathematics, and that a PDF's title and bookmarks take by number.
MATHEMATICS = {
    "\N{LESS-THAN OR EQUAL TO}": "leq",
    "\N{GREATER-THAN OR EQUAL TO}": "geq",
    "\N{NOT EQUAL TO}": "neq",
    "\N{ALMOST EQUAL TO}": "approx",
    "\N{INFINITY}": "infty",
    "\N{PARTIAL DIFFERENTIAL}": "partial",
    "\N{ELEMENT OF}": "in",
    **{
        unicodedata.lookup(
            f"GREEK {'SMALL' if name.islower() else 'CAPITAL'} LETTER {name.replace('mbda', 'mda')}"
        ): name
        for name in GREEK
    },
}
SIGNS = {
    **{
        sign: rf"\texorpdfstring{{\ensuremath{{\{name}}}}}{{\unichar{{{ord(sign)}}}}}"
        for sign, name in MATHEMATICS.items()
    },
    "\N{MINUS SIGN}": r"\textminus{}",
}
BLANKS = frozenset(" \n\t")
LINE_BREAK = " \\\\\n"  # between the lines of a derivation
PRINTED = {
    **{letter: letter for letter in map(chr, range(0x20, 0x7F))},
    **{letter: letter if letter.isalpha() else f"{letter}{{}}" for letter in DIRECT},  # no ligatures
    **{
        letter: rf"\texorpdfstring{{\spelt{{{ord(letter):04X}}}{{{letter}}}}}{{{letter}}}"
        for letter in TWO_GLYPHS
    },
    **SIGNS,
    **SPECIAL,
}
LONG_WORD = 20  # letters, from which on a word may be broken anywhere: so many W fill a line of the title
LONGEST_FORMULA = 60  # characters, since it is not broken over lines
# As in Markdown: a dollar before a blank, or with a digit behind the closing one, is a dollar.
_FORMULA = re.compile(r"\$(?![\s$])([^$]*[^\s$])\$(?!\d)")
_TOKEN = re.compile(r"\s*(\\[A-Za-z]+|\\.|[0-9]+|\S)")
_KINDS = {  # of what a formula may hold, by one character
    "a": rf"[A-Za-z0-9]|\\(?:{'|'.join(GREEK)}|infty|partial)",
    "s": r"[0-9]+|[-+=<>()\[\]|,.;:!/*]|\\(?:cdot|times|le|ge|ne|leq|geq|neq|approx|ll|gg|in|to|sum|prod|pm"
    r"|mid|ldots|cdots|log|exp|max|min|tanh|lvert|rvert|quad|qquad|[,;!{}])",
    "f": r"\\frac",
    "r": r"\\sqrt",
    **{mark: re.escape(mark) for mark in "{}^_'"},
}
# Letters, signs and groups (g) with scripts: a primed or raised one is not primed or raised again.
_SCRIPTS = r"(?:_[ag]'*(?:\^[ag])?|'*(?:\^[ag])?(?:_[ag])?)"
_SOUND = rf"(?:(?:[asg]|fgg|rg){_SCRIPTS})*"
_ADVICE = r"A formula takes letters, signs, ^, _, \frac, \sqrt; a dollar with a blank behind it is a dollar."


def escape(text: str, source: str = "a text") -> Latex:
    """Escape plain text for LaTeX, in one pass.

    A word with letters that the page's font lacks is drawn from another one. Words without a blank for long
    may be broken anywhere.

    Raises
    ------
    InputError
        No font has a character; `source` says where the text comes from.
    """
    written: list[str] = []
    word: list[str] = []
    for part in (*scripts.parts(unicodedata.normalize("NFC", text)), " "):
        if part in BLANKS:
            written += [f"{piece}\\allowbreak{{}}" for piece in word] if len(word) >= LONG_WORD else word
            written.append(" ")
            word = []
        elif part in PRINTED or (scripts.is_latin(part) and PRINTED.keys() >= set(part)):
            word += [PRINTED[letter] for letter in part]
        else:
            word += scripts.drawn(part, source)
    return Latex("".join(written)[:-1])


def formula(latex: str) -> Latex:
    """Return mathematics that is copied, or read aloud, as its LaTeX, line by line; a rule's name is text."""
    lines = []
    for line in latex.split(LINE_BREAK):
        shown, rule, name = line.partition(r" \rulename{")
        plain = re.sub(r"\\qquad |&", "", shown).strip()
        lines.append(rf"\copied{{{plain}}}{shown}\shown{rule}{prose(name)}")
    return Latex(LINE_BREAK.join(lines))


def prose(latex: str) -> Latex:
    """Return text that is LaTeX already; the mathematics in it is copied as its LaTeX."""
    return Latex(re.sub(r"\$([^$]*)\$", lambda found: f"${formula(found[1])}$", latex))


def drawn(texts: Sequence[str], stem: str) -> tuple[str, ...]:
    """Return what a figure shows for each text: itself, or `stem` and a number, told in the caption."""
    return tuple(
        text if len(text) <= LONGEST else f"({stem} {number})" for number, text in enumerate(texts, start=1)
    )


def remark(text: str, source: str) -> Latex:
    """Return a remark as LaTeX.

    Raises
    ------
    InputError
        A formula holds what the safe list does not, or a character has no font.
    """
    made, position = [], 0
    for found in _FORMULA.finditer(text):
        if wrong := _objection(found[1]):
            raise InputError(f"{source}: the formula {found[0]} {wrong}.", _ADVICE)
        made += [escape(text[position : found.start()], source), prose(found[0])]
        position = found.end()
    return Latex("".join([*made, escape(text[position:], source)]))


def _objection(formula: str) -> str:
    """Return why TeX might stumble over a formula; empty if it will not."""
    if len(formula) > LONGEST_FORMULA:
        return f"is longer than {LONGEST_FORMULA} characters"
    kinds = ""
    for token in _TOKEN.findall(formula):
        kind = next((kind for kind, known in _KINDS.items() if re.fullmatch(known, token)), "")
        if not kind:
            return f"holds {token}, which is not known here"
        kinds += kind
    while (smaller := re.sub(rf"\{{{_SOUND}\}}", "g", kinds)) != kinds:  # from the innermost group outwards
        kinds = smaller
    return "" if re.fullmatch(_SOUND, kinds) else "has braces or scripts that do not fit together"
