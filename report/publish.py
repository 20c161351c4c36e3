"""Putting a build in place: made beside its target, the manifest moved last; failures are kept apart."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from report import ROOT, cache
from report.bundle import as_json, sha256, write
from report.errors import InputError, MachineError, ReportError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from report.console import Console

WORK, FAILED, LOCK, STAMPS = ".work-", "failed", ".lock", ".stamps.json"
MANIFEST, PDF, REASON = "manifest.json", "submission.pdf", "reason.txt"
OURS = ("derivations", "experiments", "report", "templates", "data", "tests")
# What a build writes into its folder, beside the zip, which the configuration names.
MADE = (
    *(PDF, "homework03.ipynb", "report.toml", "results.json", "ledger.json", "search.csv", "pages.json"),
    *(MANIFEST, "submission.tex", "latexmkrc", "parts", "figures", "timings.json"),
)


class Stamps(Struct, frozen=True):
    """The note of a build: digests of its files, what it was made from, and what it read of the system."""

    outputs: cache.Key
    key: cache.Key
    system: cache.Key


class _Listed(Struct):
    sha256: str


class _Manifest(Struct):
    files: dict[str, _Listed]


@contextlib.contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold a folder for one build alone; the lock goes with the process, however it ends."""
    place = out.resolve()
    if place == ROOT or any(place.is_relative_to(ROOT / name) for name in OURS):
        raise InputError(f"{out} holds the program's own files.", "Choose another folder with --out.")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        file = next((each for each in (out, *out.parents) if each.is_file()), out)
        raise InputError(f"{file} is a file, not a folder.", "Choose another --out.") from error
    with (out / LOCK).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise MachineError(
                f"Another run is at work in {out}.", "Wait for it, or name another --out."
            ) from error
        yield


def refuse_others(out: Path, *names: str) -> None:
    """Refuse a folder where `names`, or what else a build writes, would replace what no build there made."""
    taken = (out / name for name in (*MADE, *names) if (out / name).exists())
    if not _former(out) and (file := next(taken, None)):
        raise InputError(
            f"{file} would be overwritten, and no build is known to have made it.",
            "Choose another folder with --out, or move it away.",
        )


def stale(out: Path, key: cache.Key) -> str:
    """Return why a build must run: an input or an output changed; empty if neither has."""
    stamps = _stamps(out)
    if stamps is None:
        cloned = (out / MANIFEST).exists()
        return "what the build there was made from is not known" if cloned else "there is no build yet"
    if not stamps.key:
        return "the last build was cut off while it was put in place"
    system = cache.system_files(stamps.system)
    if reason := cache.why(stamps.key, key) or cache.why(stamps.system, system):
        return reason
    for name, digest in stamps.outputs.items():
        try:
            if sha256((out / name).read_bytes()) != digest:
                return f"{name} was changed"
        except OSError:
            return f"{name} is missing"
    return ""


@contextlib.contextmanager
def folder(out: Path, console: Console) -> Iterator[Path]:
    """Make an empty folder to build in; when the build fails it becomes ``failed/``, with the reason."""
    for leftover in out.glob(f"{WORK}*"):  # of a build that was killed; what it began may still write there
        shutil.rmtree(leftover, ignore_errors=True)
    work, failed = out / f"{WORK}{os.getpid()}", out / FAILED
    work.mkdir()
    try:
        yield work
    except BaseException as error:
        with contextlib.suppress(OSError):  # the original error matters more
            told = [f"What was made so far is in {failed}"] if any(work.iterdir()) else []
            told += [f"{out / PDF} is still the old one"] if (out / PDF).exists() else []
            shutil.rmtree(failed, ignore_errors=True)
            work.replace(failed)
            _tell(error, failed, work)
            if told:
                console.note(f"{'; '.join(told)}.")
        raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def put_in_place(work: Path, out: Path, key: cache.Key, system: Iterable[str]) -> list[str]:
    """Move the files of a finished build to the place of the old ones, the manifest last; note its key.

    Returns which files of the old one are removed, since nothing takes their place.
    `system` are the files outside of the key that it was made with. Until all is done the note has no key and
    names the files of both builds, so that after a kill the next run builds again and leaves none behind; an
    error takes all of it back, and is a MachineError where a file cannot be put in place.
    """
    names = sorted(str(path.relative_to(work)) for path in work.rglob("*") if path.is_file())
    names = [*(name for name in names if name != MANIFEST), MANIFEST]
    outputs = {name: sha256((work / name).read_bytes()) for name in names}
    former, before = _stamps(out), _former(out)
    old, saved, placed, name = work / ".old", list[str](), list[str](), STAMPS
    try:
        write(out / STAMPS, as_json(Stamps({**before, **outputs}, {}, {})))
        for name in (*sorted(before.keys() - outputs.keys()), *names):
            if (out / name).is_file():
                (old / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(out / name, old / name)
                saved.append(name)
            if name in outputs:
                (out / name).parent.mkdir(parents=True, exist_ok=True)
                (work / name).replace(out / name)
                placed.append(name)
            else:
                (out / name).unlink(missing_ok=True)
    except BaseException as error:
        for each in {*placed} - {*saved}:
            (out / each).unlink(missing_ok=True)
        for each in saved:
            with contextlib.suppress(OSError):
                (old / each).replace(out / each)
        with contextlib.suppress(OSError):
            write(out / STAMPS, as_json(former or {}))
        if isinstance(error, OSError):
            raise MachineError(
                f"{out / name} cannot be replaced: {error.strerror}.",
                "Close what holds it, or check who owns it; then run again: what was computed is kept.",
            ) from error
        raise
    write(out / STAMPS, as_json(Stamps(outputs, key, cache.system_files(system))))
    shutil.rmtree(out / FAILED, ignore_errors=True)
    return [name for name in saved if name not in outputs]


def write_timings(out: Path, seconds: Mapping[str, float]) -> None:
    """Write the timings of the stages."""
    write(out / "timings.json", as_json({stage: round(spent, 3) for stage, spent in seconds.items()}))


def _stamps(out: Path) -> Stamps | None:
    """Read the note of the last build; None if there is none, or it is damaged."""
    try:
        return msgspec.json.decode((out / STAMPS).read_bytes(), type=Stamps)
    except (OSError, ValueError, msgspec.MsgspecError):
        return None


def _former(out: Path) -> cache.Key:
    """Return the digests of the files of the build there: from its note, or in a clone its manifest."""
    if stamps := _stamps(out):
        return stamps.outputs
    with contextlib.suppress(OSError, ValueError, msgspec.MsgspecError):
        listed = msgspec.json.decode((out / MANIFEST).read_bytes(), type=_Manifest).files
        inside = (name for name in listed if (out / name).resolve().is_relative_to(out.resolve()))
        return {MANIFEST: "", **{name: listed[name].sha256 for name in inside}}
    return {}


def _tell(error: BaseException, failed: Path, work: Path) -> None:
    """Write the reason beside the output of a failed build; the message then names that folder."""
    if isinstance(error, ReportError):
        error.args = tuple(str(part).replace(str(work), str(failed)) for part in error.args)
        error.hint = error.hint.replace(str(work), str(failed))
    reason = f"{str(error) or type(error).__name__}\n{getattr(error, 'hint', '')}".strip()
    (failed / REASON).write_text(f"{reason}\n", encoding="utf-8", errors="backslashreplace")
