"""The same inputs give the same bytes, wherever, whenever and by whomever they are built."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Project

pytestmark = pytest.mark.tex

ROOT = Path(__file__).resolve().parents[2]
FUTURE = 4_000_000_000  # seconds: the year 2096

# A clock that goes backwards by an hour each time it is asked.
BACKWARDS = """\
import itertools, time

hours, real = itertools.count(), time.time
time.time = lambda: real() - 3600 * next(hours)
time.time_ns = lambda: int(time.time() * 10**9)
"""


def compare(project: Project, original: Project) -> None:
    """Check that two builds left the same files with the same bytes."""
    ours, theirs = project.products(), original.products()
    assert {name for name in {*ours, *theirs} if ours.get(name) != theirs.get(name)} == set()


def strange(project: Project, place: Path) -> tuple[Project, dict[str, str]]:
    """Move to a folder with an odd name, and live in an odd world."""
    place.mkdir(parents=True)
    moved = project.copy(place / "Meine Häuser & Gärten (50 %) #1")
    environ = {
        "LC_ALL": "C",
        "PYTHONCOERCECLOCALE": "0",  # else Python takes UTF-8 in spite of it
        "PYTHONUTF8": "0",
        "USER": "somebody",
        "LOGNAME": "somebody",
        "HOME": str(place),
        "TZ": "Pacific/Kiritimati",
        "PYTHONHASHSEED": "12345",
        "COLUMNS": "40",
        "TEXINPUTS": "/nowhere:",
        "SOURCE_DATE_EPOCH": "1",
        "BIBINPUTS": "/nowhere",
        "max_print_line": "60",
    }
    return moved, environ


def test_another_place_and_another_world(unbuilt: Project, original: Project, tmp_path: Path) -> None:
    """Another folder, language, name, clock, hash seed, time zone and number of workers change no byte."""
    project, environ = strange(unbuilt, tmp_path / "Übung 3")
    for path in project.root.rglob("*"):
        os.utime(path, (FUTURE, FUTURE))

    done = project.run("--jobs", "2", environ=environ, cwd="/")

    assert done.returncode == 0, done.stderr
    compare(project, original)


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "3"])
def test_any_number_of_workers(jobs: str, unbuilt: Project, original: Project, tmp_path: Path) -> None:
    """How many processes share the work changes no byte."""
    project = unbuilt.copy(tmp_path / "project")

    done = project.run("--jobs", jobs)

    assert done.returncode == 0, done.stderr
    compare(project, original)


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["0", "1", "2", "random"])
def test_any_order_of_sets(seed: str, unbuilt: Project, original: Project, tmp_path: Path) -> None:
    """The hash seed, which decides the order of sets, changes no byte."""
    project = unbuilt.copy(tmp_path / "project")

    done = project.run(environ={"PYTHONHASHSEED": seed})

    assert done.returncode == 0, done.stderr
    compare(project, original)


@pytest.mark.slow
def test_a_clock_that_goes_backwards(unbuilt: Project, original: Project, tmp_path: Path) -> None:
    """A clock that is set back while a build runs, and files from the future, are no obstacle."""
    project = unbuilt.copy(tmp_path / "project")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(BACKWARDS)
    for path in project.root.rglob("*"):
        os.utime(path, (FUTURE, FUTURE))

    done = project.run(environ={"PYTHONPATH": str(tmp_path / "site")})

    assert done.returncode == 0, done.stderr
    compare(project, original)
    assert project.run().stderr.startswith("Nothing changed")


@pytest.fixture
def german(tmp_path: Path) -> dict[str, str]:
    """Make a locale whose letters are not UTF-8; skip where the system cannot."""
    place = tmp_path / "locales" / "de_DE.ISO-8859-1"
    place.parent.mkdir()
    if not shutil.which("localedef"):
        pytest.skip("no localedef here")
    command = ["localedef", "-i", "de_DE", "-f", "ISO-8859-1", place]
    if subprocess.run(command, capture_output=True, check=False).returncode or not place.exists():
        pytest.skip("the system has no sources of locales")
    return {"LOCPATH": str(place.parent), "LC_ALL": "de_DE.ISO-8859-1"}


@pytest.mark.slow
def test_a_language_without_utf8(
    german: dict[str, str], unbuilt: Project, original: Project, tmp_path: Path
) -> None:
    """Where file names and messages are Latin-1, the same is built."""
    project = unbuilt.copy(tmp_path / "Übung")

    done = project.run(environ=german)

    assert done.returncode == 0, done.stderr
    compare(project, original)


@pytest.mark.slow
def test_settings_of_a_person_do_not_count(
    unbuilt: Project, original: Project, tmp_path: Path, alive: Callable[[Path], list[str]]
) -> None:
    """What somebody has set for matplotlib, IPython, latexmk or TeX at home changes no byte."""
    project = unbuilt.copy(tmp_path / "project")
    home = tmp_path / "home"
    for name, text in {
        ".config/matplotlib/matplotlibrc": "lines.linewidth: 9\naxes.grid: True\nfont.size: 20\n",
        ".ipython/profile_default/startup/x.py": "raise SystemExit\n",
        ".ipython/profile_default/ipython_config.py": "c.InteractiveShell.ast_node_interactivity = 'all'\n",
        ".latexmkrc": "die 'not mine';\n",
        "texmf/tex/latex/booktabs/booktabs.sty": "\\errmessage{not mine}\n",
        "matplotlibrc": "lines.linewidth: 9\n",
    }.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)

    done = project.run(environ={"HOME": str(home)}, cwd=home)

    assert done.returncode == 0, done.stderr
    compare(project, original)
    assert alive(project.root) == []


@pytest.mark.slow
def test_a_fresh_clone(unbuilt: Project, original: Project, tmp_path: Path) -> None:
    """What is committed builds the same as what lies here, if all that lies here is committed."""
    status = [
        "git",
        "-C",
        ROOT,
        "status",
        "--porcelain",
        "--",
        *("report", "derivations", "experiments", "templates"),
    ]
    found = subprocess.run(status, capture_output=True, check=False)
    if found.returncode or found.stdout:
        pytest.skip("not everything here is committed")
    subprocess.run(["git", "clone", "-q", ROOT, tmp_path / "clone"], check=True)
    project = unbuilt.copy(tmp_path / "project")
    for package in ("report", "derivations", "experiments", "templates"):
        shutil.rmtree(project.root / package)
        shutil.copytree(tmp_path / "clone" / package, project.root / package)

    done = project.run()

    assert done.returncode == 0, done.stderr
    compare(project, original)


LONG = "\nA remark that moves all that comes after it by a page. \\newpage\n"
DAMAGED = r"\relax \newlabel{question:1a}{{9}{99}} \undefinedbynow \newlabel{x"


@pytest.mark.parametrize("notes", [None, DAMAGED, ""], ids=["from last time", "damaged", "cut off"])
def test_what_tex_noted_last_time_changes_no_byte(
    notes: str | None, project: Project, original: Project
) -> None:
    """A build takes up TeX's notes from the last one: it ends as one that never saw them."""
    kept = project.out / ".kept" / "submission.aux"
    project.append("templates/1a.tex", LONG)
    assert project.run().returncode == 0
    moved = project.products()
    assert moved["submission.pdf"] != original.products()["submission.pdf"]
    assert r"\newlabel{figure:" in kept.read_text(encoding="utf-8")
    if notes is not None:
        kept.write_text(notes, encoding="utf-8")

    project.edit("templates/1a.tex", LONG, "")
    done = project.run()

    assert done.returncode == 0, done.stderr
    compare(project, original)
    if notes is None:  # the notes were those of another page each
        project.append("templates/1a.tex", LONG)
        assert project.run("--force").returncode == 0
        assert project.products() == moved
