"""Two documents as they are seen: the same words at the same places, the same picture; and where they differ.

A program that writes a page anew moves no character by more than `NEAR`, and paints nothing that is not
within `REACH` pixels of where it was. In copies by Ghostscript and cairo characters move by 0.41 points, and
two pixels of a page are off.
"""

from __future__ import annotations

import unicodedata
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from pypdfium2 import raw
from scipy import ndimage

from report.verify.findings import Same
from report.verify.view import (
    BODY,
    REACH,
    SCALE,
    Box,
    Glyph,
    Word,
    around,
    cut_out,
    holds,
    in_body,
    invisible,
    marked,
    meet,
    other_close_up,
    other_paint,
    wider,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from report.verify.view import View

NEAR = 0.7  # points
CLOSE = 8  # pixels in a point where single characters are compared
TAIL = 1.0  # points below a character where a comma is no point
SPOTS = 200  # that are told of a page
LINE = 7.0  # points; a step of less stays in the line
RISE, STRETCH = 0.4, 3.0  # points by which another TeX may set characters of a line, or boxes, otherwise
TALL = 12.0  # points: a bracket that belongs to several lines
MARGIN = "Artifact"
BESIDE, AROUND = 1.0, 12.0  # points around a character: of its own ink, of what has no name
HYPHEN = 0.0, 1.0, 5.0, 5.0  # the box of one, from where it begins
HYPHENS = "-\u2010"


class Spot(NamedTuple):
    """Where two pages differ: the submission's page from 1, the place, and a few words there."""

    page: int
    box: Box
    near: str
    rise: float = 0.0  # of the same place on the other page, in points


Both = list[tuple[Glyph, Glyph]]  # a character of the submission, and the one of the document made anew


# --- where pages differ
def differing(given: View, made: View, pairs: Sequence[tuple[int, int]]) -> list[Spot]:
    """Find where pages differ, in their words and in their pictures.

    What only stands higher or lower, or on the next page, since something before it is longer, is the same.
    """
    texts = {number: _compared(given.words[number], made.words[page]) for number, page in pairs}
    spots: list[Spot] = []
    for number, page in pairs:
        runs, both = texts[number]
        beside = [texts[place][0] for place in (number - 1, number + 1) if place in texts]
        here = []
        for side in (0, 1):
            moved = {word.text for found in beside for run in found[1 - side] for word in run}
            for run in runs[side]:
                if left := [word.box for word in run if word.text not in moved]:
                    told, box = " ".join(word.text for word in run), around(left)
                    here.append(Spot(number + 1, box, told, 0.0 if side else _rise(box, both)))
        for box in _other_looks(given.picture(number), made.picture(page), both):
            if not any(meet(box, spot.box) for spot in here):
                here.append(Spot(number + 1, box, _near(given.words[number], box), _rise(box, both)))
        spots += here[:SPOTS]
    return spots


def _compared(one: list[Word], other: list[Word]) -> tuple[list[list[list[Word]]], list[tuple[Word, Word]]]:
    """Compare the words of two pages: runs of those that only one has, or the other; and those of both."""
    there, here = ([word.text for word in words] for words in (one, other))
    matcher = SequenceMatcher(None, there, here, autojunk=False)
    runs: list[list[list[Word]]] = [[], []]
    both: list[tuple[Word, Word]] = []
    for kind, i, j, k, m in matcher.get_opcodes():
        if kind != "equal":
            runs[0] += [one[i:j]] if j > i else []
            runs[1] += [other[k:m]] if m > k else []
            continue
        for place, (a, b) in enumerate(zip(one[i:j], other[k:m], strict=True)):
            before = both[-1] if place else (a, b)
            steps = [word.box[1] - last.box[1] for word, last in zip((a, b), before, strict=True)]
            most = NEAR if abs(steps[1]) < LINE else STRETCH
            if abs(a.box[0] - b.box[0]) > NEAR or abs(steps[0] - steps[1]) > most:
                runs[0].append([a])
            both.append((a, b))
    return runs, both


def _rise(box: Box, both: Sequence[tuple[Word, Word]]) -> float:
    """Say how much higher the other page has the word of both that is next to a place."""
    steps = [(abs(a.box[1] - box[1]), b.box[1] - a.box[1]) for a, b in both]
    return min(steps, default=(0.0, 0.0))[1]


def _other_looks(one: np.ndarray, other: np.ndarray, both: Sequence[tuple[Word, Word]]) -> Iterator[Box]:
    """Walk the places where a page looks otherwise; where lines moved, words are looked at by themselves."""
    if one.shape != other.shape:  # told as another size
        return
    if all(abs(a.box[1] - b.box[1]) <= NEAR for a, b in both):
        yield from other_paint(one, other)
        return
    edge = REACH / SCALE
    for (_, shown), (_, true) in both:
        left, bottom, right, top = true
        box = -edge, -edge, right - left + edge, top - bottom + edge
        if top - bottom < TALL and other_close_up((one, other), (shown[:2], true[:2]), box, SCALE):
            yield shown


# --- the same characters, at the same places or in other lines
def alike(
    given: View, made: View, pairs: Sequence[tuple[int, int]], *, other_lines: bool
) -> tuple[Same, list[Spot]]:
    """Say how far documents are seen as the same, and where they still show another character."""
    if both := _by_sight(given, made, pairs):
        return Same.SIGHT, _other_glyphs(given, made, both, CLOSE)
    if other_lines and (both := _by_text(given, made)):
        spots = _other_glyphs(given, made, both, CLOSE // 2)
        return Same.TEXT, [*spots, *_other_ink(given, made, both), *_other_shapes(given, made)]
    return Same.NO, []


def _by_sight(given: View, made: View, pairs: Sequence[tuple[int, int]]) -> Both:
    """Pair the characters of pages with the same ones at the same places and the same picture, if they are.

    A program may call a sign of mathematics by another letter; then its picture is what counts.
    """
    both: Both = []
    for number, page in pairs:
        glyphs = given.glyphs[number], made.glyphs[page]
        pictures = given.picture(number), made.picture(page)
        same = len(glyphs[0]) == len(glyphs[1]) and all(map(_same_glyph, *glyphs))
        if not same or pictures[0].shape != pictures[1].shape or any(other_paint(*pictures)):
            return []
        both += zip(*glyphs, strict=True)
    return both


def _same_glyph(one: Glyph, other: Glyph) -> bool:
    """Compare two characters and where they are."""
    named = one.text == other.text or not other.text.isalnum()
    return named and abs(one.x - other.x) <= NEAR and abs(one.y - other.y) <= NEAR


def _by_text(given: View, made: View) -> Both:
    """Pair the characters of documents with the same text, boxes and rules in whatever lines, if they are.

    In a line, characters are joined alike: an exponent is no index. Headers, footers and notes in the margin,
    which name pages, are left out.
    """
    one, other = (_running(view) for view in (given, made))
    sizes = [[(x1 - x0, y1 - y0) for _, (x0, y0, x1, y1) in _painted(view)] for view in (given, made)]
    if [glyph.text for glyph in one] != [glyph.text for glyph in other] or len(sizes[0]) != len(sizes[1]):
        return []
    joined = all(_same_joint(*joint) for joint in zip(pairwise(one), pairwise(other), strict=True))
    painted = np.allclose(sizes[0], sizes[1], rtol=0, atol=STRETCH)
    return list(zip(one, other, strict=True)) if joined and painted else []


def copies_alike(shown: View, copied: View, true: View, pairs: Sequence[tuple[int, int]]) -> bool:
    """Say whether what is copied from a submission is what it shows, or what is copied from a true one."""
    pages = [{pair[side] for pair in pairs} for side in (0, 1)]
    texts = [
        [glyph.text for glyph in _running(view) if glyph.page in pages[side]]
        for view, side in ((copied, 0), (shown, 0), (true, 1))
    ]
    return texts[0] in texts[1:]


def _other_glyphs(given: View, made: View, both: Both, letters: int) -> list[Spot]:
    """Find where documents of the same characters show another letter, digit or sign.

    A font may call a glyph by any name. Another TeX's microtype widens an `m` by more than `REACH`, so that
    letters are then looked at from farther away.
    """
    pictures = [lru_cache(len({CLOSE, letters}))(view.picture) for view in (given, made)]
    spots: list[Spot] = []
    for shown, true in both:
        scale = letters if true.text.isalpha() else CLOSE
        edge = REACH / scale
        left, bottom, right, top = true.box
        box = left - true.x - edge, bottom - true.y - edge - TAIL, right - true.x + edge, top - true.y + edge
        sides = pictures[0](shown.page, scale), pictures[1](true.page, scale)
        if other_close_up(sides, ((shown.x, shown.y), (true.x, true.y)), box, scale):
            place = shown.x + box[0], shown.y + box[1], shown.x + box[2], shown.y + box[3]
            spots.append(Spot(shown.page + 1, place, _near(given.words[shown.page], place)))
    return spots[:SPOTS]


def _other_ink(given: View, made: View, both: Both) -> Iterator[Spot]:
    """Walk the places where a document shows text that is none of its characters.

    A font may call a number a blank, or paint it anywhere. What has no name in the other document, as some
    accents and brackets, may be near the characters that it is near there.
    """
    size = np.ones((2 * REACH + 1, 2 * REACH + 1))
    true_ink = [made.ink(number) for number in range(len(made.pages))]
    nameless = [ink.copy() for ink in true_ink]
    for glyph in (glyph for glyphs in made.glyphs for glyph in glyphs):
        cut_out(nameless[glyph.page], (0.0, 0.0), wider(glyph.box, BESIDE))[:] = False
    sides = [([ndimage.binary_dilation(ink, size) for ink in inks]) for inks in (true_ink, nameless)]
    for number, glyphs in enumerate(given.glyphs):
        left = given.ink(number)
        left[: max(0, len(left) - round(BODY[1] * SCALE))] = False
        left[max(0, len(left) - round(BODY[0] * SCALE)) :] = False
        for shown, true in both:
            for side, edge in zip(sides, (BESIDE, AROUND), strict=True) if shown.page == number else ():
                box = wider(true.box, edge)
                here = cut_out(side[true.page], (0.0, 0.0), box)
                there = cut_out(left, (shown.x - true.x, shown.y - true.y), box)
                if there.shape == here.shape:
                    there &= ~here
        for glyph in glyphs:
            if glyph.text in HYPHENS:
                cut_out(left, (glyph.x, glyph.y), HYPHEN)[:] = False
        for box in marked(left):
            yield Spot(number + 1, box, _near(given.words[number], box))


def _running(view: View) -> list[Glyph]:
    """Return the characters of a document that can be seen, in order."""
    found = []
    for number, glyphs in enumerate(view.glyphs):
        margins = [box for box, name, _ in view.marks(number) if name == MARGIN and not in_body(box)]
        hidden = [box for item, box in view.items(number) if invisible(item)]
        found += [
            glyph._replace(text=unicodedata.normalize("NFKC", glyph.text))
            for glyph in glyphs
            if not any(holds(box, glyph) for box in (*margins, *hidden))
        ]
    return [
        one
        for one, after in zip_longest(found, found[1:])
        if one.text not in HYPHENS or (after and one.page == after.page and abs(one.y - after.y) < LINE)
    ]


def _same_joint(one: tuple[Glyph, Glyph], other: tuple[Glyph, Glyph]) -> bool:
    """Compare how far two characters of a line stand apart; a broken line says nothing."""
    steps = [(b.x - a.x, b.y - a.y) for a, b in (one, other) if a.page == b.page and abs(b.y - a.y) < LINE]
    if len(steps) < 2:
        return True
    (across, up), (other_across, other_up) = steps
    return abs(across - other_across) <= STRETCH and abs(up - other_up) <= RISE


def _painted(view: View) -> list[tuple[int, Box]]:
    """Return the pages and boxes of all that is painted beside text, in order."""
    return [
        (number, box)
        for number in range(len(view.pages))
        for item, box in view.items(number)
        if item.type != raw.FPDF_PAGEOBJ_TEXT
    ]


def _other_shapes(given: View, made: View) -> Iterator[Spot]:
    """Walk the boxes and rules, in pairs of one size, that look otherwise: a path may draw a number, too."""
    pictures = [lru_cache(1)(view.bare) for view in (given, made)]
    edge = REACH / SCALE
    for (number, shown), (page, true) in zip(_painted(given), _painted(made), strict=True):
        width, height = (min(side[n + 2] - side[n] for side in (shown, true)) for n in (0, 1))
        sides = pictures[0](number), pictures[1](page)
        box = -edge, -height - edge, width + edge, edge
        if other_close_up(sides, ((shown[0], shown[3]), (true[0], true[3])), box, SCALE):
            yield Spot(number + 1, shown, _near(given.words[number], shown))


def _near(words: Sequence[Word], box: Box) -> str:
    """Return a few words within a box, or beside it."""
    around = box[0] - 40, box[1] - 4, box[2] + 40, box[3] + 4
    return " ".join([word.text for word in words if meet(word.box, around)][:6])
