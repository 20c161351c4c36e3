"""What a build is made from, and the key of each stage: all its result depends on. Standard library only."""

from __future__ import annotations

import os
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from report import freshness

if TYPE_CHECKING:
    from report.config import Config

TEMPLATES = freshness.ROOT / "templates"
PINS = ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "NPY_DISABLE_CPU_FEATURES", "REPORT_KEEP_ENV")


@dataclass(frozen=True)
class Inputs:
    """What an author gives: the configuration, where the data are, and how much to make."""

    config: Config
    data: Path
    quick: bool
    pdf: bool


def keys(inputs: Inputs) -> dict[str, freshness.Key]:
    """Give the key of each stage, and under ``build`` that of the whole.

    Parameters
    ----------
    inputs : Inputs
        What the build is made from.
    """
    config = inputs.config
    seed = freshness.value("the seed", config.seed)
    data = _data(inputs.data)
    search = freshness.value("the search space", asdict(config.search))
    pins = {f"${name}": os.environ.get(name, "") for name in PINS}
    numeric = freshness.versions("numpy", "scipy", "scikit-learn", "pandas", "matplotlib", "ipykernel") | pins
    experiment = seed | data | search | numeric
    notebook = freshness.files([TEMPLATES / "homework03.py", freshness.ROOT / "report" / "notebook.py"])
    derive = seed | freshness.code("derivations") | freshness.versions("sympy", "mpmath")
    measure = experiment | notebook | freshness.files([freshness.ROOT / "experiments" / "problem2.py"])
    study = experiment | freshness.code("experiments")
    whole = derive | measure | study | freshness.code("report") | freshness.files(TEMPLATES.iterdir())
    whole |= freshness.value("report.toml", asdict(config)) | freshness.versions(
        "jinja2", "pypdf", "jupytext"
    )
    whole |= freshness.value("--quick", inputs.quick) | freshness.value("--no-pdf", not inputs.pdf) | _tex()
    return {"derive": derive, "measure": measure, "study": study, "build": whole}


def _data(place: Path) -> freshness.Key:
    """Give the hash of the archive, or of each of the files in the folder, by name."""
    archive = place / "data.tgz" if place.is_dir() else place
    found = [archive] if archive.is_file() else sorted(place.glob("*-3d.csv"))
    return {path.name: digest for path in found for digest in freshness.files([path]).values()}


def _tex() -> freshness.Key:
    """Give what tells one TeX from another without starting it: the programs' places and sizes."""
    key = {}
    for program in ("latexmk", "pdflatex"):
        path = shutil.which(program)
        key[program] = f"{Path(path).resolve()} {Path(path).stat().st_size}" if path else "missing"
    return key
