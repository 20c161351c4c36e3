"""Putting a build in place: made beside its target, the manifest moved last; failures are kept apart."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import shutil
from typing import TYPE_CHECKING

from report import freshness
from report.errors import MachineError, ReportError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from report.console import Console

WORK, FAILED, LOCK, MANIFEST = ".work", "failed", ".lock", "manifest.json"


@contextlib.contextmanager
def locked(out: Path) -> Iterator[None]:
    """Hold a folder for one build alone; the lock goes with the process, however it ends.

    Raises
    ------
    MachineError
        Another build is at work in the folder.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (out / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise MachineError(
                f"Another build is at work in {out}.", "Wait for it, or name another --out."
            ) from error
        yield


def stale(out: Path, keys: Mapping[str, freshness.Key]) -> str:
    """Say why a build must run: an input or an output changed; empty if all is as the last one left it."""
    stamps = freshness.load(out)
    reason = freshness.why(stamps.get("keys"), keys["build"])
    return reason or freshness.outputs_intact(out, str(stamps.get("manifest", "")))


@contextlib.contextmanager
def folder(out: Path, console: Console) -> Iterator[Path]:
    """Give an empty folder to build in; when the build fails it becomes ``failed/``, with the reason."""
    work = out / WORK
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        yield work
    except BaseException as error:
        failed = out / FAILED
        shutil.rmtree(failed, ignore_errors=True)
        work.replace(failed)
        if isinstance(error, ReportError):
            (failed / "reason.txt").write_text(f"{error}\n{error.hint}\n", encoding="utf-8")
        old = f"; {out / 'submission.pdf'} is still the old one" if (out / MANIFEST).exists() else ""
        console.note(f"What was made so far is in {failed}{old}.")
        raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def put_in_place(work: Path, out: Path, keys: Mapping[str, freshness.Key]) -> None:
    """Move a finished build over the old one, the manifest last, then note what it was made from."""
    names = sorted(str(path.relative_to(work)) for path in work.rglob("*") if path.is_file())
    manifest = (work / MANIFEST).read_bytes()
    for gone in sorted(set(freshness.load(out).get("files", ())) - set(names)):
        (out / gone).unlink(missing_ok=True)
    for name in [*(name for name in names if name != MANIFEST), MANIFEST]:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).replace(out / name)
    stamps = {"keys": keys["build"], "manifest": hashlib.sha256(manifest).hexdigest(), "files": names}
    (out / freshness.STAMPS).write_text(json.dumps(stamps, indent=1), encoding="utf-8")
    shutil.rmtree(out / FAILED, ignore_errors=True)


def write_timings(out: Path, seconds: Mapping[str, float]) -> None:
    """Write where the time went."""
    rounded = {stage: round(spent, 3) for stage, spent in seconds.items()}
    (out / "timings.json").write_text(json.dumps(rounded, indent=2) + "\n", encoding="utf-8")
