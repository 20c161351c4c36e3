"""What this copy of the program and the data at hand give: the third side of the comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from experiments.record import Record
from report import results
from report.verify import attached, confined, submission
from report.verify.attached import Cell
from report.verify.confined import ExceededError, Limits
from report.verify.errors import UnjudgedError
from report.verify.submission import PDF

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from report.console import Console
    from report.verify.attached import Attached
    from report.verify.submission import Submission

LIMITS = Limits(seconds=3600, memory=2 * 2**30, file=256 * 2**20)


@dataclass(frozen=True)
class Fresh:
    """The reproduction.

    Attributes
    ----------
    attached : Attached or None
        The evidence, made anew; None where nothing was computed (the check that ends a build).
    record : Record or None
        The line that the notebook should have printed.
    pages : Submission or None
        The PDF, set anew; None if no pages were set.
    no_pages : str
        Why not, half a sentence.
    cells : tuple of Cell
        The notebook that this program writes for the attached configuration.
    data : mapping
        Name of a data file -> sha256, of the data at hand.
    environment : mapping
        The audit of the numeric pins, here.
    code, versions : mapping
        Digests of this program's parts, and versions of packages, here.
    settings : int
        How many settings were trained: all of the space, or two; 0 for none.
    """

    attached: Attached | None
    record: Record | None
    pages: Submission | None
    no_pages: str
    cells: tuple[Cell, ...]
    data: Mapping[str, str]
    environment: Mapping[str, Any]
    code: Mapping[str, str]
    versions: Mapping[str, str]
    settings: int


def reproduce(found: Submission, data: Path, folder: Path, console: Console, *, fast: bool) -> Fresh:
    """Make a submission anew from what is attached to it, in a process of its own.

    Parameters
    ----------
    found : Submission
        What was handed in.
    data : Path
        The data's folder or archive.
    folder : Path
        A folder to work in, which is made.
    console : Console
        Told how far it is.
    fast : bool
        Train only the default and the best setting.

    Raises
    ------
    UnjudgedError
        It takes too long or too much memory.
    """
    folder.mkdir()
    for name, content in found.files.items():
        (folder / name).write_bytes(content)
    arguments = [str(folder), str(data.resolve()), "true" if fast else "false"]
    try:
        answer: dict[str, Any] = confined.run("reproduce", arguments, folder, LIMITS, console.progress)
    except ExceededError as error:
        raise UnjudgedError(
            f"The submission cannot be reproduced within {LIMITS.seconds // 60} min and 2 GiB: {error}",
            "--fast trains two networks instead of the whole search.",
        ) from None
    pages = folder / "pages"
    anew = attached.parse({name: (pages / name).read_bytes() for name in results.ATTACHED})
    no_pages = answer["no_pages"]
    return Fresh(
        attached=anew,
        record=msgspec.convert(answer["record"], Record),
        pages=None if no_pages else submission.read((pages / PDF).read_bytes(), folder / "reading"),
        no_pages=no_pages,
        cells=tuple(Cell(*cell) for cell in answer["cells"]),
        data=answer["data"],
        environment=answer["environment"],
        code=answer["made_with"]["code"],
        versions=answer["made_with"]["versions"],
        settings=answer["settings"],
    )
