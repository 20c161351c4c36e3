"""Worker processes whose master is gone, however it went: they end, and nobody complains."""

from __future__ import annotations

import functools
import multiprocessing.resource_tracker
import os
import signal
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


@functools.cache
def start_trackers() -> None:
    """Start the processes that clear away what a pool leaves behind, deaf to a hang-up and without a word.

    A pool would start them otherwise: they would die of a closed terminal, and be started anew, knowing of
    nothing; after an interrupt they would tell, below our last word, how much they had to clear away.
    """
    from joblib.externals.loky.backend import resource_tracker  # noqa: PLC0415 - not for every worker

    words = os.environ.get("PYTHONWARNINGS")
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    os.environ["PYTHONWARNINGS"] = "ignore"
    try:
        resource_tracker.ensure_running()
        multiprocessing.resource_tracker.ensure_running()
    finally:
        del os.environ["PYTHONWARNINGS"]
        if words is not None:
            os.environ["PYTHONWARNINGS"] = words
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
