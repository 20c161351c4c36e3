"""Processes that end with the one that started them, however that ends."""

from __future__ import annotations

import os
import threading
import time

POLL = 0.5  # seconds


def end_with(parent: int) -> None:
    """End this process soon after it is no longer `parent`'s child, since a killed parent cannot end it."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(POLL)
    os._exit(1)
