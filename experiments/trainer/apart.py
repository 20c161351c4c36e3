"""scikit-learn in processes of its own: without the kernel, threads would wait for one interpreter lock."""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from experiments import workers
from experiments.errors import SearchError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from sklearn.neural_network import MLPClassifier


class Processes:
    """Processes that fit networks one after the other, until the context ends."""

    def __init__(self, jobs: int, X: NDArray[Any], y: NDArray[Any]) -> None:
        self._all = [_Process(X, y) for _ in range(jobs)]
        self._free: queue.SimpleQueue[_Process] = queue.SimpleQueue()
        for process in self._all:
            self._free.put(process)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._all:
            process.end()

    def fit(self, setting: Mapping[str, Any]) -> MLPClassifier | ValueError:
        """Fit one classifier in whichever process is free, as `trainer.fit` does."""
        process = self._free.get()
        try:
            return process.fit(setting)
        finally:
            self._free.put(process)


class _Process:
    def __init__(self, X: NDArray[Any], y: NDArray[Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from experiments.trainer import apart; apart.main({os.getpid()})"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        self._data = pickle.dumps((X, y))

    def fit(self, setting: Mapping[str, Any]) -> MLPClassifier | ValueError:
        """Fit one classifier.

        Raises
        ------
        SearchError
            If the process dies.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(self._data + pickle.dumps(dict(setting)))
            self._process.stdin.flush()
            self._data = b""  # sent once
            return pickle.load(self._process.stdout)  # noqa: S301 - from our own process
        except (OSError, EOFError) as error:
            raise SearchError(
                "A worker process died: is there enough memory? Run it again, with fewer jobs; what was"
                " finished is kept."
            ) from error

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.communicate()


def main(parent: int) -> None:
    """Fit what comes in until the input ends."""
    from experiments import trainer  # noqa: PLC0415 - not when the module is merely imported

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is handled by the process that waits
    workers.end_with(parent)
    X, y = pickle.load(sys.stdin.buffer)  # noqa: S301 - from `Process` alone
    with trainer.quiet(), contextlib.suppress(EOFError):
        while True:
            network = trainer.fit_alone(pickle.load(sys.stdin.buffer), X, y)  # noqa: S301
            sys.stdout.buffer.write(pickle.dumps(network))
            sys.stdout.buffer.flush()
