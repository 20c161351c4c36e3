"""Plain text as LaTeX: every character is printed as itself, or the text is refused."""

from __future__ import annotations

import itertools
import re
import unicodedata
from typing import TYPE_CHECKING

from report.latex import scripts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


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
_SMALL = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega"
)
_CAPITAL = "Gamma Delta Theta Xi Pi Sigma Phi Psi Omega"
# Signs that are set as mathematics, and that a PDF's title and bookmarks take by number.
MATHEMATICS = {
    "\N{LESS-THAN OR EQUAL TO}": "leq",
    "\N{GREATER-THAN OR EQUAL TO}": "geq",
    "\N{NOT EQUAL TO}": "neq",
    "\N{ALMOST EQUAL TO}": "approx",
    "\N{INFINITY}": "infty",
    "\N{PARTIAL DIFFERENTIAL}": "partial",
    "\N{ELEMENT OF}": "in",
    **{unicodedata.lookup(f"GREEK SMALL LETTER {name}"): name for name in _SMALL.split()},
    **{unicodedata.lookup(f"GREEK CAPITAL LETTER {name}"): name for name in _CAPITAL.split()},
    "\N{GREEK SMALL LETTER LAMDA}": "lambda",
    "\N{GREEK CAPITAL LETTER LAMDA}": "Lambda",
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
            pieces = list(_pieces(word, source))
            long = len(pieces) >= LONG_WORD
            written += [f"{piece}\\allowbreak{{}}" for piece in pieces] if long else pieces
            written.append(" ")
            word = []
        else:
            word.append(part)
    return Latex("".join(written)[:-1])


def _pieces(word: list[str], source: str) -> Iterator[str]:
    """Yield the LaTeX of a word piece by piece; Latin letters one of which is drawn are drawn together."""
    for latin, group in itertools.groupby(word, scripts.is_latin):
        parts = list(group)
        if latin and any(part not in PRINTED for part in parts):
            yield from scripts.drawn("".join(parts), source)
            continue
        for part in parts:
            yield from [PRINTED[part]] if part in PRINTED else scripts.drawn(part, source)


def formula(latex: str) -> Latex:
    """Return mathematics that is copied from the page, or read aloud, as its LaTeX, line by line.

    Parameters
    ----------
    latex : str
        Bare mathematics; the name of a rule at the end of a line is text.
    """
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
