"""The notebook: made from its readable source, and read back as a record when it has been executed."""

from __future__ import annotations

import json
import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import msgspec
import nbformat
from msgspec import structs

from experiments import numerics
from experiments.record import MIME, Record, Setting, Space
from report import ROOT
from report.errors import CheckError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Notebook = Any  # nbformat.NotebookNode, a library without types
Layers = tuple[int, ...]

SOURCE = ROOT / "templates" / "homework03.py"
# A comment in a code cell stays one, though it may look like a command: `# copy the data`, `# !ls`.
FORMAT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
STAND_IN_NOTICE = (
    "**Stand-in data.** The course's files are not public. Until I have them, I use a stand-in made from "
    "scikit-learn's handwritten digits: the height of the ink's centre, its vertical variance and asymmetry; "
    "label 1 for a prime digit, -1 for any other."
)
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
SLOW_CELL = 5000  # weights between hidden layers, from which on an architecture gets several cells


def build(seed: int, space: Space, samples: int, *, stand_in: bool) -> Notebook:
    """Make the notebook, not yet executed: a cell for each architecture, batches clipped to the samples."""
    import jupytext  # noqa: PLC0415 - with half of Jupyter's server

    default = Setting().clipped(samples)
    space = space.clipped(samples)
    extra = None if space.holds(default) else Space(*((value,) for value in structs.astuple(default))).grid

    notebook = jupytext.read(SOURCE, fmt=FORMAT)
    notebook.metadata = nbformat.from_dict(METADATA)
    cells = []
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if not tags:
            raise CheckError(
                f"templates/{SOURCE.name}: the cell “{heading(cell)}” has no tag.",
                'Its first tag is the question that it answers: # %% tags=["2a"]',
            )
        if "parameters" in tags:
            cell.source = _assign(cell.source, "SEED", repr(seed))
        if "pins" in tags:
            cell.source = _assign(cell.source, "one_thread", _literal(numerics.THREADS))
            cell.source = _assign(cell.source, "same_kernels", _literal(numerics.KERNELS))
            cell.source = _assign(cell.source, "tested", f"{numerics.SAFE_OPENBLAS}  # N, OpenBLAS 0.3.N")
        if "grid" in tags:
            cell.source = _assign(cell.source, "GRID", _literal(space.grid))
        if "each-architecture" in tags:
            cells += _search_cells(cell, space.hidden_layer_sizes, space.grid, extra)
        else:
            cells.append(cell)
        if "title" in tags and stand_in:
            cells.append(nbformat.v4.new_markdown_cell(STAND_IN_NOTICE, metadata={"tags": ["title"]}))
    notebook.cells = cells
    seen: Counter[str] = Counter()
    for cell in cells:
        question = cell.metadata["tags"][0]
        seen[question] += 1
        cell["id"] = f"{question}-{seen[question]}"
    return notebook


def record(notebook: Notebook) -> Record:
    """Return the record that the notebook's last cell displayed beside a line of text."""
    recorded = [out.data[MIME] for out in notebook.cells[-1].outputs if MIME in out.get("data", {})]
    try:
        return msgspec.convert(recorded[-1] if recorded else None, Record)
    except msgspec.ValidationError as error:
        raise CheckError(
            f"templates/{SOURCE.name}: the last cell must display the record, as {MIME}: {error}."
        ) from error


def dump(notebook: Notebook) -> bytes:
    """Return the notebook as the bytes of its file."""
    text: str = nbformat.writes(notebook, version=4)
    return (text + "\n").encode()


def heading(cell: Notebook) -> str:
    """Return the first-line comment of a code cell: the question that it answers, and how."""
    return str(cell.source).partition("\n")[0].lstrip("# ")


def _assign(source: str, name: str, literal: str) -> str:
    """Replace the value that `name` is given at the top level of `source`, over however many lines."""
    pattern = re.compile(rf"^{name} = (?:\{{.*?^\}}|[^\n]*)", re.MULTILINE | re.DOTALL)
    if len(pattern.findall(source)) != 1:
        raise CheckError(
            f"templates/{SOURCE.name}: the cell that sets {name} must do so once, at the start of a line."
        )
    return pattern.sub(lambda _: f"{name} = {literal}", source)


def _literal(values: Mapping[str, Any]) -> str:
    """Write a dict the way the notebook's source does."""
    return "{\n" + "".join(f'    "{name}": {json.dumps(value)},\n' for name, value in values.items()) + "}"


def _search_cells(
    cell: Notebook,
    layers: Sequence[Layers],
    grid: Mapping[str, Sequence[Any]],
    default: Mapping[str, Sequence[Any]] | None,
) -> list[Notebook]:
    """Return sentence and search cell for each architecture, and first for a default outside the grid.

    An architecture with many weights gets a cell for each activation, so that no cell takes half a minute.
    """
    calls = []
    for each in layers:
        if sum(fan_in * fan_out for fan_in, fan_out in pairwise(each)) < SLOW_CELL:
            calls.append((str(each), f"search({each})"))
            continue
        for activation in grid["activation"]:  # in the grid's own order: it walks activations first
            call = f'search({each}, {{**GRID, "activation": ["{activation}"]}})'
            calls.append((f"{each}, {activation}", call))
    if default is not None:
        calls.insert(0, ("(100,), the default setting", f"search((100,), {_literal(default)})"))
    made = []
    for title, call in calls:
        source = cell.source.replace("search((100,))", call).replace("layers (100,)", f"layers {title}")
        sentence = f"Networks with hidden layers {title}."
        made.append(nbformat.v4.new_markdown_cell(sentence, metadata={"tags": [cell.metadata["tags"][0]]}))
        made.append(nbformat.v4.new_code_cell(source, metadata=cell.metadata))
    return made
