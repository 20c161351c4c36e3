"""All measurements in order, each in a process of its own: one table, results.json, a figure and a page.

    python -m benchmarks [--quick] [--only NAME ...] [--out DIR]

A program that fails, or lacks a peer, is told; the others go on. With ``--only`` the rest of results.json is
kept, if it was measured on the same machine with the same versions.
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
from benchmarks.measurement import conditions
from benchmarks.processes import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

# In this order, with the seconds that two runs take on slow cores. Nothing is repeated, and no report is
# measured whole, at their expense.
PROGRAMS = {
    "submission": 820,
    "search": 220,
    "rebuild": 215,
    "growth": 150,
    "scale_out": 130,
    "derivations": 45,
}
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
        help="where results.json, benchmarks.md and benchmarks.svg go; by default benchmarks/ and docs/, and"
        " nowhere with --quick",
    )
    options = parser.parse_args(argv)
    kept = {} if options.quick or options.out else known()
    end = time.perf_counter() + LIMIT
    results = {}
    wanted = [name for name in PROGRAMS if name in options.only]
    for place, name in enumerate(wanted, start=1):
        later = sum(PROGRAMS[other] for other in wanted[place:])
        results[name] = measured(name, end - time.perf_counter() - later, quick=options.quick)
    print(page.table(results))
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        write(results, options.out, options.out)
    elif not options.quick:
        known_now = kept | results
        write(
            {name: known_now[name] for name in PROGRAMS if name in known_now},
            ROOT / "benchmarks",
            ROOT / "docs",
        )
    return int(any("failed" in result for result in results.values()))


def known() -> dict[str, Any]:
    """Read what was measured before, on this machine and with these versions."""
    file, here = ROOT / "benchmarks" / "results.json", conditions()
    before: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return {
        name: result
        for name, result in before.items()
        if all(result.get("conditions", {}).get(what) == here[what] for what in ("cores", "cpu", "versions"))
    }


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
