"""What a viewer may show beside the pages' own content, or instead of it: the report has none of it.

Two programs read a sound PDF alike. Of one that was appended to, or that holds objects which its table does
not name, one program may show what another never sees; so only what TeX writes is taken: one table, no more
objects than it names, and entries that are known to show nothing.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Any

from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from pypdf import PageObject, PdfReader

NAME_LIMIT = 200
CATALOG = frozenset(
    {
        *("/Type", "/Pages", "/Outlines", "/Names", "/AF", "/PageMode", "/ViewerPreferences", "/Lang"),
        *("/OpenAction", "/MarkInfo", "/StructTreeRoot"),
    }
)
# The structure that a document is read aloud by: which piece of a page is what, and descriptions of pictures.
STRUCTURE = frozenset({"/Type", "/K", "/ParentTree", "/ParentTreeNextKey"})
ELEMENT = frozenset({"/Type", "/S", "/P", "/K", "/Alt"})
PIECE = frozenset({"/Type", "/Pg", "/MCID"})
ELEMENT_LIMIT = 20_000
NAMES = frozenset({"/Dests", "/EmbeddedFiles"})
LINK = frozenset({"/Type", "/Subtype", "/Border", "/H", "/C", "/Rect", "/A"})
ACTION = frozenset({"/Type", "/S", "/D", "/URI"})
WORDS = {"/AcroForm": "a form", "/OCProperties": "layers", "/AA": "a script", "/JavaScript": "a script"}
PACKED = (None, "/FlateDecode")
OUTLINE_LIMIT = 1000
# No other keyword of a PDF begins so; in compressed streams it does not occur by chance.
OBJECT = re.compile(rb"\d+\s+\d+\s+obj\b")
END = re.compile(rb"startxref\s+\d+\s+%%EOF\s*")


def additions(file: bytes, reader: PdfReader, pages: list[PageObject]) -> Iterator[str]:
    """Name all of it.

    Parameters
    ----------
    file : bytes
        The PDF.
    reader : PdfReader
        What reads it.
    pages : list of PageObject
        Its pages.
    """
    yield from _revisions(file, reader)
    catalog = reader.root_object
    yield from _unknown(catalog, CATALOG)
    yield from _unknown(part(catalog, "/Names"), NAMES)
    opening = part(catalog, "/OpenAction")
    if opening and isinstance(opening, dict) and not _plain(opening):
        yield "a script"
    if part(catalog, "/Pages").get("/Count") != len(pages):
        yield "a wrong count of its pages"
    yield from _on_pages(pages)
    yield from _structure(catalog)
    if any("/A" in item and not _plain(part(item, "/A")) for item in outlines(catalog)):
        yield "a bookmark with a script"
    if "/EmbeddedFiles" in part(catalog, "/Names"):
        listed = {_number(file.pdf_object) for file in reader.attachment_list}
        if {_number(spec.get_object()) for spec in part(catalog, "/AF")} - listed:
            yield "a file that is not among its attachments"


def part(dictionary: Any, key: str) -> Any:
    """Give a dictionary within a dictionary; an empty one if there is none."""
    found = dictionary.get(key)
    return {} if found is None else found.get_object()


def outlines(catalog: Any) -> Iterator[Any]:
    """Give the bookmarks, up to a limit; each once."""
    waiting, met = [part(catalog, "/Outlines").get("/First")], set[int]()
    while waiting and len(met) < OUTLINE_LIMIT:
        reference = waiting.pop()
        item = reference.get_object() if reference is not None else None
        if not isinstance(item, DictionaryObject) or id(item) in met:
            continue
        met.add(id(item))
        yield item
        waiting += [item.raw_get(key) for key in ("/Next", "/First") if key in item]


def elements(catalog: Any) -> Iterator[Any]:
    """Give the elements of the structure, up to a limit."""
    document = part(part(catalog, "/StructTreeRoot"), "/K")
    for element in itertools.islice(part(document, "/K"), ELEMENT_LIMIT):
        yield element.get_object()


def _structure(catalog: Any) -> Iterator[str]:
    """Name what the structure says beside what TeX gives it; it is one level deep."""
    structure = part(catalog, "/StructTreeRoot")
    yield from _unknown(structure, STRUCTURE)
    yield from _unknown(part(structure, "/K"), ELEMENT)
    for element in elements(catalog):
        yield from _unknown(element, ELEMENT)
        for piece in itertools.islice(part(element, "/K"), ELEMENT_LIMIT):
            yield from _unknown(piece.get_object(), PIECE)


def _revisions(file: bytes, reader: PdfReader) -> Iterator[str]:
    """Name what makes a file more than one table and the objects in it."""
    if not file.startswith(b"%PDF-"):
        yield "something before its beginning"
    ends = [match.end() for match in itertools.islice(END.finditer(file), 2)]
    if ends != [len(file)] or file.count(b"startxref") != 1:
        yield "something after its end"
    if {"/Prev", "/XRefStm"} & {*reader.trailer}:
        yield "an earlier revision"
    known = {offset for table in reader.xref.values() for offset in table.values()}
    if any(match.start() not in known for match in OBJECT.finditer(file)):
        yield "objects that its table does not name"


def _unknown(dictionary: Any, known: Collection[str]) -> Iterator[str]:
    for key in dictionary:
        if key not in known:
            yield WORDS.get(key, f"an entry {key}")[:NAME_LIMIT]


def _on_pages(pages: list[PageObject]) -> Iterator[str]:
    """Name what lies over single pages, and content that is kept as TeX keeps none."""
    for number, page in enumerate(pages, start=1):
        if not all(_is_packed(stream.get_object()) for stream in _streams(page)):
            yield f"another packing of page {number}"
        if "/AA" in page:
            yield f"a script on page {number}"
        for reference in part(page, "/Annots"):
            annotation = reference.get_object()
            if not _is_link(annotation):
                yield f"an annotation ({annotation.get('/Subtype')}) on page {number}"[:NAME_LIMIT]


def _streams(page: PageObject) -> Iterable[Any]:
    """Give the streams that a page's content is made of."""
    contents = part(page, "/Contents")
    return contents if isinstance(contents, ArrayObject) else [contents] if contents else []


def _is_packed(stream: Any) -> bool:
    """Tell whether a stream is packed as TeX does it: in its own file, in a way that every program knows."""
    return {*stream} <= {"/Length", "/Filter"} and stream.get("/Filter") in PACKED


def _is_link(annotation: Any) -> bool:
    """Tell whether an annotation is a link that paints nothing and leads somewhere."""
    return (
        annotation.get("/Subtype") == "/Link"
        and {*annotation} <= LINK
        and annotation.get("/Border") == [0, 0, 0]
        and _plain(part(annotation, "/A"))
    )


def _plain(action: Any) -> bool:
    """Tell whether an action only leads to a place or a page of the web."""
    return {*action} <= ACTION and action.get("/S") in {"/GoTo", "/URI"}


def _number(dictionary: Any) -> int:
    reference = dictionary.indirect_reference
    return reference.idnum if isinstance(reference, IndirectObject) else 0
