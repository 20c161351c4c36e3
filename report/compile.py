"""From .tex to PDF with latexmk; its first real error is told in the template's terms."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from report.errors import LatexError, MachineError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from report.render import Page

TIMEOUT = 180  # seconds; the report takes less than 10
EPOCH = 946684800  # 2000-01-01, the only date that TeX is told
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
$ENV{{'TEXMFHOME'}} = $ENV{{'TEXMFCONFIG'}} = '.';  # nobody's own styles
"""
HINTS = {
    "Undefined control sequence": "A command is misspelt, or its package is not loaded by submission.tex.",
    "Missing $ inserted": "Mathematics stands outside of $...$.",
    ".sty' not found": "A LaTeX package is missing: see `python generate_report.py doctor`.",
    "Unicode character": "The report's font lacks a character: write it with Latin letters.",
    "Emergency stop": "TeX met the end of a file too early: an environment or brace may not be closed.",
    "File ended while scanning": "A closing brace is missing.",
}
# What a log must not hold, each with the sentence it becomes.
FAULTS = {
    r"^Overfull \\([hv])box \(([\d.]+)pt too (?:wide|high)\).*$": "a line or box is too large for the page",
    r"^Missing character: There is no (\S+).*$": "the report's font lacks a character",
    r"^LaTeX Warning: (Reference|Citation|Hyper reference) .*undefined.*$": "a reference leads nowhere",
    r"^pdfTeX warning.*(name\{[^}]*\} has been referenced but does not exist).*$": "a link leads nowhere",
}


@dataclass(frozen=True)
class _Problem:
    """What TeX complained of: the file and line it named, if any, and its words."""

    file: str
    line: int
    words: str


def compile_pdf(latexmk: Path, folder: Path, pages: Mapping[str, Page]) -> None:
    """Make `folder`/submission.pdf from submission.tex.

    Parameters
    ----------
    latexmk : Path
        John Collins's program.
    folder : Path
        Holds the sources and latexmkrc; the log stays there.
    pages : mapping
        The filled templates by their path in `folder`, to tell an error in the template's terms.

    Raises
    ------
    LatexError
        LaTeX stopped, or the log shows an overfull box, a missing glyph or an undefined reference.
    MachineError
        LaTeX took longer than `TIMEOUT`.
    """
    command = [str(latexmk), "-norc", "-r", "latexmkrc", "-g", "submission.tex"]
    with subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired as error:
            raise MachineError(
                f"LaTeX did not end within {TIMEOUT} s.", "Its log is submission.log."
            ) from error
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)  # latexmk alone would leave pdflatex running
    log_file = folder / "submission.log"
    log = log_file.read_text(encoding="utf-8", errors="replace") if log_file.exists() else ""
    if process.returncode:
        said = output.decode(errors="replace")
        raise _told(_first_error(log) or _first_fault(log) or _last_words(said), pages)
    if fault := _first_fault(log):
        raise _told(fault, pages)


def _first_error(log: str) -> _Problem | None:
    """Find the first real error in a log written with -file-line-error."""
    for match in re.finditer(r"^(?:(\S+?):(\d+): (.*)|! (.*))$", log, re.MULTILINE):
        file, line, words, bare = match.groups()
        if bare and ("==>" in bare or bare.startswith(" ")):
            continue
        if bare:  # no place given: the next "file:line: Emergency stop" has it
            later = re.search(r"^(\S+?):(\d+): ", log[match.end() :], re.MULTILINE)
            file, line = later.groups() if later else ("submission.tex", "0")
        return _Problem(file.removeprefix("./"), int(line), words or bare)
    return None


def _first_fault(log: str) -> _Problem | None:
    """Find the first thing that TeX lets pass and we do not."""
    for pattern, sentence in FAULTS.items():
        match = re.search(pattern, log, re.MULTILINE)
        if match:
            place = re.search(r"at lines? (\d+)|on input line (\d+)", match.group())
            line = int(next(filter(None, place.groups()))) if place else 0
            return _Problem(_open_file(log[: match.start()]), line, f"{sentence} ({match.group()})")
    return None


def _open_file(log: str) -> str:
    """Tell which of our files TeX was reading at the end of `log`: its parentheses say so."""
    stack: list[str] = []
    for match in re.finditer(r"\((\./[^\s()]+|/[^\s()]+)?|\)", log):
        if match.group() == ")":
            if stack:
                stack.pop()
        else:
            stack.append(match.group(1) or "")
    ours = [name for name in stack if name.startswith("./") and name.endswith(".tex")]
    return ours[-1].removeprefix("./") if ours else "submission.tex"


def _last_words(output: str) -> _Problem:
    """Give the last line that latexmk printed, when there is no log to read."""
    lines = [line for line in output.splitlines() if line.strip()]
    return _Problem("submission.tex", 0, lines[-1] if lines else "latexmk said nothing")


def _told(problem: _Problem, pages: Mapping[str, Page]) -> LatexError:
    """Tell a problem by question, template, line and the offending source line."""
    page = pages.get(problem.file)
    if page and 0 < problem.line <= len(page.lines) and "File ended while scanning" in problem.words:
        part = re.fullmatch(r"\\input\{(.*)\}", page.text.split("\n")[problem.line - 1].strip())
        if part:  # the brace stands in the part that has just ended
            problem = _Problem(f"{part[1]}.tex", 0, problem.words)
            page = pages.get(problem.file)
    place, excerpt = problem.file, ""
    if page:
        place = f"templates/{page.template}"
        if 0 < problem.line <= len(page.lines):
            place += f", line {page.lines[problem.line - 1]}"
            excerpt = page.text.split("\n")[problem.line - 1].strip()
    question = re.fullmatch(r"(\d)([a-z])\.tex", page.template if page else "")
    head = f"Question {question[1]}({question[2]}): " if question else ""
    hint = next((text for key, text in HINTS.items() if key in problem.words), "")
    message = f"{head}{place}: {problem.words.rstrip('.')}."
    if excerpt:
        message += f"\n   > {excerpt[:200]}"
    return LatexError(message, f"{hint} The whole log is submission.log.".strip())
