"""Ctrl-C, also where a library swallows it."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


@contextlib.contextmanager
def heeded() -> Iterator[None]:
    """Raise a KeyboardInterrupt that came within at the end, if a library took it for its own.

    `MLPClassifier.fit` does: it warns, and gives the half-trained network as if it were trained.
    Only the main thread gets signals, so this is for the main thread.
    """
    came = False

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal came
        came = True
        signal.default_int_handler(number, frame)

    meant = [
        number
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is signal.default_int_handler
    ]
    for number in meant:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number in meant:
            signal.signal(number, signal.default_int_handler)
        if came:
            raise KeyboardInterrupt
