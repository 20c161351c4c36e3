"""Is a result still true? Its key names all that it was made from; standard library only."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

ROOT = Path(__file__).resolve().parent.parent
Key = dict[str, str]  # what a result depends on, as a person calls it -> its hash, version or value

MOST_NAMED = 3  # changes that are told one by one
_LOCKED = re.compile(r"^([A-Za-z0-9][\w.-]*)==", re.MULTILINE)
_INSTALLED = re.compile(r"(.+)-([^-]+)\.dist-info")


def digest(content: bytes) -> str:
    """Give the sha256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def files(paths: Iterable[Path]) -> Key:
    """Give the digest of each file, by its path from the project's root, or its name if it lies elsewhere.

    A file that cannot be read is `unreadable`: whoever needs it says so better than a key could.
    """
    key = {}
    for path in paths:
        try:
            found = digest(path.read_bytes())
        except OSError:
            found = "unreadable"
        key[str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name] = found
    return key


def value(name: str, content: Any) -> Key:
    """Give the key of a parameter, by its value."""
    return {name: json.dumps(content, sort_keys=True)}


def packages(lock: Path, *, without: Collection[str] = ()) -> Key:
    """Give the versions of Python and of all packages of the lock file, as they are installed.

    Parameters
    ----------
    lock : Path
        In pip's format. What is installed beyond it (the tools of the tests) changes no result.
    without : collection of str
        Packages on which the result does not depend.
    """
    wanted = {_normal(name) for name in _LOCKED.findall(lock.read_text(encoding="utf-8"))} - {*without}
    found = installed()
    versions = {f"{name}'s version": found[name] for name in sorted(wanted & found.keys())}
    return {"Python's version": platform.python_version(), **versions}


def installed() -> dict[str, str]:
    """Give the version of each installed package, by its name as PEP 503 writes it.

    Folders of metadata carry both: `importlib.metadata` would need a tenth of a second for all of them.
    """
    found: dict[str, str] = {}
    for folder in reversed(sys.path):  # Python takes the first that it meets
        try:
            names = os.listdir(folder or ".")  # noqa: PTH208 - a tenth of the time that Path.iterdir takes
        except OSError:
            continue
        found |= {_normal(match[1]): match[2] for name in names if (match := _INSTALLED.fullmatch(name))}
    return found


def system_files(paths: Iterable[str]) -> Key:
    """Give size and time of each file that the system's packages brought: quicker than a hash, and enough."""
    key = {}
    for path in paths:
        try:
            status = os.stat(path)  # noqa: PTH116 - hundreds of them
            key[path] = f"{status.st_size} {status.st_mtime_ns}"
        except OSError:
            key[path] = "missing"
    return key


def why(old: Mapping[str, str] | None, new: Mapping[str, str]) -> str:
    """Say why a result must be made again: what changed since `old`; empty if nothing did."""
    if old is None:
        return "nothing kept from before"
    changed = [
        f"{name} is new" if name not in old else f"{name} is gone" if name not in new else f"{name} changed"
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    ]
    more = f" and {len(changed) - MOST_NAMED} more" if len(changed) > MOST_NAMED else ""
    return f"{', '.join(changed[:MOST_NAMED])}{more}"


def _normal(name: str) -> str:
    """Write a package's name the one way (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
