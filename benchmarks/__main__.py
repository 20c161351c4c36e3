"""All measurements in order, each in a process of its own: one table, results.json, a figure and a page.

    python -m benchmarks [--quick] [--only NAME ...] [--out DIR]

A program that fails, or lacks a peer, is told; the others go on.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import page
from benchmarks.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

# In this order, with the seconds that one run takes on slow cores: nothing is repeated at their expense.
EACH = {
    "submission": 430,
    "search": 170,
    "rebuild": 130,
    "growth": 95,
    "scale_out": 70,
    "derivations": 30,
}
PROGRAMS = tuple(EACH)
LIMIT = 29.5 * 60  # seconds, after which nothing is repeated


def main(argv: Sequence[str] | None = None) -> int:
    """Run the programs, print the table and write the rest; 1 if a program failed."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--quick", action="store_true", help="small runs, to try the programs out")
    parser.add_argument("--only", nargs="+", choices=PROGRAMS, default=PROGRAMS, metavar="NAME")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="where results.json, benchmarks.md and benchmarks.svg go; by default benchmarks/ and docs/ if"
        " all of it was measured, else nowhere",
    )
    options = parser.parse_args(argv)
    end = time.perf_counter() + LIMIT
    results = {}
    wanted = [name for name in PROGRAMS if name in options.only]
    for place, name in enumerate(wanted, start=1):
        later = sum(EACH.get(other, 0) for other in wanted[place:])
        results[name] = measured(name, end - time.perf_counter() - later, quick=options.quick)
    print(page.table(results))
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        write(results, options.out, options.out)
    elif not options.quick and len(options.only) == len(PROGRAMS):
        write(results, ROOT / "benchmarks", ROOT / "docs")
    return int(any("failed" in result for result in results.values()))


def measured(name: str, left: float, *, quick: bool) -> dict[str, Any]:
    """Run one program, for which so many seconds are left; what it found, or under ``failed`` why nothing."""
    print(f"-> {name}", file=sys.stderr, flush=True)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        file = Path(folder) / "found.json"
        command = [sys.executable, "-m", f"benchmarks.{name}", "--json", str(file), "--left", str(left)]
        command += ["--quick"] * quick
        done = subprocess.run(command, cwd=ROOT, stderr=subprocess.PIPE, encoding="utf-8", check=False)
        if not done.returncode:
            found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            print(f"   {time.perf_counter() - started:.0f} s", file=sys.stderr, flush=True)
            return found
    last = [line for line in done.stderr.splitlines() if line.strip()][-1:]
    reason = last[0].replace(str(ROOT), ".") if last else f"it ended with {done.returncode} and said nothing"
    print(f"   FAILED: {reason}\n{done.stderr}", file=sys.stderr, flush=True)
    return {"title": name, "failed": reason}


def write(results: dict[str, Any], numbers: Path, docs: Path) -> None:
    """Write results.json, the figure and the page."""
    from benchmarks import figure  # noqa: PLC0415 - matplotlib is heavy

    (numbers / "results.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    (docs / "benchmarks.svg").write_bytes(figure.drawn(results))
    (docs / "benchmarks.md").write_text(page.page(results), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
