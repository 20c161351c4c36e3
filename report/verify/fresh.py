"""What this copy of the program and the data at hand give: the third side of the comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from report.verify.attached import Attached, Cell
    from report.verify.submission import Submission


@dataclass(frozen=True)
class Fresh:
    """The reproduction.

    Attributes
    ----------
    attached : Attached or None
        The evidence, made anew; None where nothing was computed (the check that ends a build).
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
    pages: Submission | None
    no_pages: str
    cells: tuple[Cell, ...]
    data: Mapping[str, str]
    environment: Mapping[str, Any]
    code: Mapping[str, str]
    versions: Mapping[str, str]
    settings: int
