"""What is found of the system's packages, and what is said about those that are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from report import system
from report.errors import LatexError
from report.system import PACKAGES, Package

if TYPE_CHECKING:
    from pathlib import Path

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
    assert {"latexmk", "pdflatex", "kpsewhich", "lmodern.sty", "amsmath.sty", "hyperref.sty"} <= {*missing()}
    assert len({*system.styles()}) + 3 == len(missing())

    with pytest.raises(LatexError, match=r"not installed: latexmk, pdflatex, .* and \d+ more\.$"):
        system.latexmk()


def test_nothing_is_missing_on_a_complete_machine(path: Path) -> None:
    """With the programs and a kpsewhich that finds every style the PDF can be made."""
    with_tex(path)

    assert [] == missing()
    assert path / "latexmk" == system.latexmk()


def test_a_single_style_is_found_missing(path: Path) -> None:
    """A TeX installation without one LaTeX package lacks that one, which comes with the large collection."""
    with_tex(path, FINDS_ALL_BUT_BOOKTABS)

    (package,) = system.missing(TEX)

    assert ["booktabs.sty"] == missing()
    assert "texlive-latex-recommended" == package.debian


def test_the_right_latexmk_is_found_behind_a_wrong_one(path: Path) -> None:
    """A program of the same name that comes first on PATH is passed over."""
    program(path, "latexmk", WRONG)
    right = program(path.parent / "second", "latexmk", RIGHT)

    assert (right, "4.86a") == system.find_latexmk()


@pytest.mark.parametrize("script", [WRONG, "exit 0", "printf '\\377\\376'"])
def test_another_latexmk_is_told_by_its_path(path: Path, script: str) -> None:
    """A program that is not John Collins's counts as missing and is named."""
    with_tex(path)
    wrong = program(path, "latexmk", script)

    assert f"not installed: latexmk ({wrong} is another program of that name)" == system.told(
        system.missing(TEX)
    )


def test_a_folder_or_a_text_file_is_no_program(path: Path) -> None:
    """Only an executable file counts as a program."""
    (path / "latexmk").mkdir()
    (path.parent / "second" / "latexmk").write_text(RIGHT)

    assert None is system.find_latexmk()
    assert "not installed: latexmk" == system.told(system.missing(TEX[:1]))


def test_a_file_shows_that_a_package_is_there(path: Path) -> None:
    """A package without a program of its own is known by a file."""
    headers = Package("speed", "libc6-dev", "glibc-devel", "", (str(path / "stdio.h"),), "C headers")
    assert [headers] == [*system.missing([headers])]

    (path / "stdio.h").touch()
    assert {} == system.missing([headers])


def test_hint_gives_a_command_for_each_system() -> None:
    """The hint has a command for each system, on macOS TeX's own; what a system lacks is left out."""
    packages = [
        Package("pdf", "lmodern", "texlive-lm", "lm", ("lmodern.sty",), ""),
        Package("speed", "gcc libc6-dev", "gcc", "", ("cc",), ""),
        Package("tests", "git", "git", "git", ("git",), ""),
    ]

    assert (
        "Debian, Ubuntu:  sudo apt-get install --yes --no-install-recommends lmodern gcc libc6-dev git\n"
        "Fedora:          sudo dnf install texlive-lm gcc git\n"
        "macOS:           brew install git\n"
        "macOS:           brew install --cask basictex, and in a new terminal:"
        " sudo tlmgr update --self && sudo tlmgr install lm"
    ) == system.install_hint(packages)
