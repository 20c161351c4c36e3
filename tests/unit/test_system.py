"""What is found of the system's packages, and what is said about those that are missing."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from report import system
from report.errors import LatexError
from report.system import PACKAGES, Package

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[str]]

ROOT = Path(__file__).resolve().parents[2]
TEX = [package for package in PACKAGES if package.purpose == "pdf"]
RIGHT = "echo; echo 'Latexmk, John Collins, 7 Apr. 2024. Version 4.86a'"
WRONG = "echo 'usage: latexmk [-c] [-p] filename'; exit 2"
FINDS_ALL = 'for name; do echo "/usr/share/texmf/$name"; done'
FINDS_ALL_BUT_BOOKTABS = 'for name; do [ $name = booktabs.sty ] || echo "/texmf/$name"; done; exit 1'


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder that is searched for programs before an equally empty second one, and no other."""
    folder = tmp_path / "first"
    folder.mkdir()
    (tmp_path / "second").mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{tmp_path / 'second'}")
    return folder


def program(folder: Path, name: str, script: str) -> Path:
    """Put an executable into a folder."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


def with_tex(path: Path, kpsewhich: str = FINDS_ALL) -> None:
    """Let the machine have LaTeX."""
    program(path, "latexmk", RIGHT)
    program(path, "pdflatex", "")
    program(path, "kpsewhich", kpsewhich)


def missing(packages: list[Package] = TEX) -> list[str]:
    """Name what is missing."""
    return [name for names in system.missing(packages).values() for name in names]


def test_all_is_missing_on_an_empty_machine(path: Path) -> None:
    """Without any program every program and LaTeX package is missing; a message names the first few."""
    assert {"latexmk", "pdflatex", "kpsewhich", "tgpagella.sty", "amsmath.sty", "hyperref.sty"} <= {
        *missing()
    }
    assert len({*system.styles()}) + 5 == len(missing())

    with pytest.raises(LatexError, match=r"not installed: latexmk, pdflatex, .* and \d+ more\.$"):
        system.latexmk()


def test_a_complete_machine_and_one_that_lacks_a_style(path: Path) -> None:
    """With the programs and all styles the PDF can be made; one that is not found comes with its package."""
    with_tex(path)
    assert [] == missing()
    assert path / "latexmk" == system.latexmk()

    with_tex(path, FINDS_ALL_BUT_BOOKTABS)
    (package,) = system.missing(TEX)
    assert ["booktabs.sty"] == missing()
    assert "texlive-latex-recommended" == package.debian


@pytest.mark.parametrize("script", [WRONG, "exit 0", "printf '\\377\\376'"])
def test_another_latexmk_is_passed_over(path: Path, script: str) -> None:
    """A program of that name that is not John Collins's counts as missing, and is named."""
    with_tex(path)
    wrong = program(path, "latexmk", script)

    told = f"not installed: latexmk ({wrong} is another program of that name)"
    assert told == system.told(system.missing(TEX))
    right = program(path.parent / "second", "latexmk", RIGHT)
    assert (right, "4.86a") == system.find_latexmk()


def test_hint_gives_a_command_for_each_system() -> None:
    """The hint has a command for each system, on macOS TeX's own; what a system lacks is left out."""
    packages = [
        Package("pdf", "tex-gyre", "texlive-tex-gyre", "tex-gyre", ("tgpagella.sty",), ""),
        Package("speed", "gcc libc6-dev", "gcc", "", ("cc",), ""),
        Package("tests", "git", "git", "git", ("git",), ""),
    ]

    assert (
        "Debian, Ubuntu:  sudo apt-get install --yes --no-install-recommends tex-gyre gcc libc6-dev git\n"
        "Fedora:          sudo dnf install texlive-tex-gyre gcc git\n"
        "macOS:           brew install git\n"
        "macOS:           brew install --cask basictex, and in a new terminal:"
        " sudo tlmgr update --self && sudo tlmgr install tex-gyre"
    ) == system.install_hint(packages)


@pytest.fixture
def install(path: Path, tmp_path: Path) -> Run:
    """Return a function that installs as make does: in a copy, by a Python without packages."""
    clone = tmp_path / "clone"
    (clone / "report").mkdir(parents=True)
    for name in ("__init__.py", "console.py", "errors.py", "process.py", "system.py"):
        shutil.copy(ROOT / "report" / name, clone / "report")
    (clone / "templates").mkdir()
    (clone / "templates" / "submission.tex").write_text("\\usepackage{booktabs,tgpagella}\n")
    for tool in ("cat", "chmod", "env"):
        (path / tool).symlink_to(str(shutil.which(tool, path="/usr/bin:/bin")))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-S", *(arguments or ("-m", "report.system", "pdf"))],
            cwd=clone,
            env={"PATH": str(path), "LC_ALL": "C.UTF-8"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return run


@pytest.mark.parametrize("allowed", [False, True])
def test_what_cannot_be_installed_is_told(allowed: bool, install: Run, path: Path) -> None:
    """One message has the commands, behind the log of an apt-get that failed; the set-up goes on."""
    if allowed:
        program(path, "apt-get", "echo 'E: Unable to fetch'; exit 100")
        program(path, "sudo", 'shift; exec "$@"')
        program(path, "true", "")

    run = install()

    assert 0 == run.returncode
    *before, warning, debian, _, _ = run.stderr.splitlines()
    told = "WARNING Needed, but not installed: latexmk, pdflatex, kpsewhich, booktabs.sty and 4 more."
    wanted = "latexmk, texlive-latex-recommended, tex-gyre, texlive-fonts-recommended"
    assert told == warning
    assert debian.startswith("Debian, Ubuntu:  sudo apt-get install ")
    assert debian.endswith(wanted.replace(",", ""))
    log = f"WARNING apt-get could not install {wanted}: see build/.apt.log."
    assert before[-1:] == ([log] if allowed else [])


def test_what_is_missing_comes_through_apt(install: Run, path: Path, tmp_path: Path) -> None:
    """What is missing, and nothing else, is installed where that is allowed; what apt says goes to a log."""
    with_tex(path)
    (path / "latexmk").unlink()
    (path / "latexmk.new").write_text(f"#!/bin/sh\n{RIGHT}\n")
    new = f"cat '{path}/latexmk.new' > '{path}/latexmk'; chmod 755 '{path}/latexmk'"
    program(path, "apt-get", f'echo "apt-get $* $DEBIAN_FRONTEND"; [ $1 = update ] || {{ {new}; }}')
    program(path, "sudo", 'shift; exec "$@"')
    program(path, "true", "")

    run = install()

    assert [
        "apt-get update noninteractive",
        "apt-get install --yes --no-install-recommends latexmk -o DPkg::Lock::Timeout=600 noninteractive",
    ] == (tmp_path / "clone" / "build" / ".apt.log").read_text().splitlines()
    assert run.stderr.startswith("-> system packages: latexmk (")
    assert "WARNING" not in run.stderr


def test_python_without_ensurepip_is_told(install: Run) -> None:
    """Debian's python3 without python3-venv, and no right to install it: one error with all commands."""
    without = "import importlib.util, sys; importlib.util.find_spec = lambda name: None"

    run = install("-c", f"{without}; from report import system; sys.exit(system.main(['venv']))")

    version = "{}.{}".format(*sys.version_info[:2])
    assert 2 == run.returncode
    assert [
        f"ERROR This Python ({sys.executable}) cannot make .venv: not installed: ensurepip.",
        f"TIP Debian, Ubuntu:  sudo apt-get install --yes --no-install-recommends python{version}-venv",
    ] == run.stderr.splitlines()[:2]


def test_what_only_saves_time_is_not_asked_for(install: Run) -> None:
    """An optional package that cannot be installed is passed over in silence."""
    package = "system.Package('speed', 'gcc', 'gcc', '', ('cc',), '')"

    run = install("-c", f"from report import system; system.PACKAGES = ({package},); system.main(['speed'])")

    assert (0, "") == (run.returncode, run.stderr)
