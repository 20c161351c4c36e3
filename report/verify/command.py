"""The command: take the submission, find its evidence, make it anew, compare, tell."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from experiments.data.files import FILE_NAMES
from report import config, confined
from report.boundary import translated
from report.confined import ExceededError, Limits, UnjudgedError
from report.errors import InputError, ReportError
from report.results import NOTEBOOK
from report.verify import evidence, notebook, verdict
from report.verify.compare import compare
from report.verify.findings import (
    BYTES,
    EDITED,
    Carried,
    Outcome,
    Pages,
    Quantity,
    Reproduced,
    counted,
    mismatch,
)
from report.verify.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from report.console import Console
    from report.verify.evidence import Evidence

EXIT = {Outcome.MATCH: 0, Outcome.MISMATCH: 1, Outcome.UNJUDGED: 2}
ROOT = Path(__file__).resolve().parents[2]
READING = Limits(seconds=120, memory=768 * 2**20, file=64 * 2**20)
MAKING = Limits(seconds=3600, memory=2 * 2**30, file=256 * 2**20)
OURS = "The program that checks failed; the submission is not at fault"


def verify(
    path: Path,
    data: Path | None,
    console: Console,
    *,
    fast: bool = False,
    gradescope_file: Path | None = None,
    run_notebook: bool = False,
    given: Mapping[str, Path | None] | None = None,
) -> int:
    """Check a submission, print what was found, and write it to verify.json beside the submission.

    Parameters
    ----------
    path
        A PDF, a zip or a folder.
    data
        The data; None for those that this copy's own report.toml names.
    console
        Told what happens; the table goes to stdout.
    fast
        Train only the default and the best setting.
    gradescope_file
        Where to write the result in Gradescope's form.
    run_notebook
        Run the submission's notebook, too: somebody's code.
    given
        The configuration and the notebook, where the PDF has lost them.

    Returns
    -------
    int
        0 if all matches, 1 if something does not, 2 if something cannot be judged here.
    """
    if gradescope_file:
        verdict.check_place(gradescope_file)
    scratch = Path(tempfile.mkdtemp(prefix="verify-"))
    beside = (path if path.is_dir() else path.parent) / verdict.FILE
    try:
        found = _judge(path, data, scratch, console, fast=fast, run_notebook=run_notebook, given=given or {})
        pictures = _keep_pictures(scratch / verdict.PICTURES, beside.with_name(verdict.PICTURES))
        found = replace(found, pictures=pictures)
    except Exception as error:
        known = translated(error) or ReportError(f"{OURS} ({type(error).__name__}).")
        _write(Verdict({"name": path.name}, error=known), beside, gradescope_file, console)
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    stdout = type(console).for_stream(sys.stdout)
    print("\n".join(verdict.table(found, colour=stdout.colour)))  # noqa: T201 - the result that was asked for
    _write(found, beside, gradescope_file, console)
    return EXIT[found.outcome]


def _judge(
    path: Path,
    data: Path | None,
    scratch: Path,
    console: Console,
    *,
    fast: bool,
    run_notebook: bool,
    given: Mapping[str, Path | None],
) -> Verdict:
    """Read, reproduce and compare a submission, in a scratch folder."""
    handed_in = evidence.take(path)
    named = {name: file for name, file in given.items() if file}
    data = data or config.load(ROOT / "report.toml").data_path
    file = scratch / evidence.PDF
    file.write_bytes(handed_in.pdf)
    with console.stage("read the submission"):
        carried = _read(scratch, Carried, "read", file)
        found = evidence.gather(carried, handed_in.beside, named)
    with console.stage("make it anew"):
        made = _reproduced(found, handed_in.beside, data, scratch / "anew", console, fast=fast)
    pages, numbers = None, {}
    if not made.no_pages:
        anew = scratch / "anew" / evidence.PAGES
        numbers = json.loads((anew / "pages.json").read_bytes())
        pages = Pages(BYTES, carried.pages)
        if (anew / evidence.PDF).read_bytes() != handed_in.pdf:
            with console.stage("compare the pages"):
                (scratch / verdict.PICTURES).mkdir()
                pages = _read(
                    scratch, Pages, "compare", file, anew / evidence.PDF, scratch / verdict.PICTURES
                )
    rows, remarks = compare(handed_in, found, made, pages, numbers)
    if run_notebook:
        rows += _run_again(found.files[NOTEBOOK], data, scratch / "run", console)
    author = found.config.author
    about: dict[str, Any] = {
        "name": handed_in.name,
        "sha256": hashlib.sha256(handed_in.pdf).hexdigest(),
        "pages": carried.pages,
        "author": {"name": author.name, "id": author.id},
        "data": {name: entry.sha256 for name, entry in made.results.data.files.items()},
    }
    return Verdict(about, tuple(rows), tuple(remarks), fast=fast)


def _read(scratch: Path, kind: Any, *arguments: object) -> Any:
    """Ask something of a stranger's PDF, in a child process."""
    try:
        found = confined.run("report.verify.pages", [*map(str, arguments)], scratch, READING)
    except ExceededError as error:
        raise UnjudgedError(f"The PDF cannot be read within {READING}: {error}") from None
    return msgspec.convert(found, kind)


def _reproduced(
    given: Evidence, beside: Mapping[str, bytes], data: Path, folder: Path, console: Console, *, fast: bool
) -> Reproduced:
    """Make a submission anew in a child process, from the files in a folder that is made for it."""
    (folder / evidence.BESIDE).mkdir(parents=True)
    for name, content in given.files.items():
        (folder / name).write_bytes(content)
    for name in FILE_NAMES:
        if name in beside:
            (folder / evidence.BESIDE / name).write_bytes(beside[name])
    arguments = [str(folder), str(data.resolve()), json.dumps(fast)]
    try:
        confined.run("report.verify.reproduce", arguments, folder, MAKING, console.progress)
    except ExceededError as error:
        hint = "--fast trains two networks instead of the whole search."
        raise UnjudgedError(f"The submission cannot be made anew within {MAKING}: {error}", hint) from None
    return msgspec.json.decode((folder / evidence.ANSWER).read_bytes(), type=Reproduced)


def _run_again(content: bytes, data: Path, folder: Path, console: Console) -> list[Quantity]:
    """Run the notebook inside the PDF again: a quantity for each question, and one for both."""
    name = "notebook, run again"
    try:
        answer = notebook.run_again(content, data, folder, console)
    except ReportError as error:
        return [
            Quantity("2", name, "values", outcome=Outcome.OPEN, reason=f"the notebook was not run: {error}")
        ]
    rows = []
    for question in ("2a", "2b", "2"):
        cells = [(heading, same) for of, heading, same in answer["cells"] if of == question]
        other = [heading for heading, same in cells if not same]
        found = {}
        if answer["stopped"] or other:
            told = answer["stopped"].rstrip(".") or f"the cell \u201c{other[0]}\u201d gives another output"
            found = mismatch(EDITED, told)
        count = [counted(number, "cell") for number in (len(cells), len(cells) - len(other))]
        rows.append(Quantity(question, name, "values", attached=count[0], reproduced=count[1], **found))
    return rows


def _keep_pictures(made: Path, kept: Path) -> tuple[str, ...]:
    """Put pictures beside the verdict, in place of those of an earlier one."""
    for old in kept.glob("page-*.png") if kept.is_dir() and not kept.is_symlink() else ():
        old.unlink()
    names = sorted(file.name for file in made.glob("*.png")) if made.is_dir() else []
    for name in names:
        kept.mkdir(exist_ok=True)
        shutil.copyfile(made / name, kept / name)
    return tuple(f"{kept.name}/{name}" for name in names)


def _write(found: Verdict, beside: Path, gradescope_file: Path | None, console: Console) -> None:
    """Write what was found to files; whatever keeps verify.json from being written changes no verdict."""
    if gradescope_file:
        verdict.write(gradescope_file, verdict.gradescope(found))
    try:
        verdict.write(beside, verdict.contents(found))
    except (InputError, OSError) as error:
        console.warn(f"{verdict.FILE} was not written: {error}")
