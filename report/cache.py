"""What each stage's result depends on, stated once; and results, kept while none of that has changed.

Standard library and msgspec only: this is asked before anything heavy is imported.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
import sys
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from experiments import numerics
from experiments.data.files import deciding
from report import ROOT
from report.bundle import sha256, write
from report.console import few

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from report.config import Config
    from report.console import Console

T = TypeVar("T")
Key = dict[str, str]  # what a result depends on, in plain words -> its hash, version or value

TEMPLATES = ROOT / "templates"
LOCK = ROOT / "requirements.txt"
FOLDER = ".kept"
PARTS = ("derivations", "experiments", "report")
# What decides the last digits: the pins in force, and what they replaced, which the report states.
PINS = (*numerics.THREADS, *numerics.KERNELS, numerics.KEEP, numerics.RECORD)

_IMPORT = re.compile(r"^(?:from ([\w.]+) import (\([^)]*\)|.*)|import ([\w.]+))", re.MULTILINE)
_TYPES_ONLY = re.compile(r"^if TYPE_CHECKING:\n(?:[ \t].*\n|\n)*", re.MULTILINE)
_LOCKED = re.compile(r"^([A-Za-z0-9][\w.-]*)==", re.MULTILINE)
_INSTALLED = re.compile(r"(.+)-([^-]+)\.dist-info")


@dataclass(frozen=True)
class Stage:
    """What the result of a stage depends on."""

    # Where its code begins: what these import at their top level belongs to it, not what functions import.
    modules: tuple[str, ...]
    inputs: tuple[str, ...] = ()  # names of `Snapshot.given`
    packages: tuple[str, ...] | None = None  # whose versions matter; None for all of the lock file
    after: tuple[str, ...] = ()  # stages whose results it takes
    templates: str = "-"  # the files of the folder with templates that it reads, as a pattern


NUMERIC = ("numpy", "scipy", "scikit-learn", "joblib", "threadpoolctl")
RUNNING = ("ipykernel", "ipython", "jupytext", "matplotlib", "nbclient", "nbformat", "pandas")
DRAWING = ("contourpy", "fonttools", "matplotlib", "numpy", "pillow")
NUMBERS = ("seed", "data", "space", "machine")
STAGES = {
    "derive": Stage(("derivations.problem1",), ("seed",), ("sympy", "mpmath")),
    "measure": Stage(
        ("report.notebook", "report.kernel"), NUMBERS, NUMERIC + RUNNING, templates="homework03.py"
    ),
    "fits": Stage(("experiments.search",), ("machine",), NUMERIC),  # single networks
    "search": Stage(("experiments.dataset", "experiments.robustness"), NUMBERS, NUMERIC),
    "study": Stage(("experiments.uncertainty",), packages=NUMERIC, after=("search",)),
    "draw": Stage(("report.figures",), packages=DRAWING, after=("derive", "measure", "study")),
    "build": Stage(("report.pipeline", "report.stages"), ("all",), after=("draw",), templates="*.tex"),
}


@dataclass(frozen=True)
class Inputs:
    """What an author gives: the configuration, where the data are, and how much to make."""

    config: Config
    data: Path
    quick: bool
    pdf: bool


class Snapshot:
    """All that a build depends on, as it is at one moment; every file is read once."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self._read = cache(_content)
        self.digest = cache(lambda path: sha256(self._read(path)) if self._read(path) else "unreadable")
        self.key = cache(self._key)
        self.code = cache(self._code)
        self._imported = cache(self._imports)

    def _key(self, name: str) -> Key:
        """Return the key of a stage: it changes when the stage's result may."""
        stage = STAGES[name]
        wanted = self._locked if stage.packages is None else stage.packages
        versions = {f"{package}'s version": self.installed.get(package, "none") for package in wanted}
        key = {"Python's version": platform.python_version(), **versions}
        for earlier in stage.after:
            key |= self.key(earlier)
        key |= {"report/stages.py": self.digest(ROOT / "report" / "stages.py"), **self._files(name)}
        for part in stage.inputs:
            key |= self.given[part]
        return key

    @cached_property
    def given(self) -> dict[str, Key]:
        """What a stage may depend on beside code and versions."""
        inputs, config = self.inputs, self.inputs.config
        return {
            "seed": {"the seed": str(config.seed)},
            "data": {
                str(path.relative_to(inputs.data)) if path != inputs.data else path.name: self.digest(path)
                for path in deciding(inputs.data)
            },
            "space": {"the search space": msgspec.json.encode(config.search).decode()},
            # What numbers may depend on beside the programs; the report names the processor.
            "machine": {
                "the processor": numerics.cpu_name(),
                "the C library": " ".join(platform.libc_ver()),
                **{f"${name}": os.environ.get(name, "") for name in PINS},
            },
            "all": {
                "report.toml": sha256(config.source),
                "--quick": str(inputs.quick),
                "--no-pdf": str(not inputs.pdf),
                "further data files": json.dumps(sorted(path.name for path in inputs.data.glob("[!.]*"))),
                **_programs(),
            },
        }

    def keys(self) -> dict[str, Key]:
        """Return the key of every stage."""
        return {name: self.key(name) for name in STAGES}

    def _code(self, name: str) -> list[Path]:
        """Return the files of a stage's own code: its modules, all they import, and its templates."""
        stage = STAGES[name]
        found: set[Path] = set()
        waiting = [path for module in stage.modules for path in _sources(module)]
        while waiting:
            path = waiting.pop()
            if path not in found:
                found.add(path)
                waiting += self._imported(path)
        native = {source for folder in {path.parent for path in found} for source in folder.glob("*.[ch]")}
        templates = [path for path in TEMPLATES.glob(stage.templates) if path.name[0] != "."]
        return sorted([*found, *native, *templates])

    def _files(self, name: str) -> Key:
        return {str(path.relative_to(ROOT)): self.digest(path) for path in self.code(name)}

    def code_digests(self) -> dict[str, str]:
        """Return one digest of each stage's own code: what distinguishes two copies of the program."""
        return {name: sha256(json.dumps(self._files(name)).encode()) for name in STAGES}

    @cached_property
    def installed(self) -> dict[str, str]:
        """The version of each installed package; `importlib.metadata` would take a tenth of a second."""
        found: dict[str, str] = {}
        for folder in reversed(sys.path):  # Python takes the first that it meets
            with contextlib.suppress(OSError):
                names = os.listdir(folder or ".")  # noqa: PTH208 - a tenth of the time of Path.iterdir
                folders = filter(None, map(_INSTALLED.fullmatch, names))
                found |= {_normal(match[1]): match[2] for match in folders}
        return found

    @cached_property
    def _locked(self) -> tuple[str, ...]:
        names = _LOCKED.findall(self._read(LOCK).decode())
        return tuple(name for name in map(_normal, names) if name in self.installed)

    def _imports(self, path: Path) -> tuple[Path, ...]:
        text = _TYPES_ONLY.sub("", self._read(path).decode(errors="replace"))
        found: list[Path] = []
        for origin, names, plain in _IMPORT.findall(text):
            module = origin or plain
            if module.partition(".")[0] in PARTS:
                found += _sources(module)
                for name in re.findall(r"\w+", names):
                    found += _sources(f"{module}.{name}")
        return tuple(found)


@dataclass(frozen=True)
class Cache:
    """The kept results of one build's stages, one JSON file each."""

    folder: Path
    inputs: Inputs
    keys: Mapping[str, Key]  # of each stage when the build began (and the program was loaded)
    console: Console

    def reason(self, stage: str) -> str:
        """Return why the result of a stage must be made; empty if the kept one can be reused."""
        return why((_read(self.folder / f"{stage}.json") or {}).get("key"), self.keys[stage])

    def made(self, stage: str, kind: type[T], make: Callable[[], T]) -> T:
        """Return a stage's result: the kept one if its key is the same, else a new one, read as if kept."""
        file, key, reason = self.folder / f"{stage}.json", self.keys[stage], self.reason(stage)
        if not reason and (kept := _read(file)):
            self.console.note(f"-- {stage}: kept, reused")
            return msgspec.convert(kept["result"], kind)
        with self.console.stage(stage, reason):
            result = make()
        body = msgspec.json.encode({"key": key, "result": result})
        if Snapshot(self.inputs).key(stage) == key:  # else it is unknown what the result was made from
            self.folder.mkdir(parents=True, exist_ok=True)
            write(file, sha256(body).encode() + b"\n" + body)
        return msgspec.convert(json.loads(body)["result"], kind)

    def store(self, stage: str) -> Path:
        """Return a folder for what a stage keeps by itself; what another key made there is removed."""
        name = sha256(json.dumps(self.keys[stage], sort_keys=True).encode())[:16]
        place = self.folder / f"{stage}-{name}"
        for other in self.folder.glob(f"{stage}-*"):
            if other != place:
                shutil.rmtree(other, ignore_errors=True)
        return place


def _read(file: Path) -> dict[str, Any] | None:
    """Read a kept ``key`` and ``result``; None if there are none, or the bytes are not those written."""
    with contextlib.suppress(OSError, ValueError):
        written, _, body = file.read_bytes().partition(b"\n")
        if sha256(body).encode() == written:
            return dict(json.loads(body))
    return None


def _content(path: Path) -> bytes:
    """Return the content of a file; one that cannot be read is reported by the stage that needs it."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def why(old: Mapping[str, str] | None, new: Mapping[str, str]) -> str:
    """Return what changed between two keys; empty if nothing did."""
    if old is None:
        return "nothing kept from before"
    changed = [
        f"{name} is new" if name not in old else f"{name} is gone" if name not in new else f"{name} changed"
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]
    return few(changed)


def system_files(paths: Iterable[str]) -> Key:
    """Return size and time of each file from the system's packages: quicker than a digest."""
    key = {}
    for path in paths:
        try:
            status = os.stat(path)  # noqa: PTH116 - hundreds of them
            key[path] = f"{status.st_size} {status.st_mtime_ns}"
        except OSError:
            key[path] = "missing"
    return key


def _programs() -> Key:
    """Return what identifies a TeX without starting it."""
    return {program: f"{system_files([shutil.which(program) or ''])}" for program in ("latexmk", "pdflatex")}


@cache
def _sources(module: str) -> list[Path]:
    """Return the file of one of the program's modules and of its packages; none if it is no module."""
    path = ROOT.joinpath(*module.split("."))
    files = [file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()]
    around = [ROOT / parent / "__init__.py" for parent in path.relative_to(ROOT).parents]
    return [*files[:1], *(file for file in around if file.is_file())] if files else []


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
