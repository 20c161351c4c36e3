"""What LaTeX says becomes one sentence in the template's terms; the logs are pdfTeX's own, shortened."""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path

import pytest

from report.errors import CheckError, LatexError, MachineError
from report.latex.compile import check_numbers, compile_pdf, page_count
from report.latex.render import Page

# Lines 1 to 5 of the filled part stand on lines 11, 12, 14, 12 and 14 of the template.
PAGES = {
    "submission.tex": Page("\\usepackage{nonesuch}\n\\input{parts/1d}\n", "submission.tex", (1, 5, 6)),
    "parts/1d.tex": Page("one\ntwo x_1\nthree\nfour\nfive", "1d.tex", (11, 12, 14, 12, 14)),
    "parts/summary.tex": Page("a\nb", "summary.tex", (1, 2)),
}
HEAD = """\
This is pdfTeX, Version 3.141592653-2.6-1.40.24 (TeX Live 2022/Debian) (preloaded format=pdflatex)
(./submission.tex
LaTeX2e <2022-11-01> patch level 1
(/usr/share/texlive/texmf-dist/tex/latex/base/article.cls
Document Class: article 2022/07/02 v1.4n Standard LaTeX document class
)
LaTeX Font Info:    ... okay on input line 2.
(./parts/summary.tex) (./parts/1d.tex
"""
BOX, NOWHERE = "a line or box is too large for the page", "a reference leads nowhere"
TAIL = """\
Here is how much of TeX's memory you used:
 425 strings out of 478051
"""
FATAL = "./parts/1d.tex:2:  ==> Fatal error occurred, no output PDF file produced!\n"


def latexmk(folder, log, code=0, said=""):
    """Put a stand-in for latexmk into a folder: it leaves a log and prints a line."""
    (folder / "log").write_text(log, encoding="utf-8")
    program = folder / "latexmk"
    program.write_text(f"#!/bin/sh\ncp log submission.log\necho '{said}'\nexit {code}\n", encoding="utf-8")
    program.chmod(0o755)
    return program


def told(folder, log, code, said="", pages=PAGES):
    """Run a stand-in for latexmk that leaves a log, and give the error that is told."""
    with pytest.raises(LatexError) as caught:
        compile_pdf(latexmk(folder, log, code, said), folder, pages)
    assert caught.value.exit_code == 3
    return caught.value


STOP = "./submission.tex:2: Emergency stop.\n<read *>\n"
BOX_LINE = "Overfull \\hbox (2.0pt too wide) detected at line 1"
STYLE, PART = (f"LaTeX Error: File `{name}' not found." for name in ("nonesuch.sty", "parts/9z.tex"))
ASKED = "\n\nType X to quit or <RETURN> to proceed,\n\nEnter file name:\n"
D = "Question 1(d): templates/1d.tex"
S, INPUT = "templates/submission.tex, line 5", "\n   > \\input{parts/1d}"
# What TeX wrote behind its head; what is told, with the offending line, and how the hint begins.
ERRORS = {
    "with its place": (
        f"{HEAD}./parts/1d.tex:2: Missing $ inserted.\n<inserted text>\n{TAIL}{FATAL}",
        f"{D}, line 12: Missing $ inserted.\n   > two x_1",
        r"Mathematics stands outside of $...$, or a $ has no partner; a dollar sign is \$. The whole log is ",
    ),
    "without one: that of the emergency stop": (
        f"{HEAD}\n! {STYLE}{ASKED}{STOP}",
        f"templates/submission.tex, line 1: {STYLE}\n   > \\usepackage{{nonesuch}}",
        "It is misspelt, or not installed: `apt-file search nonesuch.sty` or `tlmgr",
    ),
    "a part that is missing is no missing package": (
        f"{HEAD}\n! {PART}{ASKED}{STOP}",
        f"{S}: {PART}{INPUT}",
        "No file of that name is made: stages.draw names the figures, pages.fill the parts.",
    ),
    "the first of several": (
        f"{HEAD}./parts/1d.tex:1: Undefined control sequence.\n./parts/1d.tex:4: Missing $ inserted.\n",
        f"{D}, line 11: Undefined control sequence.\n   > one",
        "A command is misspelt",
    ),
    "what stopped LaTeX, not an overfull line before": (
        f"{HEAD}{BOX_LINE}\n./parts/1d.tex:2: Undefined control sequence.\n",
        f"{D}, line 12: Undefined control sequence.\n   > two x_1",
        "A command is misspelt",
    ),
}


@pytest.mark.parametrize(("log", "text", "hint"), ERRORS.values(), ids=ERRORS)
def test_an_error_is_told_by_template_and_line(log, text, hint, tmp_path):
    """What stopped LaTeX is told by question, template, line and the line's own text, with what to do."""
    error = told(tmp_path, log, 12)

    assert str(error) == text
    assert error.hint.startswith(hint)
    assert error.hint.endswith(f"The whole log is {tmp_path}/submission.log.")


@pytest.mark.parametrize(
    ("said", "fault", "place"),
    [
        ("Overfull \\hbox (58.97235pt too wide) detected at line 3", BOX, ", line 14"),
        ("Overfull \\hbox (170.1pt too wide) in paragraph at lines 4--5", BOX, ", line 12"),
        ("Overfull \\vbox (250.0pt too high) has occurred while \\output is active []", BOX, ""),
        ('Missing character: There is no ☃ ("C8) in font cmr10!', "the report's font lacks a character", ""),
        ("LaTeX Warning: Reference `x' on page 1 undefined on input line 3.", NOWHERE, ", line 14"),
        ("LaTeX Warning: Citation `x' on page 1 undefined on input line 1.", NOWHERE, ", line 11"),
        ("pdfTeX warning (dest): name{x} has been referenced but does not exist", "a link leads nowhere", ""),
    ],
)
def test_what_tex_lets_pass_is_an_error(said, fault, place, tmp_path):
    """An overfull box, a missing glyph or a dead reference stops the build, even if LaTeX ends well."""
    error = told(tmp_path, f"{HEAD}\n{said}\n[] more\n{TAIL}", 0)

    mapped = said.replace("input line 3", "line 14").replace("input line 1", "line 11")
    assert str(error).splitlines()[0] == f"Question 1(d): templates/1d.tex{place}: {fault} ({mapped})."


def test_a_dollar_left_open_is_told_where_it_stands(tmp_path):
    """TeX notices it at the head of the next part; an escaped dollar and one in a comment do not count."""
    summary = Page("a $b$\nc $d\n\\$ % $$$", "summary.tex", (1, 2, 3))
    log = f"{HEAD}./parts/1d.tex:1: Missing $ inserted.\n<inserted text>\n{TAIL}{FATAL}"

    error = told(tmp_path, log, 12, pages={**PAGES, "parts/summary.tex": summary})

    assert str(error) == "templates/summary.tex, line 2: Missing $ inserted.\n   > c $d"


def test_what_is_told_without_a_place_of_its_own(tmp_path):
    """The place is that of the file being read, not of one read before; without a log latexmk is quoted."""
    closed = told(tmp_path, f"{HEAD})\n{BOX_LINE}\n", 0)
    assert str(closed).startswith("templates/submission.tex, line 1: a line or box")

    quoted = told(tmp_path, "", 1, said="latexmk: could not open latexmkrc\n\n")
    assert str(quoted) == "templates/submission.tex: latexmk: could not open latexmkrc."


def test_a_long_line_is_cut(tmp_path):
    """An error does not print a whole paragraph."""
    pages = {**PAGES, "parts/1d.tex": Page("x" * 1000, "1d.tex", (1,))}
    log = f"{HEAD}./parts/1d.tex:1: Undefined control sequence."

    assert len(str(told(tmp_path, log, 12, pages=pages))) < 320


def test_how_many_pages_there_are_is_read_from_tex_s_notes(tmp_path):
    """Some releases of LaTeX do not note it."""
    notes = tmp_path / "submission.aux"
    for text, pages in (("", 0), (r"\gdef \@abspage@last{14}", 14)):
        notes.write_text(text)
        assert page_count(tmp_path) == pages


def test_the_numbers_of_tables_have_no_gap(tmp_path):
    """A table that something else was counted before, as some releases of longtable do, stops the build."""
    notes = tmp_path / "submission.aux"
    for numbers, sound in (((1, 2, 3), True), ((), True), ((1, 3), False), ((2,), False)):
        labels = [rf"\newlabel{{table:x{n}}}{{{{{n}}}{{7}}{{What}}{{table.{n}}}{{}}}}" for n in numbers]
        notes.write_text("\n".join([r"\newlabel{figure:y}{{1}{2}{}{}{}}", *labels]))

        with (
            nullcontext() if sound else pytest.raises(CheckError, match=r"^The tables .* numbers [1-3, ]+\.$")
        ):
            check_numbers(tmp_path)


def test_latex_that_does_not_end_is_ended(tmp_path, monkeypatch):
    """LaTeX and the programs that it started are stopped when their time is up."""
    monkeypatch.setattr("report.latex.compile.TIMEOUT", 0.5)
    program = tmp_path / "latexmk"
    program.write_text("#!/bin/sh\nsleep 90 & echo $! > child\nwait\ntouch ended\n")
    program.chmod(0o755)

    with pytest.raises(MachineError, match=r"^LaTeX did not end within 0\.5 s\.$") as caught:
        compile_pdf(program, tmp_path, PAGES)

    assert caught.value.exit_code == 5
    assert not (tmp_path / "ended").exists()  # by itself
    status = Path("/proc", (tmp_path / "child").read_text().strip(), "stat")
    for _ in range(600):
        if not status.exists() or status.read_text().split(")")[1].split()[0] == "Z":
            break
        time.sleep(0.1)
    else:
        pytest.fail("the program that LaTeX started goes on")


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("! I can't write on file: No space left on device", "The disk is full: LaTeX could not go on."),
        ("fwrite() failed", "The disk is full: LaTeX could not go on."),
        ("fatal: memory exhausted (realloc)", "The memory is used up: LaTeX could not go on."),
        ("pdflatex: Command for pdflatex gave return code 137", "LaTeX was killed (SIGKILL)."),
    ],
)
def test_a_machine_that_is_too_small_is_no_error_of_a_template(said, what, tmp_path):
    """A full disk, used-up memory or a kill is told as such, whatever the log holds."""
    with pytest.raises(MachineError) as caught:
        compile_pdf(latexmk(tmp_path, HEAD + said, 12, said.replace("'", "")), tmp_path, PAGES)

    assert str(caught.value) == what
