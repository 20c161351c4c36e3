"""Where each table and figure comes from: question, stored values, cells of the notebook, code, data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

MEASURED = "all four files"
RANDOM = "none; seeded"


@dataclass(frozen=True)
class Origin:
    """What made a table or a figure.

    Attributes
    ----------
    label : str
        Its label in the templates; what kind of thing it is stands before the colon.
    question : str
        As it is printed.
    stored : str
        Where its numbers are stored: a file inside the PDF or beside it, and the keys there.
    cells : tuple of str
        Tags of the notebook's cells that made them; none for what is made beside the notebook.
    code : tuple of str
        Functions of this program, the one that draws or prints last.
    data : str
        What was measured.
    """

    label: str
    question: str
    stored: str
    cells: tuple[str, ...]
    code: tuple[str, ...]
    data: str


ORIGINS = (
    Origin(
        "box:summary",
        "2(a), 2(b)",
        "results.json: values, 2a.*, 2b.*",
        ("record",),
        ("experiments.problem2.values", "report.pages.problem2"),
        MEASURED,
    ),
    Origin(
        "table:1f",
        "1(f)",
        "results.json: formulas, 1f.table.*",
        (),
        ("derivations.contributions.measure", "derivations.vanishing.table"),
        RANDOM,
    ),
    Origin(
        "figure:1f",
        "1(f)",
        "figures/1f.pdf",
        (),
        ("derivations.contributions.measure", "report.figures.contributions"),
        RANDOM,
    ),
    Origin("table:space", "2(b)", "report.toml: search", ("grid",), ("experiments.problem2.space",), "none"),
    Origin(
        "table:models",
        "2(a), 2(b)",
        "results.json: values, 2a.*, 2b.*",
        ("default", "choose", "best"),
        ("experiments.problem2.values",),
        MEASURED,
    ),
    Origin(
        "table:tied",
        "2(b)",
        "search.csv: dev_correct",
        ("each-architecture", "choose"),
        ("experiments.problem2.ranking",),
        MEASURED,
    ),
    Origin(
        "figure:marginals",
        "2(b)",
        "search.csv: all columns",
        ("each-architecture",),
        ("experiments.problem2.search_rows", "report.figures.marginals"),
        MEASURED,
    ),
    Origin(
        "figure:learning",
        "2(a), 2(b)",
        "figures/learning.pdf",
        (),
        ("experiments.uncertainty.learning", "report.figures.learning"),
        MEASURED,
    ),
    Origin(
        "figure:errors",
        "2(b)",
        "figures/errors.pdf",
        (),
        ("experiments.search.run", "report.figures.errors"),
        "devX-3d.csv, devY-3d.csv",
    ),
    Origin(
        "table:trust",
        "2(a), 2(b)",
        "results.json: seeds",
        (),
        ("experiments.statistics.wilson", "experiments.uncertainty.assess"),
        MEASURED,
    ),
    Origin(
        "figure:gain",
        "2(a), 2(b)",
        "results.json: seeds",
        (),
        ("experiments.uncertainty.assess", "report.figures.gain"),
        MEASURED,
    ),
    Origin("table:ledger", "1(a) to 1(f)", "ledger.json: checks", (), ("derivations.checks.run",), RANDOM),
    Origin(
        "table:kernels",
        "2(a), 2(b)",
        "results.json: certificate",
        (),
        ("experiments.robustness.certify",),
        MEASURED,
    ),
)


def rows(code_tags: Sequence[Sequence[str]], absent: Sequence[str]) -> list[dict[str, Any]]:
    """Give the rows of the appendix, as plain text.

    Parameters
    ----------
    code_tags : sequence of sequences of str
        The tags of the notebook's code cells, which are counted from 1.
    absent : sequence of str
        Labels of what this report does not have.
    """
    return [
        {
            "label": origin.label,
            "kind": origin.label.partition(":")[0],
            "question": origin.question,
            "stored": origin.stored,
            "cells": numbered([i for i, tags in enumerate(code_tags, 1) if {*tags} & {*origin.cells}]),
            "code": origin.code,
            "data": origin.data,
        }
        for origin in ORIGINS
        if origin.label not in absent
    ]


def numbered(cells: Sequence[int]) -> str:
    """Write down numbers of cells, stretches of them as 5–9; a dash if there are none."""
    stretches: list[list[int]] = []
    for cell in cells:
        if stretches and stretches[-1][-1] == cell - 1:
            stretches[-1].append(cell)
        else:
            stretches.append([cell])
    shown = [f"{found[0]}" if len(found) == 1 else f"{found[0]}–{found[-1]}" for found in stretches]
    return ", ".join(shown) or "–"
