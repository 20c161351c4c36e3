"""One CSV file as numbers or words, or a sentence that says where it is wrong."""

from __future__ import annotations

import io
import math
import re
from array import array
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from experiments.errors import DataError
from experiments.plaintext import LONGEST, excerpt, objection

if TYPE_CHECKING:
    from collections.abc import Iterator

NUMBER = re.compile(r"[+-]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?")
NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
# What pandas takes for a missing value, beside NaN.
MISSING = frozenset({"", "#N/A", "#N/A N/A", "#NA", "<NA>", "N/A", "NA", "NULL", "None", "n/a", "null"})
_CELL = re.compile(r'[ \t]*+(?:"((?:[^"]|"")*+)"[ \t]*+|([^",]*+))(,|$)')


@dataclass(frozen=True)
class Inputs:
    """An X file: its name, its header, if any, and its numbers, float64, shape (rows, columns)."""

    file: str
    header: tuple[str, ...] | None
    values: np.ndarray


@dataclass(frozen=True)
class Labels:
    """A Y file: its name, its header, if X has one, and its labels as they are written."""

    file: str
    header: tuple[str, ...] | None
    texts: tuple[str, ...]

    def place(self, row: int) -> str:
        """Return file, line and column of a label; rows count from 0."""
        return f"{self.file}, line {row + 1 + (self.header is not None)}, column 1"


def read_inputs(content: bytes, file: str) -> Inputs:
    """Read an X file; `file` names it in errors.

    The first row is a header if none of its cells is a number. Each value is the double nearest to what is
    written, as Python's `float` gives it.

    Raises
    ------
    DataError
        If the content is no table of finite numbers, with the line and column of the first offence.
    """
    table = _rows(content, file)
    first = next(table)
    header = _header(first, file)
    numbers = array("d")
    rows = enumerate(table, start=2) if header else enumerate(chain([first], table), start=1)
    for line, cells in rows:
        numbers.extend(_number(cell, file, line, column) for column, cell in enumerate(cells, start=1))
    if not numbers:
        raise DataError(f"{file} has a header row and no other; add the rows of data")
    return Inputs(file, header, np.array(numbers).reshape(-1, len(first)))


def read_labels(content: bytes, file: str, *, has_header: bool) -> Labels:
    """Read a Y file, whose first row is a header exactly if X has one.

    Raises
    ------
    DataError
        If the content is no column of words or numbers, with the line of the first offence.
    """
    texts = []
    for line, cells in enumerate(_rows(content, file), start=1):
        if len(cells) > 1:
            raise DataError(f"{file}, line {line}: {len(cells)} cells; a Y file has one label in each row")
        if cells[0] in MISSING or NOT_FINITE.fullmatch(cells[0]):
            raise DataError(f"{file}, line {line}, column 1: {_told(cells[0])} is no label; fill it in")
        _refuse_hidden(cells[0], f"{file}, line {line}, column 1")
        texts.append(cells[0])
    if has_header and len(texts) == 1:
        raise DataError(f"{file} has a header row, as X has, and no other; add the labels")
    return Labels(file, (texts[0],) if has_header else None, tuple(texts[has_header:]))


def _rows(content: bytes, file: str) -> Iterator[list[str]]:
    """Yield the cells of each row, the first on line 1; blank lines are skipped at the end alone.

    Cells come without the blanks and the quotation marks around them. Lines end with LF, CRLF or CR.
    """
    blank = width = 0
    for number, ended in enumerate(io.StringIO(_decoded(content, file), newline=None), start=1):
        line = ended.rstrip("\n")
        if not line.strip(" \t"):
            blank = blank or number
            continue
        if blank:
            raise DataError(f"{file}, line {blank}: a blank line before the last row; take it out")
        cells = _cells(line, f"{file}, line {number}")
        width = width or len(cells)
        if len(cells) != width:
            raise DataError(
                f"{file}, line {number}: the number of cells is {len(cells)}, in line 1 it is {width}; "
                "give every row the same number"
            )
        yield cells


def _decoded(content: bytes, file: str) -> str:
    """Return the text of a file, its byte-order mark taken off."""
    if (position := content.find(b"\0")) >= 0:
        line = content.count(b"\n", 0, position) + 1
        raise DataError(
            f"{file}, line {line}: a NUL byte, so this is no text in UTF-8; save the file as such"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, byte = content.count(b"\n", 0, error.start) + 1, content[error.start]
        raise DataError(
            f"{file}, line {line}: byte 0x{byte:02x} is not UTF-8; save the file as such"
        ) from None
    if not text.strip(" \t\r\n"):
        raise DataError(f"{file} is empty; put the data's file in its place")
    return text


def _cells(line: str, where: str) -> list[str]:
    if '"' not in line:
        return [cell.strip(" \t") for cell in line.split(",")]
    cells: list[str] = []
    position, end = 0, ","
    while end:
        match = _CELL.match(line, position)
        if match is None:
            place = f"{where}, column {len(cells) + 1}"
            raise DataError(f"{place}: a stray quotation mark; quote the whole cell, on one line, or nothing")
        quoted, bare, end = match.groups()
        cells.append((bare if quoted is None else quoted.replace('""', '"')).strip(" \t"))
        position = match.end()
    return cells


def _header(cells: list[str], file: str) -> tuple[str, ...] | None:
    """Return the names in the first row of an X file, or None if that row holds data."""
    are_data = [bool(c in MISSING or NUMBER.fullmatch(c) or NOT_FINITE.fullmatch(c)) for c in cells]
    if all(are_data):
        return None
    seen: set[str] = set()
    for column, cell in enumerate(cells, start=1):
        where = f"{file}, line 1, column {column}"
        if are_data[column - 1]:
            word = excerpt(cells[are_data.index(False)])
            raise DataError(
                f"{where}: {_told(cell)} beside {word}; write a header of names or a row of numbers"
            )
        _refuse_hidden(cell, where)
        if cell in seen:
            raise DataError(f"{where}: a second column called {excerpt(cell)}; rename one of them")
        seen.add(cell)
    return tuple(cells)


def _number(cell: str, file: str, line: int, column: int) -> float:
    if len(cell) <= LONGEST and NUMBER.fullmatch(cell):
        value = float(cell)
        if math.isfinite(value):
            return value
        fault = f"{excerpt(cell)} is too large for a double; write a smaller number"
    elif cell in MISSING or NOT_FINITE.fullmatch(cell):
        fault = f"{_told(cell)} is not a finite number; fill it in or take the row out"
    elif re.search(r"[;\t |]", cell):
        fault = f"{excerpt(cell)} is not a number; separate cells by commas"
    else:
        fault = f"{excerpt(cell)} is not a number; write a number such as -0.25"
    raise DataError(f"{file}, line {line}, column {column}: {fault}")


def _told(cell: str) -> str:
    return excerpt(cell) if cell else "an empty cell"


def _refuse_hidden(cell: str, where: str) -> None:
    if reason := objection(cell):
        raise DataError(f"{where}: {excerpt(cell)} {reason}; write another name")
