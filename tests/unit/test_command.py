"""generate_report.py itself: any Python, any folder, before and after the set-up."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

import generate_report

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a Python of the same version that has no packages."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, symlinks=True)
    return folder / "bin" / "python"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Copy what the command needs to start into a folder with blanks and umlauts, without a .venv."""
    clone = tmp_path / "a höme with blanks"
    for package in ("report", "derivations", "experiments"):
        shutil.copytree(ROOT / package, clone / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("generate_report.py", "report.toml", "requirements.txt"):
        shutil.copy(ROOT / name, clone)
    return clone


def start(python: Path | str, clone: Path, *argv: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the copy's command with the given Python, from another folder."""
    return subprocess.run(
        [python, clone / "generate_report.py", *argv],
        cwd="/",
        env={**os.environ, "LC_ALL": "C.UTF-8", **environ},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_old_python_can_read_the_command() -> None:
    """The file parses as Python 3.6, so that an old Python can say that it is one."""
    source = (ROOT / "generate_report.py").read_text(encoding="utf-8")

    ast.parse(source, feature_version=(3, 6))
    assert "__future__" not in source


def test_old_python_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A Python that is too old, with no .venv to go on in, is one sentence and exit code 2."""
    monkeypatch.setattr(generate_report, "continue_in_venv", lambda: None)
    monkeypatch.setattr("sys.version_info", (3, 9, 2))
    monkeypatch.setattr("sys.version", "3.9.2 (default)")

    assert 2 == generate_report.main()
    assert capsys.readouterr().err.startswith(
        "ERROR This is Python 3.9.2, and 3.11 or newer is needed.\nTIP cd "
    )


@pytest.mark.parametrize(
    ("argv", "code", "stdout", "stderr"),
    [
        ([], 2, "", r"ERROR This Python \({bare}\) lacks msgspec\.\nTIP cd '{clone}' && make setup\n"),
        (["--help"], 0, r"usage: generate_report.py (.|\n)*", ""),
        (["doctor"], 3, r"(.|\n)*\nLACKS packages +anyio is missing .*\n +make setup\n(.|\n)*", ""),
    ],
)
def test_what_works_before_the_set_up(
    argv: list[str], code: int, stdout: str, stderr: str, bare: Path, clone: Path
) -> None:
    """Without packages and .venv: --help, doctor, and else the command that helps, fit for a shell."""
    run = start(bare, clone, *argv)

    assert code == run.returncode
    assert re.fullmatch(stdout, run.stdout)
    assert re.fullmatch(stderr.format(bare=bare, clone=clone), run.stderr)


def probe(clone: Path, expression: str) -> None:
    """Let the copy's command print the value of an expression instead of working."""
    (clone / "report" / "cli.py").write_text(
        f"import os, sys\ndef main(argv): print({expression}); return 0\n"
    )


def test_goes_on_in_venv(bare: Path, clone: Path) -> None:
    """With a .venv in the project any Python goes on in it, from any folder, unmoved by Python's paths."""
    (clone / ".venv").symlink_to(sys.prefix)
    probe(clone, "sys.executable, os.environ.keys() & {'PYTHONPATH', 'PYTHONSAFEPATH'}, argv")

    run = start(bare, clone, "--jobs", "2", PYTHONPATH="/", PYTHONSAFEPATH="1")

    assert "" == run.stderr
    assert f"{clone / '.venv' / 'bin' / 'python'} set() ['--jobs', '2']\n" == run.stdout


@pytest.mark.parametrize(("foreign", "shown"), [("", "True"), ("/", "False")])
def test_venv_itself_starts_again_only_to_get_clean(clone: Path, foreign: str, shown: str) -> None:
    """The Python of .venv works on as it was started, unless foreign packages were put before its own."""
    (clone / ".venv").symlink_to(sys.prefix)
    probe(clone, "'probe' in sys._xoptions")  # options are lost when a Python starts again
    environ = {name: value for name, value in os.environ.items() if name not in generate_report.FOREIGN}

    run = subprocess.run(
        [clone / ".venv" / "bin" / "python", "-X", "probe", clone / "generate_report.py"],
        env=environ | ({"PYTHONPATH": foreign} if foreign else {}),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )

    assert f"{shown}\n" == run.stdout


def test_broken_venv_does_not_loop(bare: Path, clone: Path) -> None:
    """A .venv whose Python does not know that it is one ends with make setup, not in circles."""
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to(bare)

    run = start(bare, clone)

    assert 2 == run.returncode
    assert "make setup" in run.stderr
