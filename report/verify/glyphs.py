"""From a font's codes to glyphs and letters: by the glyph's name, which is what the page shows.

A PDF may carry a second account of its letters (ToUnicode, ActualText), for whoever copies its text. A page
may show one thing and copy as another, so those are not read.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# Adobe's names of the characters that a reported value is made of; letters are their own names.
PUNCTUATION = (
    "space= |visiblespace= |period=.|comma=,|colon=:|semicolon=;|parenleft=(|parenright=)|bracketleft=[|"
    "bracketright=]|braceleft={|braceright=}|slash=/|plus=+|minus=-|hyphen=-|endash=–|emdash=—|underscore=_|"
    "less=<|greater=>|percent=%|numbersign=#|asterisk=*|quoteright='|quotesingle='|quoteleft=`|at=@|exclam=!|"
    "question=?|ampersand=&|ff=ff|fi=fi|fl=fl|ffi=ffi|ffl=ffl|multiply=×|lessequal=≤|prime=′|partialdiff=∂|"
    "summationdisplay=∑|productdisplay=∏|arrowright=→|alpha=α|beta=β|gamma=γ|delta=δ|sigma=σ|theta=θ|pi=π"
)
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
LETTERS: Mapping[str, str] = {
    **{letter: letter for letter in string.ascii_letters},
    **{name: str(digit) for digit, name in enumerate(DIGITS)},
    **dict(pair.split("=") for pair in PUNCTUATION.split("|")),
    "equal": "=",
}
NAME_LIMIT = 64  # characters of a glyph's name


@dataclass(frozen=True)
class Font:
    """A font of a page: its name without the tag of the subset, and for each code glyph and width (in em)."""

    name: str
    glyphs: tuple[str, ...]
    widths: tuple[float, ...]


def font(resource: Mapping[str, Any]) -> Font:
    """Read a font's dictionary: one byte for a code, glyphs by the differences of its encoding.

    Parameters
    ----------
    resource : mapping
        A PDF font dictionary.
    """
    name = str(resource.get("/BaseFont", "")).lstrip("/")[:NAME_LIMIT]
    tag, plus, rest = name.partition("+")
    names = [f"#{code}" for code in range(256)]
    encoding = resource.get("/Encoding")
    encoding = encoding.get_object() if encoding is not None else None
    code = 0
    for entry in encoding.get("/Differences", ()) if isinstance(encoding, dict) else ():
        if isinstance(entry, str):
            if 0 <= code < 256:
                names[code] = entry.lstrip("/")[:NAME_LIMIT]
            code += 1
        else:
            code = int(entry)
    first = int(resource.get("/FirstChar", 0))
    listed = resource.get("/Widths", ())
    found = [float(width) / 1000 for width in listed.get_object()][:256] if listed else []
    widths = [0.0] * 256
    for offset, width in enumerate(found):
        if 0 <= first + offset < 256:
            widths[first + offset] = width
    return Font(rest if plus and len(tag) == 6 else name, tuple(names), tuple(widths))


def letters(glyph: str) -> str:
    """Give what a glyph reads as; its name in angle brackets if that is no letter of a value."""
    return LETTERS.get(glyph, f"<{glyph}>")
