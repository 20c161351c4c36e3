"""All that an author edits: report.toml as frozen, validated values."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.record import HYPER_PARAMETERS, Setting, Space
from report.errors import InputError
from report.toml_table import Table, content, is_whole
from report.toml_table import parse as parse_toml

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TABLES = ("author", "course", "report", "data", "experiment", "search")
POINTS = {"1a": 2, "1b": 2, "1c": 2, "1d": 2, "1e": 2, "1f": 2, "2a": 3, "2b": 5}  # of the sheet
QUESTIONS = tuple(POINTS)
ACTIVATIONS = ("identity", "logistic", "relu", "tanh")
SOLVERS = ("adam", "sgd")  # the assignment allows no other
LARGEST_SPACE = 5000  # settings
LARGEST_LAYER = 10_000  # units
LARGEST_BATCH = 10**9  # samples
DEEPEST = 5  # layers
_LARGEST_SEED = 2**32 - 1  # numpy's
_LONGEST_FILE_NAME = 200  # bytes: file systems take 255, and a name beside it must fit too


@dataclass(frozen=True)
class Author:
    """Who hands in: the title block. Id and collaborators may be empty."""

    name: str
    id: str
    collaborators: str


@dataclass(frozen=True)
class Course:
    """The title block's other half, as text."""

    title: str
    homework: str
    due: str


@dataclass(frozen=True)
class Report:
    """Layout: the date that is printed, remarks by question, the name of the zip file."""

    date: str
    page_per_question: bool
    remarks: Mapping[str, str]
    zip_name: str


@dataclass(frozen=True)
class Config:
    """The whole configuration, and the file's own bytes, of which the PDF carries a copy.

    A relative `data_path` was resolved against the file's own folder.
    """

    author: Author
    course: Course
    report: Report
    data_path: Path
    index_column: bool
    seed: int
    search: Space
    source: bytes = field(default=b"", compare=False, repr=False)


def load(path: Path) -> Config:
    """Read and check a configuration.

    Raises
    ------
    InputError
        If the file cannot be read or is not TOML, for an unknown or a missing key, and for a value of the
        wrong kind or size: it names file and key.
    """
    return parse(content(path), str(path), path.parent)


def load_space(path: Path) -> Space:
    """Read and check a space to explore: the table ``[search]`` of a file, of any size.

    Raises
    ------
    InputError
        As `load` does, and if the file has no such table.
    """
    file = parse_toml(content(path, "--space"), str(path), TABLES)
    if not file.table("search", HYPER_PARAMETERS).values:
        raise InputError(
            f"{path}: there is nothing in the table search, or no such table.",
            'Write [search], and below it lists such as solver = ["adam", "sgd"].',
        )
    return _search(file.table("search", HYPER_PARAMETERS), math.inf)


def parse(source: bytes, name: str, folder: Path) -> Config:
    """Read and check the bytes of a configuration.

    Parameters
    ----------
    source : bytes
        What the file holds.
    name : str
        How errors call the file.
    folder : Path
        What a relative `data.path` starts from.

    Raises
    ------
    InputError
        As `load` does, for what is in the file.
    """
    file = parse_toml(source, name, TABLES)
    course = _course(file.table("course", ("title", "homework", "due")))
    return Config(
        author=_author(file.table("author", ("name", "id", "collaborators"))),
        course=course,
        report=_report(
            file.table("report", ("date", "page_per_question", "remarks", "zip_name")), course.due
        ),
        data_path=_data_path(file.table("data", ("path", "index_column")), folder),
        index_column=file.table("data", ("path", "index_column")).flag("index_column", default=False),
        seed=file.table("experiment", ("seed",)).whole("seed", default=0, low=0, high=_LARGEST_SEED),
        search=_search(file.table("search", HYPER_PARAMETERS)),
        source=source,
    )


def _author(table: Table) -> Author:
    return Author(table.text("name"), table.text("id", ""), table.text("collaborators", ""))


def _course(table: Table) -> Course:
    return Course(table.text("title"), table.text("homework"), table.text("due"))


def _report(table: Table, due: str) -> Report:
    remarks = table.table("remarks", QUESTIONS)
    return Report(
        date=table.text("date", due),
        page_per_question=table.flag("page_per_question", default=False),
        remarks={question: remarks.text(question) for question in QUESTIONS if question in remarks.values},
        zip_name=_zip_name(table),
    )


def _zip_name(table: Table) -> str:
    name = table.text("zip_name", "submission.zip")
    stem = name.removesuffix(".zip")
    if stem in {name, ""} or stem.startswith(".") or set(name) & set('/\\:*?"<>|'):
        raise InputError(
            f"{table.file}: report.zip_name must be a plain file name that ends in .zip, not {name!r}."
        )
    if len(name.encode()) > _LONGEST_FILE_NAME:
        raise InputError(f"{table.file}: report.zip_name has more than {_LONGEST_FILE_NAME} bytes in UTF-8.")
    return name


def _data_path(table: Table, folder: Path) -> Path:
    text = table.text("path", "data")
    if not text.strip():
        raise InputError(f"{table.file}: data.path is blank.", 'The repository\'s own folder is "data".')
    try:
        return folder / Path(text).expanduser()
    except RuntimeError:
        raise InputError(
            f"{table.file}: data.path {text!r} names no folder: there is no such home."
        ) from None


def _search(table: Table, largest: float = LARGEST_SPACE) -> Space:
    """Read the space; a list that is missing holds scikit-learn's default alone."""
    search = Space(
        hidden_layer_sizes=table.choices(
            "hidden_layer_sizes",
            default=Setting().hidden_layer_sizes,
            expected=f"a list of 1 to {DEEPEST} layer sizes from 1 to {LARGEST_LAYER}",
            read=_layers,
            hint="One hidden layer of 100 units is written [100].",
        ),
        activation=table.choices(
            "activation",
            default=Setting().activation,
            expected=_any_of(ACTIVATIONS),
            read=_word(ACTIVATIONS),
        ),
        solver=table.choices(
            "solver",
            default=Setting().solver,
            expected=_any_of(SOLVERS),
            read=_word(SOLVERS),
            hint="The assignment allows these two.",
        ),
        learning_rate_init=table.choices(
            "learning_rate_init",
            default=Setting().learning_rate_init,
            expected="a positive finite number",
            read=_rate,
        ),
        batch_size=table.choices(
            "batch_size",
            default=Setting().batch_size,
            expected=f"a whole number from 1 to {LARGEST_BATCH}",
            read=lambda value: value if is_whole(value) and 1 <= value <= LARGEST_BATCH else None,
            hint='scikit-learn\'s "auto" is 200, clipped to the number of samples.',
        ),
    )
    if search.size > largest:
        raise InputError(
            f"{table.file}: search holds {search.size} settings, more than {largest}.",
            "Explore wider spaces with the explore command, and put the promising part here.",
        )
    return search


def _layers(value: object) -> tuple[int, ...] | None:
    if not isinstance(value, list) or not 1 <= len(value) <= DEEPEST:
        return None
    return tuple(value) if all(is_whole(size) and 1 <= size <= LARGEST_LAYER for size in value) else None


def _rate(value: object) -> float | None:
    if not (isinstance(value, float) or is_whole(value)):
        return None
    try:
        rate = float(value)
    except OverflowError:
        return None
    return rate if rate > 0 and math.isfinite(rate) else None


def _word(words: tuple[str, ...]) -> Callable[[object], str | None]:
    return lambda value: value if isinstance(value, str) and value in words else None


def _any_of(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
