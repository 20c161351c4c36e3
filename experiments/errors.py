"""The errors that a person can cause or fix, and which text from outside their sentences may show."""

from __future__ import annotations

import unicodedata

LONGEST = 200  # characters (code points)

# Control characters, surrogates, line and paragraph separators; "Cf" is what cannot be seen: zero-width
# characters, the byte-order mark, and the marks that turn the direction of writing.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class DataError(ValueError):
    """Bad data."""


class SearchError(RuntimeError):
    """The machine failed a search: its disk, a worker, the scheduler of a cluster."""


def _is_refused(character: str) -> bool:
    noncharacter = ord(character) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(character) <= 0xFDEF
    return noncharacter or unicodedata.category(character) in _REFUSED_CATEGORIES


def objection(text: str) -> str | None:
    """Return why a text cannot be shown, as the end of a sentence ("has 214 characters, more than 200")."""
    if len(text) > LONGEST:
        return f"has {len(text)} characters, more than {LONGEST}"
    for position, character in enumerate(text, start=1):
        if _is_refused(character):
            unnamed = "a control character" if unicodedata.category(character) == "Cc" else "no character"
            name = unicodedata.name(character, unnamed)
            return f"holds U+{ord(character):04X} ({name.lower()}) as character {position}"
    return None


def excerpt(text: str) -> str:
    """Return the text as an error message shows it: quoted, escaped, and cut when it is long."""
    return repr(text) if len(text) <= 40 else repr(text[:40]) + "..."


def shown(name: str) -> str:
    """Return a file name that can be shown: as it is, or escaped and cut when there is an objection."""
    return name if objection(name) is None else ascii(name)[1:-1][:LONGEST]
