"""The Python packages that the lock file names, compared with those that are installed."""

from __future__ import annotations

import importlib.metadata
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# `numpy==2.4.6 \`, `pexpect==4.9.0 ; sys_platform != 'win32' \`; the hashes stand on lines of their own.
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>\S+)(?P<marker>\s*;)?")


@dataclass(frozen=True)
class Difference:
    """A package whose installed version (empty: none) is not one that the lock allows."""

    name: str
    locked: tuple[str, ...]
    installed: str

    def __str__(self) -> str:
        wanted = " or ".join(self.locked)
        return f"{self.name} {self.installed or 'is missing'} (locked: {wanted})"


def differences(lock: Path) -> tuple[Difference, ...]:
    """Compare the running Python's packages with the lock file.

    Parameters
    ----------
    lock : Path
        A file in pip's format with one exact version a line. A package may stand there several times, for
        other systems or Pythons, and one with such a condition need not be installed.

    Returns
    -------
    tuple of Difference
        In the order of the file; empty if all agree.
    """
    versions: dict[str, list[str]] = {}
    conditional = set()
    for line in lock.read_text(encoding="utf-8").splitlines():
        if found := _REQUIREMENT.match(line):
            versions.setdefault(found["name"], []).append(found["version"])
            if found["marker"]:
                conditional.add(found["name"])
    return tuple(
        Difference(name, tuple(locked), have)
        for name, locked in versions.items()
        if (have := _installed(name)) not in locked and (have or name not in conditional)
    )


def _installed(name: str) -> str:
    """Version of a package, empty if it is not there."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""
