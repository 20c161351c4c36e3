"""The notebook's cells as this program writes them, to compare a submission's with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from report import notebook
from report.verify.attached import Cell

if TYPE_CHECKING:
    from experiments.problem2 import Space
    from report.config import Config


def written(config: Config, space: Space, *, stand_in: bool) -> tuple[Cell, ...]:
    """Give the cells of the notebook that this program writes for a configuration."""
    ours = notebook.build(config.seed, space.layers, space.grid, space.default, stand_in=stand_in)
    return tuple(Cell(cell.metadata["tags"][0], cell.cell_type, cell.source) for cell in ours.cells)
