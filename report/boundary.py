"""The one place where an error becomes a message and an exit code."""

from __future__ import annotations

import errno
import platform
import select
import sys
import tempfile
import traceback
from importlib.util import find_spec
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from derivations.checks import CheckFailed
from experiments.errors import DataError, SearchError
from report import ROOT
from report.console import silence
from report.errors import CheckError, InputError, MachineError, ReportError
from report.process import interruptible, lacks_memory, memory_is_short

if TYPE_CHECKING:
    from collections.abc import Callable

    from report.console import Console

BUG, INTERRUPTED = 70, 130
TRACEBACK = "traceback.log"

# The lower packages know nothing of exit codes.
LOWER = {DataError: InputError, SearchError: MachineError, CheckFailed: CheckError}
# Errors of the system in words, and what helps.
FAILURES = {
    errno.ENOSPC: ("The disk is full", "Free some space and run it again: what was finished is kept."),
    errno.EDQUOT: ("Your disk quota is used up", "Free some space and run it again."),
    errno.EROFS: ("The file system is read-only", "Choose a folder that can be written to with --out."),
    errno.EACCES: ("The system allows no access", "Check who owns the file, or choose another --out."),
    errno.EPERM: ("The system does not permit it", "Check who owns the file, or choose another --out."),
    errno.EIO: ("The disk failed to read or write", "Try again, or choose another disk with --out."),
    errno.EFBIG: ("A file may not grow that large", "Raise the limit (ulimit -f), or choose another --out."),
    errno.EBUSY: ("Something else holds it", "Close what holds it, or choose another --out."),
    errno.EMFILE: ("Too many files are open", "Raise the limit (ulimit -n 1024), or use --jobs 1."),
    errno.ENFILE: ("Too many files are open on this machine", "Close other programs and run it again."),
    errno.ENOMEM: ("The memory is used up", "Use --jobs 1, or close other programs."),
    errno.EAGAIN: ("No more processes may be started", "Use --jobs 1, or raise the limit (ulimit -u)."),
    errno.EPIPE: ("A process that worked for us is gone", "Run it again, with --jobs 1 if memory was short."),
    errno.ENAMETOOLONG: ("A file name is too long", "Use shorter names, or a shorter path for --out."),
}


def guarded(work: Callable[[], int], console: Console, log_folder: Path) -> int:
    """Do the work and return its exit code; turn whatever goes wrong into a message and an exit code.

    An unexpected traceback is written to the log folder, or to one for temporary files.
    """
    try:
        with interruptible():
            code = work()
            sys.stdout.flush()  # here, where a closed pipe or a full disk is still reported
    except KeyboardInterrupt:
        console.note("Interrupted.")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the boundary: nothing may pass
        if isinstance(error, BrokenPipeError) and _reader_left():
            return INTERRUPTED
        if memory_is_short():  # whatever the error looks like
            error = error if translated(error) else MemoryError()
        told = translated(error) or _bug(error, log_folder)
        console.error(str(told), told.hint)
        return told.exit_code
    return code


def translated(error: BaseException | None) -> ReportError | None:
    """Return the ReportError for an expected error; None if it is unexpected.

    An error that was raised *from* an expected one (its cause) counts as that.
    """
    if error is None or isinstance(error, ReportError):
        return error
    for raised, kind in LOWER.items():
        if isinstance(error, raised):
            return kind(str(error), getattr(error, "hint", ""))
    if isinstance(error, ModuleNotFoundError) and error.name and not find_spec(error.name.split(".")[0]):
        lack = f"This Python ({sys.executable}) lacks {error.name}."
        return InputError(lack, f"cd {quote(str(ROOT))} && make setup")
    if isinstance(error, MemoryError) or lacks_memory(str(error)):
        error = OSError(errno.ENOMEM, "")
    if isinstance(error, OSError) and error.errno in FAILURES:
        failure, hint = FAILURES[error.errno]
        return MachineError(f"{failure}: {error.filename}." if error.filename else f"{failure}.", hint)
    return translated(error.__cause__)


def _bug(error: Exception, folder: Path) -> ReportError:
    """Write the traceback to a file and return the sentence that names it."""
    where = f"{sys.argv}\nPython {sys.version}\n{platform.platform()}"
    text = f"{where}\n\n{''.join(traceback.format_exception(error))}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / TRACEBACK).write_bytes(text.encode(errors="backslashreplace"))
    except OSError:
        folder = Path(tempfile.mkdtemp(prefix="report-"))
        (folder / TRACEBACK).write_bytes(text.encode(errors="backslashreplace"))
    what = ": ".join([type(error).__name__, *str(error).splitlines()[:1]])
    bug = ReportError(
        f"This is a bug in the program, not in what you did ({what}).",
        f"Please report it with {folder / TRACEBACK}",
    )
    bug.exit_code = BUG
    return bug


def _reader_left() -> bool:
    """Return whether the reader of stdout has left; if so, nothing more is written there."""
    try:
        pipe = select.poll()
        pipe.register(sys.stdout, select.POLLOUT)
        if not any(event & (select.POLLERR | select.POLLHUP) for _, event in pipe.poll(0)):
            return False
    except (OSError, ValueError):  # closed, or no file at all
        return False
    silence(sys.stdout)
    return True
