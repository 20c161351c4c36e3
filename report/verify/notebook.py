"""Notebooks as meaning: cells with their sources and outputs, whatever program saved them.

Identifiers, metadata, counters, indentation, line ends and empty cells say nothing; sources and outputs do.
"""

from __future__ import annotations

import os
import re
from codecs import BOM_UTF8
from difflib import SequenceMatcher
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from experiments.data.form import foreign
from experiments.record import MIME, Record
from report import confined
from report.config import QUESTIONS
from report.confined import Limits, UnjudgedError
from report.console import printable
from report.errors import CheckError
from report.results import NOTEBOOK
from report.verify.findings import HARMLESS, PROBLEM_2, WHOLE, Difference, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from report.console import Console

T = TypeVar("T")
Lines = str | list[str]  # a text, as a notebook may write it

# What a file holds that Jupyter does not open, and what that is.
FOREIGN = {
    b"<<<<<<< ": "it holds a merge conflict",
    b'"worksheets"': "it is in the notebook format of before 2015, without cells",
}
OF_A_MACHINE = ("image/png", "image/svg+xml", "application/pdf")
VERSION = re.compile(r"\b(python|numpy|pandas|scikit-learn) \d+(?:\.\d+)*(?:(?:a|b|rc|\.post|\.dev)\d+)*\+?")
RERUN = Limits(seconds=1800, memory=2 * 2**30, file=64 * 2**20)
WARNING = (
    "The submission's notebook runs now: it is somebody's code, and it may do what you may do. It has a"
    " folder of its own, none of your settings, 30 minutes and 2 GiB, but no jail: in doubt, use a container."
)
# Beginnings of the names of the variables that it gets.
KEPT = "PATH LANG LC_ TZ TMPDIR OPENBLAS_ OMP_ MKL_ BLIS_ VECLIB_ NPY_ REPORT_"


class Cell(Struct, frozen=True):
    """A cell: its first tag, which is a question, its kind, its source, and its outputs as text by kind."""

    tag: str
    kind: str
    source: str
    outputs: tuple[tuple[str, str], ...] = ()

    @property
    def heading(self) -> str:
        """The first line, which says what the cell is for."""
        return (self.source.splitlines() or [""])[0].lstrip("# ")[:60]

    @property
    def results(self) -> tuple[tuple[str, str], ...]:
        """The outputs but for warnings."""
        return tuple(shown for shown in self.outputs if shown[0] != "stream stderr")

    @property
    def question(self) -> str:
        """The question that the cell is for; all of problem 2 for what is for no single one."""
        return self.tag if self.tag in QUESTIONS else PROBLEM_2


class Notebook(Struct, frozen=True):
    """A notebook: its cells, the record that it leaves if its outputs are there, and what saved it last."""

    cells: tuple[Cell, ...]
    record: Record | None
    saved_by: str


class _Output(Struct):
    output_type: str
    name: str = ""
    text: Lines = ""
    data: dict[str, Any] = {}
    evalue: str = ""


class _Tagged(Struct, frozen=True):
    tags: tuple[str, ...] = ()


class _Cell(Struct):
    cell_type: str
    source: Lines
    metadata: _Tagged = _Tagged()
    outputs: list[_Output] = []


class _File(Struct):
    cells: Annotated[list[_Cell], Meta(max_length=10_000)]  # to be aligned in time
    metadata: dict[str, Any] = {}


def decoded(content: bytes, name: str, kind: type[T]) -> T:
    """Read a stranger's JSON as a type.

    Raises
    ------
    UnjudgedError
        It is no JSON, nests too deeply, or is not of that type.
    """
    try:
        return msgspec.json.decode(content.removeprefix(BOM_UTF8), type=kind)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        told = printable(str(error))[:200]
        raise UnjudgedError(f"{name} is not as a build writes it: {told}.") from None


def read(content: bytes, name: str) -> Notebook:
    """Read a notebook as Jupyter does.

    Raises
    ------
    UnjudgedError
        It is none; `name` says which.
    """
    try:
        found = decoded(content, name, _File)
    except UnjudgedError:
        start = content.removeprefix(BOM_UTF8).lstrip()[:1]
        told = [kind for mark, kind in FOREIGN.items() if mark in content]
        told += [f"it is {foreign(content).partition(';')[0] or 'no notebook'}"] if start else ["it is empty"]
        if told[1:] or start != b"{":
            raise UnjudgedError(f"{name} cannot be opened: {told[0]}.") from None
        raise
    recorded = [output.data[MIME] for cell in found.cells for output in cell.outputs if MIME in output.data]
    records = [decoded(msgspec.json.encode(each), f"The record in {name}", Record) for each in recorded]
    if not any(cell.cell_type == "code" for cell in found.cells):
        raise UnjudgedError(f"{name} is no notebook: it holds no code.")
    programs = {"colab": "Google Colab", "(ipykernel)": "JupyterLab"}
    metadata = str(found.metadata)
    saved_by = next((program for mark, program in programs.items() if mark in metadata), "another program")
    return Notebook(tuple(map(_meant, found.cells)), records[-1] if records else None, saved_by)


def _meant(cell: _Cell) -> Cell:
    tag = next(iter(cell.metadata.tags), "")
    outputs = tuple(shown for output in cell.outputs for shown in _shown(output))
    return Cell(tag, cell.cell_type, _text(cell.source).rstrip(), outputs)


def _shown(output: _Output) -> list[tuple[str, str]]:
    """Return what an output shows, by kind, without blanks at its end or within an encoded picture."""
    if output.output_type == "stream":
        return [(f"stream {output.name}", _text(output.text).rstrip())]
    if output.output_type == "error":
        return [("error", output.evalue)]
    texts = {kind: _text(shown) for kind, shown in sorted(output.data.items())}
    return [(k, "".join(text.split()) if k in OF_A_MACHINE else text.rstrip()) for k, text in texts.items()]


def _text(value: Any) -> str:
    """Return a text that a notebook may write as one or as a list of lines."""
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    text = value if isinstance(value, str) else msgspec.json.encode(value, order="sorted").decode()
    return text.replace("\r\n", "\n")


# --- two notebooks
def compare(given: Sequence[Cell], expected: Sequence[Cell], *, outputs: bool = True) -> list[Difference]:
    """Compare the cells of two notebooks: their sources, and their outputs if they are asked for.

    Text and warnings that were added are of no question: what is beside the answers changes none of them.
    """
    there, here = (
        [cell for cell in cells if cell.source.strip() or cell.outputs] for cells in (given, expected)
    )
    pairs = [*_aligned(there, here)]
    added, gone = ({(p[n].kind, p[n].source) for p in pairs if p[1 - n] is None} for n in (0, 1))
    found = []
    for cell, other in pairs:
        named = cell if other is None else other
        about, how = named.question, ""
        if cell is None:
            how = "is missing" if (other.kind, other.source) not in added else ""
        elif other is None:
            how = "was moved" if (cell.kind, cell.source) in gone else "was added"
            about = WHOLE if cell.kind == "markdown" else PROBLEM_2
        elif (cell.kind, cell.source) != (other.kind, other.source):
            how = "was edited"
        elif outputs and sorted(cell.results) != sorted(other.results):
            error = dict(cell.results).get("error", "")
            how = "lacks an output" if len(cell.results) < len(other.results) else "has another output"
            how = f"ends with an error ({error[:80]})" if error else how
        elif outputs and sorted(cell.outputs) != sorted(other.outputs):
            about, how = WHOLE, "has other warnings"
        if how:
            found.append(Difference(about, f"the cell \u201c{named.heading}\u201d {how}"))
    return found


def _aligned(there: Sequence[Cell], here: Sequence[Cell]) -> Iterator[Any]:
    """Walk the pairs of cells that are the same or stand in the same place; one side may lack a cell."""
    one, other = ([(cell.kind, cell.source) for cell in cells] for cells in (there, here))
    for _, start, end, first, last in SequenceMatcher(None, one, other).get_opcodes():
        yield from zip_longest(there[start:end], here[first:last])


def compare_saved(given: Notebook, expected: Notebook) -> list[Difference]:
    """Compare a notebook with the one that it is a copy of; what a program does to it is harmless."""
    from report.verify.view import pixels  # noqa: PLC0415 - PDFium, for the rare case

    bare = {cell.source for cell in given.cells if not cell.outputs}
    cells = [replace(cell, outputs=()) if cell.source in bare else cell for cell in expected.cells]
    if found := compare(*([_of_any_machine(cell, pixels) for cell in of] for of in (given.cells, cells))):
        return found
    told = [f"it was saved again by {given.saved_by}"]
    if compare(given.cells, cells):
        told.insert(0, "it was run again, perhaps with other versions")
    if cells != [*expected.cells]:
        some = "some of " if any(cell.outputs for cell in given.cells) else ""
        told.insert(0, f"{some}its outputs were cleared")
    if (more := len(given.cells) - len(expected.cells)) > 0:
        told.insert(0, f"it has {counted(more, 'empty cell')} more")
    return [Difference(PROBLEM_2, f"The {NOTEBOOK} beside the PDF: {'; '.join(told)}", kind=HARMLESS)]


def _of_any_machine(cell: Cell, seen: Callable[[str], str]) -> Cell:
    """Return a cell with outputs as every machine gives them: without versions, pictures as they are seen."""
    outputs = []
    for kind, shown in cell.outputs:
        text = seen(shown) if kind in OF_A_MACHINE else VERSION.sub(r"\1", shown)
        if kind == MIME:  # JavaScript writes 1.0 as 1
            text = repr(replace(msgspec.json.decode(shown, type=Record), versions={}))
        outputs.append((kind, text))
    return replace(cell, outputs=tuple(outputs))


# --- a notebook that is run again
def run_again(content: bytes, data: Path, folder: Path, console: Console) -> list[Difference]:
    """Run a notebook in a child process, in a folder that holds only the data; return what differs then.

    Raises
    ------
    ReportError
        It could not be run.
    """
    console.warn(WARNING)
    folder.mkdir()
    (folder / NOTEBOOK).write_bytes(content)
    environ = {name: value for name, value in os.environ.items() if name.startswith(tuple(KEPT.split()))}
    arguments = [str(folder / NOTEBOOK), str(data.resolve())]
    with console.stage("run the notebook"):
        found = confined.run(
            "report.verify.notebook", arguments, folder, RERUN, console.progress, environ=environ
        )
    return msgspec.convert(found, list[Difference])


def _rerun(arguments: list[str]) -> list[Difference]:
    """Run a notebook from top to bottom in a clean kernel, and compare each output with the stored one."""
    import nbformat  # noqa: PLC0415 - only for this
    from joblib import cpu_count  # noqa: PLC0415

    from experiments import dataset  # noqa: PLC0415
    from report import kernel  # noqa: PLC0415

    file, data = map(Path, arguments)
    before = read(file.read_bytes(), "The notebook").cells
    if not any(cell.outputs for cell in before):
        return [Difference(PROBLEM_2, "it holds no outputs to compare")]
    try:
        made = nbformat.reads(file.read_text(encoding="utf-8"), as_version=4)
        nbformat.validate(made)
    except Exception as error:
        raise UnjudgedError("Jupyter cannot run this notebook.") from error
    room = file.parent / "room"
    room.mkdir()
    for found in dataset.load(data, index_column=True).files:
        (room / found.name).write_bytes(found.content)
    try:
        kernel.execute(made, room, cpu_count(), confined.tell)
    except CheckError as error:
        return [Difference(PROBLEM_2, str(error).rstrip("."))]
    after = read(nbformat.writes(made, version=4).encode(), "The notebook").cells
    return compare(*([_of_any_machine(cell, lambda _: "") for cell in cells] for cells in (after, before)))


if __name__ == "__main__":
    from experiments import numerics

    numerics.pin()
    confined.answer(_rerun)
