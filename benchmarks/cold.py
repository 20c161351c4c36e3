"""From nothing to the PDF: where the time goes, how much of it is ours, and what is imported for what.

    python -m benchmarks.cold [--runs N] [--quick] [--json FILE]

A fresh copy of the project, without kept results or compiled Python, builds the whole report; the notebook's
search (its cells of setup and search, as a plain script) runs by itself beside it. Ours is all that is not
training, the notebook's kernel or TeX: start and imports, derivations and their checks, the statistics that
train nothing, pages and figures, the bundle and its check.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from benchmarks import problems, project
from benchmarks.measurement import Found, Row, Target, program, ratio, say, side, turns
from benchmarks.processes import Sample, run, timed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

COLD, SEARCH = "cold build", "the notebook's search"
HEAVY = frozenset(
    (
        *("IPython", "jinja2", "joblib", "jupytext", "matplotlib", "mpmath", "nbclient", "nbformat", "numpy"),
        *("pandas", "pypdf", "scipy", "sklearn", "sympy", "zmq"),
    )
)
LIGHT = (
    ["--help"],
    ["verify", "--help"],
    ["explore", "--help"],
    ["watch", "--help"],
    ["doctor"],
)  # commands that should do without them
WHY = {"doctor": "; it reads the data, as a build would, which takes numpy"}
SEARCHES = "search(("  # begins the cells of the notebook that search an architecture


def measure(options: argparse.Namespace) -> Found:
    """Build and search, turn by turn; then look at imports."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="cold-") as folder:
        room = Path(folder)
        sides: dict[str, list[Sample]] = {COLD: [], SEARCH: []}
        stages: list[dict[str, float]] = []
        for number in turns(options):
            house, out = project.copied(room / f"house{number}"), room / f"out{number}"
            if options.quick:
                project.shrink(house)
            sides[COLD].append(project.ours(house, "--out", out))
            stages.append(_stages(sides[COLD][-1], out))
            sides[SEARCH].append(_search(room / f"search{number}", house, out))
            say(", ".join(f"{name} {samples[-1].wall:.1f} s" for name, samples in sides.items()))
        rows.append(ratio("cold", (COLD, SEARCH), sides, target=Target(1.75)))
        rows += _shares(stages, sides[COLD])
        rows += _imports(house, [*LIGHT, ["--out", str(out)]])
    return Found(rows)


def _stages(sample: Sample, out: Path) -> dict[str, float]:
    """Give the seconds of each stage, and of what lies around them."""
    stages: dict[str, float] = json.loads((out / "timings.json").read_text(encoding="utf-8"))
    outside = sample.wall - sum(stages.values())
    bootstrap = side(
        "cold", "bootstrap", settings=len((out / "search.csv").read_text().splitlines()) - 1
    ).wall
    stages["study"] -= bootstrap
    return {"start, imports, reading, putting in place": outside, **stages, "statistics": bootstrap}


def _shares(stages: Sequence[dict[str, float]], samples: Sequence[Sample]) -> list[Row]:
    """Tell what each stage took, and the share of what is ours."""
    names = {
        "measure": "notebook: kernel and training",
        "study": "lockstep, seeds, certificate: training",
        "compile": "TeX",
    }
    walls = [sample.wall for sample in samples]
    rows = [
        Row("cold", f"{names.get(name, name)}, seconds", [found[name] for found in stages])
        for name in stages[0]
    ]
    ours = [
        sum(seconds for name, seconds in found.items() if name not in names) / wall
        for found, wall in zip(stages, walls, strict=True)
    ]
    return [*rows, Row("cold", "share that is ours", ours, Target(0.1))]


def _search(place: Path, house: Path, out: Path) -> Sample:
    """Run the notebook's cells of setup and search by plain Python."""
    project.job(place, house, out)
    cells = nbformat.read(place / "homework03.ipynb", as_version=4).cells
    code = [cell for cell in cells if cell.cell_type == "code" and cell.metadata.tags[0] in ("setup", "2b")]
    last = max(number for number, cell in enumerate(code) if SEARCHES in cell.source)
    script = "\n".join(cell.source for cell in code[: last + 1])
    # the one thing that the searches need of the cells on question 2(a)
    script = script.replace("results = []", f"results = []\n{_definition(cells)}")
    (place / "search.py").write_text(script, encoding="utf-8")
    return run([sys.executable, "search.py"], place)


def _definition(cells: Sequence[Any]) -> str:
    found = re.search(r"^def correct\(.*?(?=^\S)", "".join(c.source for c in cells), re.MULTILINE | re.DOTALL)
    return found[0] if found else ""


def _imports(house: Path, commands: Sequence[Sequence[str]]) -> list[Row]:
    """Count what is imported of the heavy packages by commands that need none; the last changes nothing."""
    rows = []
    for command in commands:
        sample = run(
            [sys.executable, "-c", LOADED, *command], house, codes=(0, 3), environ={"REPORT_CONTINUED": "1"}
        )
        loaded = sorted(HEAVY & set(sample.answer.splitlines()[-1].split()))
        name = "build, nothing changed" if command is commands[-1] else " ".join(command)
        note = f"{', '.join(loaded) or 'none'}; {sample.wall:.2f} s{WHY.get(name, '')}"
        rows.append(Row(name, "heavy packages imported", [len(loaded)], Target(0), note=note))
    return rows


# Runs the command as `python generate_report.py` does, and prints the names of all modules at its end.
LOADED = """\
import runpy, sys
sys.argv[0] = "generate_report.py"
try:
    runpy.run_path("generate_report.py", run_name="__main__")
finally:
    print(); print(*{name.partition(".")[0] for name in sys.modules})
"""


def bootstrap(settings: int) -> dict[str, float]:
    """Time what the report's statistics compute without training anything."""
    import numpy as np  # noqa: PLC0415 - after the pins

    from experiments import statistics  # noqa: PLC0415

    right = np.random.default_rng(0).random((settings, len(problems.data("shipped").y_dev))) < 0.9
    with timed() as taken:
        statistics.bootstrap(right, [1] * settings, default=0, seed=0)
    return taken


if __name__ == "__main__":
    program(__doc__ or "", measure, {"bootstrap": bootstrap}, runs=2)
