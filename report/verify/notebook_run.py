"""What --run-notebook adds: the rows of the notebook's own outputs, stored and run again."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from report.errors import ReportError
from report.results import NOTEBOOK
from report.verify import confined
from report.verify.confined import Limits
from report.verify.rows import MATCH, Row, counted, mismatch, unseen
from report.verify.rows import NOTEBOOK as NOTEBOOK_DIFFERS

if TYPE_CHECKING:
    from pathlib import Path

    from report.console import Console
    from report.verify.submission import Submission

RUN_AGAIN = "notebook, run again"
ITS_QUESTIONS = ("2a", "2b")
LIMITS = Limits(seconds=1800, memory=2 * 2**30, file=64 * 2**20)
WARNING = (
    "The submission's notebook runs now: it is somebody's code, and it may do what you may do. It has a"
    " folder of its own, none of your settings, 30 minutes and 2 GiB, but no jail: in doubt, use a container."
)
QUIET = (
    "PATH",
    "LANG",
    "LC_",
    "TZ",
    "TMPDIR",
    "OPENBLAS_",
    "OMP_",
    "MKL_",
    "BLIS_",
    "VECLIB_",
    "NPY_",
    "REPORT_",
)


def run_again(found: Submission, data: Path, folder: Path, console: Console) -> list[Row]:
    """Run the notebook inside the PDF again.

    Parameters
    ----------
    found : Submission
        What was handed in.
    data : Path
        The data's folder or archive.
    folder : Path
        A folder to work in, which is made.
    console : Console
        Warned, and told how far it is.

    Returns
    -------
    list of Row
        One for each question, and one for what belongs to both.
    """
    console.warn(WARNING)
    folder.mkdir()
    notebook = folder / NOTEBOOK
    notebook.write_bytes(found.files[NOTEBOOK])
    environ = {name: value for name, value in os.environ.items() if name.startswith(QUIET)}
    try:
        with console.stage("run the notebook"):
            answer: dict[str, Any] = confined.run(
                "rerun",
                [str(notebook), str(data.resolve())],
                folder,
                LIMITS,
                console.progress,
                environ=environ,
            )
    except ReportError as error:
        finding = unseen(f"the notebook was not run: {error}")
        return [Row("2", RUN_AGAIN, "exact", finding)]
    return [_row(question, answer) for question in (*ITS_QUESTIONS, "2")]


def _row(question: str, answer: dict[str, Any]) -> Row:
    cells = [
        (heading, same)
        for tag, heading, same in answer["cells"]
        if question == (tag if tag in ITS_QUESTIONS else "2")
    ]
    other = [heading for heading, same in cells if not same]
    finding = MATCH
    if answer["stopped"]:
        finding = mismatch(NOTEBOOK_DIFFERS, answer["stopped"].rstrip("."))
    elif other:
        finding = mismatch(NOTEBOOK_DIFFERS, f"the cell \u201c{other[0][:60]}\u201d gives another output")
    told = [counted(number, "cell") for number in (len(cells), len(cells) - len(other))]
    return Row(question, RUN_AGAIN, "exact", finding, attached=told[0], reproduced=told[1])
