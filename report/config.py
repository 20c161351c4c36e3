"""All that an author edits: report.toml as typed values, or one sentence with file, line and key."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import Meta, Struct, structs

from experiments.errors import LONGEST, excerpt, objection
from experiments.record import Space
from report.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")

POINTS = {"1a": 2, "1b": 2, "1c": 2, "1d": 2, "1e": 2, "1f": 2, "2a": 3, "2b": 5}  # of the sheet
QUESTIONS = tuple(POINTS)
LARGEST_SPACE = 5000  # settings
FILE_LIMIT = 64 * 2**10  # bytes
_LONGEST_FILE_NAME = 200  # bytes: file systems take 255, and a name beside it must fit too
BACKSLASH = "In double quotes a backslash means something else: write / instead, or use single quotes."
STRAIGHT = "Write straight quotation marks."
# Common slips: tomllib's message, what stands in the line, whose place a line break marks, and what to do.
SLIPS = (
    ("", r'"[^"]*\\', BACKSLASH),
    ("", r"\D\n[+-]?\.\d|\d\n\.(?!\d)", "A decimal point needs a digit on both sides: 0.01, 1.0."),
    ("Invalid value", r"\n[\u2018-\u201f\u00ab\u00bb`\u00b4]", STRAIGHT),
    ("Invalid value", r"\n\(", "A list has square brackets: [[50, 50]]."),
    ("Invalid value", r"(?i)\n(true|false)\b", "Write true or false, in small letters."),
    ("Invalid value", r"\n(None|null)\b", "There is no such value: leave the line out."),
    ("Invalid value", r"\n\s*($|[],#])", "A value is missing."),
    ("Invalid value", r"\n([^\W\d]|[~/])", "Text needs quotation marks."),
    ("newline", r"(['\"]) *\n\w.*\1", "A quotation mark in a text ends it: put the other kind around it."),
    ("newline", r"= *0\n\d", "A number does not begin with 0."),
    ("Illegal character '\\n'", r"[\u201c\u201d]\n", STRAIGHT),
    ("Illegal character '\\n'", "", "A closing quotation mark is missing."),
    ("Unclosed array", "", "A comma or a ] is missing, or a decimal is written without a point."),
    ("Cannot declare", "", "The table stands there twice."),
    ("Cannot overwrite", "", "The key stands there twice."),
    ("Expected '=' after", "", "A key is written as: name = value."),
)
_KINDS = {bool: "true or false", list: "a list", dict: "a table"}
# What a value must be, in words; those of the search are in `experiments.record`.
Text = Annotated[str, Meta(description="text", extra={"hint": "Put it in quotation marks."})]
Flag = Annotated[bool, Meta(description="true or false")]
ZipName = Annotated[
    str,
    Meta(pattern=r'^[^./\\:*?"<>|][^/\\:*?"<>|]*\.zip\Z', description="a plain file name that ends in .zip"),
]
Seed = Annotated[int, Meta(ge=0, le=2**32 - 1, description="a whole number from 0 to 4294967295")]


class Author(Struct, frozen=True):
    """Who hands in: the title block. Id and collaborators may be empty."""

    name: Text
    id: Text = ""
    collaborators: Text = ""


class Course(Struct, frozen=True):
    """The title block's other half, as text."""

    title: Text
    homework: Text
    due: Text


class Report(Struct, frozen=True):
    """Layout: the date that is printed, remarks by question, the name of the zip file."""

    date: Text = ""
    page_per_question: Flag = False
    remarks: Annotated[dict[str, str], Meta(description="a table")] = {}
    zip_name: ZipName = "submission.zip"


class Data(Struct, frozen=True):
    """Where the data are, and whether their first column may count the rows."""

    path: Text = "data"
    index_column: Flag = False


class Experiment(Struct, frozen=True):
    """The seed of every random choice."""

    seed: Seed = 0


@dataclass(frozen=True)
class Config:
    """The whole configuration, `data_path` resolved against the file's folder; the PDF carries `source`."""

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
    report: Report = Report()
    data: Data = Data()
    experiment: Experiment = Experiment()
    search: Space = Space()


class _Searched(Struct, frozen=True):
    search: Space


KNOWN: dict[str, Any] = {
    table: dict.fromkeys(kind.__struct_fields__) for table, kind in get_type_hints(_File).items()
}
KNOWN["report"]["remarks"] = dict.fromkeys(QUESTIONS)


def load(path: Path) -> Config:
    """Read and check a configuration; an InputError names file, line and key."""
    return parse(_content(path, "--config"), str(path), path.parent)


def load_space(path: Path) -> Space:
    """Read and check a space to explore: the table ``[search]`` of a file, of any size."""
    toml = Toml(_content(path, "--space"), str(path))
    if not toml.values.get("search"):
        hint = 'Write [search], and below it lists such as solver = ["adam", "sgd"].'
        raise InputError(f"{path}: the table [search] is missing or empty.", hint)
    return toml.as_type(_Searched, toml.values).search.distinct()


def parse(source: bytes, name: str, folder: Path) -> Config:
    """Read and check a configuration, which errors call `name`; a relative `data.path` starts at `folder`."""
    toml = Toml(source, name)
    file = toml.as_type(_File, {"author": {}, "course": {}} | toml.values)
    search = file.search.distinct()
    if search.size > LARGEST_SPACE:
        advice = "Explore wider spaces with the explore command, and put the promising part here."
        toml.refuse("search", f"holds {search.size} settings, more than {LARGEST_SPACE}", advice)
    if len(file.report.zip_name.encode()) > _LONGEST_FILE_NAME:
        toml.refuse("report.zip_name", f"has more than {_LONGEST_FILE_NAME} bytes in UTF-8")
    path, seed = _data_path(file.data.path, toml, folder), file.experiment.seed
    report = structs.replace(file.report, date=file.report.date or file.course.due)
    return Config(file.author, file.course, report, path, file.data.index_column, seed, search, source)


def _data_path(text: str, toml: Toml, folder: Path) -> Path:
    try:
        return folder / Path(text).expanduser()
    except RuntimeError:
        toml.refuse("data.path", f"{text!r} names no folder: there is no such home")


class Toml:
    """A TOML file; `name` is how errors call it, which give the line on which a key stands."""

    def __init__(self, source: bytes, name: str) -> None:
        if len(source) > FILE_LIMIT:
            raise InputError(f"{name} has more than {FILE_LIMIT >> 10} KiB.", "Is it the right file?")
        try:
            self._text = source.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = source.count(b"\n", 0, error.start) + 1
            raise InputError(f"{name}, line {line}: not UTF-8.", "Save the file as UTF-8.") from None
        self.name, self.values = name, _parsed(self._text, name)
        self._check(self.values, KNOWN)

    def as_type(self, kind: type[T], values: Mapping[str, Any]) -> T:
        """Return values of this file as a typed struct."""
        try:
            return msgspec.convert(values, kind)
        except msgspec.ValidationError as error:
            said, _, path = str(error).rpartition(" - at `$")
            if missing := re.match(r"Object missing required field `(\w+)`", said):
                self.refuse(f"{path.strip('`.')}.{missing[1]}", "is missing", "Every key is in report.toml.")
            key, _, items = path.strip("`.").partition("[")
            self._refuse_kind(key, re.findall(r"[^\[\]]+", items))

    def _check(self, values: Mapping[str, Any], known: Mapping[str, Any], table: str = "") -> None:
        """Refuse unknown keys, with the nearest known one, and texts that are blank or cannot be shown."""
        for name, value in values.items():
            key = f"{table}{name}"
            if name not in known:
                kind = "table" if isinstance(value, dict) else "key"
                near = difflib.get_close_matches(name.lower()[:LONGEST], known, n=1)
                hint = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known)}."
                self._stop(key, f"unknown {kind} {table}{excerpt(name)[1:-1]}", hint)
            if isinstance(value, dict) and known[name]:
                self._check(value, known[name], f"{key}.")
            elif isinstance(value, str):
                self._check_text(key, value)

    def _check_text(self, key: str, text: str) -> None:
        reason, hint = objection(text), "Shorten it, or take it out."
        if "\n" in text:
            reason, hint = "has a line break", "Write it on one line."
        if reason:
            slip = "\\" in self._line(key)[1] and re.search(r"[\b\t\n\f\r]", text)
            self.refuse(key, reason, BACKSLASH if slip else hint)
        if not text.strip() and key.startswith(("author.name", "course.", "data.path", "report.remarks.")):
            self.refuse(key, "is blank", "Fill it in.")

    def refuse(self, key: str, reason: str, hint: str = "") -> NoReturn:
        """Raise an error about a key, with the line on which it stands."""
        self._stop(key.partition(",")[0], f"{key} {reason}", hint)

    def _stop(self, key: str, told: str, hint: str) -> NoReturn:
        number, _ = self._line(key)
        raise InputError(f"{self.name}{f', line {number}' * bool(number)}: {told}.", hint)

    def _refuse_kind(self, key: str, items: Sequence[str]) -> NoReturn:
        """Raise an error that names what a value, or an item of a list or a table, must be and what it is."""
        table, _, name = key.partition(".")
        value, kind = self.values[table], get_type_hints(_File)[table]
        if not name:
            self.refuse(key, f"must be a table, not {_told(value)}")
        value, kind = value[name], get_type_hints(kind, include_extras=True)[name]
        if items == ["..."]:
            name, value = next((name, text) for name, text in value.items() if not isinstance(text, str))
            key, kind = f"{key}.{name}", Text
            items = ()
        for what, place in zip(("item", "layer"), map(int, items), strict=False):
            key, value = f"{key}, {what} {place + 1}", value[place]
            kind, _ = get_args(get_args(kind)[0])  # of tuple[kind, ...]
        wanted: Meta = kind.__metadata__[0]
        hint = (wanted.extra or {}).get("hint", "")
        comma = "," * ("," in key)
        self.refuse(f"{key}{comma}", f"must be {wanted.description}, not {_told(value)}", hint)

    def _line(self, key: str) -> tuple[int, str]:
        """Return number and text of the line that gives a key, or a key below it; 0 if there is none."""
        table = ""
        for number, line in enumerate(self._text.splitlines(), start=1):
            if header := re.match(r"\s*\[\s*([^\[\]]+?)\s*\]", line):
                table = header[1]
                if table == key:
                    return number, line
            elif given := re.match(r"\s*([^=#]+?)\s*=", line):
                full = re.sub(r"[\"'\s]", "", f"{table}.{given[1]}" if table else given[1])
                if full == key or full.startswith(f"{key}.") or key.startswith(f"{full}."):
                    return number, line
        return 0, ""


def _content(path: Path, option: str) -> bytes:
    """Return the bytes of a TOML file that `option` names."""
    try:
        with path.open("rb") as stream:
            return stream.read(FILE_LIMIT + 1)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist.", f"Name a file with {option} FILE.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InputError(f"{name} nests lists or tables too deeply.") from None
    except ValueError as error:
        message = str(error)
    match = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message, re.DOTALL)
    if match is None:
        raise InputError(f"{name}: not TOML: {message}.")
    number = int(match[2] or text.count("\n") + 1)
    line = (text.splitlines() or [""])[min(number, len(text.splitlines())) - 1]
    place = int(match[3] or len(line) + 1) - 1
    marked = f"{line[:place]}\n{line[place:]}"
    hint = next((told for words, there, told in SLIPS if words in match[1] and re.search(there, marked)), "")
    column = f", column {match[3]}" if match[3] else ""
    raise InputError(f"{name}, line {number}{column}: not TOML: {match[1]}.", hint)


def _told(value: object) -> str:
    """Describe a value as an error message does."""
    if isinstance(value, str):
        return f"the text {excerpt(value)}"
    if type(value) is int and value.bit_length() > 64:
        return "a number of more than 64 bits"
    if type(value) in (int, float):
        return repr(value)
    return "an empty list" if value == [] else _KINDS.get(type(value), "a date or a time")
