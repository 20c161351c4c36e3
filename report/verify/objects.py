"""PDF objects that are compared as a whole: a digest of all that an object holds, with limits."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

from report.verify.errors import UnjudgedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEEPEST = 40
OBJECT_LIMIT = 20_000  # of one figure or font
# How a stream was packed: two equal figures may differ there. What is unpacked here is no part of the look.
PACKING = frozenset({"/Length", "/Filter", "/DecodeParms", "/DL"})
UNPACKED = ("/FlateDecode", ["/FlateDecode"])


def resource(resources: Mapping[str, Any], kind: str, name: str) -> Any:
    """Give a named resource of a page, such as a font; None if there is none."""
    group = resources.get(kind)
    found = group.get_object().get(name) if group is not None else None
    return found.get_object() if found is not None else None


def digest(value: Any) -> str:
    """Give a sha256 of an object and all that it refers to, streams unpacked.

    Raises
    ------
    UnjudgedError
        It is nested too deeply, or holds too many objects.
    """
    found = hashlib.sha256()
    for count, piece in enumerate(_pieces(value, 0, ()), start=1):
        if count > OBJECT_LIMIT:
            raise UnjudgedError(f"The PDF holds a figure or font of more than {OBJECT_LIMIT:,} objects.")
        found.update(piece)
    return found.hexdigest()


def _pieces(value: Any, depth: int, above: tuple[int, ...]) -> Iterator[bytes]:
    """Walk an object; a reference back to one that is being walked is only named."""
    if depth > DEEPEST:
        raise UnjudgedError(f"The PDF nests objects more than {DEEPEST} deep.")
    if isinstance(value, IndirectObject):
        if value.idnum in above:
            yield b"back"
            return
        yield from _pieces(value.get_object(), depth + 1, (*above, value.idnum))
    elif isinstance(value, DictionaryObject):
        flat = isinstance(value, StreamObject) and value.get("/Filter") in (None, *UNPACKED)
        for key in sorted(key for key in value if not (flat and key in PACKING)):
            yield f"\n{key} ".encode()
            yield from _pieces(value.raw_get(key), depth + 1, above)
        if isinstance(value, StreamObject):
            content = value.get_data()
            yield f"\nstream {len(content)}\n".encode() + content
    elif isinstance(value, ArrayObject):
        yield f"[{len(value)}".encode()
        for item in value:
            yield from _pieces(item, depth + 1, above)
    else:
        yield f"{type(value).__name__} {value!r} ".encode()
