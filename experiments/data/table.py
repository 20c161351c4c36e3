"""A CSV file as numbers or as labels of one type, or a sentence that says where it is wrong."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from experiments.data import form
from experiments.data.form import MISSING, NOT_FINITE, NUMBER, oddity
from experiments.errors import LONGEST, DataError, excerpt, objection

if TYPE_CHECKING:
    from collections.abc import Callable

    from experiments.data.files import Found

T = TypeVar("T")

_INTEGER = re.compile(r"[+-]?[0-9]+")
_INT64 = np.iinfo(np.int64)
# A number in what Python wraps around it: b'1', [1], np.int64(1), '1'.
_WRAPPED = re.compile(r"(?:b?'|\[+ ?|(?:np\.|numpy\.)?\w+\()([+-]?[0-9]+(?:\.[0-9]*)?)['\])]+")


@dataclass(frozen=True)
class Part:
    """One set: how errors name its files, its header, X as float64 of shape (rows, columns), Y as written."""

    x_file: str
    y_file: str
    header: tuple[str, ...] | None
    values: np.ndarray
    labels: tuple[str, ...]

    def place(self, row: int) -> str:
        """Return file, line and column of a label; rows count from 0."""
        return f"{self.y_file}, line {row + 1 + bool(self.header)}, column 1"


def read(x_file: Found, y_file: Found) -> Part:
    """Read X and Y of one set.

    The first row of X is a header if none of its cells is a number, and then that of Y is one too. Each value
    is the double nearest to what is written, as Python's `float` returns it.
    """
    header, values = _read(x_file, _inputs)
    labels = _read(y_file, _labels, labels=True)
    if header and len(labels) == 1:
        raise DataError(f"{y_file.place} has a header row, as X has, and no other; add the labels")
    return Part(x_file.place, y_file.place, header, values, labels[bool(header) :])


def _read(file: Found, read: Callable[[form.Rows], T], *, labels: bool = False) -> T:
    """Read the rows of a file; where that fails, look for what is wrong with its form as a whole."""
    lines: list[str] = []
    try:
        lines = form.lines(file.content)
        return read(form.rows(lines))
    except DataError as error:
        whole = form.fault(lines, labels=labels) if lines else ""
        raise DataError(f"{file.place}{whole or error}") from None


def _labels(rows: form.Rows) -> tuple[str, ...]:
    """Return the only cell of each row, without blanks of any kind around it, as the notebook reads it."""
    if len(rows[0]) > 1 and len(rows) == 1:
        raise DataError(": all labels stand in line 1; write each in a line of its own")
    if len(rows[0]) > 1:
        raise DataError(f", line 1: {len(rows[0])} cells, as in an X file; Y has one label in each row")
    texts = tuple(row[0].strip() for row in rows)
    for line, text in enumerate(texts, start=1):
        where = f", line {line}, column 1"
        if text in MISSING or NOT_FINITE.fullmatch(text):
            advice = "fill it in" if "inf" not in text.lower() else "write a word or a whole number"
            raise DataError(f"{where}: {_told(text)} is no label; {advice}")
        _refuse_hidden(text, where)
    return texts


def _inputs(rows: form.Rows) -> tuple[tuple[str, ...] | None, np.ndarray]:
    header = _header(rows[0])
    body = rows[bool(header) :]
    if not body:
        raise DataError(" has a header row and no other; add the rows of data")
    numbers = [
        [_number(cell, f", line {line}, column {column}") for column, cell in enumerate(cells, start=1)]
        for line, cells in enumerate(body, start=1 + bool(header))
    ]
    if _has_split_decimals(body):
        raise DataError(": the numbers are written with decimal commas, and so are the cells; write points")
    return header, np.array(numbers)


def _header(cells: list[str]) -> tuple[str, ...] | None:
    """Return the names in the first row of an X file, or None if that row holds data."""
    are_data = [bool(c in MISSING or NUMBER.fullmatch(c) or NOT_FINITE.fullmatch(c)) for c in cells]
    if all(are_data) or all(map(oddity, cells)):
        return None
    if sum(map(bool, map(NUMBER.fullmatch, cells))) * 2 > len(cells):
        return None
    for column, cell in enumerate(cells, start=1):
        where = f", line 1, column {column}"
        if are_data[column - 1]:
            word = next((c for c in cells if oddity(c)), cells[are_data.index(False)])
            why = f", which {oddity(word).partition(';')[0]}" if oddity(word) else ""
            advice = "write a header of names or a row of numbers"
            raise DataError(f"{where}: {_told(cell)} beside {excerpt(word)}{why}; {advice}")
        _refuse_hidden(cell, where)
        if cell in cells[: column - 1]:
            raise DataError(f"{where}: a second column called {excerpt(cell)}; rename one of them")
    return tuple(cells)


def _number(cell: str, where: str) -> float:
    if len(cell) <= LONGEST and NUMBER.fullmatch(cell):
        value = float(cell)
        if math.isfinite(value):
            return value
        fault = "is too large for a double; write a smaller number"
    elif told := oddity(cell[:LONGEST]):
        fault = told
    elif cell in MISSING or NOT_FINITE.fullmatch(cell):
        fault = "is not a finite number; fill it in, or take its sample out of X and Y"
    else:
        fault = "is not a number; write a number such as -0.25"
    raise DataError(f"{where}: {_told(cell)} {fault}")


def _has_split_decimals(rows: form.Rows) -> bool:
    """Return whether each decimal comma made two cells: 0,5,-1,25 for 0.5 and -1.25."""
    whole = [cell for row in rows for cell in row[::2]]
    decimals = [cell for row in rows for cell in row[1::2]]
    return (
        len(rows[0]) % 2 == 0
        and all(_INTEGER.fullmatch(cell) for cell in whole)
        and all(re.fullmatch(r"[0-9]+", cell) for cell in decimals)
        and any(re.fullmatch(r"0[0-9]+", cell) for cell in decimals)
    )


def _told(cell: str) -> str:
    return excerpt(cell) if cell else "an empty cell"


def _refuse_hidden(cell: str, where: str) -> None:
    if reason := objection(cell):
        raise DataError(f"{where}: {excerpt(cell)} {reason}; write another name")


def typed(train: Part, dev: Part) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels of both sets: int64 if all are integers, float64 if all are numbers, else str.

    Raises DataError if words are mixed with numbers (most likely a slip), if a number is not a whole one (a
    classifier does not take it), if train has one class only, or dev a label that never occurs in train.
    """
    found = [(part.place(row), text) for part in (train, dev) for row, text in enumerate(part.labels)]
    numbers = [each for each in found if NUMBER.fullmatch(each[1])]
    words = [each for each in found if not NUMBER.fullmatch(each[1])]
    if numbers and words:
        for where, text in words:
            if told := oddity(text):
                raise DataError(f"{where}: {excerpt(text)} {told}")
        kinds = f"numbers, such as {excerpt(numbers[0][1])}, and words, such as {excerpt(words[0][1])}"
        where, _ = min(numbers, words, key=len)[0]
        raise DataError(f"{where}: labels are both {kinds}; write one kind only")
    kind = int if all(_INTEGER.fullmatch(text) for _, text in numbers) else float
    y = np.array([_whole(kind, *each) for each in numbers] if numbers else [text for _, text in words])
    y_train, y_dev = y[: len(train.labels)], y[len(train.labels) :]
    if len(np.unique(y_train)) == 1:
        only = excerpt(train.labels[0])
        raise DataError(f"{train.y_file}: every label is {only}; a classifier needs two classes or more")
    for row in np.flatnonzero(~np.isin(y_dev, y_train)).tolist():
        told = f"label {excerpt(dev.labels[row])} never occurs in {train.y_file}; correct either"
        raise DataError(f"{dev.place(row)}: {told}")
    return y_train, y_dev


def _whole(kind: type[int | float], where: str, text: str) -> float:
    value = kind(text)
    if isinstance(value, float) and not value.is_integer():  # nor is infinity, which 1e999 is read as
        fault = "is not a whole number, as a classifier needs; write whole numbers or words"
    elif isinstance(value, int) and not _INT64.min <= value <= _INT64.max:
        fault = "needs more than 64 bits; write a word"
    else:
        return value
    raise DataError(f"{where}: label {excerpt(text)} {fault}")


def remarks(train: Part) -> tuple[str, ...]:
    """Return a remark if labels are read as words though each contains a number."""
    wrapped = [_WRAPPED.fullmatch(text) for text in train.labels]
    if not wrapped[0] or not all(wrapped):
        return ()
    told = f"labels such as {excerpt(train.labels[0])} are read as words"
    return (f"{train.y_file}: {told}; write {wrapped[0][1]} if the number is meant",)
