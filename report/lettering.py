"""Names from the data in figures: as they are where a font has them, else a number that the caption tells."""

from __future__ import annotations

import functools
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST = 24  # characters that fit beside a figure
TEXT, OTHER = "cmr10", "DejaVu Serif"  # the font of the page, and one that matplotlib brings
# In cmr10 these are other signs than the font says: a "<" is drawn as an inverted exclamation mark.
OTHER_SIGNS = frozenset("\"'<>\\^_`{|}~")


def family(texts: Iterable[str]) -> str:
    """Give the font in which all of `texts` can be drawn, if they can be drawn at all."""
    letters = set().union(*texts)
    return TEXT if not letters & OTHER_SIGNS and all(" " <= letter <= "~" for letter in letters) else OTHER


def drawn(texts: Sequence[str], stem: str) -> tuple[str, ...]:
    """Give what a figure shows for each of `texts`: itself, or `stem` and its number in parentheses."""
    return tuple(
        text if _can_be_drawn(text) else f"({stem} {number})" for number, text in enumerate(texts, start=1)
    )


def as_typed(text: str) -> str:
    """Give a text so that matplotlib finds no mathematics in it."""
    return text.replace("$", r"\$")


def _can_be_drawn(text: str) -> bool:
    return len(text) <= LONGEST and all(" " <= letter <= "~" or _has(letter) for letter in text)


def _has(letter: str) -> bool:
    """Tell whether the font has a letter and matplotlib sets it as it is read."""
    return (
        ord(letter) in _charmap()
        and not unicodedata.combining(letter)
        and unicodedata.bidirectional(letter) not in {"R", "AL"}  # they would be drawn from left to right
    )


@functools.cache
def _charmap() -> dict[int, int]:
    from matplotlib.font_manager import findfont  # noqa: PLC0415 - slow, and rarely needed
    from matplotlib.ft2font import FT2Font  # noqa: PLC0415

    return dict(FT2Font(findfont(OTHER)).get_charmap())
