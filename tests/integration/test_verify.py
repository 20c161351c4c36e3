"""Verify on a real submission: untouched it matches; each change is found, at its question, and why."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from report.console import Console
from report.verify import submission
from report.verify.compare import compare
from report.verify.fresh import Fresh, reproduce
from report.verify.rows import Outcome, mismatched

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Build

    from report.verify.rows import Row

    Command = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.tex

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def fresh(tiny_build: Build, tmp_path_factory: pytest.TempPathFactory) -> Fresh:
    """Make the tiny submission anew, once: what each changed one is compared with."""
    folder = tmp_path_factory.mktemp("fresh")
    found = submission.read((tiny_build.out / "submission.pdf").read_bytes(), folder / "reading")
    console = Console(io.StringIO(), colour=False, live=False)
    anew = reproduce(found, tiny_build.data, folder / "anew", console, fast=False)
    return replace(anew, code=found.attached.code)  # whoever edits the program while its tests run is excused


@pytest.fixture(scope="module")
def made_by_hand(tiny_build: Build, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the tiny build and make its PDF again by hand; LaTeX's notes stay, for whoever changes a line."""
    folder = Path(shutil.copytree(tiny_build.out, tmp_path_factory.mktemp("by_hand") / "out"))
    recompile(folder)
    return folder


@pytest.fixture
def copy(made_by_hand: Path, tmp_path: Path) -> Path:
    """Copy the tiny build, to be changed."""
    return Path(shutil.copytree(made_by_hand, tmp_path / "copy"))


def change(file: Path, old: str, new: str) -> None:
    """Replace a text that occurs in a file, everywhere it does."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def recompile(folder: Path) -> None:
    """Make the PDF by hand, as ``cd build && latexmk`` does."""
    done = subprocess.run(
        ["latexmk", "-norc", "-r", "latexmkrc", "-g"], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout


def found_in(folder: Path, fresh: Fresh) -> list[Row]:
    """Give the rows that do not match, of the submission in a folder."""
    handed_in = submission.take(folder / "submission.pdf")
    reading = Path(tempfile.mkdtemp(dir=folder.parent)) / "reading"
    rows, _ = compare(submission.read(handed_in.pdf, reading), handed_in, fresh)
    return [row for row in rows if row.finding.outcome is not Outcome.MATCH]


def told(rows: list[Row], question: str, quantity: str) -> tuple[str, str]:
    """Give cause and reason of the one row about a quantity of a question."""
    (found,) = [row.finding for row in rows if (row.question, row.quantity) == (question, quantity)]
    assert found.outcome is Outcome.MISMATCH
    return found.cause, found.reason


def printed(folder: Path, key: str) -> str:
    """Give what results.json says is printed for a key."""
    results = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return str(results["values"][key]["printed"])


def test_the_untouched_submission_matches(
    copy: Path, tiny_build: Build, command: Command, tmp_path: Path
) -> None:
    """Exit 0, every quantity compared in 80 columns, the notebook run again, and nothing left behind."""
    scratch, scores = _made(tmp_path / "scratch"), tmp_path / "gradescope.json"
    before = {path.name for path in copy.iterdir()}
    done = command(
        *("verify", copy / "submission.zip", "--data", tiny_build.data, "--run-notebook"),
        *("--gradescope", scores),
        environ={"TMPDIR": str(scratch)},
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "not compared" not in done.stdout
    assert 80 >= max(len(line) for line in done.stdout.splitlines())
    verdict = json.loads((copy / "verify.json").read_text(encoding="utf-8"))
    assert "match" == verdict["verdict"]
    assert {"match"} == {*verdict["questions"].values()}
    assert 20 == sum(test["score"] for test in json.loads(scores.read_text(encoding="utf-8"))["tests"])
    assert "WARNING The submission's notebook runs now: it is somebody's code" in done.stderr
    assert 3 == done.stdout.count("notebook, run again")
    assert {"verify.json"} == {path.name for path in copy.iterdir()} - before
    assert [] == [path.name for path in scratch.iterdir() if path.name.startswith(("verify-", "report-"))]


def test_a_mismatch_is_told_and_ends_with_one(copy: Path, tiny_build: Build, command: Command) -> None:
    """One digit changed in the .tex: exit 1, the question on the last line, the reason, no points for it."""
    right = printed(copy, "2a.dev.accuracy")
    wrong = right[:-1] + ("1" if right[-1] != "1" else "2")
    change(copy / "parts" / "2a.tex", right, wrong)
    recompile(copy)
    scores = copy.parent / "gradescope.json"
    done = command(
        *("verify", copy / "submission.pdf", "--data", tiny_build.data, "--fast", "--gradescope", scores),
        environ={"FORCE_COLOR": "1"},
    )
    plain = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)

    assert 1 == done.returncode, done.stdout + done.stderr
    assert plain.splitlines()[-1] == "MISMATCH: 2(a)."
    assert re.search(rf"the text was changed after the build: page \d+ shows {wrong}", plain)
    assert "\x1b[" in done.stdout
    tests = {
        test["number"]: test["score"] for test in json.loads(scores.read_text(encoding="utf-8"))["tests"]
    }
    assert {"1a": 2, "1b": 2, "1c": 2, "1d": 2, "1e": 2, "1f": 2, "2a": 0, "2b": 5} == tests


def test_the_copy_itself_matches(copy: Path, tiny_build: Build, fresh: Fresh) -> None:
    """Made again by hand from its sources, the submission is the same and still matches."""
    assert (tiny_build.out / "submission.pdf").read_bytes() == (copy / "submission.pdf").read_bytes()
    assert [] == found_in(copy, fresh)
    assert [] == mismatched(found_in(copy, replace(fresh, pages=None, no_pages="LaTeX is missing")))


def test_changes_of_the_text(copy: Path, fresh: Fresh) -> None:
    """An exponent, a word, a digit, a number below a white patch: each is told, and where."""
    right = printed(copy, "2b.dev.accuracy")
    over = r"\noindent\llap{\color{white}\rule{3cm}{3ex}}\llap{0.9999}"
    change(copy / "parts" / "1b.tex", r"w_2^2", r"w_2^3")
    change(copy / "parts" / "1e.tex", "positive", "negative")
    change(copy / "parts" / "2a.tex", r"\answer{Accuracy", rf"\answer{{{over}Accuracy")
    change(copy / "parts" / "2b.tex", right, "0.9999")
    recompile(copy)
    rows = found_in(copy, fresh)

    assert ["1b", "1e", "2a", "2b"] == mismatched(rows)
    assert {"text changed"} == {row.finding.cause for row in rows if row.finding.outcome is Outcome.MISMATCH}
    assert "page 2" in told(rows, "1b", "formulas")[1]
    assert "shows 0.9999" in told(rows, "2b", "development accuracy")[1]
    assert "page" in told(rows, "2a", "text")[1]

    handed_in = submission.take(copy / "submission.pdf")
    pages = submission.read(handed_in.pdf, copy / "again")
    elsewhere, remarks = compare(replace(pages, tex=("pdfTeX (TeX Live 2031)", "ABC")), handed_in, fresh)
    of_1b = next(row for row in elsewhere if (row.question, row.quantity) == ("1b", "formulas"))
    assert (Outcome.UNJUDGED, True) == (of_1b.finding.outcome, "TeX Live 2031" in of_1b.finding.reason)
    assert any("another TeX" in remark for remark in remarks)


def test_changes_of_the_attachments(copy: Path, fresh: Fresh) -> None:
    """A value and a formula changed in results.json, the text left as it was."""
    right = printed(copy, "2b.dev.accuracy")
    change(copy / "results.json", f'"printed": "{right}"', '"printed": "0.9999"')
    change(copy / "results.json", r"x_1 w_2^2 \\sigma'(z_1)", r"x_1 w_2^3 \\sigma'(z_1)")
    recompile(copy)
    rows = found_in(copy, fresh)

    assert {"1b", "2b"} <= {*mismatched(rows)} <= {"1b", "2a", "2b"}  # 2a if its accuracy is the same
    assert {"attachment changed"} == {row.finding.cause for row in rows}
    assert "its 'printed' is '0.9999'" in told(rows, "2b", "development accuracy")[1]
    assert "1b" in told(rows, "1b", "formulas")[1]


def test_changes_of_the_notebook_inside(copy: Path, fresh: Fresh) -> None:
    """Text and results changed alike, a cell, an output: the accounts betray each other."""
    right = printed(copy, "2a.train.accuracy")
    for part in ("2a.tex", "2b.tex", "summary.tex"):
        change(copy / "parts" / part, right, "0.9999")
    change(copy / "results.json", f'"printed": "{right}"', '"printed": "0.9999"')
    change(copy / "homework03.ipynb", "ranked.iloc[0]", "ranked.iloc[1]")
    notebook = json.loads((copy / "homework03.ipynb").read_text(encoding="utf-8"))
    lines = notebook["cells"][-1]["outputs"][0]["text"]
    record = json.loads(lines[-1])
    record["2b"]["dev"] += 1
    lines[-1] = json.dumps(record) + "\n"
    (copy / "homework03.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    recompile(copy)
    rows = found_in(copy, fresh)

    assert ["2a", "2b"] == mismatched(rows)
    assert "text and attachment were changed" in told(rows, "2a", "training accuracy")[1]
    assert "the notebook in the PDF gives another number" in told(rows, "2b", "development accuracy")[1]
    cause, reason = told(rows, "2b", "notebook's cells")
    assert ("notebook differs", True) == (cause, "edited after the build" in reason)


def test_a_cell_edited_in_the_notebook_beside(copy: Path, fresh: Fresh) -> None:
    """The notebook beside the PDF is not the one inside it: the cell's question is named."""
    change(
        copy / "homework03.ipynb",
        "MLPClassifier(random_state=SEED).fit",
        "MLPClassifier(random_state=SEED, alpha=1).fit",
    )
    (row,) = found_in(copy, fresh)

    assert ("2a", "notebook differs") == (row.question, row.finding.cause)
    assert "the notebook in the PDF is not the notebook beside it" in row.finding.reason


def test_other_data_and_nothing_attached_is_run(
    copy: Path, tiny_build: Build, tmp_path: Path, command: Command
) -> None:
    """Two rows swapped, one label flipped: exit 1, both hashes; attached code and TeX are data."""
    data = Path(shutil.copytree(tiny_build.data, tmp_path / "data"))
    for name, edit in {
        "trnX-3d.csv": lambda lines: [lines[1], lines[0], *lines[2:]],
        "devY-3d.csv": lambda lines: [str(-int(lines[0])), *lines[1:]],
    }.items():
        lines = (data / name).read_text(encoding="utf-8").splitlines()
        (data / name).write_text("\n".join(edit(lines)) + "\n", encoding="utf-8")
    canary = Path(tempfile.gettempdir()) / f"canary-{os.getpid()}"  # short, as remarks are
    change(copy / "homework03.ipynb", "SEED = 5", f"SEED = 5; open('{canary}', 'w')")
    write = rf"\\immediate\\openout5={canary}\\immediate\\write18{{touch {canary}}}"
    change(copy / "report.toml", "The bound is attained at r = 0.", write)
    recompile(copy)
    done = command("verify", copy / "submission.pdf", "--data", data, "--fast")

    assert 1 == done.returncode, done.stdout + done.stderr
    assert "MISMATCH: 1(e), 2(a), 2(b)." == done.stdout.splitlines()[-1]  # 1(e) has the remark
    flat = " ".join(done.stdout.split())
    for name in ("devY-3d.csv", "trnX-3d.csv"):
        assert re.search(rf"{name} has sha256 \w{{12}}\.\.\. in the submission, \w{{12}}\.\.\. here", flat)
    assert not canary.exists()


def test_a_hyper_parameter_changed_in_code(
    tiny_build: Build, tmp_path: Path, command: Command, clean_environ: dict[str, str]
) -> None:
    """Built with ten times the learning rate: the code differs, told even where there is no TeX."""
    other, out = tmp_path / "other", tmp_path / "out"
    shutil.copytree(tiny_build.out, out)  # what did not change is kept there
    for name in (
        "derivations",
        "experiments",
        "report",
        "templates",
        "generate_report.py",
        "requirements.txt",
    ):
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, _made(other) / name)
    change(other / "report" / "config.py", "return rate if rate > 0", "return rate * 10 if rate > 0")
    built = subprocess.run(
        [
            sys.executable,
            other / "generate_report.py",
            *("--config", tiny_build.config, "--out", out, "--jobs", "1"),
        ],
        env=clean_environ,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert built.returncode == 0, built.stderr
    tools = _made(tmp_path / "bin")
    for tool in ("sh", "env"):
        (tools / tool).symlink_to(shutil.which(tool) or "")
    done = command(
        *("verify", out / "submission.pdf", "--data", tiny_build.data, "--fast"),
        environ={"PATH": str(tools)},
    )
    flat = " ".join(done.stdout.split())

    assert 1 == done.returncode, done.stdout + done.stderr
    assert "MISMATCH: 2(b)." == done.stdout.splitlines()[-1]
    assert "the code differs: report" in flat
    assert "the glyphs were not compared" in flat


def _made(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return folder
