"""Commands of the set-up, run with their words in a log file instead of on the screen."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# PYTHONPATH and PYTHONHOME would show a virtual environment packages of another one.
FOREIGN = ("PYTHONPATH", "PYTHONHOME")
OURS = {"PIP_USER": "0"}  # a person's pip may be set to install beside the virtual environment


@dataclass(frozen=True)
class SetupLog:
    """A file that collects what commands say."""

    path: Path = ROOT / "build" / ".setup.log"

    def start(self) -> None:
        """Begin an empty log."""
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text("", encoding="utf-8")

    def run(self, command: list[str]) -> bool:
        """Run a command at the root of the project; tell whether it went well."""
        environ = {name: value for name, value in os.environ.items() if name not in FOREIGN} | OURS
        with self.path.open("a", encoding="utf-8", errors="backslashreplace") as log:
            log.write(f"> {' '.join(command)}\n")
            log.flush()
            done = subprocess.run(
                command,
                cwd=ROOT,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        return done.returncode == 0

    def reason(self) -> str:
        """Give the last line that speaks of an error, else the last one that is not empty."""
        text = self.path.read_text(encoding="utf-8", errors="replace")
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return next((line for line in reversed(lines) if "error" in line.lower()), lines[-1] if lines else "")

    def __str__(self) -> str:
        return shown(self.path)


def shown(path: Path) -> str:
    """Write a path as a person at the root of the project would."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
