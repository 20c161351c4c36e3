"""doctor says what the machine has and lacks, each lack with what mends it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Project

pytestmark = pytest.mark.tex

SUBJECTS = ["Python", "packages", "latexmk", "TeX", "speed", "tests", "numbers", "data", "build/"]


def findings(done: subprocess.CompletedProcess[str]) -> dict[str, tuple[str, str]]:
    """Read what doctor printed: for each subject the verdict, and the rest with what mends it."""
    assert done.stderr == ""
    found = re.findall(r"^(ok|LACKS|note) +(\S+) +(.*(?:\n {6}.*)*)$", done.stdout, re.MULTILINE)
    assert sum(len(" ".join(parts)) for parts in found) > 0
    return {subject: (verdict, detail) for verdict, subject, detail in found}


def lacking(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Give what lacks, with what mends it; the exit code says the same."""
    lacks = {subject: detail for subject, (verdict, detail) in findings(done).items() if verdict == "LACKS"}
    assert done.returncode == (3 if lacks else 0)
    return lacks


def test_a_machine_that_has_all(project: Project) -> None:
    """Each thing that a build needs is named with what was found; nothing lacks."""
    done = project.run("doctor")

    assert list(findings(done)) == SUBJECTS
    assert lacking(done) == {}


def test_a_machine_without_latex(project: Project, without_latex: dict[str, str]) -> None:
    """What LaTeX lacks is named, with the command that installs it."""
    lacks = lacking(project.run("doctor", environ=without_latex))

    assert lacks.keys() == {"TeX"}
    assert "latexmk" in lacks["TeX"]
    assert "sudo apt-get install" in lacks["TeX"]


@pytest.mark.slow
def test_a_style_that_is_missing(project: Project, secluded: Callable[..., Any]) -> None:
    """A single style that is not there is named, with the package that has it."""
    style = subprocess.run(
        ["kpsewhich", "booktabs.sty"], capture_output=True, encoding="utf-8", check=True
    ).stdout

    hidden = f'mount -t tmpfs none "{Path(style).parent}"'
    lacks = lacking(secluded(project.command("doctor"), project.out, hidden, project.environ))

    assert lacks.keys() == {"TeX"}
    assert "booktabs.sty" in lacks["TeX"]
    assert "texlive-latex-recommended" in lacks["TeX"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("prepare", "told"),
    [
        ('mount -t tmpfs -o size=1m none "$OUT"', r"can be written, 0\.0 GB free\n +free 0\.2 GB"),
        (
            'mount --bind "$OUT" "$OUT"\nmount -o remount,bind,ro "$OUT"',
            r"cannot be written: Read-only file system\n +choose another with --out",
        ),
    ],
    ids=["full", "read-only"],
)
def test_a_folder_without_room(
    prepare: str, told: str, project: Project, secluded: Callable[..., Any]
) -> None:
    """A full disk and a read-only folder are found by trying, before a build would run into them."""
    lacks = lacking(secluded(project.command("doctor"), project.out, prepare, project.environ))

    assert lacks.keys() == {"build/"}
    assert re.match(told, lacks["build/"])


def test_data_that_are_none(project: Project) -> None:
    """Data that a build would refuse are refused with the same words; so is a wrong configuration."""
    (project.root / "data" / "devY-3d.csv").unlink()
    lacks = lacking(project.run("doctor"))
    assert lacks.keys() == {"data"}
    assert "devY-3d.csv" in lacks["data"]

    project.edit("report.toml", "[author]", "[auhtor]")
    assert "unknown table auhtor" in lacking(project.run("doctor"))["data"]
