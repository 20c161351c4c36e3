"""Plain text as LaTeX: every character is printed as itself, or the text is refused."""

from __future__ import annotations

import re
import unicodedata

from report.errors import InputError


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
    "\N{EN DASH}": r"\textendash{}",
    "\N{EM DASH}": r"\textemdash{}",
    "\N{LEFT SINGLE QUOTATION MARK}": r"\textquoteleft{}",
    "\N{RIGHT SINGLE QUOTATION MARK}": r"\textquoteright{}",
    "\N{LEFT DOUBLE QUOTATION MARK}": r"\textquotedblleft{}",
    "\N{RIGHT DOUBLE QUOTATION MARK}": r"\textquotedblright{}",
    "\N{HORIZONTAL ELLIPSIS}": r"\textellipsis{}",
    "\N{EURO SIGN}": r"\texteuro{}",
}
# Letters of the T1 font encoding that no accent makes.
LETTERS = {
    "Æ": r"\AE{}",
    "æ": r"\ae{}",
    "Ø": r"\O{}",
    "ø": r"\o{}",
    "Å": r"\r{A}",
    "å": r"\r{a}",
    "Œ": r"\OE{}",
    "œ": r"\oe{}",
    "ß": r"\ss{}",
    "Ł": r"\L{}",
    "ł": r"\l{}",
    "Đ": r"\DJ{}",
    "đ": r"\dj{}",
    "Ð": r"\DH{}",
    "ð": r"\dh{}",
    "Þ": r"\TH{}",
    "þ": r"\th{}",
    "Ŋ": r"\NG{}",
    "ŋ": r"\ng{}",
    "ı": r"\i{}",
    "¡": r"\textexclamdown{}",
    "¿": r"\textquestiondown{}",
    "«": r"\guillemotleft{}",
    "»": r"\guillemotright{}",
    "§": r"\S{}",
    "£": r"\pounds{}",
    "©": r"\textcopyright{}",
    "®": r"\textregistered{}",
    "°": r"\textdegree{}",
    "·": r"\textperiodcentered{}",
}
DOTLESS = {"i": r"\i{}", "j": r"\j{}"}  # an accent above takes the place of the dot
BELOW = "\N{COMBINING CEDILLA}\N{COMBINING OGONEK}\N{COMBINING DOT BELOW}\N{COMBINING COMMA BELOW}"
# Combining marks, as the accent command that sets them over or under the letter before.
ACCENTS = {
    "\N{COMBINING GRAVE ACCENT}": "`",
    "\N{COMBINING ACUTE ACCENT}": "'",
    "\N{COMBINING CIRCUMFLEX ACCENT}": "^",
    "\N{COMBINING TILDE}": "~",
    "\N{COMBINING DIAERESIS}": '"',
    "\N{COMBINING MACRON}": "=",
    "\N{COMBINING BREVE}": "u",
    "\N{COMBINING CARON}": "v",
    "\N{COMBINING DOT ABOVE}": ".",
    "\N{COMBINING RING ABOVE}": "r",
    "\N{COMBINING DOUBLE ACUTE ACCENT}": "H",
    "\N{COMBINING CEDILLA}": "c",
    "\N{COMBINING OGONEK}": "k",
    "\N{COMBINING DOT BELOW}": "d",
    "\N{COMBINING COMMA BELOW}": "textcommabelow",
}
# Signs of the text companion fonts, and of mathematics (which a PDF's title and bookmarks take by number).
COMPANIONS = {
    "\N{PLUS-MINUS SIGN}": "textpm",
    "\N{MULTIPLICATION SIGN}": "texttimes",
    "\N{DIVISION SIGN}": "textdiv",
    "\N{MINUS SIGN}": "textminus",
    "\N{NOT SIGN}": "textlnot",
    "\N{MICRO SIGN}": "textmu",
    "\N{SUPERSCRIPT ONE}": "textonesuperior",
    "\N{SUPERSCRIPT TWO}": "texttwosuperior",
    "\N{SUPERSCRIPT THREE}": "textthreesuperior",
    "\N{VULGAR FRACTION ONE HALF}": "textonehalf",
    "\N{VULGAR FRACTION ONE QUARTER}": "textonequarter",
    "\N{VULGAR FRACTION THREE QUARTERS}": "textthreequarters",
    "\N{CENT SIGN}": "textcent",
    "\N{YEN SIGN}": "textyen",
    "\N{BULLET}": "textbullet",
    "\N{DAGGER}": "textdagger",
    "\N{PER MILLE SIGN}": "textperthousand",
    "\N{TRADE MARK SIGN}": "texttrademark",
    "\N{LEFTWARDS ARROW}": "textleftarrow",
    "\N{RIGHTWARDS ARROW}": "textrightarrow",
    "\N{MASCULINE ORDINAL INDICATOR}": "textordmasculine",
    "\N{FEMININE ORDINAL INDICATOR}": "textordfeminine",
    "\N{DOUBLE LOW-9 QUOTATION MARK}": "quotedblbase",
    "\N{SINGLE LOW-9 QUOTATION MARK}": "quotesinglbase",
}
MATHEMATICS = {
    "\N{LESS-THAN OR EQUAL TO}": "leq",
    "\N{GREATER-THAN OR EQUAL TO}": "geq",
    "\N{NOT EQUAL TO}": "neq",
    "\N{ALMOST EQUAL TO}": "approx",
    "\N{INFINITY}": "infty",
    "\N{PARTIAL DIFFERENTIAL}": "partial",
    "\N{ELEMENT OF}": "in",
    **{
        unicodedata.lookup(f"GREEK SMALL LETTER {name.upper()}"): name
        for name in (
            *(
                "alpha",
                "beta",
                "gamma",
                "delta",
                "epsilon",
                "zeta",
                "eta",
                "theta",
                "iota",
                "kappa",
                "mu",
                "nu",
            ),
            *("xi", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
        )
    },
    "\N{GREEK SMALL LETTER LAMDA}": "lambda",
    **{
        unicodedata.lookup(f"GREEK CAPITAL LETTER {name.upper()}"): name
        for name in ("Gamma", "Delta", "Theta", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega")
    },
    "\N{GREEK CAPITAL LETTER LAMDA}": "Lambda",
}
SIGNS = {
    **{sign: f"\\{name}{{}}" for sign, name in COMPANIONS.items()},
    **{
        sign: rf"\texorpdfstring{{\ensuremath{{\{name}}}}}{{\unichar{{{ord(sign)}}}}}"
        for sign, name in MATHEMATICS.items()
    },
}
BLANKS = frozenset(" \n\t")
# Letters with an accent that are one glyph, over which TeX can set another accent.
ACCENTED = frozenset("ÀÁÂÃÄÈÉÊËÌÍÎÏÑÒÓÔÕÖÙÚÛÜÝàáâãäèéêëìíîïñòóôõöùúûüýÿĂăĆćČčĎĚěĞğŃńŇňŐőŘřŚśŠšŮůŰűŹźŽžŻżİ")
LINE_BREAK = " \\\\\n"  # between the lines of a derivation
LONG_WORD = 20  # letters, from which on a word may be broken anywhere: so many W fill a line of the title


def escape(text: str, source: str = "a text") -> Latex:
    """Escape plain text for LaTeX, in one pass.

    Letters with accents are composed; words without a blank for long may be broken anywhere.

    Parameters
    ----------
    text : str
        Plain text.
    source : str
        Where the text comes from, for the message.

    Raises
    ------
    InputError
        The report's font lacks a character.
    """
    written: list[str] = []
    word: list[str] = []
    for cluster in (*_clusters(text), " "):
        if cluster in BLANKS:
            written += [f"{letter}\\allowbreak{{}}" for letter in word] if len(word) >= LONG_WORD else word
            written.append(" ")
            word = []
        else:
            word.append(_letter(cluster, source))
    return Latex("".join(written)[:-1])


def formula(latex: str) -> Latex:
    """Give mathematics that is copied from the page, or read aloud, as its LaTeX, line by line.

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
    """Give text that is LaTeX already; the mathematics in it is copied as its LaTeX."""
    return Latex(re.sub(r"\$([^$]*)\$", lambda found: f"${formula(found[1])}$", latex))


def _letter(cluster: str, source: str) -> str:
    """Write a letter with its marks, those above it first: TeX sets them over single glyphs only."""
    base = cluster[0]
    above = [mark for mark in cluster[1:] if mark not in BELOW]
    below = [mark for mark in cluster[1:] if mark in BELOW]
    written = (
        SPECIAL.get(base) or LETTERS.get(base) or SIGNS.get(base) or (base if " " <= base <= "~" else None)
    )
    one_glyph = len(above) < 2 or unicodedata.normalize("NFC", base + above[0]) in ACCENTED
    known = all(mark in ACCENTS for mark in cluster[1:]) and (not cluster[1:] or base not in SIGNS)
    if written is None or not known or not one_glyph or len(above) > 2 or len(below) > 1:
        name = unicodedata.name(base, "unnamed")
        raise InputError(
            f"{source}: the report's font has no “{cluster[:8]}” (U+{ord(base):04X} {name}).",
            "Write it with Latin letters.",
        )
    if base in DOTLESS and above:
        written = DOTLESS[base]
    for mark in above + below:
        written = f"\\{ACCENTS[mark]}{{{written}}}"
    return written


def _clusters(text: str) -> list[str]:
    """Split text into letters, each with the marks that combine with it; T1's own letters stay whole."""
    clusters: list[str] = []
    for letter in unicodedata.normalize("NFC", text):
        for part in (
            letter if letter in {*LETTERS, *SPECIAL, *SIGNS} else unicodedata.normalize("NFD", letter)
        ):
            if unicodedata.combining(part) and clusters:
                clusters[-1] += part
            else:
                clusters.append(part)
    return clusters
