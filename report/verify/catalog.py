"""What a PDF holds beside the content of its pages: attachments, places, bookmarks, and what is active.

A viewer may show or run what is active; the report has none of it.

Two programs read a sound PDF alike. Of one that was appended to, or that holds objects which its table does
not name, one program may show what another never sees; so that is told too.
"""

from __future__ import annotations

import re
from collections import defaultdict
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pikepdf import Array, Dictionary, Stream

from report.confined import UnjudgedError
from report.verify import document
from report.verify.document import NAME_LIMIT, answer, named, opened, part, unpacked
from report.verify.findings import Carried

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pikepdf import Pdf

    from report.verify.document import Branch

OTHER_FILES, OTHER_BOOKMARKS = "has other attachments", "has other bookmarks"
# What counts in whatever way a program wrote the file, and what a page or the file then has or does.
CLAIMS = {
    "/Title": "has another title",
    "/Author": "names another author",
    "/Subject": "has another subject",
    "/Keywords": "has other keywords",
    **dict.fromkeys(("/First", "/Next"), OTHER_BOOKMARKS),
    "/JavaScript": "has a script",
    "/AA": "runs a script",
    "/OCProperties": "has layers",
    "/Collection": "has a folder of files in place of its pages",
    "/CropBox": "is cropped",
    "/Rotate": "is rotated",
    "/UserUnit": "is in another unit",
}
BANNER = "/PTEX.Fullbanner"  # the property that names the TeX; it stays where a file is only saved
# What programs drop beside the pages when they save or join files.
LOST = {
    **dict.fromkeys(("/StructTreeRoot", "/MarkInfo", "/StructParents", "/Tabs"), "tags"),
    **dict.fromkeys(("/Dests", "/Annots"), "links"),
    **dict.fromkeys(("/Lang", "/OpenAction", "/ViewerPreferences", "/AF"), "properties"),
    "/Outlines": "bookmarks",
    **{holder: holder for holder in ("properties", "attachments")},
}
MADE_ANEW = ("tags", "links", "bookmarks")  # by a program that puts pages into another file
LINK = frozenset(
    {"/Type", "/Subtype", "/Border", "/H", "/C", "/Rect", "/A", "/Dest", "/StructParent", "/P", "/F", "/BS"}
)
ACTION = frozenset({"/Type", "/S", "/D", "/URI"})
DIFFERENCES = 20  # that are told of a page
ATTACHMENT_LIMIT = 50
OUTLINE_LIMIT = 1000
Box = tuple[float, float, float, float]  # left, bottom, right, top
QUESTION = re.compile(r"\bquestion\.(\w+)$")  # the named place of a question
NAMED = ("/F", "/UF", "/DOS", "/Mac", "/Unix")
OBJECT = re.compile(rb"\d+\s+\d+\s+obj\b")  # does not occur by chance in compressed streams
END = re.compile(rb"startxref\s+\d+\s+%%EOF\s{0,8}")


class Found(NamedTuple):
    """Something active: the page (0 for none), what it or the file has or does, and what it may cover."""

    page: int
    what: str
    rectangle: Box | None = None


def attachments(pdf: Pdf) -> dict[str, bytes]:
    """Return the attached files by name.

    Raises
    ------
    UnjudgedError
        A name is a path, occurs twice, or is not the only one; or there are too many.
    """
    found: dict[str, bytes] = {}
    for _, spec in named(pdf, "/EmbeddedFiles"):
        held = part(spec, "/EF")
        name = str(spec.get("/UF", spec.get("/F", ""))) if held else ""
        if set(name) & set("/\\:\0") or name in ("", ".", "..") or len(name) > NAME_LIMIT:
            raise UnjudgedError(f"The PDF holds an attachment whose name is a path: {name[:NAME_LIMIT]!r}.")
        contents = {stream.objgen for stream in held.values() if isinstance(stream, Stream)}
        names = {str(spec[key]) for key in NAMED if key in spec}
        if names - {name} or len(contents) != 1 or {"/FS", "/RF", "/CI"} & {*spec.keys()}:
            raise UnjudgedError(f"The attachment {name!r} of the PDF has two names or contents.")
        if name in found:
            raise UnjudgedError(f"The PDF holds two attachments named {name!r}.")
        if len(found) == ATTACHMENT_LIMIT:
            raise UnjudgedError(f"The PDF holds more than {ATTACHMENT_LIMIT} attachments.")
        found[name] = unpacked(next(iter(held.values())))
    return found


def questions(pdf: Pdf) -> dict[str, tuple[int, float]]:
    """Return where the questions of a report begin: the page, from 1, and the height on it."""
    pages = {page.obj.objgen: number for number, page in enumerate(pdf.pages, start=1)}
    found = {}
    for name, target in named(pdf, "/Dests"):
        goal = target.get("/D") if isinstance(target, Dictionary) else target
        question = QUESTION.search(name)
        if question and isinstance(goal, Array) and len(goal) > 3:
            found[question[1]] = pages.get(goal[0].objgen, 0), float(goal[3])
    return found


def find(content: bytes, pdf: Pdf) -> list[Found]:
    """Name what may be active in a PDF, or makes it more than one table and the objects in it."""
    return [*_revisions(content, pdf), *_in_catalog(pdf), *_on_pages(pdf)]


def bookmarks(pdf: Pdf) -> list[Any]:
    """Return the bookmarks, in order, up to a limit; each once."""
    waiting: list[Any] = [part(pdf.Root, "/Outlines").get("/First")]
    found: list[Any] = []
    met = set()
    while waiting and len(found) < OUTLINE_LIMIT:
        item = waiting.pop()
        if not isinstance(item, Dictionary) or item.objgen in met:
            continue
        met.add(item.objgen)
        found.append(item)
        waiting += [item.get(key) for key in ("/Next", "/First")]
    return found


def differences(
    one: Pdf, other: Pdf, pairs: Sequence[tuple[int, int]]
) -> tuple[list[Branch], tuple[str, ...]]:
    """Compare two documents, `pairs` of whose pages correspond; what the first one lost is named apart.

    A program that puts pages into another file makes their links, tags and bookmarks anew: of these matters
    what `claims`, and what `find` finds.
    """
    joined = BANNER in document.properties(other) and BANNER not in document.properties(one)
    found: dict[int, list[Branch]] = defaultdict(list)
    lost = set()
    more = [] if _metadata_agree(one) else [document.Branch(0, ("catalog", "/Metadata"))]
    for each in (*document.differences(one, other, pairs), *more):
        noun = next((LOST[step] for step in each.path[:2] if step in LOST), "")
        if each.lost and noun and len(each.path) == 2:
            lost.add(noun)
        elif claims(each) or (not (joined and noun in MADE_ANEW) and len(found[each.page]) < DIFFERENCES):
            found[each.page].append(each)
    return [each for page in found.values() for each in page], tuple(sorted(lost))


def _metadata_agree(pdf: Pdf) -> bool:
    """Say whether the metadata of a file, which most programs write, claim no more than its properties do."""
    stream = pdf.Root.get("/Metadata")
    if stream is None:
        return True
    text = unpacked(stream).decode("utf-8", errors="replace")
    claims = re.findall(r"<dc:(?:title|creator|description)>.*?<rdf:li[^>]*>(.*?)</rdf:li>", text, re.DOTALL)
    told = document.properties(pdf).values()
    return "<rdf:RDF" in text and all(unescape(claim).strip() in told for claim in claims)


def claims(branch: Branch) -> bool:
    """Say whether a file says something else, or is active, by a difference; what it lost is nothing."""
    return not branch.lost and (branch.path[-1] in CLAIMS or branch.path[-2] == "/EF")


def _revisions(content: bytes, pdf: Pdf) -> Iterator[Found]:
    if not content.startswith(b"%PDF-"):
        yield Found(0, "has something before its beginning")
    ends = [match.end() for match in END.finditer(content)]
    if not ends or ends[-1] != len(content) or content.count(b"startxref") != len(ends):
        yield Found(0, "has something after its end")
    known = {entry.offset for entry in pdf.get_xref_table().values() if entry.type == 1}
    unknown = [match.start() for match in OBJECT.finditer(content) if match.start() not in known]
    # a linearized file has two ends; one that was saved again keeps what was there before
    if unknown and len(ends) == 1:
        yield Found(0, "has objects that its table does not name")


def _in_catalog(pdf: Pdf) -> Iterator[Found]:
    if "/AcroForm" in pdf.Root:
        yield Found(0, "is signed" if _is_signed(pdf.Root["/AcroForm"]) else "has a form")
    opening = pdf.Root.get("/OpenAction", Array())
    if not (isinstance(opening, Array) or _plain(opening)):
        yield Found(0, "runs a script on opening")
    if any("/A" in item and not _plain(item["/A"]) for item in bookmarks(pdf)):
        yield Found(0, "has a bookmark with a script")


def _on_pages(pdf: Pdf) -> Iterator[Found]:
    for number, page in enumerate(pdf.pages, start=1):
        annotations = page.obj.get("/Annots")
        if not isinstance(annotations, Array):
            continue
        # However many: one that is not looked at may be over an answer. Viewers take a stream for one, too.
        notes = [each for each in annotations if isinstance(each, Dictionary | Stream) and not _is_link(each)]
        open_ = [each for each in notes if not _is_closed(each)]
        told = {each.objgen for each in open_ if each.is_indirect}
        for note in notes:
            if _is_closed(note) and part(note, "/Parent").objgen in told:
                continue
            kind = str(note.get("/Subtype"))[:NAME_LIMIT]
            what = "has a field with a signature" if _is_signature(note) else f"has an annotation ({kind})"
            yield Found(number, what, _rectangle(note.get("/Rect")))


def _is_signed(form: Any) -> bool:
    """Say whether all fields of a form are signatures."""
    fields = part(form).get("/Fields")
    return isinstance(fields, Array) and len(fields) > 0 and all(map(_is_signature, fields))


def _is_signature(field: Any) -> bool:
    return part(field).get("/FT") == "/Sig"


def _is_link(annotation: Any) -> bool:
    """Say whether an annotation is a link that paints nothing and leads somewhere."""
    border, style = annotation.get("/Border"), part(annotation, "/BS")
    unseen = style.get("/W") == 0 if style else isinstance(border, Array) and list(border)[:3] == [0, 0, 0]
    leads = "/A" not in annotation or _plain(annotation["/A"])
    return annotation.get("/Subtype") == "/Link" and {*annotation.keys()} <= LINK and unseen and leads


def _is_closed(annotation: Any) -> bool:
    """Say whether an annotation is the window of a note, which is told by itself."""
    return annotation.get("/Subtype") == "/Popup" and "/Parent" in annotation and "/AP" not in annotation


def _plain(action: Any) -> bool:
    """Say whether an action only leads to a place or a page of the web."""
    found = part(action)
    return {*found.keys()} <= ACTION and found.get("/S") in ("/GoTo", "/URI")


def _rectangle(value: Any) -> Box | None:
    try:
        x0, y0, x1, y1 = (float(number) for number in value)
    except (TypeError, ValueError):
        return None
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


def read(given: bytes) -> Carried:
    """Read what a PDF carries; if it lost its attachments, also its first words, which name the author."""
    pdf, words = opened(given), ""
    found = attachments(pdf)
    if not found:
        from report.verify.view import View  # noqa: PLC0415 - heavy, and rarely needed

        words = " ".join(word.text for page in View(given).words[:3] for word in page)
    return Carried(found, len(pdf.pages), words)


if __name__ == "__main__":
    answer(lambda arguments: read(Path(arguments[0]).read_bytes()))
