"""What is wrong in a template is told by question, file and line, with LaTeX's first real error."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from report.errors import LatexError
from report.latex.compile import compile_pdf
from report.latex.render import Page
from report.system import latexmk

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project

pytestmark = pytest.mark.tex


def compiled(folder: Path, built: Project, line: str) -> tuple[int, LatexError]:
    """Compile the pages of a build with one more line in 1(d), blank ones around it; its number, the error.

    Each line of a page is told as itself: so a mistake costs a second, and nothing is filled or drawn.
    """
    kept_out = shutil.ignore_patterns(".*", "submission.pdf", "*.zip")
    shutil.copytree(built.out, folder, dirs_exist_ok=True, ignore=kept_out)
    part = folder / "parts" / "1d.tex"
    text = part.read_text(encoding="utf-8").rstrip("\n")
    part.write_text(f"{text}\n\n{line}\n\nMore.\n", encoding="utf-8")
    pages = {}
    for file in (folder / "submission.tex", *(folder / "parts").iterdir()):
        filled = file.read_text(encoding="utf-8")
        pages[str(file.relative_to(folder))] = Page(filled, file.name, (*range(1, filled.count("\n") + 2),))
    with pytest.raises(LatexError) as caught:
        compile_pdf(latexmk(), folder, pages)
    return text.count("\n") + 3, caught.value


# The line that is added; what LaTeX says of it, and the hint.
MISTAKES = {
    r"Here \nosuchcommand is.": ("Undefined control sequence", "A command is misspelt"),
    "Here h_3 is.": ("Missing $ inserted", "Mathematics stands outside of $...$"),
    "Here } is.": ("Too many }'s", "An opening brace is missing"),
    r"Here \textbf{is.": (r"File ended while scanning use of \textbf", "A closing brace is missing"),
    r"Here {\bfseries is.": ("a brace is not closed", ""),
    r"\begin{center} Here is.": (
        r"LaTeX Error: \begin{center} on line LINE ended by \end{document}",
        "An environment is not closed",
    ),
    r"\begin{center} Here is. \end{quote}": (
        r"LaTeX Error: \begin{center} on line LINE ended by \end{quote}",
        "An environment is not closed",
    ),
    r"\begin{algin}x\end{algin}": ("LaTeX Error: Environment algin undefined", "Its name is misspelt"),
    r"\begin{tabular}{ll}a & b & c\\\end{tabular}": ("Extra alignment tab", "more & than columns"),
    "Here & there.": ("Misplaced alignment tab character &", r"in text it is \&"),
    "Here $x^2^3$ is.": ("Double superscript", "group them with braces"),
    r"\includegraphics{nosuchfigure}": ("LaTeX Error: File `nosuchfigure' not found", ""),
    r"See \ref{nosuchplace}.": ("a reference leads nowhere", ""),
    rf"\mbox{{{'long ' * 40}}}": ("a line or box is too large for the page", ""),
    "Here ✓ is.": ("Unicode character ✓ (U+2713)", "The report's font lacks a character"),
    r"\input{/etc/hostname}": ("LaTeX Error: File `/etc/hostname.tex' not found", ""),
    r"\immediate\write18{touch pwned}\nosuchcommand": ("Undefined control sequence", ""),
    "\\begin{align} a &= b\n\n &= c \\end{align}": (
        r"Paragraph ended before \align",
        "a blank line stands where none may be",
    ),
    r"\begin{verbatim} x": ("File ended while scanning", r"the \end of an environment"),
    r"\verb|x": (r"\verb ended by end of line", "the same sign before and after"),
    r"$\frac{1}$": ("Missing } inserted", "lacks an argument"),
    r"$\left( x$": (r"Missing \right. inserted", r"A \left has no \right"),
    "It costs 5$ or more\nin all.": ("Missing $ inserted", r"a dollar sign is \$"),
    r"\newcommand{\x}{#}": ("Illegal parameter number", r"In text a # is \#"),
    r"\def\x{\x\x}\x": ("TeX capacity exceeded", "A command may be defined by itself"),
}
QUICK = (r"Here \nosuchcommand is.", r"Here \textbf{is.")  # TeX goes on, and TeX finds the end of the file
EACH = [
    pytest.param(line, *told, id=line[:30], marks=() if line in QUICK else pytest.mark.slow)
    for line, told in MISTAKES.items()
]


@pytest.mark.parametrize(("line", "words", "hint"), EACH)
def test_a_mistake_in_a_template(
    line: str, words: str, hint: str, tiny_build: Project, tmp_path: Path
) -> None:
    """LaTeX's first real error comes with question, template, line and the offending words, and a hint."""
    number, error = compiled(tmp_path, tiny_build, line)

    noticed_below = int(line.startswith("It costs"))  # at the end of the paragraph
    told, _, excerpt = str(error).partition("\n")
    place = "" if words.startswith("File ended") else f", line {number + noticed_below}"
    assert told.startswith(f"Question 1(d): templates/1d.tex{place}: "), told
    assert words.replace("LINE", str(number)) in told, told
    assert len(told) < 400
    assert (line.splitlines()[noticed_below][:20] if place else line[-2:].strip()) in excerpt
    assert hint in error.hint
    assert error.hint.endswith(f"The whole log is {tmp_path}/submission.log.")
    passed_by_tex = any(said in told for said in ("leads nowhere", "too large", "is not closed"))
    assert passed_by_tex or not (tmp_path / "submission.pdf").exists()
    assert not (tmp_path / "pwned").exists()


def test_a_failed_build_keeps_the_last_good_one(project: Project, tiny_build: Project) -> None:
    """A LaTeX error ends the run with 3 and one sentence; log and pages are kept apart, the old PDF stays."""
    project.append("templates/1e.tex", "\nHere \\nosuchcommand is.\n")
    number = len((project.root / "templates" / "1e.tex").read_text(encoding="utf-8").splitlines())

    done = project.run()

    assert done.returncode == 3
    last = done.stderr.splitlines()[-4:]
    old = f"{project.out}/submission.pdf is still the old one"
    assert last[0] == f"What was made so far is in {project.out}/failed; {old}."
    assert last[1].startswith(f"ERROR Question 1(e): templates/1e.tex, line {number}: Undefined control")
    assert last[2] == "   > Here \\nosuchcommand is."
    assert last[3].endswith(f"The whole log is {project.out}/failed/submission.log.")
    assert (project.out / "failed" / "submission.log").exists()
    assert "Undefined control sequence" in (project.out / "failed" / "reason.txt").read_text()
    assert project.products() == tiny_build.products()
