"""What this machine has and lacks for the report, each lack with the command that mends it."""

from __future__ import annotations

import shutil
import sys
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.numerics import look, obstacles
from report import config, packages, toolchain, virtualenv
from report.errors import InputError, LatexError
from report.setup_log import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

BUILD = ROOT / "build"
FREE_BYTES = 200_000_000  # a build with its by-products, and room to spare
MOST_NAMED = 3  # packages that are told one by one
FINE, LACKS, NOTE = "ok", "LACKS", "note"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes
    ----------
    verdict : str
        ``ok``; ``LACKS`` if the report cannot be made without it; ``note`` if it can.
    subject, detail : str
        What was looked at, and what was found.
    mend : str
        What to do about it; empty if nothing need be done.
    """

    verdict: str
    subject: str
    detail: str
    mend: str = ""


def main() -> int:
    """Print all findings; 0 if nothing lacks, else the exit code of a missing toolchain."""
    lacking = False
    for finding in examine():
        print(f"{finding.verdict:6}{finding.subject:12}{finding.detail}")  # noqa: T201 - the result
        for line in finding.mend.splitlines():
            print(f"{'':6}{line}")  # noqa: T201 - the result
        lacking |= finding.verdict == LACKS
    return LatexError.exit_code if lacking else 0


def examine() -> Iterator[Finding]:
    """Look at all that a build, and after it the tests, need of this machine."""
    yield Finding(FINE, "Python", f"{sys.version.split()[0]} ({sys.executable})")
    yield _packages()
    yield _virtualenv()
    yield from _system()
    yield _numbers()
    yield _data()
    yield _folder()


def _packages() -> Finding:
    differences = packages.differences(ROOT / "requirements.txt")
    if not differences:
        return Finding(FINE, "packages", "all as requirements.txt has them")
    absent = any(not each.installed for each in differences)
    told = "; ".join(str(each) for each in differences[:MOST_NAMED])
    more = f"; and {len(differences) - MOST_NAMED} more" if len(differences) > MOST_NAMED else ""
    return Finding(LACKS if absent else NOTE, "packages", f"{told}{more}", "make setup")


def _virtualenv() -> Finding:
    if virtualenv.Environment(("requirements.txt",)).lacking():
        return Finding(NOTE, ".venv", "absent, or not made from this requirements.txt", "make setup")
    return Finding(FINE, ".venv", "made from requirements.txt")


def _system() -> Iterator[Finding]:
    """Look for latexmk, which may be an impostor, and for what else TeX and the tests need."""
    if latexmk := toolchain.find_latexmk():
        yield Finding(FINE, "latexmk", f"{latexmk.version} by John Collins ({latexmk.path})")
    for subject, wanted, verdict in (("TeX", toolchain.TEX, LACKS), ("tests", toolchain.TESTING, NOTE)):
        if lacks := toolchain.missing(wanted):
            yield Finding(verdict, subject, toolchain.summary(lacks), toolchain.install_hint(lacks))
        else:
            names = [name for package in wanted for name in package.provides]
            programs = ", ".join(name for name in names if "." not in name)
            styles = sum("." in name for name in names)
            yield Finding(FINE, subject, f"{programs} and {styles} styles" if styles else programs)


def _numbers() -> Finding:
    machine = look()
    if not all(name for name, _ in machine.blas.values()):
        return Finding(NOTE, "numbers", "not judged before the packages are there")
    reasons = obstacles(machine)
    if reasons:
        return Finding(NOTE, "numbers", f"not pinned, other machines may differ: {'; '.join(reasons)}")
    return Finding(FINE, "numbers", "pinned: the same bits as on other x86-64 Linux machines")


def _data() -> Finding:
    """Read the data that report.toml names, with all the checks of a build."""
    try:
        from experiments import dataset  # noqa: PLC0415 - needs numpy, which may be what lacks
    except ImportError:
        return Finding(NOTE, "data", "not read before the packages are there")
    try:
        data = dataset.load(config.load(ROOT / "report.toml").data_path)
    except (InputError, dataset.DataError) as error:
        return Finding(LACKS, "data", str(error), getattr(error, "hint", ""))
    counts = f"{len(data.X_train)} training and {len(data.X_dev)} development samples"
    if data.stand_in:
        return Finding(
            NOTE, "data", f"the stand-in, {counts}", "put the course's files or data.tgz into data/"
        )
    return Finding(FINE, "data", f"{counts} in {', '.join(file.name for file in data.files)}")


def _folder() -> Finding:
    """Try to write to build/, since permissions alone do not tell (a read-only disk, a quota)."""
    try:
        BUILD.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=BUILD):
            free = shutil.disk_usage(BUILD).free
    except OSError as error:
        return Finding(LACKS, "build/", f"cannot be written: {error.strerror}", "choose another with --out")
    detail = f"can be written, {free / 1e9:.1f} GB free"
    if free < FREE_BYTES:
        return Finding(LACKS, "build/", detail, f"free {FREE_BYTES / 1e9} GB, or choose another with --out")
    return Finding(FINE, "build/", detail)
