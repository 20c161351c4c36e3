"""The system packages that the report needs, which are missing, and the commands that install them.

`make` runs this module before `.venv` exists, so it uses the standard library only.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from report import ROOT
from report.console import Console, few
from report.errors import LatexError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LOG = ROOT / "build" / ".apt.log"
SECONDS = 60  # for latexmk to print its version, or kpsewhich to find files
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
STYLES = (  # the LaTeX packages that the templates load, but for those of other system packages
    *("amsmath", "amssymb", "amsthm", "array", "babel", "bookmark", "booktabs", "caption", "cmap"),
    *("fancyhdr", "float", "fontenc", "geometry", "graphicx", "hyperref", "inputenc", "mathtools"),
    *("microtype", "textcomp", "xcolor"),
)


@dataclass(frozen=True)
class Package:
    """A system package; its names may be several with blanks between, or none."""

    purpose: Literal["venv", "pdf", "tests", "speed"]  # a build needs the first two; speed is optional
    debian: str
    fedora: str
    macos: str  # for tlmgr if it is for the PDF, else for brew
    provides: tuple[str, ...]  # programs, TeX files with their suffix; for venv a Python module
    reason: str


PACKAGES = (
    Package("venv", f"python{PYTHON}-venv", "python3", "python@3.13", ("ensurepip",), "makes .venv"),
    Package("pdf", "latexmk", "latexmk", "latexmk", ("latexmk",), "runs pdflatex as often as needed"),
    Package(
        "pdf",
        "texlive-latex-recommended",
        "texlive-collection-latexrecommended",
        "collection-latexrecommended",
        ("pdflatex", "kpsewhich", *(f"{style}.sty" for style in STYLES)),
        "pdflatex and most LaTeX packages",
    ),
    Package("pdf", "tex-gyre", "texlive-tex-gyre", "tex-gyre", ("tgpagella.sty",), "the text face"),
    Package(
        "pdf",
        "texlive-fonts-recommended",
        "texlive-collection-fontsrecommended",
        "collection-fontsrecommended",
        ("mathpazo.sty", "fplmri.pfb", "t1txtt.fd"),
        "its mathematics, and a typewriter face",
    ),
    Package("speed", "gcc libc6-dev", "gcc glibc-devel", "gcc", ("cc",), "compiles the trainer's kernel"),
    Package(
        "tests",
        "poppler-utils",
        "poppler-utils",
        "poppler",
        ("pdftotext", "pdftocairo"),
        "reads the PDF back",
    ),
    Package(
        "tests",
        "ghostscript qpdf mupdf-tools",
        "ghostscript qpdf mupdf",
        "ghostscript qpdf mupdf-tools",
        ("gs", "qpdf", "mutool"),
        "write PDFs anew, as course sites do",
    ),
    Package("tests", "qemu-user", "qemu-user", "", ("qemu-x86_64",), "emulates other CPUs"),
    Package("tests", "git", "git", "git", ("git",), "make clean and its tests"),
)


def missing(packages: Iterable[Package]) -> dict[Package, list[str]]:
    """Find those of `packages` that this machine lacks, each with what was not found."""
    importlib.invalidate_caches()  # apt may have brought modules of the running Python
    packages = tuple(packages)
    installed = _tex_files([name for package in packages for name in package.provides if "." in name])

    def found(package: Package, name: str) -> bool:
        if package.purpose == "venv":
            return importlib.util.find_spec(name) is not None
        if name == "latexmk":
            return find_latexmk() is not None
        return name in installed if "." in name else shutil.which(name) is not None

    lacking = {
        package: [name for name in package.provides if not found(package, name)] for package in packages
    }
    return {package: names for package, names in lacking.items() if names}


def told(lacking: Mapping[Package, list[str]]) -> str:
    """Summarise what is missing in a few words."""
    names = [name for each in lacking.values() for name in each]
    if "latexmk" in names and (impostor := shutil.which("latexmk")):
        names[names.index("latexmk")] = f"latexmk ({impostor} is another program of that name)"
    return f"not installed: {few(names, 4)}"


def install_hint(packages: Iterable[Package]) -> str:
    """Return the commands that install `packages`, one line for each kind of system."""
    packages = tuple(packages)
    tex = " ".join(package.macos for package in packages if package.purpose == "pdf")
    brew = " ".join(package.macos for package in packages if package.purpose != "pdf" and package.macos)
    basictex = (
        "brew install --cask basictex, and in a new terminal: sudo tlmgr update --self && sudo tlmgr install"
    )
    return "\n".join(
        [
            f"Debian, Ubuntu:  sudo {' '.join(_apt_install(packages))}",
            f"Fedora:          sudo dnf install {' '.join(package.fedora for package in packages)}",
            *([f"macOS:           brew install {brew}"] if brew else []),
            *([f"macOS:           {basictex} {tex}"] if tex else []),
        ]
    )


def find_latexmk() -> tuple[Path, str] | None:
    """Find John Collins's latexmk on PATH, and its version; other programs of that name are passed over."""
    for folder in os.get_exec_path():
        if path := shutil.which("latexmk", path=folder):
            said = _output([path, "-norc", "-v"])
            if version := re.search(r"Latexmk, John Collins.*?Version (\S+)", said):
                return Path(path), version[1]
    return None


def latexmk() -> Path:
    """Return the path of latexmk, or raise a LatexError if something that makes the PDF is missing."""
    found = find_latexmk()
    lacking = missing([package for package in PACKAGES if package.purpose == "pdf"])
    if lacking or not found:
        raise LatexError(f"The PDF cannot be made: {told(lacking)}.", install_hint(lacking))
    return found[0]


def main(purposes: list[str]) -> int:
    """Install what is missing for `purposes` where that is allowed, else print the commands."""
    wanted = [package for package in PACKAGES if package.purpose in purposes]
    console = Console.for_stream()
    lacking = missing(wanted)
    if lacking and _apt(lacking, console):
        lacking = missing(wanted)
    lacking = {package: names for package, names in lacking.items() if package.purpose != "speed"}
    if any(package.purpose == "venv" for package in lacking):
        console.error(
            f"This Python ({sys.executable}) cannot make .venv: {told(lacking)}.", install_hint(lacking)
        )
        return 2
    if lacking:
        console.warn(f"Needed, but {told(lacking)}.\n{install_hint(lacking)}")
    return 0


def _apt(packages: Iterable[Package], console: Console) -> bool:
    """Install packages where there is apt and the right to use it; return whether they were."""
    sudo = ["sudo", "-n"] if os.geteuid() else []
    if not all(map(shutil.which, ["apt-get", *sudo[:1]])):
        return False
    if sudo and subprocess.run([*sudo, "true"], capture_output=True, check=False).returncode:
        return False
    apt = [*sudo, "env", "DEBIAN_FRONTEND=noninteractive"]
    patient = ["-o", "DPkg::Lock::Timeout=600"]  # a fresh machine may still be updating itself
    names = ", ".join(package.debian for package in packages)
    LOG.parent.mkdir(exist_ok=True)
    with console.stage("system packages", names), LOG.open("wb") as log:
        # An update also fails for one bad source among many: the second command tells whether it matters.
        for command in (["apt-get", "update"], [*_apt_install(packages), *patient]):
            done = subprocess.run(
                [*apt, *command], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False
            )
    if done.returncode:
        console.warn(f"apt-get could not install {names}: see {LOG.relative_to(ROOT)}.")
    return not done.returncode


def _apt_install(packages: Iterable[Package]) -> list[str]:
    names = " ".join(package.debian for package in packages).split()
    return ["apt-get", "install", "--yes", "--no-install-recommends", *names]


def _tex_files(names: list[str]) -> set[str]:
    """Return those of the TeX files `names` that are installed."""
    if not names or not shutil.which("kpsewhich"):
        return set()
    return {Path(line).name for line in _output(["kpsewhich", *names]).splitlines()}


def _output(command: list[str]) -> str:
    """Return what a program prints; nothing if it cannot be run, or does not end."""
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=SECONDS,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
