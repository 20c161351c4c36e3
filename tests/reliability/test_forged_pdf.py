"""Forged submissions: a page made to show a wrong claim, in all the ways that PDF knows; each is found.

The sample submission is compared with itself, untouched: nothing is trained, derived or typeset here.
"""

from __future__ import annotations

import io
import random
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String

from report.confined import UnjudgedError
from report.verify import catalog, document, pages
from report.verify.findings import Same

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE = Path(__file__).resolve().parents[2] / "build" / "submission.pdf"
SHOWN = (
    rb"/Reported <</Key \(2a\.dev\.accuracy\)>> BDC\n"
    rb"(BT\n(/F\d+) [\d.]+ Tf ([\d.]+) ([\d.]+) Td )\[\((0\.\d+)\)\]TJ"
)
OTHER_TEX = "This is pdfTeX, Version 3.141592653-2.6-1.40.29 (TeX Live 2031)"
# what pikepdf says of a form's field that one of the forgers leaves
pytestmark = pytest.mark.filterwarnings("ignore:This document has 1 form widget")


@cache
def sample(first: str = "1f", last: str = "2b") -> bytes:
    """Return the first page and those of some questions of the sample, with all that is attached."""
    with pikepdf.open(SAMPLE) as pdf:
        out = io.BytesIO()
        starts = catalog.questions(pdf)
        kept = {1, *range(starts[first][0], starts[last][0] + 1)}
        for number in range(len(pdf.pages), 0, -1):
            if number not in kept:
                del pdf.pages[number - 1]
        pdf.save(out)
    return out.getvalue()


@cache
def answered(key: bytes = b"2a.dev.accuracy") -> int:
    """Return the number, from 0, of the page that answers 2(a), on which the value is given second."""
    with pikepdf.open(io.BytesIO(sample())) as pdf:
        return [n for n, page in enumerate(pdf.pages) if b"(" + key + b")" in document.content(page.obj)][1]


def forged(make: Callable[[Pdf], object], content: bytes | None = None) -> bytes:
    """Return the sample after a forger's work."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content or sample())) as pdf:
        make(pdf)
        pdf.save(out, fix_metadata_version=False)
    return out.getvalue()


def page(pdf: Pdf) -> Any:
    """Return the page that is forged."""
    return pdf.pages[answered()].obj


def repaint(change: Callable[[bytes], bytes]) -> Callable[[Pdf], object]:
    """Return a forger who changes the operators of the page."""

    def make(pdf: Pdf) -> None:
        before = document.content(page(pdf))
        after = change(before)
        assert after != before
        page(pdf).Contents = pdf.make_stream(after)

    return make


def at_number(replacement: str) -> Callable[[Pdf], object]:
    r"""Return a forger who writes something for the operators of a number: \\1 to \\5 as in `SHOWN`."""
    head = b"/Reported <</Key (2a.dev.accuracy)>> BDC\n"
    return repaint(
        lambda content: re.sub(
            SHOWN, lambda match: head + match.expand(replacement.encode()), content, count=1
        )
    )


def lent(kind: str, resource: Callable[[Pdf], Any], then: Callable[[Pdf], object]) -> Callable[[Pdf], object]:
    """Return a forger who first lends the page a resource /Forged of some kind."""

    def make(pdf: Pdf) -> None:
        resources = page(pdf).Resources
        resources[f"/{kind}"] = Dictionary({**dict(resources.get(f"/{kind}", {})), "/Forged": resource(pdf)})
        then(pdf)

    return make


def placed(operators: bytes, content: bytes) -> bytes:
    """Return operators that paint at the number, whose place is their origin."""
    found = re.search(SHOWN, content)
    place = b"1 0 0 1 " + found[3] + b" " + found[4] + b" cm" if found else b""
    return b"q " + place + b" " + operators + b" Q"


def before(operators: bytes) -> Callable[[Pdf], object]:
    """Return a forger who paints something at the number first."""
    return repaint(lambda content: placed(operators, content) + b"\n" + content)


def after(operators: bytes) -> Callable[[Pdf], object]:
    """Return a forger who paints something at the number last, over all that is there."""
    return repaint(lambda content: content + b"\n" + placed(operators, content))


def all_over(operators: bytes) -> Callable[[Pdf], object]:
    """Return a forger who paints the whole page last."""
    return repaint(lambda content: content + b"\n" + operators)


def all_under(operators: bytes) -> Callable[[Pdf], object]:
    """Return a forger who sets how the whole page is painted."""
    return repaint(lambda content: operators + b"\n" + content)


def in_a_word(change: Callable[[bytes], bytes]) -> Callable[[Pdf], object]:
    """Return a forger who changes the first whole word behind the number."""

    def changed(content: bytes) -> bytes:
        start = re.search(SHOWN, content).end()
        word = re.compile(rb"\[\(([a-z]{4,})\)").search(content, start)
        return content[: word.start()] + change(word[0]) + content[word.end() :]

    return repaint(changed)


def with_font(change: Callable[[Pdf, Any], object]) -> Callable[[Pdf], object]:
    """Return a forger who changes a copy of the number's font, for its page alone: elsewhere it stays."""

    def make(pdf: Pdf) -> None:
        used = re.search(SHOWN, document.content(page(pdf)))[2].decode()
        font = Dictionary(dict(page(pdf).Resources.Font[used]))
        change(pdf, font)
        resources = Dictionary(dict(page(pdf).Resources))
        resources.Font = Dictionary({**dict(resources.Font), used: pdf.make_indirect(font)})
        page(pdf).Resources = resources

    return make


def other_names(_: Pdf, font: Any) -> None:
    """Swap the names of some digits."""
    swap = {"/eight": "/nine", "/nine": "/eight", "/zero": "/one", "/one": "/zero"}
    names = [Name(swap.get(str(n), str(n))) if isinstance(n, Name) else n for n in font.Encoding.Differences]
    font.Encoding = Dictionary({**dict(font.Encoding), "/Differences": Array(names)})


def other_outlines(pdf: Pdf, font: Any) -> None:
    """Take the outlines of a bold font."""
    fonts = (font for page in pdf.pages for font in page.obj.Resources.Font.values())
    bold = next(font for font in fonts if "Bold" in str(font.BaseFont))
    font.FontDescriptor = Dictionary({**dict(font.FontDescriptor), "/FontFile": bold.FontDescriptor.FontFile})


def type_3(pdf: Pdf, font: Any) -> None:
    """Draw the digits."""
    drawn = pdf.make_stream(b"500 0 0 0 500 700 d1 0 0 500 700 re f")
    font.Subtype, font.CharProcs = Name.Type3, Dictionary(zero=drawn, eight=drawn)


def disguised(key: bytes) -> Callable[[Pdf], object]:
    """Return a forger who shows another last digit, which copies as the true one."""

    def paint(found: re.Match[bytes]) -> bytes:
        digits, last = found[5][:-1], found[5][-1:]
        other = b"/Span <</%b (%b)>> BDC [(%d)]TJ EMC" % (key, last, 9 - int(last))
        return found[0].rpartition(b"[")[0] + b"[(%b)]TJ " % digits + other

    return repaint(lambda content: re.sub(SHOWN, paint, content, count=1))


def called(other: str, true: str) -> Callable[[Pdf], object]:
    """Return a forger who shows another character, which a font of its own calls by the true one's name."""

    def font(pdf: Pdf) -> Dictionary:
        used = re.search(SHOWN, document.content(page(pdf)))[2].decode()
        names = f"1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfchar <{ord(other):02X}> "
        names += f"<{ord(true):04X}> endbfchar"
        named = pdf.make_stream(names.encode())
        return Dictionary({**dict(page(pdf).Resources.Font[used]), "/ToUnicode": named})

    def paint(found: re.Match[bytes]) -> bytes:
        begun, _, rest = found[5].rpartition(true.encode())
        size = found[0].split(b" Tf")[0].split()[-1]
        forged = b"/Forged %b Tf [(%b)]TJ %b %b Tf" % (size, other.encode(), found[2], size)
        return found[0].rpartition(b"[")[0] + b"[(%b)]TJ %b [(%b)]TJ" % (begun, forged, rest)

    return lent("Font", font, repaint(lambda content: re.sub(SHOWN, paint, content, count=1)))


def form(
    pdf: Pdf, content: bytes = b"1 g 0 0 612 792 re f", box: tuple[int, ...] = (0, 0, 612, 792)
) -> Stream:
    """Make something to be painted."""
    return pdf.make_stream(content, Type=Name.XObject, Subtype=Name.Form, BBox=Array(box))


def annotated(subtype: str, look: bool = False, **entries: Any) -> Callable[[Pdf], object]:
    """Return a forger who lays an annotation over the number."""

    def make(pdf: Pdf) -> None:
        at = re.search(SHOWN, document.content(page(pdf)))
        x, y = float(at[3]), float(at[4])
        note = Dictionary(Type=Name.Annot, Subtype=Name(subtype), Rect=[x, y - 3, x + 40, y + 12], **entries)
        if look:
            note.AP = Dictionary(N=form(pdf, b"1 g 0 0 40 16 re f", (0, 0, 40, 16)))
        page(pdf).Annots = Array([*page(pdf).get("/Annots", []), pdf.make_indirect(note)])

    return make


def put(where: Callable[[Pdf], Any], key: str, value: Any) -> Callable[[Pdf], object]:
    """Return a forger who sets an entry of some dictionary."""

    def make(pdf: Pdf) -> None:
        where(pdf)[f"/{key}"] = value(pdf) if callable(value) else value

    return make


def one_more(content: bytes, at: int | None = None) -> Callable[[Pdf], object]:
    """Return a forger who adds a page."""

    def make(pdf: Pdf) -> None:
        pdf.add_blank_page(page_size=(612, 792))
        pdf.pages[-1].obj.Contents = pdf.make_stream(content)
        if at is not None:
            pdf.pages.insert(at, pdf.pages[-1])
            del pdf.pages[-1]

    return make


def swapped(pdf: Pdf) -> None:
    """Exchange two pages."""
    kids = pdf.Root.Pages.Kids
    kids[1], kids[2] = kids[2], kids[1]


def specs(pdf: Pdf) -> Any:
    """Return the tree of attachments, flat."""
    return pdf.Root.Names.EmbeddedFiles.Names


def in_another_tex(then: Callable[[Pdf], object]) -> Callable[[Pdf], object]:
    """Return a forger who also says that another TeX made the pages."""
    return lambda pdf: (then(pdf), put(lambda pdf: pdf.trailer.Info, "PTEX.Fullbanner", OTHER_TEX)(pdf))


def root(pdf: Pdf) -> Any:
    """Return the catalog."""
    return pdf.Root


def figure(pdf: Pdf) -> None:
    """Leave the lines out of a figure."""
    held = [f for page in pdf.pages for f in page.obj.Resources.get("/XObject", {}).values()]
    held[0].write(held[0].read_bytes().replace(b" l\n", b" m\n"))


def bookmark(pdf: Pdf) -> Any:
    """Return the first bookmark."""
    return pdf.Root.Outlines.First


SCRIPT = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))
TO = Dictionary(S=Name.GoTo, D=String("question.1a"))
SHADING = Dictionary(
    ShadingType=2,
    ColorSpace=Name.DeviceGray,
    Coords=[0, 0, 1, 1],
    Function=Dictionary(FunctionType=2, Domain=[0, 1], N=1),
)
NINES = r"\1[(0.9999)]TJ"
BOX = b"1 g -40 -20 300 60 re f"
A, WHOLE, REFUSED = "2a", "", "refused"
FORGERIES: dict[str, tuple[Callable[[Pdf], object], str, str]] = {
    "another number": (at_number(NINES), A, "near"),
    "two digits the other way round": (at_number(r"\1[(0.8)-500(0)1000(7)-500(4)]TJ"), A, "differs"),
    "the number in white, another in black": (
        at_number(r"1 g \1[(\5)]TJ ET 0 g \1[(0.9999)]TJ"),
        A,
        "differs",
    ),
    "the number unpainted": (at_number(r"3 Tr \1[(\5)]TJ 0 Tr"), A, "differs"),
    "the number tiny": (at_number(r"BT \2 0.1 Tf \3 \4 Td [(\5)]TJ"), A, "differs"),
    "the number in a white pattern's colour": (
        at_number(r"/Pattern cs /P1 scn \1[(\5)]TJ 0 g"),
        A,
        "differs",
    ),
    "the number moved by a matrix": (
        at_number(r"q 1 0 0 1 900 0 cm \1[(\5)]TJ ET Q \1[(0.9999)]TJ"),
        A,
        "differs",
    ),
    "the number clipped away": (at_number(r"q 0 0 1 1 re W n \1[(\5)]TJ ET Q BT"), A, "differs"),
    "the number turned on its head": (
        at_number(r"BT \2 10.9091 Tf -1 0 0 -1 \3 \4 Tm [(\5)]TJ"),
        A,
        "differs",
    ),
    "the number squeezed": (at_number(r"10 Tz \1[(\5)]TJ 100 Tz"), A, "differs"),
    "the number raised": (at_number(r"400 Ts \1[(\5)]TJ 0 Ts"), A, "differs"),
    "the mark around another number": (at_number(r"\1[(\5)]TJ ET EMC \1[(0.9999)]TJ ET /Span BMC BT"), A, ""),
    "another text for copying": (
        at_number(r"/Span <</ActualText (0.9999)>> BDC \1[(\5)]TJ EMC"),
        WHOLE,
        "by other operators",
    ),
    "a comment that one reader ends sooner": (at_number("% \\r\\1[(\\5)]TJ"), WHOLE, ""),
    "a white box over all": (after(BOX), A, "near"),
    "a box below all": (before(b"0.8 g -40 -20 300 60 re f"), A, "near"),
    "a number drawn as lines": (after(b"0 3 m 40 3 l S"), A, "differs"),
    "an image in the page": (
        after(b"30 0 0 30 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x80 EI"),
        A,
        "differs",
    ),
    "a form over the page": (lent("XObject", form, after(b"/Forged Do")), A, "differs"),
    "a shading over the page": (
        lent("Shading", lambda _: SHADING, repaint(lambda content: content + b"\n/Forged sh")),
        WHOLE,
        "operators",
    ),
    "all made transparent": (
        lent(
            "ExtGState",
            lambda _: Dictionary(ca=0, BM=Name.Multiply),
            all_under(b"/Forged gs"),
        ),
        A,
        "differs",
    ),
    "in a layer": (put(root, "OCProperties", Dictionary(OCGs=Array(), D=Dictionary())), WHOLE, "has layers"),
    "a page whose content is in another file": (
        put(lambda pdf: page(pdf).Contents, "F", String("other.pdf")),
        WHOLE,
        "operators",
    ),
    "a blended page": (put(page, "Group", Dictionary(S=Name.Transparency, K=True)), WHOLE, "blended"),
    "moved to another question": (before(b"/Question <</Key (2b)>> DP"), WHOLE, "operators"),
    "glyphs by other names": (with_font(other_names), A, "differs"),
    "other outlines on one page": (with_font(other_outlines), A, "differs"),
    "glyphs that are drawn": (with_font(type_3), A, "differs"),
    "an encoding below the encoding": (
        with_font(
            lambda _, font: put(
                lambda _: font,
                "Encoding",
                Dictionary({**dict(font.Encoding), "/BaseEncoding": Name.MacExpertEncoding}),
            )(None)
        ),
        WHOLE,
        "another font",
    ),
    "letters that copy as others": (
        with_font(lambda pdf, font: put(lambda _: font, "ToUnicode", pdf.make_stream(b"x"))(pdf)),
        WHOLE,
        "another font",
    ),
    "other widths": (
        with_font(lambda _, font: put(lambda _: font, "Widths", Array([900] * 256))(None)),
        A,
        "differs",
    ),
    "a note": (
        annotated("/FreeText", Contents=String("0.9999")),
        A,
        "an annotation (/FreeText) over this answer",
    ),
    "a stamp": (annotated("/Stamp", look=True), A, "an annotation (/Stamp)"),
    "a field of a form": (annotated("/Widget", FT=Name.Tx, V=String("0.9999")), A, "(/Widget)"),
    "a link with a look": (annotated("/Link", look=True, Border=[0, 0, 0], A=TO), A, "(/Link)"),
    "a link with a wide white border": (
        annotated("/Link", Border=[0, 0, 16], C=[1, 1, 1], A=TO),
        A,
        "(/Link)",
    ),
    "a link that runs a script": (annotated("/Link", Border=[0, 0, 0], A=SCRIPT), WHOLE, "(/Link)"),
    "a script on opening": (put(root, "OpenAction", SCRIPT), WHOLE, "a script"),
    "a script after a harmless step": (
        put(root, "OpenAction", Dictionary({**dict(TO), "/Next": SCRIPT})),
        WHOLE,
        "a script",
    ),
    "a script in a bookmark": (put(bookmark, "A", SCRIPT), WHOLE, "a bookmark with a script"),
    "a bookmark that claims": (put(bookmark, "Title", String("All is right: 0.9999")), WHOLE, "bookmarks"),
    "a title that claims": (
        put(lambda pdf: pdf.trailer.Info, "Title", String("Accuracy 0.9999")),
        WHOLE,
        "(Title)",
    ),
    "a form": (put(root, "AcroForm", Dictionary()), WHOLE, "has a form"),
    "a script of the file": (put(root, "AA", Dictionary()), WHOLE, "the file runs a script"),
    "a named script": (put(lambda pdf: pdf.Root.Names, "JavaScript", Dictionary()), WHOLE, "has a script"),
    "a folder of files instead of pages": (
        put(root, "Collection", Dictionary(View=Name.T)),
        WHOLE,
        "a folder of",
    ),
    "other metadata": (put(root, "Metadata", lambda pdf: pdf.make_stream(b"<x/>")), WHOLE, "metadata"),
    "a page upside down": (put(page, "Rotate", 180), WHOLE, "is rotated"),
    "a page cropped": (put(page, "CropBox", Array([0, 300, 612, 792])), WHOLE, "is cropped"),
    "a page in another unit": (put(page, "UserUnit", 0.01), WHOLE, "another unit"),
    "a script on a page": (put(page, "AA", Dictionary(O=SCRIPT)), WHOLE, "runs a script"),
    "pages in another order": (swapped, WHOLE, "is not of the report"),
    "one page less": (lambda pdf: pdf.pages.__delitem__(answered()), A, "is missing"),
    "one more page": (one_more(b"0 0 612 792 re f"), WHOLE, "is not of the report"),
    "one more page, empty": (one_more(b""), WHOLE, "is not of the report"),
    "one more page, first": (one_more(b"0 0 612 792 re f", at=0), WHOLE, "page 1 is not of the report"),
    "a figure redrawn": (figure, "1f", "differs"),
    "an attachment of two names": (
        put(lambda pdf: specs(pdf)[-1], "UF", String("grade.json")),
        REFUSED,
        "two names",
    ),
    "an attachment of two contents": (
        put(lambda pdf: specs(pdf)[-1].EF, "UF", lambda pdf: pdf.make_stream(b"{}")),
        REFUSED,
        "two names or contents",
    ),
    "a file beside the attachments": (
        put(
            root,
            "AF",
            lambda pdf: Array(
                [Dictionary(F=String("results.json"), EF=Dictionary(F=pdf.make_stream(b"{}")))]
            ),
        ),
        WHOLE,
        "attachments",
    ),
    "an attachment changed": (
        lambda pdf: specs(pdf)[-1].EF.F.write(specs(pdf)[-1].EF.F.read_bytes().replace(b"0.8", b"0.9", 1)),
        WHOLE,
        "attachments",
    ),
    "an attachment listed twice": (
        lambda pdf: specs(pdf).extend([String("results.json"), specs(pdf)[-1]]),
        REFUSED,
        "two attachments named",
    ),
    "another number, of another TeX": (in_another_tex(at_number(NINES)), A, "near"),
    "a box over all, of another TeX": (in_another_tex(after(BOX)), A, "differs"),
    "other outlines, of another TeX": (in_another_tex(with_font(other_outlines)), A, "differs"),
    "a word, of another TeX": (
        in_another_tex(in_a_word(lambda word: re.sub(rb"[a-z]", b"q", word))),
        A,
        "qqqq",
    ),
    "a digit raised, of another TeX": (
        in_another_tex(in_a_word(lambda word: b"3 Ts " + word)),
        A,
        "differs",
    ),
    "a note, of another TeX": (in_another_tex(annotated("/FreeText")), A, "over this answer"),
    "a form, of another TeX": (in_another_tex(put(root, "AcroForm", Dictionary())), WHOLE, "has a form"),
    "a title that claims, of another TeX": (
        in_another_tex(put(lambda pdf: pdf.trailer.Info, "Title", String("Accuracy 0.9999"))),
        WHOLE,
        "(Title)",
    ),
    "a digit that copies as the true one, of another TeX": (
        in_another_tex(disguised(b"ActualText")),
        A,
        "near",
    ),
    "the same, its key written by numbers": (
        in_another_tex(disguised(b"Actual#54e#78t")),
        A,
        "near",
    ),
    "a 9 that its font calls a 4, of another TeX": (in_another_tex(called("9", "4")), A, "differs"),
    "an 8 that its font calls a 0, of another TeX": (in_another_tex(called("8", "0")), A, "differs"),
    "a comma that its font calls a point, of another TeX": (in_another_tex(called(",", ".")), A, "differs"),
    "another text for copying, of another TeX": (
        in_another_tex(at_number(r"/Span <</ActualText (0.9999)>> BDC \1[(\5)]TJ EMC")),
        WHOLE,
        "copied",
    ),
}


def found(content: bytes) -> list[tuple[str, str]]:
    """Return what is told of a file: the question, or that it is refused, and the words."""
    try:
        catalog.attachments(document.opened(content))
        compared = pages.compare(content, sample())
    except (UnjudgedError, pikepdf.PdfError) as error:
        return [(REFUSED, str(error))]
    assert bool(compared.places) == (compared.same == Same.NO)
    return [(place.question, place.what) for place in compared.places]


def test_nothing_is_found_where_nothing_was_forged() -> None:
    """The untouched file, and its objects written by another program, match: forgeries fail by themselves."""
    assert Same.BYTES == pages.compare(sample(), sample()).same
    assert Same.OBJECTS == pages.compare(forged(lambda pdf: None) + b"\n", sample()).same


@pytest.mark.parametrize("case", FORGERIES)
def test_a_forged_page_is_found(case: str) -> None:
    """Whatever may show a wrong claim is told, where it stands, in words of the page."""
    make, question, words = FORGERIES[case]
    told = found(forged(make))

    assert [text for where, text in told if where == question and words in text], told


def _update(pdf: bytes) -> bytes:
    """Append a revision in which a page shows another number."""
    with pikepdf.open(io.BytesIO(pdf)) as file:
        number = page(file).Contents.objgen[0]
        body = re.sub(SHOWN, NINES_AT, document.content(page(file)))
        size, top = int(file.trailer.Size), file.Root.objgen[0]
    start = len(pdf)
    head = f"{number} 0 obj\n<</Length {len(body)}>>\nstream\n".encode()
    table = start + len(head) + len(body) + len(b"\nendstream\nendobj\n")
    old = int(re.search(rb"startxref\s+(\d+)\s+%%EOF\s*$", pdf)[1])
    return (
        pdf
        + head
        + body
        + b"\nendstream\nendobj\n"
        + f"xref\n{number} 1\n{start:010d} 00000 n \n".encode()
        + f"trailer\n<</Size {size} /Root {top} 0 R /Prev {old}>>\nstartxref\n{table}\n%%EOF\n".encode()
    )


NINES_AT = b"/Reported <</Key (2a.dev.accuracy)>> BDC\n\\1[(0.9999)]TJ"


def _shadow(pdf: bytes) -> bytes:
    """Put a second content of a page where only a reader that mends broken files looks."""
    with pikepdf.open(io.BytesIO(pdf)) as file:
        number = page(file).Contents.objgen[0]
    shadow = f"\n{number} 0 obj\n<</Length 1>>\nstream\nq\nendstream\nendobj\n".encode()
    cut = pdf.rindex(b"startxref")
    return pdf[:cut] + shadow + pdf[cut:]


FILES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "a later revision": (_update, "differs"),
    "a second object of the same number": (_shadow, "objects that its table does not name"),
    "a second end": (lambda pdf: pdf + b"startxref\n0\n%%EOF\n", ""),
    "two kilobytes after the end": (lambda pdf: pdf + b"\n" + b" " * 2048 + b"%", ""),
    "another file before the beginning": (lambda pdf: b"GIF89a" + pdf, ""),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_of_two_minds_is_found(case: str) -> None:
    """What one viewer may read otherwise than another does not pass."""
    change, words = FILES[case]
    told = found(change(sample()))

    assert [text for _, text in told if words in text], told


def _leaves(value: Any, met: set[Any]) -> list[tuple[Any, Any]]:
    """Return every number, name, text and stream that a document uses: what holds it, and its key."""
    if getattr(value, "is_indirect", False):
        if value.objgen in met:
            return []
        met.add(value.objgen)
    free = {*document.FREE["trailer"], *document.FREE["stream"], *document.FREE["properties"]} - {
        "/Root",
        "/Info",
    }
    free |= {"/Parent", "/Type", "/Version", "/PageMode", "/P", "/PTEX.Fullbanner", "/Packages", "/Pg"}
    if isinstance(value, Array):
        items = list(enumerate(value))
    else:
        items = [(key, item) for key, item in value.items() if key not in free]
    places = [(value, "")] if isinstance(value, Stream) else []
    for key, item in items:
        if isinstance(item, Array | Dictionary | Stream):
            places += _leaves(item, met)
        elif item is not None:
            places.append((value, key))
    return places


def _mutate(pdf: Pdf, dice: random.Random) -> str:
    """Change one thing, and say which."""
    places = _leaves(pdf.trailer, set())
    streams = [place for place in places if place[1] == ""]
    holder, key = dice.choice(streams if dice.random() < 0.5 else places)
    if key == "":
        content = bytearray(document.unpacked(holder))
        digits = [place for place in range(1, len(content)) if content[place : place + 1].isdigit()]
        firsts = [place for place in digits if content[place - 1 : place] in (b" ", b"(", b"[", b'"', b"\n")]
        place = dice.choice(firsts or digits or range(len(content)))
        content[place] = content[place] ^ (1 if content[place : place + 1] in b"0123456789" else 0x55)
        holder.write(bytes(content))
        return f"byte {place} of a stream {holder.objgen}"
    value = holder[key]
    if key == "/Count" and holder.get("/Type") == Name.Pages:
        raise pikepdf.PdfError("the pages are counted anew when the file is saved: nothing would be changed")
    if isinstance(value, bool):
        other: Any = not value
    elif isinstance(value, Name):
        other = Name(f"{value}x")
    elif isinstance(value, String):
        other = String(f"{value}9")
    else:
        other = value + 1
    if not isinstance(holder, Array) and dice.random() < 0.2:
        del holder[key]
        return f"without {key}"
    holder[key] = other
    return f"{key}: {other!r} for {value!r}"


@pytest.mark.parametrize(
    "seeds", [range(20), pytest.param(range(20, 540), marks=pytest.mark.slow)], ids=["quick", "all"]
)
def test_no_small_change_passes(seeds: range) -> None:
    """A digit of a stream, a number, a name, a text anywhere in the file, attachments too: each is found."""
    small = sample("2a", "2a")
    passed = []
    for seed in seeds:
        told = list[str]()
        try:
            changed = forged(
                lambda pdf, seed=seed, told=told: told.append(_mutate(pdf, random.Random(seed))), small
            )
            if pages.compare(changed, small).same:
                passed.append((seed, *told))
        except (UnjudgedError, pikepdf.PdfError):
            continue

    assert [] == passed
