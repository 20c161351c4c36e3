"""Time, memory and versions: how every program here measures, and the form in which it tells what it found.

What is compared runs in processes of its own, turn by turn. A sample holds the time of all processes that a
command started, also of those that outlived their parents: this process adopts and awaits them.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import importlib.metadata
import json
import os
import platform
import resource
import signal
import statistics
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments import portable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).resolve().parents[1]
PINS = portable.pin()  # before numpy; what is started below inherits them
PACKAGES = (
    *("numpy", "scipy", "scikit-learn", "joblib", "sympy", "distributed", "optuna", "snakemake", "nbconvert"),
)
ADOPT = 36  # PR_SET_CHILD_SUBREAPER of prctl: orphans of our children become our children
LINGER = 5.0  # seconds for processes that outlive the command that started them
LOOK = 0.1  # seconds between two looks at the memory


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
    """

    wall: float
    cpu: float
    memory: float = 0.0
    answer: Any = None


class RunError(RuntimeError):
    """A command failed or took too long."""


@dataclass(frozen=True)
class Target:
    """What a quantity should be."""

    limit: float
    at_least: bool = False

    def met(self, value: float) -> bool:
        """Tell whether a measured value is good enough."""
        return value >= self.limit if self.at_least else value <= self.limit


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    name, quantity : str
        What was done, and what is told of it, such as ``GridSearchCV / lockstep, wall time``.
    values : sequence of float
        The quantity, run by run.
    target : Target or None
        Compared with the median.
    sides : mapping
        By name, the samples of what was compared.
    note : str
        What a reader must know beside the numbers.
    """

    name: str
    quantity: str
    values: Sequence[float]
    target: Target | None = None
    sides: Mapping[str, Sequence[Sample]] = field(default_factory=dict)
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Give the row with minimum, median and maximum of everything."""
        found: dict[str, Any] = {"name": self.name, "quantity": self.quantity, **_found(self)}
        for name, samples in self.sides.items():
            told = {"wall": spread([sample.wall for sample in samples])}
            told["cpu"] = spread([sample.cpu for sample in samples])
            if any(sample.memory for sample in samples):
                told["memory"] = spread([sample.memory for sample in samples])
            found["sides"][name] = told
        return found


def _found(row: Row) -> dict[str, Any]:
    values = spread(row.values)
    target = None if row.target is None else {**asdict(row.target), "met": row.target.met(values["median"])}
    return {"value": values, "target": target, "note": row.note, "sides": {}}


@dataclass(frozen=True)
class Found:
    """What a program found: rows for the table, curves for the figure, and facts beside them."""

    rows: Sequence[Row]
    curves: Sequence[Mapping[str, Any]] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


def ratio(name: str, what: Sequence[str], sides: Mapping[str, Sequence[Sample]], **more: Any) -> Row:
    """Give the row for the first side's wall time over the second's, run by run."""
    over, under = (sides[side] for side in what)
    values = [a.wall / b.wall for a, b in zip(over, under, strict=True)]
    return Row(name, f"{what[0]} / {what[1]}, wall time", values, sides=sides, **more)


def spread(values: Sequence[float]) -> dict[str, float]:
    """Give minimum, median, maximum and number of some values."""
    return {
        "min": float(f"{min(values):.4g}"),
        "median": float(f"{statistics.median(values):.4g}"),
        "max": float(f"{max(values):.4g}"),
        "runs": len(values),
    }


def here(function: Callable[[], Any]) -> Sample:
    """Measure a call in this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    answer = function()
    return Sample(time.perf_counter() - wall, time.process_time() - cpu, answer=answer)


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
    with _watched(memory) as most:
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
    return Sample(wall, cpu, max(most, default=0.0), said)


def side(module: str, name: str, *, memory: bool = False, seconds: float = 900, **arguments: Any) -> Sample:
    """Run one of the sides of a program of this folder, in a process of its own.

    Returns
    -------
    Sample
        If the side's answer is a mapping with ``seconds``, these are the wall time: they leave imports out.
    """
    command = [sys.executable, "-m", f"benchmarks.{module}", "--side", name, json.dumps(arguments)]
    sample = run(command, memory=memory, seconds=seconds)
    answer = json.loads(sample.answer)
    wall = answer.get("seconds", sample.wall) if isinstance(answer, dict) else sample.wall
    return Sample(wall, sample.cpu, sample.memory, answer)


def cpu_of_all() -> float:
    """Give the CPU seconds that this process and all below it have computed so far."""
    return sum(map(_computed, [os.getpid(), *_descendants()])) / os.sysconf("SC_CLK_TCK")


def peer(name: str) -> Path | None:
    """Find a program in the environment that runs this one; None if it is not installed."""
    path = Path(sys.executable).parent / name
    return path if path.exists() else None


def program(
    document: str,
    measure: Callable[[argparse.Namespace], Found],
    sides: Mapping[str, Callable[..., Any]] | None = None,
    runs: int = 3,
) -> None:
    """Be the command line of one program: measure and tell, or be one side of a comparison."""
    parser = argparse.ArgumentParser(description=document.partition("\n")[0])
    parser.add_argument("--runs", type=int, help=f"how often each thing is measured (default: {runs})")
    parser.add_argument("--quick", action="store_true", help="a run of seconds, to try the program out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found to this file")
    parser.add_argument("--side", nargs=2, metavar=("NAME", "ARGUMENTS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        name, arguments = options.side
        print(json.dumps((sides or {})[name](**json.loads(arguments))))
        return
    options.runs = options.runs or (1 if options.quick else runs)
    started, load = time.perf_counter(), os.getloadavg()[0]
    found = measure(options)
    told = {
        "title": document.partition("\n")[0].rstrip("."),
        "rows": [row.as_json() for row in found.rows],
        "curves": list(found.curves),
        "facts": dict(found.facts),
        "conditions": {**conditions(), "load before": round(load, 2), "quick": options.quick},
        "seconds": round(time.perf_counter() - started, 1),
    }
    text = json.dumps(told, indent=1)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    else:
        print(text)


def conditions() -> dict[str, Any]:
    """Tell the machine and the versions: of Python, of the packages, of TeX."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    for command in (["latexmk", "-v"], ["pdflatex", "--version"], ["make", "--version"]):
        with contextlib.suppress(OSError):
            said = subprocess.run(command, capture_output=True, encoding="utf-8", check=False).stdout
            versions[command[0]] = next((line for line in said.splitlines() if line.strip()), "")
    return {
        "cores": len(os.sched_getaffinity(0)),
        "cpu": portable.cpu_name(),
        "system": platform.platform(),
        "pinned": not PINS.obstacles,
        "versions": versions,
    }


def say(text: str) -> None:
    """Tell on stderr how far a program is."""
    print(f"   {text}", file=sys.stderr, flush=True)


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
def _watched(wanted: bool) -> Any:
    """Note the memory of all descendants (PSS: shared pages are counted once) again and again, in MiB."""
    noted: list[float] = []
    stop = threading.Event()

    def watch() -> None:
        while not stop.wait(LOOK):
            noted.append(sum(map(_proportional, _descendants())) / 1024)

    thread = threading.Thread(target=watch, daemon=True)
    if wanted:
        thread.start()
    try:
        yield noted
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
