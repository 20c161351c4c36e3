"""A build after a change: nothing, a word in a template, a cell of the data; against make and Snakemake.

    python -m benchmarks.rebuild [--runs N] [--quick] [--json FILE]

The peers' job is the same notebook, executed by `jupyter nbconvert --execute`, and the same .tex, compiled by
latexmk. It is less than ours: nothing is derived or trained a second time, no page filled, nothing checked.
The search has three settings, since training would hide the rest.
"""

from __future__ import annotations

import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import project
from benchmarks.measurement import Found, Row, Target, program, ratio, say
from benchmarks.processes import RunError, Sample, run

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable

NOTHING, WORD, CELL = "nothing changed", "one word in a template", "one data cell"
WORDS = (" the ", " some ")  # in turn, in the first place of 1(a) that has one
OURS, MAKE, SNAKEMAKE, BARE = "ours", "make", "Snakemake", "latexmk alone"
PYTHON = "Python, which does nothing"


def measure(options: argparse.Namespace) -> Found:
    """Build once everywhere, then change and build again, turn by turn."""
    project.need("jupyter", "snakemake")
    with tempfile.TemporaryDirectory(prefix="rebuild-") as folder:
        return _measured(Path(folder), options.runs)


def _measured(room: Path, runs: int) -> Found:
    house = project.copied(room / "house")
    out = room / "out"
    project.shrink(house)
    build = partial(project.ours, house, "--out", out)
    build()
    places = {name: project.job(room / name, house, out) for name in (MAKE, SNAKEMAKE)}
    ways: dict[str, Callable[[], Sample]] = {
        OURS: build,
        MAKE: lambda: run(["make", "-s"], places[MAKE], environ=project.path()),
        SNAKEMAKE: lambda: run(
            ["snakemake", "--cores", "all", "--quiet", "all"], places[SNAKEMAKE], environ=project.path()
        ),
    }
    for peer, place in places.items():
        project.executed(place, out)
        ways[peer]()
    taken: dict[str, dict[str, list[Sample]]] = {NOTHING: {}, WORD: {}, CELL: {}}
    for number in range(runs):
        for change, sides in taken.items():
            _change(change, number, house, places.values())
            extra: dict[str, dict[str, Callable[[], Sample]]] = {
                NOTHING: {PYTHON: lambda: run([sys.executable, "-c", ""], room)},
                WORD: {BARE: partial(_bare, room / f"bare{number}", out)},
                CELL: {},
            }
            for name, way in {**ways, **extra[change]}.items():
                sides.setdefault(name, []).append(way())
                say(f"{change}, {name}: {sides[name][-1].wall:.2f} s")
    return Found(_rows(taken))


def _rows(taken: dict[str, dict[str, list[Sample]]]) -> list[Row]:
    idle = taken[NOTHING]
    walls = [sample.wall for sample in idle[OURS]]
    rows = [Row(NOTHING, "ours, seconds", walls, Target(0.3), idle)]
    start = min(sample.wall for sample in idle[PYTHON])
    unequal = (
        "make compares the times of eleven files; ours compares the contents of all files, the packages, the"
        f" TeX and the processor, and starts Python twice, which alone takes {start:.3f} s each time. Tried:"
        " a first Python that loads nothing but os and sys, versions read from the names of folders, no"
        " package imported; a Python that does nothing is slower than make. Not tried: to trust files' times"
    )
    notes = {(NOTHING, MAKE): unequal}
    for change, sides in taken.items():
        for peer in (MAKE, SNAKEMAKE):
            target = Target(1, at_least=True) if change == NOTHING else None
            note = notes.get((change, peer), "")
            rows.append(ratio(change, (peer, OURS), sides, target=target, note=note))
    note = (
        "TeX's notes from the last time spare a pass; beside TeX, ours loads its packages, fills the pages,"
        " and reads PDF and zip back to check them. A new paragraph, which is one more element of the"
        " document's structure, takes the second pass"
    )
    rows.append(ratio(WORD, (OURS, BARE), taken[WORD], target=Target(1.2), note=note))
    return rows


def _bare(place: Path, out: Path) -> Sample:
    """Compile the very .tex that our build has just compiled, in a folder without by-products."""
    place.mkdir()
    project.sources(place, out)
    return run(project.LATEXMK, place)


def _change(what: str, number: int, house: Path, places: Iterable[Path]) -> None:
    """Make the same change in our copy of the project and in the peers' folders."""
    if what == WORD:
        for file in (house / "templates" / "1a.tex", *(place / "parts" / "1a.tex" for place in places)):
            _change_word(file, number)
    if what == CELL:
        for place in (house / "data", *places):
            _change_cell(place / "devX-3d.csv")


def _change_word(file: Path, number: int) -> None:
    old, new = (WORDS[index % len(WORDS)] for index in (number, number + 1))
    text = file.read_text(encoding="utf-8")
    if old not in text:
        raise RunError(f"{file} does not hold {old!r}.")
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def _change_cell(file: Path) -> None:
    """Make the first number of the last row larger by a little."""
    rows = file.read_text(encoding="utf-8").splitlines()
    first, comma, rest = rows[-1].partition(",")
    rows[-1] = f"{float(first) + 0.001:.6f}{comma}{rest}"
    file.write_text("\n".join(rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    program(__doc__ or "", measure, runs=2)
