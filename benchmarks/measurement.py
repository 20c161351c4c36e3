"""The form in which every program here tells what it found, and its command line.

What is compared runs in processes of its own, turn by turn.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import math
import os
import platform
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.processes import PINS, Sample, run
from experiments import numerics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PACKAGES = (
    *("numpy", "scipy", "scikit-learn", "joblib", "sympy", "distributed", "optuna", "snakemake", "nbconvert"),
)


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
        What was done, and what is told of it, such as ``GridSearchCV / ours, wall time``.
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
        found["sides"] = {name: times(samples) for name, samples in self.sides.items()}
        return found


def _found(row: Row) -> dict[str, Any]:
    values = spread(row.values)
    target = None if row.target is None else {**asdict(row.target), "met": row.target.met(values["median"])}
    return {"value": values, "target": target, "note": row.note}


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


def curve(
    panel: str,
    label: str,
    axes: tuple[str, str],
    values: Mapping[int, Sequence[float]],
    samples: Mapping[int, Sequence[Sample]] | None = None,
) -> dict[str, Any]:
    """Give a curve through the medians of values by size, with all that was measured of each point."""
    found: dict[str, Any] = {"panel": panel, "label": label, "xlabel": axes[0], "ylabel": axes[1]}
    found |= {"x": list(values), "y": [statistics.median(some) for some in values.values()]}
    found["values"] = [spread(some) for some in values.values()]
    if samples:
        found["taken"] = [times(samples[size]) for size in values]
    return found


def times(samples: Sequence[Sample]) -> dict[str, Any]:
    """Give the spread of wall and CPU time in seconds, and of the memory in MiB where somebody looked."""
    found = {
        "wall": spread([sample.wall for sample in samples]),
        "cpu": spread([sample.cpu for sample in samples]),
    }
    if any(sample.memory for sample in samples):
        found["memory"] = spread([sample.memory for sample in samples])
    return found


def spread(values: Sequence[float]) -> dict[str, float]:
    """Give minimum, median, maximum and number of some values."""
    return {
        "min": float(f"{min(values):.4g}"),
        "median": float(f"{statistics.median(values):.4g}"),
        "max": float(f"{max(values):.4g}"),
        "runs": len(values),
    }


def side(module: str, name: str, *, memory: bool = False, seconds: float = 900, **arguments: Any) -> Sample:
    """Run one of the sides of a program of this folder, in a process of its own.

    Returns
    -------
    Sample
        If the side's answer is what `timed` took, the times are those: they leave the start and imports out.
    """
    command = [sys.executable, "-m", f"benchmarks.{module}", "--side", name, json.dumps(arguments)]
    sample = run(command, memory=memory, seconds=seconds)
    answer = json.loads(sample.answer)
    taken = answer if isinstance(answer, dict) else {}
    wall, cpu = taken.get("seconds", sample.wall), taken.get("cpu", sample.cpu)
    return Sample(wall, cpu, sample.memory, answer)


def turns(options: argparse.Namespace) -> Iterator[int]:
    """Count the runs from 0: as many as are asked for, but none that would not end in the time left."""
    started = time.perf_counter()
    for number in range(options.runs):
        taken = time.perf_counter() - started
        if number and taken + taken / number > options.left:
            return
        yield number


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
    parser.add_argument(
        "--left", type=float, default=math.inf, metavar="SECONDS", help="repeat nothing later"
    )
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
        "cpu": numerics.cpu_name(),
        "system": platform.platform(),
        "pinned": not PINS.obstacles,
        "versions": versions,
    }


def say(text: str) -> None:
    """Tell on stderr how far a program is."""
    print(f"   {text}", file=sys.stderr, flush=True)
