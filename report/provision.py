"""Bring a machine to what the report needs: system packages through apt, Python packages in `.venv`.

`make` runs it before anything else, with whatever Python 3.11 or newer the machine has: standard library
only. What is there already costs a quarter of a second; what apt and pip say goes to a log file.
"""

from __future__ import annotations

import argparse
import fcntl
import importlib
import os
import shutil
import sys
from dataclasses import dataclass, field

from report import toolchain, virtualenv
from report.console import Console
from report.errors import InputError, MachineError, ReportError
from report.setup_log import ROOT, SetupLog
from report.virtualenv import Environment

APT_LOCK_SECONDS = 600  # a fresh machine may still be updating itself


@dataclass(frozen=True)
class Purpose:
    """What a make target needs: Python packages in an environment, and system packages."""

    environment: Environment
    system: tuple[toolchain.Package, ...]


PURPOSES = {
    "report": Purpose(Environment(("requirements.txt",)), toolchain.TEX),
    "test": Purpose(
        Environment(("requirements.txt", "requirements-dev.txt")), toolchain.TEX + toolchain.TESTING
    ),
    "lint": Purpose(Environment(("requirements.txt", "requirements-dev.txt")), ()),
    # What we are compared with brings a hundred packages: apart, so that no other command can meet them.
    "bench": Purpose(Environment(("requirements-bench.txt",), ".venv-bench", ("connection-pool",)), ()),
}


@dataclass(frozen=True)
class Provision:
    """One set-up of this machine."""

    console: Console
    log: SetupLog = field(default_factory=SetupLog)

    def bring(self, purpose: Purpose) -> None:
        """Install what `purpose` lacks; one set-up at a time in one folder.

        Raises
        ------
        ReportError
            The Python packages cannot be had; a lack of system packages is only told.
        """
        folder = os.open(ROOT, os.O_RDONLY)
        try:
            self._wait_for(folder)
            lacks = self._lacks(purpose)
            if not lacks and not purpose.environment.lacking():
                return
            self.log.start()
            if lacks and self._apt_install(tuple(dict.fromkeys(lack.package.debian for lack in lacks))):
                lacks = self._lacks(purpose)
            self._tell(lacks)
            purpose.environment.provide(self.log, self.console)
        finally:
            os.close(folder)

    def _lacks(self, purpose: Purpose) -> tuple[toolchain.Lack, ...]:
        importlib.invalidate_caches()  # apt may have brought modules of this very Python
        return (*purpose.environment.obstacle(), *toolchain.missing(purpose.system))

    def _tell(self, lacks: tuple[toolchain.Lack, ...]) -> None:
        """Say what stays missing and which commands bring it: an error only if nothing goes without it."""
        if not lacks:
            return
        told, hint = f"{toolchain.summary(lacks)}.", toolchain.install_hint(lacks)
        if any(lack.package is virtualenv.ENSUREPIP for lack in lacks):
            raise InputError(f"This machine lacks something: {told}", f"Install it, then try again:\n{hint}")
        self.console.warn(f"This machine lacks something: {told}\n{hint}")

    def _apt_install(self, names: tuple[str, ...]) -> bool:
        """Install Debian packages if this is Debian and we may; tell whether it went well."""
        privilege = self._privilege()
        if privilege is None:
            return False
        apt = [*privilege, "env", "DEBIAN_FRONTEND=noninteractive"]
        patience = ["-o", f"DPkg::Lock::Timeout={APT_LOCK_SECONDS}"]
        with self.console.stage("system packages", ", ".join(names)):
            self.log.run([*apt, "apt-get", "update"])  # one bad source among many fails it: installing tells
            done = self.log.run([*apt, *toolchain.apt_install(names), *patience])
        if not done:
            self.console.warn(f"apt-get could not install {', '.join(names)}: see {self.log}.")
        return done

    def _privilege(self) -> list[str] | None:
        """Give what stands before a command to run it as root; None without apt or the right."""
        if not shutil.which("apt-get"):
            return None
        if os.geteuid() == 0:
            return []
        if shutil.which("sudo") and self.log.run(["sudo", "-n", "true"]):
            return ["sudo", "-n"]
        return None

    def _wait_for(self, folder: int) -> None:
        """Wait until no other set-up is at work in the folder; it may bring all that we would."""
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.console.note("Another set-up is at work in this folder: waiting for it.")
            fcntl.flock(folder, fcntl.LOCK_EX)


def main(argv: list[str] | None = None) -> int:
    """Provide for the purpose that the command line names; 0 also when only system packages stay missing."""
    parser = argparse.ArgumentParser(prog="python3 -m report.provision", description=__doc__)
    parser.add_argument("purpose", choices=PURPOSES)
    purpose = PURPOSES[parser.parse_args(argv).purpose]
    console = Console.for_stream()
    try:
        Provision(console).bring(purpose)
    except ReportError as error:
        console.error(str(error), error.hint)
        return error.exit_code
    except OSError as error:
        console.error(f"The set-up stopped: {error}.", f"Make {ROOT} writable, with 1 GB of free space.")
        return MachineError.exit_code
    except KeyboardInterrupt:
        console.error("Interrupted.", "The next run takes the set-up up again.")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
