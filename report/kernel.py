"""The notebook's kernel: a process of this Python with a clean environment, which always ends."""

from __future__ import annotations

import asyncio
import atexit
import os
import re
import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipykernel  # noqa: F401 - started by its name: where it lacks, this says so
import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from matplotlib import font_manager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from experiments import numerics
from report.errors import CheckError, MachineError
from report.notebook import METADATA, SOURCE, heading
from report.process import group_guard, lacks_memory, memory_is_short

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from report.notebook import Notebook

CELL_TIMEOUT = 1800  # seconds; the shipped cells take less than 30
LONGEST_SOCKET = 80  # characters of a folder in which sockets can be named: systems take about 100 in all
LOG = "kernel.log"
PERSONAL = ("PYTHON", "IPYTHON", "JUPYTER", "JPY_", "MPL", "MATPLOTLIB")  # begin names of personal settings
# The end of a traceback when the machine, not the notebook, is at fault.
MACHINE = ("MemoryError", "TerminatedWorkerError", "BrokenProcessPool", "[Errno 28]", "[Errno 12]")
ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")


def execute(notebook: Notebook, folder: Path, jobs: int, progress: Callable[[int, int, str], None]) -> None:
    """Run every cell in a clean kernel that works in `folder`; outputs are stored in `notebook`.

    The search inside may use so many processes; ``progress(cells done, cells in all, what runs next)`` is
    called before each. If a cell fails, a banner and an anchor at the cell are put into the notebook: a
    CheckError if it raised an exception, a MachineError if the kernel or a worker died, memory ran out, or it
    took longer than `CELL_TIMEOUT`.
    """
    code = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    running = code[0]

    def starting(cell: Notebook, cell_index: int) -> None:
        nonlocal running
        if cell.cell_type == "code":
            running = cell_index
            progress(code.index(cell_index), len(code), heading(cell))

    log = folder.parent / LOG
    private = Path(tempfile.mkdtemp(prefix="report-"))
    try:
        with log.open("wb") as words, group_guard() as guard:
            _run(notebook, folder, private, _environment(private, jobs), words, guard, starting)
    except CellExecutionError as error:
        reason = f"{error.ename}: {error.evalue.strip()}"
        if short := lacks_memory(reason):  # in the middle of many lines of advice
            reason = f"{error.ename} for want of memory\n{error.evalue}"
        kind = MachineError if short or any(word in reason for word in MACHINE) else CheckError
        raise _failure(notebook, running, reason, kind) from error
    except CellTimeoutError as error:
        raise _failure(notebook, running, f"no answer within {CELL_TIMEOUT} s", MachineError) from error
    except (DeadKernelError, RuntimeError) as error:  # a RuntimeError: it died before the first cell
        last = log.read_text(encoding="utf-8", errors="replace").strip().rpartition("\n")[2]
        reason = f"the kernel died, saying “{last}”" if last else "the kernel died (out of memory?)"
        raise _failure(notebook, running, reason, MachineError) from error
    finally:
        notebook.metadata = nbformat.from_dict(METADATA)  # the kernel's message names this machine's Python
        shutil.rmtree(private, ignore_errors=True)
    progress(len(code), len(code), "")


def _run(
    notebook: Notebook,
    folder: Path,
    private: Path,
    environ: Mapping[str, str],
    words: Any,
    guard: Callable[[int], None],
    starting: Callable[..., None],
) -> None:
    """Execute in a thread: Ctrl-C then reaches this process and not nbclient, which would take seconds."""
    if memory_is_short():  # for the threads of the kernel's client library, which would abort this process
        raise MemoryError
    specs = KernelSpecManager(kernel_dirs=[], ensure_native_kernel=True)  # no kernel but this Python's
    # Sockets are files, where their names are short enough: no network is needed, no one else can connect.
    files = {"transport": "ipc", "ip": str(private / "socket")}
    by_network = {"transport_encryption": "auto"}
    manager = AsyncKernelManager(
        kernel_name="python3",
        kernel_spec_manager=specs,
        connection_file=str(private / "connection.json"),
        **(files if len(str(private)) < LONGEST_SOCKET else by_network),
    )
    client = NotebookClient(
        notebook,
        km=manager,
        timeout=CELL_TIMEOUT,
        record_timing=False,
        coalesce_streams=True,  # else the bytes depend on when the kernel flushed
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=starting,
    )
    failures: list[Exception] = []

    async def execute() -> None:
        await manager.start_kernel(
            cwd=str(folder),
            env=dict(environ),
            stdout=words,
            stderr=words,
            extra_arguments=["--HistoryManager.enabled=False"],
        )
        provisioner: Any = manager.provisioner
        guard(provisioner.pgid)
        await client.async_execute(cleanup_kc=True)

    def run() -> None:
        try:
            asyncio.run(execute())
        except Exception as error:  # noqa: BLE001 - raised again below, in the caller's thread
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join()
    atexit.unregister(client._cleanup_kernel)  # noqa: SLF001 - nothing is left to clean up
    if failures:
        raise failures[0]


def _environment(private: Path, jobs: int) -> dict[str, str]:
    """Return the environment of a clean kernel: no personal settings, no colours, so many processes."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(PERSONAL)}
    # Making the list of fonts may take seconds, which matplotlib would report in the notebook.
    fonts = font_manager.fontManager
    font_manager.json_dump(fonts, private / f"fontlist-v{fonts.__version__}.json")
    jupyter = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")
    places = ("HOME", *jupyter, "MPLCONFIGDIR", "JOBLIB_TEMP_FOLDER")
    ours = {"LOKY_MAX_CPU_COUNT": str(jobs), "NO_COLOR": "1", "PYTHONUTF8": "1"}
    return {**kept, **dict.fromkeys(places, str(private)), **numerics.CHILDREN, **ours}


def _failure(
    notebook: Notebook, index: int, reason: str, kind: type[CheckError | MachineError]
) -> CheckError | MachineError:
    """Mark the cell that failed in the notebook, and return the error that names its question."""
    cell = notebook.cells[index]
    place = ""
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            output.evalue = ANSI.sub("", output.evalue)
            output.traceback = [ANSI.sub("", line) for line in output.traceback]
            place = _source_line(cell, "\n".join(output.traceback))
    reason = ANSI.sub("", reason).strip()
    title = heading(cell)
    anchor = nbformat.v4.new_markdown_cell('<a id="failed"></a> **This cell failed:**', id="failed")
    banner = nbformat.v4.new_markdown_cell(
        f"**The notebook stopped** in [the cell “{title}”](#failed): {reason}", id="banner"
    )
    notebook.cells.insert(index, anchor)
    notebook.cells.insert(0, banner)
    sentence = reason.partition("\n")[0].rstrip(".")
    return kind(
        f"{title}: the notebook stopped{place}: {sentence}.",
        "The notebook is kept with what was made: its first lines lead to the cell.",
    )


def _source_line(cell: Notebook, traceback: str) -> str:
    """Return where in the notebook's source the cell stopped, if that line occurs there once."""
    lines = cell.source.split("\n")
    stops = [int(number) for number in re.findall(r"Cell In ?\[\d+\], line (\d+)", traceback)]
    wanted = [lines[number - 1] for number in stops[:1] if 0 < number <= len(lines)]
    source = SOURCE.read_text(encoding="utf-8").split("\n")
    found = [number for number, line in enumerate(source, start=1) if [line] == wanted]
    return f" at templates/{SOURCE.name}, line {found[0]}" if len(found) == 1 else ""
