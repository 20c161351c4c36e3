"""The submission's own notebook run again, in a process of its own, in a folder that holds only the data.

Run by `report.verify.confined.run`. What runs here is somebody's code.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import nbformat
from joblib import cpu_count
from msgspec import structs

from experiments import dataset, numerics
from report import kernel
from report.errors import CheckError
from report.notebook import heading, record
from report.verify import confined
from report.verify.errors import UnjudgedError

TEXTS = ("text/plain", "text/html", "text/latex", "text/markdown")


def rerun(notebook: Path, data_path: Path) -> dict[str, Any]:
    """Run a notebook from top to bottom in a clean kernel, and compare each output with the stored one.

    Parameters
    ----------
    notebook : Path
        Its folder is where it runs.
    data_path : Path
        The data: the four files are put beside it.

    Returns
    -------
    dict
        ``stopped``: why it stopped, empty if it did not; ``cells``: for each code cell its first tag, its
        first line, and whether its output is the same.
    """
    try:
        made = nbformat.reads(notebook.read_text(encoding="utf-8"), as_version=4)
        nbformat.validate(made)
    except Exception as error:
        raise UnjudgedError("The notebook in the PDF is none that Jupyter can read.") from error
    made.cells = [cell for cell in made.cells if cell.cell_type == "code" and cell.source.strip()]
    if not made.cells:
        raise UnjudgedError("The notebook in the PDF holds no code.")
    stored = [_texts(cell) for cell in made.cells]
    room = notebook.parent / "room"
    room.mkdir()
    for file in dataset.load(data_path, index_column=True).files:
        (room / file.name).write_bytes(file.content)
    stopped = ""
    cells = list(made.cells)  # where it stops, an anchor is put in
    try:
        kernel.execute(made, room, cpu_count(), confined.tell)
    except CheckError as error:
        stopped = str(error)
    return {
        "stopped": stopped,
        "cells": [
            [(cell.metadata.get("tags") or [""])[0], heading(cell), _texts(cell) == before]
            for cell, before in zip(cells, stored, strict=True)
        ],
    }


def _texts(cell: Any) -> list[str]:
    """Give all text that a cell's outputs hold, without pictures and versions, which are the machine's."""
    if "record" in cell.metadata.get("tags", ()):
        with contextlib.suppress(CheckError):  # it printed none: then what it printed instead is compared
            printed = record(nbformat.from_dict({"cells": [cell]}))
            return [str(structs.replace(printed, versions={}))]
    found = []
    for output in cell.outputs:
        data = output.get("data", {})
        found += [str(output.get("text", "")), *(str(data[kind]) for kind in TEXTS if kind in data)]
    return found


if __name__ == "__main__":
    numerics.pin()
    confined.answer(lambda arguments: rerun(Path(arguments[0]), Path(arguments[1])))
