"""The check that ends a build names whatever does not hold together, and nothing is put in place."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from experiments import dataset
from report import config
from report.errors import CheckError
from report.sources import Inputs
from report.verify.self_check import expected, self_check

if TYPE_CHECKING:
    from pathlib import Path

    from report.verify.fresh import Fresh
    from tests.conftest import Build

ZIP = "submission.zip"


@pytest.fixture(scope="module")
def to_find(tiny_build: Build) -> Fresh:
    """Give what must be found in the tiny build."""
    inputs = Inputs(config.load(tiny_build.config), tiny_build.data, quick=False, pdf=True)
    return expected(inputs, dataset.load(tiny_build.data))


@pytest.fixture
def work(tiny_build: Build, tmp_path: Path) -> Path:
    """Copy the tiny build, as a folder that is about to be put in place."""
    return shutil.copytree(tiny_build.out, tmp_path / "work")


def test_a_sound_build_passes(work: Path, to_find: Fresh) -> None:
    """It says how much was compared, and that nothing was trained."""
    told = self_check(work, ZIP, to_find)

    compared = re.match(r"submission\.zip unpacked and read back: (\d+) quantities agree", told)
    assert compared
    assert int(compared[1]) > 10
    assert "Nothing was trained again" in told


def test_pages_json_is_compared_with_the_pages(work: Path, to_find: Fresh) -> None:
    """A question's page is where the PDF's own content begins it, not what TeX's notes say."""
    pages = json.loads((work / "pages.json").read_text())
    wrong = {**pages, "2a": pages["2a"] + 1}
    (work / "pages.json").write_text(json.dumps(wrong))

    message = f"^Question 2a starts on page {pages['2a']}, not {wrong['2a']} as pages.json says.$"
    with pytest.raises(CheckError, match=message):
        self_check(work, ZIP, to_find)


@pytest.mark.parametrize("name", ["results.json", "ledger.json", "report.toml", "homework03.ipynb"])
def test_a_file_beside_the_pdf_is_the_one_inside(work: Path, to_find: Fresh, name: str) -> None:
    """One byte more in a file of the build, which the PDF carries too, is seen."""
    (work / name).write_bytes((work / name).read_bytes() + b"\n")

    with pytest.raises(CheckError, match=f"^{name} inside the PDF is not the {name} beside it.$"):
        self_check(work, ZIP, to_find)


def test_a_notebook_of_another_source_is_seen(work: Path, to_find: Fresh) -> None:
    """A cell that is not what the source says now is told."""
    first, *rest = to_find.cells
    cells = (replace(first, source=f"{first.source}\n# changed since"), *rest)

    with pytest.raises(CheckError, match=r"(?i)cell"):
        self_check(work, ZIP, replace(to_find, cells=cells))


def test_other_data_are_seen(work: Path, to_find: Fresh) -> None:
    """Data that are not those of the build are told by name."""
    data = {**to_find.data, "devX-3d.csv": "0" * 64}

    with pytest.raises(CheckError, match=r"devX-3d\.csv"):
        self_check(work, ZIP, replace(to_find, data=data))


def test_a_pdf_that_cannot_be_read_is_told(work: Path, to_find: Fresh) -> None:
    """A zip whose PDF is cut off stops the build with one sentence."""
    from report.bundle import zipped

    (work / ZIP).write_bytes(zipped({"submission.pdf": (work / "submission.pdf").read_bytes()[:5000]}))

    with pytest.raises(CheckError, match=r"^submission\.zip cannot be read back: "):
        self_check(work, ZIP, to_find)
