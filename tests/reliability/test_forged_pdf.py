"""Forged submissions: a page made to show a wrong claim, in all the ways that PDF knows; each is found.

The sample submission is compared with itself, untouched: nothing is trained, derived or typeset here.
"""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from pypdf import PdfReader, PdfWriter
from pypdf.annotations import FreeText
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
    NullObject,
    NumberObject,
    TextStringObject,
)

from report.verify import reading, submission
from report.verify.compare import compare
from report.verify.errors import UnjudgedError
from report.verify.fresh import Fresh
from report.verify.rows import Outcome
from report.verify.submission import HandedIn, Submission

if TYPE_CHECKING:
    from collections.abc import Callable

PDF = Path(__file__).resolve().parents[2] / "build" / "submission.pdf"
SHOWN = (
    rb"/Reported <</Key \(2a\.dev\.accuracy\)>> BDC\n"
    rb"(BT\n(/F\d+) [\d.]+ Tf ([\d.]+) ([\d.]+) Td )\[\((0\.\d+)\)\]TJ"
)
KEPT = (0, 4, 5, 6, 7)  # counted from 0: the first, those of 1(f) with a figure, and of problem 2
PAGE = 3  # of those: the one that answers 2(a)


def read(pdf: bytes) -> Submission:
    """Read a PDF in this process."""
    return submission.understood(pdf, reading.document(pdf))


@cache
def sample() -> bytes:
    """Give five pages of the sample submission, with all that is attached to it."""
    writer, out = PdfWriter(clone_from=PdfReader(PDF)), io.BytesIO()
    tree = writer.root_object["/Pages"]
    pages = [writer.pages[number] for number in KEPT]
    for page in pages:
        page[name("Parent")] = tree.indirect_reference
    tree[name("Kids")] = ArrayObject(page.indirect_reference for page in pages)
    tree[name("Count")] = NumberObject(len(pages))
    writer.compress_identical_objects(remove_unreferenced=True)
    writer.write(out)
    return out.getvalue()


@pytest.fixture(scope="module")
def genuine() -> Submission:
    """Read that sample."""
    return read(sample())


def judged(forged: Submission, genuine: Submission, *, pages: bool = True) -> list[Any]:
    """Give the rows that do not match where the genuine submission comes out, with or without its pages."""
    of = genuine.attached
    fresh = Fresh(
        attached=of,
        record=of.record,
        pages=genuine if pages else None,
        no_pages="" if pages else "not wanted here",
        cells=of.cells,
        data=of.data,
        environment=of.environment,
        code=of.code,
        versions=of.versions,
        settings=len(of.record["search"]["dev"]),
    )
    rows, _ = compare(forged, HandedIn("submission.pdf", b"", {}), fresh)
    return [row for row in rows if row.finding.outcome in (Outcome.MISMATCH, Outcome.UNJUDGED)]


class Forged(NamedTuple):
    """A forger's work, and what must be told: the question (empty: the whole) and part of the reason."""

    make: Callable[[PdfWriter], object]
    question: str
    reason: str


def name(text: str) -> NameObject:
    """Give a PDF name."""
    return NameObject(f"/{text}")


def dictionary(**entries: Any) -> DictionaryObject:
    """Give a PDF dictionary."""
    return DictionaryObject({name(key): value for key, value in entries.items()})


def numbers(*values: float) -> ArrayObject:
    """Give a PDF array of numbers."""
    return ArrayObject([NumberObject(v) if isinstance(v, int) else FloatObject(str(v)) for v in values])


def stream(content: bytes, **entries: Any) -> DecodedStreamObject:
    """Give a PDF stream."""
    made = DecodedStreamObject()
    made.set_data(content)
    made.update(dictionary(**entries))
    return made


def rewrite(writer: PdfWriter, change: Callable[[bytes], bytes], page: int = PAGE) -> None:
    """Change the content of a page."""
    before = writer.pages[page]["/Contents"].get_object().get_data()
    after = change(before)
    assert after != before
    writer.pages[page][name("Contents")] = writer._add_object(stream(after))


def at_number(replacement: str) -> Callable[[PdfWriter], object]:
    r"""Give a forger who writes something for the operators of a number: \\1 to \\5 as in `SHOWN`."""

    def change(content: bytes) -> bytes:
        head = b"/Reported <</Key (2a.dev.accuracy)>> BDC\n"
        return re.sub(SHOWN, lambda match: head + match.expand(replacement.encode()), content, count=1)

    return lambda writer: rewrite(writer, change)


def before_all(operators: bytes, kind: str = "", resource: Any = None) -> Callable[[PdfWriter], object]:
    """Give a forger who paints something first, with a resource /Forged of a kind."""

    def make(writer: PdfWriter) -> None:
        _lend(writer, kind, resource)
        rewrite(writer, lambda content: operators + b"\n" + content)

    return make


def after_all(operators: bytes, kind: str = "", resource: Any = None) -> Callable[[PdfWriter], object]:
    """Give a forger who paints something last, over all that is there."""

    def make(writer: PdfWriter) -> None:
        _lend(writer, kind, resource)
        rewrite(writer, lambda content: content + b"\n" + operators)

    return make


def _lend(writer: PdfWriter, kind: str, resource: Any) -> None:
    if kind:
        resources = writer.pages[PAGE]["/Resources"].get_object()
        group = resources.get(f"/{kind}", DictionaryObject()).get_object()
        group[name("Forged")] = writer._add_object(resource)
        resources[name(kind)] = group


def with_font(change: Callable[[PdfWriter, DictionaryObject], object]) -> Callable[[PdfWriter], object]:
    """Give a forger who changes a copy of the number's font, for its page alone: elsewhere it stays."""

    def make(writer: PdfWriter) -> None:
        page = writer.pages[PAGE]
        content = page["/Contents"].get_object().get_data()
        used = NameObject(re.search(SHOWN, content)[2].decode())
        fonts = DictionaryObject(page["/Resources"]["/Font"].get_object())
        copied = DictionaryObject(fonts[used].get_object())
        change(writer, copied)
        fonts[used] = writer._add_object(copied)
        resources = DictionaryObject(page["/Resources"].get_object())
        resources[name("Font")] = fonts
        page[name("Resources")] = resources

    return make


def _other_names(_: PdfWriter, font: DictionaryObject) -> None:
    encoding = DictionaryObject(font["/Encoding"].get_object())
    swap = {"/eight": "/nine", "/nine": "/eight", "/zero": "/one", "/one": "/zero"}
    encoding[name("Differences")] = ArrayObject(
        NameObject(swap.get(entry, entry)) if isinstance(entry, str) else entry
        for entry in encoding["/Differences"]
    )
    font[name("Encoding")] = encoding


def _other_outlines(writer: PdfWriter, font: DictionaryObject) -> None:
    descriptor = DictionaryObject(font["/FontDescriptor"].get_object())
    fonts = writer.pages[0]["/Resources"]["/Font"].get_object()
    bold = next(f.get_object() for f in fonts.values() if "Bold" in str(f.get_object()["/BaseFont"]))
    descriptor[name("FontFile")] = bold["/FontDescriptor"]["/FontFile"].indirect_reference
    font[name("FontDescriptor")] = writer._add_object(descriptor)


def _type_3(writer: PdfWriter, font: DictionaryObject) -> None:
    drawn = writer._add_object(stream(b"500 0 0 0 500 700 d1 0 0 500 700 re f"))
    font[name("Subtype")] = name("Type3")
    font[name("CharProcs")] = DictionaryObject({name(digit): drawn for digit in ("zero", "eight")})


def _annotated(**entries: Any) -> Callable[[PdfWriter], object]:
    """Give a forger who lays an annotation over the number."""

    def make(writer: PdfWriter) -> None:
        note = dictionary(Type=name("Annot"), Rect=numbers(100, 90, 140, 106), **entries)
        page = writer.pages[PAGE]
        page[name("Annots")] = ArrayObject([*page.get("/Annots", ()), writer._add_object(note)])

    return make


def _appearance(writer_text: bytes = b"1 g 0 0 40 16 re f") -> DictionaryObject:
    return dictionary(
        N=stream(writer_text, Type=name("XObject"), Subtype=name("Form"), BBox=numbers(0, 0, 40, 16))
    )


def _to(place: str, **more: Any) -> DictionaryObject:
    return dictionary(S=name("GoTo"), D=TextStringObject(place), **more)


SCRIPT = dictionary(S=name("JavaScript"), JS=TextStringObject("app.alert(1)"))
FORM = stream(
    b"1 g 0 0 612 792 re f", Type=name("XObject"), Subtype=name("Form"), BBox=numbers(0, 0, 612, 792)
)
CLEAR = dictionary(Type=name("ExtGState"), ca=FloatObject("0"), BM=name("Multiply"))
SHADING = dictionary(
    ShadingType=NumberObject(2),
    ColorSpace=name("DeviceGray"),
    Coords=numbers(0, 0, 1, 1),
    Extend=ArrayObject([NullObject()]),
    Function=dictionary(FunctionType=NumberObject(2), Domain=numbers(0, 1), N=NumberObject(1)),
)


def _set(of: Callable[[PdfWriter], Any], key: str, value: Any) -> Callable[[PdfWriter], object]:
    """Give a forger who sets an entry of some dictionary."""
    return lambda writer: of(writer).update({name(key): value})


def _page(writer: PdfWriter) -> Any:
    return writer.pages[PAGE]


def _root(writer: PdfWriter) -> Any:
    return writer.root_object


def _elsewhere(writer: PdfWriter) -> None:
    contents = _page(writer)["/Contents"].get_object()
    contents[name("F")] = TextStringObject("other.pdf")


def _swapped(writer: PdfWriter) -> None:
    kids = writer.root_object["/Pages"]["/Kids"]
    kids[0], kids[1] = kids[1], kids[0]


def _one_more(content: bytes) -> Callable[[PdfWriter], object]:
    """Give a forger who adds a page."""

    def make(writer: PdfWriter) -> None:
        tree = writer.root_object["/Pages"]
        page = DictionaryObject(writer.pages[0])
        page[name("Contents")] = writer._add_object(stream(content))
        tree["/Kids"].append(writer._add_object(page))
        tree[name("Count")] = NumberObject(len(tree["/Kids"]))

    return make


def _bookmark(writer: PdfWriter) -> None:
    first = writer.root_object["/Outlines"].get_object()["/First"].get_object()
    first[name("Title")] = TextStringObject("All answers are right: development accuracy 0.9999")


def _bookmark_action(writer: PdfWriter) -> None:
    first = writer.root_object["/Outlines"].get_object()["/First"].get_object()
    first[name("A")] = SCRIPT


def _specs(writer: PdfWriter) -> list[Any]:
    return writer.root_object["/Names"]["/EmbeddedFiles"]["/Names"]


def _spec(writer: PdfWriter) -> Any:
    return _specs(writer)[-1].get_object()


def _two_contents(writer: PdfWriter) -> None:
    _spec(writer)["/EF"][name("UF")] = writer._add_object(stream(b'{"2a.dev.accuracy": 0.9999}'))


def _beside_the_tree(writer: PdfWriter) -> None:
    other = dictionary(
        Type=name("Filespec"),
        F=TextStringObject("results.json"),
        EF=dictionary(F=writer._add_object(stream(b"{}"))),
    )
    writer.root_object[name("AF")] = ArrayObject([writer._add_object(other)])


def _figure(writer: PdfWriter) -> None:
    for page in writer.pages:
        for figure in page["/Resources"].get("/XObject", DictionaryObject()).values():
            drawn = figure.get_object()
            changed = stream(drawn.get_data().replace(b" l\n", b" m\n", 1))
            drawn.set_data(changed.get_data())
            return
    pytest.fail("the sample shows no figure")


def _in_another_tex(change: Callable[[PdfWriter], object]) -> Callable[[PdfWriter], object]:
    """Give a forger who also says that another TeX made the pages."""

    def make(writer: PdfWriter) -> None:
        change(writer)
        writer.add_metadata(
            {"/PTEX.Fullbanner": "This is pdfTeX, Version 3.141592653-2.6-1.40.29 (TeX Live 2031)"}
        )

    return make


NINES = r"\1[(0.9999)]TJ"
BOX = b"q 1 g 90 80 80 30 re f Q"
FORGERIES = {
    "another number": Forged(at_number(NINES), "2a", "shows 0.9999"),
    "two digits the other way round": Forged(
        at_number(r"\1[(0.8)-500(0)1000(7)-500(4)]TJ"), "2a", "the text was changed"
    ),
    "the number in white, another in black": Forged(
        at_number(r"1 g \1[(\5)]TJ ET 0 g \1[(0.9999)]TJ"), "2a", "the text was changed"
    ),
    "the number unpainted": Forged(at_number(r"3 Tr \1[(\5)]TJ 0 Tr"), "2a", "cannot be seen"),
    "the number tiny": Forged(at_number(r"BT \2 0.1 Tf \3 \4 Td [(\5)]TJ"), "2a", "cannot be seen"),
    "the number in a white pattern's colour": Forged(
        at_number(r"/Pattern cs /P1 scn \1[(\5)]TJ 0 g"), "2a", "the text was changed"
    ),
    "the number moved by a matrix": Forged(
        at_number(r"q 1 0 0 1 900 0 cm \1[(\5)]TJ ET Q \1[(0.9999)]TJ"), "2a", "the text was changed"
    ),
    "the number clipped away": Forged(
        at_number(r"q 0 0 1 1 re W n \1[(\5)]TJ ET Q BT"), "2a", "the text was changed"
    ),
    "the number turned on its head": Forged(
        at_number(r"BT \2 10.9091 Tf -1 0 0 -1 \3 \4 Tm [(\5)]TJ"), "2a", "the text was changed"
    ),
    "the number squeezed": Forged(at_number(r"10 Tz \1[(\5)]TJ 100 Tz"), "2a", "the text was changed"),
    "the number raised": Forged(at_number(r"400 Ts \1[(\5)]TJ 0 Ts"), "2a", "the text was changed"),
    "the mark around another number": Forged(
        at_number(r"\1[(\5)]TJ ET EMC \1[(0.9999)]TJ ET /Span BMC BT"), "2a", ""
    ),
    "another text for copying": Forged(
        at_number(r"/Span <</ActualText (0.9999)>> BDC \1[(\5)]TJ EMC"), "", "written anew"
    ),
    "a comment that one reader ends sooner": Forged(at_number("% \\r\\1[(\\5)]TJ"), "", "written anew"),
    "a white box over all": Forged(after_all(BOX), "2a", "near"),
    "a box below all": Forged(before_all(BOX), "1f", "near"),
    "a number drawn as lines": Forged(after_all(b"100 95 m 140 95 l S"), "2a", "near"),
    "an image in the page": Forged(after_all(b"BI /W 1 /H 1 /CS /G /BPC 8 ID \xff EI"), "2a", "near"),
    "a form over the page": Forged(after_all(b"/Forged Do", "XObject", FORM), "2a", "near"),
    "a shading over the page": Forged(after_all(b"/Forged sh", "Shading", SHADING), "", "further entries"),
    "all made transparent": Forged(before_all(b"/Forged gs", "ExtGState", CLEAR), "", "further entries"),
    "in a layer": Forged(
        _set(_root, "OCProperties", dictionary(OCGs=ArrayObject(), D=DictionaryObject())), "", "layers"
    ),
    "a page whose content is in another file": Forged(_elsewhere, "", "another packing of page 4"),
    "a wrong count of pages": Forged(
        lambda writer: writer.root_object["/Pages"].update({name("Count"): NumberObject(1)}), "", "count"
    ),
    "a blended page": Forged(
        _set(_page, "Group", dictionary(S=name("Transparency"), K=NumberObject(1))), "", "further entries"
    ),
    "moved to another question": Forged(before_all(b"/Question <</Key (2b)>> DP"), "1f", "near"),
    "glyphs by other names": Forged(with_font(_other_names), "2a", "page"),
    "other outlines on one page": Forged(with_font(_other_outlines), "", "other outlines"),
    "glyphs that are drawn": Forged(with_font(_type_3), "", "outlines"),
    "an encoding below the encoding": Forged(
        with_font(
            lambda _, font: font.update(
                {
                    name("Encoding"): DictionaryObject(
                        {**font["/Encoding"].get_object(), name("BaseEncoding"): name("MacExpertEncoding")}
                    )
                }
            )
        ),
        "",
        "outlines",
    ),
    "letters that copy as others": Forged(
        with_font(lambda writer, font: font.update({name("ToUnicode"): writer._add_object(stream(b"x"))})),
        "",
        "outlines",
    ),
    "other widths": Forged(
        with_font(lambda _, font: font.update({name("Widths"): numbers(*[900] * 256)})), "2a", "near"
    ),
    "a note": Forged(
        lambda writer: writer.add_annotation(PAGE, FreeText(text="0.9999", rect=(100, 90, 140, 106))),
        "",
        "an annotation (/FreeText) on page 4",
    ),
    "a stamp": Forged(_annotated(Subtype=name("Stamp"), AP=_appearance()), "", "an annotation (/Stamp)"),
    "a field of a form": Forged(
        _annotated(Subtype=name("Widget"), FT=name("Tx"), V=TextStringObject("0.9999")), "", "(/Widget)"
    ),
    "a link with a look": Forged(
        _annotated(Subtype=name("Link"), Border=numbers(0, 0, 0), A=_to("x"), AP=_appearance()), "", "(/Link)"
    ),
    "a link with a wide white border": Forged(
        _annotated(Subtype=name("Link"), Border=numbers(0, 0, 16), C=numbers(1, 1, 1), A=_to("x")),
        "",
        "(/Link)",
    ),
    "a link that runs a script": Forged(
        _annotated(Subtype=name("Link"), Border=numbers(0, 0, 0), A=SCRIPT), "", "(/Link)"
    ),
    "a script on opening": Forged(_set(_root, "OpenAction", SCRIPT), "", "a script"),
    "a script after a harmless step": Forged(
        _set(_root, "OpenAction", _to("al1815.question.1a", Next=SCRIPT)), "", "a script"
    ),
    "a script in a bookmark": Forged(_bookmark_action, "", "a bookmark with a script"),
    "a bookmark that claims": Forged(_bookmark, "", "bookmarks"),
    "a title that claims": Forged(
        lambda writer: writer.add_metadata({"/Title": "Accuracy 0.9999"}), "", "properties"
    ),
    "a form": Forged(_set(_root, "AcroForm", DictionaryObject()), "", "a form"),
    "a folder of files instead of pages": Forged(
        _set(_root, "Collection", dictionary(View=name("T"))), "", "/Collection"
    ),
    "other metadata": Forged(
        lambda writer: writer.root_object.update({name("Metadata"): writer._add_object(stream(b"<x/>"))}),
        "",
        "/Metadata",
    ),
    "a page upside down": Forged(_set(_page, "Rotate", NumberObject(180)), "", "other sizes"),
    "a page cropped": Forged(_set(_page, "CropBox", numbers(0, 300, 612, 792)), "", "other sizes"),
    "a page in another unit": Forged(_set(_page, "UserUnit", FloatObject("0.01")), "", "other sizes"),
    "pages in another order": Forged(_swapped, "1f", ""),
    "one more page": Forged(_one_more(b"0 0 612 792 re f"), "2b", "near"),
    "one more page, empty": Forged(_one_more(b""), "", "written anew"),
    "a figure redrawn": Forged(_figure, "1f", "near"),
    "an attachment of two names": Forged(
        lambda writer: _spec(writer).update({name("UF"): TextStringObject("grade.json")}),
        "unjudged",
        "two names",
    ),
    "an attachment of two contents": Forged(_two_contents, "unjudged", "two names or contents"),
    "a file beside the attachments": Forged(_beside_the_tree, "", "not among its attachments"),
    "an attachment listed twice": Forged(
        lambda writer: _specs(writer).extend([TextStringObject("results.json"), _specs(writer)[-1]]),
        "unjudged",
        "two attachments named",
    ),
    "another number, of another TeX": Forged(_in_another_tex(at_number(NINES)), "2a", "shows 0.9999"),
    "a box over all, of another TeX": Forged(
        _in_another_tex(after_all(BOX)), "2a", "another text, and another TeX"
    ),
    "other outlines, of another TeX": Forged(
        _in_another_tex(with_font(_other_outlines)), "", "other outlines"
    ),
    "a word, of another TeX": Forged(
        _in_another_tex(
            lambda writer: rewrite(writer, lambda content: content.replace(b"(samples)", b"(simples)"))
        ),
        "2a",
        "another text, and another TeX",
    ),
    "a digit raised, of another TeX": Forged(
        _in_another_tex(
            lambda writer: rewrite(
                writer, lambda content: re.sub(rb"\[\(samples", rb"3 Ts [(samples", content)
            )
        ),
        "2a",
        "another text, and another TeX",
    ),
}


def forged(make: Callable[[PdfWriter], object]) -> bytes:
    """Give the sample submission after a forger's work."""
    writer, out = PdfWriter(clone_from=PdfReader(io.BytesIO(sample()))), io.BytesIO()
    make(writer)
    writer.write(out)
    return out.getvalue()


def test_nothing_is_found_where_nothing_was_forged(genuine: Submission) -> None:
    """The untouched file, and its objects written by another program, match: forgeries fail by themselves."""
    assert [] == judged(genuine, genuine)
    assert [] == judged(read(forged(lambda _: None)), genuine)


@pytest.mark.parametrize("case", FORGERIES)
def test_a_forged_page_is_found(case: str, genuine: Submission) -> None:
    """Whatever may show a wrong claim is a mismatch or cannot be judged, where it stands, with a reason."""
    make, question, reason = FORGERIES[case]
    try:
        found = [(row.question, row.finding.reason) for row in judged(read(forged(make)), genuine)]
    except UnjudgedError as error:
        found = [("unjudged", str(error))]

    assert [text for where, text in found if where == question and reason in text], found


def _update(pdf: bytes) -> bytes:
    """Append a revision in which a page shows another number."""
    reader = PdfReader(io.BytesIO(pdf))
    page = reader.pages[PAGE]
    number = page["/Contents"].indirect_reference.idnum
    body = re.sub(SHOWN, NINES_AT, page["/Contents"].get_object().get_data())
    start = len(pdf)
    head = f"{number} 0 obj\n<</Length {len(body)}>>\nstream\n".encode()
    table = start + len(head) + len(body) + len(b"\nendstream\nendobj\n")
    old = int(re.search(rb"startxref\s+(\d+)\s+%%EOF\s*$", pdf)[1])
    root, size = reader.trailer.raw_get("/Root").idnum, reader.trailer["/Size"]
    return (
        pdf
        + head
        + body
        + b"\nendstream\nendobj\n"
        + f"xref\n{number} 1\n{start:010d} 00000 n \n".encode()
        + f"trailer\n<</Size {size} /Root {root} 0 R /Prev {old}>>\nstartxref\n{table}\n%%EOF\n".encode()
    )


NINES_AT = b"/Reported <</Key (2a.dev.accuracy)>> BDC\n\\1[(0.9999)]TJ"


def _shadow(pdf: bytes) -> bytes:
    """Put a second content of a page where only a reader that mends broken files looks."""
    number = PdfReader(io.BytesIO(pdf)).pages[PAGE]["/Contents"].indirect_reference.idnum
    shadow = f"\n{number} 0 obj\n<</Length 1>>\nstream\nq\nendstream\nendobj\n".encode()
    cut = pdf.rindex(b"startxref")
    return pdf[:cut] + shadow + pdf[cut:]


FILES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a later revision": (_update, "an earlier revision"),
    "a second object of the same number": (_shadow, "objects that its table does not name"),
    "a second end": (lambda pdf: pdf + b"startxref\n0\n%%EOF\n", ""),
    "two kilobytes after the end": (lambda pdf: pdf + b"\n" + b" " * 2048 + b"%", "after its end"),
    "another file before the beginning": (lambda pdf: b"GIF89a" + pdf, ""),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_of_two_minds_is_found(case: str, genuine: Submission) -> None:
    """What one viewer may read otherwise than another does not pass."""
    change, reason = FILES[case]
    try:
        found = [row.finding.reason for row in judged(read(change(sample())), genuine)]
    except UnjudgedError as error:
        found = [str(error)]

    assert found
    assert [text for text in found if reason in text], found


def test_another_program_excuses_nothing(genuine: Submission) -> None:
    """A forger who claims that other code or versions made the pages does not make a change of them pass."""
    changed = read(forged(after_all(BOX)))
    for claim in ({"code": {"templates": "0"}}, {"versions": {"sympy": "0"}}):
        of = replace(changed.attached, **claim)
        found = judged(replace(changed, attached=of), genuine)

        assert [("2a", "code or versions differ")] == [(row.question, row.finding.cause) for row in found]


def test_another_tex_that_says_the_same_passes(genuine: Submission) -> None:
    """Lines broken elsewhere by another TeX are the same text: not compared in place, but no mismatch."""

    def make(writer: PdfWriter) -> None:
        # the words after the first reported number begin a new line
        rewrite(
            writer,
            lambda content: re.sub(rb"\(samples\)-\d+\(", b"(samples)]TJ 0 -13 Td [(", content, count=1),
        )

    found = read(forged(_in_another_tex(make)))

    assert [] == judged(found, genuine)


def leaves(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Give the place of every text, number and flag in a JSON value."""
    items = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    )
    if items is None:
        return [place]
    return [leaf for key, item in items for leaf in leaves(item, (*place, key))]


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) else value + 0.01 if isinstance(value, float) else f"{value}9"


EXEMPT = {
    "environment",
    "certificate",
    "made_with",
    "others",
}  # the author's machine and folder, and its program


@pytest.mark.parametrize("file", ["results.json", "ledger.json"])
def test_no_entry_of_an_attachment_may_change(file: str, genuine: Submission) -> None:
    """Each entry of the attachments is compared, but for those that tell of the author's machine."""
    content = json.loads(genuine.files[file])
    unseen = []
    places = [place for place in leaves(content) if not EXEMPT & {*map(str, place)}]
    for place in _some(places):
        changed = json.loads(genuine.files[file])
        holder = changed
        for key in place[:-1]:
            holder = holder[key]
        holder[place[-1]] = _other(holder[place[-1]])
        files = {**genuine.files, file: json.dumps(changed).encode()}
        try:
            forged = Submission(
                **{**vars(genuine), "files": files, "attached": submission.attached.parse(files)}
            )
        except UnjudgedError:
            continue
        if not judged(forged, genuine, pages=False):
            unseen.append(place)

    assert len(places) > 100
    assert [] == unseen


def _some(places: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Give one place of each kind: of long lists of the same, the first and the last."""
    found: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    for place in places:
        kind = tuple("*" if isinstance(key, int) or place[0] == "formulas" else key for key in place)
        found.setdefault((*kind, str(place[-1])), []).append(place)
    return [place for same in found.values() for place in (same[0], *same[1:][-1:])]
