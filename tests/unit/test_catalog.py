"""What a viewer may show or run beside the pages' own content: each kind is named, with its page."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name

from report.verify import catalog

if TYPE_CHECKING:
    from collections.abc import Callable

SCRIPT = Dictionary(S=Name.JavaScript, JS="app.alert(1)")
WEB = Dictionary(S=Name.URI, URI="https://example.org")
PLAIN = {"Subtype": Name.Link, "Border": Array([0, 0, 0]), "Rect": Array([0, 0, 9, 9])}


def saved(root: dict[str, Any], page: dict[str, Any]) -> bytes:
    """Write a PDF of one page with further entries in its catalog and on its page."""
    pdf, out = pikepdf.new(), io.BytesIO()
    pdf.add_blank_page()
    for place, entries in ((pdf.Root, root), (pdf.pages[0].obj, page)):
        for key, value in entries.items():
            place[f"/{key}"] = value
    pdf.save(out)
    return out.getvalue()


def found(content: bytes) -> list[tuple[int, str]]:
    """Return what is found in a PDF: the page and the words."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return [(each.page, each.what) for each in catalog.find(content, pdf)]


@pytest.mark.parametrize(
    ("root", "page", "told"),
    [
        ({}, {}, []),
        ({"OpenAction": WEB}, {"Annots": Array([Dictionary(**PLAIN, A=WEB)])}, []),
        ({"AcroForm": Dictionary()}, {}, [(0, "has a form")]),
        ({"OCProperties": Dictionary()}, {}, [(0, "has layers")]),
        ({"Collection": Dictionary()}, {}, [(0, "has a folder of files in place of its pages")]),
        ({"AA": Dictionary()}, {}, [(0, "runs a script")]),
        ({"Names": Dictionary(JavaScript=Dictionary())}, {}, [(0, "has a script")]),
        ({"OpenAction": SCRIPT}, {}, [(0, "runs a script on opening")]),
        ({}, {"AA": Dictionary(O=SCRIPT)}, [(1, "runs a script")]),
        ({}, {"CropBox": Array([0, 0, 9, 9])}, [(1, "is cropped")]),
        ({}, {"Rotate": 90}, [(1, "is rotated")]),
        ({}, {"UserUnit": 2}, [(1, "is in another unit")]),
        ({}, {"Annots": Array([Dictionary(Subtype=Name.Text)])}, [(1, "has an annotation (/Text)")]),
        ({}, {"Annots": Array([Dictionary(**PLAIN, A=SCRIPT)])}, [(1, "has an annotation (/Link)")]),
    ],
)
def test_what_is_active_is_named(root: dict[str, Any], page: dict[str, Any], told: list[Any]) -> None:
    """A form, a layer, a script, a note, another cut or turn of the page; plain links are none of it."""
    assert found(saved(root, page)) == told


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda content: b"x" + content, "has something before its beginning"),
        (lambda content: content + b"x", "has something after its end"),
    ],
)
def test_what_stands_around_the_file_is_named(change: Callable[[bytes], bytes], told: str) -> None:
    """What one program may read, and another never sees."""
    assert (0, told) in found(change(saved({}, {})))
