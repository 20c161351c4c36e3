"""Reading a PDF in a process of its own, under limits: all that verify wants to know of it, as plain data.

Run by `report.verify.confined.run`. Whatever a hostile file does to the parser happens here.
"""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pypdf import PdfReader, apply_configuration
from pypdf.errors import DependencyError, PyPdfError
from pypdf.generic import ArrayObject, ContentStream, DictionaryObject, IndirectObject, NameObject

from report.results import ATTACHED
from report.verify import confined, content
from report.verify.additions import additions, elements, outlines, part
from report.verify.canvas import FRONT, Canvas, Mark
from report.verify.errors import UnjudgedError
from report.verify.objects import digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypdf import PageObject
    from pypdf.generic import EmbeddedFile

PAGE_LIMIT = 200
STREAM_LIMIT = 8 * 2**20  # bytes of one stream, unpacked
ATTACHMENT_LIMIT = 50
NAME_LIMIT = 200
NAMED = ("/F", "/UF", "/DOS", "/Mac", "/Unix")
LIMITS: dict[str, Any] = {
    "maximum_declared_stream_length": STREAM_LIMIT,
    "array_based_stream_maximum_output_length": STREAM_LIMIT,
    "zlib_maximum_output_length": STREAM_LIMIT,
    "lzw_maximum_output_length": STREAM_LIMIT,
    "run_length_maximum_output_length": STREAM_LIMIT,
    "brotli_maximum_output_length": STREAM_LIMIT,
    "jbig2_maximum_output_length": STREAM_LIMIT,
    "stream_filters_maximum_length": 4,
    "jbig2dec_binary": None,  # no other program is run
    "disable_legacy_handling": True,
}
PROPERTIES = ("/Title", "/Author", "/Subject", "/Keywords")
BOXES = ("/MediaBox", "/CropBox", "/TrimBox", "/BleedBox", "/ArtBox", "/Rotate", "/UserUnit")
# What is read by itself; whatever else a page says is compared as a whole.
PAGE = frozenset(
    {"/Type", "/Parent", "/Contents", "/Resources", "/Annots", "/StructParents", "/Tabs", *BOXES}
)
RESOURCES = frozenset({"/Font", "/XObject", "/ProcSet"})


def document(file: bytes) -> dict[str, Any]:
    """Give what is on the pages and in the attachments of a PDF, of JSON's own types.

    Raises
    ------
    UnjudgedError
        It is damaged or encrypted, or goes beyond a limit.
    """
    try:
        with apply_configuration(**LIMITS):
            return _document(file, PdfReader(io.BytesIO(file), strict=True))
    except (UnjudgedError, MemoryError):
        raise
    except DependencyError as error:
        raise UnjudgedError("The PDF is encrypted: hand in one without a password.") from error
    except RecursionError as error:
        raise UnjudgedError("The PDF nests objects too deeply.") from error
    except PyPdfError as error:
        raise UnjudgedError(f"The PDF is damaged: {_sentence(error)}") from error
    except Exception as error:  # a parser meets a hostile file: whatever it stumbles over is the file's fault
        raise UnjudgedError(f"The PDF is damaged ({type(error).__name__}).") from error


def _document(file: bytes, reader: PdfReader) -> dict[str, Any]:
    if reader.is_encrypted:
        raise UnjudgedError("The PDF is encrypted: hand in one without a password.")
    pages = list(itertools.islice(reader.pages, PAGE_LIMIT + 1))
    if len(pages) > PAGE_LIMIT:
        raise UnjudgedError(f"The PDF has more than {PAGE_LIMIT} pages.")
    marks, fonts, known, region = list[Mark](), dict[str, set[str]](), dict[int, str](), FRONT
    boxes, contents = list[list[str]](), list[str]()
    for number, page in enumerate(pages, start=1):
        canvas = Canvas(part(page, "/Resources"), number, region, marks)
        stream = ContentStream(page.get("/Contents"), reader)
        contents.append(hashlib.sha256(stream.get_data()).hexdigest())
        content.read(canvas, stream.operations)
        region = canvas.region  # a question goes on from page to page
        for name, outline in _fonts(canvas.resources, known):
            fonts.setdefault(name, set()).add(outline)
        boxes.append([*(str(page.get(name, "")) for name in BOXES), _entries(page, canvas.resources)])
    information: Any = reader.metadata or {}
    return {
        "tex": [str(information.get(name, ""))[:NAME_LIMIT] for name in ("/PTEX.Fullbanner", "/Packages")],
        "boxes": boxes,
        "additions": sorted({*additions(file, reader, pages)}),
        "fonts": {name: sorted(outlines) for name, outlines in fonts.items()},
        "marks": marks,
        "contents": contents,
        "titles": _titles(reader, information),
        **_attachments(reader),
    }


def _fonts(resources: Any, known: dict[int, str]) -> Iterator[tuple[str, str]]:
    """Give each font's name without the subset's tag, and digests of its outlines and of all of it."""
    fonts = part(resources, "/Font")
    for name in fonts:
        reference = fonts.raw_get(name)
        number = reference.idnum if isinstance(reference, IndirectObject) else 0
        font = reference.get_object()
        if not number or number not in known:
            descriptor = part(font, "/FontDescriptor")
            outlines = [descriptor.get(key) for key in ("/FontFile", "/FontFile2", "/FontFile3")]
            known[number] = f"{digest(ArrayObject([*outlines, font.get('/CharProcs')]))} {digest(font)}"
        yield f"{str(font.get('/BaseFont', '')).rpartition('+')[2]} {font.get('/Subtype')}", known[number]


def _entries(page: PageObject, resources: Any) -> str:
    """Give a digest of what a page says beside its content, fonts and figures; empty if it says nothing."""
    other = {key: page.raw_get(key) for key in page if key not in PAGE}
    other |= {f"/Resources{key}": resources.raw_get(key) for key in resources if key not in RESOURCES}
    return digest(DictionaryObject({NameObject(key): value for key, value in other.items()})) if other else ""


def _titles(reader: PdfReader, information: Any) -> list[str]:
    """Give what a viewer shows or reads beside the pages: properties, bookmarks, descriptions."""
    pictures = (str(element["/Alt"]) for element in elements(reader.root_object) if "/Alt" in element)
    bookmarks = (f"{item.get('/Title')} {part(item, '/A')}" for item in outlines(reader.root_object))
    return [
        text[:NAME_LIMIT]
        for text in (*(str(information.get(name, "")) for name in PROPERTIES), *bookmarks, *pictures)
    ]


def _attachments(reader: PdfReader) -> dict[str, Any]:
    """Give the four attached files by name, and the names of further ones."""
    found: dict[str, str] = {}
    others = []
    for file in itertools.islice(reader.attachment_list, ATTACHMENT_LIMIT + 1):
        name = str(file.name)
        if set(name) & set("/\\:\0") or name in ("", ".", "..") or len(name) > NAME_LIMIT:
            raise UnjudgedError(f"The PDF holds an attachment whose name is a path: {name[:NAME_LIMIT]!r}.")
        _check_names(file, name)
        if name in found or name in others:
            raise UnjudgedError(f"The PDF holds two attachments named {name!r}.")
        if name in ATTACHED:
            found[name] = base64.b64encode(file.content).decode()
        else:
            others.append(name)
    if len(found) + len(others) > ATTACHMENT_LIMIT:
        raise UnjudgedError(f"The PDF holds more than {ATTACHMENT_LIMIT} attachments.")
    if missing := [name for name in ATTACHED if name not in found]:
        raise UnjudgedError(
            f"The PDF does not carry {', '.join(missing)}: this program did not make it, or attachments were "
            "taken out of it."
        )
    return {"attached": found, "others": others}


def _check_names(file: EmbeddedFile, name: str) -> None:
    """Refuse an attachment that one viewer knows by another name, or with another content, than another."""
    spec = file.pdf_object
    names = {str(spec[key]) for key in NAMED if key in spec}
    contents = {str(part(spec, "/EF").raw_get(key)) for key in part(spec, "/EF")}
    if names - {name} or len(contents) != 1 or {"/FS", "/RF", "/CI"} & {*spec}:
        raise UnjudgedError(f"The PDF holds an attachment {name!r} of two names or contents.")


def _sentence(error: Exception) -> str:
    """Give the first line of an error of the parser, with a full stop."""
    text = (str(error).splitlines() or [""])[0][:NAME_LIMIT]
    return f"{text or type(error).__name__}".rstrip(".") + "."


if __name__ == "__main__":
    confined.answer(lambda arguments: document(Path(arguments[0]).read_bytes()))
