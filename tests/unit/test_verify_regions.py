"""Two documents mark by mark: what counts as the same page content, and where a difference is told."""

from __future__ import annotations

from report.verify.canvas import Mark
from report.verify.regions import Difference, difference, pages, reads_alike

NAMES = {"2": "two", "3": "three", "^": "asciicircum", "+": "plus", " ": "space", ".": "period"}


def text(
    letters: str, *, x: float = 100.0, y: float = 700.0, page: int = 1, look: str = "LMRoman10"
) -> list[Mark]:
    """Set letters in a row, 5 points each."""
    return [
        Mark("1a", "", "glyph", NAMES.get(letter, letter), look, page, x + 5 * i, y, 5.0)
        for i, letter in enumerate(letters)
    ]


def test_equal_marks_are_equal() -> None:
    """A question compared with itself has no difference."""
    assert difference(text("w2h"), text("w2h")) is None


def test_another_glyph_is_told_by_page_and_surroundings() -> None:
    """One other digit is found, and the text around it is given."""
    assert Difference(4, "w3h") == difference(text("w3h", page=4), text("w2h", page=4))


def test_a_question_may_stand_lower_on_the_page() -> None:
    """An answer that moved down as a whole, even to another page, is the same answer."""
    moved = [*text("w2", y=400.0), *text("h", y=386.0, page=2)]
    before = [*text("w2", y=700.0), *text("h", y=686.0, page=1)]

    assert difference(moved, before) is None


def test_an_exponent_is_not_an_index() -> None:
    """The same digit in the same type, below the line instead of above it, is a difference."""
    exponent = [*text("w"), *text("2", x=105.0, y=704.0)]
    index = [*text("w"), *text("2", x=105.0, y=698.0)]

    assert Difference(1, "w2") == difference(index, exponent)


def test_a_glyph_moved_along_its_line_is_a_difference() -> None:
    """What stands elsewhere across the page is not the same."""
    assert difference(text("w2", x=100.2), text("w2")) is not None


def test_rounding_is_no_difference() -> None:
    """A position rounded to a thousandth of a point is no difference."""
    assert difference(text("w2", x=100.003), text("w2")) is None


def test_another_look_is_a_difference() -> None:
    """White type, or another font, is not the same though the glyphs are."""
    assert difference(text("w2", look="LMRoman10, 1 g"), text("w2")) is not None


def test_what_is_added_or_missing_at_the_end_is_a_difference() -> None:
    """A question that goes on, or ends early, differs where it does."""
    assert Difference(1, "w2+3") == difference(text("w2+3"), text("w2"))
    assert Difference(1, "w2") == difference(text("w2"), text("w2+3"))
    assert Difference(0, "") == difference([], text("w2"))


def test_another_line_break_reads_alike() -> None:
    """A line broken elsewhere, with a hyphen or to another page, and a wider space are the same text."""
    hyphen = [*text("w"), text("-", x=105.0)[0]._replace(what="hyphen"), *text("2h", y=687.0)]

    assert reads_alike(hyphen, text("w2h"))
    assert reads_alike([*text("w2"), *text("h", y=700.0, page=2)], text("w2h"))
    assert reads_alike([*text("w"), *text("2", x=109.0)], [*text("w"), *text("2", x=107.0)])


def test_what_does_not_read_alike() -> None:
    """Another letter, look, order, exponent or kern is another text, wherever its lines are broken."""
    exponent = [*text("w"), *text("2", x=105.0, y=704.0)]
    index = [*text("w"), *text("2", x=105.0, y=698.0)]
    turned = [*text("w", x=105.0), *text("2", x=100.0)]

    assert not reads_alike(text("w3h"), text("w2h"))
    assert not reads_alike(text("w2", look="LMRoman10, 1 g"), text("w2"))
    assert not reads_alike(index, exponent)
    assert not reads_alike(turned, text("w2"))
    assert not reads_alike([*text("w"), *text("2", x=106.0)], text("w2"))
    assert not reads_alike(text("w2"), text("w2h"))
    assert not reads_alike(
        [*text("w"), text("-", x=105.0)[0]._replace(what="hyphen"), *text("2", x=110.0)], text("w2")
    )


def test_pages_are_named() -> None:
    """One page, several, none."""
    assert ["p. 3", "p. 3-5", "nowhere"] == [
        pages(text("a", page=3)),
        pages([*text("a", page=3), *text("a", page=5)]),
        pages([]),
    ]
