"""Where the four files are: in a folder, a folder down, or in an archive, under their names or nearly so."""

from __future__ import annotations

import difflib
import hashlib
import io
import re
import stat
import tarfile
import zipfile
import zlib
from collections import defaultdict
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from experiments.data.form import FILE_LIMIT, foreign
from experiments.errors import DataError, shown

try:
    from lzma import LZMAError
except ImportError:
    LZMAError = OSError  # type: ignore[misc, assignment]

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

FILE_NAMES = ("trnX-3d.csv", "trnY-3d.csv", "devX-3d.csv", "devY-3d.csv")
ARCHIVE_NAME = "data.tgz"
SUFFIXES = (".tgz", ".tar.gz", ".tar", ".zip", ".tar.bz2", ".tar.xz")
TOTAL_LIMIT = 4 * FILE_LIMIT  # bytes of an archive, unpacked
# What the standard library raises for an unsound archive.
UNSOUND = (
    *(tarfile.TarError, zipfile.BadZipFile, LZMAError, zlib.error),
    *(EOFError, OverflowError, ValueError, OSError),
)
# What compressed an archive, by its first bytes; some Pythons are built without the last two.
_COMPRESSIONS = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ\0": "lzma"}
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


Files = dict[PurePosixPath, "Path | Found"]  # of a folder, to be read; of an archive, read
Chosen = dict[str, PurePosixPath]  # which file is taken for each of the four


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
    tops = (path / file for file in _listed(path) if len(file.parts) == 1 and _is_archive(file))
    near = (path / file for file in _listed(path) if _bare(file.name) in nearly)
    return sorted({*(path / name for name in FILE_NAMES), *tops, *near})


def _in_folder(path: Path) -> Finding:
    files = _listed(path)
    sets = _sets(files)
    loose = sets.pop(PurePosixPath(), {})
    digests = tuple(hashlib.sha256(_read(files[file]).content).hexdigest() for file in loose.values())
    own = len(digests) == len(FILE_NAMES) and digests != STAND_IN
    top = [file for file in files if len(file.parts) == 1]
    fitting = [path / file for file in top if _is_archive(file) and _holds_all(path / file, harmless=own)]
    candidates = [] if own else [*fitting, *(path / folder for folder in sets)]
    if len(candidates) > 1:
        names = " and ".join(shown(str(file)) for file in candidates[:3])
        raise DataError(f"{names} each hold the four files; choose one with --data")
    if candidates and fitting:
        return _in_archive(fitting[0], f"{fitting[0]} was read, which holds the four files")
    chosen = loose if own else next(iter(sets.values()), loose)
    more = [f"{file} holds the four files too and was not read; name it with --data" for file in fitting]
    others = (file for file in top if file.name not in _SHIPPED)
    return _finding(path, files, chosen, others, [*_renamed(path, chosen), *more])


def _in_archive(path: Path, remark: str = "") -> Finding:
    files = _members(path)
    sets = _sets(files)
    if len(sets) > 1:
        folders = " and ".join(shown(str(folder)) for folder in [*sets][:2])
        raise DataError(f"{path} holds the four files twice, in {folders}; pack them once")
    chosen = next(iter(sets.values()))
    bare = {name: PurePosixPath(file.name) for name, file in chosen.items()}
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
    return Finding({name: _read(files[file]) for name, file in chosen.items()}, (*left,), (*remarks,))


def _listed(path: Path) -> Files:
    """List the files in a folder and in those below it; hidden ones are left out."""
    found = [file for file in (*path.glob("*"), *path.glob("*/*")) if _seen(file.name) and file.is_file()]
    return {PurePosixPath(file.relative_to(path)): file for file in sorted(found)}


def _read(file: Path | Found) -> Found:
    """Return the bytes of a file, and its place."""
    if isinstance(file, Path):
        with file.open("rb") as stream:
            file = Found(stream.read(FILE_LIMIT + 1), f"{file}")
    if len(file.content) > FILE_LIMIT:
        raise DataError(f"{file.place} has more than {FILE_LIMIT >> 20} MiB; give a smaller file")
    return file


def _members(path: Path) -> Files:
    """Read the regular files of an archive, all in memory: nothing is unpacked to disk."""
    if not path.is_file():
        raise DataError(f"{path} is not a file; {_WANTED}")
    try:
        members = _in_zip(path) if zipfile.is_zipfile(path) else _in_tar(path)
    except DataError:
        raise
    except (*UNSOUND, RuntimeError, ImportError) as error:  # the last two for passwords and compressions
        if getattr(error, "strerror", None):
            raise
        told = " ".join(str(error).split())[:200]
        if isinstance(error, RuntimeError | ImportError):
            raise DataError(f"{path} cannot be unpacked ({told}); pack the four files anew") from None
        raise DataError(f"{path} is cut off or damaged ({told}); fetch it anew") from None
    names = {PurePosixPath(name.replace("\\", "/")): content for name, content in members.items()}
    return {
        name: Found(content, f"{path}, {shown(str(name))}")
        for name, content in names.items()
        if all(map(_seen, name.parts))
    }


def _in_zip(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        entries = [entry for entry in archive.infolist() if not entry.is_dir()]
        _refuse_size(path, sum(entry.file_size for entry in entries))
        members = {}
        for entry in entries:
            with archive.open(entry) as stream:
                members[entry.filename] = stream.read(entry.file_size)  # without a limit it unpacks any more
        return members


def _in_tar(path: Path) -> dict[str, bytes]:
    """Read a tar archive, compressed or not: browsers may unzip one and keep the name."""
    with path.open("rb") as stream:
        head = stream.read(1000)
    if head.startswith(b"PK\x03\x04"):
        raise zipfile.BadZipFile("a zip without its list of files")
    kind = next((kind for magic, kind in _COMPRESSIONS.items() if head.startswith(magic)), "")
    opened: Any = import_module(kind).open if kind else open
    with opened(path, "rb") as stream:  # whole, so that its checksum is verified
        blob = stream.read(TOTAL_LIMIT + 1)
    _refuse_size(path, len(blob))
    if not kind and b"ustar" not in head[257:265]:
        told = foreign(head) or "no archive"
        raise DataError(f"{path} is {told}; name a data.tgz, a zip or a folder with the four CSV files")
    with tarfile.open(fileobj=io.BytesIO(blob), mode="r:") as tar:
        entries = [info for info in tar if info.isreg()]
        if blob[tar.offset :].strip(b"\0"):  # tarfile takes a damaged header for the end
            raise tarfile.ReadError(f"unreadable from byte {tar.offset}")
        _refuse_size(path, sum(entry.size for entry in entries))  # those with holes are larger than the blob
        members = {entry.name: tar.extractfile(entry) for entry in entries}
        return {name: member.read() for name, member in members.items() if member}


def _refuse_size(path: Path, size: int) -> None:
    if size > TOTAL_LIMIT:
        raise DataError(f"{path} unpacks to more than {TOTAL_LIMIT >> 20} MiB; pack the four CSV files alone")


def _holds_all(path: Path, *, harmless: bool) -> bool:
    """Return whether an archive holds the four files; an unreadable one is an error unless `harmless`."""
    try:
        return any(len(chosen) == len(FILE_NAMES) for chosen in _sets(_members(path)).values())
    except DataError:
        if harmless:
            return False
        raise


def _sets(files: Collection[PurePosixPath]) -> dict[PurePosixPath, Chosen]:
    """Return, for each folder that has all four files, which they are; else those that lie anywhere."""
    folders = defaultdict(list)
    for file in files:
        folders[file.parent].append(file)
    matched = {folder: _match(there) for folder, there in folders.items()}
    whole = {folder: chosen for folder, chosen in matched.items() if len(chosen) == len(FILE_NAMES)}
    return whole or {PurePosixPath(): _match(files)}


def _match(files: Collection[PurePosixPath]) -> Chosen:
    """Return the only file that has each of the names, or nearly has it when none has it exactly."""
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


def _is_archive(path: PurePosixPath) -> bool:
    return path.name.lower().endswith(SUFFIXES)


def _near(folder: Path, name: str) -> list[str]:
    """List what in a folder may be meant by a name: of the same stem, else of a similar name."""
    left_out = {*FILE_NAMES, *_SHIPPED}
    names = sorted(f.name for f in folder.iterdir() if _seen(f.name) and f.name not in left_out)
    stem = _bare(name).partition(".")[0]
    same = [other for other in names if _bare(other).partition(".")[0] == stem]
    return same or difflib.get_close_matches(name, names, n=1, cutoff=0.8)
