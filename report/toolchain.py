"""What the report needs from the system, what is missing of it, and the commands that install it.

Standard library only: `make` asks before the project's own Python exists.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

LATEXMK_SECONDS = 20  # a program that only looks like latexmk may wait for ever
MOST_FILES = 4  # that are named one by one


@dataclass(frozen=True)
class Package:
    """A package of the system and what we use of it.

    Attributes
    ----------
    debian, fedora, macos : str
        Its name for apt, for dnf, and for tlmgr (TeX) or brew; empty where there is none.
    provides : tuple of str
        The programs, and the TeX files (with their suffix), that are looked for.
    reason : str
        What it is for, as a phrase.
    """

    debian: str
    fedora: str
    macos: str
    provides: tuple[str, ...]
    reason: str


# What templates/submission.tex loads (lmodern aside, which is a package of its own).
STYLES = (
    *("fontenc", "inputenc", "textcomp", "cmap", "babel", "geometry", "microtype", "fancyhdr"),
    *("amsmath", "amssymb", "amsthm", "mathtools"),
    *("array", "booktabs", "caption", "float", "graphicx", "longtable", "xcolor"),
    *("hyperref", "bookmark"),
)
# The fewest packages that build the report; the Makefile lists them for a reader who looks there first.
TEX = (
    Package("latexmk", "latexmk", "latexmk", ("latexmk",), "runs pdflatex as often as the references need"),
    Package(
        "texlive-latex-recommended",
        "texlive-collection-latexrecommended",
        "collection-latexrecommended",
        ("pdflatex", "kpsewhich", *(f"{style}.sty" for style in STYLES)),
        "pdflatex and the styles that the templates load",
    ),
    Package("lmodern", "texlive-lm", "lm", ("lmodern.sty",), "Computer Modern as outlines with all accents"),
)
TESTING = (
    Package(
        "poppler-utils", "poppler-utils", "poppler", ("pdftotext", "pdftoppm"), "the tests read the PDF back"
    ),
    Package(
        "qemu-user-static",
        "qemu-user-static-x86",
        "",
        ("qemu-x86_64-static",),
        "the tests compute on other, emulated CPUs",
    ),
    Package("git", "git", "git", ("git",), "make clean and its tests"),
)


@dataclass(frozen=True)
class Lack:
    """Something that was looked for and not found."""

    name: str
    package: Package
    why: str

    def __str__(self) -> str:
        return f"{self.name} {self.why}"


@dataclass(frozen=True)
class Latexmk:
    """The right program of that name: its path and what ``latexmk -v`` says."""

    path: Path
    version: str


def find_latexmk() -> Latexmk | None:
    """Find John Collins's latexmk on PATH, passing over any other program of that name."""
    for path in _candidates("latexmk"):
        if version := _latexmk_version(path):
            return Latexmk(path, version)
    return None


def missing(packages: tuple[Package, ...] = TEX) -> tuple[Lack, ...]:
    """List what of `packages` this machine lacks, in their order; empty if all is there."""
    files = _tex_files(tuple(name for package in packages for name in package.provides if "." in name))
    found = {name: name in files if "." in name else bool(shutil.which(name)) for name in _names(packages)}
    if found.get("latexmk"):
        found["latexmk"] = find_latexmk() is not None
    return tuple(
        Lack(name, package, _why(name))
        for package in packages
        for name in package.provides
        if not found[name]
    )


def summary(lacks: tuple[Lack, ...]) -> str:
    """Put `lacks` into one sentence, without a wall of styles when TeX is missing as a whole."""
    clauses = []
    for why in dict.fromkeys(lack.why for lack in lacks):
        names = [lack.name for lack in lacks if lack.why == why]
        files = [name for name in names if "." in name]
        if len(files) > MOST_FILES:
            names = [*(name for name in names if name not in files), f"{len(files)} TeX files"]
        told = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
        clauses.append(f"{told} {why if len(names) == 1 else why.replace('is ', 'are ', 1)}")
    return "; ".join(clauses)


def install_hint(lacks: tuple[Lack, ...]) -> str:
    """Give the exact commands that bring what `lacks` names, one line for each kind of system."""
    packages = tuple(dict.fromkeys(lack.package for lack in lacks))
    tex = " ".join(package.macos for package in packages if package in TEX)
    other = " ".join(package.macos for package in packages if package not in TEX and package.macos)
    macos = [f"brew install {other}"] if other else []
    if tex:
        macos.append("brew install --cask basictex")
        macos.append(f"sudo tlmgr update --self && sudo tlmgr install {tex}  (in a new terminal)")
    lines = [
        "Debian, Ubuntu:  sudo " + " ".join(apt_install(tuple(package.debian for package in packages))),
        "Fedora:          sudo dnf install " + " ".join(package.fedora for package in packages),
        *(("macOS:           " if i == 0 else "                 ") + line for i, line in enumerate(macos)),
    ]
    return "\n".join(lines)


def apt_install(names: tuple[str, ...]) -> list[str]:
    """Give Debian's command that installs `names`, without the privilege it needs."""
    return ["apt-get", "install", "--yes", "--no-install-recommends", *names]


def _names(packages: tuple[Package, ...]) -> list[str]:
    return [name for package in packages for name in package.provides]


def _candidates(program: str) -> list[Path]:
    """Every executable of that name on PATH, in the order in which a shell would look."""
    folders = (Path(folder) for folder in os.get_exec_path() if folder)
    return [path for folder in folders if os.access(path := folder / program, os.X_OK) and path.is_file()]


@functools.cache
def _latexmk_version(path: Path) -> str:
    """Ask a program that is called latexmk who it is; empty if it is not John Collins's."""
    try:
        answer = subprocess.run(
            [path, "-norc", "-v"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=LATEXMK_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    told = re.search(r"Latexmk, John Collins.*?Version (\S+)", answer.stdout)
    return told.group(1) if told else ""


def _tex_files(names: tuple[str, ...]) -> set[str]:
    """Tell which of the TeX files `names` this installation finds, by one question to kpsewhich."""
    if not names or not (kpsewhich := shutil.which("kpsewhich")):
        return set()
    answer = subprocess.run(
        [kpsewhich, *names], stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", check=False
    )
    return {Path(line).name for line in answer.stdout.splitlines()}


def _why(name: str) -> str:
    if name == "latexmk" and (others := _candidates(name)):
        return f"is another program of that name ({others[0]}), not John Collins's"
    return "is not installed"
