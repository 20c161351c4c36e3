"""Reading a PDF in a process of its own, under limits: all that verify wants to know of it, as plain data.

Run by `report.verify.confined.run`. Whatever a hostile file does to the parser happens here.
"""

from __future__ import annotations

import base64
import io
import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pypdf import PdfReader, apply_configuration
from pypdf.errors import DependencyError, PyPdfError
from pypdf.generic import ContentStream

from report.evidence import ATTACHED
from report.verify import confined, content
from report.verify.canvas import FRONT, Canvas, Mark
from report.verify.errors import UnjudgedError
from report.verify.objects import digest, resource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypdf import PageObject

PAGE_LIMIT = 200
STREAM_LIMIT = 8 * 2**20  # bytes of one stream, unpacked
ATTACHMENT_LIMIT = 50
NAME_LIMIT = 200
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
BOXES = ("/MediaBox", "/CropBox", "/TrimBox", "/BleedBox", "/ArtBox", "/Rotate", "/UserUnit")


def document(file: bytes) -> dict[str, Any]:
    """Give what is on the pages and in the attachments of a PDF, of JSON's own types.

    Raises
    ------
    UnjudgedError
        It is damaged or encrypted, or goes beyond a limit.
    """
    try:
        with apply_configuration(**LIMITS):
            return _document(PdfReader(io.BytesIO(file), strict=True))
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


def _document(reader: PdfReader) -> dict[str, Any]:
    if reader.is_encrypted:
        raise UnjudgedError("The PDF is encrypted: hand in one without a password.")
    pages = list(itertools.islice(reader.pages, PAGE_LIMIT + 1))
    if len(pages) > PAGE_LIMIT:
        raise UnjudgedError(f"The PDF has more than {PAGE_LIMIT} pages.")
    marks, fonts, region = list[Mark](), dict[str, str](), FRONT
    for number, page in enumerate(pages, start=1):
        canvas = Canvas(_part(page, "/Resources"), number, region, marks)
        if "/Contents" in page:
            content.read(canvas, ContentStream(page["/Contents"], reader).operations)
        region = canvas.region  # a question goes on from page to page
        fonts |= _fonts(canvas.resources)
    information: Any = reader.metadata or {}
    return {
        "tex": [str(information.get(name, ""))[:NAME_LIMIT] for name in ("/PTEX.Fullbanner", "/Packages")],
        "boxes": [[str(page.get(name, "")) for name in BOXES] for page in pages],
        "additions": sorted(_additions(reader, pages)),
        "fonts": fonts,
        "marks": marks,
        **_attachments(reader),
    }


def _part(dictionary: Any, key: str) -> Any:
    """Give a dictionary within a dictionary; an empty one if there is none."""
    found = dictionary.get(key)
    return {} if found is None else found.get_object()


def _fonts(resources: Any) -> dict[str, str]:
    """Give a digest of the outlines of each font, by its name without the subset's tag."""
    found = {}
    for name in _part(resources, "/Font"):
        font = resource(resources, "/Font", name)
        descriptor = _part(font, "/FontDescriptor")
        outlines = [descriptor.get(key) for key in ("/FontFile", "/FontFile2", "/FontFile3")]
        called = f"{str(font.get('/BaseFont', '')).rpartition('+')[2]} {font.get('/Subtype')}"
        found[called] = " ".join(digest(part) for part in (*outlines, font.get("/CharProcs")))
    return found


def _additions(reader: PdfReader, pages: list[PageObject]) -> Iterator[str]:
    """Name what a viewer may show beside the pages' own content, or instead of it; the report has none."""
    catalog = reader.root_object
    for key, name in {"/AcroForm": "a form", "/OCProperties": "layers", "/AA": "a script"}.items():
        if key in catalog:
            yield name
    opening = _part(catalog, "/OpenAction")
    runs = isinstance(opening, dict) and opening.get("/S") != "/GoTo"
    if runs or "/JavaScript" in _part(catalog, "/Names"):
        yield "a script"
    for number, page in enumerate(pages, start=1):
        if "/AA" in page:
            yield f"a script on page {number}"
        for reference in _part(page, "/Annots"):
            annotation = reference.get_object()
            if annotation.get("/Subtype") != "/Link" or "/AP" in annotation:
                yield f"an annotation ({annotation.get('/Subtype')}) on page {number}"[:NAME_LIMIT]


def _attachments(reader: PdfReader) -> dict[str, Any]:
    """Give the four attached files by name, and the names of further ones."""
    found: dict[str, str] = {}
    others = []
    for file in itertools.islice(reader.attachment_list, ATTACHMENT_LIMIT + 1):
        name = str(file.name)
        if set(name) & set("/\\:\0") or name in ("", ".", "..") or len(name) > NAME_LIMIT:
            raise UnjudgedError(f"The PDF holds an attachment whose name is a path: {name[:NAME_LIMIT]!r}.")
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


def _sentence(error: Exception) -> str:
    """Give the first line of an error of the parser, with a full stop."""
    text = (str(error).splitlines() or [""])[0][:NAME_LIMIT]
    return f"{text or type(error).__name__}".rstrip(".") + "."


if __name__ == "__main__":
    confined.answer(lambda arguments: document(Path(arguments[0]).read_bytes()))
