"""Worker processes that end when the process they work for is gone, however it went."""

from __future__ import annotations

import functools
import os
import threading
import time

POLL = 0.5  # seconds


@functools.cache
def end_with(parent: int) -> None:
    """End this process soon after it is no longer `parent`'s child; to be called as often as one likes.

    A parent that is killed cannot tell anybody, and a pool's workers wait for minutes for the next task.
    """
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL)
    os._exit(1)
