"""The evidence that the PDF carries: which files are attached inside it, and what results.json says."""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from report import freshness
from report.config import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from experiments.dataset import Dataset
    from experiments.record import Value
    from report.stages import Derived

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK, LEDGER, CONFIG, RESULTS = "homework03.ipynb", "ledger.json", "report.toml", "results.json"
VERIFY = ROOT / "report" / "verify"  # changes no page
ATTACHED = (NOTEBOOK, LEDGER, CONFIG, RESULTS)
STUDIED = ("seeds", "selection", "certificate")  # printed beside the numbers that were asked for
# Whose code and whose versions can change what the pages show.
CODE = ("derivations", "experiments", "report", "templates")
PACKAGES = ("numpy", "scipy", "scikit-learn", "sympy", "mpmath", "matplotlib")


def results(
    values: Mapping[str, Value],
    derived: Derived,
    data: Dataset,
    studied: Mapping[str, Any],
    seed: int,
    *,
    quick: bool,
) -> dict[str, Any]:
    """Give the content of results.json.

    Parameters
    ----------
    values : mapping
        The reported values of problem 2 by key.
    derived : Derived
        Problem 1.
    data : Dataset
        The data.
    studied : mapping
        What was computed beside the notebook: ``environment``, and all of `STUDIED`.
    seed : int
        The seed of every network.
    quick : bool
        Whether only a small part of the search was run.
    """
    return {
        "schema": 1,
        "values": {key: to_builtins(value) for key, value in values.items()},
        "formulas": formulas(derived),
        "data": {
            "stand_in": data.stand_in,
            "files": {f.name: {"sha256": f.sha256, "rows": f.rows, "columns": f.columns} for f in data.files},
            "others": list(data.others),
        },
        "environment": studied["environment"],
        "studied": {name: studied[name] for name in STUDIED},
        "seed": seed,
        "quick": quick,
        "made_with": made_with(),
    }


def formulas(derived: Derived) -> dict[str, dict[str, str]]:
    """Give what problem 1 prints, by key: its formulas in LaTeX, the cells of its table, its numbers."""
    table = {
        f"1f.table.{row}.{column}": latex
        for row, cells in enumerate(derived.table_1f, start=1)
        for column, latex in enumerate(cells, start=1)
    }
    printed = {**derived.formulas, **table, **derived.facts}
    return {key: {"question": _question(key), "latex": latex} for key, latex in printed.items()}


def made_with() -> dict[str, dict[str, str]]:
    """Give what made the submission: a digest of each part of this program's code, and versions."""
    found = freshness.installed()
    versions = {name: found[name] for name in PACKAGES}
    return {
        "code": {part: _digest(ROOT / part) for part in CODE},
        "versions": {"python": platform.python_version(), **versions},
    }


def _digest(folder: Path) -> str:
    """Give one sha256 for all sources in a folder: their paths and contents."""
    found = hashlib.sha256()
    sources = (path for path in folder.rglob("*") if path.suffix in (".py", ".tex"))
    for path in sorted(path for path in sources if VERIFY not in path.parents):
        content = path.read_bytes()
        found.update(f"{path.relative_to(folder)} {len(content)}\n".encode() + content)
    return found.hexdigest()


def _question(key: str) -> str:
    """Give the question that a key belongs to; ``1`` for a symbol that all of problem 1 uses."""
    head = key.partition(".")[0]
    return head if head in QUESTIONS else "1"
