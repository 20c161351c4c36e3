"""Building again whenever a file that a build depends on has changed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import watchfiles

from experiments.data.files import deciding
from report import ROOT
from report.cache import LOCK, PARTS, TEMPLATES
from report.config import load
from report.console import few
from report.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from report.console import Console

REST = 300  # milliseconds without a change before a build starts
PATIENCE = 2.0  # seconds in which an interrupted build ends by itself
SOURCES = (".py", ".c", ".h", ".tex")


def forever(
    console: Console, *, config: Path, data: Path | None, out: Path, jobs: int | None, quick: bool, pdf: bool
) -> NoReturn:
    """Build, wait for a change, and build again, until interrupted; the arguments are those of ``build``.

    Each build is a process of its own, so that changed code is really what runs. One that fails says so; the
    next change starts another.
    """
    valued = {"config": config, "data": data, "out": out, "jobs": jobs}
    options = [f"--{name}={value}" for name, value in valued.items() if value is not None]
    options += ["--quick"] * quick + ["--no-pdf"] * (not pdf)
    place = data
    while True:
        place = data or _data(config, place)
        changes = _changes(config, place)
        next(changes)  # from here on no change is missed
        began = time.monotonic()
        code, changed = _build(options, changes)
        ended = "Built" if code == 0 else f"Failed (exit code {code})"
        console.note(f"{ended} in {time.monotonic() - began:.1f} s; watching for changes, Ctrl-C ends.")
        while not changed:
            changed = next(changes)
        console.note(f"{few(sorted(changed))} changed.")


def _changes(config: Path, data: Path | None) -> Iterator[set[str]]:
    """Yield, every `REST` milliseconds, the names of the files that have changed and then rested."""
    code = [path for part in PARTS for path in (ROOT / part, *(ROOT / part).rglob("*")) if path.is_dir()]
    single = {path.absolute() for path in (config, LOCK, data) if path}
    below = {path.absolute().parent for path in deciding(data)} if data and data.is_dir() else set[Path]()
    folders = {
        path for path in (*code, TEMPLATES, *below, *(path.parent for path in single)) if path.is_dir()
    }

    def matters(_: watchfiles.Change, name: str) -> bool:
        path = Path(name)
        if path.name.startswith("."):
            return False
        source = path.parent in {*code, TEMPLATES} and path.suffix in SOURCES
        return source or path.parent in below or path in single

    for found in watchfiles.watch(
        *folders, watch_filter=matters, recursive=False, step=REST, rust_timeout=REST, yield_on_timeout=True
    ):
        paths = [Path(name) for _, name in found]
        yield {str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path) for path in paths}


def _data(config: Path, former: Path | None) -> Path | None:
    """Return where the data are; while the configuration is invalid, where they were."""
    try:
        return load(config).data_path
    except InputError:
        return former


def _build(options: Sequence[str], changes: Iterator[set[str]]) -> tuple[int, set[str]]:
    """Run one build; return its exit code and what changed meanwhile. An interrupt lets it end by itself."""
    program = str(ROOT / "generate_report.py")
    changed: set[str] = set()
    process = subprocess.Popen([sys.executable, program, "build", *options], env=dict(os.environ))
    try:
        while process.poll() is None:
            changed |= next(changes)
    except KeyboardInterrupt:  # which a terminal sends to both
        for stop in (signal.SIGTERM, signal.SIGKILL):
            try:
                process.wait(PATIENCE / 2)
            except subprocess.TimeoutExpired:
                process.send_signal(stop)
        raise
    return process.returncode, changed
