"""The homework's data: four CSV files, from a folder or a data.tgz, read, checked and hashed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from experiments.errors import DataError
from experiments.labels import typed
from experiments.source import FILE_NAMES, Found, find
from experiments.table import Inputs, Labels, read_inputs, read_labels

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FILE_NAMES", "DataError", "DataFile", "Dataset", "load"]

# What data/make_stand_in.py writes, in the order of FILE_NAMES.
STAND_IN = (
    "02f3c9637861e0c6df142ea55e49618a5907d260a6b0a0e1c14af29c6f010c64",
    "9cc0833528fb3c166a38303b704f1054fd6e2fbb1cdc8a0c1190c26ed1563c49",
    "ebd39c43b2c2674699f0273b431d08619f93576a1f1338141f8edd10caabfde7",
    "12323f55a48b481c949575f2dc72e5822ca1200790b47f59812c8bb6f83817ed",
)


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
    """The data of problem 2.

    Attributes
    ----------
    X_train, X_dev : ndarray
        float64, C-contiguous, shapes (n_train, d) and (n_dev, d); finite.
    y_train, y_dev : ndarray
        Labels, shapes (n_train,) and (n_dev,): int64, float64 (whole numbers) or str.
    feature_names : tuple of str
        The header row, or x1, x2, ...
    classes : tuple
        The labels that occur in train, sorted as `np.unique` sorts; dev has no others.
    has_header : bool
        Whether the files have a header row.
    stand_in : bool
        Whether the files are the stand-in that comes with this repository.
    files : tuple of DataFile
        In the order of FILE_NAMES.
    others : tuple of str
        Names of further files found there, sorted; left alone.
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_dev: np.ndarray
    y_dev: np.ndarray
    feature_names: tuple[str, ...]
    classes: tuple[int | float | str, ...]
    has_header: bool
    stand_in: bool
    files: tuple[DataFile, ...]
    others: tuple[str, ...]


def load(path: Path) -> Dataset:
    """Read and check the four files.

    Parameters
    ----------
    path : Path
        A folder, in which a data.tgz is used instead of loose files, or a gzipped tar archive itself.

    Raises
    ------
    DataError
        If something is missing, cannot be read or is no sound data for a classifier.
    """
    found, others = find(path)
    train, y_train_file = _set(found["trnX-3d.csv"], found["trnY-3d.csv"])
    dev, y_dev_file = _set(found["devX-3d.csv"], found["devY-3d.csv"])
    _check_same_columns(train, dev)
    if len(train.values) < 2:
        raise DataError(f"{train.file} holds one sample; training needs two or more")
    y_train, y_dev = typed(y_train_file, y_dev_file)
    sizes = (train.values.shape, (len(y_train), 1), dev.values.shape, (len(y_dev), 1))
    files = tuple(
        DataFile(name, hashlib.sha256(found[name].content).hexdigest(), rows, columns, found[name].content)
        for name, (rows, columns) in zip(FILE_NAMES, sizes, strict=True)
    )
    return Dataset(
        X_train=train.values,
        y_train=y_train,
        X_dev=dev.values,
        y_dev=y_dev,
        feature_names=train.header or tuple(f"x{i + 1}" for i in range(train.values.shape[1])),
        classes=tuple(np.unique(y_train).tolist()),
        has_header=train.header is not None,
        stand_in=tuple(file.sha256 for file in files) == STAND_IN,
        files=files,
        others=others,
    )


def _set(x_file: Found, y_file: Found) -> tuple[Inputs, Labels]:
    """Read X and Y of one set; Y has a header exactly if X has one."""
    x = read_inputs(x_file.content, x_file.place)
    y = read_labels(y_file.content, y_file.place, has_header=x.header is not None)
    if len(x.values) != len(y.texts):
        header = "a header row, so Y's first row was read as one" if x.header else "no header row, nor has Y"
        raise DataError(
            f"{y.file} holds {len(y.texts)} labels for the {len(x.values)} rows of {x.file}; "
            f"give each row its label (X has {header})"
        )
    if x.header is None and _are_column_numbers(x, y):
        raise DataError(
            f"{x.file}, line 1: the column numbers that pandas writes, not data; take them out, in Y too "
            "(if they are data, write 0.0 for 0 in Y)"
        )
    return x, y


def _are_column_numbers(x: Inputs, y: Labels) -> bool:
    """Tell whether line 1 is the header that pandas writes for tables without names: 0,1,2 and 0."""
    columns = x.values.shape[1]
    return columns > 1 and y.texts[0] == "0" and x.values[0].tolist() == list(range(columns))


def _check_same_columns(train: Inputs, dev: Inputs) -> None:
    columns = train.values.shape[1], dev.values.shape[1]
    if columns[0] != columns[1]:
        raise DataError(
            f"{dev.file}, line 1: the number of columns is {columns[1]}, in {train.file} it is {columns[0]}; "
            "give both the same features"
        )
    if train.header != dev.header:
        raise DataError(f"{dev.file}, line 1: the header is not that of {train.file}; give both the same one")
