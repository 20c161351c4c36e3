"""The notebook's cells as this program writes them, to compare a submission's with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from report.verify.attached import Cell

if TYPE_CHECKING:
    from report.notebook import Notebook


def written(notebook: Notebook) -> tuple[Cell, ...]:
    """Give the cells of a notebook that this program has written."""
    return tuple(Cell(cell.metadata["tags"][0], cell.cell_type, cell.source) for cell in notebook.cells)
