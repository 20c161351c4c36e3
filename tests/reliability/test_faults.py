"""What a machine can do to a build: each fault ends in one sentence, and the last good build stays."""

from __future__ import annotations

import re
import resource
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Project

pytestmark = pytest.mark.tex

ROOT = Path(__file__).resolve().parents[2]


def last_words(done: Any) -> str:
    """Give the error that a run ended with, after checking that there is just one and no traceback."""
    assert "Traceback" not in done.stderr, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR ")]
    assert len(errors) == 1, done.stderr
    return errors[0].removeprefix("ERROR ")


@pytest.mark.slow
def test_a_full_disk_while_computing(project: Project, secluded: Callable[..., Any]) -> None:
    """Also with nothing built yet a full disk is told well, and what was finished is kept."""
    full = 'mount -t tmpfs -o size=300k none "$OUT"'

    done = secluded(project.command(), project.out, full, project.environ)

    assert re.match("The disk is full|.*No space left on device|.*disk is full", last_words(done))
    assert done.returncode == 5
    assert (project.out / ".kept" / "derive.json").exists()


def limited(kind: int, size: int) -> None:
    """Set a limit on what this process may use."""
    resource.setrlimit(kind, (size, size))


# MiB of address space: too little for the interpreter's packages, a thread, a library, or the kernel.
SCARCE = (60, 120, 350, 420, 600, 900, 1200)
MEMORY = [pytest.param(size, marks=pytest.mark.slow) for size in SCARCE]


@pytest.mark.parametrize("size", MEMORY)
def test_a_limit_on_memory(size: int, project: Project, tiny_build: Project) -> None:
    """With too little memory a build ends with 5 and says so, or does with what there is."""
    (project.out / ".kept" / "measure.json").unlink()
    (project.out / "search.csv").unlink()
    left = {name: digest for name, digest in tiny_build.products().items() if name != "search.csv"}

    done = project.run(preexec_fn=partial(limited, resource.RLIMIT_AS, size * 2**20))

    if done.returncode:
        assert "memory" in last_words(done).lower() or "kernel died" in last_words(done)
        assert done.returncode == 5
        assert len(done.stderr.splitlines()) < 12
        assert project.products() == left
    else:
        assert project.products() == tiny_build.products()


@pytest.mark.slow
def test_neither_network_nor_home(
    project: Project, secluded: Callable[..., Any], tiny_build: Project
) -> None:
    """After the set-up nothing is fetched, not even from this machine, and no home folder is needed."""
    (project.out / ".kept" / "measure.json").unlink()
    (project.out / "search.csv").unlink()

    environ = {**project.environ, "HOME": "/dev/null/no"}
    prepare = "unset MPLCONFIGDIR XDG_CACHE_HOME XDG_CONFIG_HOME"
    done = secluded(project.command(), project.out, prepare, environ, network=False)

    assert done.returncode == 0, done.stderr
    assert "atplotlib" not in done.stderr
    assert project.products() == tiny_build.products()


def test_no_latex(project: Project, tiny_build: Project, without_latex: dict[str, str]) -> None:
    """Without LaTeX everything else is made and kept apart, and the commands that install it are told."""
    project.append("templates/1e.tex", "% more\n")

    done = project.run(environ=without_latex)

    assert "latexmk" in last_words(done)
    assert "sudo apt-get install" in done.stderr
    assert done.returncode == 3
    failed = {path.name for path in (project.out / "failed").iterdir()}
    assert {"submission.tex", "homework03.ipynb", "results.json", "reason.txt"} <= failed
    assert project.products() == tiny_build.products()


@pytest.mark.parametrize(
    ("out", "told"),
    [
        ("templates", "/templates holds the program's own files."),
        ("", " holds the program's own files."),
        ("report.toml", "/report.toml is a file, not a folder."),
        ("report.toml/out", "/report.toml is a file, not a folder."),
    ],
)
def test_a_folder_that_is_none(out: str, told: str, command: Callable[..., Any]) -> None:
    """A build goes where builds may go, never over the program itself."""
    done = command("--out", ROOT / out)

    assert last_words(done) == f"{ROOT}{told}"
    assert done.returncode == 2


def test_data_that_are_not_there(command: Callable[..., Any], tiny_project: Path, tmp_path: Path) -> None:
    """A missing folder is one sentence; it is not said where something lies that was never made."""
    missing, out = tmp_path / "nosuch", tmp_path / "out"

    done = command("--config", tiny_project / "report.toml", "--data", missing, "--out", out)

    assert str(missing) in last_words(done)
    assert "What was made" not in done.stderr
    assert done.returncode == 2
    assert [path.name for path in (out / "failed").iterdir()] == ["reason.txt"]
