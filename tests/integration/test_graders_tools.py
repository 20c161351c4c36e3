"""What graders' tools do with the notebook: nbval runs it and compares, otter sets seeds before each cell."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from report import kernel
from report.results import NOTEBOOK

if TYPE_CHECKING:
    from conftest import Project

pytestmark = [pytest.mark.tex, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
RESEED = "import random\nimport numpy\nrandom.seed(42)\nnumpy.random.seed(42)\n"


@pytest.fixture
def room(tiny_build: Project, tmp_path: Path) -> Path:
    """Make a folder with the notebook and the four files, as a grader has it."""
    folder = Path(shutil.copytree(tiny_build.data, tmp_path / "room"))
    shutil.copy(tiny_build.out / NOTEBOOK, folder)
    return folder


@pytest.mark.parametrize("whole", [False, True], ids=["tiny", "sample"])
def test_nbval_finds_the_stored_outputs_again(
    whole: bool, room: Path, tmp_path: Path, clean_environ: dict[str, str]
) -> None:
    """Unsanitised, `pytest --nbval` passes every cell, of the notebook that is shipped, too."""
    if whole:
        room = Path(shutil.copytree(ROOT / "data", tmp_path / "sample"))
        shutil.copy(ROOT / "build" / NOTEBOOK, room)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider", NOTEBOOK],
        cwd=room,
        env=clean_environ,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    assert re.search(r"^\d+ passed", done.stdout, re.MULTILINE)
    assert "skipped" not in done.stdout


def test_seeds_set_before_each_cell_change_nothing(room: Path) -> None:
    """Otter seeds the global generators before each cell: every output stays as it was."""
    notebook = nbformat.read(room / NOTEBOOK, as_version=4)
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
