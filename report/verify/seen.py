"""Pages as they are seen: the same words at the same places, the same picture; and where they differ.

PDFium gives the characters of a page with their places, and its picture. A program that writes a page anew
moves no character by more than `NEAR`, and paints nothing that is not within `REACH` pixels of where it was.
In copies by Ghostscript and cairo characters move by 0.41 points, and two pixels of a page are off.
"""

from __future__ import annotations

import ctypes
import io
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, pairwise
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pypdfium2 as pdfium
from pikepdf import Dictionary, Object
from PIL import Image, ImageDraw, ImageFilter
from pypdfium2 import raw

from report.confined import UnjudgedError
from report.verify.document import content, page_entries, part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pikepdf import Pdf

NEAR = 0.7  # points
SCALE = 2  # pixels in a point
REACH = 2  # pixels
CONTRAST = 10  # of 255
SPECKS = 8  # pixels
LARGEST = 2000  # points on a side
CHARACTERS = 50_000  # on a page; the fullest has 3,000
SPOTS = 200  # that are told of a page
DRAWN, GAP = 1.4, 12  # pixels in a point of a picture for people, and between two pages
LINE = 7.0  # points; a step of less stays in the line
RISE, STRETCH = 0.4, 3.0  # points by which another TeX may set characters of a line, or boxes, otherwise
# Text that is copied in place of what is shown, or the name of a list of properties, which may hold one.
SPOKEN = re.compile(rb"/ActualText\s*(<[^>]*>|\((?:\\.|[^\\)])*\))|(/[^\s/<>()\[\]]+)\s+BDC\b", re.DOTALL)
MARGIN = "Artifact"
Box = tuple[float, float, float, float]  # left, bottom, right, top


class Glyph(NamedTuple):
    """A character, and where it begins on its line."""

    text: str
    x: float
    y: float


class Word(NamedTuple):
    """Characters without a space between them."""

    text: str
    box: Box


class Spot(NamedTuple):
    """Where two pages differ: the submission's page from 1, the place, and a few words there."""

    page: int
    box: Box
    near: str


class Shown(NamedTuple):
    """A value as a page shows it; not `plain` if it is also painted otherwise there."""

    page: int
    text: str
    plain: bool


@dataclass
class View:
    """A document that is looked at, without the text that is copied in place of what it shows; or with it."""

    pdf: Pdf
    copied: bool = False

    def __post_init__(self) -> None:
        named = [_named(page.obj) for page in self.pdf.pages]
        self.spoken = [
            _spoken(content(page.obj), lists) for page, lists in zip(self.pdf.pages, named, strict=True)
        ]
        for page, lists in zip(self.pdf.pages, named, strict=True):
            if not self.copied:
                for each in lists.values():
                    del each["/ActualText"]
                painted = content(page.obj).replace(b"/ActualText", b"/Spoken")
                page.obj.Contents = self.pdf.make_stream(painted)
        out = io.BytesIO()
        self.pdf.save(out)
        self._file = pdfium.PdfDocument(out.getvalue())
        self.pages = list(self._file)
        for page in self.pages:
            page.set_rotation(0)
            page.set_cropbox(*page.get_mediabox())
        read = [_read(page) for page in self.pages]
        self.glyphs = [glyphs for glyphs, _ in read]
        self.words = [words for _, words in read]

    def picture(self, number: int) -> np.ndarray:
        """Render a page in grey, without what lies over it."""
        page = self.pages[number]
        if max(page.get_size()) > LARGEST:
            raise UnjudgedError(f"Page {number + 1} of the PDF is larger than {LARGEST} points.")
        return np.asarray(page.render(scale=SCALE, grayscale=True, draw_annots=False).to_numpy()).squeeze()

    def marks(self, number: int) -> Iterator[tuple[Any, str, str]]:
        """Walk the objects of a page that stand in marked content: the object, the mark, its key."""
        for item in self.pages[number].get_objects(max_depth=1):
            for index in range(raw.FPDFPageObj_CountMarks(item.raw)):
                mark = raw.FPDFPageObj_GetMark(item.raw, index)
                name = _text(raw.FPDFPageObjMark_GetName, mark)
                yield item, name, _text(raw.FPDFPageObjMark_GetParamStringValue, mark, b"Key")

    def ink(self, number: int, box: Box) -> bool:
        """Say whether a page shows anything within a box."""
        picture = np.flipud(self.picture(number))
        left, bottom, right, top = (max(0, round(edge * SCALE)) for edge in box)
        return bool(np.any(picture[bottom:top, left:right] < 255 - CONTRAST))


# --- which pages correspond
def correspond(given: View, made: View) -> list[tuple[int, int]]:
    """Pair the pages of two documents in order, from 0; a page may be like none of the other's."""
    there, here = ([Counter(word.text for word in words) for words in view.words] for view in (given, made))
    like = [[_likeness(one, other) for other in here] for one in there]
    best = np.zeros((len(there) + 1, len(here) + 1))
    for i in reversed(range(len(there))):
        for j in reversed(range(len(here))):
            best[i, j] = max(best[i + 1, j], best[i, j + 1], best[i + 1, j + 1] + like[i][j])
    pairs, i, j = [], 0, 0
    while i < len(there) and j < len(here):
        if like[i][j] and best[i, j] == best[i + 1, j + 1] + like[i][j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i, j] == best[i + 1, j]:
            i += 1
        else:
            j += 1
    return pairs


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """Return the share of words that two pages have in common; 0 if it is small."""
    share = (one & other).total() / max(1, one.total(), other.total())
    return share if share > 0.3 else 0.0


# --- where pages differ
def differing(given: View, made: View, pairs: Sequence[tuple[int, int]]) -> list[Spot]:
    """Find where pages differ, in their words and in their pictures.

    What only stands higher or lower, or on the next page, since something before it is longer, is the same.
    """
    texts = {pair: _compared(given.words[pair[0]], made.words[pair[1]]) for pair in pairs}
    gone, come = (
        {pair[0]: {w.text for run in found[side] for w in run} for pair, found in texts.items()}
        for side in (1, 0)
    )
    spots: list[Spot] = []
    for (number, page), (one, other, both) in texts.items():
        near = number - 1, number + 1
        here = []
        for runs, elsewhere in ((one, gone), (other, come)):
            moved = set().union(*(elsewhere.get(place, ()) for place in near))
            for run in runs:
                if left := [word for word in run if word.text not in moved]:
                    told = " ".join(word.text for word in run)
                    here.append(Spot(number + 1, _around([word.box for word in left]), told))
        sizes = zip(given.pages[number].get_size(), made.pages[page].get_size(), strict=True)
        if all(abs(a - b) < 0.5 for a, b in sizes):
            picture, where = _straightened(given.picture(number), both)
            for box in _other_paint(picture, made.picture(page), where):
                if not any(_meet(box, spot.box) for spot in here):
                    here.append(Spot(number + 1, box, _near(made.words[page], box)))
        spots += here[:SPOTS]
    return spots


Runs = list[list[Word]]


def _compared(one: list[Word], other: list[Word]) -> tuple[Runs, Runs, list[tuple[Word, Word]]]:
    """Compare the words of two pages: those that only one has, in runs, and those of both."""
    there, here = ([word.text for word in words] for words in (one, other))
    matcher = SequenceMatcher(None, there, here, autojunk=False)
    runs: tuple[Runs, Runs] = ([], [])
    both: list[tuple[Word, Word]] = []
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind != "equal":
            runs[0].extend([one[i:j]] if j > i else [])
            runs[1].extend([other[k:m]] if m > k else [])
            continue
        before: tuple[Word, Word] | None = None
        for a, b in zip(one[i:j], other[k:m], strict=True):
            up = 0.0 if before is None else abs((a.box[1] - before[0].box[1]) - (b.box[1] - before[1].box[1]))
            near = before is None or abs(b.box[1] - before[1].box[1]) < LINE
            if abs(a.box[0] - b.box[0]) > NEAR or up > (NEAR if near else STRETCH):
                runs[0].append([a])
            both.append((a, b))
            before = a, b
    return *runs, both


def _straightened(
    picture: np.ndarray, both: Sequence[tuple[Word, Word]]
) -> tuple[np.ndarray, np.ndarray | None]:
    """Move the lines of a picture to where they are on the other page; say what then is compared."""
    if not both or all(abs(a.box[1] - b.box[1]) <= NEAR for a, b in both):
        return picture, None
    rows = np.arange(len(picture))
    there, here = (len(picture) - SCALE * np.array([pair[side].box[1] for pair in both]) for side in (0, 1))
    nearest = np.abs(rows[:, None] - here[None, :]).argmin(axis=1)
    moved = np.clip(rows + np.round(there - here)[nearest].astype(int), 0, len(picture) - 1)
    words = np.zeros(picture.shape, bool)
    for _, word in both:
        left, bottom, right, top = (round(edge * SCALE) for edge in word.box)
        if top - bottom < 12 * SCALE:  # tall brackets belong to several lines
            words[len(rows) - top + 1 : len(rows) - bottom, left:right] = True
    return picture[moved], words


def _same_glyphs(one: Sequence[Glyph], other: Sequence[Glyph]) -> bool:
    """Compare characters in order and place.

    A program may call a sign of mathematics by another letter; then its picture is what counts.
    """
    return len(one) == len(other) and all(
        (a.text == b.text or not b.text.isalnum()) and abs(a.x - b.x) <= NEAR and abs(a.y - b.y) <= NEAR
        for a, b in zip(one, other, strict=True)
    )


def look_alike(given: View, made: View, pairs: Sequence[tuple[int, int]]) -> bool:
    """Say whether all pages have the same characters or words at the same places, and the same pictures."""
    for number, page in pairs:
        if not _same_glyphs(given.glyphs[number], made.glyphs[page]):
            one, other, both = _compared(given.words[number], made.words[page])
            if one or other or any(abs(a.box[1] - b.box[1]) > NEAR for a, b in both):
                return False
        pictures = given.picture(number), made.picture(page)
        if pictures[0].shape != pictures[1].shape or [*_other_paint(*pictures)]:
            return False
    return True


def _other_paint(one: np.ndarray, other: np.ndarray, where: np.ndarray | None = None) -> Iterator[Box]:
    """Walk the places where one picture has something that the other has nowhere near."""
    if one.shape != other.shape or np.array_equal(one, other):
        return
    size = 2 * REACH + 1
    mask = np.zeros(one.shape, bool)
    for a, b in ((one, other), (other, one)):
        picture = Image.fromarray(b)
        darkest = np.asarray(picture.filter(ImageFilter.MinFilter(size)))
        lightest = np.asarray(picture.filter(ImageFilter.MaxFilter(size)))
        mask |= a < np.maximum(darkest, CONTRAST) - CONTRAST
        mask |= a > np.minimum(lightest, 255 - CONTRAST) + CONTRAST
    if where is not None:
        mask &= where
    if np.count_nonzero(mask) < SPECKS:
        return
    cell = 8 * SCALE  # pixels that belong together
    waiting = {(row // cell, column // cell) for row, column in np.argwhere(mask).tolist()}
    while waiting:
        group = _grown({waiting.pop()}, waiting)
        top, left = (min(place[axis] for place in group) * cell for axis in (0, 1))
        bottom, right = ((max(place[axis] for place in group) + 1) * cell for axis in (0, 1))
        yield left / SCALE, (one.shape[0] - bottom) / SCALE, right / SCALE, (one.shape[0] - top) / SCALE


def _grown(group: set[tuple[int, int]], waiting: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Add to a group of cells all those that touch it, and take them from the rest."""
    edge = list(group)
    while edge:
        row, column = edge.pop()
        touching = {(row + down, column + across) for down in (-1, 0, 1) for across in (-1, 0, 1)} & waiting
        waiting -= touching
        group |= touching
        edge += touching
    return group


# --- the same words in other lines, as another TeX sets them
def reads_alike(given: View, made: View) -> bool:
    """Say whether two documents have the same text and the same boxes and rules, whatever broke the lines.

    In a line, characters are joined alike: an exponent is no index. Headers, footers and notes in the margin,
    which name pages, are left out.
    """
    one, other = (_running(view) for view in (given, made))
    sizes = [_painted(view) for view in (given, made)]
    return (
        [text for text, *_ in one] == [text for text, *_ in other]
        and all(_same_joint(*joint) for joint in zip(pairwise(one), pairwise(other), strict=True))
        and len(sizes[0]) == len(sizes[1])
        and all(
            abs(a - b) <= STRETCH for pair in zip(*sizes, strict=True) for a, b in zip(*pair, strict=True)
        )
    )


def _running(view: View) -> list[tuple[str, int, float, float]]:
    """Return the characters of a document that can be seen, in order: the text, the page, the place."""
    found = []
    for number, glyphs in enumerate(view.glyphs):
        margins = [item.get_bounds() for item, name, _ in view.marks(number) if name == MARGIN]
        hidden = [
            item.get_bounds() for item in view.pages[number].get_objects(max_depth=1) if _invisible(item)
        ]
        found += [
            (unicodedata.normalize("NFKC", glyph.text), number, glyph.x, glyph.y)
            for glyph in glyphs
            if not any(_holds(box, glyph) for box in (*margins, *hidden))
        ]
    return [
        one
        for one, after in pairwise([*found, ("", -1, 0.0, 0.0)])
        if one[0] not in "-\u2010\u0002" or (one[1] == after[1] and abs(one[3] - after[3]) < LINE)
    ]


def _same_joint(
    one: tuple[tuple[str, int, float, float], ...], other: tuple[tuple[str, int, float, float], ...]
) -> bool:
    """Compare how far two characters of a line stand apart; a broken line says nothing."""
    steps = [(b[2] - a[2], b[3] - a[3]) for a, b in (one, other) if a[1] == b[1] and abs(b[3] - a[3]) < LINE]
    if len(steps) < 2:
        return True
    (across, up), (other_across, other_up) = steps
    return abs(across - other_across) <= STRETCH and abs(up - other_up) <= RISE


def _painted(view: View) -> list[tuple[float, float]]:
    """Return the sizes of all that is painted beside text, in order."""
    return [
        (right - left, top - bottom)
        for page in view.pages
        for item in page.get_objects(max_depth=1)
        if item.type != raw.FPDF_PAGEOBJ_TEXT
        for left, bottom, right, top in [item.get_bounds()]
    ]


def _invisible(item: Any) -> bool:
    """Say whether a text is painted in no ink, or in white."""
    if item.type != raw.FPDF_PAGEOBJ_TEXT:
        return False
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    raw.FPDFPageObj_GetFillColor(item.raw, red, green, blue, alpha)
    mode = raw.FPDFTextObj_GetTextRenderMode(item.raw)
    return mode in (3, 7) or not alpha.value or min(red.value, green.value, blue.value) > 255 - CONTRAST


# --- what is shown for a key
def shown(
    given: View, made: View, pairs: Sequence[tuple[int, int]], spots: Sequence[Spot]
) -> dict[str, list[Shown]]:
    """Read what is shown for each reported value, place by place.

    The marks in the submission say where to look; if another program dropped them, the other document's do.
    What is read are the characters there, from left to right.
    """
    looked = {number: _places(given, number) for number in range(len(given.pages))}
    if not any(looked.values()):
        looked = {number: _places(made, other) for number, other in pairs}
    found: dict[str, list[Shown]] = {}
    for number, places in looked.items():
        for key, boxes in places:
            inside = [glyph for glyph in given.glyphs[number] if any(_holds(box, glyph) for box in boxes)]
            inside.sort(key=lambda glyph: (-round(glyph.y / LINE), glyph.x))
            meets = (_meet(spot.box, box) for spot in spots if spot.page == number + 1 for box in boxes)
            text = "".join(glyph.text for glyph in inside)
            found.setdefault(key, []).append(Shown(number + 1, text, not any(meets)))
    return found


def _places(view: View, number: int) -> list[tuple[str, list[Box]]]:
    """Return the places of reported values on a page; a value may be painted in several pieces."""
    marked = ((key, item.get_bounds()) for item, name, key in view.marks(number) if name == "Reported")
    runs = groupby(marked, key=itemgetter(0))
    return [(key, [(x0 - 2, y0 - 3, x1 - 0.5, y1 + 3) for _, (x0, y0, x1, y1) in run]) for key, run in runs]


# --- a picture for people
def draw(given: View, made: View, pair: tuple[int, int | None], found: Sequence[Spot], file: Path) -> None:
    """Draw a page as it was handed in, the places that differ framed, beside the page as it was made anew."""
    number, other = pair
    pictures = [_drawn(given, number)] + ([] if other is None else [_drawn(made, other)])
    pen = ImageDraw.Draw(pictures[0])
    for spot in found:
        left, bottom, right, top = (edge * DRAWN for edge in spot.box)
        height = pictures[0].height
        pen.rectangle((left - 4, height - top - 4, right + 4, height - bottom + 4), outline="red", width=2)
    size = sum(picture.width + GAP for picture in pictures), max(picture.height for picture in pictures)
    sheet = Image.new("RGB", size, "grey")
    for place, picture in enumerate(pictures):
        sheet.paste(picture, (place * (pictures[0].width + GAP), 0))
    sheet.quantize(32).save(file, optimize=True)


def _drawn(view: View, number: int) -> Image.Image:
    """Render a page with what lies over it."""
    picture: Image.Image = view.pages[number].render(scale=DRAWN).to_pil().convert("RGB")
    return picture


# --- characters and boxes
def _named(page: Dictionary) -> dict[str, Dictionary]:
    """Return the lists of properties beside a page's content that hold text to be copied (Ghostscript's)."""
    found = part(page_entries(page), "/Resources", "/Properties").items()
    return {name: each for name, each in found if isinstance(each, Dictionary) and "/ActualText" in each}


def _spoken(operators: bytes, lists: Mapping[str, Dictionary]) -> list[str]:
    """Return the texts that are copied in place of what a page shows, in order."""
    texts = []
    for written, name in SPOKEN.findall(operators):
        found = Object.parse(written or name)
        if written:
            texts.append(str(found))
        elif str(found) in lists:
            texts.append(str(lists[str(found)].ActualText))
    return texts


def _read(page: Any) -> tuple[list[Glyph], list[Word]]:
    """Return the characters of a page, without spaces and combining accents; and its words."""
    holder = page.get_textpage()
    text = holder.raw
    count = raw.FPDFText_CountChars(text)
    if count > CHARACTERS:
        raise UnjudgedError(f"A page of the PDF has more than {CHARACTERS:,} characters.")
    x, y, left, right, bottom, top = (ctypes.c_double() for _ in range(6))
    glyphs: list[Glyph] = []
    boxes: list[Box] = []
    words: list[Word] = []
    begun = 0
    for index in range(count + 1):
        character = chr(raw.FPDFText_GetUnicode(text, index)) if index < count else " "
        if character.isspace() or raw.FPDFText_IsGenerated(text, index):
            if begun < len(glyphs):
                words.append(Word("".join(glyph.text for glyph in glyphs[begun:]), _around(boxes[begun:])))
            begun = len(glyphs)
        elif not unicodedata.combining(character):
            raw.FPDFText_GetCharOrigin(text, index, x, y)
            raw.FPDFText_GetCharBox(text, index, left, right, bottom, top)
            glyphs.append(Glyph(character, x.value, y.value))
            boxes.append((left.value, bottom.value, right.value, top.value))
    return glyphs, words


def _around(boxes: Sequence[Box]) -> Box:
    left, bottom, right, top = zip(*boxes, strict=True)
    return min(left), min(bottom), max(right), max(top)


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _holds(box: Box, glyph: Glyph) -> bool:
    return box[0] <= glyph.x <= box[2] and box[1] <= glyph.y <= box[3]


def _near(words: Sequence[Word], box: Box) -> str:
    """Return a few words within a box, or beside it."""
    around = box[0] - 40, box[1] - 4, box[2] + 40, box[3] + 4
    return " ".join([word.text for word in words if _meet(word.box, around)][:6])


def _text(read: Any, mark: Any, *arguments: bytes) -> str:
    """Return a text that PDFium gives in UTF-16."""
    size = ctypes.c_ulong()
    read(mark, *arguments, None, 0, size)
    buffer = ctypes.create_string_buffer(size.value)
    read(mark, *arguments, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size.value, size)
    return buffer.raw.decode("utf-16-le", errors="replace").rstrip("\0")
