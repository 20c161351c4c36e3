"""The project's own Python: `.venv`, made from the lock files and made again when they change."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
from typing import TYPE_CHECKING

from report import toolchain
from report.errors import MachineError
from report.setup_log import ROOT, SetupLog, shown

if TYPE_CHECKING:
    from pathlib import Path

    from report.console import Console

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "complete.json"  # what was installed; written last, so that a half-made .venv has none
OURSELVES = f"{sys.version_info.major}.{sys.version_info.minor}"
ENSUREPIP = toolchain.Package(
    f"python{OURSELVES}-venv", "python3", "python@3.13", ("ensurepip",), "Debian keeps it apart from python3"
)


def lacking(locks: tuple[str, ...]) -> tuple[str, ...]:
    """Name those of the lock files that `.venv` was not made from, as they are now."""
    have = _installed()
    return tuple(lock for lock, digest in _digests(locks).items() if have.get(lock) != digest)


def obstacle(locks: tuple[str, ...]) -> tuple[toolchain.Lack, ...]:
    """Tell what this Python lacks to make a `.venv`, if one has to be made."""
    if not _must_be_made(_installed(), _digests(locks)) or importlib.util.find_spec("ensurepip"):
        return ()
    why = f"is not part of this Python {OURSELVES} ({sys.executable}), and no .venv can be made without it"
    return (toolchain.Lack("ensurepip", ENSUREPIP, why),)


def provide(locks: tuple[str, ...], log: SetupLog, console: Console) -> None:
    """Make `.venv` hold what the lock files name; nothing to do if it does.

    Parameters
    ----------
    locks : tuple of str
        Names of lock files, each holding all of the one before it.
    log : SetupLog
        Runs the commands.
    console : Console
        Tells what takes long.

    Raises
    ------
    MachineError
        `.venv` could not be made, or pip could not install the packages.
    """
    if not lacking(locks):
        return
    have, wanted = _installed(), _digests(locks)
    if _must_be_made(have, wanted):
        have = {}
        _make(log, console)
    STAMP.unlink(missing_ok=True)
    newest = locks[-1]
    with console.stage("Python packages", f"{newest} into {shown(VENV)}"):
        if not log.run([*_PIP_INSTALL, "-r", newest]):
            raise MachineError(
                f"pip could not install the packages of {newest} for Python {OURSELVES}: {log.reason()}",
                f"It needs the network, and a Python that the locked packages exist for; the log is {log}.",
            )
    stamp = {**have, **wanted, "python": _version_of(PYTHON)}
    STAMP.write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")


# Wheels only: a Python that is newer than the lock fails at once instead of compiling for an hour.
_PIP_INSTALL = (
    *(str(PYTHON), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"),
    *("--require-hashes", "--only-binary", ":all:"),
)


def _must_be_made(have: dict[str, str], wanted: dict[str, str]) -> bool:
    """Tell whether to begin from scratch.

    A lock that was never installed is added to what is there; after a changed one, what it no longer names
    would stay behind.
    """
    return not have or any(have.get(lock, digest) != digest for lock, digest in wanted.items())


def _make(log: SetupLog, console: Console) -> None:
    with console.stage("virtual environment", f"Python {OURSELVES} in {shown(VENV)}"):
        if not log.run([sys.executable, "-m", "venv", "--clear", str(VENV)]):
            raise MachineError(f"{shown(VENV)} could not be made: {log.reason()}", f"The log is {log}.")


def _digests(locks: tuple[str, ...]) -> dict[str, str]:
    return {lock: hashlib.sha256((ROOT / lock).read_bytes()).hexdigest() for lock in locks}


def _installed() -> dict[str, str]:
    """Lock files that were installed in `.venv` and their hashes; empty if it is not whole.

    A `.venv` whose Python has since become another one (an upgraded system) finds none of its packages.
    """
    try:
        stamp: dict[str, str] = json.loads(STAMP.read_text(encoding="utf-8"))
        whole = stamp.pop("python") == _version_of(PYTHON)
    except (OSError, ValueError, KeyError):
        return {}
    return stamp if whole else {}


def _version_of(python: Path) -> str:
    """Version of an interpreter such as 3.11, asked of itself."""
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    answer = subprocess.run([python, "-c", ask], capture_output=True, encoding="utf-8", check=False)
    return answer.stdout.strip()
