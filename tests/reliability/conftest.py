"""What the fault tests share: a whole copy of the program with a tiny submission, which they may break."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

# A shell lets what it starts in the background ignore Ctrl-C, and so all that is started from there: a person
# at a terminal does not.
for number, handler in {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
}.items():
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)

ROOT = Path(__file__).resolve().parents[2]
SECLUDED = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
TIMEOUT = 120  # seconds, on a busy machine
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


class Running:
    """The program at work; what it tells is read as it comes.

    Attributes
    ----------
    process : Popen
        Started in a group of its own, as a terminal would.
    told : str
        All that was read so far.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.told = ""

    def until(self, pattern: str) -> str:
        """Read until a line holds a regular expression; give the lines that were read."""
        assert self.process.stdout is not None
        told = ""
        while not re.search(pattern, told):
            line = self.process.stdout.readline()
            told += line
            self.told += line
            assert line, f"it ended, or took too long, without a word of {pattern!r}:\n{self.told}"
        return told

    def ended(self) -> tuple[int, str]:
        """Wait for its end; give its exit code and all that it told."""
        self.told += self.process.communicate()[0]
        return self.process.returncode, self.told


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
        """Give the command line that runs the program; without arguments it builds, in one process."""
        given = arguments or ("--jobs", "1")
        return [sys.executable, str(self.root / "generate_report.py"), *map(str, given)]

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

    @contextlib.contextmanager
    def started(self, *arguments: str | Path) -> Iterator[Running]:
        """Start the program, as a terminal would; kill it if it takes too long, or when the test ends."""
        with subprocess.Popen(
            self.command(*arguments),
            cwd=self.root,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            process_group=0,
        ) as process:
            too_long = threading.Timer(TIMEOUT, os.killpg, (process.pid, signal.SIGKILL))
            too_long.start()
            try:
                yield Running(process)
            finally:
                too_long.cancel()
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

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
        """Give the text of the PDF as poppler reads it, in the order in which it was written."""
        done = subprocess.run(
            ["pdftotext", "-raw", "-enc", "UTF-8", self.out / "submission.pdf", "-"],
            capture_output=True,
            encoding="utf-8",
            check=True,
        )
        return done.stdout


@dataclass(frozen=True)
class Secluded:
    """Runs the program where file systems can be mounted, or the network be gone, for it alone."""

    project: Project

    def run(
        self, prepare: str, *arguments: str, network: bool = True, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run shell commands that prepare the place, then the program; ``$OUT`` is the build's folder."""
        afterwards = 'code=$?; [ -z "$AFTER" ] || cp -a "$OUT/." "$AFTER"; exit $code'
        script = f'set -e\n{prepare}\nset +e\n"$@"; {afterwards}'
        given = {"OUT": str(self.project.out), **self.project.environ, **(environ or {})}
        return subprocess.run(
            [
                *SECLUDED,
                *([] if network else ["--net"]),
                "sh",
                "-c",
                script,
                "sh",
                *self.project.command(*arguments),
            ],
            cwd=self.project.root,
            env=given,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=TIMEOUT,
            check=False,
        )


@pytest.fixture(scope="session")
def unbuilt(
    tmp_path_factory: pytest.TempPathFactory,
    clean_environ: dict[str, str],
    copy_program: Callable[[Path], None],
) -> Project:
    """Copy the program, with a tiny submission in place of this repository's own; nothing is built."""
    root = tmp_path_factory.mktemp("reliability") / "program"
    root.mkdir()
    copy_program(root)
    (root / "report.toml").write_text(TOML, encoding="utf-8")
    (root / "data").mkdir()
    for name, rows in {"trnX": 40, "trnY": 40, "devX": 20, "devY": 20}.items():
        lines = (ROOT / "data" / f"{name}-3d.csv").read_text(encoding="utf-8").splitlines(keepends=True)
        (root / "data" / f"{name}-3d.csv").write_text("".join(lines[:rows]), encoding="utf-8")
    return Project(root, clean_environ)


@pytest.fixture(scope="session")
def original(unbuilt: Project, once: Callable[[str, Callable[[Path], None]], Path]) -> Project:
    """Build the tiny submission once a run, undisturbed; tests work on copies."""

    def fill(folder: Path) -> None:
        done = unbuilt.copy(folder / "project").run()
        assert done.returncode == 0, done.stderr

    return replace(unbuilt, root=once("original", fill) / "project")


@pytest.fixture
def project(original: Project, tmp_path: Path) -> Project:
    """Copy the built tiny submission for one test."""
    return original.copy(tmp_path / "project")


@pytest.fixture
def secluded(project: Project) -> Secluded:
    """Give a way to break the machine for one process alone; skip where the system does not allow that."""
    if subprocess.run([*SECLUDED, "true"], capture_output=True, check=False).returncode:
        pytest.skip("the system lets nobody but root mount anything")
    return Secluded(project)


@pytest.fixture
def without_latex(tmp_path: Path) -> dict[str, str]:
    """Give a PATH that has the shell's programs and no LaTeX."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in ("sh", "env", "uname", "cat", "rm", "ls"):
        found = shutil.which(program)
        assert found is not None
        (folder / program).symlink_to(found)
    return {"PATH": str(folder)}


@pytest.fixture
def stopwatch() -> Callable[[], Callable[[], float]]:
    """Give a function that starts a stopwatch; the stopwatch gives the seconds since then.

    Time in which some process of this machine waited for a processor does not count: a busy machine is no
    fault of the program.
    """
    pressure = Path("/proc/pressure/cpu")

    def waited() -> float:
        if not pressure.exists():
            return 0.0
        return int(pressure.read_text().partition("total=")[2].split()[0]) / 1e6

    def start() -> Callable[[], float]:
        began = time.monotonic() - waited()
        return lambda: time.monotonic() - waited() - began

    return start


@pytest.fixture
def alive() -> Callable[[Path], list[str]]:
    """Give a function that lists the processes that work in a folder, or were started from it.

    It gives them some seconds to end.
    """

    def look(folder: Path) -> list[str]:
        end = time.monotonic() + 10
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
