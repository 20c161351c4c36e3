"""Building again whenever a file that a build depends on has changed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NoReturn

from report import config, freshness, sources
from report.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from report.console import Console

POLL = 0.3  # seconds between two looks; also how long files must rest before they are built from
PATIENCE = 2.0  # seconds in which an interrupted build ends by itself
State = dict[str, tuple[int, int, int, int] | None]


def forever(options: Sequence[str], config_path: Path, data: Path | None, console: Console) -> NoReturn:
    """Build, wait for a change, and build again, until interrupted.

    Each build is a process of its own, so that changed code is really what runs. One that fails says so; the
    next change starts another.

    Parameters
    ----------
    options : sequence of str
        The arguments for ``build``.
    config_path : Path
        The configuration.
    data : Path or None
        The data's folder or archive; None for what the configuration says.
    console : Console
        Told what changed, and how long a build took.
    """
    watched = data or _data(config_path, None)
    while True:
        files = Files(config_path, watched)
        began = time.monotonic()
        code = _build(options, files)
        ended = (
            f"{'Built' if code == 0 else f'Failed (exit code {code})'} in {time.monotonic() - began:.1f} s"
        )
        console.note(f"{ended}; watching {len(files)} files, Ctrl-C ends.")
        while files.moved() or not files.changed:  # an editor may still be saving
            time.sleep(POLL)
        named = sorted(files.changed)
        console.note(f"{', '.join(named[: freshness.MOST_NAMED])} changed.")
        watched = data or _data(config_path, watched)


class Files:
    """All files that a build depends on, and which of them have changed since a first look.

    Attributes
    ----------
    changed : set of str
        The names of those that were seen to change; one that has changed back is among them.
    """

    def __init__(self, config_path: Path, data: Path | None) -> None:
        self.changed: set[str] = set()
        self._paths = (config_path, data)
        self._last = _state(config_path, data)

    def __len__(self) -> int:
        return len(self._last)

    def moved(self) -> bool:
        """Look again, and tell whether something has changed since the last look."""
        last, self._last = self._last, _state(*self._paths)
        differ = {name for name in {*last, *self._last} if last.get(name) != self._last.get(name)}
        self.changed |= differ
        return bool(differ)


def _data(config_path: Path, former: Path | None) -> Path | None:
    """Tell where the data are; while the configuration is wrong, where they were."""
    try:
        return config.load(config_path).data_path
    except InputError:
        return former


def _state(config_path: Path, data: Path | None) -> State:
    """Look at all files that a build depends on; a time that goes backwards is a change, too."""
    state: State = {}
    for path in (config_path, *sources.files(data)):
        name = str(path.relative_to(freshness.ROOT) if path.is_relative_to(freshness.ROOT) else path)
        try:
            status = os.stat(path)  # noqa: PTH116 - more than a hundred of them, three times a second
            # The third is new when a file was moved away and back, faster than we look.
            state[name] = (status.st_mtime_ns, status.st_size, status.st_ctime_ns, status.st_ino)
        except OSError:
            state[name] = None
    return state


def _build(options: Sequence[str], files: Files) -> int:
    """Run one build, with an eye on the files; if we are interrupted, let it end by itself before we do."""
    program = str(freshness.ROOT / "generate_report.py")
    process = subprocess.Popen([sys.executable, program, "build", *options])
    try:
        while process.poll() is None:
            files.moved()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(POLL)
    except KeyboardInterrupt:  # which a terminal sends to both
        try:
            process.wait(PATIENCE / 2)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(PATIENCE / 2)
            except subprocess.TimeoutExpired:
                process.kill()
        raise
    return process.returncode
