"""What is wrong in a template is told by question, file and line, with LaTeX's first real error."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from experiments.assessment import Assessment
from report import pages, results, stages, system
from report.errors import InputError, LatexError
from report.latex import compile as compiling

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project

pytestmark = pytest.mark.tex


@dataclass(frozen=True)
class Desk:
    """All that filling and compiling templates needs: so a mistake costs a second, not a build."""

    context: dict[str, Any]
    templates: Path
    folder: Path

    def compile(self) -> None:
        """Fill the templates and run LaTeX over them."""
        filled = pages.fill(self.templates, self.context)
        for name, page in filled.items():
            (self.folder / name).write_text(page.text, encoding="utf-8")
        compiling.compile_pdf(system.latexmk(), self.folder, filled)


@pytest.fixture(scope="module")
def context(tiny_build: Project, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Catch what the templates of the tiny build are filled with."""
    inputs = tiny_build.inputs()
    kinds = {"derive": results.Derived, "measure": results.Measured, "study": Assessment}
    kept = [tiny_build.kept(stage, kind) for stage, kind in kinds.items()]
    caught: dict[str, Any] = {}
    fill = pages.fill

    def catch(templates: Path, context: dict[str, Any]) -> Any:
        caught.update(context)
        return fill(templates, context)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "fill", catch)
        data = stages.read(inputs)
        drawn = stages.draw(inputs, data, *kept)
        stages.typeset(inputs, data, *kept, drawn, tmp_path_factory.mktemp("typeset"))
    return caught


@pytest.fixture
def desk(context: dict[str, Any], tiny_build: Project, tmp_path: Path) -> Desk:
    """Lay out templates that a test may break, and a folder to compile in."""
    shutil.copytree(tiny_build.root / "templates", tmp_path / "templates")
    shutil.copytree(tiny_build.out, tmp_path / "work", ignore=shutil.ignore_patterns(".*", "*.pdf", "*.zip"))
    shutil.copytree(tiny_build.out / "figures", tmp_path / "work" / "figures", dirs_exist_ok=True)
    return Desk(context, tmp_path / "templates", tmp_path / "work")


def write(desk: Desk, template: str, line: str) -> int:
    """Add a line to a template, with blank ones around it; give its number."""
    file = desk.templates / template
    text = file.read_text(encoding="utf-8").rstrip("\n")
    file.write_text(f"{text}\n\n{line}\n\nMore.\n", encoding="utf-8")
    return text.count("\n") + 3


def test_the_templates_as_they_are(desk: Desk) -> None:
    """Without a mistake nothing is told, and there is a PDF."""
    desk.compile()

    assert (desk.folder / "submission.pdf").read_bytes().startswith(b"%PDF")


# The line that is added, what LaTeX says of it, and the hint.
MISTAKES = {
    "a misspelt command": (r"Here \nosuchcommand is.", "Undefined control sequence", "A command is misspelt"),
    "mathematics outside": (r"Here h_3 is.", "Missing $ inserted", "Mathematics stands outside of $...$"),
    "an extra brace": (r"Here } is.", "Too many }'s", "An opening brace is missing"),
    "an unclosed argument": (
        r"Here \textbf{is.",
        r"File ended while scanning use of \textbf",
        "A closing brace is missing",
    ),
    "an unclosed group": (r"Here {\bfseries is.", "a brace is not closed", ""),
    "an unclosed environment": (
        r"\begin{center} Here is.",
        r"LaTeX Error: \begin{center} on line LINE ended by \end{document}",
        "An environment is not closed",
    ),
    "an environment closed by another": (
        r"\begin{center} Here is. \end{quote}",
        r"LaTeX Error: \begin{center} on line LINE ended by \end{quote}",
        "An environment is not closed",
    ),
    "a misspelt environment": (
        r"\begin{algin}x\end{algin}",
        "LaTeX Error: Environment algin undefined",
        "Its name is misspelt",
    ),
    "too many columns": (
        r"\begin{tabular}{ll}a & b & c\\\end{tabular}",
        "Extra alignment tab",
        r"more & than columns",
    ),
    "an ampersand in text": (r"Here & there.", "Misplaced alignment tab character &", r"in text it is \&"),
    "two superscripts": (r"Here $x^2^3$ is.", "Double superscript", "group them with braces"),
    "a missing figure": (r"\includegraphics{nosuchfigure}", "LaTeX Error: File `nosuchfigure' not found", ""),
    "a reference to nothing": (r"See \ref{nosuchplace}.", "a reference leads nowhere", ""),
    "a line that is too long": (rf"\mbox{{{'long ' * 40}}}", "a line or box is too large for the page", ""),
    "a letter that the font lacks": (
        "Here ✓ is.",
        "Unicode character ✓ (U+2713)",
        "The report's font lacks a character",
    ),
    "a command for a file": (r"\input{/etc/hostname}", "LaTeX Error: File `/etc/hostname.tex' not found", ""),
    "a command for a program": (
        r"\immediate\write18{touch pwned}\nosuchcommand",
        "Undefined control sequence",
        "",
    ),
    "a blank line in an equation": (
        "\\begin{align} a &= b\n\n &= c \\end{align}",
        r"Paragraph ended before \align",
        "a blank line stands where none may be",
    ),
    "a verbatim text without its end": (
        r"\begin{verbatim} x",
        "File ended while scanning",
        r"the \end of an environment",
    ),
    "a verb without its end": (r"\verb|x", r"\verb ended by end of line", "the same sign before and after"),
    "a fraction without its second part": (r"$\frac{1}$", "Missing } inserted", "lacks an argument"),
    "a left without its right": (r"$\left( x$", r"Missing \right. inserted", r"A \left has no \right"),
    "a dollar sign": ("It costs 5$ or more\nin all.", "Missing $ inserted", r"a dollar sign is \$"),
    "a number sign": (r"\newcommand{\x}{#}", "Illegal parameter number", r"In text a # is \#"),
    "a loop": (r"\def\x{\x\x}\x", "TeX capacity exceeded", "A command may be defined by itself"),
}


QUICK = ("a misspelt command", "an unclosed argument")
EACH = [
    pytest.param(*told, id=name, marks=() if name in QUICK else pytest.mark.slow)
    for name, told in MISTAKES.items()
]


@pytest.mark.parametrize(("line", "words", "hint"), EACH)
def test_a_mistake_in_a_template(line: str, words: str, hint: str, desk: Desk) -> None:
    """LaTeX's first real error comes with question, template, line and the offending words, and a hint."""
    number = write(desk, "1d.tex", line)
    noticed_below = int(line.startswith("It costs"))  # at the end of the paragraph

    with pytest.raises(LatexError) as caught:
        desk.compile()

    told, _, excerpt = str(caught.value).partition("\n")
    place = "" if words.startswith("File ended") else f", line {number + noticed_below}"
    assert told.startswith(f"Question 1(d): templates/1d.tex{place}: "), told
    assert words.replace("LINE", str(number)) in told, told
    assert len(told) < 400
    assert (line.splitlines()[noticed_below][:20] if place else line[-2:].strip()) in excerpt
    assert hint in caught.value.hint
    assert caught.value.hint.endswith(f"The whole log is {desk.folder}/submission.log.")
    passed_by_tex = any(said in told for said in ("leads nowhere", "too large", "is not closed"))
    assert passed_by_tex or not (desk.folder / "submission.pdf").exists()
    assert not (desk.folder / "pwned").exists()


@pytest.mark.slow
def test_an_unclosed_brace_at_the_end_of_a_part(desk: Desk) -> None:
    """A brace that is still open when its file ends is told for that file, not for the one that reads it."""
    file = desk.templates / "1e.tex"
    file.write_text(file.read_text(encoding="utf-8").rstrip("\n") + "\n\\textbf{open", encoding="utf-8")

    with pytest.raises(LatexError, match=r"^Question 1\(e\): templates/1e.tex: File ended while"):
        desk.compile()


@pytest.mark.parametrize(
    ("text", "told", "hint"),
    [
        ("<%= stand_inn %>", ", line {}: 'stand_inn' is undefined.", "Did you mean stand_in?"),
        ('<%= eq["1a.h9"] %>', ", line {}: there is no '1a.h9' here (did you mean '1a.h1'?).", ""),
        ("<% if %>", ", line {}: Expected an expression, got 'end of statement block'.", ""),
        ("<%= 1 / 0 %>", ", line {}: division by zero.", ""),
    ],
)
def test_a_slip_in_a_tag(text: str, told: str, hint: str, desk: Desk) -> None:
    """A wrong tag is told by question, file and line, an unknown name with the nearest that there is."""
    number = write(desk, "1d.tex", text)

    with pytest.raises(InputError) as caught:
        desk.compile()

    assert (
        re.sub(r"1a\.h\d'\?", "1a.h1'?", str(caught.value))
        == f"Question 1(d): templates/1d.tex{told.format(number)}"
    )
    assert hint in caught.value.hint


def test_a_template_in_another_encoding(desk: Desk) -> None:
    """A template that an editor saved as Latin-1 is told with the line of the first such letter."""
    (desk.templates / "1d.tex").write_bytes("one\ntwo\nfür\n".encode("latin-1"))

    with pytest.raises(InputError, match=r"^Question 1\(d\): templates/1d\.tex, line 3: not UTF-8\.$"):
        desk.compile()


def test_a_failed_build_keeps_the_last_good_one(project: Project, tiny_build: Project) -> None:
    """A LaTeX error ends the run with 3 and one sentence; log and pages are kept apart, the old PDF stays."""
    project.append("templates/1e.tex", "\nHere \\nosuchcommand is.\n")

    done = project.run()

    assert done.returncode == 3
    last = done.stderr.splitlines()[-4:]
    old = f"{project.out}/submission.pdf is still the old one"
    assert last[0] == f"What was made so far is in {project.out}/failed; {old}."
    assert last[1].startswith("ERROR Question 1(e): templates/1e.tex, line ")
    assert last[2] == "   > Here \\nosuchcommand is."
    assert last[3].endswith(f"The whole log is {project.out}/failed/submission.log.")
    assert (project.out / "failed" / "submission.log").exists()
    assert "Undefined control sequence" in (project.out / "failed" / "reason.txt").read_text()
    assert project.products() == tiny_build.products()
