"""All that an author edits: report.toml as frozen, validated values."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, get_args, get_type_hints

from msgspec import Meta, Struct

from experiments.record import HYPER_PARAMETERS, Space
from report.errors import InputError
from report.toml_table import Kind, Toml, content

POINTS = {"1a": 2, "1b": 2, "1c": 2, "1d": 2, "1e": 2, "1f": 2, "2a": 3, "2b": 5}  # of the sheet
QUESTIONS = tuple(POINTS)
LARGEST_SPACE = 5000  # settings
_LONGEST_FILE_NAME = 200  # bytes: file systems take 255, and a name beside it must fit too


class Author(Struct, frozen=True):
    """Who hands in: the title block. Id and collaborators may be empty."""

    name: str
    id: str = ""
    collaborators: str = ""


class Course(Struct, frozen=True):
    """The title block's other half, as text."""

    title: str
    homework: str
    due: str


class Report(Struct, frozen=True):
    """Layout: the date that is printed, remarks by question, the name of the zip file."""

    date: str
    page_per_question: bool = False
    remarks: dict[str, str] = {}
    zip_name: str = "submission.zip"


class Data(Struct, frozen=True):
    """Where the data are, and whether their first column may count the rows."""

    path: str = "data"
    index_column: bool = False


class Experiment(Struct, frozen=True):
    """The seed of every random choice."""

    seed: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 0


TABLES: dict[str, type[Struct]] = {
    "author": Author,
    "course": Course,
    "report": Report,
    "data": Data,
    "experiment": Experiment,
    "search": Space,
}
KNOWN = {
    "": tuple(TABLES),
    **{name: table.__struct_fields__ for name, table in TABLES.items()},
    "report.remarks": QUESTIONS,
}
NEEDED = frozenset(
    {"author.name", *(f"course.{name}" for name in Course.__struct_fields__)}
    | {f"report.remarks.{question}" for question in QUESTIONS}
)
KINDS = {
    "report.page_per_question": Kind("true or false", ""),
    "data.index_column": Kind("true or false", ""),
    "experiment.seed": Kind("a whole number from 0 to 4294967295", ""),
}
for _name, _tried in get_type_hints(Space, include_extras=True).items():  # tuples of the types of a setting
    _item: Meta = get_args(get_args(_tried)[0])[0].__metadata__[0]
    KINDS[f"search.{_name}[]"] = Kind(_item.description or "", (_item.extra or {}).get("hint", ""))


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


class _File(Struct, frozen=True):
    """What report.toml holds."""

    author: Author
    course: Course
    report: Report
    data: Data = Data()
    experiment: Experiment = Experiment()
    search: Space = Space()


class _SpaceFile(Struct, frozen=True):
    search: Space


def load(path: Path) -> Config:
    """Read and check a configuration.

    Raises
    ------
    InputError
        If the file cannot be read or is not TOML, for an unknown or a missing key, and for a value of the
        wrong kind or size: it names file, line and key.
    """
    return parse(content(path), str(path), path.parent)


def load_space(path: Path) -> Space:
    """Read and check a space to explore: the table ``[search]`` of a file, of any size.

    Raises
    ------
    InputError
        As `load` does, and if the file has no such table.
    """
    file = Toml(content(path, "--space"), str(path), {"": KNOWN[""], "search": HYPER_PARAMETERS}, KINDS)
    if not file.table("search"):
        raise InputError(
            f"{path}: there is nothing in the table search, or no such table.",
            'Write [search], and below it lists such as solver = ["adam", "sgd"].',
        )
    return file.as_type(_SpaceFile, file.values).search.distinct()


def parse(source: bytes, name: str, folder: Path) -> Config:
    """Read and check the bytes of a configuration.

    Errors call the file `name`; a relative `data.path` starts from `folder`.

    Raises
    ------
    InputError
        As `load` does, for what is in the file.
    """
    toml = Toml(source, name, KNOWN, KINDS)
    toml.check_texts(NEEDED)
    tables: dict[str, Any] = {"author": {}, "course": {}} | toml.values
    tables["report"] = {"date": toml.table("course").get("due", ""), **toml.table("report")}
    file = toml.as_type(_File, tables)
    search = file.search.distinct()
    if search.size > LARGEST_SPACE:
        advice = "Explore wider spaces with the explore command, and put the promising part here."
        toml.refuse("search", f"holds {search.size} settings, more than {LARGEST_SPACE}", advice)
    _check_zip_name(file.report.zip_name, toml)
    return Config(
        author=file.author,
        course=file.course,
        report=file.report,
        data_path=_data_path(file.data.path, toml, folder),
        index_column=file.data.index_column,
        seed=file.experiment.seed,
        search=search,
        source=source,
    )


def _check_zip_name(name: str, toml: Toml) -> None:
    stem = name.removesuffix(".zip")
    if stem in {name, ""} or stem.startswith(".") or set(name) & set('/\\:*?"<>|'):
        toml.refuse("report.zip_name", f"must be a plain file name that ends in .zip, not {name!r}")
    if len(name.encode()) > _LONGEST_FILE_NAME:
        toml.refuse("report.zip_name", f"has more than {_LONGEST_FILE_NAME} bytes in UTF-8")


def _data_path(text: str, toml: Toml, folder: Path) -> Path:
    if not text.strip():
        toml.refuse("data.path", "is blank", 'The repository\'s own folder is "data".')
    try:
        return folder / Path(text).expanduser()
    except RuntimeError:
        toml.refuse("data.path", f"{text!r} names no folder: there is no such home")
