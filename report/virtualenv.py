"""The project's own Pythons: `.venv` and its like, made from lock files and made again when they change."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from report import toolchain
from report.errors import MachineError
from report.setup_log import ROOT, SetupLog, shown

if TYPE_CHECKING:
    from pathlib import Path

    from report.console import Console

STAMP = "complete.json"  # what was installed; written last, so that a half-made environment has none
OURSELVES = f"{sys.version_info.major}.{sys.version_info.minor}"
ENSUREPIP = toolchain.Package(
    f"python{OURSELVES}-venv", "python3", "python@3.13", ("ensurepip",), "Debian keeps it apart from python3"
)


@dataclass(frozen=True)
class Environment:
    """A virtual environment in the project's folder.

    Attributes
    ----------
    locks : tuple of str
        Names of lock files, each holding all of the one before it.
    name : str
        The folder.
    built : tuple of str
        Packages without a wheel, which pip may build.
    """

    locks: tuple[str, ...]
    name: str = ".venv"
    built: tuple[str, ...] = ()

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return ROOT / self.name

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def lacking(self) -> tuple[str, ...]:
        """Name those of the lock files that it was not made from, as they are now."""
        have = self._installed()
        return tuple(lock for lock, digest in _digests(self.locks).items() if have.get(lock) != digest)

    def obstacle(self) -> tuple[toolchain.Lack, ...]:
        """Tell what this Python lacks to make it, if it has to be made."""
        must_be_made = _must_be_made(self._installed(), _digests(self.locks))
        if not must_be_made or importlib.util.find_spec("ensurepip"):
            return ()
        why = (
            f"is not part of this Python {OURSELVES} ({sys.executable}), and no {self.name} can be made"
            " without it"
        )
        return (toolchain.Lack("ensurepip", ENSUREPIP, why),)

    def provide(self, log: SetupLog, console: Console) -> None:
        """Make it hold what the lock files name; nothing to do if it does.

        Parameters
        ----------
        log : SetupLog
            Runs the commands.
        console : Console
            Tells what takes long.

        Raises
        ------
        MachineError
            It could not be made, or pip could not install the packages.
        """
        if not self.lacking():
            return
        have, wanted = self._installed(), _digests(self.locks)
        if _must_be_made(have, wanted):
            have = {}
            self._make(log, console)
        (self.folder / STAMP).unlink(missing_ok=True)
        newest = self.locks[-1]
        with console.stage("Python packages", f"{newest} into {shown(self.folder)}"):
            if not log.run([*self._pip_install(), "-r", newest]):
                raise MachineError(
                    f"pip could not install the packages of {newest} for Python {OURSELVES}: {log.reason()}",
                    "It needs the network, and a Python that the locked packages exist for;"
                    f" the log is {log}.",
                )
        stamp = {**have, **wanted, "python": _version_of(self.python)}
        (self.folder / STAMP).write_text(json.dumps(stamp, indent=1) + "\n", encoding="utf-8")

    def _pip_install(self) -> list[str]:
        """Give the command: wheels only, lest a Python newer than the lock compile for an hour."""
        pip = [str(self.python), "-m", "pip", "install"]
        quiet = ["--quiet", "--no-input", "--disable-pip-version-check"]
        exceptions = ["--no-binary", ",".join(self.built)] if self.built else []
        return [*pip, *quiet, "--require-hashes", "--only-binary", ":all:", *exceptions]

    def _make(self, log: SetupLog, console: Console) -> None:
        with console.stage("virtual environment", f"Python {OURSELVES} in {shown(self.folder)}"):
            if not log.run([sys.executable, "-m", "venv", "--clear", str(self.folder)]):
                raise MachineError(
                    f"{shown(self.folder)} could not be made: {log.reason()}", f"The log is {log}."
                )

    def _installed(self) -> dict[str, str]:
        """Lock files that were installed and their hashes; empty if it is not whole.

        An environment whose Python has since become another one (an upgraded system) finds none of its
        packages.
        """
        try:
            stamp: dict[str, str] = json.loads((self.folder / STAMP).read_text(encoding="utf-8"))
            whole = stamp.pop("python") == _version_of(self.python)
        except (OSError, ValueError, KeyError):
            return {}
        return stamp if whole else {}


def _must_be_made(have: dict[str, str], wanted: dict[str, str]) -> bool:
    """Tell whether to begin from scratch.

    A lock that was never installed is added to what is there; after a changed one, what it no longer names
    would stay behind.
    """
    return not have or any(have.get(lock, digest) != digest for lock, digest in wanted.items())


def _digests(locks: tuple[str, ...]) -> dict[str, str]:
    return {lock: hashlib.sha256((ROOT / lock).read_bytes()).hexdigest() for lock in locks}


def _version_of(python: Path) -> str:
    """Version of an interpreter such as 3.11, asked of itself."""
    ask = "import sys; print('%d.%d' % sys.version_info[:2])"
    answer = subprocess.run([python, "-c", ask], capture_output=True, encoding="utf-8", check=False)
    return answer.stdout.strip()
