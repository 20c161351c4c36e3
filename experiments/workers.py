"""Processes that call functions for this one, and end with it, however that ends."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments.errors import SearchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Call = Callable[..., Any]


@contextlib.contextmanager
def process(
    name: str = "A worker process", environ: Mapping[str, str] | None = None, *, session: bool = False
) -> Iterator[Call]:
    """Start a process that calls functions one after the other, perhaps in a session of its own.

    Errors call it `name`. What this yields takes a function and its arguments: the result is returned, an
    exception raised here.
    """
    there = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", "from experiments import workers; workers.serve()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[1],
        env={**os.environ, **(environ or {})},
        process_group=None if session else 0,  # a Ctrl-C is not meant for it
        start_new_session=session,
    )
    assert there.stdin is not None
    assert there.stdout is not None
    orders, answers = there.stdin, there.stdout

    def call(function: Callable[..., Any], *arguments: Any) -> Any:
        try:
            pickle.dump((function, arguments), orders)
            orders.flush()
            error, result = pickle.load(answers)  # noqa: S301 - from our own process
        except (OSError, EOFError, pickle.UnpicklingError) as broken:
            code = there.wait()
            end = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            raise SearchError(
                f"{name} died ({end}): is there enough memory? Run it again, with fewer jobs; what was"
                " finished is kept."
            ) from broken
        if error:
            raise error
        return result

    try:
        yield call
    finally:
        there.kill()  # whatever it is doing
        there.communicate()


def serve() -> None:
    """Call what comes in, until the input ends."""
    orders: queue.SimpleQueue[tuple[Call, tuple[Any, ...]]] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(orders,), daemon=True).start()
    while True:
        function, arguments = orders.get()
        try:
            answer: tuple[Exception | None, Any] = (None, function(*arguments))
        except Exception as error:  # noqa: BLE001 - raised again by the process that waits
            answer = (error, None)
        sys.stdout.buffer.write(pickle.dumps(answer))
        sys.stdout.buffer.flush()


def _receive(orders: queue.SimpleQueue[tuple[Call, tuple[Any, ...]]]) -> None:
    """Take calls from the input; its end, also that of a killed process that gave them, ends this one."""
    try:
        while True:
            orders.put(pickle.load(sys.stdin.buffer))  # noqa: S301 - from `process` alone
    finally:  # whatever is wrong: else both would wait for ever
        os._exit(1)
