"""What is found of the system's programs, and what is said about those that are not."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from report import toolchain
from report.toolchain import STYLES, TESTING, TEX, Package

ROOT = Path(__file__).resolve().parents[2]
RIGHT = "echo; echo 'Latexmk, John Collins, 7 Apr. 2024. Version 4.86a'"
WRONG = "echo 'usage: latexmk [-c] [-p] filename'; exit 2"
FINDS_ALL = 'for name; do echo "/usr/share/texmf/$name"; done'


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


def names(packages: tuple[Package, ...] = TEX) -> list[str]:
    """Name what is missing."""
    return [lack.name for lack in toolchain.missing(packages)]


def test_all_is_missing_on_an_empty_machine(path: Path) -> None:
    """Without any program every program and style is listed, in the order of the packages."""
    assert [
        "latexmk",
        "pdflatex",
        "kpsewhich",
        *(f"{style}.sty" for style in STYLES),
        "lmodern.sty",
    ] == names()


def test_nothing_is_missing_on_a_complete_machine(path: Path) -> None:
    """With the programs and a kpsewhich that finds every style nothing is listed."""
    program(path, "latexmk", RIGHT)
    program(path, "pdflatex", "")
    program(path, "kpsewhich", FINDS_ALL)

    assert [] == names()


def test_a_single_style_is_found_missing(path: Path) -> None:
    """A TeX installation without one style lacks exactly that one."""
    program(path, "latexmk", RIGHT)
    program(path, "pdflatex", "")
    program(path, "kpsewhich", f"{FINDS_ALL} | grep -v booktabs; exit 1".replace("grep", "/bin/grep"))

    assert ["booktabs.sty"] == names()


def test_the_right_latexmk_is_found_behind_a_wrong_one(path: Path) -> None:
    """A program of the same name that comes first on PATH is passed over."""
    program(path, "latexmk", WRONG)
    right = program(path.parent / "second", "latexmk", RIGHT)

    assert toolchain.Latexmk(right, "4.86a") == toolchain.find_latexmk()


@pytest.mark.parametrize("script", [WRONG, "exit 0", "/bin/sleep 60", "printf '\\377\\376'"])
def test_another_latexmk_is_told_by_its_path(
    path: Path, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that is not John Collins's, or that hangs, counts as missing and is named."""
    monkeypatch.setattr(toolchain, "LATEXMK_SECONDS", 0.2)
    wrong = program(path, "latexmk", script)
    began = time.monotonic()

    assert None is toolchain.find_latexmk()
    assert 20 > time.monotonic() - began
    assert f"latexmk is another program of that name ({wrong}), not John Collins's" == str(
        toolchain.missing(TEX[:1])[0]
    )


def test_a_folder_or_a_text_file_is_no_program(path: Path) -> None:
    """Only an executable file counts as a program."""
    (path / "latexmk").mkdir()
    (path.parent / "second" / "latexmk").write_text(RIGHT)

    assert None is toolchain.find_latexmk()
    assert "latexmk is not installed" == str(toolchain.missing(TEX[:1])[0])


def test_what_is_missing_is_one_sentence(path: Path) -> None:
    """A machine without TeX gets a count of the styles; a few missing styles are named; so is an impostor."""
    assert "latexmk, pdflatex, kpsewhich and 22 TeX files are not installed" == toolchain.summary(
        toolchain.missing()
    )

    wrong = program(path, "latexmk", WRONG)
    program(path, "pdflatex", "")
    program(path, "kpsewhich", f"{FINDS_ALL} | /bin/grep -v booktabs; exit 1")

    impostor = f"latexmk is another program of that name ({wrong}), not John Collins's"
    assert f"{impostor}; booktabs.sty is not installed" == toolchain.summary(toolchain.missing())


def test_hint_gives_a_command_for_each_system(path: Path) -> None:
    """The hint names each missing package once, for Debian, Fedora and macOS."""
    assert (
        "Debian, Ubuntu:  sudo apt-get install --yes --no-install-recommends "
        "latexmk texlive-latex-recommended lmodern\n"
        "Fedora:          sudo dnf install latexmk texlive-collection-latexrecommended texlive-lm\n"
        "macOS:           brew install --cask basictex\n"
        "                 sudo tlmgr update --self && "
        "sudo tlmgr install latexmk collection-latexrecommended lm  (in a new terminal)"
    ) == toolchain.install_hint(toolchain.missing())


def test_hint_leaves_out_what_a_system_has_not(path: Path) -> None:
    """There is no emulator of other CPUs for macOS, so its line does without."""
    program(path, "git", "")

    assert (
        "Debian, Ubuntu:  sudo apt-get install --yes --no-install-recommends poppler-utils qemu-user-static\n"
        "Fedora:          sudo dnf install poppler-utils qemu-user-static-x86\n"
        "macOS:           brew install poppler"
    ) == toolchain.install_hint(toolchain.missing(TESTING))


def test_every_style_of_the_templates_is_looked_for() -> None:
    """What the templates load is what the toolchain looks for, no more and no less."""
    loads = re.compile(r"\\usepackage(?:\[[^]]*\])?\{([^}]*)\}")
    loaded = {
        style.strip()
        for template in (ROOT / "templates").glob("*.tex")
        for group in loads.findall(template.read_text(encoding="utf-8"))
        for style in group.split(",")
    }

    assert {*STYLES, "lmodern"} == loaded


def test_makefile_names_every_package() -> None:
    """The list at the head of the Makefile, which gives the reasons, is the list that is installed."""
    listed = re.findall(r"^#   (\S+)  ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

    assert [*(package.debian for package in TEX), "pythonX.Y-venv"] == listed[: len(TEX) + 1]
    assert [package.debian for package in TESTING] == listed[len(TEX) + 1 :]
