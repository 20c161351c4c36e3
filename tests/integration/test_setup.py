"""`make setup` and `make clean` for real, in a copy of the project whose lock files are empty."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("cat", "env", "find", "flock", "git", "grep", "make", "mkdir", "rm", "sh", "tail", "touch", "true")
VERSION = "{}.{}".format(*sys.version_info[:2])
STAMP = f".venv/complete-{VERSION}"
pytestmark = pytest.mark.slow  # each makes a real .venv
CLONE = "mein Entwürfe"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a machine without apt-get, sudo and LaTeX, copy the project there, and run `make setup`."""
    machine = tmp_path_factory.mktemp("machine")
    path, clone = machine / "bin", machine / CLONE
    path.mkdir()
    for tool in TOOLS:
        (path / tool).symlink_to(shutil.which(tool))
    program(path, "python3", f'exec "{sys.executable}" "$@"')
    shutil.copytree(ROOT / "report", clone / "report", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", ".gitignore"):
        shutil.copy(ROOT / name, clone)
    (clone / "requirements.txt").write_text("# nothing\n")
    (clone / "requirements-dev.txt").write_text("# nothing more\n")
    shutil.copytree(ROOT / "templates", clone / "templates", ignore=shutil.ignore_patterns("__pycache__"))
    run = make(clone, path, "setup")
    assert (run.returncode, (clone / STAMP).exists()) == (0, True), run.stderr
    assert f"-> Python packages: requirements.txt into .venv, for Python {VERSION}\n" in run.stderr
    return machine


@pytest.fixture
def path(prepared: Path, tmp_path: Path) -> Path:
    """Copy the prepared machine's folder of programs."""
    return Path(shutil.copytree(prepared / "bin", tmp_path / "bin", symlinks=True))


@pytest.fixture
def clone(prepared: Path, tmp_path: Path) -> Path:
    """Copy the prepared machine's project, after its set-up (pip's many modules only as links)."""

    def copy(source: str, target: str) -> None:
        (os.link if "/site-packages/" in source else shutil.copy2)(source, target)

    return Path(shutil.copytree(prepared / CLONE, tmp_path / CLONE, symlinks=True, copy_function=copy))


def program(folder: Path, name: str, script: str) -> None:
    """Put an executable into a folder."""
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def with_tex(path: Path) -> None:
    """Let the machine have LaTeX."""
    program(path, "latexmk", "echo 'Latexmk, John Collins, 7 Jan. 2023. Version 4.79'")
    program(path, "pdflatex", "")
    program(path, "kpsewhich", 'for name; do echo "/texmf/$name"; done')


def make(clone: Path, path: Path, target: str, *settings: str) -> subprocess.CompletedProcess[str]:
    """Run a target with only the programs in `path`."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PYTHON"))}
    return subprocess.run(
        ["make", target, *settings],
        cwd=clone,
        env=environ | {"PATH": str(path), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def changed_lock(clone: Path) -> None:
    """Let the lock name other packages."""
    (clone / "requirements.txt").write_text("# a new lock\n")


def killed_setup(clone: Path) -> None:
    """Leave .venv as a set-up that was killed leaves it."""
    (clone / STAMP).unlink()


def upgraded_system(clone: Path) -> None:
    """Let .venv come from the Python that the system had before."""
    (clone / STAMP).rename(clone / ".venv" / "complete-3.10")


@pytest.mark.parametrize("happening", [changed_lock, killed_setup, upgraded_system])
def test_venv_is_made_from_scratch_when_it_must(
    clone: Path, path: Path, happening: Callable[[Path], None]
) -> None:
    """A changed lock, a half-made .venv and another Python each lead to a new .venv, once."""
    with_tex(path)
    (clone / ".venv" / "left behind").touch()
    happening(clone)

    made = make(clone, path, "setup")
    again = make(clone, path, "setup")

    assert f"-> Python packages: requirements.txt into .venv, for Python {VERSION}\n" == made.stderr
    assert not (clone / ".venv" / "left behind").exists()
    assert ("", "") == (again.stdout, again.stderr)


def test_what_tests_need_is_added(clone: Path, path: Path) -> None:
    """The packages of the tests are added to the same .venv, and a set-up for the report is still done."""
    with_tex(path)
    (clone / ".venv" / "left behind").touch()

    made = make(clone, path, "lint")
    again = make(clone, path, "setup")

    assert made.stderr.startswith("-> Python packages: requirements-dev.txt into .venv")
    assert (clone / ".venv" / "left behind").exists()
    assert "" == again.stderr


@pytest.mark.parametrize(
    ("lock", "logged"),
    [
        (f"./no-such-wheel.whl --hash=sha256:{64 * '0'}\n", "no-such-wheel.whl"),
        ("six==1.17.0\n", "--require-hashes"),  # a package without a hash is not installed
    ],
)
def test_packages_that_cannot_be_had_are_one_sentence(
    lock: str, logged: str, clone: Path, path: Path
) -> None:
    """When pip fails, one sentence gives the reason and the log, and nothing counts as installed."""
    (clone / "requirements-dev.txt").write_text(lock)

    failed = make(clone, path, "lint")

    assert "ERROR pip could not install the packages of requirements-dev.txt for Python 3." in failed.stderr
    assert "Traceback" not in failed.stderr
    assert logged in (clone / "build" / ".setup.log").read_text()
    assert not [*(clone / ".venv").glob("complete*")]


def test_a_linked_environment_is_not_emptied(clone: Path, path: Path) -> None:
    """Where .venv is a link to an outdated environment, one sentence says so, and it stays whole."""
    elsewhere = clone.with_name("elsewhere")
    (clone / ".venv").rename(elsewhere)
    (clone / ".venv").symlink_to(elsewhere)
    os.utime(clone / "requirements.txt")

    run = make(clone, path, "setup")
    assert (run.returncode, (elsewhere / "bin" / "python").exists()) == (2, True)
    assert "ERROR .venv is a link, and what it leads to would be emptied." in run.stderr


def test_no_suitable_python_is_one_sentence(clone: Path, path: Path) -> None:
    """A machine whose only Python is too old gets one sentence, and nothing else happens."""
    shutil.rmtree(clone / ".venv")
    program(path, "python3", "exit 1")  # as 3.9 answers the question for 3.11

    run = make(clone, path, "report")

    assert run.stderr.startswith("ERROR No Python 3.11 or newer here.\nTIP ")
    assert 3 == len(run.stderr.splitlines())  # the third is make's


def test_two_setups_at_once_do_not_meet(clone: Path, path: Path) -> None:
    """A second set-up waits for the first, says so, and then has nothing left to do."""
    with_tex(path)
    folder = os.open(clone, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)

    second = subprocess.Popen(
        ["make", "setup"],
        cwd=clone,
        env=os.environ | {"PATH": str(path)},
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert second.stderr is not None
    told = second.stderr.readline()
    waiting = second.poll() is None
    os.close(folder)

    assert waiting
    assert "Another set-up is at work in this folder: waiting for it.\n" == told
    assert ("", 0) == (second.communicate(timeout=60)[1], second.returncode)


def test_clean_removes_by_products_and_nothing_of_a_person(clone: Path, path: Path) -> None:
    """Caches, environments and what a build leaves go; data, notes, even files that a person ignores stay."""
    person = [
        "data/data.tgz",
        "data/trnX-3d.csv",
        "notes.txt",
        "build/my notes.txt",
        ".idea/x.xml",
        "own.log",
    ]
    ours = [
        *(".venv/x", ".venv-bench/x", ".pytest_cache/x", ".mypy_cache/x", ".ruff_cache/x", ".hypothesis/x"),
        *("report/__pycache__/x.pyc", "build/failed/submission.tex", "build/timings.json", "build/.store/x"),
        *("build/submission.aux", "build/submission.log"),
    ]
    for command in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=x", "-c", "user.email=x", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *command], cwd=clone, check=True)
    (clone / ".git" / "info" / "exclude").write_text(".idea/\n*.log\n")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=clone, stdout=subprocess.PIPE, encoding="utf-8", check=True
    )
    tracked = set(listed.stdout.splitlines())
    for name in (*person, *ours):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text("x")

    run = make(clone, path, "clean")

    left = {str(file.relative_to(clone)) for file in clone.rglob("*") if file.is_file()}
    assert ("", 0) == (run.stderr, run.returncode)
    assert {*tracked, *person} == {name for name in left if not name.startswith(".git/")}
