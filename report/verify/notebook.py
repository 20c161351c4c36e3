"""Notebooks as meaning: cells with their sources and outputs, whatever program saved them.

Identifiers, metadata, counters, indentation, line ends and empty cells say nothing; sources and outputs do.
"""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import msgspec
from msgspec import Struct

from experiments.record import MIME, Record
from report import confined
from report.config import QUESTIONS
from report.confined import Limits, UnjudgedError
from report.errors import CheckError
from report.results import NOTEBOOK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from report.console import Console

OF_A_MACHINE = ("image/png", "image/svg+xml", "application/pdf")
PROBLEM_2 = "2"
RERUN = Limits(seconds=1800, memory=2 * 2**30, file=64 * 2**20)
WARNING = (
    "The submission's notebook runs now: it is somebody's code, and it may do what you may do. It has a"
    " folder of its own, none of your settings, 30 minutes and 2 GiB, but no jail: in doubt, use a container."
)
KEPT = (
    "PATH",
    "LANG",
    "LC_",
    "TZ",
    "TMPDIR",
    "OPENBLAS_",
    "OMP_",
    "MKL_",
    "BLIS_",
    "VECLIB_",
    "NPY_",
    "REPORT_",
)


class Cell(Struct, frozen=True):
    """A cell: its first tag, which is a question, its kind, its source, and its outputs as text by kind."""

    tag: str
    kind: str
    source: str
    outputs: tuple[tuple[str, str], ...] = ()

    @property
    def heading(self) -> str:
        """The first line, which says what the cell is for."""
        return (self.source.splitlines() or [""])[0].lstrip("# ")[:60]

    @property
    def question(self) -> str:
        """The question that the cell is for; all of problem 2 for what is for no single one."""
        return self.tag if self.tag in QUESTIONS else PROBLEM_2


class Notebook(Struct, frozen=True):
    """A notebook: its cells, the record that it leaves if its outputs are there, and what saved it last."""

    cells: tuple[Cell, ...]
    record: Record | None
    saved_by: str


class Difference(Struct, frozen=True):
    """How two notebooks differ: the question, and half a sentence; or only remarks."""

    question: str = ""
    what: str = ""
    remarks: tuple[str, ...] = ()


def plain(content: bytes, name: str) -> Any:
    """Parse a stranger's JSON.

    Raises
    ------
    UnjudgedError
        It is no JSON, nests too deeply, names something twice, or holds what this program would never write.
    """
    try:
        return json.loads(
            content.decode("utf-8-sig"),
            object_pairs_hook=_object,
            parse_constant=_no_number,
            parse_float=_finite,
            parse_int=_small,
        )
    except UnicodeDecodeError:
        raise UnjudgedError(f"{name} is not UTF-8.") from None
    except RecursionError:
        raise UnjudgedError(f"{name} nests lists or objects too deeply.") from None
    except ValueError as error:
        raise UnjudgedError(f"{name} is not JSON: {str(error)[:200]}.") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object names something twice")
    return found


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError("a number is too large")
    return number


def _small(text: str) -> int:
    if len(text) > 20:
        raise ValueError("a number is too large")
    return int(text)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def read(content: bytes, name: str) -> Notebook:
    """Read a notebook as Jupyter does.

    Raises
    ------
    UnjudgedError
        It is none; `name` says which.
    """
    found = plain(content, name)
    cells: list[Cell] = []
    record: Record | None = None
    try:
        for cell in found["cells"]:
            tags = cell.get("metadata", {}).get("tags") or [""]
            outputs = cell.get("outputs") or []
            shown = tuple(shown for output in outputs for shown in _shown(output))
            cells.append(Cell(str(tags[0]), str(cell["cell_type"]), _text(cell["source"]).rstrip(), shown))
            for output in outputs:
                if MIME in output.get("data", {}):
                    record = msgspec.convert(output["data"][MIME], Record)
        metadata = found.get("metadata", {})
        kernel = metadata.get("kernelspec", {}).get("display_name", "")
    except (AttributeError, KeyError, TypeError, IndexError):
        raise UnjudgedError(f"{name} is not a notebook.") from None
    except msgspec.ValidationError as error:
        raise UnjudgedError(f"The record in {name} is not as the notebook writes it: {error}.") from None
    programs = {"colab" in metadata: "Google Colab", "(ipykernel)" in str(kernel): "JupyterLab"}
    return Notebook(tuple(cells), record, programs.get(True, "another program"))


def compare(given: Notebook, expected: Notebook) -> Difference:
    """Compare two notebooks, sources and outputs."""
    sources = compare_sources(given.cells, expected.cells)
    if sources.what:
        return sources
    remarks = list(sources.remarks)
    pairs = list(zip(_full(given.cells), _full(expected.cells), strict=True))
    if not any(cell.outputs for cell in given.cells) and any(cell.outputs for cell in expected.cells):
        remarks.append("its outputs were cleared")
    else:
        for cell, other in pairs:
            if dict(cell.outputs) != dict(other.outputs):
                missing = (
                    "lacks an output" if len(cell.outputs) < len(other.outputs) else "has another output"
                )
                return Difference(other.question, f"the cell \u201c{other.heading}\u201d {missing}")
    return Difference(remarks=(*remarks, f"it was saved again by {given.saved_by}"))


def compare_sources(given: Sequence[Cell], expected: Sequence[Cell]) -> Difference:
    """Compare the sources of two notebooks' cells."""
    ours, theirs = _full(given), _full(expected)
    for cell, other in zip(ours, theirs, strict=False):
        if (cell.kind, cell.source) != (other.kind, other.source):
            return Difference(other.question, f"the cell \u201c{other.heading}\u201d was edited")
    if len(ours) != len(theirs):
        return Difference(PROBLEM_2, f"it has {len(ours)} cells instead of {len(theirs)}")
    more = len(given) - len(expected)
    cells = f"{more} empty cell{'s' if more != 1 else ''} more"
    return Difference(remarks=(f"it has {cells}",) if more > 0 else ())


def run_again(content: bytes, data: Path, folder: Path, console: Console) -> dict[str, Any]:
    """Run a notebook in a child process, in a folder that holds only the data.

    Returns
    -------
    dict
        ``stopped``: why it stopped, empty if it did not; ``cells``: for each code cell its question, its
        heading, and whether the output is the same.

    Raises
    ------
    ReportError
        It could not be run.
    """
    console.warn(WARNING)
    folder.mkdir()
    (folder / NOTEBOOK).write_bytes(content)
    environ = {name: value for name, value in os.environ.items() if name.startswith(KEPT)}
    arguments = [str(folder / NOTEBOOK), str(data.resolve())]
    with console.stage("run the notebook"):
        found: dict[str, Any] = confined.run(
            "report.verify.notebook", arguments, folder, RERUN, console.progress, environ=environ
        )
    return found


def _rerun(arguments: list[str]) -> dict[str, Any]:
    """Run a notebook from top to bottom in a clean kernel, and compare each output with the stored one."""
    import nbformat  # noqa: PLC0415 - only for this
    from joblib import cpu_count  # noqa: PLC0415

    from experiments import dataset  # noqa: PLC0415
    from report import kernel  # noqa: PLC0415

    file, data = map(Path, arguments)
    before = [cell for cell in _full(read(file.read_bytes(), "The notebook").cells) if cell.kind == "code"]
    if not before:
        raise UnjudgedError("The notebook holds no code.")
    try:
        made = nbformat.reads(file.read_text(encoding="utf-8"), as_version=4)
        nbformat.validate(made)
    except Exception as error:
        raise UnjudgedError("Jupyter cannot run this notebook.") from error
    made.cells = [cell for cell in made.cells if cell.cell_type == "code" and cell.source.strip()]
    room = file.parent / "room"
    room.mkdir()
    for found in dataset.load(data, index_column=True).files:
        (room / found.name).write_bytes(found.content)
    ran, stopped = list(made.cells), ""  # where it stops, an anchor is put in
    try:
        kernel.execute(made, room, cpu_count(), confined.tell)
    except CheckError as error:
        stopped = str(error)
    made.cells = ran
    after = read(nbformat.writes(made, version=4).encode(), "The notebook").cells
    return {
        "stopped": stopped,
        "cells": [
            [cell.question, cell.heading, _of_any_machine(cell) == _of_any_machine(again)]
            for cell, again in zip(before, after, strict=True)
        ],
    }


def _of_any_machine(cell: Cell) -> list[Any]:
    """Return the outputs that every machine gives: no pictures, and of the record all but versions."""
    if MIME in dict(cell.outputs):
        return [json.loads(dict(cell.outputs)[MIME]) | {"versions": {}}]
    return [shown for shown in cell.outputs if shown[0] not in OF_A_MACHINE]


def _full(cells: Sequence[Cell]) -> list[Cell]:
    return [cell for cell in cells if cell.source.strip()]


def _shown(output: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what an output shows, by kind, without blanks at its end or within an encoded picture."""
    if output["output_type"] == "stream":
        return [(f"stream {output.get('name')}", _text(output["text"]).rstrip())]
    if output["output_type"] == "error":
        return [("error", str(output.get("evalue")))]
    data = output.get("data", {})
    return [
        (kind, "".join(_text(shown).split()) if kind in OF_A_MACHINE else _text(shown).rstrip())
        for kind, shown in sorted(data.items())
    ]


def _text(value: Any) -> str:
    """Return a text that a notebook may write as one or as a list of lines."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text.replace("\r\n", "\n")


if __name__ == "__main__":
    from experiments import numerics

    numerics.pin()
    confined.answer(_rerun)
