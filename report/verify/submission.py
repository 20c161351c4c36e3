"""A submission as it was handed in: a PDF, alone or with what lies beside it or in the same zip."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from experiments.data.files import FILE_NAMES
from report.errors import InputError
from report.results import NOTEBOOK
from report.verify import attached, confined
from report.verify.canvas import Mark
from report.verify.confined import ExceededError, Limits
from report.verify.errors import UnjudgedError
from report.verify.reported import reported

if TYPE_CHECKING:
    from collections.abc import Mapping

    from report.verify.attached import Attached
    from report.verify.reported import Shown

PDF = "submission.pdf"
FILE_LIMIT = 64 * 2**20  # bytes of the PDF, or of any other file that is read
MEMBER_LIMIT = 100  # files in a zip
READING = Limits(seconds=120, memory=512 * 2**20, file=64 * 2**20)


@dataclass(frozen=True)
class HandedIn:
    """The files of a submission.

    Attributes
    ----------
    name : str
        As a person calls it.
    pdf : bytes
    beside : mapping
        The notebook and the CSV files that came with the PDF, by name; those that there are.
    """

    name: str
    pdf: bytes
    beside: Mapping[str, bytes]

    def hash_of(self, name: str) -> str:
        """Give the sha256 of a file that came with the PDF."""
        return hashlib.sha256(self.beside[name]).hexdigest()


@dataclass(frozen=True)
class Submission:
    """What a PDF shows and carries.

    Attributes
    ----------
    sha256 : str
        Of the PDF.
    tex : tuple of str
        Which TeX made it, and a digest of its packages' versions; empty if it does not say.
    boxes : tuple of tuples
        Size, rotation and further entries of each page.
    additions : tuple of str
        What a viewer would show beside the pages' content.
    fonts : mapping
        By name, digests of each font's outlines and of all of it.
    marks : tuple of Mark
        All that is painted.
    contents : tuple of str
        Digest of each page's content stream.
    titles : tuple of str
        The document's properties, its bookmarks.
    shown : mapping
        Key of a reported value -> where and how it is shown.
    files : mapping
        The attached files.
    others : tuple of str
        Names of further attachments.
    attached : Attached
        What the attached files say.
    """

    sha256: str
    tex: tuple[str, ...]
    boxes: tuple[tuple[str, ...], ...]
    additions: tuple[str, ...]
    fonts: Mapping[str, tuple[str, ...]]
    marks: tuple[Mark, ...]
    contents: tuple[str, ...]
    titles: tuple[str, ...]
    shown: Mapping[str, tuple[Shown, ...]]
    files: Mapping[str, bytes]
    others: tuple[str, ...]
    attached: Attached


def take(path: Path) -> HandedIn:
    """Take a submission: a PDF and the files beside it, or a zip of them, which is not unpacked to disk.

    Raises
    ------
    InputError
        There is no such file.
    UnjudgedError
        It is too large, no PDF and no zip, or a zip that cannot be trusted.
    """
    content = _content(path)
    if content.startswith(b"PK"):
        files = _unzipped(content)
        if PDF not in files:
            raise UnjudgedError(f"{path.name} holds no {PDF}.")
        return HandedIn(path.name, files.pop(PDF), files)
    if b"%PDF-" not in content[:1024]:
        raise UnjudgedError(f"{path.name} is no PDF and no zip.")
    others = (name for name in (NOTEBOOK, *FILE_NAMES) if (path.parent / name).is_file())
    return HandedIn(path.name, content, {name: _content(path.parent / name) for name in others})


def read(pdf: bytes, folder: Path) -> Submission:
    """Read a PDF, in a process of its own.

    Parameters
    ----------
    pdf : bytes
        The file.
    folder : Path
        An empty folder to work in.

    Raises
    ------
    UnjudgedError
        It cannot be read, or does not carry its evidence.
    """
    folder.mkdir()
    (folder / PDF).write_bytes(pdf)
    try:
        found: dict[str, Any] = confined.run("reading", [str(folder / PDF)], folder, READING)
    except ExceededError as error:
        raise UnjudgedError(
            f"The PDF cannot be read within {READING.seconds} s and 512 MiB: {error}"
        ) from None
    return understood(pdf, found)


def understood(pdf: bytes, found: Mapping[str, Any]) -> Submission:
    """Make sense of what was read of a PDF, as `reading.document` gives it.

    Raises
    ------
    UnjudgedError
        An attached file is not of the shape that this program gives it.
    """
    marks = tuple(Mark(*mark) for mark in found["marks"])
    files = {name: base64.b64decode(content) for name, content in found["attached"].items()}
    return Submission(
        sha256=hashlib.sha256(pdf).hexdigest(),
        tex=tuple(found["tex"]),
        boxes=tuple(tuple(box) for box in found["boxes"]),
        additions=tuple(found["additions"]),
        fonts={name: tuple(digests) for name, digests in found["fonts"].items()},
        marks=marks,
        contents=tuple(found["contents"]),
        titles=tuple(found["titles"]),
        shown=reported(marks),
        files=files,
        others=tuple(found["others"]),
        attached=attached.parse(files),
    )


def _content(path: Path) -> bytes:
    """Read a regular file, up to the limit."""
    if not path.exists():
        raise InputError(f"There is no {path}.", "Name a submission.pdf or a submission.zip.")
    if not path.is_file():
        raise InputError(f"{path} is no file.", "Name a submission.pdf or a submission.zip.")
    with path.open("rb") as stream:
        content = stream.read(FILE_LIMIT + 1)
    if len(content) > FILE_LIMIT:
        raise UnjudgedError(f"{path.name} has more than {FILE_LIMIT >> 20} MiB.")
    return content


def _unzipped(content: bytes) -> dict[str, bytes]:
    """Give the files of a submission that a zip holds, in whatever folder; others are left alone."""
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if len(members) > MEMBER_LIMIT:
                raise UnjudgedError(f"The zip holds more than {MEMBER_LIMIT} files.")
            for member in members:
                path = PurePosixPath(member.filename)
                if path.is_absolute() or ".." in path.parts or "\\" in member.filename:
                    raise UnjudgedError("The zip holds a path that points outside of it.")
                if path.name not in (PDF, NOTEBOOK, *FILE_NAMES) or member.is_dir():
                    continue
                if path.name in found:
                    raise UnjudgedError(f"The zip holds two files named {path.name}.")
                with archive.open(member) as stream:
                    found[path.name] = stream.read(FILE_LIMIT + 1)
                if len(found[path.name]) > FILE_LIMIT:
                    raise UnjudgedError(f"The zip holds a {path.name} of more than {FILE_LIMIT >> 20} MiB.")
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
        raise UnjudgedError("The zip is damaged, encrypted, or packed in a way that is not known.") from None
    return found
