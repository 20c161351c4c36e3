"""Programs that we start in process groups of their own, none of which outlives us."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Reads the group's number, then waits: a second line lets the group go, the end of the pipe, which comes when
# we die in whatever way, kills it.
_GUARD = 'read -r group && { read -r released || kill -s KILL -- "-$group"; }'


@contextlib.contextmanager
def leashed() -> Iterator[Callable[[int], None]]:
    """Kill a process group when this block ends, and also if we are killed while in it.

    Yields
    ------
    callable
        To be given the group's number as soon as there is one, at most once.
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
