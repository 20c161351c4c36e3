"""Progress and messages: one line for each stage, one for the notebook's progress, errors with what to do."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import time
from typing import TYPE_CHECKING, TextIO

from report.process import raise_swallowed_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

LIVE_SECONDS = 0.1  # a terminal's line is rewritten at most this often
PLAIN_SECONDS = 15.0  # a file or pipe gets at most one progress line in this time

_RED, _YELLOW, _DIM, _RESET = "\x1b[1;31m", "\x1b[1;33m", "\x1b[2m", "\x1b[0m"
_TO_LINE_START, _CLEAR_TO_END = "\r", "\x1b[K"

# Names from files may hold escape sequences or turn the reading direction: they are shown, not interpreted.
_OBEYED = [*range(0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_SHOWN = {code: ascii(chr(code))[1:-1] for code in _OBEYED if chr(code) != "\n"}


class Console:
    """The progress and messages of a run on a stream; results go to stdout and never through here.

    If it is `live`, a terminal, its last line can be rewritten. `timings` are the seconds of each stage that
    ended without an error, in the order in which they ran.
    """

    def __init__(
        self, stream: TextIO, *, colour: bool, live: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.timings: dict[str, float] = {}
        self._stream = stream
        self.colour = colour
        self._live = live
        self._clock = clock
        self._started = self._shown = clock()
        self._unfinished = False

    @classmethod
    def for_stream(cls, stream: TextIO | None = None, environ: Mapping[str, str] = os.environ) -> Console:
        """Decide once whether a stream (default: stderr) takes colours and rewritten lines.

        `NO_COLOR` goes before `FORCE_COLOR`. A character that the encoding lacks is shown as an escape.
        """
        stream = stream or sys.stderr or io.StringIO()  # a process may start without a stderr
        if callable(reconfigure := getattr(stream, "reconfigure", None)):
            reconfigure(errors="backslashreplace")
        live = stream.isatty() and environ.get("TERM") != "dumb"
        colour = not environ.get("NO_COLOR") and (bool(environ.get("FORCE_COLOR")) or live)
        return cls(stream, colour=colour, live=live)

    @contextlib.contextmanager
    def stage(self, name: str, why: str = "") -> Iterator[None]:
        """Show that `name` runs (and `why`), and how long it took, also when it fails.

        An interrupt that a library swallowed within ends it: what it made may be half done.
        """
        head = f"-> {name}" + (f": {why}" if why else "")
        started = self._started = self._clock()
        self._shown = started
        if self._live:
            self._shown -= LIVE_SECONDS  # so that the first step is shown at once
            self._rewrite(f"{head} ...")
        try:
            yield
            raise_swallowed_interrupt()
        except BaseException:
            self._line(f"{head} (failed after {self._clock() - started:.1f} s)")
            raise
        seconds = self._clock() - started
        self.timings[name] = self.timings.get(name, 0.0) + seconds
        self._line(f"{head} ({seconds:.1f} s)")

    def progress(self, done: float, total: float, label: str = "") -> None:
        """Show how far the present stage has come in any unit, with an estimate of the time left."""
        now = self._clock()
        if now - self._shown < (LIVE_SECONDS if self._live else PLAIN_SECONDS):
            return
        self._shown = now
        left = (now - self._started) * (total - done) / done if 0 < done <= total else None
        parts = (label, f"{100 * done / total:.0f} %", f"about {duration(left)} left" if left else "")
        text = "   " + ", ".join(part for part in parts if part)
        if self._live:
            self._rewrite(text)
        else:
            self._line(text)

    def note(self, text: str) -> None:
        """Print a remark on lines of its own."""
        self._line(text)

    def warn(self, text: str) -> None:
        """Print a warning; the run goes on."""
        self._line(text, mark="WARNING", colour=_YELLOW)

    def error(self, message: str, hint: str = "") -> None:
        """Print what went wrong, and what to do next."""
        self._line(message, mark="ERROR", colour=_RED)
        if hint:
            self._line(hint, mark="TIP", colour=_YELLOW)

    def _paint(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_RESET}" if self.colour else text

    def _rewrite(self, text: str) -> None:
        """Put `text` in place of the terminal's last line, cut so that it stays one line."""
        width = shutil.get_terminal_size().columns - 1
        shown = printable(text).replace("\n", " ")[:width]
        self._write(f"{_TO_LINE_START}{self._paint(_DIM, shown)}{_CLEAR_TO_END}")
        self._unfinished = True

    def _line(self, text: str, *, mark: str = "", colour: str = "") -> None:
        """Write whole lines, in place of the rewritten one if there is one."""
        clear = f"{_TO_LINE_START}{_CLEAR_TO_END}" if self._unfinished else ""
        self._unfinished = False
        head = f"{self._paint(colour, mark)} " if mark else ""
        self._write(f"{clear}{head}{printable(text)}\n")

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:  # the reader has left, or the disk with the log is full: the run matters more
            silence(self._stream)


def few(names: Sequence[str], most: int = 3) -> str:
    """List the first names, and say how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(names[:most])}{more}"


def silence(stream: TextIO) -> None:
    """Redirect `stream` to nowhere, so that what is still in its buffer cannot fail."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def printable(text: str) -> str:
    r"""Show control characters (``\x1b``) instead of sending them; line breaks stay."""
    return text.translate(_SHOWN)


def duration(seconds: float) -> str:
    """Write seconds in the coarse words of an estimate: ``40 s``, ``3 min``."""
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{round(seconds / 60)} min"
