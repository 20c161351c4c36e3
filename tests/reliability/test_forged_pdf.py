"""Forged submissions: a page made to show a wrong claim, in all the ways that PDF knows; each is found.

The sample submission is compared with itself, untouched: nothing is trained, derived or typeset here.
"""

import io
import random
import re
from functools import cache
from operator import attrgetter
from pathlib import Path

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Stream, String
from pypdf import PdfWriter

from report.confined import UnjudgedError
from report.verify import catalog, document, pages
from report.verify.findings import Same
from report.verify.view import View

ROOT = Path(__file__).resolve().parents[2]
MARK = b"/Reported <</Key (2a.dev.accuracy)>> BDC\n"
SHOWN = re.compile(re.escape(MARK) + rb"(BT\n(/F\d+) ([\d.]+) Tf ([\d.]+) ([\d.]+) Td )\[\((0\.\d+)\)\]TJ")
OTHER_TEX = "This is pdfTeX, Version 3.141592653-2.6-1.40.29 (TeX Live 2031)"


@cache
def sample(first="1f", last="2b"):
    """Return the first page and those of some questions of the sample, with all that is attached."""
    with pikepdf.open(ROOT / "build" / "submission.pdf") as pdf:
        out = io.BytesIO()
        starts = catalog.questions(pdf)
        kept = {1, *range(starts[first][0], starts[last][0] + 1)}
        for number in range(len(pdf.pages), 0, -1):
            if number not in kept:
                del pdf.pages[number - 1]
        pdf.save(out)
    return out.getvalue()


@cache
def answered():
    """Return the number, from 0, of the page that answers 2(a), on which the value is given second."""
    with pikepdf.open(io.BytesIO(sample())) as pdf:
        return [n for n, each in enumerate(pdf.pages) if MARK in document.content(each.obj)][1]


def forged(make, content=None):
    """Return the sample after a forger's work."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content or sample())) as pdf:
        make(pdf)
        pdf.save(out, fix_metadata_version=False)
    return out.getvalue()


# --- what a forger can change: catalog, properties and more
root, info = attrgetter("Root"), attrgetter("trailer.Info")


def page(pdf):
    """Return the page that is forged."""
    return pdf.pages[answered()].obj


def attached(pdf):
    """Return the last attachment."""
    return pdf.Root.Names.EmbeddedFiles.Names[-1]


def number(pdf):
    """Return the operators of the number: 1 all before it, 2 font, 3 size, 4 and 5 the place, 6 itself."""
    found = SHOWN.search(document.content(page(pdf)))
    assert found
    return found


def put(where, key, value):
    """Return a forger who sets an entry of some dictionary."""
    return lambda pdf: where(pdf).__setitem__(f"/{key}", value(pdf) if callable(value) else value)


def lent(kind, resource, then):
    """Return a forger who first lends the page a resource /Forged of some kind."""

    def make(pdf):
        resources = page(pdf).Resources
        resources[f"/{kind}"] = Dictionary({**dict(resources.get(f"/{kind}", {})), "/Forged": resource(pdf)})
        then(pdf)

    return make


def in_another_tex(then):
    """Return a forger who also says that another TeX made the pages."""
    return lambda pdf: (then(pdf), put(info, "PTEX.Fullbanner", OTHER_TEX)(pdf))


def in_moved_lines(then):
    """Return a forger who also moves all lines of the page."""
    return lambda pdf: (then(pdf), LOWER(pdf))


# --- forgers of what is painted
def repaint(change):
    """Return a forger who changes the operators of the page."""

    def make(pdf):
        before = document.content(page(pdf))
        after = change(before)
        assert after != before
        page(pdf).Contents = pdf.make_stream(after)

    return make


def at_number(replacement):
    r"""Return a forger who writes something for the operators of the number: \\1 to \\6 as in `number`."""

    def paint(found):
        new = found.expand(replacement.encode()) if isinstance(replacement, str) else replacement(found)
        return MARK + new

    return repaint(lambda content: SHOWN.sub(paint, content, count=1))


def over(operators, *, below=False):
    """Return a forger who paints something at the number, whose place is their origin, over all or below."""

    def change(content):
        found = SHOWN.search(content)
        placed = b"q 1 0 0 1 %b %b cm %b Q" % (found[4], found[5], operators)
        return placed + b"\n" + content if below else content + b"\n" + placed

    return repaint(change)


def first(operators):
    """Return a forger who sets how all of the page is painted."""
    return repaint(lambda content: operators + b"\n" + content)


def in_a_word(change):
    """Return a forger who changes the first whole word behind the number."""

    def changed(content):
        word = re.compile(rb"\[\(([a-z]{4,})\)").search(content, SHOWN.search(content).end())
        return content[: word.start()] + change(word[0]) + content[word.end() :]

    return repaint(changed)


def font(pdf):
    """Return a copy of the number's font, for its page alone: elsewhere it stays."""
    used = number(pdf)[2].decode()
    copy = pdf.make_indirect(Dictionary(dict(page(pdf).Resources.Font[used])))
    resources = Dictionary(dict(page(pdf).Resources))
    resources.Font = Dictionary({**dict(resources.Font), used: copy})
    page(pdf).Resources = resources
    return copy


def encoding(pdf):
    """Return a copy of that font's encoding."""
    changed = font(pdf)
    changed.Encoding = Dictionary(dict(changed.Encoding))
    return changed.Encoding


def bold_outlines(pdf):
    """Describe a bold font."""
    fonts = (font for page in pdf.pages for font in page.obj.Resources.Font.values())
    return next(font for font in fonts if "Bold" in str(font.BaseFont)).FontDescriptor


def disguised(key):
    """Return a forger who shows another last digit, which copies as the true one."""
    other = b"[(%b)]TJ /Span <</%b (%b)>> BDC [(%d)]TJ EMC"
    return at_number(lambda n: n[1] + other % (n[6][:-1], key, n[6][-1:], 9 - int(n[6][-1:])))


def called(other, true):
    """Return a forger who shows another character, which a font of its own calls by the true one's name."""

    def renamed(pdf):
        names = f"1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfchar <{ord(other):02X}> "
        named = pdf.make_stream(f"{names}<{ord(true):04X}> endbfchar".encode())
        return Dictionary({**dict(encoded(pdf)), "/ToUnicode": named})

    def paint(n):
        begun, _, rest = n[6].rpartition(true.encode())
        shown = b"/Forged %b Tf [(%b)]TJ %b %b Tf" % (n[3], other.encode(), n[2], n[3])
        return n[1] + b"[(%b)]TJ %b [(%b)]TJ" % (begun, shown, rest)

    return lent("Font", renamed, at_number(paint))


def holed(content):
    """Leave a place in the last box of a page unpainted: a path may draw a number so."""
    *_, box = re.finditer(rb"0 0 ([\d.]+) [\d.]+ re f", content)
    return content[: box.end() - 1] + b"%f 5 30 10 re f*" % (float(box[1]) - 60) + content[box.end() :]


def blank(code):
    """Return a forger who adds a number of a font that calls its digits something else, far from all text."""

    def named(pdf):
        digits = " ".join(f"<{digit:02X}> <{code}>" for digit in b"0123456789")
        cmap = f"1 begincodespacerange <00> <FF> endcodespacerange 10 beginbfchar {digits} endbfchar".encode()
        return Dictionary({**dict(encoded(pdf)), "/ToUnicode": pdf.make_stream(cmap)})

    return lent("Font", named, over(b"BT /Forged 10 Tf -180 251 Td (9) Tj ET"))


def painted_blank(pdf):
    """Make a font whose space is a bar as wide as three letters, far from where it begins."""
    bar = pdf.make_stream(b"500 0 d0 0 g 0 0 3000 800 re f")
    named = b"1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfchar <39> <0020> endbfchar"
    return Dictionary(
        Type=Name.Font,
        Subtype=Name.Type3,
        FontBBox=[0, 0, 1, 1],
        FontMatrix=[0.001, 0, 0, 0.001, 0, 0],
        CharProcs=Dictionary(a=bar),
        Encoding=Dictionary(Type=Name.Encoding, Differences=[57, Name("/a")]),
        FirstChar=57,
        LastChar=57,
        Widths=[500],
        ToUnicode=pdf.make_stream(named),
    )


def encoded(pdf):
    """Return the number's font."""
    return page(pdf).Resources.Font[number(pdf)[2].decode()]


def spelt(other, true):
    """Return a forger who shows another letter in a word, which its font calls by the true one's name."""

    def named(pdf):
        cmap = f"1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfchar <{ord(other):02X}> "
        cmap = pdf.make_stream(f"{cmap}<{ord(true):04X}> endbfchar".encode())
        return Dictionary({**dict(encoded(pdf)), "/ToUnicode": cmap})

    def change(content):
        word = re.compile(rb"\[\(([a-z]*)%b([a-z]*)" % true.encode()).search(
            content, SHOWN.search(content).end()
        )
        name, size = re.findall(rb"(/F\d+) ([\d.]+) Tf", content[: word.start()])[-1]
        shown = b"[(%b)]TJ /Forged %b Tf [(%b)]TJ %b %b Tf [(%b" % (
            word[1],
            size,
            other.encode(),
            name,
            size,
            word[2],
        )
        return content[: word.start()] + shown + content[word.end() :]

    return lent("Font", named, repaint(change))


def figure(pdf):
    """Leave the lines out of a figure."""
    held = [f for page in pdf.pages for f in page.obj.Resources.get("/XObject", {}).values()]
    held[0].write(held[0].read_bytes().replace(b" l\n", b" m\n"))


def form(pdf, width=612, height=792):
    """Make a white form."""
    white = f"1 g 0 0 {width} {height} re f".encode()
    return pdf.make_stream(white, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, width, height]))


# --- forgers of what lies over a page or beside it
def annotated(subtype, *, look=False, **entries):
    """Return a forger who lays an annotation over the number."""

    def make(pdf):
        x, y = (float(number(pdf)[place]) for place in (4, 5))
        note = Dictionary(Type=Name.Annot, Subtype=Name(subtype), Rect=[x, y - 3, x + 40, y + 12], **entries)
        if look:
            note.AP = Dictionary(N=form(pdf, 40, 16))
        page(pdf).Annots = Array([*page(pdf).get("/Annots", []), pdf.make_indirect(note)])

    return make


def streamed_note(pdf):
    """Lay a note over the number that is a stream: some viewers show it."""
    annotated("/FreeText", look=True)(pdf)
    page(pdf).Annots[-1] = as_stream(pdf, page(pdf).Annots[-1])


def unheld_window(pdf):
    """Lay the open window of a note that no page has over the number."""
    annotated("/Popup", Open=True, Contents=String("0.9999"), Parent=Dictionary(Subtype=Name.Text))(pdf)


def one_more(at=None):
    """Return a forger who adds an empty page."""

    def make(pdf):
        pdf.add_blank_page(page_size=(612, 792))
        if at is not None:
            pdf.pages.insert(at, pdf.pages[-1])
            del pdf.pages[-1]

    return make


def swapped(pdf):
    """Exchange two pages."""
    kids = pdf.Root.Pages.Kids
    kids[1], kids[2] = kids[2], kids[1]


def beside(pdf):
    """Make a file that is attached in another way."""
    return Array([Dictionary(F=String("results.json"), EF=Dictionary(F=pdf.make_stream(b"{}")))])


def changed(pdf):
    """Change a number in an attachment."""
    attached(pdf).EF.F.write(attached(pdf).EF.F.read_bytes().replace(b"0.8", b"0.9", 1))


def all_names(make):
    """Return a forger who changes what holds all names of the file."""
    return lambda pdf: make(pdf, pdf.Root.Names)


def as_stream(pdf, holder):
    """Return a stream with the entries of a dictionary: some readers take it for one."""
    stream = pdf.make_stream(b"")
    for key, value in dict(holder).items():
        stream[key] = value
    return stream


def a_file(pdf, name):
    """Make a file that is attached."""
    return Dictionary(F=String(name), UF=String(name), EF=Dictionary(F=pdf.make_stream(b"{}")))


def far_down(pdf, names):
    """Attach a second file of a name behind a thousand empty parts of the tree."""
    listed = names.EmbeddedFiles.Names
    del names.EmbeddedFiles["/Names"]
    more = Dictionary(Names=[String("results.json"), a_file(pdf, "results.json")])
    parts = [Dictionary(Names=listed), *(Dictionary(Names=[]) for _ in range(1000)), more]
    names.EmbeddedFiles.Kids = Array(map(pdf.make_indirect, parts))


def listed_twice(pdf, names):
    """Attach one more file under the name by which another is listed, before that."""
    listed = list(names.EmbeddedFiles.Names)
    names.EmbeddedFiles.Names = Array([listed[0], a_file(pdf, "grade.txt"), *listed])


def renamed(pdf):
    """Change an attachment, and the name under which the file lists it; nothing else names it."""
    changed(pdf)
    listed = pdf.Root.Names.EmbeddedFiles.Names
    listed[len(listed) - 2] = String("~")
    del pdf.Root["/AF"]


SCRIPT = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))
TO = Dictionary(S=Name.GoTo, D=String("question.1a"))
CLEAR = Dictionary(ca=0, BM=Name.Multiply)
UNSEEN = [0, 0, 0]  # a border
SCRIPTS = Dictionary(Names=[String("a"), SCRIPT])
NINES, BOX = r"\1[(0.9999)]TJ", b"1 g -40 -20 300 60 re f"
BOLD = put(font, "FontDescriptor", bold_outlines)
LOWER = first(b"1 0 0 1 0 -20 cm")
CLAIM = put(info, "Title", String("Accuracy 0.9999"))
COPIED = at_number(r"/Span <</ActualText (0.9999)>> BDC \1[(\6)]TJ EMC")
A, WHOLE, REFUSED = "2a", "", "refused"
# What belongs to no question, by words of the sentence that tells it.
OF_THE_WHOLE = {
    "to be copied": in_another_tex(COPIED),
    "blended": put(page, "Group", Dictionary(S=Name.Transparency, K=True)),
    "has layers": put(root, "OCProperties", Dictionary(OCGs=Array(), D=Dictionary())),
    "an annotation (/Link)": annotated("/Link", Border=UNSEEN, A=SCRIPT),
    "a bookmark with a script": put(lambda pdf: pdf.Root.Outlines.First, "A", SCRIPT),
    "other bookmarks": put(lambda pdf: pdf.Root.Outlines.First, "Title", String("0.9999")),
    "has a form": put(root, "AcroForm", Dictionary()),
    "a folder of files": put(root, "Collection", Dictionary(View=Name.T)),
    "other metadata": put(root, "Metadata", lambda pdf: pdf.make_stream(b"<x/>")),
    "is rotated": put(page, "Rotate", 180),
    "is cropped": put(page, "CropBox", Array([0, 300, 612, 792])),
    "another unit": put(page, "UserUnit", 0.01),
}
# What is told: the question, and words of the sentence; by whom.
FORGERIES = {
    (A, "differs"): {
        "two digits the other way round": at_number(r"\1[(0.8)-500(0)1000(7)-500(4)]TJ"),
        "the number in white, another in black": at_number(r"1 g \1[(\6)]TJ ET 0 g \1[(0.9999)]TJ"),
        "the number moved by a matrix": at_number(r"q 1 0 0 1 900 0 cm \1[(\6)]TJ ET Q \1[(0.9999)]TJ"),
        "the number clipped away": at_number(r"q 0 0 1 1 re W n \1[(\6)]TJ ET Q BT"),
        "the number raised": at_number(r"400 Ts \1[(\6)]TJ 0 Ts"),
        "the mark around another number": at_number(r"\1[(\6)]TJ ET EMC \1[(0.9999)]TJ ET /Span BMC BT"),
        "a number drawn as lines": over(b"0 3 m 40 3 l S"),
        "an image in the page": over(b"30 0 0 30 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x80 EI"),
        "a form over the page": lent("XObject", form, over(b"/Forged Do")),
        "all made transparent": lent("ExtGState", lambda _: CLEAR, first(b"/Forged gs")),
        "other outlines on one page": BOLD,
        "other outlines where lines moved": in_moved_lines(BOLD),
        "the top of a digit covered where lines moved": in_moved_lines(over(b"1 g 20 5.8 6 2.5 re f")),
        "a point painted where lines moved": in_moved_lines(over(b"21 0 1.2 1.2 re f")),
        "a font without outlines": put(font, "Subtype", Name.Type3),
        "other widths": put(font, "Widths", Array([900] * 256)),
        "a box over all, of another TeX": in_another_tex(over(BOX)),
        "words struck out, of another TeX": in_another_tex(over(b"0 g -70 3 50 1 re f")),
        "other outlines, of another TeX": in_another_tex(BOLD),
        "a digit raised, of another TeX": in_another_tex(in_a_word(lambda word: b"3 Ts " + word)),
        "a 9 that its font calls a 4, of another TeX": in_another_tex(called("9", "4")),
        "an 8 that its font calls a 0, of another TeX": in_another_tex(called("8", "0")),
        "a comma that its font calls a point, of another TeX": in_another_tex(called(",", ".")),
        "an e that its font calls a c, of another TeX": in_another_tex(spelt("e", "c")),
        "an n that its font calls an r, of another TeX": in_another_tex(spelt("n", "r")),
    },
    (A, "near"): {
        "another number": at_number(NINES),
        "a white box over all": over(BOX),
        "another number, of another TeX": in_another_tex(at_number(NINES)),
        "a digit that copies as the true one, of another TeX": in_another_tex(disguised(b"ActualText")),
        "the same, its key written by numbers": in_another_tex(disguised(b"Actual#54e#78t")),
    },
    (A, "qqqq"): {
        "a word, of another TeX": in_another_tex(in_a_word(lambda word: re.sub(rb"[a-z]", b"q", word))),
    },
    (A, "over this answer"): {
        "a note": annotated("/FreeText", Contents=String("0.9999")),
        "a note, of another TeX": in_another_tex(annotated("/FreeText")),
        "the window of a note that no page has, of another TeX": in_another_tex(unheld_window),
        "a note that is a stream, of another TeX": in_another_tex(streamed_note),
        "a link with a look": annotated("/Link", look=True, Border=UNSEEN, A=TO),
        "a link with a wide white border": annotated("/Link", Border=[0, 0, 16], C=[1, 1, 1], A=TO),
    },
    (A, "is missing"): {"one page less": lambda pdf: pdf.pages.__delitem__(answered())},
    ("2b", "differs"): {"a box with a hole in it, of another TeX": in_another_tex(repaint(holed))},
    ("1f", "differs"): {
        "a figure redrawn": figure,
        "a number that its font calls a blank, of another TeX": in_another_tex(blank("0020")),
        "one that it calls an accent, of another TeX": in_another_tex(blank("0301")),
        "one that it calls a hyphen, of another TeX": in_another_tex(blank("002D")),
        "a blank that is a bar, of another TeX": in_another_tex(
            lent("Font", painted_blank, over(b"1 g BT /Forged 10 Tf -180 251 Td (9) Tj ET"))
        ),
    },
    (WHOLE, "by other operators"): {
        "another text for copying": COPIED,
        "all lines moved": LOWER,
        "a comment that one reader ends sooner": at_number("% \\r\\1[(\\6)]TJ"),
        "a page whose content is in another file": put(
            lambda pdf: page(pdf).Contents, "F", String("other.pdf")
        ),
        "moved to another question": over(b"/Question <</Key (2b)>> DP", below=True),
    },
    (WHOLE, "another font"): {
        "an encoding below the encoding": put(encoding, "BaseEncoding", Name.MacExpertEncoding),
        "letters that copy as others": put(font, "ToUnicode", lambda pdf: pdf.make_stream(b"x")),
    },
    (WHOLE, "a script"): {
        "a script on opening": put(root, "OpenAction", SCRIPT),
        "a script after a harmless step": put(root, "OpenAction", Dictionary({**dict(TO), "/Next": SCRIPT})),
        "a script of the file": put(root, "AA", Dictionary()),
        "a named script": put(lambda pdf: pdf.Root.Names, "JavaScript", Dictionary()),
        "a named script behind an empty text": all_names(
            lambda pdf, names: (
                put(root, "JavaScript", String(""))(pdf),
                put(lambda _: names, "JavaScript", SCRIPTS)(pdf),
            )
        ),
        "a script on opening that is a stream, of another TeX": in_another_tex(
            put(root, "OpenAction", lambda pdf: as_stream(pdf, SCRIPT))
        ),
        "a script on a page": put(page, "AA", Dictionary(O=SCRIPT)),
    },
    (WHOLE, "another title"): {
        "a title that claims": CLAIM,
        "the same, of another TeX": in_another_tex(CLAIM),
    },
    (WHOLE, "is not of the report"): {
        "one more page, empty": one_more(),
        "another page in its place": repaint(lambda content: content[: content.index(b"ET", 2000) + 2]),
    },
    (WHOLE, "is page 2 of the report, out of order"): {"pages in another order": swapped},
    (WHOLE, "is signed"): {
        "a signature": put(root, "AcroForm", Dictionary(Fields=[Dictionary(FT=Name.Sig)]))
    },
    (WHOLE, "other attachments"): {
        "a file beside the attachments": put(root, "AF", beside),
        "an attachment changed": changed,
        "the same, of another TeX": in_another_tex(changed),
        "the same, listed under another name": in_another_tex(renamed),
        "one more, listed under a name twice": all_names(listed_twice),
        "one that nothing else names": lambda pdf: (changed(pdf), root(pdf).__delitem__("/AF")),
    },
    (WHOLE, "another size"): {"a page far too wide": put(page, "MediaBox", Array([0, 0, 9000, 792]))},
    **{(WHOLE, words): {f"told: {words}": make} for words, make in OF_THE_WHOLE.items()},
    (REFUSED, "two names or contents"): {
        "an attachment of two names": put(attached, "UF", String("grade.json")),
        "an attachment of two contents": put(
            lambda pdf: attached(pdf).EF, "UF", lambda pdf: pdf.make_stream(b"{}")
        ),
    },
    (REFUSED, "no tree"): {
        "names that are a stream": put(root, "Names", lambda pdf: as_stream(pdf, root(pdf).Names)),
        "attachments that are a stream": all_names(
            lambda pdf, names: put(lambda _: names, "EmbeddedFiles", as_stream(pdf, names.EmbeddedFiles))(pdf)
        ),
    },
    (REFUSED, "more than 1000 parts"): {"an attachment far down": all_names(far_down)},
    (WHOLE, "links that lead elsewhere"): {
        "named places behind the true ones": all_names(
            lambda pdf, names: (
                put(root, "Dests", names.Dests)(pdf),
                put(lambda _: names, "Dests", Dictionary(Names=[]))(pdf),
            )
        )
    },
    (REFUSED, "two attachments named"): {
        "an attachment listed twice": lambda pdf: pdf.Root.Names.EmbeddedFiles.Names.extend(
            [String("results.json"), attached(pdf)]
        )
    },
}
CASES = [(make, *told, name) for told, forgers in FORGERIES.items() for name, make in forgers.items()]


def found(content):
    """Return what is told of a file: the question, or that it is refused, and the words."""
    try:
        catalog.attachments(document.opened(content))
        compared = pages.compare(content, sample())
    except (UnjudgedError, pikepdf.PdfError) as error:
        return [(REFUSED, str(error))]
    assert bool(compared.places) == (compared.same == Same.NO)
    return [(place.question, place.what) for place in compared.places]


def test_nothing_is_found_where_nothing_was_forged():
    """The untouched file, and its objects written by another program, match: forgeries fail by themselves."""
    assert Same.BYTES == pages.compare(sample(), sample()).same
    assert Same.OBJECTS == pages.compare(forged(lambda pdf: None) + b"\n", sample()).same


@pytest.mark.parametrize(
    ("make", "question", "words"), [case[:3] for case in CASES], ids=[case[3] for case in CASES]
)
def test_a_forged_page_is_found(make, question, words):
    """Whatever may show a wrong claim is told, where it stands, in words of the page."""
    told = found(forged(make))

    assert [text for where, text in told if where == question and words in text], told


def test_pages_whose_lines_moved_say_the_same():
    """Where another TeX sets all a little lower, boxes, figures and characters look the same."""

    def make(pdf):
        for each in pdf.pages:
            each.obj.Contents = pdf.make_stream(b"1 0 0 1 0 -3.3 cm\n" + document.content(each.obj))

    assert Same.TEXT == pages.compare(forged(in_another_tex(make)), sample()).same


def test_a_number_is_read_where_its_mark_was_taken_away():
    """A program that blacks out text takes the mark with it: what stands there instead is the number."""
    plain = repaint(lambda content: content.replace(MARK, b"/Span BMC\n", 1))
    compared = pages.compare(forged(lambda pdf: (at_number(NINES)(pdf), plain(pdf))), sample())

    assert (answered() + 1, "0.9999") in [(at.page, at.text) for at in compared.shown["2a.dev.accuracy"]]


def test_what_stands_above_the_first_question_is_of_none():
    """A word of the summary is no part of 1(a), even where its line stands as low as 1(a) does here."""

    def make(pdf):
        content = document.content(pdf.pages[0].obj)
        assert b"[(minutes)]" in content
        content = content.replace(b"[(minutes)]", b"[(hours)]", 1)
        pdf.pages[0].obj.Contents = pdf.make_stream(b"1 0 0 1 0 -60 cm\n" + content)

    made = (ROOT / "build" / "submission.pdf").read_bytes()
    places = pages.compare(forged(make, made), made).places
    assert {("", "page 1 differs")} == {(place.question, place.what[:14]) for place in places}


@pytest.mark.parametrize("words", sorted({*OF_THE_WHOLE} - {"to be copied", "blended", "other metadata"}))
def test_what_is_active_is_told_however_the_pages_were_written(words):
    """Where another TeX set the pages, layers, scripts, bookmarks and what hides a page are told as well."""
    told = found(forged(in_another_tex(OF_THE_WHOLE[words])))

    assert [text for question, text in told if question == WHOLE and words in text], told


@pytest.mark.parametrize("other", [lambda then: then, in_another_tex], ids=["this TeX", "another TeX"])
def test_a_note_and_a_cover_page_are_of_no_question(other):
    """A note in the margin and a page before all are told, each with its page; no answer is."""

    def make(pdf):
        note = Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=[40, 732, 300, 772])  # over the header
        pdf.pages[1].obj.Annots = Array([pdf.make_indirect(note)])
        one_more(at=0)(pdf)

    told = found(forged(other(make)))
    assert {""} == {question for question, _ in told}
    assert ["page 1 is not of the report", "page 3 has an annotation (/Text)"] == [what for _, what in told][
        :2
    ]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (at_number(NINES), "differs"),
        (BOLD, "differs"),
        (lambda pdf: pdf.docinfo.__setitem__("/Title", "Accuracy 0.9999"), "another title"),
        (put(root, "AF", beside), "other attachments"),
        (put(root, "Claim", String("0.9999")), "another entry"),
        (annotated("/FreeText"), "over this answer"),
    ],
    ids=["a number", "outlines", "a title", "a file", "anything", "a note"],
)
def test_what_is_forged_in_a_joined_file_is_found(make, words):
    """That a program dropped much beside the pages hides nothing that was added."""
    writer, out = PdfWriter(), io.BytesIO()
    writer.append(io.BytesIO(sample()))
    writer.write(out)
    told = found(forged(make, out.getvalue()))

    assert [text for _, text in told if words in text], told


# --- files of two minds
def shadowed(pdf):
    """Put a second content of a page where only a reader that mends broken files looks."""
    with pikepdf.open(io.BytesIO(pdf)) as file:
        place = page(file).Contents.objgen[0]
    cut = pdf.rindex(b"startxref")
    shadow = b"\n%d 0 obj\n<</Length 1>>\nstream\nq\nendstream\nendobj\n" % place
    return pdf[:cut] + shadow + pdf[cut:]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (shadowed, "objects that its table does not name"),
        (lambda pdf: pdf + b"startxref\n0\n%%EOF\n", ""),
        (lambda pdf: pdf + b"\n" + b" " * 2048 + b"%", ""),
        (lambda pdf: b"GIF89a" + pdf, ""),
    ],
    ids=["a second object", "a second end", "after the end", "before the beginning"],
)
def test_a_file_of_two_minds_is_found(change, words):
    """What one viewer may read otherwise than another does not pass."""
    told = found(change(sample()))

    assert [text for _, text in told if words in text], told


# --- one document as three TeX Lives set it: the same words on lines at other places
SET = {int(file.stem[2:]): file.read_bytes() for file in (ROOT / "tests" / "data" / "tex").glob("tl*.pdf")}
BANNERS = {2022: 2022, 2024: 2025, 2026: 2026}  # the years by which they call themselves


@pytest.mark.parametrize(
    ("given", "made", "same"),
    [
        (2022, 2022, Same.BYTES),
        (2022, 2024, Same.TEXT),
        (2024, 2022, Same.TEXT),
        (2024, 2026, Same.NO),  # whose large operators are copied as other characters
    ],
)
def test_pages_of_another_tex_are_compared_by_what_they_say(given, made, same):
    """Where two TeX Lives say the same there is no difference; else the place is named, and the other TeX."""
    found = pages.compare(SET[given], SET[made])

    assert found.same == same
    assert bool(found.places) == (same is Same.NO)
    there, here = (f"TeX Live {BANNERS[year]}" for year in (given, made))
    assert ("" if given == made else f"{there}, here {here}") == found.tex


def test_a_word_that_is_divided_at_the_end_of_a_line_can_be_read():
    """PDFium gives such a hyphen no name: it is one all the same."""
    assert "justifi-cation" in "".join(glyph.text for glyph in View(SET[2022]).glyphs[0])


# --- small changes anywhere
NO_CHANGE = {
    *(document.FREE["trailer"] | document.FREE["stream"] | document.FREE["properties"]) - {"/Root", "/Info"},
    *("/Parent", "/Type", "/Version", "/PageMode", "/P", "/PTEX.Fullbanner", "/Packages", "/Pg"),
}

MAY_BE_LOST = {  # by a program that saves the file
    *catalog.LOST,
    *("/Title", "/Author", "/Subject", "/Keywords", "/Creator", "/Trapped"),
}


def leaves(value, met):
    """Return every number, name, text and stream that a document uses: what holds it, and its key."""
    if getattr(value, "is_indirect", False):
        if value.objgen in met:
            return []
        met.add(value.objgen)
    if isinstance(value, Array):
        items = list(enumerate(value))
    else:
        items = [(key, item) for key, item in value.items() if key not in NO_CHANGE]
    places = [(value, "")] if isinstance(value, Stream) else []
    for key, item in items:
        if isinstance(item, Array | Dictionary | Stream):
            places += leaves(item, met)
        elif item is not None:
            places.append((value, key))
    return places


def mutate(pdf, dice):
    """Change one thing, and say which."""
    places = leaves(pdf.trailer, set())
    streams = [place for place in places if place[1] == ""]
    holder, key = dice.choice(streams if dice.random() < 0.5 else places)
    if key == "":
        content = bytearray(document.unpacked(holder))
        digits = [place for place in range(1, len(content)) if content[place : place + 1].isdigit()]
        firsts = [place for place in digits if content[place - 1 : place] in (b" ", b"(", b"[", b'"', b"\n")]
        place = dice.choice(firsts or digits or range(len(content)))
        content[place] ^= 1 if content[place : place + 1].isdigit() else 0x55
        holder.write(bytes(content))
        return f"byte {place} of a stream {holder.objgen}"
    value = holder[key]
    if key == "/Count" and holder.get("/Type") == Name.Pages:
        raise pikepdf.PdfError("the pages are counted anew when the file is saved: nothing would be changed")
    if not isinstance(holder, Array) and dice.random() < 0.2 and key not in MAY_BE_LOST:
        del holder[key]
        return f"without {key}"
    if isinstance(value, bool):
        holder[key] = not value
    elif isinstance(value, Name | String):
        holder[key] = (Name if isinstance(value, Name) else String)(f"{value}9")
    else:
        holder[key] = value + 1
    return f"another {key} for {value!r}"


@pytest.mark.parametrize(
    "seeds", [range(20), pytest.param(range(20, 540), marks=pytest.mark.slow)], ids=["quick", "all"]
)
def test_no_small_change_passes(seeds):
    """A digit of a stream, a number, a name, a text anywhere in the file, attachments too: each is found."""
    small = sample("2a", "2a")
    passed = []
    for seed in seeds:
        told = []
        dice = random.Random(seed)
        try:
            changed = forged(lambda pdf, dice=dice, told=told: told.append(mutate(pdf, dice)), small)
            if pages.compare(changed, small).same:
                passed.append((seed, *told))
        except (UnjudgedError, pikepdf.PdfError):
            continue

    assert [] == passed
