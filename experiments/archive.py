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
        if info.size > MEMBER_LIMIT:
            raise DataError(f"{where} has more than {MEMBER_LIMIT >> 20} MiB; give the four CSV files alone")
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
    offset, long_name, extended = 0, "", False
    while block := blob[offset : offset + _BLOCK].rstrip(b"\0"):
        try:
            info = tarfile.TarInfo.frombuf(block.ljust(_BLOCK, b"\0"), "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise _damaged(path, f"byte {offset}: {error}") from None
        start = offset + _BLOCK
        end = start + (0 if info.isdir() else info.size)
        offset = end + -end % _BLOCK
        if info.size < 0 or offset > len(blob):
            raise _damaged(path, f"it ends within member {excerpt(info.name, 200)}")
        extended = info.type in {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME}
        if extended:
            name = _long_name(info, blob[start:end], path)
            if name and long_name:
                raise _damaged(path, f"byte {start}: a second long name for one member")
            long_name = name or long_name
        else:
            info.name, long_name = long_name or info.name, ""
            yield info, blob[start:end]
    if extended or blob[offset:].strip(b"\0"):
        raise _damaged(path, f"byte {offset}: it goes on after its end, or ends before")


def _long_name(info: tarfile.TarInfo, content: bytes, path: Path) -> str:
    """Return the name that an extended header gives to the next member; "" if it gives none."""
    if len(content) > _EXTENSION_LIMIT:
        raise _damaged(path, "an extended header of more than 64 KiB")
    if info.type == tarfile.GNUTYPE_LONGNAME:
        names = [content.partition(b"\0")[0]]
    else:
        records = list(_records(content, path))
        # a sparse file, or a size or a path for many members: nothing that plain files need
        if any(key == b"size" or key.startswith(b"GNU.sparse") for key, _ in records):
            raise _damaged(path, "an extended header gives a size")
        names = [value for key, value in records if key == b"path"]
    if names and (len(names) > 1 or not names[0] or info.type == tarfile.XGLTYPE):
        raise _damaged(path, "an extended header gives no name, or more than one")
    return names[0].decode("utf-8", "surrogateescape") if names else ""


def _records(content: bytes, path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Yield key and value of an extended header's records: the record's length, a blank, key=value, LF."""
    start = 0
    while start < len(content):
        digits, blank, _ = content[start : start + 8].partition(b" ")
        end = start + int(digits) if digits.isdigit() else 0
        key, equals, value = content[start + len(digits) + 1 : end].partition(b"=")
        if not (blank and equals and value.endswith(b"\n")) or end > len(content):
            raise _damaged(path, "an extended header that cannot be read")
        yield key, value[:-1]
        start = end


def _damaged(path: Path, how: str) -> DataError:
    return DataError(f"{path} is no plain tar archive ({how}); pack the four files anew")
