"""The verdict: all rows, what was found of each question, and verify.json for programs."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from report.bundle import as_json
from report.config import QUESTIONS
from report.errors import InputError
from report.verify.rows import WHOLE, Outcome, mismatched, outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from report.verify.rows import Row
    from report.verify.submission import Submission

FILE = "verify.json"
MAKER = "generate_report.py verify"
LARGEST = 4 * 2**20  # bytes of a file of ours that is looked at before it is replaced


@dataclass(frozen=True)
class Verdict:
    """What was found.

    Attributes
    ----------
    name : str
        The submission as a person calls it.
    submission : Submission
    rows : tuple of Row
    remarks : tuple of str
        What is worth knowing beside.
    fast : bool
        Whether only two settings were trained.
    """

    name: str
    submission: Submission
    rows: tuple[Row, ...]
    remarks: tuple[str, ...]
    fast: bool

    @property
    def mismatched(self) -> list[str]:
        """The questions that do not match; an empty name stands for the submission as a whole."""
        return mismatched(self.rows)

    @property
    def unjudged(self) -> list[str]:
        """The questions that cannot be judged, named likewise."""
        return mismatched(self.rows, Outcome.UNJUDGED)

    @property
    def outcome(self) -> Outcome:
        """What was found of the submission."""
        if self.mismatched:
            return Outcome.MISMATCH
        return Outcome.UNJUDGED if self.unjudged else Outcome.MATCH


def contents(verdict: Verdict) -> dict[str, Any]:
    """Give the content of verify.json."""
    made = verdict.submission.attached
    return {
        "schema": 1,
        "made_by": MAKER,
        "verdict": str(verdict.outcome),
        "trained": "default and best" if verdict.fast else "all settings",
        "submission": {
            "name": verdict.name,
            "sha256": verdict.submission.sha256,
            "pages": len(verdict.submission.boxes),
            "author": {"name": made.config.author.name, "id": made.config.author.id},
            "data": dict(made.data),
        },
        "questions": {question: str(outcome(verdict.rows, question)) for question in QUESTIONS},
        "whole": str(_whole(verdict)),
        "rows": [
            {
                "question": row.question,
                "quantity": row.quantity,
                "reported": row.reported,
                "attached": row.attached,
                "reproduced": row.reproduced,
                "rule": row.rule,
                "outcome": str(row.finding.outcome),
                "cause": row.finding.cause,
                "reason": row.finding.reason,
            }
            for row in verdict.rows
        ],
        "remarks": list(verdict.remarks),
    }


def _whole(verdict: Verdict) -> Outcome:
    """Give what was found of what belongs to no question."""
    if WHOLE in verdict.mismatched:
        return Outcome.MISMATCH
    return Outcome.UNJUDGED if WHOLE in verdict.unjudged else Outcome.MATCH


def is_ours(value: Any) -> bool:
    """Tell whether the content of a file is a verify.json."""
    return isinstance(value, dict) and value.get("made_by") == MAKER


def check_place(file: Path, ours: Callable[[Any], bool]) -> None:
    """Refuse to write over a file that this command did not make.

    Parameters
    ----------
    file : Path
        What is to be written.
    ours : callable
        Tells from a file's content (parsed JSON) whether it may be replaced.

    Raises
    ------
    InputError
        The file is there and is something else.
    """
    if file.is_symlink() or (file.exists() and not file.is_file()):
        raise InputError(f"{file} is not a plain file.", "Name another one.")
    if not file.exists():
        if not file.parent.is_dir():
            raise InputError(f"There is no folder {file.parent}.", "Make it, or name another file.")
        return
    try:
        with file.open("rb") as stream:
            found = json.loads(stream.read(LARGEST))
    except (OSError, ValueError, RecursionError):
        found = None
    if not ours(found):
        raise InputError(f"{file} exists and is not of this command.", "Name another file, or remove it.")


def replace(file: Path, content: Any) -> None:
    """Write JSON to a file, whole or not at all."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".verify-")
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(as_json(content))
        beside.chmod(0o644)
        beside.replace(file)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
