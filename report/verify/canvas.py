"""What is painted on the pages of a document, mark by mark, and the state in which PDF paints it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from report.verify import glyphs
from report.verify.errors import UnjudgedError
from report.verify.objects import resource

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from report.verify.glyphs import Font

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
FRONT, MARGINS = "front", "margins"
MARK_LIMIT = 400_000  # of a whole document; the report has about 30,000


class Mark(NamedTuple):
    """One thing that is painted.

    Attributes
    ----------
    region : str
        The question that it belongs to, or ``front``, ``margins`` or a part of the appendix.
    key : str
        Key of the reported value that it is a part of; empty if of none.
    kind : str
        ``glyph``, ``path``, ``figure``, or the operator that painted it.
    what : str
        The glyph's name, the path's shape, the digest of a figure.
    look : str
        Font, size, colour, line width.
    page : int
        From 1.
    x, y, width : float
        In points, from the page's corner.
    """

    region: str
    key: str
    kind: str
    what: str
    look: str
    page: int
    x: float
    y: float
    width: float


@dataclass
class Graphics:
    """The graphics state, text state included (ISO 32000-1, 8.4 and 9.3)."""

    ctm: Matrix = IDENTITY
    fill: str = "0 g"
    stroke: str = "0 G"
    line: Mapping[str, str] = field(default_factory=dict)
    font: str = ""
    size: float = 0.0
    character: float = 0.0
    word: float = 0.0
    scale: float = 1.0
    leading: float = 0.0
    rise: float = 0.0
    mode: float = 0


@dataclass
class Canvas:
    """The page that is being read.

    Attributes
    ----------
    resources : mapping
        The page's ``/Resources``.
    page : int
        Its number, from 1.
    region : str
        Where its content goes on from.
    marks : list of Mark
        What was painted so far, on all pages.
    state, saved
        The graphics state, and those that wait to be restored.
    matrix, line : Matrix
        Where the next glyph goes, and where its line began.
    path : list
        The steps of the path that is being made, with their points on the page.
    clips : bool
        Whether that path also bounds what is painted after it.
    open : list of (str, str)
        Tag and key of each marked content that is open.
    """

    resources: Mapping[str, Any]
    page: int
    region: str
    marks: list[Mark]
    state: Graphics = field(default_factory=Graphics)
    saved: list[Graphics] = field(default_factory=list)
    matrix: Matrix = IDENTITY
    line: Matrix = IDENTITY
    path: list[tuple[str, tuple[float, ...]]] = field(default_factory=list)
    clips: bool = False
    open: list[tuple[str, str]] = field(default_factory=list)
    fonts: dict[str, Font] = field(default_factory=dict)

    def add(self, kind: str, look: str, things: Iterable[tuple[str, float, float, float]]) -> None:
        """Note what one operation paints: of each thing what it is, its place (x, y) and its width.

        Raises
        ------
        UnjudgedError
            The document paints too much.
        """
        region = MARGINS if any(tag == "/Artifact" for tag, _ in self.open) else self.region
        key = next((key for tag, key in reversed(self.open) if tag == "/Reported"), "")
        page = self.page
        room = MARK_LIMIT - len(self.marks)
        self.marks += [
            Mark(region, key, kind, what, look, page, x, y, width)
            for what, x, y, width in itertools.islice(things, room + 1)
        ]
        if len(self.marks) > MARK_LIMIT:
            raise UnjudgedError(f"The PDF paints more than {MARK_LIMIT:,} glyphs and lines.")

    def font(self) -> Font:
        """Give the font in force."""
        name = self.state.font
        if name not in self.fonts:
            self.fonts[name] = glyphs.font(resource(self.resources, "/Font", name) or {})
        return self.fonts[name]


def product(a: Matrix, b: Matrix) -> Matrix:
    """Multiply two affine matrices: first `a`, then `b`."""
    return (
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4],
        a[4] * b[1] + a[5] * b[3] + b[5],
    )


def shift(x: float, y: float) -> Matrix:
    """Give the matrix that moves by (x, y)."""
    return 1.0, 0.0, 0.0, 1.0, x, y


def place(matrix: Matrix, x: float = 0.0, y: float = 0.0) -> tuple[float, float]:
    """Give where a matrix puts the point (x, y)."""
    return matrix[0] * x + matrix[2] * y + matrix[4], matrix[1] * x + matrix[3] * y + matrix[5]
