"""The same inputs give the same bytes, wherever, whenever and by whomever they are built."""

import os

import pytest

pytestmark = [pytest.mark.tex, pytest.mark.slow]

FUTURE = 4_000_000_000  # seconds: the year 2096

# A clock that goes backwards by an hour each time it is asked.
BACKWARDS = """\
import itertools, time

hours, real = itertools.count(), time.time
time.time = lambda: real() - 3600 * next(hours)
time.time_ns = lambda: int(time.time() * 10**9)
"""


def compare(project, tiny_build):
    """Check that two builds left the same files with the same bytes."""
    ours, theirs = project.products(), tiny_build.products()
    assert {name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name)} == set()


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
    compare(project, tiny_build)
    assert alive(project.root) == []
    assert project.run().stderr.startswith("Nothing changed")


LONG = "\nA remark that moves all that comes after it by a page. \\newpage\n"
DAMAGED = r"\relax \newlabel{question:1a}{{9}{99}} \undefinedbynow \newlabel{x"


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
    compare(project, tiny_build)
    if notes is None:  # the notes were those of another page each
        project.append("templates/1a.tex", LONG)
        assert project.run("--force").returncode == 0
        assert project.products() == moved
