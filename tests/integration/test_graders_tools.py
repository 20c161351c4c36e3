"""What graders' tools ask of a submission: nbval, nbgrader's rule, otter's seeds, Gradescope's pages."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from experiments.record import MIME
from report import kernel
from report.config import QUESTIONS
from report.results import NOTEBOOK
from report.verify import document, seen

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Build

pytestmark = pytest.mark.tex

ROOT = Path(__file__).resolve().parents[2]
BELOW_THE_HEAD = 725  # points
RESEED = "import random\nimport numpy\nrandom.seed(42)\nnumpy.random.seed(42)\n"


@pytest.fixture
def notebook(tiny_build: Build) -> Any:
    """Read the executed notebook."""
    return nbformat.read(tiny_build.out / NOTEBOOK, as_version=4)


@pytest.fixture
def room(tiny_build: Build, tmp_path: Path) -> Path:
    """Make a folder with the notebook and the four files, as a grader has it."""
    folder = Path(shutil.copytree(tiny_build.data, tmp_path / "room"))
    shutil.copy(tiny_build.out / NOTEBOOK, folder)
    return folder


@pytest.mark.slow
def test_nbval_finds_the_stored_outputs_again(room: Path, clean_environ: dict[str, str]) -> None:
    """Unsanitised, `pytest --nbval` runs every cell and finds each output as it was stored."""
    nbval(room, clean_environ)


@pytest.mark.slow
def test_nbval_finds_the_outputs_of_the_sample(tmp_path: Path, clean_environ: dict[str, str]) -> None:
    """So it does with the notebook that is shipped, whole search and all."""
    room = Path(shutil.copytree(ROOT / "data", tmp_path / "room"))
    shutil.copy(ROOT / "build" / NOTEBOOK, room)
    nbval(room, clean_environ)


def nbval(room: Path, environ: dict[str, str]) -> None:
    """Run nbval on the notebook in a folder: every cell must pass."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider", NOTEBOOK],
        cwd=room,
        env=environ,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    assert re.search(r"^\d+ passed", done.stdout, re.MULTILINE)
    assert "skipped" not in done.stdout


def test_no_cell_would_get_zero_from_nbgrader(notebook: Any) -> None:
    """Nbgrader's rule: a cell with an error, or with anything on stderr, fails (nbgrader/utils.py)."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]

    assert outputs
    assert [] == [
        output
        for output in outputs
        if output.output_type == "error" or (output.output_type == "stream" and output.name == "stderr")
    ]


def test_every_cell_was_run_once_and_in_order(notebook: Any) -> None:
    """Execution counts go from 1 on: nbval takes a cell without one for never run, and passes it unseen."""
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]

    assert list(range(1, len(counts) + 1)) == counts


def test_no_cell_shows_a_wall_of_numbers(notebook: Any) -> None:
    """What a person sees of the record is one line of text; the numbers are data beside it."""
    *_, shown = notebook.cells[-1].outputs

    assert set(shown.data) == {"text/plain", MIME}
    assert shown.data["text/plain"] == "The record of this notebook: 5 settings, as data beside this line."
    assert len(shown.data[MIME]["search"]["dev"]) == 5


def test_questions_are_marked_in_both_conventions(notebook: Any) -> None:
    """Each question's cells carry its tag, between otter's BEGIN QUESTION and END QUESTION."""
    inside, tagged = [], []
    open_question = ""
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "BEGIN QUESTION" in cell.source:
            assert not open_question
            open_question = next(tag for tag in tags if tag in QUESTIONS)
        inside.append(open_question)
        tagged.append(next((tag for tag in tags if tag in QUESTIONS), ""))
        if "END QUESTION" in cell.source:
            open_question = ""

    assert tagged == inside
    assert {"2a", "2b", ""} == {*tagged}


@pytest.mark.slow
def test_seeds_set_before_each_cell_change_nothing(notebook: Any, room: Path) -> None:
    """Otter seeds the global generators before each cell: every output stays as it was."""
    seeded = copy.deepcopy(notebook)
    for cell in seeded.cells:
        if cell.cell_type == "code":
            cell.source = RESEED + cell.source
    kernel.execute(seeded, room, 1, lambda *_: None)

    assert [_texts(cell) for cell in notebook.cells] == [_texts(cell) for cell in seeded.cells]


def _texts(cell: Any) -> list[str]:
    """Give a cell's outputs without pictures and counters."""
    found = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        found += [output.get("text", ""), *(data[kind] for kind in sorted(data) if kind.startswith("text/"))]
    return found


def test_page_per_question(
    tiny_build: Build, tmp_path: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """With page_per_question a question begins on a page that shows no other, but for a problem's title."""
    out = Path(shutil.copytree(tiny_build.out, tmp_path / "out"))  # what was measured is kept there
    config = Path(shutil.copytree(tiny_build.config.parent, tmp_path / "project")) / "report.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(
        text.replace("[report.remarks]", "[report]\npage_per_question = true\n[report.remarks]"),
        encoding="utf-8",
    )
    done = command("build", "--config", config, "--out", out)
    assert done.returncode == 0, done.stderr
    pages = json.loads((out / "pages.json").read_text(encoding="utf-8"))
    pdf = document.opened((out / "submission.pdf").read_bytes())
    starts, view = document.questions(pdf), seen.View(pdf)
    above = {
        question: "".join(
            word.text for word in view.words[page - 1] if starts[question][1] < word.box[1] < BELOW_THE_HEAD
        )
        for question, page in pages.items()
    }

    assert len(QUESTIONS) == len({*pages.values()})
    assert {"2a": "Problem2Modelselection8points"} == {
        question: text for question, text in above.items() if text and question != QUESTIONS[0]
    }


def test_attachments_are_seen_by_other_programs(tiny_build: Build, tmp_path: Path) -> None:
    """Poppler lists the four files and saves them as they lie beside the PDF."""
    names = ["homework03.ipynb", "ledger.json", "report.toml", "results.json"]
    pdf = tiny_build.out / "submission.pdf"
    listed = subprocess.run(
        ["pdfdetach", "-list", pdf], capture_output=True, encoding="utf-8", check=True
    ).stdout
    subprocess.run(["pdfdetach", "-saveall", "-o", tmp_path, pdf], check=True)

    assert names == re.findall(r"^\d+: (.*)$", listed, re.MULTILINE)
    assert [(tiny_build.out / name).read_bytes() for name in names] == [
        (tmp_path / name).read_bytes() for name in names
    ]
    assert (tiny_build.out / "report.toml").read_bytes() == tiny_build.config.read_bytes()
