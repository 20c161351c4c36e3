"""Where the four files are found: in a folder, or in an archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.archive import MEMBER_LIMIT, members
from experiments.errors import DataError
from experiments.plaintext import shown

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAMES = ("trnX-3d.csv", "trnY-3d.csv", "devX-3d.csv", "devY-3d.csv")
ARCHIVE_NAME = "data.tgz"

# What the repository itself keeps beside the data.
_OURS = frozenset({"README.md", "make_stand_in.py"})


@dataclass(frozen=True)
class Found:
    """The bytes of one file, and how errors name it."""

    content: bytes
    place: str


def find(path: Path) -> tuple[dict[str, Found], tuple[str, ...]]:
    """Return the four files by name, and the names of further files (hidden ones aside), sorted.

    Parameters
    ----------
    path : Path
        A folder, in which a data.tgz is used instead of loose files, or a gzipped tar archive itself.

    Raises
    ------
    DataError
        If one of the four is missing, occurs twice, is too large or cannot be read.
    """
    try:
        if not path.exists():
            raise DataError(
                f"{path} does not exist; name a folder with the four CSV files or a {ARCHIVE_NAME}"
            )
        archive = path / ARCHIVE_NAME if path.is_dir() else path
        found, others = _in_archive(archive) if archive.exists() else _in_folder(path)
    except OSError as error:
        raise DataError(f"{error.filename or path} cannot be read: {error.strerror}") from None
    if missing := [name for name in FILE_NAMES if name not in found]:
        verb = "is" if len(missing) == 1 else "are"
        place = archive if archive.exists() else path
        raise DataError(f"{place}: {', '.join(missing)} {verb} missing; the data are {', '.join(FILE_NAMES)}")
    return found, tuple(sorted(map(shown, others)))


def _in_folder(path: Path) -> tuple[dict[str, Found], list[str]]:
    found = {
        name: Found(_content(path / name), f"{path / name}") for name in FILE_NAMES if (path / name).exists()
    }
    ours = _OURS.union(FILE_NAMES)
    return found, [p.name for p in path.iterdir() if p.is_file() and p.name not in ours and p.name[0] != "."]


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise DataError(f"{path} is not a file; put the CSV file in its place")
    with path.open("rb") as stream:
        content = stream.read(MEMBER_LIMIT + 1)
    if len(content) > MEMBER_LIMIT:
        raise DataError(f"{path} has more than {MEMBER_LIMIT >> 20} MiB; give a smaller file")
    return content


def _in_archive(path: Path) -> tuple[dict[str, Found], list[str]]:
    if not path.is_file():
        raise DataError(f"{path} is not a file; name a {ARCHIVE_NAME} or a folder with the four CSV files")
    found: dict[str, Found] = {}
    others = []
    for member, content in members(path):
        if member.name not in FILE_NAMES:
            others += [] if member.name.startswith(".") else [str(member)]
        elif member.name in found:
            raise DataError(f"{path}: {member.name} occurs twice, once as {shown(str(member))}; pack it once")
        else:
            found[member.name] = Found(content, f"{path}, {shown(str(member))}")
    return found, others
