"""Real builds, again, by hand or by watch: what is made anew, what is wrong, that all is the same."""

import os
import re
import signal

import pytest

pytestmark = pytest.mark.tex

BUILT = r"Built in [\d.]+ s; watching for changes, Ctrl-C ends\."
FAILED = r"Failed \(exit code 2\) in [\d.]+ s; watching for changes, Ctrl-C ends\."


def test_a_changed_template_makes_the_pages_again(project):
    """New words in a template are in the PDF after seconds: nothing is derived or measured again."""
    project.append("templates/1e.tex", "\nA sentence that nobody wrote before.\n")

    done = project.run()

    assert done.returncode == 0, done.stderr
    assert f"Building in {project.out}: templates/1e.tex changed." in done.stderr
    ran = re.findall(r"^-> (\w+).* \([\d.]+ s\)$", done.stderr, re.MULTILINE)
    assert ran == ["typeset", "compile", "bundle"]
    assert done.stderr.count("kept, reused") == 5
    assert "A sentence that nobody wrote before." in project.shown().replace("\n", " ")


def test_watching(project, alive):
    """A saved template is built from, a mistake is told and survived, and the time taken is shown."""
    part = project.out / "parts" / "1e.tex"
    with project.started("watch", "--jobs", "1", "--no-pdf") as watch:
        watch.until(BUILT)

        project.append("templates/1e.tex", "\n<%= nosuch %>\n")
        told = watch.until(FAILED)
        assert told.startswith("templates/1e.tex changed.\n")
        assert "'nosuch' is undefined" in told

        project.edit("templates/1e.tex", "<%= nosuch %>", "Written while you watch.")
        watch.until(BUILT)
        assert "Written while you watch." in part.read_text(encoding="utf-8")

        watch.process.send_signal(signal.SIGINT)
        assert watch.ended()[0] == 130
    assert alive(project.root) == []


@pytest.mark.slow
def test_watching_what_goes_and_comes(project):
    """A file that is deleted, even for a part of a build only, a new one, and the configuration all count."""
    summary, elsewhere = project.root / "templates" / "summary.tex", project.root / "summary.tex"
    with project.started("watch", "--jobs", "1", "--no-pdf") as watch:
        watch.until("Building in")
        summary.rename(elsewhere)
        watch.until("ERROR .*templates/summary.tex")
        elsewhere.rename(summary)  # before the build's process has ended
        assert "templates/summary.tex changed." in watch.until(BUILT)
        summary.rename(elsewhere)
        assert "templates/summary.tex is missing" in watch.until(FAILED)
        elsewhere.rename(summary)
        watch.until(BUILT)
        project.edit("report.toml", "[author]", "[auhtor]")
        assert "Did you mean author?" in watch.until(FAILED)
        project.edit("report.toml", "[auhtor]", "[author]")
        watch.until(BUILT)
        watch.process.send_signal(signal.SIGTERM)

        assert watch.ended()[0] == 130


# Mistakes in a template are told by question, file and line, with LaTeX's first real error

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


# The same inputs give the same bytes, wherever, whenever and by whomever they are built

FUTURE = 4_000_000_000  # seconds: the year 2096

# A clock that goes backwards by an hour each time it is asked.
BACKWARDS = """\
import itertools, time

hours, real = itertools.count(), time.time
time.time = lambda: real() - 3600 * next(hours)
time.time_ns = lambda: int(time.time() * 10**9)
"""


STRANGE = {
    "LC_ALL": "C",
    "PYTHONCOERCECLOCALE": "0",  # else Python takes UTF-8 in spite of it
    "PYTHONUTF8": "0",
    "USER": "somebody",
    "LOGNAME": "somebody",
    "TZ": "Pacific/Kiritimati",
    "PYTHONHASHSEED": "12345",
    "COLUMNS": "40",
    "TEXINPUTS": "/nowhere:",
    "SOURCE_DATE_EPOCH": "1",
    "BIBINPUTS": "/nowhere",
    "max_print_line": "60",
}


# What somebody may have set at home for matplotlib, IPython, latexmk or TeX.
SETTINGS = {
    ".config/matplotlib/matplotlibrc": "lines.linewidth: 9\naxes.grid: True\nfont.size: 20\n",
    ".ipython/profile_default/startup/x.py": "raise SystemExit\n",
    ".ipython/profile_default/ipython_config.py": "c.InteractiveShell.ast_node_interactivity = 'all'\n",
    ".latexmkrc": "die 'not mine';\n",
    "texmf/tex/latex/booktabs/booktabs.sty": "\\errmessage{not mine}\n",
    "matplotlibrc": "lines.linewidth: 9\n",
}


@pytest.mark.slow
def test_another_place_and_another_world(unbuilt, tiny_build, tmp_path, alive):
    """Another folder, language, name, clock, hash seed, time zone, home and number of workers change no byte.

    Nor does a clock that is set back while a build runs, or files from the future.
    """
    home = tmp_path / "home"
    for name, text in {**SETTINGS, "site/sitecustomize.py": BACKWARDS}.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    project = unbuilt.copy(tmp_path / "Übung 3" / "Meine Häuser & Gärten (50 %) #1")
    for path in project.root.rglob("*"):
        os.utime(path, (FUTURE, FUTURE))

    environ = {**STRANGE, "HOME": str(home), "PYTHONPATH": str(home / "site")}
    done = project.run("--jobs", "3", environ=environ, cwd=home)

    assert done.returncode == 0, done.stderr
    assert project.products() == tiny_build.products()
    assert alive(project.root) == []
    assert project.run().stderr.startswith("Nothing changed")


LONG = "\nA remark that moves all that comes after it by a page. \\newpage\n"
DAMAGED = r"\relax \newlabel{question:1a}{{9}{99}} \undefinedbynow \newlabel{x"


@pytest.mark.slow
@pytest.mark.parametrize("notes", [None, DAMAGED, ""], ids=["from last time", "damaged", "cut off"])
def test_what_tex_noted_last_time_changes_no_byte(notes, project, tiny_build):
    """A build takes up TeX's notes from the last one: it ends as one that never saw them."""
    kept = project.out / ".kept" / "submission.aux"
    project.append("templates/1a.tex", LONG)
    assert project.run().returncode == 0
    moved = project.products()
    assert moved["submission.pdf"] != tiny_build.products()["submission.pdf"]
    assert r"\newlabel{figure:" in kept.read_text(encoding="utf-8")
    if notes is not None:
        kept.write_text(notes, encoding="utf-8")

    project.edit("templates/1a.tex", LONG, "")
    done = project.run()

    assert done.returncode == 0, done.stderr
    assert project.products() == tiny_build.products()
    if notes is None:  # the notes were those of another page each
        project.append("templates/1a.tex", LONG)
        assert project.run("--force").returncode == 0
        assert project.products() == moved
