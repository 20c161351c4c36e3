"""What is wrong in a template is told by question, file and line, with LaTeX's first real error."""

import re

import pytest

pytestmark = pytest.mark.tex

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
def test_a_mistake_in_a_template(line, words, hint, project, tiny_build):
    """LaTeX's first real error comes with question, template, line and the offending words, and a hint.

    The run ends with 3; log and pages are kept apart, and the old PDF stays.
    """
    project.append("templates/1d.tex", f"\n\n{line}\n\nMore.\n")
    template = (project.root / "templates" / "1d.tex").read_text(encoding="utf-8")
    number = template[: template.rindex(line)].count("\n") + 1

    done = project.run()

    assert done.returncode == 3
    found = re.search(r"\n(.*)\nERROR (.*)\n((?:   > .*\n)*)TIP (.*)\n$", done.stderr)
    assert found, done.stderr
    kept, told, excerpt, tip = found.groups()
    failed = project.out / "failed"
    assert kept == f"What was made so far is in {failed}; {project.out}/submission.pdf is still the old one."
    noticed_below = int(line.startswith("It costs"))  # at the end of the paragraph
    place = "" if words.startswith("File ended") else f", line {number + noticed_below}"
    assert told.startswith(f"Question 1(d): templates/1d.tex{place}: "), told
    assert words.replace("LINE", str(number)) in told, told
    assert len(told) < 400
    assert (line.splitlines()[noticed_below][:20] if place else line[-2:].strip()) in excerpt
    assert hint in tip
    assert tip.endswith(f"The whole log is {failed}/submission.log.")
    assert (failed / "submission.log").exists()
    assert told in (failed / "reason.txt").read_text(encoding="utf-8")
    assert list(project.root.rglob("pwned")) == []
    assert project.products() == tiny_build.products()
