"""The verdict, for people as a table, for programs as verify.json, and in Gradescope's form.

Gradescope: https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from report import bundle
from report.config import POINTS, QUESTIONS
from report.confined import UnjudgedError
from report.console import printable
from report.errors import InputError
from report.verify.findings import WHOLE, Outcome, Quantity, worst

if TYPE_CHECKING:
    from pathlib import Path

    from report.errors import ReportError

FILE, PICTURES = "verify.json", "verify"
MAKER = "generate_report.py verify"
WIDTH = 80
COLUMNS = {"Q": 2, "quantity": 22, "reported": 12, "attached": 13, "reproduced": 13, "rule": 7}
WORDS = {Outcome.MATCH: "ok", Outcome.MISMATCH: "NO", Outcome.OPEN: "-", Outcome.UNJUDGED: "??"}
COLOURS = {
    Outcome.MATCH: "\x1b[32m",
    Outcome.MISMATCH: "\x1b[1;31m",
    Outcome.OPEN: "\x1b[33m",
    Outcome.UNJUDGED: "\x1b[1;33m",
}
DIM, RESET = "\x1b[2m", "\x1b[0m"
WRONG = (Outcome.MISMATCH, Outcome.UNJUDGED)


@dataclass(frozen=True)
class Verdict:
    """What was found of a submission: `about` it; or why it cannot be judged, the `error`."""

    about: dict[str, Any]
    rows: tuple[Quantity, ...] = ()
    remarks: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()
    fast: bool = False
    error: ReportError | None = None

    def of(self, question: str) -> Outcome:
        """Return what was found of a question, or of what belongs to none."""
        if self.error:
            return Outcome.OPEN
        return worst(row for row in self.rows if row.concerns(question))

    def named(self, outcome: Outcome) -> list[str]:
        """Name the questions of an outcome as people do, and last the submission as a whole."""
        found = [f"{question[0]}({question[1]})" for question in QUESTIONS if self.of(question) is outcome]
        return found + ["the submission as a whole"] * (self.of(WHOLE) is outcome)

    @property
    def outcome(self) -> Outcome:
        """What was found of all of it."""
        if self.error:
            return Outcome.UNJUDGED
        found = {self.of(question) for question in (*QUESTIONS, WHOLE)}
        return next((outcome for outcome in WRONG if outcome in found), Outcome.MATCH)


def table(found: Verdict, *, colour: bool) -> list[str]:
    """Set the verdict in lines of 80 columns: each quantity, reasons below it, one last line."""

    def paint(text: str, code: str) -> str:
        return f"{code}{text}{RESET}" if colour and text else text

    who = ", ".join(text for text in found.about["author"].values() if text)
    out = [
        _cut(f"{found.about['name']}: {found.about['pages']} pages, {who}", WIDTH),
        "",
        paint(_line(COLUMNS), DIM),
    ]
    last = ""
    for row in found.rows:
        out += [""] * (bool(out[3:]) and row.question[:1] != last[:1])
        question = row.question if row.question != last or not out[3:] else ""
        cells = [question, row.quantity, row.reported, row.attached, row.reproduced, row.rule]
        out.append(_line(cells) + paint(WORDS[row.outcome], COLOURS[row.outcome]))
        reason = textwrap.wrap(printable(row.reason), WIDTH - 5)
        out += [f"     {paint(line, COLOURS[row.outcome])}" for line in reason]
        last = row.question
    for number, remark in enumerate(found.remarks):
        out += [""] * (number == 0)
        out += textwrap.wrap(printable(remark), WIDTH, initial_indent="* ", subsequent_indent="  ")
    closing = [paint(line, COLOURS[found.outcome]) for line in textwrap.wrap(_closing(found), WIDTH)]
    return [*out, "", *closing]


def _closing(found: Verdict) -> str:
    """Say the one sentence that everybody reads."""
    if found.outcome is Outcome.MATCH:
        still = sum(row.outcome is Outcome.OPEN for row in found.rows)
        count = f"{len(found.rows) - still} quantities of {len(QUESTIONS)} questions"
        return f"All that was compared matches: {count}" + (f"; {still} not compared (-)." if still else ".")
    seen = f" Pictures: {', '.join(found.pictures)}." if found.pictures else ""
    word = "MISMATCH" if found.outcome is Outcome.MISMATCH else "CANNOT BE JUDGED"
    return f"{word}: {', '.join(found.named(found.outcome))}.{seen}"


def _line(cells: Any) -> str:
    """Set cells in their columns, cut where they are too long."""
    return "".join(
        _cut(cell, width).ljust(width + 1) for cell, width in zip(cells, COLUMNS.values(), strict=True)
    )


def _cut(text: str, width: int) -> str:
    shown = printable(text).replace("\n", " ")
    return shown if len(shown) <= width else f"{shown[: width - 1]}\N{HORIZONTAL ELLIPSIS}"


def contents(found: Verdict) -> dict[str, Any]:
    """Return the content of verify.json."""
    return {
        "schema": 1,
        "made_by": MAKER,
        "verdict": str(found.outcome),
        "reason": _why(found),
        "trained": "default and best" if found.fast else "all settings",
        "submission": found.about,
        "questions": {question: str(found.of(question)) for question in QUESTIONS},
        "whole": str(found.of(WHOLE)),
        "rows": to_builtins([*found.rows]),
        "remarks": list(found.remarks),
        "pictures": list(found.pictures),
    }


def gradescope(found: Verdict) -> dict[str, Any]:
    """Return the result in Gradescope's form: one test for each question, with the points of the sheet.

    Only what is found of a question itself takes its points. Where nothing was compared, none are given,
    whoever is at fault: a file that makes this program fail must not earn any.
    """
    about = {"visibility": "visible", "extra_data": {"made_by": MAKER}}
    if isinstance(found.error, UnjudgedError):
        return {"score": 0, "output": f"This submission cannot be judged: {_why(found)}", **about}
    if found.error:
        told = f"Nothing was compared, so no points are given yet: {_why(found)}"
        return {"score": 0, "output": told, **about}
    whole = [_told(row) for row in found.rows if row.question == WHOLE and row.outcome in WRONG]
    output = "\n".join([*whole, *found.remarks]) or "Reported, attached and reproduced: see each question."
    return {"output": output, "tests": [_test(found, question) for question in QUESTIONS], **about}


def _test(found: Verdict, question: str) -> dict[str, Any]:
    passed = found.of(question) not in WRONG
    rows = sorted(
        (row for row in found.rows if row.concerns(question)), key=lambda row: row.question != question
    )
    return {
        "name": f"{question[0]}({question[1]})",
        "number": question,
        "score": POINTS[question] if passed else 0,
        "max_score": POINTS[question],
        "status": "passed" if passed else "failed",
        "output": "\n".join(map(_told, rows)),
    }


def _told(row: Quantity) -> str:
    """Tell a quantity on one line."""
    sides = {"reported": row.reported, "attached": row.attached, "reproduced": row.reproduced}
    shown = ", ".join(f"{name} {value}" for name, value in sides.items() if value)
    head = f"{row.quantity}: {row.outcome}" + (f" ({shown})" if shown else "")
    return f"{head}: {row.reason}" if row.reason else head


def _why(found: Verdict) -> str:
    return f"{found.error}\n{found.error.hint}".strip() if found.error else ""


def check_place(file: Path) -> None:
    """Refuse to write over a file that this command did not make.

    Raises
    ------
    InputError
        The file is there and is something else, or there is no such folder.
    """
    if file.is_symlink() or (file.exists() and not file.is_file()):
        raise InputError(f"{file} is not a plain file.", "Name another one.")
    if not file.parent.is_dir():
        raise InputError(f"There is no folder {file.parent}.", "Make it, or name another file.")
    try:
        known = not file.exists() or f'"made_by": "{MAKER}"' in json.dumps(json.loads(file.read_bytes()))
    except (ValueError, RecursionError):
        known = False
    if not known:
        raise InputError(
            f"{file} exists and was not written by this command.", "Name another file, or remove it."
        )


def write(file: Path, content: dict[str, Any]) -> None:
    """Write JSON to a file, whole or not at all."""
    check_place(file)
    bundle.write(file, bundle.as_json(content))
