"""The report: its search, a build from nothing, `verify`, and the notebook run by hand.

    python -m benchmarks.submission [--runs N] [--quick] [--json FILE]

Turn by turn a fresh copy of the project, without kept results or compiled Python, builds the whole report;
`verify` judges it; `jupyter nbconvert --execute` runs its notebook again beside the data; and its space is
searched by our trainer alone and by the former one. The notebook run by hand is the peer of three things: its
cells that search (GridSearchCV on all cores) that of our own search; its cells of set-up and search that of
the whole build; all of it that of `verify`, which also derives problem 1 and sets every page again. One line
is added to the notebook's scorer: it notes each network's bits, which must be ours. Where this would take
longer than there is time (``--left``), every second training sample is left out in all of it: what is fixed
then weighs more, so no ratio gets better by it.

Ours is all that is not training, the notebook's kernel or TeX: start and imports, pages and figures, the
bundle and its check. Derivations, search and study are begun beside the notebook; their time is that of what
is left of them when it is done.
"""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

from benchmarks import arithmetic, imports, problems, project
from benchmarks.exhaustive import OURS, THEIRS, compared, named
from benchmarks.former import before, ours
from benchmarks.former import rows as compare
from benchmarks.measurement import Found, Row, Target, program, ratio, say, side, turns
from benchmarks.processes import ROOT, Sample, run, timed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from experiments.dataset import Dataset

COLD, VERIFY, HAND = "cold build", "verify", "notebook by hand"
SEARCHED = "the notebook's search"
NOT_OURS = {
    "measure": "notebook: kernel and training, much of our own search beside it",
    "search": "what was left of our search: training",
    "study": "what was left of seeds and certificate: training",
    "compile": "TeX",
}
WHOLE = 500  # times as long as `pace` takes a turn with all training samples
CALLS = "search(("  # begins the line of a cell that searches an architecture
SCORER, NOTES = "def score(model, X, y):\n", "networks.jsonl"
NOTED = f"""\
def note(model, X, y):
    import json
    from experiments.trainer import digest
    setting = {{name: str(getattr(model, name)) for name in NAMES}}
    noted = [setting, model.random_state, correct(model, X, y), digest(model)]
    with open("{NOTES}", "a") as file:
        file.write(json.dumps(noted, default=int) + "\\n")


{SCORER}    note(model, X, y)
"""


@dataclass(frozen=True)
class Turn:
    """One submission, made, judged, and its notebook run by hand."""

    cold: Sample
    stages: dict[str, float]
    verify: Sample
    hand: Sample
    search: Sample  # by our trainer alone
    former: Sample | None  # by the former one
    cells: Sample  # that search, within the notebook
    alone: Sample  # that search with the cells of set-up that it needs


def measure(options: argparse.Namespace) -> Found:
    """Make, judge and run by hand, turn by turn; then look at imports."""
    project.need("jupyter")
    needed = options.runs * WHOLE * side("submission", "pace").wall
    thin = not options.quick and needed > options.left
    with tempfile.TemporaryDirectory(prefix="submission-") as folder:
        found = []
        for number in turns(options):
            room = Path(folder, str(number))
            room.mkdir()
            found.append(_turn(room, Path(folder, "former"), quick=options.quick, thin=thin))
        house = room / "house"
        rows = imports.rows(house, room / "out", max(2, len(found)))
        data = _data(house)
    told = f"{len(data.y_train):,}"
    if thin:
        told += f", every second one: all of them would take this machine about {needed / 60:.0f} minutes"
    facts = {"training samples": told}
    return Found([*_search(found, data), *_cold(found), *rows, *_verify(found)], facts=facts)


def _data(house: Path) -> Dataset:
    """Read the data of a copy of the project."""
    from experiments import dataset  # noqa: PLC0415 - after the pins

    return dataset.load(house / "data")


def _turn(room: Path, former: Path, *, quick: bool, thin: bool) -> Turn:
    house, out = project.copied(room / "house"), room / "out"
    if quick:
        project.shrink(house)
    if thin:
        project.thin(house)
    cold = project.ours(house, "--out", out, memory=True)
    say(f"{COLD}: {cold.wall:.1f} s, CPU {cold.cpu:.1f} s")
    verify = project.ours(house, VERIFY, out / "submission.pdf", memory=True)
    say(f"{VERIFY}: {verify.wall:.1f} s, CPU {verify.cpu:.1f} s")
    place = project.job(room / "hand", house, out)
    _note_bits(place / "homework03.ipynb")
    environ = project.path() | {"PYTHONPATH": str(ROOT)}  # for the line that notes bits
    hand = run(project.NBCONVERT.split(), place, environ=environ, memory=True)
    search = side("submission", "search", memory=True, house=str(house))
    cells, alone = _cells(hand, place, list(search.answer["found"]))
    say(f"{HAND}: {hand.wall:.1f} s; its search {cells.wall:.1f} s, CPU {cells.cpu:.1f} s")
    say(f"our search: {search.wall:.1f} s, CPU {search.cpu:.1f} s, {search.memory:.0f} MiB")
    return Turn(cold, _stages(cold, out), verify, hand, search, before(house, search, former), cells, alone)


def _stages(sample: Sample, out: Path) -> dict[str, float]:
    """Give the seconds of each stage, and of what lies around them."""
    stages: dict[str, float] = json.loads((out / "timings.json").read_text(encoding="utf-8"))
    return {"start, imports, reading, putting in place": sample.wall - sum(stages.values()), **stages}


def _note_bits(file: Path) -> None:
    """Let the scorer of a notebook note the bits of each network."""
    notebook = nbformat.read(file, as_version=4)
    (cell,) = (cell for cell in notebook.cells if SCORER in cell.source)
    cell.source = cell.source.replace(SCORER, NOTED)
    nbformat.write(notebook, file)


def _cells(hand: Sample, place: Path, networks: Sequence[str]) -> tuple[Sample, Sample]:
    """Give the search of the executed notebook, alone and with the cells of set-up that it needs.

    nbconvert notes when each cell began and ended.
    """
    notebook = nbformat.read(place / "executed.ipynb", as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    last = max(number for number, cell in enumerate(code) if CALLS in cell.source)
    needed = [cell for cell in code[: last + 1] if cell.metadata.tags[0] in ("setup", "2b")]
    noted = map(json.loads, (place / NOTES).read_text(encoding="utf-8").splitlines())
    bits: dict[str, list[Any]] = {}
    for setting, seed, *counted in noted:
        bits.setdefault(named(setting, seed), counted)  # scored on the development samples first
    search = _spent(hand, [cell for cell in needed if CALLS in cell.source])
    found = {network: bits.get(network, [None, None]) for network in networks}
    return replace(search, answer={"found": found}), _spent(hand, needed)


def _spent(hand: Sample, cells: Sequence[Any]) -> Sample:
    """Give what some cells took."""
    spans = [
        [
            datetime.fromisoformat(cell.metadata.execution[f"iopub.status.{what}"]).timestamp()
            for what in ("busy", "idle")
        ]
        for cell in cells
    ]
    wall = sum(stop - start for start, stop in spans)
    return Sample(wall, sum(hand.between(*span) for span in spans))


def _search(found: Sequence[Turn], data: Dataset) -> list[Row]:
    """Compare the searches of the report's space, and ours with the arithmetic limit."""
    name, sides = "the report's search", {THEIRS: [turn.cells for turn in found]}
    sides[OURS] = [turn.search for turn in found]
    rows = compared(name, sides, Target(8, at_least=True))
    rows.append(arithmetic.row(name, sides[OURS], *data.X_train.shape))
    if former := [turn.former for turn in found if turn.former]:
        rows += compare(name, sides[OURS], former)
    return rows


def _cold(found: Sequence[Turn]) -> list[Row]:
    """Compare the whole build with the notebook's search; tell what each stage took, and what is ours."""
    colds, alone, stages = zip(*((turn.cold, turn.alone, turn.stages) for turn in found), strict=True)
    sides = {COLD: colds, SEARCHED: alone}
    note = (
        "The notebook's search keeps all cores busy; what the build adds needs time of its own: the same"
        " search, networks for seeds and certificate, scikit-learn under other kernels, TeX"
    )
    rows = [ratio("cold", (COLD, SEARCHED), sides, target=Target(1.35), note=note)]
    names = {name: None for each in stages for name in each}
    rows += [
        Row("cold", f"{NOT_OURS.get(name, name)}, seconds", [each.get(name, 0.0) for each in stages])
        for name in names
    ]
    ours = [
        sum(seconds for name, seconds in each.items() if name not in NOT_OURS) / cold.wall
        for each, cold in zip(stages, colds, strict=True)
    ]
    return [*rows, Row("cold", "share that is ours", ours, Target(0.1))]


def _verify(found: Sequence[Turn]) -> list[Row]:
    """Compare `verify` with the notebook run by hand."""
    sides = {HAND: [turn.hand for turn in found], VERIFY: [turn.verify for turn in found]}
    memory = [turn.verify.memory / turn.hand.memory for turn in found]
    return [
        ratio("judged", (HAND, VERIFY), sides),
        Row("judged", f"{VERIFY} / {HAND}, peak memory", memory, sides=sides),
    ]


def pace() -> dict[str, float]:
    """Time a training, to foresee how long a turn will take."""
    import warnings  # noqa: PLC0415

    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    warnings.simplefilter("ignore")  # of convergence: it stops before
    data = problems.data("shipped")
    network = MLPClassifier((100, 100), activation="tanh", batch_size=32, max_iter=50, random_state=0)
    with timed() as taken:
        network.fit(data.X_train, data.y_train)
    return taken


if __name__ == "__main__":
    program(__doc__ or "", measure, {"search": ours, "pace": pace}, runs=2)
