"""A hand-in as it arrives, and the evidence in it: the files that a build attaches to its PDF, read as types.

A program that prints a PDF anew may drop them. Then they are taken from what came with it, from where the
grader says, or from this copy's own build if that is the same author's.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any, TypeVar

import msgspec

from experiments import numerics
from experiments.data.files import FILE_NAMES, UNSOUND
from experiments.data.form import foreign
from report import ROOT, config
from report.config import QUESTIONS, Config
from report.confined import UnjudgedError
from report.errors import InputError
from report.results import ATTACHED, CONFIG, LEDGER, NOTEBOOK, RESULTS, Ledger, Results
from report.verify import notebook

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from report.verify.findings import Carried
    from report.verify.notebook import Notebook

T = TypeVar("T")

PDF = "submission.pdf"
PAGES, BESIDE = "pages", "beside"  # in the folder where it is made anew
ROLES = (PDF, NOTEBOOK, *FILE_NAMES, RESULTS, LEDGER, CONFIG)
IGNORED = re.compile(r"(^|/)(__MACOSX/|\._|\.ipynb_checkpoints/|verify/)")
FILE_LIMIT = 64 * 2**20  # bytes of any file that is read
MEMBER_LIMIT = 1000  # files in a zip or a folder
DEEPEST = 2  # zips in zips
JSON_LIMIT = 8 * 2**20  # bytes of results.json and of ledger.json
SIZE_LIMIT, NUMBER_LIMIT, LEVELS = 20_000, 10**12, 20  # of texts and lists, of numbers, of lists in lists
OWN_BUILD = ROOT / "build"
ASK = "Ask for the submission.pdf or submission.zip that the build made, or name --config and --notebook."
PACK = "Unpack it and pack what the build made anew, as a plain zip."
ARCHIVES = (b"\x1f\x8b", b"Rar!", b"7z\xbc\xaf")  # how archives begin that are no zip
SEVERAL = "Name one of them; if they are in a zip, unpack it first."
ONE = "Leave one of them; of a zip, unpack it first."
CHANGED = "the submission was changed, or is not of this program"


@dataclass(frozen=True)
class HandedIn:
    """A submission: its name, the report, and what came with it by the name that a build gives it."""

    name: str
    pdf: bytes
    beside: Mapping[str, bytes]
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Evidence:
    """The attached files, and what they say; results and ledger may be lost."""

    files: Mapping[str, bytes]
    config: Config
    notebook: Notebook
    results: Results | None
    ledger: Ledger | None
    remarks: tuple[str, ...] = ()


# --- a hand-in
def take(path: Path) -> HandedIn:
    """Take a PDF, a zip or a folder; nothing is unpacked to disk.

    Raises
    ------
    UnjudgedError
        It is not there, is too large, holds no PDF or more than one, or cannot be trusted.
    """
    if path.is_dir():
        return _choose(path.name or str(path), _in_folder(path))
    if not path.is_file():
        what = f"{path} is no file" if path.exists() else f"There is no {path}"
        raise UnjudgedError(f"{what}.", "Name a submission.pdf or a submission.zip.")
    content = _content(path)
    if content.startswith(b"PK"):
        return _choose(path.name, _in_zip(content, path.name))
    if b"%PDF-" not in content[:1024]:
        kind = foreign(content).partition(";")[0] if content.strip() else "empty"
        if content.startswith(ARCHIVES):
            kind = "another kind of archive"
        told = f"; it is {kind}" if kind else ""
        raise UnjudgedError(f"{path.name} is no PDF and no zip{told}.", ASK)
    siblings = (name for name in ROLES if name != PDF and (path.parent / name).is_file())
    return HandedIn(path.name, content, {name: _content(path.parent / name) for name in siblings})


def _choose(name: str, found: Iterator[tuple[str, bytes]]) -> HandedIn:
    """Find the report among files, and what belongs to it."""
    files: list[tuple[str, bytes]] = []
    for file in found:
        if file not in files:  # a folder and a zip in it may hold the same
            files.append(file)
        if sum(len(content) for _, content in files) > 2 * FILE_LIMIT:
            raise UnjudgedError(f"{name} holds more than {2 * FILE_LIMIT >> 20} MiB.")
    reports = [(path, content) for path, content in files if b"%PDF-" in content[:1024]]
    reports = [report for report in reports if _role(report[0]) == PDF] or reports
    reports = [*{content: (path, content) for path, content in reversed(reports)}.values()]
    if len(reports) != 1:
        held = ", ".join(sorted(path for path, _ in reports or files)[:8]) or "nothing"
        what = f"{len(reports)} PDFs: {held}" if reports else f"no PDF; it holds {held}"
        raise UnjudgedError(f"{name} holds {what}.", SEVERAL if reports else ASK)
    beside: dict[str, bytes] = {}
    for path, content in files:
        role = _role(path)
        if beside.get(role, content) != content:
            raise UnjudgedError(f"{name} holds two files named {role}.", ONE)
        if role not in ("", PDF):
            beside[role] = content
    ((path, report),) = reports
    remark = () if PurePosixPath(path).name == PDF else (f"The report is {path} in {name}.",)
    return HandedIn(name, report, beside, remark)


def _role(path: str) -> str:
    """Return the name that a build gives a file; a course site may have numbered it or put a name before."""
    for role in ROLES:
        stem, _, ending = role.rpartition(".")
        pattern = rf"(.*[\W_])?{re.escape(stem)}( ?\(\d+\)|[-_ ]\d+)?\.{ending}"
        if re.fullmatch(pattern, PurePosixPath(path).name, re.IGNORECASE):
            return role
    return ""


def _content(path: Path) -> bytes:
    with path.open("rb") as stream:
        return _limited(stream, path.name)


def _limited(stream: IO[bytes], name: str) -> bytes:
    """Read a file, up to the limit."""
    content = stream.read(FILE_LIMIT + 1)
    if len(content) > FILE_LIMIT:
        raise UnjudgedError(f"{name} has more than {FILE_LIMIT >> 20} MiB.")
    return content


def _in_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Walk the files in a folder that may be of a submission; a zip among them counts as a folder."""
    for count, path in enumerate(sorted(folder.rglob("*"))):
        if count == MEMBER_LIMIT:
            raise UnjudgedError(f"The folder holds more than {MEMBER_LIMIT} files.", "Name the PDF.")
        name = path.relative_to(folder).as_posix()
        if path.is_file() and not path.is_symlink() and _wanted(name):
            content = _content(path)
            yield from _in_zip(content, name, 1) if content.startswith(b"PK") else [(name, content)]


def _in_zip(content: bytes, place: str, depth: int = 0) -> Iterator[tuple[str, bytes]]:
    """Walk the files of a zip, and of zips in it, that may be of a submission."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MEMBER_LIMIT:
                raise UnjudgedError(f"{place} holds more than {MEMBER_LIMIT} files.", PACK)
            for member in members:
                path = PurePosixPath(member.filename.replace("\\", "/"))
                if path.is_absolute() or ".." in path.parts:
                    raise UnjudgedError(f"{place} holds a path that points outside of it.")
                if member.is_dir() or not _wanted(str(path)):
                    continue
                with archive.open(member) as stream:
                    inner = _limited(stream, f"{path.name} in {place}")
                if not inner.startswith(b"PK"):
                    yield str(path), inner
                elif depth < DEEPEST:
                    yield from _in_zip(inner, path.name, depth + 1)
    except NotImplementedError:
        raise UnjudgedError(f"{place} is packed in a way that is not known.", PACK) from None
    except RuntimeError:
        raise UnjudgedError(f"{place} is encrypted.", PACK) from None
    except UNSOUND:
        raise UnjudgedError(f"{place} is damaged; it may have been cut off.", ASK) from None


def _wanted(name: str) -> bool:
    """Say whether a file may be a report, an attachment of one, data, or a zip of those."""
    return not IGNORED.search(name) and (name.lower().endswith((".pdf", ".zip")) or _role(name) != "")


# --- the attached files
def gather(
    carried: Carried, beside: Mapping[str, bytes], named: Mapping[str, Path], own: Path = OWN_BUILD
) -> Evidence:
    """Find the attached files, in the PDF or in the other places, and read them.

    Raises
    ------
    UnjudgedError
        They are not all there, or not as this program writes them.
    """
    inside = {name: content for name, content in carried.attachments.items() if name in ATTACHED}
    if inside and (missing := [name for name in ATTACHED if name not in inside]):
        raise UnjudgedError(f"The PDF does not carry {', '.join(missing)}: {CHANGED}.", ASK)
    others = sorted({*carried.attachments} - {*ATTACHED})
    remarks = (f"Further attachments, left alone: {', '.join(others[:5])}.",) if others else ()
    if inside:
        return _parsed(inside, dict.fromkeys(inside, "in the PDF"), remarks)
    files = {name: content for name, content in beside.items() if name in ATTACHED}
    places = dict.fromkeys(files, "beside the PDF")
    files |= {name: _content(path) for name, path in named.items()}
    places |= {name: f"at {path}" for name, path in named.items()}
    if not {CONFIG, NOTEBOOK} <= {*files}:
        files = _own_build(own, carried.words) | files
    if lost := [name for name in (CONFIG, NOTEBOOK) if name not in files]:
        raise UnjudgedError(
            f"The PDF carries no attachments, and no {' and no '.join(lost)} came with it: another program"
            " wrote the file anew and dropped them, or this program did not make it.",
            ASK,
        )
    places = dict.fromkeys(files, "in this copy's own build") | places
    found = ", ".join(f"{name} {places[name]}" for name in sorted(files))
    return _parsed(files, places, (*remarks, f"The PDF has lost its attachments; found instead: {found}."))


def load(folder: Path) -> Evidence:
    """Read the attached files from a folder."""
    files = {name: (folder / name).read_bytes() for name in ATTACHED if (folder / name).is_file()}
    return _parsed(files, dict.fromkeys(files, "in the PDF"))


def _own_build(folder: Path, words: str) -> dict[str, bytes]:
    """Return the files of a build whose author is named on the pages; nothing if it is another's."""
    try:
        files = {name: (folder / name).read_bytes() for name in ATTACHED}
        author = config.parse(files[CONFIG], CONFIG, Path()).author.name
    except (OSError, InputError):
        return {}
    return files if author in words else {}


def _parsed(files: Mapping[str, bytes], places: Mapping[str, str], remarks: tuple[str, ...] = ()) -> Evidence:
    """Read the attached files as types; errors say in which of the places each of them is."""
    named = {name: f"{name} {place}" for name, place in places.items()}
    results, ledger = _typed(files, RESULTS, named, Results), _typed(files, LEDGER, named, Ledger)
    try:
        settings = config.parse(files[CONFIG], named[CONFIG], Path())
    except InputError as error:
        raise UnjudgedError(str(error), error.hint) from None
    if not _is_sound(results, ledger):
        told = f"{RESULTS} or {LEDGER} holds a question, a check or an environment that is none"
        raise UnjudgedError(f"{told}: {CHANGED}.")
    book = notebook.read(files[NOTEBOOK], named[NOTEBOOK])
    return Evidence(files, settings, book, results, ledger, remarks)


def _typed(files: Mapping[str, bytes], name: str, named: Mapping[str, str], kind: type[T]) -> T | None:
    """Read a JSON file as a type."""
    if name not in files:
        return None
    if len(files[name]) > JSON_LIMIT:
        raise UnjudgedError(f"{named[name]} has more than {JSON_LIMIT >> 20} MiB.")
    found = notebook.decoded(files[name], named[name], kind)
    if not _is_small(msgspec.to_builtins(found)):
        raise UnjudgedError(f"{named[name]} holds a text, a list or a number beyond all bounds: {CHANGED}.")
    return found


def _is_small(value: Any, levels: int = LEVELS) -> bool:
    """Say whether texts, lists and numbers, and how they nest, are within all that this program writes."""
    if value is None or isinstance(value, int | float):
        return abs(value or 0) <= NUMBER_LIMIT
    if isinstance(value, str):
        return len(value) <= SIZE_LIMIT
    held = [*value, *value.values()] if isinstance(value, dict) else value
    return levels > 0 and len(value) <= SIZE_LIMIT and all(_is_small(each, levels - 1) for each in held)


def _is_sound(results: Results | None, ledger: Ledger | None) -> bool:
    """Check what the types do not say."""
    asked = [check.question for check in ledger.checks] if ledger else []
    if ledger and len({check.id for check in ledger.checks}) < len(asked):
        return False
    if results:
        asked += [entry.question for entry in results.values.values()]
        asked += [formula.question for formula in results.formulas.values()]
        try:
            numerics.sentences(results.environment)
        except (KeyError, IndexError, TypeError, AttributeError):
            return False
    return {*asked} <= {"1", *QUESTIONS} and (results is None or results.schema == 1)
