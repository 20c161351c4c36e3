"""A copy of the project to change and build in, and the same job for make and for Snakemake."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import nbformat

from benchmarks.measurement import peer
from benchmarks.processes import ROOT, Sample, run
from experiments.record import MIME

if TYPE_CHECKING:
    from pathlib import Path

PARTS = (
    "generate_report.py",
    "report.toml",
    "requirements.txt",
    "report",
    "derivations",
    "experiments",
    "templates",
)
SMALL = 'hidden_layer_sizes = [[50]]\nactivation = ["relu", "tanh"]\nbatch_size = [200]\n'
DATA = ("trnX-3d.csv", "trnY-3d.csv", "devX-3d.csv", "devY-3d.csv")
SOURCES = ("submission.tex", "latexmkrc", "parts", "figures", "ledger.json", "results.json", "report.toml")
LATEXMK = ("latexmk", "-norc", "-r", "latexmkrc", "submission.tex")
NBCONVERT = (
    "jupyter nbconvert --log-level=WARN --to notebook --execute homework03.ipynb --output executed.ipynb"
)
# The record, among the outputs of the notebook's last cell, becomes a file that is attached to the PDF, as
# ours is.
EXTRACT = f"""\
import json
outputs = json.load(open("executed.ipynb"))["cells"][-1]["outputs"]
(record,) = (output["data"]["{MIME}"] for output in outputs if "{MIME}" in output.get("data", ()))
json.dump(record, open("results.json", "w"))
"""
MAKEFILE = f"""\
submission.pdf: submission.tex latexmkrc results.json ledger.json report.toml \\
\t\t$(wildcard parts/*.tex figures/*.pdf)
\t{" ".join(LATEXMK)}
\ttouch $@
results.json: executed.ipynb extract.py
\tpython extract.py
executed.ipynb: homework03.ipynb {" ".join(DATA)}
\t{NBCONVERT}
"""
SNAKEFILE = f"""\
from glob import glob
rule pdf:
    input: "submission.tex", "latexmkrc", "results.json", "ledger.json", "report.toml", glob("parts/*.tex"),
        glob("figures/*.pdf")
    output: "submission.pdf"
    shell: "{" ".join(LATEXMK)}"
rule results:
    input: "executed.ipynb", "extract.py"
    output: "results.json"
    shell: "python extract.py"
rule notebook:
    input: "homework03.ipynb", {", ".join(f'"{name}"' for name in DATA)}
    output: "executed.ipynb"
    shell: "{NBCONVERT}"
"""


def copied(place: Path) -> Path:
    """Copy the project, without caches and builds; its `.venv` is a link to ours, if there is one."""
    place.mkdir()
    for name in PARTS:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        else:
            shutil.copy(ROOT / name, place)
    shutil.copytree(ROOT / "data", place / "data")
    if (ROOT / ".venv").exists():
        (place / ".venv").symlink_to((ROOT / ".venv").resolve())
    return place


def shrink(house: Path) -> None:
    """Leave a search of three settings in a copy's report.toml, so that training hides nothing else."""
    file = house / "report.toml"
    head, search, _ = file.read_text(encoding="utf-8").partition("[search]\n")
    file.write_text(f"{head}{search}{SMALL}", encoding="utf-8")


def thin(house: Path) -> None:
    """Leave out every second training sample of a copy."""
    for name in ("trnX-3d.csv", "trnY-3d.csv"):
        file = house / "data" / name
        rows = file.read_text(encoding="utf-8").splitlines(keepends=True)
        file.write_text("".join(rows[::2]), encoding="utf-8")


def ours(project: Path, *arguments: str | Path, **more: object) -> Sample:
    """Run our command in a copy of the project."""
    return run([sys.executable, "generate_report.py", *arguments], project, **more)  # type: ignore[arg-type]


def job(place: Path, project: Path, built: Path) -> Path:
    """Lay out the same job: the notebook, not yet executed, the data, and the .tex that a build has made."""
    place.mkdir()
    sources(place, built)
    notebook = nbformat.read(built / "homework03.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbformat.write(notebook, place / "homework03.ipynb")
    for name in DATA:
        shutil.copy(project / "data" / name, place)
    (place / "extract.py").write_text(EXTRACT, encoding="utf-8")
    (place / "Makefile").write_text(MAKEFILE, encoding="utf-8")
    (place / "Snakefile").write_text(SNAKEFILE, encoding="utf-8")
    return place


def executed(place: Path, built: Path) -> None:
    """Put what the job's first steps would have made into its folder: the build's own notebook and record."""
    for file in place.rglob("*"):
        os.utime(file, (0, 0))
    shutil.copy(built / "homework03.ipynb", place / "executed.ipynb")
    run([sys.executable, "extract.py"], place)


def sources(place: Path, built: Path) -> None:
    """Copy what `latexmk` reads from a build's folder."""
    for name in (*SOURCES, "homework03.ipynb"):
        copy = shutil.copytree if (built / name).is_dir() else shutil.copy
        copy(built / name, place / name)


def path() -> dict[str, str]:
    """Give the search path with which `jupyter` and `python` are those of the peers' environment."""
    here = os.path.dirname(sys.executable)  # noqa: PTH120 - a link must not be followed
    return {"PATH": f"{here}:{os.environ['PATH']}"}


def need(*names: str) -> None:
    """Raise if a peer is not installed here."""
    if lacks := [name for name in names if peer(name) is None]:
        raise SystemExit(f"{', '.join(lacks)} not installed here: make bench installs it.")
