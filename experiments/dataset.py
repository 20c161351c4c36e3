"""The homework's data: four CSV files, from a folder or a data.tgz, read, checked and hashed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from experiments.data import form
from experiments.data.files import FILE_NAMES, STAND_IN, find
from experiments.data.table import Part, read, remarks, typed
from experiments.errors import DataError, excerpt

if TYPE_CHECKING:
    from pathlib import Path

FEATURES = ("height", "variance", "asymmetry")  # of the stand-in

__all__ = ["FILE_NAMES", "STAND_IN", "DataError", "DataFile", "Dataset", "load", "values"]


@dataclass(frozen=True)
class DataFile:
    """One of the four files: its name, hash and size (without the header row), and its bytes as found."""

    name: str
    sha256: str
    rows: int
    columns: int
    content: bytes


@dataclass(frozen=True, eq=False)
class Dataset:
    """The data of problem 2."""

    X_train: np.ndarray  # float64, C-contiguous, shape (n_train, d); finite
    y_train: np.ndarray  # shape (n_train,): int64, float64 (whole numbers) or str
    X_dev: np.ndarray
    y_dev: np.ndarray
    header: tuple[str, ...] | None  # the first row of both X files, if it holds names
    classes: tuple[int | float | str, ...]  # those in train, sorted as `np.unique` does; dev has no others
    stand_in: bool  # whether the files are the stand-in that comes with this repository
    files: tuple[DataFile, ...]  # in the order of FILE_NAMES
    others: tuple[str, ...]  # names of further files found there, sorted; left alone
    remarks: tuple[str, ...] = ()  # what was assumed, a sentence each without its full stop

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The header row; else the stand-in's names, or feature 1, feature 2, ..."""
        made_up = FEATURES if self.stand_in else (f"feature {i + 1}" for i in range(self.X_train.shape[1]))
        return self.header or tuple(made_up)


def load(path: Path, *, index_column: bool = False) -> Dataset:
    """Read and check the four files in a folder or an archive; a DataError says what is missing or unsound.

    With `index_column` a column of X may count the rows: an exported index is refused unless it is meant.
    """
    finding = find(path)
    x_train, y_train, x_dev, y_dev = (finding.files[name] for name in FILE_NAMES)
    train, dev = read(x_train, y_train), read(x_dev, y_dev)
    _refuse_column_numbers(train, dev)
    _check_lengths(train, dev)
    _check_same_columns(train, dev)
    if not index_column and train.values.shape[1] > 1:
        _refuse_index(train, dev)
    for part, use in ((train, "training"), (dev, "measuring")):  # how far a measure varies needs two
        if len(part.values) < 2:
            raise DataError(f"{part.x_file} holds one sample; {use} needs two or more")
    train_y, dev_y = typed(train, dev)
    sizes = (train.values.shape, (len(train_y), 1), dev.values.shape, (len(dev_y), 1))
    files = tuple(
        DataFile(name, hashlib.sha256(content).hexdigest(), rows, columns, content)
        for (name, (content, _)), (rows, columns) in zip(finding.files.items(), sizes, strict=True)
    )
    return Dataset(
        X_train=train.values,
        y_train=train_y,
        X_dev=dev.values,
        y_dev=dev_y,
        header=train.header,
        classes=tuple(np.unique(train_y).tolist()),
        stand_in=tuple(file.sha256 for file in files) == STAND_IN,
        files=files,
        others=finding.others,
        remarks=(*finding.remarks, *remarks(train)),
    )


def values(content: bytes, file: str) -> tuple[tuple[float | str, ...], ...]:
    """Return the cells of a CSV file, numbers as numbers, whatever its line ends and quotation marks."""
    try:
        rows = form.rows(form.lines(content))
    except DataError as error:
        raise DataError(f"{file}{error}") from None
    return tuple(tuple(float(cell) if form.NUMBER.fullmatch(cell) else cell for cell in row) for row in rows)


def _refuse_column_numbers(train: Part, dev: Part) -> None:
    """Refuse the header that pandas writes for tables without names: 0,1,2 in line 1 of both files."""
    columns = np.arange(train.values.shape[1])
    first = [part.values[0].tolist() for part in (train, dev) if part.header is None]
    if len(columns) > 1 and first in ([columns.tolist()] * 2, [(columns + 1).tolist()] * 2):
        told = f"the column numbers that pandas writes, not data, as in {dev.x_file}"
        raise DataError(f"{train.x_file}, line 1: {told}; take them out, in Y too (pandas: header=False)")


def _check_lengths(train: Part, dev: Part) -> None:
    """Refuse unequal numbers of labels and rows, with the likeliest reason."""
    for part in (train, dev):
        (rows, columns), labels, x, y = part.values.shape, len(part.labels), part.x_file, part.y_file
        if rows == labels:
            continue
        told = f"{y} holds {labels} labels for the {rows} rows of {x}; give each row its label"
        if part.header and labels == rows - 1:
            told = f"{x} has a header row, {y} has none; give both one, or neither"
        elif columns == labels:
            side = f"{columns} columns for {labels} labels"
            told = f"{x} lies on its side: {side}; write a row for each sample"
        elif not part.header and labels == rows + 1 and part.labels[0] not in part.labels[1:]:
            name = excerpt(part.labels[0])
            told = f"{y} has a header row ({name}), {x} has none; give both one, or neither"
        raise DataError(told)


def _check_same_columns(train: Part, dev: Part) -> None:
    columns = train.values.shape[1], dev.values.shape[1]
    if columns[0] != columns[1]:
        told = f"the number of columns is {columns[1]}, in {train.x_file} it is {columns[0]}"
        raise DataError(f"{dev.x_file}, line 1: {told}; give both the same features")
    if train.header == dev.header:
        return
    if train.header and dev.header:
        told = f"the header is not that of {train.x_file}; give both the same one"
        raise DataError(f"{dev.x_file}, line 1: {told}")
    without, other = (dev, train) if train.header else (train, dev)
    told = f"{without.x_file} has no header row, {other.x_file} has one"
    raise DataError(f"{told}; give both the same one, or none")


def _refuse_index(train: Part, dev: Part) -> None:
    """Refuse a column that counts the rows, or numbers those of a shuffled split: an exported index."""
    for column, (first, second) in enumerate(zip(train.values.T, dev.values.T, strict=True)):
        both = np.concatenate([first, second])
        start, through = both.min(), both.min() + np.arange(len(both))
        again = np.concatenate([start + np.arange(len(first)), start + np.arange(len(second))])
        counts = np.array_equal(both, through) or np.array_equal(both, again)
        if start in {0, 1} and (counts or np.array_equal(np.sort(both), through)):
            name = f" ({excerpt(train.header[column])})" if train.header else ""
            how = "counts" if counts else "numbers"
            told = f"{train.x_file}, column {column + 1}{name} {how} the rows, in {dev.x_file} too"
            meant = "if it is a feature, set index_column = true below [data] in report.toml"
            raise DataError(f"{told}: {form.WITHOUT_INDEX}; {meant}")
