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
ROOM = 256 * 2**20  # bytes: what a few threads want to reserve, more than half of it never touched
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
def raise_swallowed_interrupt() -> Iterator[None]:
    """Raise a KeyboardInterrupt at the end of this block if one came and a library swallowed it.

    `MLPClassifier.fit` does: it warns, and returns the half-trained network as if it were trained.
    Only the main thread gets signals, so this is for the main thread.
    """
    came = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        signal.default_int_handler(number, frame)

    handled = [number for number in _STOPPING if signal.getsignal(number) is signal.default_int_handler]
    for number in handled:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number in handled:
            signal.signal(number, signal.default_int_handler)
        if came:
            raise KeyboardInterrupt


@contextlib.contextmanager
def interrupted_by_termination() -> Iterator[None]:
    """Let a kill or a closed terminal unwind the run as Ctrl-C does, so that no child process is left."""
    former = {}
    for number in _STOPPING[1:]:
        if signal.getsignal(number) is signal.SIG_DFL:  # not where nohup ignores it
            former[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def memory_is_short() -> bool:
    """Return whether so little memory is left that libraries fail in odd ways, or end the whole process."""
    try:
        mmap.mmap(-1, ROOM).close()
    except OSError:
        return True
    return False


def keep_font_list(folder: Path) -> None:
    """Let matplotlib keep its list of fonts in `folder`, before it is imported, where it cannot elsewhere."""
    home = os.path.expanduser("~")  # noqa: PTH111 - Path.home() fails where there is none
    own = [os.environ.get(name) or home for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME")]
    places = [os.environ[FONT_LIST]] if FONT_LIST in os.environ else own
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # a new list is not announced
    if not all(os.access(place, os.W_OK) for place in places):
        os.environ[FONT_LIST] = str(folder.resolve())
