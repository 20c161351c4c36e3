"""The check that ends a build: what is about to leave the machine is unpacked and read as a grader would.

Nothing is trained or typeset again, since that has just been done: every value on the pages is compared with
the attachments, the notebook's own record and the files of the build, and the notebook with its source.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from report import results, stages
from report.config import QUESTIONS
from report.errors import CheckError
from report.stages import PAGES
from report.verify import notebook_cells, reading, submission
from report.verify.compare import compare
from report.verify.errors import UnjudgedError
from report.verify.fresh import Fresh
from report.verify.rows import Outcome
from report.verify.submission import PDF

if TYPE_CHECKING:
    from experiments.dataset import Dataset
    from report.sources import Inputs


def expected(inputs: Inputs, data: Dataset) -> Fresh:
    """Give what must be found but for what is computed: from the sources as they are now, nothing kept."""
    made_with = results.made_with()
    return Fresh(
        attached=None,
        record=None,
        pages=None,
        no_pages="this check sets no pages",
        cells=notebook_cells.written(stages.unexecuted(inputs, data)),
        data={file.name: file.sha256 for file in data.files},
        environment={},
        code=made_with.code,
        versions=made_with.versions,
        settings=0,
    )


def self_check(work: Path, zip_name: str, to_find: Fresh) -> str:
    """Check what a build made, before it is put in place.

    Parameters
    ----------
    work : Path
        The folder that holds all of it, the zip included.
    zip_name : str
        The file that is handed in.
    to_find : Fresh
        From `expected`.

    Returns
    -------
    str
        One sentence: what was checked, and what was not.

    Raises
    ------
    CheckError
        Something does not hold together.
    """
    with tempfile.TemporaryDirectory(prefix="self-check-") as room:
        with zipfile.ZipFile(work / zip_name) as archive:
            archive.extractall(room)
        try:
            handed_in = submission.take(Path(room) / PDF)
            found = submission.understood(handed_in.pdf, reading.document(handed_in.pdf))
        except UnjudgedError as error:
            raise CheckError(f"{zip_name} cannot be read back: {error}", error.hint) from error
    for name in results.ATTACHED:
        if found.files[name] != (work / name).read_bytes():
            raise CheckError(f"{name} inside the PDF is not the {name} beside it.")
    shown = {
        question: [mark.page for mark in found.marks if mark.region == question] for question in QUESTIONS
    }
    if missing := [question for question in QUESTIONS if not shown[question]]:
        raise CheckError(f"The PDF shows nothing for question {', '.join(missing)}.")
    told = json.loads((work / PAGES).read_bytes())
    for question, pages in shown.items():
        if told[question] != min(pages):
            raise CheckError(
                f"Question {question} starts on page {min(pages)}, not {told[question]} as {PAGES} says."
            )
    here = replace(to_find, record=found.attached.record, environment=found.attached.environment)
    rows, _ = compare(found, handed_in, here)
    for row in rows:
        if row.finding.outcome is not Outcome.MATCH:
            where = f"Question {row.question[0]}({row.question[1:]}), " if row.question[1:] else ""
            raise CheckError(f"{where}{row.quantity}: {row.finding.reason}.", "Please report it.")
    return (
        f"{zip_name} unpacked and read back: {len(rows)} quantities agree on the pages, in the attachments"
        " and in the notebook. Nothing was trained again; `verify` does that."
    )
