"""Other data make a correct report without touching code: words as labels, more classes, other features."""

from __future__ import annotations

import csv
import io
import json
import shutil
from typing import TYPE_CHECKING

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


@pytest.fixture(scope="module")
def built(
    tiny_build: Project,
    tmp_path_factory: pytest.TempPathFactory,
    command: Callable[..., subprocess.CompletedProcess[str]],
) -> tuple[Path, list[tuple[int, int]]]:
    """Make a report from other data over one from data with three features, as an author would.

    Three overlapping classes in five features, with two decimals, are written as a spreadsheet program on
    Windows does: quotes, CRLF, a blank line at the end. What scikit-learn counts in train and dev, for the
    default and both settings in two batch sizes, comes with the build's folder.
    """
    folder = tmp_path_factory.mktemp("other")
    shutil.copytree(tiny_build.out, folder / "out")
    (folder / "data").mkdir()
    (folder / "report.toml").write_text(TOML, encoding="utf-8")
    generator = np.random.default_rng(20231114)
    samples = []
    for part, n in (("trn", 40), ("dev", 20)):
        y = np.arange(n) % 3
        X = np.round(generator.normal(size=(n, 5)) + y[:, None] * [1.0, 0.0, -1.0, 0.5, 0.0], 2)
        labels = np.array(LABELS)[y]
        samples.append((X, labels))
        for axis, rows in (("X", [HEADER, *X.tolist()]), ("Y", [["class"], *labels[:, None].tolist()])):
            out = io.StringIO()
            csv.writer(out, lineterminator="\r\n").writerows(rows)
            content = f"{out.getvalue()}\r\n".encode("utf-8-sig")
            (folder / "data" / f"{part}{axis}-3d.csv").write_bytes(content)
    done = command("--config", folder / "report.toml", "--out", folder / "out", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    settings = [
        {"hidden_layer_sizes": (5,), "activation": activation, "batch_size": batch_size}
        for activation in ("relu", "logistic")
        for batch_size in (40, 10)
    ]
    counts = []
    for setting in ({"batch_size": 40}, *settings):
        network = MLPClassifier(random_state=5, **setting).fit(*samples[0])
        counts.append(tuple(int((network.predict(X) == labels).sum()) for X, labels in samples))
    return folder / "out", counts


def test_the_numbers_are_those_of_scikit_learn(built: tuple[Path, list[tuple[int, int]]]) -> None:
    """Every setting's counts, clipped batches and the default among them, equal an independent fit."""
    out, counts = built
    rows = list(csv.DictReader((out / "search.csv").read_text().splitlines()))

    assert [(int(row["train_correct"]), int(row["dev_correct"])) for row in rows] == counts
    assert [row["batch_size"] for row in rows] == ["40", "40", "10", "40", "10"]
    values = json.loads((out / "results.json").read_text(encoding="utf-8"))["values"]
    assert (values["2a.train.accuracy"]["correct"], values["2a.dev.accuracy"]["correct"]) == counts[0]
    assert values["2b.dev.accuracy"]["correct"] == max(dev for _, dev in counts)


def test_the_pages_speak_of_these_data(
    built: tuple[Path, object], pdf_pages: Callable[[Path], list[str]]
) -> None:
    """The PDF tells samples, features and classes as they are; five features have no figure in three."""
    out, _ = built
    text = " ".join("".join(pdf_pages(out / "submission.pdf")).split())

    assert "There are 40 training and 20 development samples, with 5 features and 3 classes" in text
    assert "tand-in" not in text
    assert "in its three features" not in text
    assert not (out / "figures" / "errors.pdf").exists()
    assert {"Юлия", "Петрова"} <= set(text.split())
    assert r"where\sigma(r)=\frac{1}{2}" in text.replace(" ", "")  # a formula is copied as its LaTeX
    assert PdfReader(out / "submission.pdf").metadata.author == "Юлия Петрова"


def test_the_notebook_read_the_same_data(built: tuple[Path, object]) -> None:
    """The notebook's own reader found header, labels and features, and wrote nothing on stderr."""
    notebook = nbformat.read(built[0] / "homework03.ipynb", as_version=4)

    made = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert "stderr" not in [output.get("name") for output in made]
    tables = [output.data["text/plain"].split() for output in made if "text/plain" in output.get("data", {})]
    assert ["samples", "features", "training", "40", "5", "development", "20", "5"] in tables
