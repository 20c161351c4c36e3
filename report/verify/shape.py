"""JSON from strangers: every access checks the shape, and one sentence says what is wrong, and where."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from report.console import printable
from report.verify.errors import UnjudgedError

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT_LIMIT = 20_000  # characters; the longest formula has about 1,000
NAME_LIMIT = 200
ITEM_LIMIT = 20_000  # of one list or object


@dataclass(frozen=True)
class Node:
    """A place in a JSON text: its value, and how errors name it."""

    value: Any
    place: str

    def at(self, key: str) -> Node:
        """Give what an object holds under a key."""
        if not isinstance(self.value, dict) or key not in self.value:
            self.refuse(f"an object with {key!r}")
        return Node(self.value[key], f"{self.place}, {_named(key)}")

    def items(self) -> Iterator[tuple[str, Node]]:
        """Give the names in an object, and what is under each."""
        if not isinstance(self.value, dict) or len(self.value) > ITEM_LIMIT:
            self.refuse(f"an object of {ITEM_LIMIT:,} entries at most")
        for key in self.value:
            yield key, self.at(key)

    def each(self) -> Iterator[Node]:
        """Give the items of a list."""
        if not isinstance(self.value, list) or len(self.value) > ITEM_LIMIT:
            self.refuse(f"a list of {ITEM_LIMIT:,} items at most")
        for number, value in enumerate(self.value, start=1):
            yield Node(value, f"{self.place}, item {number}")

    def text(self, *, within: tuple[str, ...] | None = None, limit: int = TEXT_LIMIT) -> str:
        """Give a text, one of `within` if that is given."""
        if not isinstance(self.value, str) or len(self.value) > limit:
            self.refuse(f"a text of {limit:,} characters at most")
        if within is not None and self.value not in within:
            self.refuse(f"one of {', '.join(within)}")
        return str(self.value)

    def whole(self, low: int, high: int) -> int:
        """Give a whole number between two bounds, both allowed."""
        if isinstance(self.value, bool) or not isinstance(self.value, int) or not low <= self.value <= high:
            self.refuse(f"a whole number from {low} to {high}")
        return int(self.value)

    def flag(self) -> bool:
        """Give true or false."""
        if not isinstance(self.value, bool):
            self.refuse("true or false")
        return bool(self.value)

    def plain(self) -> Any:
        """Give the value, of any shape, with every text, list and object in it within its limit."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.each()]
        return self.text() if isinstance(self.value, str) else self.value

    def number(self) -> float:
        """Give a finite number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float):
            self.refuse("a number")
        return float(self.value)

    def refuse(self, expected: str) -> NoReturn:
        """Say that something else is expected here."""
        raise UnjudgedError(
            f"{self.place} must be {expected}: the submission was changed, or is not of this program."
        )


def parse(content: bytes, name: str) -> Node:
    """Parse a JSON text.

    Raises
    ------
    UnjudgedError
        It is no JSON, nests too deeply, holds a number that is none, or names something twice.
    """
    try:
        value = json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_object,
            parse_constant=_no_number,
            parse_float=_finite,
        )
    except UnicodeDecodeError:
        raise UnjudgedError(f"{name} is not UTF-8.") from None
    except RecursionError:
        raise UnjudgedError(f"{name} nests lists or objects too deeply.") from None
    except ValueError as error:  # JSONDecodeError, and Python's limit on the digits of a number
        raise UnjudgedError(f"{name} is not JSON: {printable(str(error))[:NAME_LIMIT]}.") from None
    return Node(value, name)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("an object names something twice")
    if any(len(key) > NAME_LIMIT for key in found):
        raise ValueError(f"a name has more than {NAME_LIMIT} characters")
    return found


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError("a number is too large")
    return number


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")


def _named(key: str) -> str:
    return printable(key)[:NAME_LIMIT]
