"""Where the four files are: in a folder, a folder down, or in an archive, under their names or nearly so."""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import io
import re
import stat
from collections import defaultdict
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from experiments.data.form import FILE_LIMIT, foreign
from experiments.errors import DataError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    Opened = Callable[[], IO[bytes] | None]
    Files = dict[PurePosixPath, "File"]  # of a folder or an archive
    Chosen = dict[str, PurePosixPath]  # which file is taken for each of the four

FILE_NAMES = ("trnX-3d.csv", "trnY-3d.csv", "devX-3d.csv", "devY-3d.csv")
ARCHIVE_NAME = "data.tgz"
SUFFIXES = (".tgz", ".tar.gz", ".tar", ".zip", ".tar.bz2", ".tar.xz")
TOTAL_LIMIT = 4 * FILE_LIMIT  # bytes of an archive, unpacked
# What data/make_stand_in.py writes, in the order of FILE_NAMES.
STAND_IN = (
    "02f3c9637861e0c6df142ea55e49618a5907d260a6b0a0e1c14af29c6f010c64",
    "9cc0833528fb3c166a38303b704f1054fd6e2fbb1cdc8a0c1190c26ed1563c49",
    "ebd39c43b2c2674699f0273b431d08619f93576a1f1338141f8edd10caabfde7",
    "12323f55a48b481c949575f2dc72e5822ca1200790b47f59812c8bb6f83817ed",
)
_WANTED = f"name a folder with the four CSV files or a {ARCHIVE_NAME}"
_SHIPPED = frozenset({"README.md", "make_stand_in.py"})  # what the repository itself keeps beside the data


class Found(NamedTuple):
    """The bytes of one file, and how errors name it."""

    content: bytes
    place: str


@dataclass(frozen=True)
class Finding:
    """The four files by name, the names of further files (without hidden ones), and remarks."""

    files: dict[str, Found]
    others: tuple[str, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class File:
    """A file in a folder or an archive: how errors name it, and how it is opened."""

    place: str
    opened: Opened

    def read(self) -> Found:
        """Return its bytes, and the place; an archive has been checked to be sound."""
        with self.opened() or io.BytesIO() as stream:
            content = stream.read(FILE_LIMIT + 1)
        if len(content) > FILE_LIMIT:
            raise DataError(f"{self.place} has more than {FILE_LIMIT >> 20} MiB; give a smaller file")
        return Found(content, self.place)


def find(path: Path) -> Finding:
    """Return the four files in a folder or an archive.

    In a folder a data.tgz goes first, then loose files; the stand-in is used only if nothing else is there.
    Files a folder down, or in another archive, are taken if they are the only ones. Raises DataError if one
    of the four is missing, if it is not clear which are meant, or if they cannot be read.
    """
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
        if is_folder and not (path / ARCHIVE_NAME).exists():
            return _in_folder(path)
        if path.name in FILE_NAMES:
            raise DataError(f"{path} is one of the four files; name its folder")
        return _in_archive(path / ARCHIVE_NAME if is_folder else path)
    except (FileNotFoundError, NotADirectoryError):
        told = ""
        if path.parent.is_dir() and (near := _near(path.parent, path.name)):
            told = f"; {shown(str(path.parent / near[0]))} lies there: name it with --data"
        raise DataError(f"{path} does not exist; {_WANTED}{told}") from None
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
    files = _listed(path)
    sets = _sets(files)
    loose = sets.pop(PurePosixPath(), {})
    own = bool(loose) and _digests(files, loose) != STAND_IN
    top = [file for file in files if len(file.parts) == 1]
    fitting = [path / file for file in top if _is_archive(file) and _holds_all(path / file, harmless=own)]
    candidates = [] if own else [*fitting, *(path / folder for folder in sets)]
    if len(candidates) > 1:
        names = " and ".join(shown(str(file)) for file in candidates[:3])
        raise DataError(f"{names} each hold the four files; choose one with --data")
    if candidates and fitting:
        return _in_archive(fitting[0], f"{fitting[0]} was read, which holds the four files")
    chosen = loose if own else next(iter(sets.values()), loose or _match(files))
    more = [f"{file} holds the four files too and was not read; name it with --data" for file in fitting]
    others = (file for file in top if file.name not in _SHIPPED)
    return _finding(path, files, chosen, others, [*_renamed(path, chosen), *more])


def _in_archive(path: Path, remark: str = "") -> Finding:
    files = _members(path)
    sets = _sets(files)
    if len(sets) > 1:
        folders = " and ".join(shown(str(folder)) for folder in [*sets][:2])
        raise DataError(f"{path} holds the four files twice, in {folders}; pack them once")
    chosen = next(iter(sets.values()), _match(files))
    bare = {name: PurePosixPath(file.name) for name, file in chosen.items()}
    with _readable(path):
        return _finding(path, files, chosen, files, [remark] * bool(remark) + _renamed(path, bare))


def _finding(
    path: Path, files: Files, chosen: Chosen, others: Iterable[PurePosixPath], remarks: list[str]
) -> Finding:
    """Read the chosen files, or say which are missing and what may be meant by them."""
    if missing := [name for name in FILE_NAMES if name not in chosen]:
        near = _near(path, missing[0]) if path.is_dir() else []
        packed = near and near[0].lower().endswith((".gz", ".zip", ".bz2", ".xz"))
        advice = "unpack it" if packed else "rename it if it is meant"
        hint = f"; {' and '.join(map(shown, near[:2]))} lies there: {advice}" if near else ""
        told = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
        raise DataError(f"{path}: {told}; the data are {', '.join(FILE_NAMES)}{hint}")
    left = sorted(shown(str(file)) for file in others if file not in chosen.values())
    return Finding({name: files[file].read() for name, file in chosen.items()}, (*left,), (*remarks,))


def _listed(path: Path) -> Files:
    """List the files in a folder and in those below it; hidden ones are left out."""
    found = [file for file in (*path.glob("*"), *path.glob("*/*")) if _seen(file.name) and file.is_file()]
    return {
        PurePosixPath(file.relative_to(path)): File(f"{file}", partial(io.FileIO, file))
        for file in sorted(found)
    }


def _members(path: Path) -> Files:
    """Return the regular files of an archive, read in memory: nothing is unpacked to disk."""
    import zipfile  # noqa: PLC0415 - as all of archives, not needed to learn that nothing changed

    if not path.is_file():
        raise DataError(f"{path} is not a file; {_WANTED}")
    with _readable(path):
        if zipfile.is_zipfile(path):
            archive = zipfile.ZipFile(path)
            entries = [info for info in archive.infolist() if not info.is_dir()]
            members: list[tuple[str, Opened]] = [(i.filename, partial(archive.open, i)) for i in entries]
        else:
            members = _in_tar(path)
    named = ((PurePosixPath(name.replace("\\", "/")), opened) for name, opened in members)
    return {
        name: File(f"{path}, {shown(str(name))}", opened)
        for name, opened in named
        if all(map(_seen, name.parts))
    }


def _in_tar(path: Path) -> list[tuple[str, Opened]]:
    """List the files of a tar archive, compressed or not: browsers may unzip one and keep the name."""
    import bz2  # noqa: PLC0415
    import gzip  # noqa: PLC0415
    import lzma  # noqa: PLC0415
    import tarfile  # noqa: PLC0415

    with path.open("rb") as stream:
        head = stream.read(1000)
    kinds: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
    opened = next((kind for magic, kind in kinds.items() if head.startswith(magic)), open)
    with opened(path, "rb") as stream:  # whole, so that its checksum is verified
        blob = stream.read(TOTAL_LIMIT + 1)
    if len(blob) > TOTAL_LIMIT:
        raise DataError(f"{path} unpacks to more than {TOTAL_LIMIT >> 20} MiB; pack the four CSV files alone")
    if opened is open and b"ustar" not in head[257:265]:
        kind = foreign(head) or "no archive"
        raise DataError(f"{path} is {kind}; name a data.tgz, a zip or a folder with the four CSV files")
    tar = tarfile.open(fileobj=io.BytesIO(blob), mode="r:")  # noqa: SIM115 - members are read from it later
    members = tar.getmembers()
    if blob[tar.offset :].strip(b"\0"):  # tarfile takes a damaged header for the end
        raise tarfile.ReadError(f"unreadable from byte {tar.offset}")
    return [(info.name, partial(tar.extractfile, info)) for info in members if info.isreg()]


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what the standard library says of an unsound archive into one sentence."""
    from lzma import LZMAError  # noqa: PLC0415
    from tarfile import TarError  # noqa: PLC0415
    from zipfile import BadZipFile  # noqa: PLC0415
    from zlib import error as ZlibError  # noqa: N812, PLC0415

    unsound = (TarError, BadZipFile, LZMAError, ZlibError, EOFError, ValueError, OSError, RuntimeError)
    try:
        yield
    except DataError:
        raise
    except unsound as error:
        if getattr(error, "strerror", None):
            raise
        told = " ".join(str(error).split())[:80]
        if "password" in str(error):
            told = "is locked with a password; pack the four files without one"
        elif isinstance(error, RuntimeError):
            told = f"cannot be read ({told}); pack the four files anew"
        else:
            told = f"is cut off or damaged ({told}); fetch it anew"
        raise DataError(f"{path} {told}") from None


def _digests(files: Files, chosen: Chosen) -> tuple[str, ...]:
    return tuple(hashlib.sha256(files[chosen[name]].read().content).hexdigest() for name in FILE_NAMES)


def _holds_all(path: Path, *, harmless: bool) -> bool:
    """Return whether an archive holds the four files; an unreadable one is an error unless `harmless`."""
    try:
        files = _members(path)
    except DataError:
        if harmless:
            return False
        raise
    return bool(_sets(files)) or len(_match(files)) == len(FILE_NAMES)


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


def _renamed(path: Path, chosen: Chosen) -> list[str]:
    """Return a remark that files were read under other names."""
    other = [(name, file) for name, file in chosen.items() if str(file) != name]
    rest = f", and {len(other) - 1} more likewise" if len(other) > 1 else ""
    return [f"{path}: {shown(str(file))} was read as {name}{rest}" for name, file in other[:1]]


def _seen(name: str) -> bool:
    """Return whether a file or a folder is visible: not hidden, as the sidecars of macOS are."""
    return not name.startswith(".")


def _is_archive(path: PurePath) -> bool:
    return path.name.lower().endswith(SUFFIXES)


def _near(folder: Path, name: str) -> list[str]:
    """List what in a folder may be meant by a name: of the same stem, else of a similar name."""
    left_out = {*FILE_NAMES, *_SHIPPED}
    names = sorted(f.name for f in folder.iterdir() if _seen(f.name) and f.name not in left_out)
    stem = _bare(name).partition(".")[0]
    same = [other for other in names if _bare(other).partition(".")[0] == stem]
    return same or difflib.get_close_matches(name, names, n=1, cutoff=0.8)
