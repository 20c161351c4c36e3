"""What all tests share: the pins, set before numpy loads, and one real build of a tiny submission."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments import numerics

FOUND = dict(os.environ)  # the environment as a person has it, for the programs that the tests start
numerics.pin()

import nbformat  # noqa: E402 - nothing may load numpy before the pins
import pytest  # noqa: E402 - nothing may load numpy before the pins

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = ("generate_report.py", "requirements.txt", "report", "derivations", "experiments", "templates")
TINY_ROWS = {"trnX-3d.csv": 60, "trnY-3d.csv": 60, "devX-3d.csv": 30, "devY-3d.csv": 30}
TINY_TOML = """\
[author]
name = "Ada Lovelace"
id = "al1815"
collaborators = "Zoë Ångström"

[course]
title = "CS 6316 Machine Learning"
homework = "Homework 03: Neural Networks"
due = "2023-11-14"

[report.remarks]
1e = "The bound is attained at r = 0."

[data]
path = "data"

[experiment]
seed = 5

[search]
hidden_layer_sizes = [[6, 4], [8]]
activation = ["relu", "tanh"]
learning_rate_init = [0.01]
batch_size = [16]
"""


@dataclass(frozen=True)
class Build:
    """A finished build: its folder, what it was made from, and what it told."""

    out: Path
    config: Path
    data: Path
    stdout: str
    stderr: str


@pytest.fixture(scope="session")
def clean_environ() -> dict[str, str]:
    """Give the environment in which programs are started: as found, without any numeric setting."""
    ours = {*numerics.THREADS, *numerics.KERNELS, *numerics.CHILDREN, numerics.KEEP, numerics.RECORD}
    return {
        name: value for name, value in FOUND.items() if name not in ours and not name.startswith("OPENBLAS_")
    } | {"LC_ALL": "C.UTF-8"}


@pytest.fixture(scope="session")
def command(clean_environ: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Give a function that runs ``python generate_report.py ARGUMENTS`` as a person would.

    Its keywords are ``cwd`` (default: the root folder) and ``environ`` (variables to add).
    """

    def run(
        *arguments: str | Path, cwd: Path = Path("/"), environ: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, ROOT / "generate_report.py", *arguments],
            cwd=cwd,
            env=clean_environ | (environ or {}),
            capture_output=True,
            encoding="utf-8",
            timeout=600,
            check=False,
        )

    return run


@pytest.fixture(scope="session")
def copy_program() -> Callable[[Path], None]:
    """Give a function that copies the program, without anybody's submission, into a folder."""

    def copy(place: Path) -> None:
        for name in PROGRAM:
            one: Callable[..., object] = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
            one(ROOT / name, place / name)

    return copy


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], None]], Path]:
    """Return a function that fills a folder once in a run: the first worker does, the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def make(name: str, fill: Callable[[Path], None]) -> Path:
        folder, done = root / name, root / f"{name}.done"
        with (root / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                folder.mkdir()
                fill(folder)
                done.touch()
        return folder

    return make


@pytest.fixture(scope="session")
def tiny_project(once: Callable[[str, Callable[[Path], None]], Path]) -> Path:
    """Make a folder with a tiny submission: report.toml, and in data/ the first rows of the stand-in.

    The space holds four settings, of which two have two hidden layers, and the default is added. Two of the
    settings tie for the best, of which the later one has fewer weights.
    """

    def fill(folder: Path) -> None:
        (folder / "report.toml").write_text(TINY_TOML, encoding="utf-8")
        (folder / "data").mkdir()
        for name, rows in TINY_ROWS.items():
            lines = (ROOT / "data" / name).read_text(encoding="utf-8").splitlines(keepends=True)
            (folder / "data" / name).write_text("".join(lines[:rows]), encoding="utf-8")

    return once("tiny", fill)


@pytest.fixture(scope="session")
def tiny_build(
    tiny_project: Path,
    once: Callable[[str, Callable[[Path], None]], Path],
    command: Callable[..., subprocess.CompletedProcess[str]],
) -> Build:
    """Build the tiny submission once a run; tests read it and change only copies of it."""
    config = tiny_project / "report.toml"

    def fill(folder: Path) -> None:
        done = command("build", "--config", config, "--out", folder / "out", "--jobs", "1")
        assert done.returncode == 0, done.stderr
        (folder / "stdout").write_text(done.stdout)
        (folder / "stderr").write_text(done.stderr)

    folder = once("tiny-built", fill)
    told = ((folder / name).read_text() for name in ("stdout", "stderr"))
    return Build(folder / "out", config, tiny_project / "data", *told)


@pytest.fixture(scope="session")
def pdf_pages() -> Callable[[Path], list[str]]:
    """Give a function that reads a PDF's text with poppler, page by page, in the layout of the page."""

    def read(pdf: Path) -> list[str]:
        done = subprocess.run(
            ["pdftotext", "-layout", "-enc", "UTF-8", pdf, "-"],
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        return done.stdout.split("\f")[:-1]

    return read


RUN = """\
import sys, jupytext, nbclient, nbformat
notebook = jupytext.read(sys.argv[1])
nbclient.NotebookClient(notebook, record_timing=False).execute()
nbformat.write(notebook, sys.argv[2])
"""


@pytest.fixture(scope="session")
def run_notebook(
    tmp_path_factory: pytest.TempPathFactory, clean_environ: dict[str, str]
) -> Callable[..., Any]:
    """Give a function that runs a notebook in its own folder, as a grader would, and gives the result.

    Its keywords are variables to add to the environment.
    """
    private = tmp_path_factory.mktemp("jupyter")
    places = {"IPYTHONDIR": str(private), "JUPYTER_CONFIG_DIR": str(private)}

    def run(notebook: Path, **environ: str) -> Any:
        done = subprocess.run(
            [sys.executable, "-c", RUN, notebook, private / "done.ipynb"],
            cwd=notebook.parent,
            env=clean_environ | places | environ,
            capture_output=True,
            encoding="utf-8",
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return nbformat.read(private / "done.ipynb", as_version=4)

    return run
