"""The sources alone, as one uploads them to an online editor: they make a PDF, or say what is needed."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from pypdf import PdfReader

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Project

pytestmark = pytest.mark.tex


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
