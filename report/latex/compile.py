"""From .tex to PDF with latexmk: no personal settings are read, no commands are run."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

from report import bundle
from report.errors import CheckError, MachineError
from report.latex import log as latex_log
from report.process import group_guard

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from report.latex.render import Page

TIMEOUT = 180  # seconds; the report takes less than 10
EPOCH = 946684800  # 2000-01-01, the only date that TeX is given
LOG, RECORD, NOTES = "submission.log", "submission.fls", "submission.aux"
LATEXMKRC = f"""\
# `latexmk` in this folder makes submission.pdf, byte for byte the one that the build made.
@default_files = ('submission.tex');
$pdf_mode = 1;
$pdflatex = 'pdflatex -interaction=nonstopmode -halt-on-error -file-line-error -no-shell-escape %O %S';
$max_repeat = 6;
$warnings_as_errors = 1;  # an undefined reference is an error
$ENV{{'SOURCE_DATE_EPOCH'}} = '{EPOCH}';
$ENV{{'FORCE_SOURCE_DATE'}} = '1';
$ENV{{'max_print_line'}} = '10000';  # log lines are not wrapped
$ENV{{'openin_any'}} = 'p';  # TeX reads nothing outside this folder and its own trees
$ENV{{'openout_any'}} = 'p';  # nor does it write there
$ENV{{'TEXMFHOME'}} = $ENV{{'TEXMFCONFIG'}} = '.';  # nobody's own styles
delete @ENV{{grep {{ /^TEXINPUTS/ }} keys %ENV}};
"""
FULL = 2**16  # bytes: TeX does not notice that its notes for the next pass were cut off by a full disk
DISK_FULL = "No space left on device"
# Messages of TeX or latexmk when the machine, not the text, is at fault.
MACHINE = {
    (DISK_FULL, "fwrite() failed"): ("The disk is full", "Free some space and run it again."),  # pdfTeX's own
    ("Disk quota exceeded",): ("Your disk quota is used up", "Free some space and run it again."),
    ("File too large",): ("A file may not grow as large as the PDF", "Raise the limit (ulimit -f)."),
    ("annot allocate memory", "memory exhausted"): (
        "The memory is used up",
        "Close other programs, or raise the limit.",
    ),
}


def compile_pdf(
    latexmk: Path, folder: Path, pages: Mapping[str, Page], kept: Path | None = None
) -> tuple[str, ...]:
    """Make `folder`/submission.pdf from the sources there; return TeX's own files that were read.

    An error is told in terms of `pages`, the filled templates by their path in `folder`; the log stays there.
    TeX's notes for its next pass (page numbers, mostly) are taken from the file `kept`, and kept there: they
    spare a pass and change no byte, since TeX runs until its notes are those that it began with.

    Raises
    ------
    LatexError
        LaTeX stopped, or the log shows an overfull box, a missing glyph or an undefined reference.
    MachineError
        LaTeX took longer than `TIMEOUT`, was killed, or had too little disk or memory.
    """
    command = [str(latexmk), "-norc", "-r", "latexmkrc", "-g", "submission.tex"]
    notes = folder / NOTES
    former = kept if kept and kept.exists() else None
    if former:
        shutil.copyfile(former, notes)
    code, said = _run(command, folder)
    if code and former:  # perhaps because of the notes: what is reported must be true without them
        notes.unlink(missing_ok=True)
        code, said = _run(command, folder)
    log = _text(folder / LOG)
    where = f"The whole log is {folder / LOG}."
    if code:
        _refuse_machine(code, said + log, folder)
        raise latex_log.told(
            latex_log.first_error(log) or latex_log.first_fault(log) or latex_log.last_words(said),
            pages,
            where,
        )
    if fault := latex_log.first_fault(log):
        raise latex_log.told(fault, pages, where)
    if kept:
        with contextlib.suppress(OSError):  # they only save time
            bundle.write(kept, notes.read_bytes())
    return tuple(sorted(set(re.findall(r"^INPUT (/.*)$", _text(folder / RECORD), re.MULTILINE))))


def question_pages(folder: Path) -> dict[str, int]:
    """Return the page (from 1) on which each question starts, from TeX's notes in `folder`."""
    found = re.findall(
        r"^\\newlabel\{question:(\w+)\}\{\{[^{}]*\}\{(\d+)\}", _text(folder / NOTES), re.MULTILINE
    )
    return {question: int(page) for question, page in found}


def check_numbers(folder: Path) -> None:
    """Check that figures and tables are numbered without a gap, from TeX's notes in `folder`.

    Raises
    ------
    CheckError
        They are not: some LaTeX packages count a table that has no number in another release.
    """
    noted = re.findall(r"^\\newlabel\{(figure|table):[^}]+\}\{\{(\d+)\}", _text(folder / NOTES), re.MULTILINE)
    for kind in ("figure", "table"):
        numbers = sorted({int(number) for name, number in noted if name == kind})
        if numbers != [*range(1, len(numbers) + 1)]:
            raise CheckError(
                f"The {kind}s of the PDF have the numbers {', '.join(map(str, numbers))}.",
                f"Give every caption a label, {kind}:NAME; another environment may count as a {kind}, too.",
            )


def page_count(folder: Path) -> int:
    """Return the number of pages, from TeX's notes in `folder`; 0 where this LaTeX does not note it."""
    noted = re.search(r"\\@abspage@last\{(\d+)\}", _text(folder / NOTES))
    return int(noted[1]) if noted else 0


def _run(command: list[str], folder: Path) -> tuple[int, str]:
    """Run a command silently in a process group of its own; return its exit code and its output."""
    with (
        subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process,
        group_guard() as guard,  # ends first: latexmk alone would leave pdflatex running
    ):
        guard(process.pid)
        try:
            output, _ = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired as error:
            raise MachineError(
                f"LaTeX did not end within {TIMEOUT} s.", f"Its log is {folder / LOG}."
            ) from error
    return process.returncode, output.decode(errors="replace")


def _refuse_machine(code: int, said: str, folder: Path) -> None:
    """Raise if LaTeX failed for a reason that no change to a template could fix."""
    if shutil.disk_usage(folder).free < FULL:
        said += DISK_FULL
    for messages, (what, hint) in MACHINE.items():
        if any(message in said for message in messages):
            raise MachineError(f"{what}: LaTeX could not go on.", hint)
    given = [code, *(128 - int(number) for number in re.findall(r"gave return code (\d+)", said))]
    if numbers := [-number for number in given if number < 0]:  # a signal, as Python and a shell report it
        name = signal.Signals(numbers[0]).name
        raise MachineError(f"LaTeX was killed ({name}).", "Run it again, with more memory if that was short.")


def _text(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
