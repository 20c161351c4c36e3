"""Reading a TOML file into typed values, or one sentence with file, line and key that says what is wrong."""

from __future__ import annotations

import difflib
import re
import tomllib
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeVar

import msgspec

from experiments.errors import LONGEST, excerpt, objection
from report.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

T = TypeVar("T")

FILE_LIMIT = 64 * 2**10  # bytes
BACKSLASH = "In double quotes a backslash means something else: write / instead, or use single quotes."
_KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a decimal number",
    list: "a list",
    dict: "a table",
}
# tomllib's messages for common slips, and what to do about them.
SLIPS = {
    "Invalid value": "Text needs quotation marks.",
    "Illegal character '\\n'": "A closing quotation mark is missing.",
    "Unclosed array": "A comma or a ] is missing, or a decimal is written without a point.",
    "Cannot declare": "The table stands there twice.",
    "Cannot overwrite": "The key stands there twice.",
    "Expected '=' after": "A key is written as: name = value.",
}


class Kind(NamedTuple):
    """What the value of a key must be, as a phrase, and what to do about one that is not."""

    expected: str = "text"
    hint: str = "Put it in quotation marks."


class Toml:
    """A TOML file; `name` is how errors call it.

    `known` are the keys of each table, by its dotted name ("" for the whole file). `kinds` say what the keys
    that are no text must be, an item of a list as ``search.solver[]``.
    """

    def __init__(
        self, source: bytes, name: str, known: Mapping[str, tuple[str, ...]], kinds: Mapping[str, Kind]
    ) -> None:
        if len(source) > FILE_LIMIT:
            raise InputError(f"{name} has more than {FILE_LIMIT >> 10} KiB.", "Is it the right file?")
        self.name, self._kinds = name, kinds
        self._text = _decoded(source, name)
        self.values = _parsed(self._text, name)
        for table, keys in known.items():
            self._check_keys(table, keys)

    def table(self, name: str) -> dict[str, Any]:
        """Return a table by its dotted name; empty if it is missing."""
        found = self.values
        for part in name.split(".") if name else ():
            found = found.get(part, {})
            if not isinstance(found, dict):
                self.refuse(name, f"must be a table, not {_told(found)}")
        return found

    def as_type(self, kind: type[T], values: Mapping[str, Any]) -> T:
        """Return values of this file as a typed struct."""
        try:
            return msgspec.convert(values, kind)
        except msgspec.ValidationError as error:
            said, _, path = str(error).rpartition(" - at `$")
            if missing := re.match(r"Object missing required field `(\w+)`", said):
                self.refuse(f"{path.strip('`.')}.{missing[1]}", "is missing", "Every key is in report.toml.")
            key, _, items = path.strip("`.").partition("[")
            self._refuse_kind(key, items.partition("]")[0])

    def check_texts(self, needed: frozenset[str]) -> None:
        """Refuse texts that cannot be shown, and blank ones under keys that are `needed`."""
        for key, text in _texts(self.values, ""):
            if reason := objection(text):
                slip = "\\" in self._line(key)[1] and re.search(r"[\b\t\n\f\r]", text)
                self.refuse(key, reason, BACKSLASH if slip else "Shorten it, or take it out.")
            if key in needed and not text.strip():
                self.refuse(key, "is blank", "Fill it in.")

    def refuse(self, key: str, reason: str, hint: str = "") -> NoReturn:
        """Raise an error about a key, with the line on which it stands."""
        self._stop(key.partition(",")[0], f"{key} {reason}", hint)

    def _stop(self, key: str, told: str, hint: str) -> NoReturn:
        number, _ = self._line(key)
        line = f", line {number}" if number else ""
        raise InputError(f"{self.name}{line}: {told}.", hint)

    def _check_keys(self, table: str, known: tuple[str, ...]) -> None:
        for key, value in self.table(table).items():
            if key not in known:
                kind = "table" if isinstance(value, dict) else "key"
                name = f"{table}.{excerpt(key)[1:-1]}" if table else excerpt(key)[1:-1]
                near = difflib.get_close_matches(key.lower()[:LONGEST], known, n=1)
                hint = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(known)}."
                self._stop(f"{table}.{key}" if table else key, f"unknown {kind} {name}", hint)

    def _refuse_kind(self, key: str, item: str) -> NoReturn:
        """Raise an error that names what a value, or an item of a list or a table, must be and what it is."""
        table, _, name = key.rpartition(".")
        value: Any = self.table(table).get(name)
        if item == "...":
            name, value = next((name, text) for name, text in value.items() if not isinstance(text, str))
            key = f"{key}.{name}"
        elif item:
            expected, hint = self._kinds[f"{key}[]"]
            self.refuse(
                f"{key}, item {int(item) + 1},", f"must be {expected}, not {_told(value[int(item)])}", hint
            )
        elif f"{key}[]" in self._kinds:
            self.refuse(key, f"must be a list with one item or more, not {_told(value)}")
        expected, hint = self._kinds.get(key, Kind())
        self.refuse(key, f"must be {expected}, not {_told(value)}", hint)

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


def content(path: Path, option: str = "--config") -> bytes:
    """Return the bytes of a TOML file; `option` names another one.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(FILE_LIMIT + 1)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist.", f"Name a file with {option} FILE.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None


def _decoded(source: bytes, name: str) -> str:
    try:
        return source.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}, line {line}: not UTF-8.", "Save the file as UTF-8.") from None


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
    hint = next((told for words, told in SLIPS.items() if words in match[1]), "")
    if "\\" in (text.splitlines() or [""])[min(number, len(text.splitlines())) - 1]:
        hint = BACKSLASH
    column = f", column {match[3]}" if match[3] else ""
    raise InputError(f"{name}, line {number}{column}: not TOML: {match[1]}.", hint)


def _texts(values: Mapping[str, Any], table: str) -> Iterator[tuple[str, str]]:
    """Yield the dotted key and the value of every text."""
    for name, value in values.items():
        key = f"{table}.{name}" if table else name
        if isinstance(value, dict):
            yield from _texts(value, key)
        elif isinstance(value, str):
            yield key, value


def _told(value: object) -> str:
    """Describe a value as an error message does."""
    if isinstance(value, str):
        return f"the text {excerpt(value)}"
    if isinstance(value, int) and not isinstance(value, bool):
        return repr(value) if value.bit_length() <= 64 else "a number of more than 64 bits"
    if isinstance(value, float):
        return repr(value)
    return "an empty list" if value == [] else _KINDS.get(type(value), "a date or a time")
