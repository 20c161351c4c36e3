"""The files in a data.tgz, read in memory: nothing is unpacked to disk, and limits hold while reading.

Headers are decoded by the standard library (`tarfile.TarInfo.frombuf`). The walk from header to header is our
own: `tarfile.open` spends quadratic time on a hostile extended header, recurses once for each of a chain of
them, and takes a damaged header for the end of the archive.
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from experiments.errors import DataError
from experiments.plaintext import excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MEMBER_LIMIT = 32 * 2**20  # bytes of one file
TOTAL_LIMIT = 4 * MEMBER_LIMIT  # bytes of everything together, unpacked
_EXTENSION_LIMIT = 64 * 2**10  # bytes of one extended header: a long name and some times
_BLOCK = tarfile.BLOCKSIZE


def members(path: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Yield name and content of each regular file in a gzipped tar archive, in the archive's order.

    Raises
    ------
    DataError
        If the archive is damaged, cut off or too large, or holds a link, a device, an absolute path, a path
        with "..", or a path twice.
    """
    seen: set[PurePosixPath] = set()
    for info, content in _entries(_unzipped(path), path):
        where = f"{path}: member {excerpt(info.name, 200)}"
        name = PurePosixPath(info.name)
        if name.is_absolute() or ".." in name.parts or "\\" in info.name or info.name[1:2] == ":":
            raise DataError(f"{where} points outside the archive's folder; pack the plain files anew")
        if not (info.isreg() or info.isdir()) or info.type == tarfile.GNUTYPE_SPARSE:
            raise DataError(f"{where} is a link, a device or another special file; pack the plain files anew")
        if name in seen and info.isreg():
            raise DataError(f"{where} occurs twice; pack each file once")
        seen.add(name)
        if info.isreg():
            yield name, content


def _unzipped(path: Path) -> bytes:
    with path.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            raise DataError(f"{path} is no gzip archive; name a data.tgz or a folder with the four CSV files")
    try:
        with gzip.open(path) as stream:
            blob = stream.read(TOTAL_LIMIT + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path} is cut off or damaged ({error}); fetch it anew") from None
    if len(blob) > TOTAL_LIMIT:
        raise DataError(f"{path} unpacks to more than {TOTAL_LIMIT >> 20} MiB; give the four CSV files alone")
    return blob


def _entries(blob: bytes, path: Path) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    """Yield header and content of each entry, extended headers applied."""
    offset, long_name = 0, ""
    while block := blob[offset : offset + _BLOCK]:
        if not block.strip(b"\0"):
            break
        try:
            info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise DataError(
                f"{path} is not a sound tar archive, byte {offset}: {error}; fetch it anew"
            ) from None
        start = offset + _BLOCK
        end = start + (0 if info.isdir() else info.size)
        if info.size < 0 or end > len(blob):
            raise DataError(f"{path} ends within member {excerpt(info.name, 200)}; fetch it anew")
        offset = end + -end % _BLOCK
        if info.type in {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME}:
            if info.size > _EXTENSION_LIMIT:
                raise DataError(f"{path}: an extended header has more than 64 KiB; pack the plain files anew")
            long_name = _long_name(info, blob[start:end], path) or long_name
            continue
        if info.size > MEMBER_LIMIT:
            where = f"{path}: member {excerpt(info.name, 200)}"
            raise DataError(f"{where} has more than {MEMBER_LIMIT >> 20} MiB; give the four CSV files alone")
        info.name, long_name = long_name or info.name, ""
        yield info, blob[start:end]
    if long_name or blob[offset:].strip(b"\0"):
        raise DataError(f"{path} goes on after its end, byte {offset}; fetch it anew")


def _long_name(info: tarfile.TarInfo, content: bytes, path: Path) -> str:
    """Return the name that an extended header gives to the next member; "" if it gives none."""
    if info.type == tarfile.GNUTYPE_LONGNAME:
        return content.rstrip(b"\0").decode("utf-8", "surrogateescape")
    name = ""
    while content:  # records "LENGTH KEY=VALUE\n", LENGTH counting the record's bytes
        digits, blank, _ = content[:8].partition(b" ")
        length = int(digits) if digits.isdigit() else 0
        record, content = content[len(digits) + 1 : length], content[length:]
        key, equals, value = record.partition(b"=")
        sound = blank and equals and value.endswith(b"\n")
        # a size or a path for all members, or a sparse file: nothing that a plain archive needs
        odd = (
            key == b"size"
            or key.startswith(b"GNU.sparse")
            or (key == b"path" and info.type == tarfile.XGLTYPE)
        )
        if odd or not sound:
            raise DataError(f"{path}: an extended header cannot be read; pack the plain files anew")
        if key == b"path":
            name = value[:-1].decode("utf-8", "surrogateescape")
    return name
