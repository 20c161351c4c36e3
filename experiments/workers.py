"""Processes that call functions for this one, and end with it, however that ends."""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from experiments.errors import SearchError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

POLL = 0.5  # seconds


class Process:
    """A process that calls functions one after the other, until its context ends; errors call it `name`."""

    def __init__(self, name: str = "A worker process", environ: Mapping[str, str] | None = None) -> None:
        self._name = name
        code = f"from experiments import workers; workers.serve({os.getpid()})"
        # Ctrl-C is handled by the process that waits: this one inherits that it never comes.
        former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c", code],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=Path(__file__).parents[1],
                env={**os.environ, **(environ or {})},
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, former)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()  # whatever it is doing
        self._process.communicate()

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function there: its result is returned, its exception raised here."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            pickle.dump((function, arguments), self._process.stdin)
            self._process.stdin.flush()
            error, result = pickle.load(self._process.stdout)  # noqa: S301 - from our own process
        except (OSError, EOFError, pickle.UnpicklingError) as broken:
            code = self._process.wait()
            end = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            raise SearchError(
                f"{self._name} died ({end}): is there enough memory? Run it again, with fewer jobs; what was"
                " finished is kept."
            ) from broken
        if error:
            raise error
        return result


class Pool:
    """Processes of which each call takes one that is free; to be used from as many threads."""

    def __init__(self, jobs: int) -> None:
        self._all = [Process() for _ in range(jobs)]
        self._free: queue.SimpleQueue[Process] = queue.SimpleQueue()
        for process in self._all:
            self._free.put(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for process in self._all:
            process.__exit__(*error)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call a function in whichever process is free."""
        process = self._free.get()
        try:
            return process.call(function, *arguments)
        finally:
            self._free.put(process)


def serve(parent: int) -> None:
    """Call what comes in until the input ends."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    while True:
        try:
            function, arguments = pickle.load(sys.stdin.buffer)  # noqa: S301 - from `Process` alone
        except EOFError:
            return
        try:
            answer: tuple[Exception | None, Any] = (None, function(*arguments))
        except Exception as error:  # noqa: BLE001 - raised again by the process that waits
            answer = (error, None)
        sys.stdout.buffer.write(pickle.dumps(answer))
        sys.stdout.buffer.flush()


def _watch(parent: int) -> None:
    """End this process soon after it is no longer `parent`'s child, since a killed parent cannot end it."""
    while os.getppid() == parent:
        time.sleep(POLL)
    os._exit(1)
