"""Two documents as they are seen: the same words at the same places, the same picture; and where they differ.

A program that writes a page anew moves no character by more than `NEAR`, and paints nothing that is not
within `REACH` pixels of where it was. In copies by Ghostscript and cairo characters move by 0.41 points, and
two pixels of a page are off.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from difflib import SequenceMatcher
from functools import lru_cache, partial
from itertools import chain, pairwise, zip_longest
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from pypdfium2 import raw
from scipy import ndimage

from report.verify.findings import Shown
from report.verify.view import CONTRAST, SCALE, Box, Word, around, close_up, holds, invisible, meet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from report.verify.view import Glyph, View

NEAR = 0.7  # points
REACH = 2  # pixels
CLOSE = 8  # pixels in a point where single characters are compared
TAIL = 1.0  # points below a character where a comma is no point
SPECKS = 8  # pixels
TOGETHER = 17  # pixels: what is nearer is one place
SPOTS = 200  # that are told of a page
LINE = 7.0  # points; a step of less stays in the line
RISE, STRETCH = 0.4, 3.0  # points by which another TeX may set characters of a line, or boxes, otherwise
MARGIN = "Artifact"


class Spot(NamedTuple):
    """Where two pages differ: the submission's page from 1, the place, and a few words there."""

    page: int
    box: Box
    near: str


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
                    here.append(Spot(number + 1, around([word.box for word in left]), told))
        sizes = zip(given.pages[number].get_size(), made.pages[page].get_size(), strict=True)
        if all(abs(a - b) < 0.5 for a, b in sizes):
            picture, where = _straightened(given.picture(number), both)
            for box in _other_paint(picture, made.picture(page), where):
                if not any(meet(box, spot.box) for spot in here):
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
    """Say whether all pages have the same characters at the same places, and the same pictures."""
    for number, page in pairs:
        one, other = given.picture(number), made.picture(page)
        same = _same_glyphs(given.glyphs[number], made.glyphs[page]) and one.shape == other.shape
        if not same or any(_other_paint(one, other)):
            return False
    return True


def _other_paint(one: np.ndarray, other: np.ndarray, where: np.ndarray | None = None) -> Iterator[Box]:
    """Walk the places where one picture has something that the other has nowhere near."""
    if one.shape != other.shape or np.array_equal(one, other):
        return
    size = 2 * REACH + 1
    mask = np.zeros(one.shape, bool)
    for a, b in ((one, other), (other, one)):
        mask |= a < np.maximum(ndimage.minimum_filter(b, size), CONTRAST) - CONTRAST
        mask |= a > np.minimum(ndimage.maximum_filter(b, size), 255 - CONTRAST) + CONTRAST
    if where is not None:
        mask &= where
    if np.count_nonzero(mask) < SPECKS:
        return
    together, _ = ndimage.label(ndimage.binary_dilation(mask, np.ones((TOGETHER, TOGETHER))))
    for rows, columns in ndimage.find_objects(together):
        bottom, top = (len(mask) - edge for edge in (rows.stop, rows.start))
        yield columns.start / SCALE, bottom / SCALE, columns.stop / SCALE, top / SCALE


# --- the same words in other lines, as another TeX sets them
def reads_alike(given: View, made: View) -> bool:
    """Say whether two documents have the same text and the same boxes and rules, whatever broke the lines.

    In a line, characters are joined alike: an exponent is no index. Headers, footers and notes in the margin,
    which name pages, are left out.
    """
    one, other = (_running(view) for view in (given, made))
    sizes = [_painted(view) for view in (given, made)]
    return (
        [glyph.text for glyph in one] == [glyph.text for glyph in other]
        and all(_same_joint(*joint) for joint in zip(pairwise(one), pairwise(other), strict=True))
        and len(sizes[0]) == len(sizes[1])
        and all(
            abs(a - b) <= STRETCH for pair in zip(*sizes, strict=True) for a, b in zip(*pair, strict=True)
        )
    )


def other_glyphs(given: View, made: View, pairs: Sequence[tuple[int, int]] = ()) -> list[Spot]:
    """Find where pages that look alike, or documents that read alike, show another digit or sign.

    A font may call a glyph by any name. Letters are left out: microtype widens an `m` by more than `REACH`.
    """
    both = [zip(given.glyphs[number], made.glyphs[page], strict=True) for number, page in pairs]
    both = both or [zip(_running(given), _running(made), strict=True)]
    pictures = [lru_cache(1)(partial(view.picture, scale=CLOSE)) for view in (given, made)]
    edge = REACH / CLOSE
    spots: list[Spot] = []
    for shown, true in chain.from_iterable(both):
        if true.text.isalpha():
            continue
        left, bottom, right, top = true.box
        box = left - true.x - edge, bottom - true.y - edge - TAIL, right - true.x + edge, top - true.y + edge
        sides = zip(pictures, (shown, true), strict=True)
        one, other = (close_up(picture(glyph.page), glyph, box, CLOSE) for picture, glyph in sides)
        inside = np.zeros(other.shape, bool)
        inside[REACH:-REACH, REACH:-REACH] = True  # what is at the edge may be outside on the other page
        if one.shape != other.shape or any(_other_paint(one, other, inside)):
            place = shown.x + box[0], shown.y + box[1], shown.x + box[2], shown.y + box[3]
            spots.append(Spot(shown.page + 1, place, _near(given.words[shown.page], place)))
    return spots[:SPOTS]


def _running(view: View) -> list[Glyph]:
    """Return the characters of a document that can be seen, in order."""
    found = []
    for number, glyphs in enumerate(view.glyphs):
        margins = [item.get_bounds() for item, name, _ in view.marks(number) if name == MARGIN]
        hidden = [item.get_bounds() for item in view.items(number) if invisible(item)]
        found += [
            glyph._replace(text=unicodedata.normalize("NFKC", glyph.text))
            for glyph in glyphs
            if not any(holds(box, glyph) for box in (*margins, *hidden))
        ]
    return [
        one
        for one, after in zip_longest(found, found[1:])
        if one.text not in "-\u2010\u0002"
        or (after and one.page == after.page and abs(one.y - after.y) < LINE)
    ]


def _same_joint(one: tuple[Glyph, Glyph], other: tuple[Glyph, Glyph]) -> bool:
    """Compare how far two characters of a line stand apart; a broken line says nothing."""
    steps = [(b.x - a.x, b.y - a.y) for a, b in (one, other) if a.page == b.page and abs(b.y - a.y) < LINE]
    if len(steps) < 2:
        return True
    (across, up), (other_across, other_up) = steps
    return abs(across - other_across) <= STRETCH and abs(up - other_up) <= RISE


def _painted(view: View) -> list[tuple[float, float]]:
    """Return the sizes of all that is painted beside text, in order."""
    return [
        (right - left, top - bottom)
        for number in range(len(view.pages))
        for item in view.items(number)
        if item.type != raw.FPDF_PAGEOBJ_TEXT
        for left, bottom, right, top in [item.get_bounds()]
    ]


# --- what is shown for a key
def shown(
    given: View, made: View, pairs: Sequence[tuple[int, int]], spots: Sequence[Spot]
) -> dict[str, tuple[Shown, ...]]:
    """Read what is shown for each reported value, place by place.

    The marks in the submission say where to look; if another program dropped them, the other document's do.
    What is read are the characters there, from left to right.
    """
    looked = {number: given.reported(number) for number in range(len(given.pages))}
    if not any(looked.values()):
        looked = {number: made.reported(other) for number, other in pairs}
    found: dict[str, tuple[Shown, ...]] = {}
    for number, places in looked.items():
        for key, boxes in places:
            inside = [glyph for glyph in given.glyphs[number] if any(holds(box, glyph) for box in boxes)]
            inside.sort(key=lambda glyph: (-round(glyph.y / LINE), glyph.x))
            meets = (meet(spot.box, box) for spot in spots if spot.page == number + 1 for box in boxes)
            text = "".join(glyph.text for glyph in inside)
            shown = Shown(number + 1, text, plain=not any(meets))
            found[key] = (*found.get(key, ()), shown)
    return found


def _near(words: Sequence[Word], box: Box) -> str:
    """Return a few words within a box, or beside it."""
    around = box[0] - 40, box[1] - 4, box[2] + 40, box[3] + 4
    return " ".join([word.text for word in words if meet(word.box, around)][:6])
