"""The command: what is understood and shown, how errors end, how it starts with any Python anywhere."""

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

import pytest

import generate_report
from derivations.checks import CheckFailed
from experiments.errors import DataError, SearchError
from report import cli
from report.boundary import guarded
from report.console import PLAIN_SECONDS, Console, duration
from report.errors import CheckError, InputError, LatexError
from report.pipeline import Request


def end(work, folder):
    """Do some work inside the boundary; the exit code and what was told."""
    stream = io.StringIO()
    return guarded(work, Console(stream, colour=False, live=False), folder), stream.getvalue()


def raising(error):
    """Make work that ends with an error."""

    def work():
        raise error

    return work


def asked(*argv):
    """Parse a command line that builds."""
    command, arguments = cli.parse(argv)
    assert command is cli.COMMANDS["build"]
    return Request(**arguments)


def test_what_is_asked_for_arrives(tmp_path):
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
def test_bad_arguments_are_refused(argv, told):
    """A mistyped argument is told in one sentence, with the nearest known one."""
    with pytest.raises(InputError) as caught:
        cli.parse(argv)

    assert f"{caught.value} {caught.value.hint}".startswith(told)


def test_a_bad_command_ends_with_2(command):
    """What cannot be parsed is an error on the screen, as any other."""
    done = command("doktor")

    assert (2, "") == (done.returncode, done.stdout)
    assert "ERROR There is no command doktor.\nTIP Did you mean doctor?\n" == done.stderr


def test_help_lists_commands_and_options(command):
    """--help names every command and every option of a build, in 80 columns, and ends with 0."""
    done = command("--help")

    assert (0, "") == (done.returncode, done.stderr)
    for name in (*cli.COMMANDS, "--config", "--data", "--out", "--jobs", "--quick", "--force", "--no-pdf"):
        assert f"\n  {name} " in done.stdout
    assert 80 >= max(map(len, done.stdout.splitlines()))


def wrapped(cause):
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
def test_each_error_is_one_sentence_with_its_code(error, code, told, tmp_path):
    """One ERROR line, one TIP line, and the exit code of its kind; those of lower packages are mapped."""
    ended, message = end(raising(error), tmp_path)

    assert ended == code
    assert message.startswith(told)


@pytest.mark.parametrize("in_the_way", [False, True])
def test_a_bug_is_one_sentence_and_a_log(in_the_way, tmp_path, monkeypatch):
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
def test_a_kill_unwinds_the_run(number, handler, ended, tmp_path):
    """A kill or a closed terminal lets a run clean up; nohup is respected; the old handler is back."""
    cleaned = []

    def work():
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


def test_a_reader_that_leaves_is_no_error(tmp_path, monkeypatch):
    """`... | head` ends the program quietly."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as stdout:
        monkeypatch.setattr("sys.stdout", stdout)

        assert (130, "") == end(lambda: print("x" * 10_000_000) or 0, tmp_path)
        assert (0, "") == end(lambda: 0, tmp_path)


# --- generate_report.py itself, before and after the set-up
@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """Make a Python of the same version that has no packages."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, symlinks=True)
    return folder / "bin" / "python"


@pytest.fixture
def clone(unbuilt, tmp_path):
    """Copy the program into a folder with blanks and umlauts, without a .venv."""
    return unbuilt.copy(tmp_path / "a höme with blanks").root


def start(python, clone, *argv, options=(), **environ):
    """Run the copy's command with the given Python and its options, from another folder."""
    clean = {name: value for name, value in os.environ.items() if name not in generate_report.FOREIGN}
    return subprocess.run(
        [python, *options, clone / "generate_report.py", *argv],
        cwd="/",
        env={**clean, "LC_ALL": "C.UTF-8", **environ},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_old_python_can_read_the_command():
    """The file parses as Python 3.6, so that an old Python can say that it is one."""
    source = (cli.ROOT / "generate_report.py").read_text(encoding="utf-8")

    ast.parse(source, feature_version=(3, 6))
    assert "__future__" not in source


def test_old_python_says_so(monkeypatch, capsys):
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
def test_what_works_before_the_set_up(argv, code, stdout, stderr, bare, clone):
    """Without packages and .venv: --help, doctor, and else the command that helps, fit for a shell."""
    run = start(bare, clone, *argv)

    assert code == run.returncode
    assert re.fullmatch(stdout, run.stdout)
    assert re.fullmatch(stderr.format(bare=bare, clone=clone), run.stderr)


def probe(clone, expression):
    """Let the copy's command print the value of an expression instead of working."""
    (clone / "report" / "cli.py").write_text(
        f"import os, sys\ndef main(argv): print({expression}); return 0\n"
    )


def test_goes_on_in_venv(bare, clone):
    """With a .venv in the project any Python goes on in it, from any folder, unmoved by Python's paths."""
    (clone / ".venv").symlink_to(sys.prefix)
    probe(clone, "sys.executable, os.environ.keys() & {'PYTHONPATH', 'PYTHONSAFEPATH'}, argv")

    run = start(bare, clone, "--jobs", "2", PYTHONPATH="/", PYTHONSAFEPATH="1")

    assert "" == run.stderr
    assert f"{clone / '.venv' / 'bin' / 'python'} set() ['--jobs', '2']\n" == run.stdout


@pytest.mark.parametrize(("foreign", "shown"), [({}, "True"), ({"PYTHONPATH": "/"}, "False")])
def test_venv_itself_starts_again_only_to_get_clean(clone, foreign, shown):
    """The Python of .venv works on as it was started, unless foreign packages were put before its own."""
    (clone / ".venv").symlink_to(sys.prefix)
    probe(clone, "'probe' in sys._xoptions")  # options are lost when a Python starts again

    run = start(clone / ".venv" / "bin" / "python", clone, options=("-X", "probe"), **foreign)

    assert f"{shown}\n" == run.stdout


def test_broken_venv_does_not_loop(bare, clone):
    """A .venv whose Python does not know that it is one ends with make setup, not in circles."""
    (clone / ".venv" / "bin").mkdir(parents=True)
    (clone / ".venv" / "bin" / "python").symlink_to(bare)

    run = start(bare, clone)

    assert 2 == run.returncode
    assert "make setup" in run.stderr


# --- what a run shows on a terminal, in a file, and when nobody reads it
class Clock:
    """A clock that is moved by hand."""

    now = 100.0

    def __call__(self):
        """Return the time."""
        return self.now


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self):
        """Claim it."""
        return True


def plain(clock=None):
    """Make a console that writes to a file, and that file."""
    stream = io.StringIO()
    return Console(stream, colour=False, live=False, clock=clock or Clock()), stream


def test_a_stage_tells_its_time():
    """A stage leaves one line with its seconds, which are kept if it ended well; its error passes."""
    clock = Clock()
    console, stream = plain(clock)

    with console.stage("derive", "templates/1a.tex changed"):
        clock.now += 0.84
    with pytest.raises(ValueError, match="no"), console.stage("compile"):
        raise ValueError("no")

    assert (
        "-> derive: templates/1a.tex changed (0.8 s)\n-> compile (failed after 0.0 s)\n" == stream.getvalue()
    )
    assert {"derive": pytest.approx(0.84)} == console.timings


def test_terminal_shows_one_line_for_a_stage():
    """On a terminal progress is written over, and only the finished stage stays."""
    clock, stream = Clock(), Terminal()
    console = Console(stream, colour=False, live=True, clock=clock)

    with console.stage("notebook"):
        for done in range(5):
            console.progress(done, 5, f"cell {done + 1} of 5")
            clock.now += 1.0

    # A carriage return writes over what stood there.
    lines = re.sub(r"\x1b\[[\d;]*[mK]", "", stream.getvalue()).split("\n")
    assert ["-> notebook (5.0 s)", ""] == [line.rpartition("\r")[2] for line in lines]
    assert "cell 4 of 5, 60 %, about 2 s left" in stream.getvalue()


def test_progress_does_not_flood_a_file():
    """Without a terminal a thousand steps in a minute leave at most a line for each interval."""
    clock = Clock()
    console, stream = plain(clock)

    with console.stage("search"):
        for done in range(1000):
            console.progress(done, 1000)
            clock.now += 0.06

    lines = stream.getvalue().splitlines()
    assert 60.0 / PLAIN_SECONDS == len(lines)
    assert lines[0].startswith("   25 %, about 45 s left")


def test_progress_line_never_wraps(monkeypatch):
    """A long label is cut to the width of the terminal, so that rewriting stays on one line."""
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    console = Console(stream, colour=False, live=True, clock=Clock())

    with console.stage("x" * 100):
        pass

    rewritten = stream.getvalue().partition("\x1b[K")[0].lstrip("\r")
    assert "-> " + "x" * 36 == rewritten


@pytest.mark.parametrize(
    ("stream", "environ", "coloured"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"NO_COLOR": "1"}, False),
        (Terminal(), {"NO_COLOR": "", "FORCE_COLOR": ""}, True),
        (Terminal(), {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (Terminal(), {"TERM": "dumb"}, False),
        (Terminal(), {"TERM": "dumb", "FORCE_COLOR": "1"}, True),
        (io.StringIO(), {}, False),
        (io.StringIO(), {"FORCE_COLOR": "1"}, True),
    ],
)
def test_colours_follow_the_environment(stream, environ, coloured):
    """A terminal gets colours unless NO_COLOR or TERM=dumb says otherwise, a file only on demand."""
    Console.for_stream(stream, environ).error("no", "yes")

    error, tip = ("\x1b[1;31mERROR\x1b[0m", "\x1b[1;33mTIP\x1b[0m") if coloured else ("ERROR", "TIP")
    assert f"{error} no\n{tip} yes\n" == stream.getvalue()


def test_control_characters_are_shown_not_sent():
    """An escape sequence or a change of direction in a file name cannot act on the terminal."""
    console, stream = plain()

    console.note("file \x1b[2J\r\u202egnp.exe\nnext")

    assert "file \\x1b[2J\\r\\u202egnp.exe\nnext\n" == stream.getvalue()


def test_any_locale_can_show_any_name():
    """A character that the stream's encoding lacks is shown as an escape."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")

    Console.for_stream(stream, {}).note("Žofia")

    assert b"\\u017dofia\n" == raw.getvalue()


def test_run_goes_on_when_nobody_reads():
    """A closed pipe behind stderr neither stops a run nor fails when the stream is closed."""
    reader, writer = os.pipe()
    os.close(reader)
    stream = os.fdopen(writer, "w")
    console = Console.for_stream(stream, {})

    with console.stage("derive"):
        console.note("still here")
    stream.close()

    assert ["derive"] == list(console.timings)


def test_missing_stderr_is_no_error(monkeypatch):
    """A process that was started with stderr closed runs all the same."""
    monkeypatch.setattr("sys.stderr", None)

    Console.for_stream().note("nobody hears it")


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.0, "1 s"), (41.6, "42 s"), (89.4, "89 s"), (90.0, "2 min"), (3600.0, "60 min")]
)
def test_durations_are_coarse(seconds, words):
    """An estimate is told in whole seconds, from a minute and a half on in minutes."""
    assert words == duration(seconds)
