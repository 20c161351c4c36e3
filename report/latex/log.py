"""Problems in LaTeX's log, described in the template's terms; logs are written with -file-line-error."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from report.errors import LatexError
from report.latex.render import place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from report.latex.render import Page

WIDTH = 160  # characters of an offending line that are shown
HINTS = {
    "Undefined control sequence": "A command is misspelt, or its package is not loaded by submission.tex.",
    "LaTeX Error: Environment": "Its name is misspelt, or its package is not loaded by submission.tex.",
    "Missing $ inserted": "Mathematics stands outside of $...$, or a $ has no partner; a dollar sign is \\$.",
    ".sty' not found": "It is misspelt, or not installed: `apt-file search FILE` or `tlmgr search --global "
    "--file FILE` names the package that brings it.",
    "' not found": "No file of that name is made: stages.draw names the figures, pages.fill the parts.",
    "using draft setting": "No figure of that name is drawn: see stages.draw.",
    "Unicode character": "The report's font lacks a character: write it with Latin letters.",
    "Emergency stop": "TeX met the end of a file too early: an environment or brace may not be closed.",
    "File ended while scanning": "A closing brace is missing, or the \\end of an environment.",
    "Paragraph ended before": "A closing brace is missing, or a blank line stands where none may be.",
    "Too many }": "An opening brace is missing.",
    "Extra }, or forgotten": "An opening brace, or a $, is missing.",
    "Missing } inserted": "A closing brace is missing, or a command lacks an argument.",
    "Missing \\right": "A \\left has no \\right.",
    "Extra \\right": "A \\right has no \\left.",
    "Misplaced alignment": "An & stands outside of a table; in text it is \\&.",
    "alignment tab": "A line of a table has more & than columns, or an & should be \\&.",
    "Misplaced \\noalign": "\\hline and \\midrule stand at the start of a table's line, after \\\\.",
    "ended by \\end": "An environment is not closed, or closed by another name.",
    "\\verb ended": "\\verb needs the same sign before and after its text, on one line.",
    "Double superscript": "Two ^ in a row: group them with braces.",
    "Double subscript": "Two _ in a row: group them with braces.",
    "Illegal parameter number": "In text a # is \\#.",
    "capacity exceeded": "A command may be defined by itself.",
    "already defined": "Use \\renewcommand, or another name.",
    "Citation": "No \\bibitem of references.tex has that name.",
}
# What a log must not contain, each with its sentence; likely causes of the others come first.
FAULTS = {
    r"^\(\\end occurred inside a group at level .*\)\n+### .* at line \d+ .*$": "a brace is not closed",
    r"^Overfull \\([hv])box \(([\d.]+)pt too (?:wide|high)\).*$": "a line or box is too large for the page",
    r"^Missing character: There is no (\S+).*$": "the report's font lacks a character",
    r"^LaTeX Warning: (Reference|Citation|Hyper reference) .*undefined.*$": "a reference leads nowhere",
    r"^LaTeX Warning: Label .* multiply defined.*$": "two places have one label",
    r"^pdfTeX warning.*(name\{[^}]*\} has been referenced but does not exist).*$": "a link leads nowhere",
    r"^pdfTeX warning.*destination with the same identifier.*$": "two places have one name",
}
STYLE = re.compile(r"`(.+)\.sty' not found")


@dataclass(frozen=True)
class Problem:
    """What TeX complained of."""

    file: str  # that TeX named, relative to the build's folder
    line: int  # in it, from 1; 0 if TeX named none
    words: str  # TeX's own
    read: str = ""  # the text at which TeX stopped, as it quotes it


def first_error(log: str) -> Problem | None:
    """Find the first real error."""
    for match in re.finditer(r"^(?:(\S+?\.\w+):(\d+): (.*)|!(?: |(?=pdfTeX error))(.*))$", log, re.MULTILINE):
        file, line, words, bare = match.groups()
        behind = log[match.end() :]
        if "==>" in match.group() or (bare or "").startswith(" "):
            continue
        if bare:  # no place given: the next "file:line: Emergency stop" has it
            later = re.search(r"^(\S+?\.\w+):(\d+): ", behind, re.MULTILINE)
            file, line = later.groups() if later else ("submission.tex", "0")
        runaway = re.search(r"^Runaway \w+\?\n(.*)\n\Z", log[: match.start()], re.MULTILINE)
        read = runaway or re.search(rf"^l\.{line} (.*)$", behind, re.MULTILINE)
        return Problem(file.removeprefix("./"), int(line), words or bare, read[1] if read else "")
    return None


def first_fault(log: str) -> Problem | None:
    """Find the first problem that TeX tolerates and a build does not."""
    for pattern, sentence in FAULTS.items():
        if match := re.search(pattern, log, re.MULTILINE):
            said = re.sub(r"\s+", " ", match.group())
            line = re.search(r"(?:at lines?|on input line|entered at line) (\d+)", said)
            file = _open_file(log[: match.start()])
            return Problem(file, int(line[1]) if line else 0, f"{sentence} ({said})")
    return None


def last_words(output: str) -> Problem:
    """Return the last line that latexmk printed, when there is no log to read."""
    lines = [line for line in output.splitlines() if line.strip()]
    return Problem("submission.tex", 0, lines[-1] if lines else "latexmk said nothing")


def told(problem: Problem, pages: Mapping[str, Page], where: str) -> LatexError:
    """Describe a problem by question, template, line and text; `where` is a sentence about the whole log."""
    problem = _at_its_cause(problem, pages)
    page, words = pages.get(problem.file), problem.words.rstrip(" .")
    found, excerpt = problem.file, problem.read
    if page:
        found = place(page.template, _of_template(page, problem.line))
        text = _line(page, problem.line).strip()
        excerpt = text if 0 < len(text) <= WIDTH else (excerpt or text)[:WIDTH]
        words = re.sub(
            r"on input line (\d+)", lambda found: f"on line {_of_template(page, int(found[1]))}", words
        )
    hint = next((text for key, text in HINTS.items() if key in problem.words), "")
    if style := STYLE.search(problem.words):
        hint = hint.replace("FILE", f"{style[1]}.sty")
    return LatexError(f"{found}: {words}." + f"\n   > {excerpt}" * bool(excerpt), f"{hint} {where}".strip())


def _at_its_cause(problem: Problem, pages: Mapping[str, Page]) -> Problem:
    """Move a problem that TeX noticed behind its cause to the file or paragraph that it comes from."""
    page = pages.get(problem.file)
    part = re.fullmatch(r"\\input\{(.*)\}", _line(page, problem.line).strip())
    if part and "File ended while scanning" in problem.words:
        return replace(problem, file=f"{part[1]}.tex", line=0)
    # TeX knows the line on which a group began, but not its file.
    begun = re.search(r"(\\begin\{.*?\}) on input line (\d+) ended by", problem.words)
    for name, each in pages.items():
        if begun and begun[1] in _line(each, int(begun[2])):
            return replace(problem, file=name, line=int(begun[2]), read="")
        bare = re.sub(r"\\.|%.*", "", each.text)
        open_brace = "{" in _line(each, problem.line) and bare.count("{") > bare.count("}")
        if open_brace and "a brace is not closed" in problem.words:
            return replace(problem, file=name)
        if "Missing $ inserted" in problem.words and bare.count("$") % 2 and name != problem.file:
            return replace(problem, file=name, line=bare[: bare.rindex("$")].count("\n") + 1)
    style = STYLE.search(problem.words)  # noticed behind the line that loads it; else, maybe, a blank one
    before = {line: _line(page, line) for line in range(problem.line, 0, -1)}
    causes = (line for line, text in before.items() if (style[1] in text if style else text.strip()))
    return replace(problem, line=next(causes, problem.line))


def _of_template(page: Page, line: int) -> int:
    """Return the template's line that a line of the filled page comes from; 0 if there is none."""
    return page.lines[line - 1] if 0 < line <= len(page.lines) else 0


def _line(page: Page | None, number: int) -> str:
    lines = page.text.split("\n") if page else []
    return lines[number - 1] if 0 < number <= len(lines) else ""


def _open_file(log: str) -> str:
    """Return which source file TeX was reading at the end of `log`, from its parentheses."""
    while (unclosed := re.sub(r"\([^()]*\)", "", log)) != log:  # files that were closed again
        log = unclosed
    ours = re.findall(r"\(\./([^\s()]+\.tex)", log)
    return ours[-1] if ours else "submission.tex"
