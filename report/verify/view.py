"""A PDF as it is seen: the characters of each page with their places, and its picture, by PDFium."""

from __future__ import annotations

import base64
import ctypes
import hashlib
import io
import re
import unicodedata
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pypdfium2 as pdfium
from pikepdf import Name, Stream
from PIL import Image, ImageDraw
from pypdfium2 import raw
from scipy import ndimage

from report.confined import UnjudgedError
from report.verify.document import content, opened, part, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

SCALE = 2  # pixels in a point
CONTRAST = 10  # of 255
REACH = 2  # pixels
SPECKS = 8  # pixels
TOGETHER = 17  # pixels: what is nearer is one place
LARGEST = 2000  # points on a side
CHARACTERS = 50_000  # on a page; the fullest has 3,000
BODY = 60.0, 725.0  # points between which a page's text stands
DRAWN, GAP = 1.4, 12  # pixels in a point of a picture for people, and between two pages
# Text that is copied in place of what is shown. In a name, each letter may be written by its number.
SPOKEN = re.compile(b"/" + b"".join(rb"(?:%c|#(?i:%02x))" % (letter, letter) for letter in b"ActualText"))
PACKED = ("Software", "interlace", "transparency")  # of a PNG: its program, and how it holds its pixels
Box = tuple[float, float, float, float]  # left, bottom, right, top


class Glyph(NamedTuple):
    """A character, where it begins on its line, the box around its ink, and its page from 0."""

    text: str
    x: float
    y: float
    box: Box
    page: int


class Word(NamedTuple):
    """Characters without a space between them."""

    text: str
    box: Box


class View:
    """A document that is looked at, without the text that is copied in place of what it shows; or with it."""

    def __init__(self, document: bytes, *, copied: bool = False) -> None:
        pdf = opened(document)
        for page in () if copied else pdf.pages:
            _silence(page.obj)
            page.obj.Contents = pdf.make_stream(SPOKEN.sub(b"/Spoken", content(page.obj)))
        for form in () if copied else pdf.objects:
            if isinstance(form, Stream) and form.get("/Subtype") == Name.Form:
                _silence(form.stream_dict)
                form.write(SPOKEN.sub(b"/Spoken", unpacked(form)))
        out = io.BytesIO()
        pdf.save(out)
        self._file = pdfium.PdfDocument(out.getvalue())
        self.pages = list(self._file)
        for page in self.pages:
            page.set_rotation(0)
            page.set_cropbox(*page.get_mediabox())
        read = [_read(page, number) for number, page in enumerate(self.pages)]
        self.glyphs = [glyphs for glyphs, _ in read]
        self.words = [words for _, words in read]

    def picture(self, number: int, scale: int = SCALE) -> np.ndarray:
        """Render a page in grey, without what lies over it; one that is too large is an empty picture."""
        page = self.pages[number]
        if max(page.get_size()) > LARGEST:
            return np.empty((0, 0))
        return np.asarray(page.render(scale=scale, grayscale=True, draw_annots=False).to_numpy()).squeeze()

    def bare(self, number: int) -> np.ndarray:
        """Render a page without its text."""
        texts = [item for item, _ in self.items(number) if item.type == raw.FPDF_PAGEOBJ_TEXT]
        for item in texts:
            raw.FPDFPageObj_SetIsActive(item.raw, False)
        picture = self.picture(number)
        for item in texts:
            raw.FPDFPageObj_SetIsActive(item.raw, True)
        return picture

    def ink(self, number: int) -> np.ndarray:
        """Return where a page's text is seen: where it looks otherwise without."""
        found: np.ndarray = abs(self.picture(number).astype(np.int16) - self.bare(number)) > CONTRAST
        return found

    def items(self, number: int) -> Iterator[tuple[Any, Box]]:
        """Walk the objects of a page, and of forms on it: texts, paths, pictures; each with its box."""
        for item in self.pages[number].get_objects():
            box, form = item.get_bounds(), item.container
            while form:
                box, form = form.get_matrix().on_rect(*box), form.container
            yield item, box

    def reported(self, number: int) -> list[tuple[str, list[Box]]]:
        """Return the places of reported values on a page; a value may be painted in several pieces."""
        marked = ((key, box) for box, name, key in self.marks(number) if name == "Reported")
        runs = groupby(marked, key=itemgetter(0))
        return [
            (key, [(x0 - 2, y0 - 3, x1 - 0.5, y1 + 3) for _, (x0, y0, x1, y1) in run]) for key, run in runs
        ]

    def marks(self, number: int) -> Iterator[tuple[Box, str, str]]:
        """Walk the objects of a page that stand in marked content: the object's box, the mark, its key."""
        for item, box in self.items(number):
            for index in range(raw.FPDFPageObj_CountMarks(item.raw)):
                mark = raw.FPDFPageObj_GetMark(item.raw, index)
                name = _text(raw.FPDFPageObjMark_GetName, mark)
                yield box, name, _text(raw.FPDFPageObjMark_GetParamStringValue, mark, b"Key")


def _silence(holder: Any) -> None:
    """Take text to be copied out of the lists that a page or a form names."""
    lists = part(holder, "/Resources", "/Properties")
    for name in map(str, lists):
        if "/ActualText" in part(lists, name):  # two names may share a list
            del lists[name]["/ActualText"]


def invisible(item: Any) -> bool:
    """Say whether a text is painted in no ink, or in white."""
    if item.type != raw.FPDF_PAGEOBJ_TEXT:
        return False
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    raw.FPDFPageObj_GetFillColor(item.raw, red, green, blue, alpha)
    mode = raw.FPDFTextObj_GetTextRenderMode(item.raw)
    return mode in (3, 7) or not alpha.value or min(red.value, green.value, blue.value) > 255 - CONTRAST


# --- pictures
def other_paint(one: np.ndarray, other: np.ndarray) -> Iterator[Box]:
    """Walk the places where one picture has something that the other has nowhere near, sharp and blurred.

    A thin line may be one row of pixels, or two of half its ink: blurred, they are alike. What is at the edge
    of one picture may be outside of the other.
    """
    if np.array_equal(one, other):
        return
    mask = np.zeros(one.shape, bool)
    mask[REACH:-REACH, REACH:-REACH] = True
    for blur in (1, 3):
        sides = [ndimage.uniform_filter(side, blur) for side in (one, other)]
        unlike = np.zeros_like(mask)
        for a, b in (sides, sides[::-1]):
            unlike |= a < np.maximum(ndimage.minimum_filter(b, 2 * REACH + 1), CONTRAST) - CONTRAST
            unlike |= a > np.minimum(ndimage.maximum_filter(b, 2 * REACH + 1), 255 - CONTRAST) + CONTRAST
        mask &= unlike
    yield from marked(mask)


def other_close_up(
    pictures: tuple[np.ndarray, np.ndarray], places: Sequence[tuple[float, float]], box: Box, scale: int
) -> bool:
    """Say whether two pictures differ in a box around a place of each."""
    cut = [cut_out(*side, box, scale) for side in zip(pictures, places, strict=True)]
    return cut[0].shape != cut[1].shape or any(other_paint(*cut))


def cut_out(
    picture: np.ndarray, place: tuple[float, float], box: Sequence[float], scale: int = SCALE
) -> np.ndarray:
    """Return the part of a picture in a box around a place."""
    left, bottom, right, top = (round(edge * scale) for edge in box)
    column, row = round(place[0] * scale), len(picture) - round(place[1] * scale)
    rows = slice(max(0, row - top), max(0, row - bottom))
    return picture[rows, max(0, column + left) : max(0, column + right)]


def marked(mask: np.ndarray) -> Iterator[Box]:
    """Walk the places of the pixels that are marked, unless they are a few specks."""
    if np.count_nonzero(mask) < SPECKS:
        return
    together, _ = ndimage.label(ndimage.binary_dilation(mask, np.ones((TOGETHER, TOGETHER))))
    for rows, columns in ndimage.find_objects(together):
        bottom, top = (len(mask) - edge for edge in (rows.stop, rows.start))
        yield columns.start / SCALE, bottom / SCALE, columns.stop / SCALE, top / SCALE


def draw(given: View, made: View, pair: tuple[int, int | None], framed: Sequence[Box], file: Path) -> None:
    """Draw a page as it was handed in, the places that differ framed, beside the page as it was made anew."""
    pictures: list[Image.Image] = [
        view.pages[number].render(scale=DRAWN).to_pil().convert("RGB")
        for view, number in zip((given, made), pair, strict=True)
        if number is not None
    ]
    pen = ImageDraw.Draw(pictures[0])
    for box in framed:
        left, bottom, right, top = (edge * DRAWN for edge in box)
        height = pictures[0].height
        pen.rectangle((left - 4, height - top - 4, right + 4, height - bottom + 4), outline="red", width=2)
    size = sum(picture.width + GAP for picture in pictures), max(picture.height for picture in pictures)
    sheet = Image.new("RGB", size, "grey")
    for place, picture in enumerate(pictures):
        sheet.paste(picture, (place * (pictures[0].width + GAP), 0))
    sheet.quantize(32).save(file, optimize=True)


# --- characters and boxes
def _read(page: Any, number: int) -> tuple[list[Glyph], list[Word]]:
    """Return the characters of a page, without spaces and combining accents; and its words."""
    holder = page.get_textpage()
    text = holder.raw
    count = raw.FPDFText_CountChars(text)
    if count > CHARACTERS:
        raise UnjudgedError(f"A page of the PDF has more than {CHARACTERS:,} characters.")
    x, y = ctypes.c_double(), ctypes.c_double()
    glyphs: list[Glyph] = []
    words: list[Word] = []
    begun = 0
    for index in range(count + 1):
        character = chr(raw.FPDFText_GetUnicode(text, index)) if index < count else " "
        if character.isspace() or raw.FPDFText_IsGenerated(text, index):
            if begun < len(glyphs):
                word = glyphs[begun:]
                words.append(Word("".join(g.text for g in word), around([g.box for g in word])))
            begun = len(glyphs)
        elif not unicodedata.combining(character):
            character = "-" if raw.FPDFText_IsHyphen(text, index) == 1 else character
            raw.FPDFText_GetCharOrigin(text, index, x, y)
            glyphs.append(Glyph(character, x.value, y.value, holder.get_charbox(index), number))
    return glyphs, words


def around(boxes: Sequence[Box]) -> Box:
    """Return the box around some."""
    left, bottom, right, top = zip(*boxes, strict=True)
    return min(left), min(bottom), max(right), max(top)


def in_body(box: Box) -> bool:
    """Say whether a place is neither in the header of a page nor in its footer."""
    return BODY[0] < box[3] and box[1] < BODY[1]


def meet(one: Box, other: Box) -> bool:
    """Say whether two boxes share a part of the page."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def wider(box: Box, by: float) -> Box:
    """Return a box with so much more on each side."""
    return box[0] - by, box[1] - by, box[2] + by, box[3] + by


def holds(box: Box, glyph: Glyph) -> bool:
    """Say whether a character begins within a box."""
    return box[0] <= glyph.x <= box[2] and box[1] <= glyph.y <= box[3]


def _text(read: Any, mark: Any, *arguments: bytes) -> str:
    """Return a text that PDFium gives in UTF-16."""
    size = ctypes.c_ulong()
    read(mark, *arguments, None, 0, size)
    buffer = ctypes.create_string_buffer(size.value)
    read(mark, *arguments, ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size.value, size)
    return buffer.raw.decode("utf-16-le", errors="replace").rstrip("\0")


def pixels(text: str) -> str:
    """Return what a PNG in base64 shows, whatever program wrote it; what is none, as it is."""
    try:
        with Image.open(io.BytesIO(base64.b64decode(text)), formats=["PNG"]) as picture:
            shown = hashlib.sha256(picture.convert("RGBA").tobytes()).hexdigest()
            about = sorted(item for item in picture.info.items() if item[0] not in PACKED)
            return f"{picture.size} {shown} {about}"
    except Exception:  # noqa: BLE001 - a stranger's picture may be damaged in any way
        return text
