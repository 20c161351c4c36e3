"""What all tests share: the pins, set before numpy loads, and one real build, of a tiny submission."""

import contextlib
import fcntl
import hashlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

from experiments import numerics

# The environment as a person has it but for numeric settings, which would be told in every report.
OURS = {*numerics.THREADS, *numerics.KERNELS, *numerics.CHILDREN, numerics.KEEP, numerics.RECORD}
for name in [name for name in os.environ if name in OURS or name.startswith("OPENBLAS_")]:
    del os.environ[name]
FOUND = dict(os.environ)
numerics.pin()

import pytest  # noqa: E402 - nothing may load numpy before the pins

from report import ROOT, cli  # noqa: E402 - nothing may load numpy before the pins

# A shell lets what it starts in the background ignore Ctrl-C, and so all that is started from there: a person
# at a terminal does not.
for number, handler in {
    signal.SIGINT: signal.default_int_handler,
    signal.SIGTERM: signal.SIG_DFL,
    signal.SIGHUP: signal.SIG_DFL,
}.items():
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)

PROGRAM = ("generate_report.py", "requirements.txt", "report", "derivations", "experiments", "templates")
LIMIT = 300  # seconds for a command, on a busy machine
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


class Running:
    """The program at work, in a group of its own as from a terminal; what it tells is read as it comes."""

    def __init__(self, process):
        self.process = process
        self.told = ""

    def until(self, pattern):
        """Read until a line holds a regular expression; give the lines that were read."""
        assert self.process.stdout is not None
        told = ""
        while not re.search(pattern, told):
            line = self.process.stdout.readline()
            told += line
            self.told += line
            assert line, f"it ended, or took too long, without a word of {pattern!r}:\n{self.told}"
        return told

    def ended(self):
        """Wait for its end; give its exit code and all that it told."""
        self.told += self.process.communicate()[0]
        return self.process.returncode, self.told


@dataclass(frozen=True)
class Project:
    """A copy of the program, its report.toml, its data in ``data/``, its build in ``build/``."""

    root: Path
    environ: dict[str, str]  # in which it is started
    stderr: str = ""  # what its build told

    @property
    def out(self):
        """Give the folder that a build without ``--out`` makes."""
        return self.root / "build"

    @property
    def config(self):
        """Give the path of report.toml."""
        return self.root / "report.toml"

    @property
    def data(self):
        """Give the folder with the four CSV files."""
        return self.root / "data"

    def command(self, *arguments):
        """Give the command line that runs the program; without arguments it builds, in one process."""
        given = arguments or ("--jobs", "1")
        return [sys.executable, str(self.root / "generate_report.py"), *map(str, given)]

    def run(self, *arguments, environ=None, **options):
        """Run the program to its end, as a person would."""
        return subprocess.run(
            self.command(*arguments),
            **{"cwd": self.root, **options},
            env={**self.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=LIMIT,
            check=False,
        )

    @contextlib.contextmanager
    def started(self, *arguments):
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
            too_long = threading.Timer(LIMIT, os.killpg, (process.pid, signal.SIGKILL))
            too_long.start()
            try:
                yield Running(process)
            finally:
                too_long.cancel()
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

    def edit(self, name, old, new):
        """Replace a text that a file must hold."""
        file = self.root / name
        text = file.read_text(encoding="utf-8")
        assert old in text, name
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def append(self, name, text):
        """Add a text to a file."""
        with (self.root / name).open("a", encoding="utf-8") as file:
            file.write(text)

    def published(self):
        """Give the files that a build answers for: all but times, notes and failures."""
        files = {str(path.relative_to(self.out)): path for path in self.out.rglob("*") if path.is_file()}
        left_out = (".", "failed/", "timings.json")
        return {name: path.read_bytes() for name, path in files.items() if not name.startswith(left_out)}

    def products(self):
        """Give the digest of each of them."""
        return {name: hashlib.sha256(content).hexdigest() for name, content in self.published().items()}

    def copy(self, place):
        """Copy all of it, with what was built, to another place."""
        shutil.copytree(self.root, place)
        return replace(self, root=place)

    def shown(self, *options):
        """Give the text of the PDF as poppler reads it, in the order in which it was written."""
        return poppler(self.out / "submission.pdf", "-raw", *options)


def poppler(pdf, *options):
    """Read a PDF's text with poppler."""
    command = ["pdftotext", *options, "-enc", "UTF-8", pdf, "-"]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout


@pytest.fixture(scope="session")
def clean_environ():
    """Give the environment in which programs are started: as found, without any numeric setting."""
    return FOUND | {"LC_ALL": "C.UTF-8"}


@pytest.fixture(scope="session")
def python(clean_environ):
    """Give a function that runs code in a Python of its own, where the program is, and gives what it printed.

    What follows the code stands before the interpreter; keywords are variables to add to the environment.
    """

    def run(code, *before, **environ):
        done = subprocess.run(
            [*before, sys.executable, "-c", code],
            cwd=ROOT,
            env=clean_environ | environ,
            capture_output=True,
            encoding="utf-8",
            timeout=LIMIT,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture(scope="session")
def command():
    """Give a function that runs ``generate_report.py ARGUMENTS`` in this process, which has loaded it all.

    Its keyword `environ` has variables to set meanwhile.
    """

    def run(*arguments, environ=None):
        out, err = io.StringIO(), io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            warnings.catch_warnings(action="ignore"),
        ):
            patch.setattr(tempfile, "tempdir", None)
            for name, value in (environ or {}).items():
                patch.setenv(name, value)
            code = cli.main([*map(str, arguments)])
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())

    return run


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Return a function that fills a folder once in a run: the first worker does, the others wait for it."""
    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def make(name, fill):
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
def unbuilt(once, clean_environ):
    """Copy the program, with a tiny submission in place of this repository's own; nothing is built.

    The space holds four settings, of which two have two hidden layers, and the default is added. Two of the
    settings tie for the best, of which the later one has fewer weights. The data are the first rows of the
    stand-in.
    """

    def fill(folder):
        for name in PROGRAM:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
            copy(ROOT / name, folder / name)
        (folder / "report.toml").write_text(TINY_TOML, encoding="utf-8")
        (folder / "data").mkdir()
        for name, rows in TINY_ROWS.items():
            lines = (ROOT / "data" / name).read_text(encoding="utf-8").splitlines(keepends=True)
            (folder / "data" / name).write_text("".join(lines[:rows]), encoding="utf-8")

    return Project(once("unbuilt", fill), clean_environ)


@pytest.fixture(scope="session")
def tiny_build(unbuilt, once):
    """Build the tiny submission once a run, undisturbed; tests read it and change only copies of it."""

    def fill(folder):
        done = unbuilt.copy(folder / "project").run()
        assert (done.returncode, done.stdout) == (0, ""), done.stderr
        (folder / "stderr").write_text(done.stderr)

    folder = once("built", fill)
    return Project(folder / "project", unbuilt.environ, (folder / "stderr").read_text())


@pytest.fixture
def project(tiny_build, tmp_path):
    """Copy the built tiny submission for one test."""
    return tiny_build.copy(tmp_path / "project")


@pytest.fixture(scope="session")
def damaged():
    """Give a function that cuts, lengthens or changes a file as a crash, a bad disk or an editor might."""

    def change(content, chance):
        place = chance.randrange(len(content) + 1)
        ways = [
            content[:place],
            content[:place] + chance.randbytes(chance.randint(1, 9)) + content[place:],
            content[:place] + chance.randbytes(500) + content[place + 500 :],
            content[:place] + bytes(len(content) - place),  # what some file systems leave after a crash
            content[:place] + bytes([chance.randrange(256)]) + content[place + 1 :],
            content.replace(b"\n", b"\r\n"),
        ]
        return chance.choice(ways)

    return change


@pytest.fixture(scope="session")
def pdf_pages():
    """Give a function that reads a PDF's text with poppler, page by page, in the layout of the page."""
    return lambda pdf: poppler(pdf, "-layout").split("\f")[:-1]
