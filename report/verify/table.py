"""The verdict for people: a table of 80 columns, reasons below the rows that need them, one last line."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from report.config import QUESTIONS
from report.console import printable
from report.verify.rows import WHOLE, Outcome

if TYPE_CHECKING:
    from report.verify.rows import Row
    from report.verify.verdict import Verdict

WIDTH = 80
COLUMNS = (
    ("Q", 2),
    ("quantity", 22),
    ("reported", 12),
    ("attached", 13),
    ("reproduced", 13),
    ("rule", 6),
    ("", 3),
)
WORDS = {Outcome.MATCH: "ok", Outcome.MISMATCH: "NO", Outcome.OPEN: "-", Outcome.UNJUDGED: "??"}
COLOURS = {
    Outcome.MATCH: "\x1b[32m",
    Outcome.MISMATCH: "\x1b[1;31m",
    Outcome.OPEN: "\x1b[33m",
    Outcome.UNJUDGED: "\x1b[1;33m",
}
BOLD, DIM, RESET = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def lines(verdict: Verdict, *, colour: bool) -> list[str]:
    """Give the table, line by line.

    Parameters
    ----------
    verdict : Verdict
        What was found.
    colour : bool
        Whether to mark outcomes with colour; without it the same text stands there.
    """
    author = verdict.submission.attached.config.author
    who = ", ".join(text for text in (author.name, author.id) if text)
    pages = len(verdict.submission.boxes)
    out = [
        _cut(f"{verdict.name}: {pages} pages, {who}", WIDTH),
        "",
        _painted(_line([title for title, _ in COLUMNS]), DIM, colour=colour),
    ]
    for index, row in enumerate(verdict.rows):
        new = index > 0 and row.question != verdict.rows[index - 1].question
        out += [""] * (new and row.question[:1] != verdict.rows[index - 1].question[:1])
        first = index == 0 or new
        out += _row(row, row.question if first else "", colour=colour)
    for remark in verdict.remarks:
        out += [""] * (remark == verdict.remarks[0])
        out += textwrap.wrap(printable(remark), WIDTH, initial_indent="* ", subsequent_indent="  ")
    out += ["", *_last(verdict, colour=colour)]
    return out


def _row(row: Row, question: str, *, colour: bool) -> list[str]:
    """Give the lines of a row: its cells, and below them the reason if there is one."""
    found = row.finding
    cells = [question, row.quantity, row.reported, row.attached, row.reproduced, row.rule]
    paint = COLOURS[found.outcome]
    text = f"{_line(cells)}{_painted(WORDS[found.outcome], paint, colour=colour)}"
    reason = textwrap.wrap(printable(found.reason), WIDTH - 5, initial_indent="", subsequent_indent="")
    return [text, *(f"     {_painted(line, paint, colour=colour)}" for line in reason)]


def _line(cells: list[str]) -> str:
    """Set cells in their columns, cut where they are too long."""
    return (
        " ".join(_cut(cell, width).ljust(width) for cell, (_, width) in zip(cells, COLUMNS, strict=False))
        + " "
    )


def _last(verdict: Verdict, *, colour: bool) -> list[str]:
    """Give the one sentence that everybody reads."""
    still = sum(row.finding.outcome is Outcome.OPEN for row in verdict.rows)
    paint = COLOURS[verdict.outcome]
    if verdict.outcome is Outcome.MISMATCH:
        text = f"MISMATCH: {_named(verdict.mismatched)}."
    elif verdict.outcome is Outcome.UNJUDGED:
        text = f"CANNOT BE JUDGED: {_named(verdict.unjudged)}."
    else:
        count = f"{len(verdict.rows) - still} quantities of {len(QUESTIONS)} questions"
        text = f"All that was compared matches: {count}"
        text += f"; {still} not compared (-)." if still else "."
    return [_painted(line, paint, colour=colour) for line in textwrap.wrap(text, WIDTH)]


def _named(questions: list[str]) -> str:
    """Name questions, and last the whole, as people do."""
    return ", ".join(
        "the submission as a whole" if question == WHOLE else f"{question[0]}({question[1]})"
        for question in questions
    )


def _cut(text: str, width: int) -> str:
    shown = printable(text).replace("\n", " ")
    return shown if len(shown) <= width else f"{shown[: width - 1]}\N{HORIZONTAL ELLIPSIS}"


def _painted(text: str, paint: str, *, colour: bool) -> str:
    return f"{paint}{text}{RESET}" if colour and text else text
