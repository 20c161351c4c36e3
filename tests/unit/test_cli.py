"""The command: what is understood, how each error ends, and how it starts with any Python from any folder."""

from __future__ import annotations

import ast
import errno
import io
import os
import re
import signal
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import generate_report
from derivations.checks import CheckFailed
from experiments.errors import DataError, SearchError
from report import cli
from report.boundary import guarded
from report.console import Console
from report.errors import CheckError, InputError, LatexError
from report.pipeline import Request

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Project

    Command = Callable[..., subprocess.CompletedProcess[str]]


def end(work: Callable[[], int], folder: Path) -> tuple[int, str]:
    """Do some work inside the boundary; the exit code and what was told."""
    stream = io.StringIO()
    return guarded(work, Console(stream, colour=False, live=False), folder), stream.getvalue()


def raising(error: BaseException) -> Callable[[], int]:
    """Make work that ends with an error."""

    def work() -> int:
        raise error

    return work


def asked(*argv: str) -> Request:
    """Parse a command line that builds."""
    command, arguments = cli.parse(argv)
    assert command is cli.COMMANDS["build"]
    return Request(**arguments)


def test_what_is_asked_for_arrives(tmp_path: Path) -> None:
    """To build is the default; paths are the project's own, or taken from where the person stands."""
    assert Request(cli.ROOT / "report.toml", None, cli.ROOT / "build") == asked()
    assert asked("--quick") == asked("build", "--quick") != asked()

    words = f"--data d.tgz --config c.toml --out {tmp_path} --jobs 3 --force --no-pdf"
    expected = Request(Path("c.toml"), Path("d.tgz"), tmp_path, 3, quick=False, force=True, pdf=False)
    assert expected == asked(*words.split())


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["--quik"], "build does not take --quik. Did you mean --quick?"),
        (["build", "--quik=1"], "build does not take --quik=1. Did you mean --quick?"),
        (["build", "stray.csv"], "build does not take stray.csv. There are: --config, --data, "),
        (["--jobs", "0"], "Argument --jobs: 0 is not a whole number from 1 on."),
        (["--jobs", "²"], "Argument --jobs: ² is not a whole number from 1 on."),
        (["--out"], "Argument --out: expected one argument."),
        (["--quick=3"], "Argument --quick: ignored explicit argument '3'."),
        (["doctor", "--out", "x"], "doctor does not take --out."),
    ],
)
def test_bad_arguments_are_refused(argv: list[str], told: str) -> None:
    """A mistyped argument is told in one sentence, with the nearest known one."""
    with pytest.raises(InputError) as caught:
        cli.parse(argv)

    assert f"{caught.value} {caught.value.hint}".startswith(told)


def test_a_bad_command_ends_with_2(command: Command) -> None:
    """What cannot be parsed is an error on the screen, as any other."""
    done = command("doktor")

    assert (2, "") == (done.returncode, done.stdout)
    assert "ERROR There is no command doktor.\nTIP Did you mean doctor?\n" == done.stderr


def test_help_lists_commands_and_options(command: Command) -> None:
    """--help names every command and every option of a build, in 80 columns, and ends with 0."""
    done = command("--help")

    assert (0, "") == (done.returncode, done.stderr)
    for name in (*cli.COMMANDS, "--config", "--data", "--out", "--jobs", "--quick", "--force", "--no-pdf"):
        assert f"\n  {name} " in done.stdout
    assert 80 >= max(map(len, done.stdout.splitlines()))


def wrapped(cause: Exception) -> Exception:
    """Make an error that a library raised from another."""
    error = ValueError("could not save")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (InputError("Bad.", "Mend it."), 2, "ERROR Bad.\nTIP Mend it.\n"),
        (LatexError("Bad.", "Mend it."), 3, "ERROR Bad.\nTIP Mend it.\n"),
        (CheckError("Bad."), 4, "ERROR Bad.\n"),
        (type("Narrower", (DataError,), {})("One sentence."), 2, "ERROR One sentence.\n"),
        (SearchError("One sentence."), 5, "ERROR One sentence.\n"),
        (CheckFailed("One sentence."), 4, "ERROR One sentence.\n"),
        (OSError(errno.ENOSPC, "x", "/out/a.pdf"), 5, "ERROR The disk is full: /out/a.pdf.\nTIP "),
        (OSError(errno.EROFS, "x", "/out"), 5, "ERROR The file system is read-only: /out.\nTIP "),
        (PermissionError(errno.EACCES, "x", "/out"), 5, "ERROR The system allows no access: /out.\nTIP "),
        (OSError(errno.EMFILE, "x"), 5, "ERROR Too many files are open.\nTIP "),
        (MemoryError(), 5, "ERROR The memory is used up.\nTIP "),
        (wrapped(OSError(errno.ENOSPC, "x", "a.pdf")), 5, "ERROR The disk is full: a.pdf.\n"),
        # a broken pipe that is not our stdout
        (BrokenPipeError(errno.EPIPE, "x"), 5, "ERROR A process that worked for us is gone.\n"),
        (KeyboardInterrupt(), 130, "Interrupted.\n"),
    ],
    ids=repr,
)
def test_each_error_is_one_sentence_with_its_code(
    error: BaseException, code: int, told: str, tmp_path: Path
) -> None:
    """One ERROR line, one TIP line, and the exit code of its kind; those of lower packages are mapped."""
    ended, message = end(raising(error), tmp_path)

    assert ended == code
    assert message.startswith(told)


@pytest.mark.parametrize("in_the_way", [False, True])
def test_a_bug_is_one_sentence_and_a_log(
    in_the_way: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that nobody expected ends with 70; the traceback is in a file, elsewhere if it must be."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = tmp_path / "build" / "failed"
    if in_the_way:
        folder.parent.write_text("")

    code, message = end(raising(KeyError("2a.train\nsecond line")), folder)

    (log,) = tmp_path.glob("report-*/traceback.log") if in_the_way else [folder / "traceback.log"]
    assert 70 == code
    assert message.startswith("ERROR This is a bug in the program, not in what you did (KeyError: ")
    assert message.endswith(f"TIP Please report it with {log}\n")
    assert 2 == len(message.splitlines())
    assert "in work\n    raise error" in log.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("handler", "ended"), [(signal.SIG_DFL, (130, "Interrupted.\n")), (signal.SIG_IGN, (0, ""))]
)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_kill_unwinds_the_run(
    number: signal.Signals, handler: signal.Handlers, ended: tuple[int, str], tmp_path: Path
) -> None:
    """A kill or a closed terminal lets a run clean up; nohup is respected; the old handler is back."""
    cleaned = []

    def work() -> int:
        try:
            signal.raise_signal(number)
        finally:
            cleaned.append(True)
        return 0

    before = signal.signal(number, handler)
    try:
        assert ended == end(work, tmp_path)
        assert handler == signal.getsignal(number)
    finally:
        signal.signal(number, before)
    assert [True] == cleaned


def test_a_reader_that_leaves_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`... | head` ends the program quietly."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stdout:
        monkeypatch.setattr("sys.stdout", stdout)

        assert (130, "") == end(lambda: print("x" * 10_000_000) or 0, tmp_path)
        assert (0, "") == end(lambda: 0, tmp_path)


# --- generate_report.py itself, before and after the set-up
@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a Python of the same version that has no packages."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, symlinks=True)
    return folder / "bin" / "python"


@pytest.fixture
def clone(unbuilt: Project, tmp_path: Path) -> Path:
    """Copy the program into a folder with blanks and umlauts, without a .venv."""
    return unbuilt.copy(tmp_path / "a höme with blanks").root


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
    source = (cli.ROOT / "generate_report.py").read_text(encoding="utf-8")

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
