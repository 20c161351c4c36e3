"""The notebook: made from its readable source, executed in a clean kernel, read back as a record."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jupytext
import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from experiments import portable
from report.errors import CheckError, MachineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Notebook = Any  # nbformat.NotebookNode, a library without types
Layers = tuple[int, ...]

SOURCE = Path(__file__).parent.parent / "templates" / "homework03.py"
STAND_IN_NOTICE = (
    "**These are stand-in data.** The course's files are not public; real measurements from a data set that "
    "comes with scikit-learn stand in for them until the course's own four files are put in their place."
)
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
SLOW_CELL = 5000  # weights between hidden layers, from which on an architecture gets several cells
CELL_TIMEOUT = 1800  # seconds; the shipped cells take less than 30


def build(
    seed: int,
    layers: Sequence[Layers],
    grid: Mapping[str, Sequence[Any]],
    default: Mapping[str, Sequence[Any]] | None,
    *,
    stand_in: bool,
) -> Notebook:
    """Make the notebook, not yet executed.

    Parameters
    ----------
    seed : int
        The `random_state` of every network.
    layers : sequence of tuples
        The architectures to try; each becomes a cell of its own.
    grid : mapping
        The values to try for `activation`, `batch_size`, `learning_rate_init` and `solver`.
    default : mapping or None
        The one-point grid of scikit-learn's default setting if `grid` lacks it: it becomes a candidate too.
    stand_in : bool
        Whether the data are the stand-in, which the notebook then says.
    """
    notebook = jupytext.read(SOURCE, fmt="py:percent")
    notebook.metadata = nbformat.from_dict(METADATA)
    cells = []
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        if "parameters" in tags:
            cell.source = _assign(cell.source, "SEED", repr(seed))
        if "pins" in tags:
            cell.source += f"\n{portable.notebook_cell().rstrip()}"
        if "grid" in tags:
            cell.source = _assign(cell.source, "GRID", _literal(grid))
        if "each-architecture" in tags:
            cells += _search_cells(cell, layers, grid, default)
        else:
            cells.append(cell)
        if "title" in tags and stand_in:
            cells.append(nbformat.v4.new_markdown_cell(STAND_IN_NOTICE, metadata={"tags": ["title"]}))
    notebook.cells = cells
    seen: Counter[str] = Counter()
    for cell in cells:
        question = cell.metadata["tags"][0]
        seen[question] += 1
        cell["id"] = f"{question}-{seen[question]}"
    return notebook


def execute(notebook: Notebook, folder: Path, jobs: int, progress: Callable[[int, int, str], None]) -> None:
    """Run every cell in a clean kernel of this Python; outputs are stored in `notebook`.

    Parameters
    ----------
    notebook : NotebookNode
        Changed in place. If a cell fails, a banner and an anchor at the cell are put into it.
    folder : Path
        Where the kernel works: it holds the four CSV files and nothing else.
    jobs : int
        How many processes the search inside may use.
    progress : callable
        Called as ``progress(cells done, cells in all, what runs next)``.

    Raises
    ------
    CheckError
        A cell raised an exception.
    MachineError
        The kernel died, or a cell took longer than `CELL_TIMEOUT`.
    """
    specs = KernelSpecManager(kernel_dirs=[], ensure_native_kernel=True)  # this very Python, no other kernel
    manager = AsyncKernelManager(
        kernel_name="python3", kernel_spec_manager=specs, transport_encryption="auto"
    )
    code = [index for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]

    def starting(cell: Notebook, cell_index: int) -> None:
        if cell.cell_type == "code":
            progress(code.index(cell_index), len(code), heading(cell))

    client = NotebookClient(
        notebook,
        km=manager,
        timeout=CELL_TIMEOUT,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
        on_cell_start=starting,
    )
    try:
        client.execute(env=_kernel_environment(folder, jobs), cleanup_kc=True)
    except CellExecutionError as error:
        raise _failure(notebook, code, f"{error.ename}: {error.evalue}", CheckError) from error
    except CellTimeoutError as error:
        raise _failure(notebook, code, f"no answer within {CELL_TIMEOUT} s", MachineError) from error
    except DeadKernelError as error:
        raise _failure(notebook, code, "the kernel died (out of memory?)", MachineError) from error
    finally:
        notebook.metadata = nbformat.from_dict(
            METADATA
        )  # the kernel's own account names this machine's Python
    progress(len(code), len(code), "")


def record(notebook: Notebook) -> dict[str, Any]:
    """Give the record that the notebook's last cell printed, as the last line of its output."""
    output = "".join(out.text for out in notebook.cells[-1].outputs if out.output_type == "stream")
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def dump(notebook: Notebook) -> bytes:
    """Give the notebook as the bytes of its file."""
    text: str = nbformat.writes(notebook, version=4)
    return (text + "\n").encode()


def heading(cell: Notebook) -> str:
    """Give the first-line comment of a code cell: the question that it answers, and how."""
    return str(cell.source).splitlines()[0].lstrip("# ")


def _assign(source: str, name: str, literal: str) -> str:
    """Replace the value that `name` is given at the top level of `source`, over however many lines."""
    pattern = re.compile(rf"^{name} = (?:\{{.*?^\}}|[^\n]*)", re.MULTILINE | re.DOTALL)
    if len(pattern.findall(source)) != 1:
        raise CheckError(f"{SOURCE.name}: the cell that sets {name} must do so once, at the start of a line.")
    return pattern.sub(lambda _: f"{name} = {literal}", source)


def _literal(grid: Mapping[str, Sequence[Any]]) -> str:
    """Write a dict of lists the way the notebook's source does."""
    return (
        "{\n" + "".join(f'    "{name}": {json.dumps(list(values))},\n' for name, values in grid.items()) + "}"
    )


def _search_cells(
    cell: Notebook,
    layers: Sequence[Layers],
    grid: Mapping[str, Sequence[Any]],
    default: Mapping[str, Sequence[Any]] | None,
) -> list[Notebook]:
    """Give a copy of the search cell for each architecture, and first one for a default outside the grid.

    An architecture with many weights gets a cell for each activation, so that no cell takes half a minute.
    """
    calls = []
    for each in layers:
        if sum(fan_in * fan_out for fan_in, fan_out in pairwise(each)) < SLOW_CELL:
            calls.append((str(each), f"search({each})"))
            continue
        for activation in grid["activation"]:  # in the grid's own order: it walks activations first
            call = f'search({each}, {{**GRID, "activation": ["{activation}"]}})'
            calls.append((f"{each}, {activation}", call))
    if default is not None:
        calls.insert(0, ("(100,), the default setting", f"search((100,), {_literal(default)})"))
    made = []
    for title, call in calls:
        source = cell.source.replace("search((100,))", call).replace("layers (100,)", f"layers {title}")
        made.append(nbformat.v4.new_code_cell(source, metadata=cell.metadata))
    return made


def _kernel_environment(folder: Path, jobs: int) -> dict[str, str]:
    """Give the environment of a clean kernel: nobody's start-up files, no colours, so many processes."""
    private = folder.parent.resolve() / "kernel"  # absolute: the kernel works in another folder
    private.mkdir(exist_ok=True)
    places = {name: str(private) for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
    return {**os.environ, **places, "LOKY_MAX_CPU_COUNT": str(jobs), "NO_COLOR": "1"}


def _failure(
    notebook: Notebook, code: Sequence[int], reason: str, kind: type[CheckError | MachineError]
) -> CheckError | MachineError:
    """Mark the cell that failed in the notebook, and give the error that names its question."""
    index = next(i for i in code if _failed(notebook.cells[i]))
    cell = notebook.cells[index]
    for output in cell.outputs:
        if output.output_type == "error":
            output.traceback = [ANSI.sub("", line) for line in output.traceback]
    anchor = nbformat.v4.new_markdown_cell('<a id="failed"></a> **This cell failed:**', id="failed")
    banner = nbformat.v4.new_markdown_cell(
        f"**The notebook stopped** in [the cell “{heading(cell)}”](#failed): {ANSI.sub('', reason)}",
        id="banner",
    )
    notebook.cells.insert(index, anchor)
    notebook.cells.insert(0, banner)
    sentence = ANSI.sub("", reason).splitlines()[0]
    return kind(f"The notebook stopped in the cell “{heading(cell)}”: {sentence}.")


def _failed(cell: Notebook) -> bool:
    """Tell whether a code cell is where execution stopped: it has an error, or never got its number."""
    return cell.execution_count is None or any(out.output_type == "error" for out in cell.outputs)
