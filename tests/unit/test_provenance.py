"""Where tables and figures come from: every one is told, with cells and code that are there."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from report import evidence, notebook, provenance

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
GRID = {"activation": ["relu"], "batch_size": [16], "learning_rate_init": [0.01], "solver": ["adam"]}
MADE = notebook.build(0, [(8,), (6, 4), (100, 100)], GRID, None, stand_in=False)


def labels() -> set[str]:
    """Give the labels of all tables, figures and boxes in the templates."""
    sources = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.glob("*.tex"))
    return set(re.findall(r"\\label\{((?:table|figure|box):\w+)\}", sources))


def test_every_table_and_figure_has_its_row() -> None:
    """What has a label in the templates has a row in the appendix, and the other way round."""
    assert labels() == {origin.label for origin in provenance.ORIGINS}


def test_every_caption_leads_to_its_row() -> None:
    """Beside each caption stands the mark that leads to the row of the very label that follows it."""
    sources = "".join(path.read_text(encoding="utf-8") for path in TEMPLATES.glob("[12lep]*.tex"))

    captions = re.findall(r"\\provenance\{([^}]*)\}|\\label\{((?:table|figure):\w+)\}", sources)
    marks = [mark for mark, _ in captions if mark]
    assert marks == [label for _, label in captions if label]
    assert len(marks) > 10
    assert r"\sourcemark{box:summary}" in sources or r"\sourcemark{box:summary}" in (
        TEMPLATES / "summary.tex"
    ).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted({name for origin in provenance.ORIGINS for name in origin.code}))
def test_the_code_that_is_named_is_there(name: str) -> None:
    """Each name is that of a function, as one would import it."""
    module, _, function = name.rpartition(".")

    assert callable(getattr(importlib.import_module(module), function))


@pytest.mark.parametrize("origin", provenance.ORIGINS, ids=lambda origin: origin.label)
def test_the_file_that_is_named_is_there(origin: provenance.Origin) -> None:
    """Numbers are stored in a file of the build; what is said to be attached is."""
    file = origin.stored.partition(":")[0]

    assert file in {*evidence.ATTACHED, "search.csv"} or re.fullmatch(r"figures/\w+\.pdf", file)


def test_cells_are_numbered_as_the_notebook_runs_them() -> None:
    """A row names the cells that made it by their place among the code cells."""
    sources = [cell.source.partition("\n")[0] for cell in MADE.cells if cell.cell_type == "code"]
    rows = {row["label"]: row["cells"] for row in provenance.rows(notebook.code_tags(MADE), [])}

    first, last = (int(number) for number in rows["figure:marginals"].split("–"))
    assert [source.partition("layers ")[2] for source in sources[first - 1 : last]] == [
        *("(8,)", "(6, 4)", "(100, 100), relu"),
    ]
    assert sources[int(rows["table:space"]) - 1] == "# Question 2(b): the values to try"
    default, choose, best = (int(number) for number in rows["table:models"].split(", "))
    assert sources[default - 1] == "# Question 2(a): the default network"
    assert sources[choose - 1] == "# Question 2(b): choose the best setting"
    assert sources[best - 1] == "# Question 2(b): train the best network again, by itself"
    assert rows["figure:1f"] == "–"


def test_what_a_report_lacks_has_no_row() -> None:
    """Without three features there is no figure of the errors, and no row for it."""
    rows = provenance.rows(notebook.code_tags(MADE), ["figure:errors"])

    assert "figure:errors" not in {row["label"] for row in rows}
    assert len(rows) == len(provenance.ORIGINS) - 1


def test_stretches_of_cells_are_joined() -> None:
    """Neighbouring numbers are a stretch, single ones stand alone, none is a dash."""
    assert [provenance.numbered(cells) for cells in ([], [4], [7, 8, 9], [1, 3, 4])] == [
        *("–", "4", "7–9", "1, 3–4"),
    ]
