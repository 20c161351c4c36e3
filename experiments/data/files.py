"""Where the four files are: in a folder, a folder down, or in an archive, under their names or nearly so."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import PurePath, PurePosixPath
from typing import TYPE_CHECKING

from experiments.data import archive
from experiments.data.form import FILE_LIMIT
from experiments.errors import DataError
from experiments.plaintext import shown

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FILE_NAMES = ("trnX-3d.csv", "trnY-3d.csv", "devX-3d.csv", "devY-3d.csv")
ARCHIVE_NAME = "data.tgz"
# What data/make_stand_in.py writes, in the order of FILE_NAMES.
STAND_IN = (
    "02f3c9637861e0c6df142ea55e49618a5907d260a6b0a0e1c14af29c6f010c64",
    "9cc0833528fb3c166a38303b704f1054fd6e2fbb1cdc8a0c1190c26ed1563c49",
    "ebd39c43b2c2674699f0273b431d08619f93576a1f1338141f8edd10caabfde7",
    "12323f55a48b481c949575f2dc72e5822ca1200790b47f59812c8bb6f83817ed",
)
_WANTED = f"name a folder with the four CSV files or a {ARCHIVE_NAME}"
_SHIPPED = frozenset({"README.md", "make_stand_in.py"})  # what the repository itself keeps beside the data


@dataclass(frozen=True)
class Found:
    """The bytes of one file, and how errors name it."""

    content: bytes
    place: str


@dataclass(frozen=True)
class Finding:
    """The four files by name, the names of further files (hidden ones aside), and what is worth saying."""

    files: dict[str, Found]
    others: tuple[str, ...]
    remarks: tuple[str, ...] = ()


def find(path: Path) -> Finding:
    """Return the four files in a folder or an archive.

    In a folder a data.tgz goes first, then loose files; the stand-in gives way to an archive. Files a folder
    down, or in another archive, are taken if they are the only ones.

    Raises
    ------
    DataError
        If one of the four is missing, if it is not clear which are meant, or if they cannot be read.
    """
    try:
        if path.is_dir():
            return _in_folder(path)
        if path.name in FILE_NAMES:
            raise DataError(f"{path} is one of the four files; name its folder")
        if path.is_file():
            return _in_archive(path)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            path.stat()  # any other reason is told below; from Python 3.14 on `is_file` keeps it to itself
        raise DataError(f"{path} does not exist; {_WANTED}{_neighbour(path)}")
    except OSError as error:
        raise DataError(f"{error.filename or path} cannot be read: {error.strerror}") from None


def deciding(path: Path) -> list[Path]:
    """List the files that decide what `find` returns, be they there or not."""
    if not path.is_dir():
        return [path]
    if (path / ARCHIVE_NAME).exists():
        return [path / ARCHIVE_NAME]
    nearly = {*map(_bare, FILE_NAMES)}
    near = (file for file in _listed(path) if _is_archive(file) or _bare(file.name) in nearly)
    return sorted({*(path / name for name in FILE_NAMES), *near})


def _listed(path: Path) -> list[Path]:
    """List the files in a folder and in those below it."""
    return sorted(
        file for file in (*path.glob("*"), *path.glob("*/*")) if _seen(file.name) and file.is_file()
    )


def _is_archive(path: PurePath) -> bool:
    return path.name.lower().endswith(archive.SUFFIXES)


def _in_folder(path: Path) -> Finding:
    if (path / ARCHIVE_NAME).exists():
        return _in_archive(path / ARCHIVE_NAME)
    files = [PurePosixPath(file.relative_to(path)) for file in _listed(path)]
    sets = _sets(files)
    loose = next((found for found in sets if found[FILE_NAMES[0]].parent == PurePosixPath()), None)
    own = loose is not None and not _is_stand_in(path, loose)
    packed = [path / file for file in files if len(file.parts) == 1 and _is_archive(file)]
    fitting = [file for file in packed if _holds_all(file, harmless=own)]
    if not own:
        below = [found for found in sets if found is not loose]
        candidates = [*fitting, *(path / found[FILE_NAMES[0]].parent for found in below)]
        if len(candidates) > 1:
            names = " and ".join(shown(str(file)) for file in candidates[:3])
            raise DataError(f"{names} hold the four files each; say which are meant with --data")
        if fitting:
            return _in_archive(fitting[0], f"{fitting[0]} was read, which holds the four files")
        loose = next(iter(below), loose)
    chosen = loose or _match(files)
    if missing := [name for name in FILE_NAMES if name not in chosen]:
        raise DataError(f"{_missing(path, missing)}{_nearly(path, missing[0])}")
    others = (
        f.name for f in files if len(f.parts) == 1 and f.name not in _SHIPPED and f not in chosen.values()
    )
    remarks = [f"{file} holds the four files too and was not read; name it with --data" for file in fitting]
    found = {name: Found(_content(path / file), f"{path / file}") for name, file in chosen.items()}
    return Finding(found, tuple(sorted(map(shown, others))), (*_renamed(path, chosen), *remarks))


def _in_archive(path: Path, remark: str = "") -> Finding:
    if not path.is_file():
        raise DataError(f"{path} is not a file; {_WANTED}")
    listing = {name: read for name, read in archive.members(path).items() if all(map(_seen, name.parts))}
    sets = _sets(listing)
    if len(sets) > 1:
        raise DataError(
            f"{path} holds the four files twice, in {' and '.join(map(_folder, sets[:2]))}; pack them once"
        )
    chosen = sets[0] if sets else _match(listing)
    if missing := [name for name in FILE_NAMES if name not in chosen]:
        raise DataError(_missing(path, missing))
    found = {name: Found(listing[file](), f"{path}, {shown(str(file))}") for name, file in chosen.items()}
    others = (shown(str(name)) for name in listing if name not in chosen.values())
    near = {name: PurePosixPath(file.name) for name, file in chosen.items()}
    return Finding(found, tuple(sorted(others)), (*([remark] if remark else []), *_renamed(path, near)))


def _sets(files: Iterable[PurePosixPath]) -> list[dict[str, PurePosixPath]]:
    """Return, for each folder that has all four files, which they are."""
    folders = defaultdict(list)
    for file in files:
        folders[file.parent].append(file)
    return [found for found in map(_match, folders.values()) if len(found) == len(FILE_NAMES)]


def _match(files: Iterable[PurePosixPath]) -> dict[str, PurePosixPath]:
    """Return the only file that has each of the names, or nearly has it when none has it exactly."""
    files = list(files)
    found = {}
    for name in FILE_NAMES:
        exact = [file for file in files if file.name == name]
        near = exact or [file for file in files if _bare(file.name) == _bare(name)]
        if len(near) == 1:
            found[name] = near[0]
    return found


def _bare(name: str) -> str:
    """Return a name without what browsers, editors and other systems make of it."""
    name = re.sub(r"\s*\(\d+\)|[ _-]+copy", "", name.lower().removesuffix(".txt"))
    return re.sub(r"[ _]", "-", name)


def _renamed(path: Path, chosen: dict[str, PurePosixPath]) -> list[str]:
    other = [(name, file) for name, file in chosen.items() if str(file) != name]
    if not other:
        return []
    rest = f", and {len(other) - 1} more likewise" if len(other) > 1 else ""
    return [f"{path}: {shown(str(other[0][1]))} was read as {other[0][0]}{rest}"]


def _folder(found: dict[str, PurePosixPath]) -> str:
    return shown(str(found[FILE_NAMES[0]].parent))


def _seen(name: str) -> bool:
    """Tell whether a file or a folder is one that a person sees: not hidden, not a sidecar of macOS."""
    return not name.startswith(".") and name != "__MACOSX"


def _holds_all(path: Path, *, harmless: bool) -> bool:
    """Tell whether an archive holds the four files; one that cannot be read is an error unless `harmless`."""
    try:
        names = [name for name in archive.members(path) if all(map(_seen, name.parts))]
    except DataError:
        if harmless:
            return False
        raise
    return bool(_sets(names)) or len(_match(names)) == len(FILE_NAMES)


def _is_stand_in(path: Path, chosen: dict[str, PurePosixPath]) -> bool:
    return tuple(hashlib.sha256(_content(path / chosen[name])).hexdigest() for name in FILE_NAMES) == STAND_IN


def _content(path: Path) -> bytes:
    with path.open("rb") as stream:
        content = stream.read(FILE_LIMIT + 1)
    if len(content) > FILE_LIMIT:
        raise DataError(f"{path} has more than {FILE_LIMIT >> 20} MiB; give a smaller file")
    return content


def _missing(path: Path, missing: list[str]) -> str:
    verb = "is" if len(missing) == 1 else "are"
    return f"{path}: {', '.join(missing)} {verb} missing; the data are {', '.join(FILE_NAMES)}"


def _nearly(path: Path, name: str) -> str:
    """Say what lies in a folder that may be meant by a name."""
    names = [
        file.name for file in path.iterdir() if _seen(file.name) and file.name not in {*FILE_NAMES, *_SHIPPED}
    ]
    same = [near for near in names if _bare(near) == _bare(name) or _bare(near).startswith(f"{_bare(name)}.")]
    if not (near := same or difflib.get_close_matches(name, names, n=1, cutoff=0.8)):
        return ""
    advice = (
        "unpack it"
        if near[0].lower().endswith((".gz", ".zip", ".bz2", ".xz"))
        else "rename it if it is meant"
    )
    return f"; {' and '.join(map(shown, near[:2]))} lies there: {advice}"


def _neighbour(path: Path) -> str:
    """Say what lies beside a path that does not exist and may be meant."""
    if not path.parent.is_dir():
        return ""
    stem = path.name.lower().partition(".")[0]
    names = sorted(file.name for file in path.parent.iterdir() if _seen(file.name))
    packed = [name for name in names if _is_archive(PurePath(name))]
    near = [name for name in names if name.lower() == path.name.lower()]
    near += [name for name in packed if name.lower().partition(".")[0] == stem]
    near += difflib.get_close_matches(path.name, names, n=1, cutoff=0.8)
    return f"; {shown(str(path.parent / near[0]))} lies there: name it with --data" if near else ""
