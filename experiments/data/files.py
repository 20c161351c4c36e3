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

    Chosen = dict[str, PurePosixPath]  # which file is taken for each of the four

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
    """The four files by name, the names of further files (without hidden ones), and remarks."""

    files: dict[str, Found]
    others: tuple[str, ...]
    remarks: tuple[str, ...]


def find(path: Path) -> Finding:
    """Return the four files in a folder or an archive.

    In a folder a data.tgz goes first, then loose files; the stand-in is used only if nothing else is there.
    Files a folder down, or in another archive, are taken if they are the only ones.

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
            path.stat()  # other errors are reported below; `is_file` hides them from Python 3.14 on
        raise DataError(f"{path} does not exist; {_WANTED}{_neighbour(path)}")
    except OSError as error:
        raise DataError(f"{error.filename or path} cannot be read: {error.strerror}") from None


def deciding(path: Path) -> list[Path]:
    """List the files that decide what `find` returns, whether they exist or not."""
    if not path.is_dir():
        return [path]
    if (path / ARCHIVE_NAME).exists():
        return [path / ARCHIVE_NAME]
    nearly = {*map(_bare, FILE_NAMES)}
    near = (path / file for file in _listed(path) if _is_archive(file) or _bare(file.name) in nearly)
    return sorted({*(path / name for name in FILE_NAMES), *near})


def _in_folder(path: Path) -> Finding:
    if (path / ARCHIVE_NAME).exists():
        return _in_archive(path / ARCHIVE_NAME)
    files = _listed(path)
    sets = _sets(files)
    loose = sets.pop(PurePosixPath(), {})
    own = bool(loose) and not _is_stand_in(path, loose)
    top = [file for file in files if len(file.parts) == 1]
    fitting = [path / file for file in top if _is_archive(file) and _holds_all(path / file, harmless=own)]
    candidates = [] if own else [*fitting, *(path / folder for folder in sets)]
    if len(candidates) > 1:
        names = " and ".join(shown(str(file)) for file in candidates[:3])
        raise DataError(f"{names} hold the four files each; say which are meant with --data")
    if candidates and fitting:
        return _in_archive(fitting[0], f"{fitting[0]} was read, which holds the four files")
    chosen = loose if own else next(iter(sets.values()), loose or _match(files))
    if missing := _missing(path, chosen):
        raise DataError(f"{missing}{_nearly(path, next(name for name in FILE_NAMES if name not in chosen))}")
    more = [f"{file} holds the four files too and was not read; name it with --data" for file in fitting]
    return Finding(
        {name: Found(_content(path / file), f"{path / file}") for name, file in chosen.items()},
        _others((file for file in top if file.name not in _SHIPPED), chosen),
        (*_renamed(path, chosen), *more),
    )


def _in_archive(path: Path, remark: str = "") -> Finding:
    if not path.is_file():
        raise DataError(f"{path} is not a file; {_WANTED}")
    members = {name: read for name, read in archive.members(path).items() if all(map(_seen, name.parts))}
    sets = _sets(members)
    if len(sets) > 1:
        folders = " and ".join(shown(str(folder)) for folder in [*sets][:2])
        raise DataError(f"{path} holds the four files twice, in {folders}; pack them once")
    chosen = next(iter(sets.values()), _match(members))
    if missing := _missing(path, chosen):
        raise DataError(missing)
    bare = {name: PurePosixPath(file.name) for name, file in chosen.items()}
    return Finding(
        {name: Found(members[file](), f"{path}, {shown(str(file))}") for name, file in chosen.items()},
        _others(members, chosen),
        (*([remark] if remark else []), *_renamed(path, bare)),
    )


def _listed(path: Path) -> list[PurePosixPath]:
    """List the files in a folder and in those below it, relative to it; hidden ones are left out."""
    files = (file for file in (*path.glob("*"), *path.glob("*/*")) if _seen(file.name) and file.is_file())
    return sorted(PurePosixPath(file.relative_to(path)) for file in files)


def _sets(files: Iterable[PurePosixPath]) -> dict[PurePosixPath, Chosen]:
    """Return, for each folder that has all four files, which they are."""
    folders = defaultdict(list)
    for file in files:
        folders[file.parent].append(file)
    matched = {folder: _match(there) for folder, there in folders.items()}
    return {folder: chosen for folder, chosen in matched.items() if len(chosen) == len(FILE_NAMES)}


def _match(files: Iterable[PurePosixPath]) -> Chosen:
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
    """Return a name without what browsers, editors and other systems add to it."""
    name = re.sub(r"\s*\(\d+\)|[ _-]+copy", "", name.lower().removesuffix(".txt"))
    return re.sub(r"[ _]", "-", name)


def _others(files: Iterable[PurePosixPath], chosen: Chosen) -> tuple[str, ...]:
    return tuple(sorted(shown(str(file)) for file in files if file not in chosen.values()))


def _renamed(path: Path, chosen: Chosen) -> list[str]:
    """Return a remark that files were read under other names."""
    other = [(name, file) for name, file in chosen.items() if str(file) != name]
    rest = f", and {len(other) - 1} more likewise" if len(other) > 1 else ""
    return [f"{path}: {shown(str(file))} was read as {name}{rest}" for name, file in other[:1]]


def _seen(name: str) -> bool:
    """Return whether a file or a folder is visible: not hidden, as the sidecars of macOS are."""
    return not name.startswith(".")


def _is_archive(path: PurePath) -> bool:
    return path.name.lower().endswith(archive.SUFFIXES)


def _holds_all(path: Path, *, harmless: bool) -> bool:
    """Return whether an archive holds the four files; an unreadable one is an error unless `harmless`."""
    try:
        names = [name for name in archive.members(path) if all(map(_seen, name.parts))]
    except DataError:
        if harmless:
            return False
        raise
    return bool(_sets(names)) or len(_match(names)) == len(FILE_NAMES)


def _is_stand_in(path: Path, chosen: Chosen) -> bool:
    return tuple(hashlib.sha256(_content(path / chosen[name])).hexdigest() for name in FILE_NAMES) == STAND_IN


def _content(path: Path) -> bytes:
    with path.open("rb") as stream:
        content = stream.read(FILE_LIMIT + 1)
    if len(content) > FILE_LIMIT:
        raise DataError(f"{path} has more than {FILE_LIMIT >> 20} MiB; give a smaller file")
    return content


def _missing(path: Path, chosen: Chosen) -> str:
    missing = [name for name in FILE_NAMES if name not in chosen]
    verb = "is" if len(missing) == 1 else "are"
    told = f"{path}: {', '.join(missing)} {verb} missing; the data are {', '.join(FILE_NAMES)}"
    return told if missing else ""


def _nearly(path: Path, name: str) -> str:
    """Suggest what in a folder may be meant by a name."""
    names = [
        file.name for file in path.iterdir() if _seen(file.name) and file.name not in {*FILE_NAMES, *_SHIPPED}
    ]
    same = [near for near in names if f"{_bare(near)}.".startswith(f"{_bare(name)}.")]
    if not (near := same or difflib.get_close_matches(name, names, n=1, cutoff=0.8)):
        return ""
    packed = near[0].lower().endswith((".gz", ".zip", ".bz2", ".xz"))
    advice = "unpack it" if packed else "rename it if it is meant"
    return f"; {' and '.join(map(shown, near[:2]))} lies there: {advice}"


def _neighbour(path: Path) -> str:
    """Suggest what beside a missing path may be meant."""
    if not path.parent.is_dir():
        return ""
    names = sorted(file.name for file in path.parent.iterdir() if _seen(file.name))
    same = path.name.lower().partition(".")[0]
    near = [name for name in names if name.lower() == path.name.lower()]
    near += [name for name in names if _is_archive(PurePath(name)) and name.lower().partition(".")[0] == same]
    near += difflib.get_close_matches(path.name, names, n=1, cutoff=0.8)
    return f"; {shown(str(path.parent / near[0]))} lies there: name it with --data" if near else ""
