"""What a run shows on a terminal, in a file, and when nobody reads it."""

import io
import os
import re

import pytest

from report.console import PLAIN_SECONDS, Console, duration


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
