"""Other data make a correct report without touching code: words as labels, more classes, other features."""

from __future__ import annotations

import csv
import io
import json
import shutil
from typing import TYPE_CHECKING, Any

import nbformat
import numpy as np
import pytest
from pypdf import PdfReader
from sklearn.neural_network import MLPClassifier

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Project

pytestmark = [
    pytest.mark.tex,
    # tiny networks that stop after 200 epochs, as scikit-learn's default has it
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]

LABELS = ("low & dry", "mid_1", "HIGH $")
HEADER = ("width (mm)", "50 %", "x_3", "x^4", "#5")
TOML = r"""
[author]
name = "Юлия Петрова"

[course]
title = "CS 6316 Machine Learning"
homework = "Homework 03: Neural Networks"
due = "2023-11-14"

[report.remarks]
1e = 'Attained at $r = 0$, where $\sigma(r) = \frac{1}{2}$.'

[experiment]
seed = 5

[search]
hidden_layer_sizes = [[5]]
activation = ["relu", "logistic"]
batch_size = [500, 10]
"""


def write(folder: Path, name: str, rows: list[list[str]]) -> None:
    """Write a CSV file as a spreadsheet program on Windows does: quotes, CRLF, a blank line at the end."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerows(rows)
    (folder / name).write_bytes((out.getvalue() + "\r\n").encode("utf-8-sig"))


@pytest.fixture(scope="module")
def data() -> dict[str, Any]:
    """Make 40 and 20 samples of three overlapping classes in five features, with two decimals."""
    generator = np.random.default_rng(20231114)
    made = {}
    for part, n in (("trn", 40), ("dev", 20)):
        y = np.arange(n) % 3
        X = np.round(generator.normal(size=(n, 5)) + y[:, None] * [1.0, 0.0, -1.0, 0.5, 0.0], 2)
        made |= {f"{part}X": X, f"{part}y": np.array(LABELS)[y]}
    return made


@pytest.fixture(scope="module")
def built(
    data: dict[str, Any],
    tiny_build: Project,
    tmp_path_factory: pytest.TempPathFactory,
    command: Callable[..., subprocess.CompletedProcess[str]],
) -> Path:
    """Project a report from such data over one from data with three features, as an author would."""
    folder = tmp_path_factory.mktemp("other")
    shutil.copytree(tiny_build.out, folder / "out")
    (folder / "data").mkdir()
    (folder / "report.toml").write_text(TOML, encoding="utf-8")
    for part in ("trn", "dev"):
        rows = [[str(cell) for cell in row] for row in data[f"{part}X"]]
        write(folder / "data", f"{part}X-3d.csv", [list(HEADER), *rows])
        write(folder / "data", f"{part}Y-3d.csv", [["class"], *([label] for label in data[f"{part}y"])])
    done = command("--config", folder / "report.toml", "--out", folder / "out", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    return folder / "out"


@pytest.fixture(scope="module")
def counts(data: dict[str, Any]) -> list[tuple[int, int]]:
    """Train the default and both settings in two batch sizes with scikit-learn: train and dev counts."""
    settings = [{"batch_size": 40}]
    for activation in ("relu", "logistic"):
        for batch_size in (40, 10):
            setting = {"activation": activation, "batch_size": batch_size}
            settings.append({"hidden_layer_sizes": (5,), **setting})
    networks = [
        MLPClassifier(random_state=5, **setting).fit(data["trnX"], data["trny"]) for setting in settings
    ]
    return [
        tuple(int((network.predict(data[f"{part}X"]) == data[f"{part}y"]).sum()) for part in ("trn", "dev"))
        for network in networks
    ]


def test_the_numbers_are_those_of_scikit_learn(built: Path, counts: list[tuple[int, int]]) -> None:
    """Every setting's counts, clipped batches and the default among them, equal an independent fit."""
    rows = list(csv.DictReader(io.StringIO((built / "search.csv").read_text())))

    assert [(int(row["train_correct"]), int(row["dev_correct"])) for row in rows] == counts
    assert [row["batch_size"] for row in rows] == ["40", "40", "10", "40", "10"]
    values = json.loads((built / "results.json").read_text(encoding="utf-8"))["values"]
    assert (values["2a.train.accuracy"]["correct"], values["2a.dev.accuracy"]["correct"]) == counts[0]
    assert values["2b.dev.accuracy"]["correct"] == max(dev for _, dev in counts)


def test_the_pages_speak_of_these_data(built: Path, pdf_pages: Callable[[Path], list[str]]) -> None:
    """The PDF tells samples, features and classes as they are; five features have no figure in three."""
    text = " ".join("".join(pdf_pages(built / "submission.pdf")).split())

    assert "There are 40 training and 20 development samples, with 5 features and 3 classes" in text
    assert "tand-in" not in text
    assert "in its three features" not in text
    assert not (built / "figures" / "errors.pdf").exists()
    assert "Юлия" in text
    assert "Петрова" in text
    assert r"where\sigma(r)=\frac{1}{2}" in text.replace(" ", "")  # a formula is copied as its LaTeX
    assert PdfReader(built / "submission.pdf").metadata.author == "Юлия Петрова"


def test_the_notebook_read_the_same_data(built: Path) -> None:
    """The notebook's own reader found header, labels and features, and wrote nothing on stderr."""
    notebook = nbformat.read(built / "homework03.ipynb", as_version=4)

    made = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert "stderr" not in [output.get("name") for output in made]
    tables = [output.data["text/plain"].split() for output in made if "text/plain" in output.get("data", {})]
    assert ["samples", "features", "training", "40", "5", "development", "20", "5"] in tables
