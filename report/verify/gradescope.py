"""The result in Gradescope's form: one test for each question, with its points from the sheet.

Form: https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from report.config import POINTS, QUESTIONS
from report.verify import verdict
from report.verify.rows import WHOLE, Outcome, concerns, outcome

if TYPE_CHECKING:
    from pathlib import Path

    from report.verify.errors import UnjudgedError
    from report.verify.rows import Row
    from report.verify.verdict import Verdict

WRONG = (Outcome.MISMATCH, Outcome.UNJUDGED)
MARK = {"made_by": verdict.MAKER}


def check_place(file: Path) -> None:
    """Refuse to write over a file that is not of this command, before anything is computed.

    Raises
    ------
    InputError
        The file is something else.
    """
    verdict.check_place(file, _is_ours)


def write(file: Path, found: Verdict) -> None:
    """Write the result of a submission that was judged."""
    whole = [row for row in found.rows if row.question == WHOLE and row.finding.outcome in WRONG]
    tests = [_test(found.rows, question, trusted=not whole) for question in QUESTIONS]
    output = "\n".join([*(_told(row) for row in whole), *found.remarks])
    _write(
        file, {"output": output or "Reported, attached and reproduced: see each question.", "tests": tests}
    )


def write_unjudged(file: Path, error: UnjudgedError) -> None:
    """Write the result of a submission that cannot be judged: no points, and why."""
    _write(file, {"score": 0, "output": f"This submission cannot be judged: {error}\n{error.hint}".strip()})


def _write(file: Path, content: dict[str, Any]) -> None:
    check_place(file)  # something may have been put there meanwhile
    verdict.replace(file, {**content, "visibility": "visible", "extra_data": MARK})


def _test(rows: tuple[Row, ...], question: str, *, trusted: bool) -> dict[str, Any]:
    """Give the test of a question: all of its points unless something does not match or cannot be judged.

    Where that is so of the submission as a whole (something lies over its pages), no page of it is trusted.
    """
    about = [row for row in rows if concerns(row, question)]
    passed = trusted and outcome(rows, question) not in WRONG
    told = [_told(row) for row in sorted(about, key=lambda row: row.question != question)]
    return {
        "name": f"{question[0]}({question[1]})",
        "number": question,
        "score": POINTS[question] if passed else 0,
        "max_score": POINTS[question],
        "status": "passed" if passed else "failed",
        "output": "\n".join(told if trusted else ["The submission as a whole does not match.", *told]),
    }


def _told(row: Row) -> str:
    """Tell a row on one line."""
    sides = {"reported": row.reported, "attached": row.attached, "reproduced": row.reproduced}
    values = ", ".join(f"{name} {value}" for name, value in sides.items() if value)
    head = f"{row.quantity}: {row.finding.outcome}" + (f" ({values})" if values else "")
    return f"{head}: {row.finding.reason}" if row.finding.reason else head


def _is_ours(value: Any) -> bool:
    return isinstance(value, dict) and value.get("extra_data") == MARK
