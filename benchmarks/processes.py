"""Commands run to their end: what passed, what they computed, how much memory they held.

A sample holds the time of all processes that a command started, also of those that outlived their parents:
this process adopts and awaits them.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments import numerics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
PINS = numerics.pin()  # before numpy; what is started below inherits them
ADOPT = 36  # PR_SET_CHILD_SUBREAPER of prctl: orphans of our children become our children
LINGER = 5.0  # seconds for processes that outlive the command that started them
LOOK = 0.5  # seconds between two looks
RARELY = 4  # looks, of which one asks for the memory: the kernel walks all pages for it, 10 ms for a process


@dataclass(frozen=True)
class Look:
    """What a command and all below it had come to at one moment.

    Attributes
    ----------
    time : float
        Seconds since the epoch.
    cpu : float
        Seconds computed so far, from some point on.
    memory : float
        MiB held.
    """

    time: float
    cpu: float
    memory: float


@dataclass(frozen=True)
class Sample:
    """One run of one thing.

    Attributes
    ----------
    wall, cpu : float
        Seconds that passed, and that all its processes computed together.
    memory : float
        The most that all its processes held at once, in MiB; 0 where nobody looked.
    answer : Any
        What the run gave: the JSON that a side printed, else the text.
    looks : sequence of Look
        Its course, where somebody looked.
    """

    wall: float
    cpu: float
    memory: float = 0.0
    answer: Any = None
    looks: Sequence[Look] = ()

    def between(self, start: float, stop: float) -> float:
        """Give the CPU seconds computed from one moment to another, both in seconds since the epoch."""
        import numpy as np  # noqa: PLC0415 - after the pins

        times, cpu = [look.time for look in self.looks], [look.cpu for look in self.looks]
        first, last = np.interp((start, stop), times, cpu)
        return float(last - first)


class RunError(RuntimeError):
    """A command failed or took too long."""


@contextlib.contextmanager
def timed() -> Iterator[dict[str, float]]:
    """Measure what is done inside, by this process and all below it.

    The mapping gets ``seconds``, which passed, and ``cpu``, the seconds computed, when it is done.
    """
    taken: dict[str, float] = {}
    cpu, wall = cpu_of_all(), time.perf_counter()
    yield taken
    taken |= {"seconds": time.perf_counter() - wall, "cpu": cpu_of_all() - cpu}


def run(
    command: Sequence[str | Path],
    folder: Path = ROOT,
    *,
    environ: Mapping[str, str] | None = None,
    seconds: float = 900,
    memory: bool = False,
    codes: Sequence[int] = (0,),
) -> Sample:
    """Run a command to its end, and all that it leaves behind.

    Raises
    ------
    RunError
        It ended with a code that is not one of `codes`, or took longer than `seconds`.
    """
    _adopt()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, "PYTHONWARNINGS": "ignore", **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    )
    with _watched(memory) as looks:
        try:
            said, complained = process.communicate(timeout=seconds)
        except BaseException as error:
            _end(_descendants())
            process.communicate()
            if isinstance(error, subprocess.TimeoutExpired):
                raise RunError(f"{_shown(command)}: no end within {seconds:.0f} s") from error
            raise
    wall = time.perf_counter() - started
    _reap()
    if process.returncode not in codes:
        last = "\n".join((said + complained).strip().splitlines()[-8:])
        raise RunError(f"{_shown(command)}: exit code {process.returncode}\n{last}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Sample(wall, cpu, max((look.memory for look in looks), default=0.0), said, tuple(looks))


def cpu_of_all() -> float:
    """Give the CPU seconds that this process and all below it have computed so far."""
    return time.process_time() + _cpu_below()


def _cpu_below() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    below = sum(map(_computed, _descendants())) / os.sysconf("SC_CLK_TCK")
    return ended.ru_utime + ended.ru_stime + below


def _shown(command: Sequence[str | Path]) -> str:
    return " ".join("python" if part == sys.executable else str(part) for part in command)[:200]


def _adopt() -> None:
    """Let processes whose parents have ended become ours: their time then counts, and none is left behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(ADOPT, 1, 0, 0, 0)


def _reap() -> None:
    """Await the processes that a command left behind, and end those that stay."""
    deadline = time.monotonic() + LINGER
    with contextlib.suppress(ChildProcessError):
        while True:
            if not os.waitpid(-1, os.WNOHANG)[0]:
                if time.monotonic() > deadline:
                    _end(_descendants())
                time.sleep(0.01)


def _end(processes: Sequence[int]) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def _descendants() -> list[int]:
    """List the processes that this one started, and theirs."""
    children: dict[int, list[int]] = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = int(place.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(place.parent.name))
    found, open_ = [], [os.getpid()]
    while open_:
        below = children.get(open_.pop(), [])
        found += below
        open_ += below
    return found


@contextlib.contextmanager
def _watched(wanted: bool) -> Iterator[list[Look]]:
    """Look at all descendants again and again: their time and their memory (PSS: shared pages count once)."""
    looks: list[Look] = []
    stop = threading.Event()

    def watch() -> None:
        memory = cpu = 0.0
        while True:
            if not len(looks) % RARELY:
                memory = sum(map(_proportional, _descendants())) / 1024
            cpu = max(cpu, _cpu_below())  # a process that ends at this moment may be counted nowhere
            looks.append(Look(time.time(), cpu, memory))
            if stop.wait(LOOK):
                return

    thread = threading.Thread(target=watch, daemon=True)
    if wanted:
        thread.start()
    try:
        yield looks
    finally:
        stop.set()
        if wanted:
            thread.join()


def _computed(process: int) -> int:
    """Give the clock ticks of a process and of its awaited children; 0 if it has ended."""
    with contextlib.suppress(OSError):
        text = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
        return sum(map(int, text.rpartition(")")[2].split()[11:15]))
    return 0


def _proportional(process: int) -> int:
    """Give the proportional set size of a process in KiB; 0 if it has ended."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
