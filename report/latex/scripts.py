r"""Words with letters that the page's font lacks: Greek, Cyrillic, Chinese, Korean, Arabic, Devanagari.

Each is drawn once, by matplotlib, which shapes and orders the letters and brings fonts of its own for Greek,
Cyrillic, Arabic, Hebrew, Armenian and Georgian: the same bytes everywhere, and no package of TeX. On the page
it is a small figure in the colour of the text, ``\drawnword{figure}{text in UTF-16}``, which is copied,
searched and read aloud as the text that it shows.
"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from report.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

OWN = (
    "STIXGeneral.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSans.ttf",
)  # of matplotlib; the first looks like the page's
# The smallest packages of Debian with what matplotlib lacks, by the first word of a letter's name in Unicode.
PACKAGES = {
    "DEVANAGARI": "fonts-lohit-deva",
    **dict.fromkeys(("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "IDEOGRAPHIC"), "fonts-wqy-microhei"),
}
PREFERRED = ("wqy-microhei.ttc", "Lohit-Devanagari.ttf")  # of these packages; then any other installed font
LONGEST = 20  # letters of a word that cannot be broken
# Lines may break around wide letters; words that are written from right to left stay together.
_PART = re.compile(r"l[lm]*|[or](?:[orm]|(?<=r) (?=r))*|m+|\s|[^lorm\s]m*")
_MACRO = re.compile(r"\\drawn(?:word|figure)\{([\w-]+)\}\{([0-9A-F]+)\}")
_COLOURS = b"/DeviceRGB CS\n/DeviceRGB cs\n"  # which would make everything black
_SIZE, _ABOVE, _BELOW, _BESIDE = 10.0, 11.5, 4.5, 0.5  # points; submission.tex scales and trims by these


def parts(text: str) -> list[str]:
    """Split text into words of Latin letters or of another script, and single signs, all with their marks."""
    kinds = "".join(map(_kind, text))
    return [text[found.start() : found.end()] for found in _PART.finditer(kinds)]


def _kind(character: str) -> str:
    """Return m for a mark, l for a Latin letter, s for a sign; of others w if wide, r if leftward, else o."""
    category = unicodedata.category(character)[0]
    if category in "MZ":
        return "m" if category == "M" else character
    name = unicodedata.name(character, "")
    if category != "L" or character < "\u0370" or name.startswith(("LATIN", "MODIFIER")):
        return "l" if character.isalpha() else "s"
    if unicodedata.east_asian_width(character) in "WF":
        return "w"
    return "r" if unicodedata.bidirectional(character) in {"R", "AL"} else "o"


def drawn(text: str, source: str) -> list[str]:
    """Return the LaTeX of a word that is drawn, in pieces between which a line may break.

    Raises
    ------
    InputError
        No font on this machine has its letters, or it is too long for a line.
    """
    lacking = next((letter for letter in text if not _may_be_drawn(letter)), "")
    heap = re.search(r"[\u0300-\u036F]{3}", unicodedata.normalize("NFD", text))
    short = text[:LONGEST]
    if lacking or heap or unicodedata.category(text[0])[0] == "M" or not font_for(short):
        letter = lacking or text[0]
        name = unicodedata.name(letter, "unnamed")
        package = PACKAGES.get(name.partition(" ")[0], "fonts-noto-core")
        other = f"Install a font, such as {package}, or write" if _kind(letter) in "orw" else "Write"
        raise InputError(
            f"{source}: the report's font has no “{text[:8]}” (U+{ord(letter):04X} {name}).",
            f"{other} it with Latin letters.",
        )
    if text != short and (_kind(text[0]) == "r" or any(map(unicodedata.combining, text))):
        told = f"{source}: “{text[:8]}...” is longer than {LONGEST} letters and cannot be broken."
        raise InputError(told, "Shorten it.")
    if text != short:
        return [piece for letter in text for piece in drawn(letter, source)]
    encoded = text.encode("utf-16-be").hex().upper()
    bookmark = "".join(rf"\unichar{{{ord(letter)}}}" for letter in text)
    # programs turn an ActualText from right to left round once more; the figure's own text they read right
    macro = "drawnfigure" if _kind(text[0]) == "r" else "drawnword"
    return [rf"\texorpdfstring{{\{macro}{{{_name(encoded)}}}{{{encoded}}}}}{{{bookmark}}}"]


def figures(pages: Iterable[str]) -> dict[str, bytes]:
    """Return the figures of all words that are drawn on pages, by name."""
    words = {
        name: bytes.fromhex(text).decode("utf-16-be") for page in pages for name, text in _MACRO.findall(page)
    }
    return {name: _figure(text) for name, text in sorted(words.items())}


def _figure(text: str) -> bytes:
    import matplotlib as mpl  # noqa: PLC0415 - slow, and rarely needed
    from matplotlib.figure import Figure  # noqa: PLC0415
    from matplotlib.font_manager import FontProperties  # noqa: PLC0415
    from matplotlib.ft2font import FT2Font, LoadFlags  # noqa: PLC0415

    from report.figures.style import pdf, style  # noqa: PLC0415

    path = font_for(text)
    font = FT2Font(path)
    font.set_size(_SIZE, 72)
    font.set_text(text, flags=LoadFlags.NO_HINTING)
    width = font.get_width_height()[0] / 64 + 2 * _BESIDE
    height = _ABOVE + _BELOW
    with style(), mpl.rc_context({"pdf.inheritcolor": True, "pdf.compression": 0}):
        figure = Figure(figsize=(width / 72, height / 72))
        figure.patch.set_visible(False)
        at = FontProperties(fname=path, size=_SIZE)
        figure.text(
            _BESIDE / width, _BELOW / height, text, fontproperties=at, va="baseline", parse_math=False
        )
        made = pdf(figure)
    return made.replace(_COLOURS, b" " * len(_COLOURS))


@functools.cache
def font_for(text: str) -> str:
    """Return the path of the first font that has all letters of a text; empty if there is none."""
    import matplotlib as mpl  # noqa: PLC0415
    from matplotlib.font_manager import findSystemFonts  # noqa: PLC0415

    own = Path(mpl.get_data_path()) / "fonts" / "ttf"
    wanted = {ord(letter) for letter in text if letter != " "}
    for path in (str(own / name) for name in OWN):
        if wanted <= _letters(path):
            return path
    system = sorted(findSystemFonts(), key=lambda path: (Path(path).name not in PREFERRED, Path(path).name))
    return next((path for path in system if wanted <= _letters(path)), "")


@functools.cache
def _letters(path: str) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font  # noqa: PLC0415

    try:
        return frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError):  # a font that FreeType cannot read
        return frozenset()


def _name(encoded: str) -> str:
    return f"word-{hashlib.sha256(encoded.encode()).hexdigest()[:12]}"


def is_latin(part: str) -> bool:
    """Return whether a part is a word of the Latin script."""
    return _kind(part[0]) == "l"


def _may_be_drawn(character: str) -> bool:
    kind = unicodedata.category(character)[0]
    wide = unicodedata.east_asian_width(character) in "WF"
    return character == " " or kind in "LMN" or (kind == "P" and wide)
