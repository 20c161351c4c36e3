"""The command: take the submission, find its evidence, make it anew, compare, tell."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import msgspec

from report import ROOT, config, confined
from report.boundary import translated
from report.confined import ExceededError, Limits, UnjudgedError
from report.errors import InputError, ReportError
from report.results import NOTEBOOK
from report.verify import evidence, notebook, verdict
from report.verify.compare import compare, rows
from report.verify.findings import (
    RUN_AGAIN,
    Carried,
    Outcome,
    Pages,
    Quantity,
    Reproduced,
    Same,
    Why,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from report.console import Console
    from report.verify.evidence import Evidence
    from report.verify.verdict import Verdict

T = TypeVar("T")

EXIT = {Outcome.MATCH: 0, Outcome.MISMATCH: 1, Outcome.UNJUDGED: 2}
OURS = "The program that checks failed; the course staff must judge this submission by hand"


@dataclass(frozen=True)
class Work:
    """What is done with a stranger's files, in child processes and in a scratch folder."""

    scratch: Path
    console: Console
    reading: ClassVar = Limits(seconds=120, memory=768 * 2**20, file=64 * 2**20)
    making: ClassVar = Limits(seconds=3600, memory=2 * 2**30, file=256 * 2**20)

    @property
    def anew(self) -> Path:
        """The folder of the pages that are made anew."""
        return self.scratch / "anew" / evidence.PAGES

    def read(self, file: Path) -> Carried:
        """Read what the submission's PDF carries."""
        return self._in_child(Carried, "catalog", file)

    def reproduce(
        self, given: Evidence, beside: Mapping[str, bytes], data: Path, *, fast: bool
    ) -> Reproduced:
        """Make the submission anew."""
        folder = self.anew.parent
        (folder / evidence.BESIDE).mkdir(parents=True)
        for name, content in given.files.items():
            (folder / name).write_bytes(content)
        for name, content in beside.items():
            (folder / evidence.BESIDE / name).write_bytes(content)
        return self._in_child(Reproduced, "reproduce", folder, data.resolve(), json.dumps(fast))

    def compare(self, file: Path) -> Pages:
        """Compare the submission's pages with those that were made anew; draw those that differ."""
        pictures = self.scratch / verdict.PICTURES
        pictures.mkdir()
        return self._in_child(Pages, "pages", file, self.anew / evidence.PDF, pictures)

    def _in_child(self, kind: type[T], module: str, *arguments: object) -> T:
        """Ask something of a stranger's files."""
        making = kind is Reproduced
        limits = self.making if making else self.reading
        progress = self.console.progress if making else None
        try:
            found = confined.run(
                f"report.verify.{module}", [*map(str, arguments)], self.scratch, limits, progress
            )
        except ExceededError as error:
            what = "submission cannot be made anew" if making else "PDF cannot be read"
            hint = "--fast trains two networks instead of the whole search." if making else ""
            raise UnjudgedError(f"The {what} within {limits}: {error}", hint) from None
        return msgspec.convert(found, kind)


def verify(
    path: Path,
    data: Path | None,
    console: Console,
    *,
    fast: bool = False,
    gradescope_file: Path | None = None,
    run_notebook: bool = False,
    given: Mapping[str, Path | None] | None = None,
    work: type[Work] = Work,
) -> int:
    """Check a submission, print what was found, and write it to verify.json beside the submission.

    `data` are by default those that this copy's own report.toml names; `given` holds the configuration and
    the notebook of a PDF that has lost them. The exit code is 0 if all matches, 1 if something does not, 2 if
    something cannot be judged here.
    """
    if gradescope_file:
        verdict.check_place(gradescope_file)
    named = {name: file for name, file in (given or {}).items() if file}
    for name, file in named.items():
        if not file.is_file():
            raise InputError(f"There is no file {file}.", f"Name the {name} that the build made.")
    scratch = Path(tempfile.mkdtemp(prefix="verify-"))
    folder = path if path.is_dir() else path.parent
    try:
        data = data or config.load(ROOT / "report.toml").data_path
        found = _judge(path, data, work(scratch, console), fast=fast, run_notebook=run_notebook, named=named)
        with _unless_refused(console, f"{verdict.PICTURES}/"):
            pictures = keep_pictures(scratch / verdict.PICTURES, folder / verdict.PICTURES)
            found = msgspec.structs.replace(found, pictures=pictures)
    except BaseException as error:
        known = translated(error) or ReportError(f"{OURS} ({type(error).__name__}).")
        if isinstance(error, KeyboardInterrupt):
            known = ReportError("The check was interrupted.", "Run it again.")
        _write(verdict.unjudged(path.name, known), folder, gradescope_file, console)
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    stdout = type(console).for_stream(sys.stdout)
    print("\n".join(verdict.table(found, colour=stdout.colour)))  # noqa: T201 - the result that was asked for
    _write(found, folder, gradescope_file, console)
    return EXIT[found.verdict]


def _judge(
    path: Path, data: Path, work: Work, *, fast: bool, run_notebook: bool, named: Mapping[str, Path]
) -> Verdict:
    """Read, reproduce and compare a submission."""
    handed_in = evidence.take(path)
    file = work.scratch / evidence.PDF
    file.write_bytes(handed_in.pdf)
    with work.console.stage("read the submission"):
        carried = work.read(file)
        found = evidence.gather(carried, handed_in.beside, named)
    with work.console.stage("make it anew"):
        made = work.reproduce(found, handed_in.beside, data, fast=fast)
    pages, starts = None, {}
    if not made.no_pages:
        starts = json.loads((work.anew / "pages.json").read_bytes())
        pages = Pages(Same.BYTES)
        if (work.anew / evidence.PDF).read_bytes() != handed_in.pdf:
            with work.console.stage("compare the pages"):
                pages = work.compare(file)
    quantities, remarks = compare(handed_in, found, made, pages, starts)
    if run_notebook:
        quantities += _run_again(found.files[NOTEBOOK], data, work)
    author = found.config.author
    about: dict[str, Any] = {
        "name": handed_in.name,
        "sha256": hashlib.sha256(handed_in.pdf).hexdigest(),
        "pages": carried.pages,
        "author": {"name": author.name, "id": author.id},
        "data": {name: entry.sha256 for name, entry in made.results.data.files.items()},
    }
    return verdict.judged(about, quantities, remarks, fast=made.trained < len(made.record.search.dev))


def _run_again(content: bytes, data: Path, work: Work) -> list[Quantity]:
    """Run the notebook inside the PDF again."""
    try:
        return rows(RUN_AGAIN, notebook.run_again(content, data, work.scratch / "run", work.console))
    except ReportError as error:
        why = Why("", f"the notebook was not run: {error}", Outcome.OPEN)
        return [row.because(why) for row in rows(RUN_AGAIN, [])]


def keep_pictures(made: Path, kept: Path) -> tuple[str, ...]:
    """Put pictures beside the verdict, in place of those of an earlier one; a link may lead anywhere."""
    if kept.is_symlink():
        return ()
    for old in kept.glob("page-*.png"):
        old.unlink()
    drawn = sorted(made.glob("*.png"), key=lambda file: (len(file.name), file.name))
    for file in drawn:
        kept.mkdir(exist_ok=True)
        shutil.copyfile(file, kept / file.name)
    return tuple(f"{kept.name}/{file.name}" for file in drawn)


@contextlib.contextmanager
def _unless_refused(console: Console, name: str) -> Iterator[None]:
    """Write something beside the submission; whatever keeps it from being written changes no verdict."""
    try:
        yield
    except (InputError, OSError) as error:
        console.warn(f"{name} was not written: {getattr(error, 'strerror', None) or error}")


def _write(found: Verdict, folder: Path, gradescope_file: Path | None, console: Console) -> None:
    """Write what was found to files."""
    with _unless_refused(console, verdict.FILE):
        verdict.write(folder / verdict.FILE, found)
    if gradescope_file:
        verdict.write(gradescope_file, verdict.gradescope(found))
