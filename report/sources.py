"""What a build is made from: its files, and the key of each stage, all that its result depends on.

Standard library only: this is asked before anything heavy is imported.
"""

from __future__ import annotations

import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import structs

from experiments import numerics
from experiments.data.files import deciding
from report import freshness
from report.freshness import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from report.config import Config

TEMPLATES = ROOT / "templates"
NOTEBOOK_SOURCE = TEMPLATES / "homework03.py"
LOCK = ROOT / "requirements.txt"
# What decides the last digits: the pins as they are in force, and what they replaced, which the report tells.
PINS = (*numerics.THREADS, *numerics.KERNELS, numerics.KEEP, numerics.RECORD)
DERIVING = ("sympy", "mpmath")
PAGES_ONLY = ("jinja2", "markupsafe", "pypdf")  # no number depends on these


@dataclass(frozen=True)
class Inputs:
    """What an author gives: the configuration, where the data are, and how much to make."""

    config: Config
    data: Path
    quick: bool
    pdf: bool


def files(data: Path | None) -> tuple[Path, ...]:
    """List every file, beside the configuration, whose change makes a build necessary.

    Parameters
    ----------
    data : Path or None
        The folder or the archive with the data, if it is known.
    """
    code = (path for package in ("derivations", "experiments", "report") for path in _code(package))
    return (*code, *_templates(), LOCK, *(deciding(data) if data else ()))


def keys(inputs: Inputs) -> dict[str, freshness.Key]:
    """Give the key of each stage, under ``fits`` that of single networks, under ``build`` that of the whole.

    Parameters
    ----------
    inputs : Inputs
        What the build is made from. The files are read anew at each call.
    """
    stages = freshness.files([ROOT / "report" / "stages.py"])
    seed = freshness.value("the seed", inputs.config.seed)
    packages = freshness.packages(LOCK)
    deriving = {f"{name}'s version" for name in ("Python", *DERIVING)}
    no_number = {f"{name}'s version" for name in (*DERIVING, *PAGES_ONLY)}
    fits = freshness.files(_code("experiments")) | _machine()
    fits |= {name: version for name, version in packages.items() if name not in no_number}
    numeric = (
        fits
        | seed
        | stages
        | {path.name: found for path in deciding(inputs.data) for found in freshness.files([path]).values()}
        | freshness.value("the search space", structs.asdict(inputs.config.search))
    )
    running = [ROOT / "report" / name for name in ("notebook.py", "kernel.py", "leash.py")]
    notebook = freshness.files([NOTEBOOK_SOURCE, *running])
    drawing = freshness.files([*_code("report/figures"), ROOT / "report" / "lettering.py"])
    pages_only = {f"{name}'s version" for name in PAGES_ONLY}
    drawing |= {name: version for name, version in packages.items() if name not in pages_only}
    derive = seed | stages | freshness.files(_code("derivations"))
    derive |= {name: version for name, version in packages.items() if name in deriving}
    whole = (
        derive
        | numeric
        | packages
        | freshness.files([*_code("report"), *_templates()])
        | {"report.toml": freshness.digest(inputs.config.source)}
        | freshness.value("further data files", _others(inputs.data))
        | freshness.value("--quick", inputs.quick)
        | freshness.value("--no-pdf", not inputs.pdf)
        | _programs()
    )
    return {
        "derive": derive,
        "measure": numeric | notebook,
        "fits": fits,
        "search": numeric,
        "study": numeric,
        "draw": derive | numeric | notebook | drawing,
        "build": whole,
    }


def _code(package: str) -> Iterator[Path]:
    return (path for kind in ("*.py", "*.c") for path in (ROOT / package).rglob(kind))


def _templates() -> list[Path]:
    """List the templates, without what an editor leaves beside them."""
    return [path for kind in ("*.tex", "*.py") for path in TEMPLATES.glob(kind) if path.name[0] != "."]


def _others(place: Path) -> list[str]:
    """List all names in the data's folder: results.json tells of further files."""
    try:
        return sorted(path.name for path in place.iterdir() if path.name[0] != ".")
    except OSError:
        return []


def _machine() -> freshness.Key:
    """Give what the numbers may depend on beside the programs; the report names the processor."""
    pins = {f"${name}": os.environ.get(name, "") for name in PINS}
    return {"the processor": numerics.cpu_name(), "the C library": " ".join(platform.libc_ver()), **pins}


def _programs() -> freshness.Key:
    """Give what tells one TeX from another without starting it."""
    key = {}
    for program in ("latexmk", "pdflatex"):
        path = shutil.which(program)
        key[program] = (
            " ".join((str(Path(path).resolve()), *freshness.system_files([path]).values())) if path else ""
        )
    return key
