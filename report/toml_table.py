"""Reading a TOML file key by key: each value has its expected kind, or one sentence says what is wrong."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, TypeGuard, TypeVar

from experiments.plaintext import LONGEST, excerpt, objection
from report.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

T = TypeVar("T")

FILE_LIMIT = 64 * 2**10  # bytes
_KINDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a decimal number",
    str: "text",
    list: "a list",
    dict: "a table",
}
# What tomllib says of common slips, and what to do about them.
SLIPS = {
    "Invalid value": "Text needs quotation marks.",
    "Illegal character '\\n'": "A closing quotation mark is missing.",
    "Unclosed array": "A comma or a ] is missing, or a decimal is written without a point.",
    "Cannot declare": "The table stands there twice.",
    "Cannot overwrite": "The key stands there twice.",
    "Expected '=' after": "A key is written as: name = value.",
}


@dataclass(frozen=True)
class Table:
    """One table of a TOML file.

    Attributes
    ----------
    file : str
        The file as errors name it.
    name : str
        The table's dotted name; empty for the whole file.
    values : mapping
        What the file holds.
    known : tuple of str
        The keys there may be; any other is an InputError.
    """

    file: str
    name: str
    values: Mapping[str, object]
    known: tuple[str, ...]

    def __post_init__(self) -> None:
        for key, value in self.values.items():
            if key not in self.known:
                kind = "table" if isinstance(value, dict) else "key"
                near = difflib.get_close_matches(key.lower()[:LONGEST], self.known, n=1)
                hint = f"Did you mean {near[0]}?" if near else f"Known here: {', '.join(self.known)}."
                raise InputError(f"{self.file}: unknown {kind} {self._called(excerpt(key)[1:-1])}.", hint)

    def table(self, key: str, known: tuple[str, ...]) -> Table:
        """Return a table within this one; an empty one if it is missing."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            self._refuse(key, "a table", value)
        return Table(self.file, self._called(key), value, known)

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text that can be shown; without a default it must be there and not blank."""
        value = self.values.get(key, default)
        if value is None:
            raise InputError(f"{self.file}: {self._called(key)} is missing.", "Every key is in report.toml.")
        if not isinstance(value, str):
            self._refuse(key, "text", value, "Put it in quotation marks.")
        if reason := objection(value):
            raise InputError(f"{self.file}: {self._called(key)} {reason}.", "Shorten it, or take it out.")
        if default is None and not value.strip():
            raise InputError(f"{self.file}: {self._called(key)} is blank.", "Fill it in.")
        return value

    def flag(self, key: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self.values.get(key, default)
        return value if isinstance(value, bool) else self._refuse(key, "true or false", value)

    def whole(self, key: str, *, default: int, low: int, high: int) -> int:
        """Return a whole number between two bounds, both allowed."""
        value = self.values.get(key, default)
        if not is_whole(value) or not low <= value <= high:
            self._refuse(key, f"a whole number from {low} to {high}", value)
        return value

    def choices(
        self, key: str, *, default: T, expected: str, read: Callable[[object], T | None], hint: str = ""
    ) -> tuple[T, ...]:
        """Return the distinct items of a list, in their order.

        Parameters
        ----------
        key : str
            The list's key.
        default : T
            The one item of a list that is missing.
        expected : str
            What an item must be, for the error.
        read : callable
            Turns an item into its value, or into None if it is not what is expected.
        hint : str
            What to do about an item that is not.
        """
        values = self.values.get(key)
        if values is None:
            return (default,)
        if not isinstance(values, list) or not values:
            self._refuse(key, "a list with one item or more", values)
        distinct: dict[T, None] = {}
        for i, value in enumerate(values, start=1):
            item = read(value)
            if item is None:
                self._refuse(f"{key}, item {i},", expected, value, hint)
            distinct[item] = None
        return tuple(distinct)

    def _called(self, key: str) -> str:
        return f"{self.name}.{key}" if self.name else key

    def _refuse(self, key: str, expected: str, value: object, hint: str = "") -> NoReturn:
        raise InputError(f"{self.file}: {self._called(key)} must be {expected}, not {_told(value)}.", hint)


def is_whole(value: object) -> TypeGuard[int]:
    """Tell whether a value is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def _told(value: object) -> str:
    kind = _KINDS.get(type(value), "a date or a time")
    if isinstance(value, str):
        return f"the text {excerpt(value)}"
    if is_whole(value) and value.bit_length() > 64:  # Python refuses to print very large ones
        return "a number of more than 64 bits"
    if isinstance(value, float) or is_whole(value):
        return repr(value)
    if value == []:
        return "an empty list"
    return kind


def content(path: Path, option: str = "--config") -> bytes:
    """Give the bytes of a TOML file.

    Parameters
    ----------
    path : Path
        The file.
    option : str
        The option that names another one.

    Raises
    ------
    InputError
        If the file is missing, cannot be read or is too large.
    """
    try:
        with path.open("rb") as stream:
            found = stream.read(FILE_LIMIT + 1)
    except FileNotFoundError:
        raise InputError(f"{path} does not exist.", f"Name a file with {option} FILE.") from None
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    if len(found) > FILE_LIMIT:
        raise InputError(f"{path} has more than {FILE_LIMIT >> 10} KiB.", "Is it the right file?")
    return found


def parse(text: bytes, name: str, known: tuple[str, ...]) -> Table:
    """Parse the bytes of a TOML file that errors call `name`.

    Raises
    ------
    InputError
        If it is no TOML (with line and column), or has an unknown table.
    """
    try:
        values = tomllib.loads(text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise InputError(f"{name}, line {line}: not UTF-8.", "Save the file as UTF-8.") from None
    except RecursionError:
        raise InputError(f"{name} nests lists or tables too deeply.") from None
    except ValueError as error:
        reason, place = _placed(str(error), text)
        hint = next((text for words, text in SLIPS.items() if words in reason), "")
        raise InputError(f"{name}{place}: not TOML: {reason}.", hint) from None
    return Table(name, "", values, known)


def _placed(message: str, text: bytes) -> tuple[str, str]:
    """Split tomllib's message into the reason and the place, ", line 3, column 7"."""
    match = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", message, re.DOTALL)
    if match is None:
        return message, ""
    line = match[2] or text.count(b"\n") + 1
    return match[1], f", line {line}, column {match[3]}" if match[3] else f", line {line}"
