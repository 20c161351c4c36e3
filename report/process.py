"""Process groups that end with this process, interrupts that a library swallowed, and memory."""

from __future__ import annotations

import contextlib
import logging
import mmap
import os
import signal
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import FrameType

# Reads the group's number, then waits: a second line releases the group; the end of the pipe, which comes
# when this process dies in whatever way, kills it.
_GUARD = 'read -r group && { read -r released || kill -s KILL -- "-$group"; }'
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_came: list[int] = []  # the signals that stopped the present run
ROOM = 256 * 2**20  # bytes: what a few threads want to reserve, more than half of it never touched
MEMORY_ERRORS = ("failed to map segment", "annot allocate memory", "can't start new thread")
FONT_LIST = "MPLCONFIGDIR"  # where matplotlib keeps the list of fonts, which takes seconds to make


@contextlib.contextmanager
def group_guard() -> Iterator[Callable[[int], None]]:
    """Kill a process group when this block ends, and also if this process is killed while in it.

    What it yields is to be called with the group's number as soon as there is one, at most once.
    """
    guard = subprocess.Popen(
        ["/bin/sh", "-c", _GUARD],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # a Ctrl-C is not meant for it
        bufsize=0,
    )
    assert guard.stdin is not None
    pipe = guard.stdin
    groups: list[int] = []

    def take(group: int) -> None:
        groups.append(group)
        os.write(pipe.fileno(), b"%d\n" % group)

    try:
        yield take
    finally:
        for group in groups:
            with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended by itself
                os.killpg(group, signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.write(pipe.fileno(), b"released\n")
        pipe.close()
        guard.wait()


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let a kill or a closed terminal unwind the run as Ctrl-C does, so that no child process is left."""
    _came.clear()
    heeded = (signal.SIG_DFL, signal.default_int_handler)  # not where nohup ignores a signal
    former = {number: signal.getsignal(number) for number in _STOPPING}
    former = {number: handler for number, handler in former.items() if handler in heeded}
    for number in former:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def raise_swallowed_interrupt() -> None:
    """Raise the KeyboardInterrupt that a library swallowed in this run, if one did.

    `MLPClassifier.fit` does: it warns, and returns the half-trained network as if it were trained. So does
    a bare `except` in mpmath or fontTools, and whatever Python calls by itself, such as `__del__`.
    """
    if _came:
        raise KeyboardInterrupt


def _interrupt(number: int, frame: FrameType | None) -> None:
    _came.append(number)
    signal.default_int_handler(number, frame)


def memory_is_short() -> bool:
    """Return whether so little memory is left that libraries fail in odd ways, or end the whole process."""
    try:
        mmap.mmap(-1, ROOM).close()
    except OSError:
        return True
    return False


def lacks_memory(reason: str) -> bool:
    """Return whether an error is of a library or a thread for which the memory did not suffice."""
    return any(words in reason for words in MEMORY_ERRORS)


def keep_font_list(folder: Path) -> None:
    """Let matplotlib keep its list of fonts in `folder`, before it is imported, where it cannot elsewhere."""
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() fails where there is none
    own = [os.environ.get(name) or home for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME")]
    places = [os.environ[FONT_LIST]] if FONT_LIST in os.environ else own
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # a new list is not announced
    if not all(os.access(place, os.W_OK) for place in places):
        os.environ[FONT_LIST] = str(folder.resolve())
