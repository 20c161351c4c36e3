"""Work in a clean child process with limits of time and memory, ended with all that it started.

The parent calls `run`; the child's module ends with `answer`. What the child finds goes through a file, so
that nothing that a library prints can spoil it.
"""

from __future__ import annotations

import contextlib
import errno
import json
import resource
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from report import ROOT
from report.boundary import translated
from report.errors import CheckError, InputError, LatexError, MachineError, ReportError
from report.process import group_guard

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class UnjudgedError(InputError):
    """The submission itself is at fault: damaged, hostile, or not made by this program; exit code 2."""


@dataclass(frozen=True)
class Limits:
    """What a child may use."""

    seconds: int  # of wall time; then it is killed with all that it started
    memory: int  # bytes, of each of its processes
    file: int  # bytes of one file that it writes

    def __str__(self) -> str:
        return f"{self.seconds} s and {self.memory >> 20} MiB"


class ExceededError(MachineError):
    """A child used up its time or memory, or died."""


KINDS: dict[str, type[ReportError]] = {
    kind.__name__: kind
    for kind in (UnjudgedError, InputError, LatexError, CheckError, ExceededError, MachineError)
}


def run(
    module: str,
    arguments: Sequence[str],
    folder: Path,
    limits: Limits,
    progress: Callable[[int, int, str], None] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Any:
    """Run a module in a child process and return its answer.

    The child's answer and complaints are kept in the folder; `progress` is called as
    ``progress(done, total, label)`` whenever the child reports progress.

    Raises
    ------
    ReportError
        As the child raised it.
    ExceededError
        The child went beyond a limit, or died.
    """
    name = module.rpartition(".")[2]
    answer_file, log = folder / f"{name}.json", folder / f"{name}.log"
    numbers = [str(number) for number in (limits.memory, limits.file)]
    command = [sys.executable, "-m", module, str(answer_file), *numbers, *arguments]
    with log.open("wb") as complaints, group_guard() as guard:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        guard(process.pid)
        # In a thread: a process that the child started may hold the pipe open after the child's end.
        listener = threading.Thread(target=_listen, args=(process, progress), daemon=True)
        listener.start()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(limits.seconds)
        late = process.poll() is None
    process.wait()  # it has ended, or was killed with its group
    listener.join()
    if late:
        raise ExceededError(f"it took more than {limits.seconds} s.")
    return _answer(answer_file, log)


def _listen(process: subprocess.Popen[str], progress: Callable[[int, int, str], None] | None) -> None:
    """Pass on the child's progress until every process that could report it has ended."""
    assert process.stdout is not None
    with process.stdout as lines:
        for line in lines:
            done, _, rest = line.partition(" ")
            total, _, label = rest.partition(" ")
            if progress and done.isdigit() and total.isdigit():  # all else was printed by a library
                progress(int(done), int(total), label.strip())


def answer(work: Callable[[list[str]], Any]) -> None:
    """Be the child: apply the limits, do the work, and write its answer (types, too) or its error as JSON."""
    file, memory, size, *arguments = sys.argv[1:]
    limits = {resource.RLIMIT_DATA: memory, resource.RLIMIT_FSIZE: size, resource.RLIMIT_CORE: "0"}
    for limit, most in limits.items():
        resource.setrlimit(limit, (int(most), int(most)))
    try:
        _write(file, {"answer": work(arguments)})
    except Exception as error:
        known = translated(error)
        if isinstance(error, MemoryError):
            known = ExceededError("it needs more memory than it may have.")
        elif isinstance(error, OSError) and error.errno == errno.EFBIG:
            known = ExceededError("it writes more than it may.")
        if known is None:
            raise  # a bug of the program: its traceback goes to the log
        kind = next(name for name, kind in KINDS.items() if isinstance(known, kind))
        _write(file, {"error": (kind, str(known), known.hint)})


def _write(file: str, told: dict[str, Any]) -> None:
    text = json.dumps(msgspec.to_builtins(told), ensure_ascii=False)
    Path(file).write_bytes(text.encode(errors="replace"))  # a stranger's text may hold halves of characters


def tell(done: int, total: int, label: str = "") -> None:
    """Report progress to the parent."""
    print(done, total, label, flush=True)  # noqa: T201 - the parent reads it


def _answer(file: Path, log: Path) -> Any:
    """Read the child's answer; raise its error here."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        complaint = log.read_text(encoding="utf-8", errors="replace").strip()
        if "Traceback" in complaint and "MemoryError" not in complaint:
            raise RuntimeError(complaint) from None  # a bug of the program, reported as one
        raise ExceededError("its process was killed, perhaps for lack of memory.") from None
    if "error" in told:
        kind, message, hint = told["error"]
        raise KINDS[kind](message, hint)
    return told["answer"]
