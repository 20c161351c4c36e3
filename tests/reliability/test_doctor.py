"""doctor says what the machine has and lacks, each lack with what mends it."""

import re

import pytest

pytestmark = pytest.mark.tex

SUBJECTS = {"Python", "packages", "latexmk", "TeX", "speed", "tests", "numbers", "data", "build/"}


def lacking(done):
    """Read from what doctor printed what lacks, with what mends it; the exit code says the same."""
    assert done.stderr == ""
    found = re.findall(r"^(ok|LACKS|note) +(\S+) +(.*(?:\n {6}.*)*)$", done.stdout, re.MULTILINE)
    assert {subject for _, subject, _ in found} | {"latexmk"} == SUBJECTS
    lacks = {subject: detail for verdict, subject, detail in found if verdict == "LACKS"}
    assert done.returncode == (3 if lacks else 0)
    return lacks


def test_a_machine_without_latex(project, without_latex):
    """What LaTeX lacks is named, with the command that installs it."""
    lacks = lacking(project.run("doctor", environ=without_latex))

    assert lacks.keys() == {"TeX"}
    assert "latexmk" in lacks["TeX"]
    assert "sudo apt-get install" in lacks["TeX"]


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
def test_a_folder_without_room(prepare, told, project, secluded):
    """A full disk and a read-only folder are found by trying, before a build would run into them."""
    lacks = lacking(secluded(project.command("doctor"), project.out, prepare, project.environ))

    assert lacks.keys() == {"build/"}
    assert re.match(told, lacks["build/"])


def test_what_a_build_would_refuse(project):
    """Data and a configuration that a build would refuse are told in its words, files that are gone, too."""
    (project.root / "data" / "devY-3d.csv").unlink()
    lacks = lacking(project.run("doctor"))
    assert lacks.keys() == {"data"}
    assert "devY-3d.csv" in lacks["data"]

    project.edit("report.toml", "[author]", "[auhtor]")
    assert "unknown table auhtor" in lacking(project.run("doctor"))["data"]

    for name in ("report.toml", "requirements.txt"):
        (project.root / name).unlink()
    lacks = lacking(project.run("doctor"))
    assert lacks["data"].startswith("report.toml is missing\n")
    assert lacks["packages"].startswith("requirements.txt is missing\n")
