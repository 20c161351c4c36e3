"""What this machine has and lacks for the report, and the command that installs what is missing."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.numerics import detect, obstacles
from report import ROOT, system
from report.console import few
from report.errors import InputError, LatexError

if TYPE_CHECKING:
    from collections.abc import Iterator

BUILD = ROOT / "build"
FREE_BYTES = 200_000_000  # a build with its by-products, and room to spare
FINE, LACKS, NOTE = "ok", "LACKS", "note"  # LACKS: the report cannot be made without it


@dataclass(frozen=True)
class Finding:
    """One thing that was examined: a verdict (see above), what was found, and what to do about it."""

    verdict: str
    subject: str
    detail: str
    remedy: str = ""


def main() -> int:
    """Print all findings; return 0 if nothing is missing, else the exit code of a missing toolchain."""
    lacking = False
    for finding in examine():
        print(f"{finding.verdict:6}{finding.subject:12}{finding.detail}")  # noqa: T201 - the result
        for line in finding.remedy.splitlines():
            print(f"{'':6}{line}")  # noqa: T201 - the result
        lacking |= finding.verdict == LACKS
    return LatexError.exit_code if lacking else 0


def examine() -> Iterator[Finding]:
    """Examine all that a build, and after it the tests, need of this machine."""
    yield Finding(FINE, "Python", f"{sys.version.split()[0]} ({sys.executable})")
    yield _packages()
    if latexmk := system.find_latexmk():
        yield Finding(FINE, "latexmk", f"{latexmk[1]} by John Collins ({latexmk[0]})")
    for purpose, subject, verdict in (
        ("pdf", "TeX", LACKS),
        ("speed", "speed", NOTE),
        ("tests", "tests", NOTE),
    ):
        wanted = [package for package in system.PACKAGES if package.purpose == purpose]
        if lacking := system.missing(wanted):
            yield Finding(verdict, subject, system.told(lacking), system.install_hint(lacking))
        elif wanted:
            yield Finding(FINE, subject, ", ".join(name for package in wanted for name in package.provides))
    yield _numbers()
    yield _data()
    yield _folder()


def _packages() -> Finding:
    """Compare the installed Python packages with the lock file."""
    file = ROOT / "requirements.txt"
    if not file.is_file():
        return Finding(LACKS, "packages", f"{file.name} is missing", "get it anew, as from the repository")
    lock = file.read_text(encoding="utf-8")
    locked: dict[str, list[str]] = {}
    optional = set()  # needed on other systems or Pythons only
    for name, version, marker in re.findall(r"^([\w.-]+)==([^\s;]+)( *;)?", lock, re.MULTILINE):
        locked.setdefault(name, []).append(version)
        if marker:
            optional.add(name)
    wrong, absent = [], False
    for name, versions in locked.items():
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            if name in optional:
                continue
            version, absent = "is missing", True
        if version not in versions:
            wrong.append(f"{name} {version} (locked: {' or '.join(versions)})")
    if not wrong:
        return Finding(FINE, "packages", "all as requirements.txt has them")
    return Finding(LACKS if absent else NOTE, "packages", few(wrong), "make setup")


def _numbers() -> Finding:
    machine = detect()
    if not all(importlib.util.find_spec(package) for package in machine.openblas):
        return Finding(NOTE, "numbers", "not judged before the packages are there")
    reasons = obstacles(machine)
    if reasons:
        return Finding(NOTE, "numbers", f"not pinned, other machines may differ: {'; '.join(reasons)}")
    return Finding(FINE, "numbers", "pinned: the same bits as on other x86-64 Linux machines")


def _data() -> Finding:
    """Read the data that report.toml names, with all the checks of a build."""
    try:
        from experiments import dataset  # noqa: PLC0415 - needs packages, which may be what lacks
        from report import config  # noqa: PLC0415
    except ImportError:
        return Finding(NOTE, "data", "not read before the packages are there")
    try:
        file = ROOT / "report.toml"
        if not file.is_file():
            return Finding(LACKS, "data", f"{file.name} is missing", "get it anew, as from the repository")
        settings = config.load(file)
        data = dataset.load(settings.data_path, index_column=settings.index_column)
    except (InputError, dataset.DataError) as error:
        return Finding(LACKS, "data", str(error), getattr(error, "hint", ""))
    counts = f"{len(data.X_train)} training and {len(data.X_dev)} development samples"
    if data.stand_in:
        return Finding(
            NOTE, "data", f"the stand-in, {counts}", "put the course's files or data.tgz into data/"
        )
    found = f"{counts} in {', '.join(file.name for file in data.files)}"
    return Finding(NOTE if data.remarks else FINE, "data", found, "; ".join(data.remarks))


def _folder() -> Finding:
    """Try to write to build/: permissions alone are not enough (a read-only disk, a quota)."""
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
