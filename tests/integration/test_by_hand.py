"""What people do with a build: the sources alone in an online editor, the notebook in graders' tools."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from pypdf import PdfReader

from report.results import NOTEBOOK

if TYPE_CHECKING:
    from conftest import Project

pytestmark = pytest.mark.tex

ROOT = Path(__file__).resolve().parents[2]
RESEED = "import random\nimport numpy\nrandom.seed(42)\nnumpy.random.seed(42)\n"


@pytest.fixture
def sources(tiny_build: Project, tmp_path: Path) -> Path:
    """Copy submission.tex, parts/, figures/ and latexmkrc, and nothing else."""
    for name in ("submission.tex", "latexmkrc"):
        shutil.copy(tiny_build.out / name, tmp_path)
    for name in ("parts", "figures"):
        shutil.copytree(tiny_build.out / name, tmp_path / name)
    return tmp_path


def test_the_sources_alone_make_a_pdf_that_says_so(sources: Path, tiny_build: Project) -> None:
    """Without the files that are attached there is a PDF without attachments, and it alone says so."""
    done = subprocess.run(["latexmk"], cwd=sources, capture_output=True, check=False)

    assert done.returncode == 0, done.stdout[-1000:]
    pdf = PdfReader(sources / "submission.pdf")
    assert not pdf.attachments
    assert "/AF" not in pdf.trailer["/Root"]
    first = " ".join(pdf.pages[0].extract_text().split())
    assert "made from the sources alone" in first
    assert "homework03.ipynb, ledger.json, report.toml, results.json" in first
    built = PdfReader(tiny_build.out / "submission.pdf").pages[0].extract_text()
    assert "sources alone" not in built


@pytest.mark.parametrize("engine", ["luatex", "xetex"])
def test_another_engine_stops_with_one_sentence(engine: str, sources: Path) -> None:
    """LuaTeX and XeTeX stop in line 1; started without LaTeX, since its formats for them may not be there."""
    if shutil.which(engine) is None:
        pytest.skip(f"needs {engine}")
    latex = r"\catcode`\{=1 \catcode`\}=2 \expandafter\let\csname @@end\endcsname\end"

    done = subprocess.run(
        [engine, "-ini", "-interaction=nonstopmode", rf"{latex} \input submission.tex"],
        cwd=sources,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )

    errors = [line for line in done.stdout.splitlines() if line.startswith("!")]
    assert errors == ["! Choose pdfLaTeX as the compiler: this document is not made for another."]


@pytest.mark.slow
@pytest.mark.parametrize("whole", [False, True], ids=["tiny, seeded", "sample"])
def test_nbval_finds_the_stored_outputs_again(
    whole: bool, tiny_build: Project, tmp_path: Path, clean_environ: dict[str, str]
) -> None:
    """Unsanitised, `pytest --nbval` passes every cell, of the notebook that is shipped, too.

    Otter seeds the global generators before each cell: that changes nothing.
    """
    project = ROOT if whole else tiny_build.root
    room = Path(shutil.copytree(project / "data", tmp_path / "room"))
    shutil.copy(project / "build" / NOTEBOOK, room)
    if not whole:
        notebook = nbformat.read(room / NOTEBOOK, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.source = RESEED + cell.source
        nbformat.write(notebook, room / NOTEBOOK)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider", NOTEBOOK],
        cwd=room,
        env=clean_environ if whole else None,  # numpy is loaded before a cell could pin its threads
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    assert re.search(r"^\d+ passed", done.stdout, re.MULTILINE)
    assert "skipped" not in done.stdout
