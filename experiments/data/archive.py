"""The files in an archive, tar or zip, compressed or not, read in memory: nothing is unpacked to disk."""

from __future__ import annotations

import bz2
import contextlib
import functools
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from experiments.data.form import FILE_LIMIT, foreign
from experiments.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Members = dict[PurePosixPath, Callable[[], bytes]]

SUFFIXES = (".tgz", ".tar.gz", ".tar", ".zip", ".tar.bz2", ".tar.xz")
TOTAL_LIMIT = 4 * FILE_LIMIT  # bytes of everything together, unpacked
_COMPRESSED: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
}


def members(path: Path) -> Members:
    """Return the regular files of an archive, each with a function that reads it.

    What kind of archive it is, its first bytes say: a browser may have unzipped it and kept the name.

    Raises
    ------
    DataError
        If it is no archive, damaged, cut off or too large.
    """
    with path.open("rb") as stream:
        head = stream.read(1000)
    with _readable(path):
        if zipfile.is_zipfile(path):
            return _in_zip(path)
        opened = next((kind for magic, kind in _COMPRESSED.items() if head.startswith(magic)), open)
        with opened(path, "rb") as stream:  # whole, so that its checksum is verified
            blob = stream.read(TOTAL_LIMIT + 1)
        if len(blob) > TOTAL_LIMIT:
            raise DataError(
                f"{path} unpacks to more than {TOTAL_LIMIT >> 20} MiB; pack the four CSV files alone"
            )
        if opened is open and b"ustar" not in head[257:265]:
            kind = foreign(head) or "no archive"
            raise DataError(f"{path} is {kind}; name a data.tgz, a zip or a folder with the four CSV files")
        return _in_tar(path, blob)


def _in_zip(path: Path) -> Members:
    archive = zipfile.ZipFile(path)
    return {
        _name(info.filename): functools.partial(
            _content, path, info.filename, info.file_size, archive.open, info
        )
        for info in archive.infolist()
        if not info.is_dir()
    }


def _in_tar(path: Path, blob: bytes) -> Members:
    tar = tarfile.open(fileobj=io.BytesIO(blob), mode="r:")  # noqa: SIM115 - members are read from it later
    files = [info for info in tar.getmembers() if info.isreg()]
    if blob[tar.offset :].strip(b"\0"):  # tarfile takes a damaged header for the end
        raise tarfile.ReadError(f"unreadable from byte {tar.offset}")
    return {
        _name(info.name): functools.partial(_content, path, info.name, info.size, tar.extractfile, info)
        for info in files
    }


def _name(text: str) -> PurePosixPath:
    return PurePosixPath(text.replace("\\", "/"))


def _content(path: Path, name: str, size: int, opened: Callable[..., IO[bytes] | None], info: Any) -> bytes:
    if size > FILE_LIMIT:
        raise DataError(
            f"{path}: {name!r} has more than {FILE_LIMIT >> 20} MiB; pack the four CSV files alone"
        )
    with _readable(path), opened(info) or io.BytesIO() as stream:
        return stream.read(FILE_LIMIT)


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what the standard library says of an unsound archive into one sentence."""
    try:
        yield
    except DataError:
        raise
    except RuntimeError as error:
        if "password" not in str(error):
            raise DataError(f"{path} cannot be read; pack the four files anew") from error
        raise DataError(f"{path} is locked with a password; pack the four files without one") from None
    except (
        tarfile.TarError,
        zipfile.BadZipFile,
        EOFError,
        zlib.error,
        lzma.LZMAError,
        ValueError,
        OSError,
    ) as error:
        if isinstance(error, OSError) and error.strerror:
            raise
        told = " ".join(str(error).split())[:80]
        raise DataError(f"{path} is cut off or damaged ({told}); fetch it anew") from None
