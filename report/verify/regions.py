"""Two documents mark by mark: whether a question shows the same glyphs, lines and figures, in place."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from report.verify.glyphs import letters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from report.verify.canvas import Mark

TOLERANCE = 0.05  # points: what pdfTeX's rounding of positions may amount to
LINE_STEP = 7.0  # points: shorter moves belong to a formula, longer ones to the page's layout
LAYOUT_TOLERANCE = 3.0  # points by which a page that is set tighter moves a line
SPACE, SPACE_TOLERANCE = 1.5, 3.0  # points: what is wider than a kern is a space, which TeX may stretch
CONTEXT = 12  # glyphs on either side that are told


@dataclass(frozen=True)
class Difference:
    """Where a question first shows something else: the page (0 if it shows nothing at all), and near what."""

    page: int
    near: str


def by_region(marks: Sequence[Mark]) -> Mapping[str, list[Mark]]:
    """Sort marks by the question or part that they belong to, in order."""
    found: dict[str, list[Mark]] = {}
    for mark in marks:
        found.setdefault(mark.region, []).append(mark)
    return found


def difference(shown: Sequence[Mark], expected: Sequence[Mark]) -> Difference | None:
    """Find the first difference between two lists of marks; None if there is none.

    Where a whole question stands on the page does not matter: an answer before it may be longer. Within it,
    every mark must be the same, stand at the same place across, and as far below the one before.

    Parameters
    ----------
    shown, expected : sequence of Mark
        Of one region, in order.
    """
    for index in range(min(len(shown), len(expected))):
        one, other = shown[index], expected[index]
        before = (shown[index - 1], expected[index - 1]) if index else None
        if not (_same_mark(one, other) and (before is None or _same_step(*before, one, other))):
            return _told(shown, index)
    return _told(shown, min(len(shown), len(expected))) if len(shown) != len(expected) else None


def reads_alike(shown: Sequence[Mark], expected: Sequence[Mark]) -> bool:
    """Tell whether two lists of marks are the same text, whatever broke its lines and filled its pages.

    Another release of TeX may break a line elsewhere, with or without a hyphen, or set a space wider. It
    changes no letter, no figure, no exponent's height and no order.
    """
    ours, theirs = (_unbroken(marks) for marks in (shown, expected))
    if [mark[2:5] for mark in ours] != [mark[2:5] for mark in theirs]:
        return False
    return all(_same_joint(*marks) for marks in zip(ours, theirs, ours[1:], theirs[1:], strict=False))


def pages(marks: Sequence[Mark]) -> str:
    """Name the pages on which marks stand: ``p. 3`` or ``p. 3-5``."""
    numbers = sorted({mark.page for mark in marks})
    if not numbers:
        return "nowhere"
    return f"p. {numbers[0]}" if len(numbers) == 1 else f"p. {numbers[0]}-{numbers[-1]}"


def _same_mark(one: Mark, other: Mark) -> bool:
    return (one.kind, one.what, one.look) == (other.kind, other.what, other.look) and abs(
        one.x - other.x
    ) <= TOLERANCE


def _same_step(before: Mark, other_before: Mark, one: Mark, other: Mark) -> bool:
    """Compare how far down two marks stand from the ones before them, if no page ends in between."""
    if before.page != one.page or other_before.page != other.page:
        return True
    step, expected = one.y - before.y, other.y - other_before.y
    return abs(step - expected) <= (TOLERANCE if abs(expected) < LINE_STEP else LAYOUT_TOLERANCE)


def _unbroken(marks: Sequence[Mark]) -> list[Mark]:
    """Leave out the hyphens at which lines are broken."""
    return [
        mark
        for mark, after in zip_longest(marks, marks[1:])
        if mark.what != "hyphen" or after is None or _same_line(mark, after)
    ]


def _same_line(one: Mark, other: Mark) -> bool:
    return one.page == other.page and abs(other.y - one.y) < LINE_STEP


def _same_joint(before: Mark, other_before: Mark, one: Mark, other: Mark) -> bool:
    """Compare how two marks are joined in a line; where one of the lines is broken, there is no joint."""
    steps = [
        (after.x - first.x - first.width, after.y - first.y)
        for first, after in ((before, one), (other_before, other))
        if _same_line(first, after)
    ]
    if len(steps) < 2:
        return True
    (gap, rise), (other_gap, other_rise) = steps
    stretch = SPACE_TOLERANCE if other_gap > SPACE else TOLERANCE
    return abs(rise - other_rise) <= TOLERANCE and abs(gap - other_gap) <= stretch


def _told(marks: Sequence[Mark], index: int) -> Difference:
    """Describe a place by the glyphs around it."""
    if not marks:
        return Difference(0, "")
    around = marks[max(0, index - CONTEXT) : index + CONTEXT]
    near = "".join(letters(mark.what) if mark.kind == "glyph" else f"[{mark.kind}]" for mark in around)
    return Difference(marks[min(index, len(marks) - 1)].page, near)
