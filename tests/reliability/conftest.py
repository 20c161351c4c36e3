"""What the fault tests share: a whole copy of the program with a tiny submission, which they may break."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ("generate_report.py", "requirements.txt", "report", "derivations", "experiments", "templates")
TIMEOUT = 240  # seconds, on a busy machine
# Two settings, small networks, few samples: what a build does is all there, and takes seconds.
TOML = """\
[author]
name = "Ada Lovelace"

[course]
title = "Machine Learning"
homework = "Homework 03"
due = "2023-11-14"

[report.remarks]
1a = "A remark."

[search]
hidden_layer_sizes = [[4]]
learning_rate_init = [0.01]
"""


@dataclass(frozen=True)
class Project:
    """A copy of the program, its report.toml, its data in ``data/``, its build in ``build/``."""

    root: Path
    environ: Mapping[str, str]

    @property
    def out(self) -> Path:
        """Give the folder that a build without ``--out`` makes."""
        return self.root / "build"

    def command(self, *arguments: str | Path) -> list[str]:
        """Give the command line that runs the program."""
        return [sys.executable, str(self.root / "generate_report.py"), *map(str, arguments)]

    def run(
        self, *arguments: str | Path, environ: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run the program to its end, as a person would."""
        return subprocess.run(
            self.command(*arguments),
            **{"cwd": self.root, **options},
            env={**self.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )

    def start(self, *arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
        """Start the program, in a group of its own as a terminal would."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.root,
            env={**self.environ, **options.pop("environ", {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            process_group=0,
            **options,
        )

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that a file must hold."""
        file = self.root / name
        text = file.read_text(encoding="utf-8")
        assert old in text, name
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def append(self, name: str, text: str) -> None:
        """Add a text to a file."""
        with (self.root / name).open("a", encoding="utf-8") as file:
            file.write(text)

    def products(self) -> dict[str, str]:
        """Give the digest of each file that a build answers for: all but times, notes and failures."""
        files = [path for path in self.out.rglob("*") if path.is_file()]
        names = {str(path.relative_to(self.out)): path for path in files}
        return {
            name: hashlib.sha256(path.read_bytes()).hexdigest()
            for name, path in names.items()
            if name[0] != "." and not name.startswith("failed/") and name != "timings.json"
        }

    def copy(self, place: Path) -> Project:
        """Copy all of it, with what was built, to another place."""
        shutil.copytree(self.root, place)
        return replace(self, root=place)

    def shown(self) -> str:
        """Give the text of the PDF as poppler reads it."""
        done = subprocess.run(
            ["pdftotext", "-enc", "UTF-8", self.out / "submission.pdf", "-"],
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        return done.stdout


@pytest.fixture(scope="session")
def unbuilt(tmp_path_factory: pytest.TempPathFactory, clean_environ: dict[str, str]) -> Project:
    """Copy the program, with a tiny submission in place of this repository's own; nothing is built."""
    root = tmp_path_factory.mktemp("reliability") / "program"
    root.mkdir()
    for name in PROGRAM:
        copy: Callable[..., Any] = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, root / name)
    (root / "report.toml").write_text(TOML, encoding="utf-8")
    (root / "data").mkdir()
    for name, rows in {"trnX": 40, "trnY": 40, "devX": 20, "devY": 20}.items():
        lines = (ROOT / "data" / f"{name}-3d.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        (root / "data" / f"{name}-3d.csv").write_text("".join(lines[:rows]), encoding="utf-8")
    project = Project(root, clean_environ)
    project.edit("experiments/study.py", "SEEDS = 20", "SEEDS = 2")  # the statistics take most of the time
    return project


@pytest.fixture(scope="session")
def original(unbuilt: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Build the tiny submission once, undisturbed; tests work on copies."""
    project = unbuilt.copy(tmp_path_factory.mktemp("reliability") / "built")
    done = project.run()
    assert done.returncode == 0, done.stderr
    return project


@pytest.fixture
def project(original: Project, tmp_path: Path) -> Project:
    """Copy the built tiny submission for one test."""
    return original.copy(tmp_path / "project")


@pytest.fixture
def alive() -> Callable[[Path], list[str]]:
    """Give a function that lists the processes that work in a folder, or were started from it.

    It gives them some seconds to end.
    """

    def look(folder: Path) -> list[str]:
        end = time.monotonic() + 3
        while (found := _processes(folder)) and time.monotonic() < end:
            time.sleep(0.1)
        return found

    return look


def _processes(folder: Path) -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            place = str((process / "cwd").readlink())
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            state = (process / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:  # it has just ended
            continue
        if state != "Z" and (place.startswith(str(folder)) or str(folder) in words):
            found.append(words)
    return found
