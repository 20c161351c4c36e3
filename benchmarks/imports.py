"""What a command imports: nothing heavy where it does without."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from benchmarks.measurement import Row, Target
from benchmarks.processes import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

HEAVY = frozenset(
    (
        *("IPython", "jinja2", "joblib", "jupytext", "matplotlib", "mpmath", "nbclient", "nbformat", "numpy"),
        *("pandas", "pikepdf", "pypdfium2", "scipy", "sklearn", "sympy", "zmq"),
    )
)
# What each command needs of them; doctor reads the data with a build's own checks.
COMMANDS: dict[str, frozenset[str]] = {
    "--help": frozenset(),
    "verify --help": frozenset(),
    "explore --help": frozenset(),
    "watch --help": frozenset(),
    "doctor": frozenset(("numpy",)),
}
# Runs the command as `python generate_report.py` does, and prints the names of all modules at its end.
LOADED = """\
import runpy, sys
sys.argv[0] = "generate_report.py"
try:
    runpy.run_path("generate_report.py", run_name="__main__")
finally:
    print(); print(*{name.partition(".")[0] for name in sys.modules})
"""


def rows(house: Path, built: Path, runs: int) -> list[Row]:
    """Count the heavy packages that commands import without need, in a project that has just been built.

    Parameters
    ----------
    house, built : Path
        The project and its build.
    runs : int
        How often each command is run.
    """
    found = [_row(name, name.split(), needed, house, runs) for name, needed in COMMANDS.items()]
    idle = _row("build, nothing changed", ["--out", str(built)], frozenset(), house, runs)
    return [*found, idle]


def _row(name: str, command: Sequence[str], needed: frozenset[str], house: Path, runs: int) -> Row:
    samples = [
        run([sys.executable, "-c", LOADED, *command], house, codes=(0, 3), environ={"REPORT_CONTINUED": "1"})
        for _ in range(runs)
    ]
    loaded = [HEAVY & set(sample.answer.splitlines()[-1].split()) for sample in samples]
    told = ", ".join(sorted(set().union(*loaded))) or "none"
    why = f"; {', '.join(sorted(needed))} to read the data as a build does" if needed else ""
    return Row(
        name,
        "heavy packages imported without need",
        [len(some - needed) for some in loaded],
        Target(0),
        {name: samples},
        note=f"{told}{why}",
    )
