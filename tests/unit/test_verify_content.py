"""A page's content stream as marks: positions by hand, text as it is seen, nothing that paints unseen."""

from __future__ import annotations

import pytest
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from report.verify import content
from report.verify.canvas import FRONT, MARGINS, Canvas, Mark
from report.verify.errors import UnjudgedError
from report.verify.reported import reported


def name(text: str) -> NameObject:
    """Give a PDF name."""
    return NameObject(f"/{text}")


def number(value: float) -> FloatObject:
    """Give a PDF number."""
    return FloatObject(str(value))


def font() -> DictionaryObject:
    """Give a font: codes from 65 on are zero, one, two, ..., 80 is the letter a; each half an em wide."""
    digits = (
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "period",
        "minus",
    )
    differences = ArrayObject([NumberObject(65), *map(name, digits), NumberObject(80), name("a")])
    return DictionaryObject(
        {
            name("BaseFont"): name("ABCDEF+LMRoman10-Regular"),
            name("Encoding"): DictionaryObject({name("Differences"): differences}),
            name("FirstChar"): NumberObject(65),
            name("Widths"): ArrayObject([NumberObject(500)] * 26),
        }
    )


RESOURCES = DictionaryObject({name("Font"): DictionaryObject({name("F1"): font()})})


def operations(*steps: tuple) -> list[tuple[list, bytes]]:
    """Turn ("Td", 1, 2) into what pypdf makes of ``1 2 Td``."""
    out = []
    for operator, *operands in steps:
        made = [
            bytes(each, "latin-1")
            if isinstance(each, str) and not each.startswith("/")
            else NameObject(each)
            if isinstance(each, str)
            else ArrayObject([bytes(x, "latin-1") if isinstance(x, str) else number(x) for x in each])
            if isinstance(each, list)
            else number(each)
            if isinstance(each, int | float)
            else each
            for each in operands
        ]
        out.append((made, operator.encode()))
    return out


def read(*pages: list[tuple]) -> list[Mark]:
    """Read pages made of such steps."""
    marks: list[Mark] = []
    region = FRONT
    for page, steps in enumerate(pages, start=1):
        canvas = Canvas(RESOURCES, page, region, marks)
        content.read(canvas, operations(*steps))
        region = canvas.region
    return marks


def key(text: str) -> DictionaryObject:
    """Give the properties of a marked content."""
    return DictionaryObject({name("Key"): TextStringObject(text)})


def test_glyphs_stand_where_the_matrices_put_them() -> None:
    """Text moves, kerns (in thousandths of an em, backwards) and the page's matrix add up."""
    marks = read(
        [
            ("cm", 2, 0, 0, 2, 100, 0),
            ("BT",),
            ("Tf", "/F1", 10),
            ("Td", 5, 7),
            ("TJ", ["A", -200, "B"]),
            ("ET",),
        ]
    )

    # x: 2 * 5 + 100; then half an em of 10 points and 0.2 em more, doubled
    assert [("zero", 110, 14), ("one", 110 + 2 * (5 + 2), 14)] == [(m.what, m.x, m.y) for m in marks]


def test_lines_follow_the_leading() -> None:
    """TD sets the leading that T* and ' move down by."""
    marks = read([("BT",), ("Tf", "/F1", 10), ("TD", 3, -12), ("Tj", "A"), ("T*",), ("Tj", "B"), ("'", "C")])

    assert [(3, -12), (3, -24), (3, -36)] == [(mark.x, mark.y) for mark in marks]


def test_a_value_is_read_in_spite_of_kerns_and_line_breaks() -> None:
    """Kerns inside a number, a space made by a kern and a new line leave the text as it is seen."""
    marks = read(
        [
            ("BDC", "/Reported", key("k")),
            ("BT",),
            ("Tf", "/F1", 10),
            ("Td", 300, 100),
            ("TJ", ["A", 28, "K", -30, "HI", -333, "B"]),
            ("Td", -250, -13),
            ("Tj", "CP"),
            ("ET",),
            ("EMC",),
        ]
    )

    assert "0.78 1 2a" == reported(marks)["k"][0].text


def test_the_eye_decides_not_the_order_of_painting() -> None:
    """Glyphs painted in another order than they stand are read as they stand."""
    marks = read(
        [
            ("BDC", "/Reported", key("k")),
            ("BT",),
            ("Tf", "/F1", 10),
            ("Td", 20, 0),
            ("Tj", "J"),
            ("Td", -10, 0),
            ("Tj", "AK"),
            ("EMC",),
        ]
    )

    assert "0.9" == reported(marks)["k"][0].text


@pytest.mark.parametrize(
    "hide",
    [
        ("Tr", 3),
        ("g", 1),
        ("rg", 1, 1, 1),
        ("Tf", "/F1", 0.5),
    ],
)
def test_what_cannot_be_seen_is_not_reported(hide: tuple) -> None:
    """Invisible, white and tiny glyphs do not count as shown."""
    marks = read(
        [
            ("BDC", "/Reported", key("k")),
            ("BT",),
            ("Tf", "/F1", 10),
            hide,
            ("Tj", "A"),
            ("EMC",),
        ]
    )

    assert "" == reported(marks)["k"][0].text


def test_each_place_counts() -> None:
    """A value that is shown twice is read twice, each with its page."""
    shown = [("BDC", "/Reported", key("k")), ("BT",), ("Tf", "/F1", 10), ("Tj", "A"), ("ET",), ("EMC",)]
    marks = read([*shown, ("BT",), ("Tj", "B")], shown)

    assert [(1, "0"), (2, "0")] == [(place.page, place.text) for place in reported(marks)["k"]]


def test_a_question_goes_on_to_the_next_page() -> None:
    """Content belongs to the question that began last, on whatever page; margins belong to none."""
    text = [("BT",), ("Tf", "/F1", 10), ("Tj", "A"), ("ET",)]
    marks = read(
        [*text, ("DP", "/Question", key("1a")), *text],
        [("BMC", "/Artifact"), *text, ("EMC",), *text, ("DP", "/Question", key("1b")), *text],
    )

    assert [FRONT, "1a", MARGINS, "1a", "1b"] == [mark.region for mark in marks]


def test_a_path_is_the_same_wherever_it_stands() -> None:
    """A rule's shape is told from its first point; the place is told apart from it."""
    rule = [("w", 0.4), ("m", 0, 0), ("l", 20, 0), ("S",)]
    one, other = read([*rule, ("cm", 1, 0, 0, 1, 7, 9), *rule])

    assert (one.what, one.look) == (other.what, other.look)
    assert (0, 0, 7, 9) == (one.x, one.y, other.x, other.y)


def test_saved_states_come_back() -> None:
    """Q restores matrix and colour."""
    rule = [("m", 0, 0), ("l", 1, 0), ("S",)]
    one, other = read([*rule, ("q",), ("cm", 3, 0, 0, 3, 5, 5), ("G", 0.5), ("Q",), *rule])

    assert one == other


@pytest.mark.parametrize("operator", ["sh", "gs", "BI", "nonsense"])
def test_nothing_that_may_paint_goes_unseen(operator: str) -> None:
    """An operator that is not interpreted becomes a mark of its own."""
    assert [operator] == [mark.kind for mark in read([(operator, "/Name")])]


def test_clipping_is_seen() -> None:
    """A path that only clips what comes after it is a mark, since it may hide a value."""
    (mark,) = read([("re", 0, 0, 1, 1), ("W",), ("n",)])

    assert mark.what.endswith("n clips")


@pytest.mark.parametrize(
    ("step", "named"),
    [(("q",), "graphics states"), (("BMC", "/Span"), "marked contents")],
)
def test_nesting_has_an_end(step: tuple, named: str) -> None:
    """Very deep nesting is refused with a sentence."""
    with pytest.raises(UnjudgedError, match=named):
        read([step] * 1000)


def test_a_glyph_is_named_by_its_encoding_not_by_what_it_copies_as() -> None:
    """A ToUnicode map that lies changes nothing: the glyph's name is what the page shows."""
    lying = font()
    lying[name("ToUnicode")] = TextStringObject("beginbfchar <41> <0039> endbfchar")
    canvas = Canvas(DictionaryObject({name("Font"): DictionaryObject({name("F1"): lying})}), 1, FRONT, [])
    content.read(canvas, operations(("BT",), ("Tf", "/F1", 10), ("Tj", "A")))

    assert "zero" == canvas.marks[0].what


def test_one_string_cannot_paint_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is refused at the limit of marks, and what a string would paint beyond it is never made."""
    monkeypatch.setattr("report.verify.canvas.MARK_LIMIT", 10)
    canvas, made = Canvas(RESOURCES, 1, FRONT, []), []

    def many():
        for _ in range(1000):
            made.append(None)
            yield "one", 0.0, 0.0, 0.0

    canvas.add("glyph", "", [("one", 0.0, 0.0, 0.0)] * 10)
    with pytest.raises(UnjudgedError, match="paints more than 10 glyphs"):
        canvas.add("glyph", "", many())
    assert (len(canvas.marks), len(made)) == (11, 1)


def test_a_string_of_the_whole_limit_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many glyphs as may be are painted, one more is refused."""
    monkeypatch.setattr("report.verify.canvas.MARK_LIMIT", 10)
    operations = [([], b"BT"), ([name("F1"), number(10)], b"Tf"), ([TextStringObject("A" * 10)], b"Tj")]
    canvas = Canvas(RESOURCES, 1, FRONT, [])

    content.read(canvas, operations)

    assert len(canvas.marks) == 10
    assert canvas.matrix[4] == 50.0
    with pytest.raises(UnjudgedError, match="paints more than 10 glyphs"):
        content.read(canvas, [([TextStringObject("A")], b"Tj")])
