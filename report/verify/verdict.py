"""The verdict, for people as a table, for programs as verify.json, and in Gradescope's form.

Gradescope: https://gradescope-autograders.readthedocs.io/en/latest/specs/
"""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from report import bundle
from report.config import POINTS, QUESTIONS
from report.console import printable
from report.errors import InputError
from report.verify.findings import WHOLE, Outcome, Quantity, worst

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from report.errors import ReportError

FILE, PICTURES = "verify.json", "verify"
MAKER = "generate_report.py verify"
WIDTH = 80
COLUMNS = {"Q": 2, "quantity": 22, "reported": 12, "attached": 13, "reproduced": 13, "rule": 7}
MARKS = {
    Outcome.MATCH: ("ok", "\x1b[32m"),
    Outcome.MISMATCH: ("NO", "\x1b[1;31m"),
    Outcome.OPEN: ("-", "\x1b[33m"),
    Outcome.UNJUDGED: ("??", "\x1b[1;33m"),
}
DIM, RESET = "\x1b[2m", "\x1b[0m"
WRONG = (Outcome.MISMATCH, Outcome.UNJUDGED)


class Verdict(Struct, frozen=True, kw_only=True):
    """What was found of a submission, as verify.json has it; or the reason why it cannot be judged."""

    schema: int = 1
    made_by: str = MAKER
    verdict: Outcome
    reason: str = ""
    trained: str = "all settings"
    submission: dict[str, Any]
    questions: dict[str, Outcome]
    whole: Outcome
    rows: tuple[Quantity, ...] = ()
    remarks: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()


def judged(
    submission: dict[str, Any], rows: Sequence[Quantity], remarks: Sequence[str], *, fast: bool
) -> Verdict:
    """Return what all quantities of a submission amount to."""
    found = {
        question: worst(row for row in rows if row.concerns(question)) for question in (*QUESTIONS, WHOLE)
    }
    return Verdict(
        verdict=next((outcome for outcome in WRONG if outcome in found.values()), Outcome.MATCH),
        trained="default and best" if fast else "all settings",
        submission=submission,
        whole=found.pop(WHOLE),
        questions=found,
        rows=tuple(rows),
        remarks=tuple(remarks),
    )


def unjudged(name: str, error: ReportError) -> Verdict:
    """Return why nothing of a submission was compared."""
    return Verdict(
        verdict=Outcome.UNJUDGED,
        reason=f"{error}\n{error.hint}".strip(),
        submission={"name": name},
        questions=dict.fromkeys(QUESTIONS, Outcome.OPEN),
        whole=Outcome.OPEN,
    )


def table(found: Verdict, *, colour: bool) -> list[str]:
    """Set the verdict in lines of 80 columns: each quantity, reasons below it, one last line."""

    def paint(text: str, code: str) -> str:
        return f"{code}{text}{RESET}" if colour and text else text

    about = found.submission
    who = ", ".join(text for text in about["author"].values() if text)
    out = [_cut(f"{about['name']}: {about['pages']} pages, {who}", WIDTH), "", paint(_line(COLUMNS), DIM)]
    before = None
    for row in found.rows:
        if before and row.question[:1] != before.question[:1]:
            out.append("")
        question = "" if before and row.question == before.question else row.question
        word, code = MARKS[row.outcome]
        cells = [question, row.quantity, row.reported, row.attached, row.reproduced, row.rule]
        out.append(_line(cells) + paint(word, code))
        out += [f"     {paint(line, code)}" for line in textwrap.wrap(printable(row.reason), WIDTH - 5)]
        before = row
    out += [""] * bool(found.remarks)
    for remark in found.remarks:
        out += textwrap.wrap(printable(remark), WIDTH, initial_indent="* ", subsequent_indent="  ")
    closing = textwrap.wrap(_closing(found), WIDTH)
    return [*out, "", *(paint(line, MARKS[found.verdict][1]) for line in closing)]


def _closing(found: Verdict) -> str:
    """Say the one sentence that everybody reads."""
    if found.verdict is Outcome.MATCH:
        still = sum(row.outcome is Outcome.OPEN for row in found.rows)
        count = f"{len(found.rows) - still} quantities of {len(QUESTIONS)} questions"
        return f"All that was compared matches: {count}" + (f"; {still} not compared (-)." if still else ".")
    of = {f"{key[0]}({key[1]})": outcome for key, outcome in found.questions.items()}
    of["the submission as a whole"] = found.whole
    named = ", ".join(name for name, outcome in of.items() if outcome is found.verdict)
    seen = f" Pictures: {', '.join(found.pictures)}." if found.pictures else ""
    word = "MISMATCH" if found.verdict is Outcome.MISMATCH else "CANNOT BE JUDGED"
    return f"{word}: {named}.{seen}"


def _line(cells: Any) -> str:
    """Set cells in their columns, cut where they are too long."""
    return "".join(
        _cut(cell, width).ljust(width + 1) for cell, width in zip(cells, COLUMNS.values(), strict=True)
    )


def _cut(text: str, width: int) -> str:
    shown = printable(text).replace("\n", " ")
    return shown if len(shown) <= width else f"{shown[: width - 1]}\N{HORIZONTAL ELLIPSIS}"


def gradescope(found: Verdict) -> dict[str, Any]:
    """Return the result in Gradescope's form: one test for each question, with the points of the sheet.

    Only what is found of a question itself takes its points. Where nothing was compared, none are given,
    whoever is at fault: a file that makes this program fail must not earn any.
    """
    about = {"visibility": "visible", "extra_data": {"made_by": MAKER}}
    if not found.rows:
        told = f"Nothing was compared, so no points are given yet: {found.reason}"
        return {"score": 0, "output": told, **about}
    whole = [_told(row) for row in found.rows if row.question == WHOLE and row.outcome in WRONG]
    output = "\n".join([*whole, *found.remarks]) or "Reported, attached and reproduced: see each question."
    return {"output": output, "tests": [_test(found, question) for question in QUESTIONS], **about}


def _test(found: Verdict, question: str) -> dict[str, Any]:
    passed = found.questions[question] not in WRONG
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
        ours = not file.exists() or f'"made_by": "{MAKER}"' in json.dumps(json.loads(file.read_bytes()))
    except (ValueError, RecursionError):  # it is no JSON
        ours = False
    if not ours:
        raise InputError(
            f"{file} exists and was not written by this command.", "Name another file, or remove it."
        )


def write(file: Path, content: Verdict | dict[str, Any]) -> None:
    """Write JSON to a file, whole or not at all."""
    check_place(file)
    bundle.write(file, bundle.as_json(content))
