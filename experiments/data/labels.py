"""Labels as they are written, brought to one type: integers, decimal numbers or words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

import numpy as np

from experiments.data.cells import NUMBER, oddity
from experiments.errors import DataError
from experiments.plaintext import excerpt

if TYPE_CHECKING:
    from experiments.data.table import Labels

_INTEGER = re.compile(r"[+-]?[0-9]+")
_INT64 = np.iinfo(np.int64)
# A number in what Python wraps around it: b'1', [1], np.int64(1), '1'.
_WRAPPED = re.compile(r"(?:b?'|\[+ ?|(?:np\.|numpy\.)?\w+\()([+-]?[0-9]+(?:\.[0-9]*)?)['\])]+")


def typed(train: Labels, dev: Labels) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels of both sets in the one type that fits all of them.

    Returns
    -------
    tuple of two ndarray
        Shapes (n_train,) and (n_dev,); int64 if every label is an integer, float64 if every label is a
        number, else str.

    Raises
    ------
    DataError
        If words are mixed with numbers (most likely a slip), if a number is not a whole one (a classifier
        does not take it), if train has one class only, or dev a label that never occurs in train.
    """
    texts = train.texts + dev.texts
    are_numbers = [NUMBER.fullmatch(text) is not None for text in texts]
    y: np.ndarray
    if all(_INTEGER.fullmatch(text) for text in texts):
        y = np.array([_int64(part, row) for part in (train, dev) for row in range(len(part.texts))])
    elif all(are_numbers):
        y = np.array([_whole(part, row) for part in (train, dev) for row in range(len(part.texts))])
    elif any(are_numbers):
        _refuse_mixture(train, dev, are_numbers)
    else:
        y = np.array(texts)
    y_train, y_dev = y[: len(train.texts)], y[len(train.texts) :]
    if len(np.unique(y_train)) == 1:
        only = excerpt(train.texts[0])
        raise DataError(f"{train.file}: every label is {only}; a classifier needs two classes or more")
    unknown = np.flatnonzero(~np.isin(y_dev, y_train))
    if unknown.size:
        row = int(unknown[0])
        raise DataError(
            f"{dev.place(row)}: label {excerpt(dev.texts[row])} never occurs in {train.file}; correct either"
        )
    return y_train, y_dev


def remarks(train: Labels) -> tuple[str, ...]:
    """Return a remark if labels are read as words though each contains a number."""
    wrapped = [_WRAPPED.fullmatch(text) for text in train.texts]
    if not all(wrapped):
        return ()
    number = wrapped[0][1] if wrapped[0] else ""
    told = f"labels such as {excerpt(train.texts[0])} are read as words"
    return (f"{train.file}: {told}; write {number} if the number is meant",)


def _int64(labels: Labels, row: int) -> int:
    text = labels.texts[row]
    value = int(text)
    if not _INT64.min <= value <= _INT64.max:
        raise DataError(f"{labels.place(row)}: label {excerpt(text)} needs more than 64 bits; write a word")
    return value


def _whole(labels: Labels, row: int) -> float:
    text = labels.texts[row]
    value = float(text)
    if not value.is_integer():  # nor is infinity, which 1e999 is read as
        raise DataError(
            f"{labels.place(row)}: label {excerpt(text)} is not a whole number, as a classifier needs; "
            "write whole numbers or words"
        )
    return value


def _refuse_mixture(train: Labels, dev: Labels, are_numbers: list[bool]) -> NoReturn:
    texts, n_train = train.texts + dev.texts, len(train.texts)
    number, word = are_numbers.index(True), are_numbers.index(False)
    odd = next((row for row, text in enumerate(texts) if not are_numbers[row] and oddity(text)), None)
    row = max(number, word) if odd is None else odd
    place = train.place(row) if row < n_train else dev.place(row - n_train)
    if odd is not None:
        raise DataError(f"{place}: {excerpt(texts[odd])} {oddity(texts[odd])}")
    raise DataError(
        f"{place}: labels are both numbers, such as {excerpt(texts[number])}, and words, such as "
        f"{excerpt(texts[word])}; write one kind only"
    )
