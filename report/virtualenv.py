"""The project's own Python: `.venv`, made from the lock files and made again when they change."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from typing import TYPE_CHECKING

from report import toolchain
from report.errors import InputError, MachineError
from report.setup_log import ROOT, SetupLog, shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from report.console import Console

VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "complete.json"  # what was installed; written last, so that a half-made .venv has none
OURSELVES = "%d.%d" % sys.version_info[:2]  # noqa: UP031 - as the question in `_version_of`


def lacking(locks: tuple[str, ...]) -> tuple[str, ...]:
    """Name those of the lock files that `.venv` was not made from, as they are now."""
    have = _installed()
    return tuple(lock for lock, digest in _digests(locks).items() if have.get(lock) != digest)


def provide(
    locks: tuple[str, ...], log: SetupLog, console: Console, install: Callable[[tuple[str, ...]], bool]
) -> None:
    """Make `.venv` hold what the lock files name.

    Parameters
    ----------
    locks : tuple of str
        Names of lock files, each holding all of the one before it.
    log : SetupLog
        Runs the commands.
    console : Console
        Tells what takes long.
    install : callable
        Installs Debian packages, if this is Debian and we may; tells whether it did.

    Raises
    ------
    InputError
        This Python cannot make virtual environments, and `install` did not mend it.
    MachineError
        pip could not install the packages.
    """
    if not lacking(locks):
        return
    have, wanted = _installed(), _digests(locks)
    # A lock that was never installed here is added; a changed one is installed from scratch, since what it
    # no longer names would stay behind.
    if not have or any(have.get(lock, digest) != digest for lock, digest in wanted.items()):
        have = {}
        _make(log, console, install)
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


def _make(log: SetupLog, console: Console, install: Callable[[tuple[str, ...]], bool]) -> None:
    can_make = [sys.executable, "-c", "import ensurepip, venv"]
    package = f"python{OURSELVES}-venv"  # Debian keeps ensurepip apart
    if not log.run(can_make) and not (install((package,)) and log.run(can_make)):
        raise InputError(
            f"Python {OURSELVES} ({sys.executable}) cannot make virtual environments.",
            f"Debian, Ubuntu:  sudo {' '.join(toolchain.apt_install((package,)))}\n"
            "Fedora:          sudo dnf install python3\n"
            "macOS:           brew install python@3.13",
        )
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
