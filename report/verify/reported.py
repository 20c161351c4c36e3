"""The reported values, read from what a page shows: glyphs in the order in which the eye meets them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from report.verify.glyphs import letters

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from report.verify.canvas import Mark

SAME_LINE = 2.0  # points by which glyphs of one line may differ in height
WORD_SPACE = 0.16  # of the type size: kerns are smaller, spaces larger
SMALLEST = 4.0  # points; smaller type cannot be read
INVISIBLE = frozenset({"3", "7"})  # rendering modes that paint nothing
WHITE = frozenset({"1 g", "1 1 1 rg", "0 0 0 0 k"})


@dataclass(frozen=True)
class Shown:
    """One place where a value is shown: the page and the text."""

    page: int
    text: str


def reported(marks: Sequence[Mark]) -> Mapping[str, tuple[Shown, ...]]:
    """Give what is shown for each key, place by place.

    Parameters
    ----------
    marks : sequence of Mark
        All that is painted, in order.
    """
    found: dict[str, list[Shown]] = {}
    for key, run in groupby(marks, key=lambda mark: mark.key):
        if key:
            glyphs = [mark for mark in run if visible(mark)]
            shown = Shown(glyphs[0].page, read(glyphs)) if glyphs else Shown(0, "")
            found.setdefault(key, []).append(shown)
    return {key: tuple(places) for key, places in found.items()}


def visible(mark: Mark) -> bool:
    """Tell whether a mark is a glyph that a reader can see on white paper."""
    if mark.kind != "glyph":
        return False
    _, size, fill, _, mode = mark.look.split(", ")
    across, down = (abs(float(size.split()[i])) for i in (0, 3))
    return mode not in INVISIBLE and fill not in WHITE and min(across, down) >= SMALLEST


def read(glyphs: Iterable[Mark]) -> str:
    """Give the text of some glyphs: from left to right, line by line, a space where there is one.

    The order in which a page paints its glyphs is not the order in which they are read.
    """
    text, last = "", None
    for mark in _in_order(glyphs):
        if last is not None:
            size = float(mark.look.split(", ")[1].split()[0])
            same = _same_line(last, mark)
            text += " " if not same or mark.x - last.x - last.width > WORD_SPACE * size else ""
        text += letters(mark.what)
        last = mark
    return text


def same(one: str, other: str) -> bool:
    """Tell whether two texts are the same but for spaces, which a line break may take or give."""
    return "".join(one.split()) == "".join(other.split())


def _in_order(glyphs: Iterable[Mark]) -> list[Mark]:
    """Sort glyphs into lines, pages and lines from the top, each line from the left."""
    lines: list[list[Mark]] = []
    for mark in sorted(glyphs, key=lambda mark: (mark.page, -mark.y)):
        if lines and _same_line(lines[-1][0], mark):
            lines[-1].append(mark)
        else:
            lines.append([mark])
    return [mark for line in lines for mark in sorted(line, key=lambda mark: mark.x)]


def _same_line(one: Mark, other: Mark) -> bool:
    return one.page == other.page and abs(one.y - other.y) < SAME_LINE
