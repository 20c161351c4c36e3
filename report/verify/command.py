"""The command: take, read, reproduce, compare, tell."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from report import config
from report.errors import InputError
from report.verify import gradescope, submission, table, verdict
from report.verify.compare import compare, in_order
from report.verify.errors import UnjudgedError
from report.verify.fresh import reproduce
from report.verify.notebook_run import run_again
from report.verify.rows import Outcome
from report.verify.verdict import Verdict

if TYPE_CHECKING:
    from report.console import Console

EXIT = {Outcome.MATCH: 0, Outcome.MISMATCH: 1, Outcome.UNJUDGED: 2}
ROOT = Path(__file__).resolve().parents[2]


def verify(
    path: Path,
    data: Path | None,
    console: Console,
    *,
    fast: bool = False,
    gradescope_file: Path | None = None,
    run_notebook: bool = False,
) -> int:
    """Check a submission, print what was found, and write it to verify.json beside the submission.

    Parameters
    ----------
    path : Path
        A PDF, or a zip with one.
    data : Path or None
        The data; None for those that this copy's own report.toml names.
    console : Console
        Told what happens; the table goes to stdout.
    fast : bool
        Train only the default and the best setting.
    gradescope_file : Path or None
        Where to write the result in Gradescope's form.
    run_notebook : bool
        Run the submission's notebook, too: somebody's code.

    Returns
    -------
    int
        0 if all matches, 1 if something does not, 2 if something cannot be judged here.

    Raises
    ------
    InputError
        The data or a file to write are at fault.
    UnjudgedError
        The submission cannot be judged.
    """
    if gradescope_file:
        gradescope.check_place(gradescope_file)
    data = data or config.load(ROOT / "report.toml").data_path
    try:
        found = _judge(path, data, console, fast=fast, run_notebook=run_notebook)
    except UnjudgedError as error:
        if gradescope_file:
            gradescope.write_unjudged(gradescope_file, error)
        raise
    stdout = type(console).for_stream(sys.stdout)
    print("\n".join(table.lines(found, colour=stdout.colour)))  # noqa: T201 - the result that was asked for
    if gradescope_file:
        gradescope.write(gradescope_file, found)
    _note(path.with_name(verdict.FILE), found, console)
    return EXIT[found.outcome]


def _judge(path: Path, data: Path, console: Console, *, fast: bool, run_notebook: bool) -> Verdict:
    """Read, reproduce and compare a submission, in a scratch folder."""
    scratch = Path(tempfile.mkdtemp(prefix="verify-"))
    try:
        handed_in = submission.take(path)
        with console.stage("read the submission"):
            found = submission.read(handed_in.pdf, scratch / "reading")
        with console.stage("make it anew"):
            fresh = reproduce(found, data, scratch / "anew", console, fast=fast)
        again = run_again(found, data, scratch / "run", console) if run_notebook else []
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    rows, remarks = compare(found, handed_in, fresh)
    return Verdict(handed_in.name, found, in_order([*rows, *again]), remarks, fast=fast)


def _note(file: Path, found: Verdict, console: Console) -> None:
    """Write verify.json; whatever keeps us from it changes no verdict."""
    try:
        verdict.check_place(file, verdict.is_ours)
        verdict.replace(file, verdict.contents(found))
    except (InputError, OSError) as error:
        console.warn(f"{verdict.FILE} was not written: {error}")
