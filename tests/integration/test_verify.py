"""Verify on a real submission: untouched it matches, saved again too; each change is found, and why."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pikepdf
import pytest
from msgspec import structs

from experiments import dataset
from report.bundle import zipped
from report.console import Console
from report.verify import catalog, command, evidence, notebook, reproduce
from report.verify.findings import CELLS, Outcome, Quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conftest import Project

    from report.verify.evidence import Evidence
    from report.verify.findings import Reproduced

    Command = Callable[..., subprocess.CompletedProcess[str]]
    Judges = Callable[..., "Judged"]

pytestmark = pytest.mark.tex


class Judged(NamedTuple):
    """The exit code, what does not match, the remarks, and the points of twenty."""

    code: int
    rows: list[Quantity]
    remarks: list[str]
    points: float


@pytest.fixture(scope="module")
def judge(tiny_build: Project, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Judged]:
    """Give what judges hand-ins by the command, with one reproduction of the tiny submission for all."""
    console = Console(io.StringIO(), colour=False, live=False)
    once = command.Work(tmp_path_factory.mktemp("judge"), console)
    own = evidence.gather(catalog.read((tiny_build.out / "submission.pdf").read_bytes()), {}, {})
    made = once.reproduce(own, {}, tiny_build.data, fast=False)
    unexecuted = [structs.replace(cell, outputs=()) for cell in own.notebook.cells]
    files = dataset.load(tiny_build.data).files

    class Kept(command.Work):
        """Makes nothing anew."""

        def reproduce(
            self, given: Evidence, beside: Mapping[str, bytes], *_: object, **__: object
        ) -> Reproduced:
            """Take what was made, and compare the notebook and the data that came with the PDF."""
            shutil.copytree(once.anew, self.anew)
            cells = notebook.compare(given.notebook.cells, unexecuted, outputs=False)
            found = reproduce.handed_in(given, beside, files) | {CELLS: cells}
            found = {name: tuple(differences) for name, differences in found.items()}
            return structs.replace(made, files=made.files | found)

    def judged(path: Path, **named: Path) -> Judged:
        scores = path.parent / "gradescope.json"
        code = command.verify(path, tiny_build.data, console, gradescope_file=scores, given=named, work=Kept)
        verdict, points = (json.loads((path.parent / n).read_bytes()) for n in ("verify.json", scores.name))
        rows = msgspec.convert(verdict["rows"], list[Quantity])
        differing = [row for row in rows if row.outcome is not Outcome.MATCH]
        return Judged(code, differing, verdict["remarks"], sum(test["score"] for test in points["tests"]))

    return judged


def recompile(folder: Path) -> None:
    """Make the PDF by hand, as ``cd build && latexmk`` does."""
    done = subprocess.run(
        ["latexmk", "-norc", "-r", "latexmkrc", "-g"], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_untouched_submission_matches(project: Project, command: Command, tmp_path: Path) -> None:
    """Exit 0, every quantity compared in 80 columns, the notebook run again, and nothing left behind."""
    scratch, scores = tmp_path / "scratch", tmp_path / "gradescope.json"
    scratch.mkdir()
    before = {path.name for path in project.out.iterdir()}
    done = command(
        *("verify", project.out / "submission.zip", "--data", project.data, "--run-notebook"),
        *("--gradescope", scores),
        environ={"TMPDIR": str(scratch)},
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "not compared" not in done.stdout
    assert 80 >= max(len(line) for line in done.stdout.splitlines())
    verdict = json.loads((project.out / "verify.json").read_text(encoding="utf-8"))
    assert ("match", {"match"}) == (verdict["verdict"], {*verdict["questions"].values()})
    assert {"bytes"} == {row["rule"] for row in verdict["rows"] if row["quantity"] == "pages"}
    assert 20 == sum(test["score"] for test in json.loads(scores.read_text(encoding="utf-8"))["tests"])
    assert "WARNING The submission's notebook runs now: it is somebody's code" in done.stderr
    assert 1 == done.stdout.count("notebook, run again")
    assert {"verify.json"} == {path.name for path in project.out.iterdir()} - before
    assert [] == [path.name for path in scratch.iterdir() if path.name.startswith(("verify-", "report-"))]


def test_a_mismatch_is_told_and_ends_with_one(project: Project, command: Command) -> None:
    """A digit and a word in the .tex, a formula in the attachment: exit 1, the questions, why, pictures."""
    right = json.loads((project.out / "results.json").read_bytes())["values"]["2a.dev.accuracy"]["printed"]
    wrong = right[:-1] + ("1" if right[-1] != "1" else "2")
    project.edit("build/parts/2a.tex", right, wrong)
    project.edit("build/parts/1e.tex", "positive", "negative")
    project.edit("build/results.json", '= h_t (1 - h_t)"', '= h_t (2 - h_t)"')
    recompile(project.out)
    scores = project.root / "gradescope.json"
    done = command(
        *("verify", project.out / "submission.pdf", "--data", project.data, "--fast", "--gradescope", scores),
        environ={"FORCE_COLOR": "1"},
    )
    plain = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)

    assert 1 == done.returncode, done.stdout + done.stderr
    assert re.search(
        r"^MISMATCH: 1\(b\), 1\(e\), 2\(a\)\. Pictures: verify/page-\d\.png,", plain, re.MULTILINE
    )
    assert re.search(r"the file was changed after the build: page \d differs, near", plain)
    assert re.search(rf"the text was changed after the build: page \d+ shows {wrong}", plain)
    assert "1 formula, the first: 1b.prime" in " ".join(plain.split())
    assert "\x1b[" in done.stdout
    tests = json.loads(scores.read_text(encoding="utf-8"))["tests"]
    assert {"1a": 2, "1b": 0, "1c": 2, "1d": 2, "1e": 0, "1f": 2, "2a": 0, "2b": 5} == {
        test["number"]: test["score"] for test in tests
    }
    assert [b"\x89PNG"] * 2 == [picture.read_bytes()[:4] for picture in (project.out / "verify").iterdir()]


# --- what harmless programs do
def by(*arguments: str) -> Callable[[Path, Path], None]:
    """Return what a program does to a file; IN and OUT stand for the files."""

    def run(source: Path, target: Path) -> None:
        names = {"IN": str(source), "OUT": str(target)}
        subprocess.run([names.get(word, word) for word in arguments], check=True, capture_output=True)

    return run


def listed(given: Path, copy: Path) -> None:
    """Write pages as Ghostscript 10.05 does: text to be copied stands in lists beside the operators."""
    with pikepdf.open(given) as pdf:
        for page in pdf.pages:
            lists = pikepdf.Dictionary()

            def named(found: re.Match[bytes], lists: pikepdf.Dictionary = lists) -> bytes:
                name = f"/L{len(lists)}"
                lists[name] = pikepdf.Object.parse(found[1])
                return f"{name} BDC".encode()

            page.contents_coalesce()
            operators = page.Contents.read_bytes()
            operators = re.sub(rb"(<<\s*/ActualText\s*<[0-9A-Fa-f]*>\s*>>)\s*BDC", named, operators)
            page.Resources["/Properties"] = lists
            page.Contents = pdf.make_stream(b"q 1 0 0 1 0 0 cm " + operators + b" Q")
        pdf.save(copy)


GHOSTSCRIPT = by("gs", "-q", "-sDEVICE=pdfwrite", "-dNOPAUSE", "-dBATCH", "-o", "OUT", "IN")
CAIRO = by("pdftocairo", "-pdf", "IN", "OUT")
PROGRAMS: dict[str, tuple[Callable[[Path, Path], None], str]] = {
    "qpdf": (by("qpdf", "--object-streams=generate", "--qdf", "IN", "OUT"), "saved again by another program"),
    "qpdf, linearized": (by("qpdf", "--linearize", "IN", "OUT"), "saved again by another program"),
    "mutool": (by("mutool", "clean", "-gggg", "-z", "IN", "OUT"), "saved again"),
    "mutool, contents too": (by("mutool", "clean", "-s", "IN", "OUT"), "written anew"),
    "copied text in lists": (listed, "written anew"),
    "ghostscript": (GHOSTSCRIPT, "written anew by GPL Ghostscript"),
    "cairo": (CAIRO, "written anew by cairo"),
}


@pytest.mark.parametrize(
    "program", [pytest.param(p, marks=pytest.mark.slow if p == "ghostscript" else ()) for p in PROGRAMS]
)
def test_a_file_that_another_program_saved(
    program: str, judge: Judges, tiny_build: Project, tmp_path: Path
) -> None:
    """It matches, with the program as a remark; what is lost is taken from files beside it, or named."""
    save, remark = PROGRAMS[program]
    save(tiny_build.out / "submission.pdf", tmp_path / "copy.pdf")
    files = {name: tiny_build.out / name for name in ("report.toml", "homework03.ipynb")}
    if program == "ghostscript":
        for file in files.values():
            shutil.copy(file, tmp_path)
    code, rows, remarks, points = judge(tmp_path / "copy.pdf", **(files if program == "cairo" else {}))

    assert (0, [], 20) == (code, rows, points)
    assert any(remark in told for told in remarks), remarks


def test_a_hand_in_that_was_touched(judge: Judges, tiny_build: Project, tmp_path: Path) -> None:
    """In a zip in a zip, numbered by a browser, by Colab, with Windows' line ends: remarks, and all points.

    What else is done to hand-ins is tested one by one in tests/unit/test_verify_hand_ins.py.
    """
    with zipfile.ZipFile(tiny_build.out / "submission.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    book = json.loads(files["homework03.ipynb"])
    book["metadata"]["colab"], book["nbformat_minor"] = {"provenance": []}, 0
    for number, cell in enumerate(book["cells"]):
        cell["metadata"]["id"] = f"Xq{number:010d}{cell.pop('id')}"
    files["homework03.ipynb"] = json.dumps(book, indent=1, ensure_ascii=False).encode()
    touched = {
        old.replace(".", " (1)."): content if old.endswith(".pdf") else content.replace(b"\n", b"\r\n")
        for old, content in files.items()
    }
    (tmp_path / "copy.zip").write_bytes(zipped({"submission.zip": zipped(touched)}))
    remarks = [
        "The report is submission (1).pdf in copy.zip.",
        *(f"{name} has the same numbers, other line ends." for name in dataset.FILE_NAMES),
        "The homework03.ipynb beside the PDF: it was saved again by Google Colab.",
    ]

    assert (0, [], remarks, 20) == judge(tmp_path / "copy.zip")


@pytest.mark.slow
def test_a_printed_copy_is_made_anew_from_configuration_and_notebook(
    tiny_build: Project, tmp_path: Path, command: Command
) -> None:
    """Without results.json the whole search runs: all that is left matches, exit 0 and 20 of 20."""
    CAIRO(tiny_build.out / "submission.pdf", tmp_path / "copy.pdf")
    scores = tmp_path / "scores.json"
    done = command(
        *("verify", tmp_path / "copy.pdf", "--data", tiny_build.data, "--gradescope", scores),
        *("--config", tiny_build.config, "--notebook", tiny_build.out / "homework03.ipynb"),
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "The PDF has lost its attachments" in done.stdout
    assert 20 == sum(test["score"] for test in json.loads(scores.read_bytes())["tests"])


def test_other_data_and_nothing_attached_is_run(project: Project, command: Command) -> None:
    """Two rows swapped, one label flipped: exit 1, both hashes; attached code and TeX are data."""
    for name, edit in {
        "trnX-3d.csv": lambda lines: [lines[1], lines[0], *lines[2:]],
        "devY-3d.csv": lambda lines: [str(-int(lines[0])), *lines[1:]],
    }.items():
        lines = (project.data / name).read_text(encoding="utf-8").splitlines()
        (project.data / name).write_text("\n".join(edit(lines)) + "\n", encoding="utf-8")
    canary = Path(tempfile.gettempdir()) / f"canary-{os.getpid()}"  # short, as remarks are
    project.edit("build/homework03.ipynb", "SEED = 5", f"SEED = 5; open('{canary}', 'w')")
    write = rf"\\immediate\\openout5={canary}\\immediate\\write18{{touch {canary}}}"
    project.edit("build/report.toml", "The bound is attained at r = 0.", write)
    recompile(project.out)
    (project.out / "verify").write_text("mine", encoding="utf-8")
    done = command("verify", project.out / "submission.pdf", "--data", project.data, "--fast")
    flat = " ".join(done.stdout.split())

    assert 1 == done.returncode, done.stdout + done.stderr
    assert re.search(r"MISMATCH: 1\(e\), 2\(a\), 2\(b\)[,.]", flat)  # 1(e) has the remark
    for name in ("devY-3d.csv", "trnX-3d.csv"):
        assert re.search(rf"{name} has sha256 \w{{12}}\.\.\. in the submission, \w{{12}}\.\.\. here", flat)
    assert "\u201d was edited" in flat
    assert "WARNING verify/ was not written: File exists\n" in done.stderr  # and the verdict stands
    assert "mine" == (project.out / "verify").read_text(encoding="utf-8")
    assert not canary.exists()
