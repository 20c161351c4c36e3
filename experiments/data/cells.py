"""A cell that should be a number: whether it is one, and what it is if it only looks like one."""

from __future__ import annotations

import re
import unicodedata

NUMBER = re.compile(r"[+-]?(?:[0-9]++\.?[0-9]*+|\.[0-9]++)(?:[eE][+-]?[0-9]++)?")
NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
# What pandas reads as a missing value, beside NaN.
MISSING = frozenset({"", "#N/A", "#N/A N/A", "#NA", "<NA>", "N/A", "NA", "NULL", "None", "n/a", "null"})
ERRORS = ("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!", "Err:5")
_PLAIN = rf"(?:{NUMBER.pattern})"
# Cells that are nearly numbers, and what to write instead.
_NEARLY = {
    rf"{_PLAIN} *%": "holds a percent sign; write 0.12 for 12 %",
    r"[+-]?[0-9]{1,3}(?:(?:,[0-9]{3})+\.[0-9]+|(?:,[0-9]{3}){2,}|(?:[ '’][0-9]{3})+(?:[.,][0-9]+)?)": (
        "holds a thousands separator; take it out"
    ),
    r"[+-]?[0-9]*,[0-9]+": "holds a decimal comma; write a point",
    rf"[$€£¥] ?{_PLAIN}|{_PLAIN} ?[$€£¥]": "holds the sign of a currency; write the number alone",
    r"[0-9]{1,4}([-./])[0-9]{1,2}\1[0-9]{1,4}|[^\W\d_]{3}[- ][0-9]{2}"
    r"|[0-9]{1,2}[-. ]+[^\W\d_]{3,9}\.?(?:[- ][0-9]+)?": (
        "looks like a date, into which spreadsheets turn numbers; write the number"
    ),
    r"[+-]?[0-9]*\.?[0-9]*[dD][+-]?[0-9]+": "has an exponent as Fortran writes it; write e for D",
    rf"(?:[a-z]+\.)?[a-z0-9]+\({_PLAIN}.*\)|\[+ ?{_PLAIN}\]*|{_PLAIN} ?\]+|b'{_PLAIN}'": (
        "is how a Python object prints; write the number alone"
    ),
    rf"'{_PLAIN}'": "stands in single quotation marks; take them out",
}
_QUOTES = str.maketrans("", "", "“”„’‘«»")


def oddity(cell: str) -> str:
    """Return what a cell is that is no number but nearly one, and what to do; empty for any other word."""
    if cell.startswith(ERRORS):
        return "is a spreadsheet's error; mend it there"
    told = next((told for pattern, told in _NEARLY.items() if re.fullmatch(pattern, cell)), "")
    if told or cell.isascii():
        return told
    plain = "".join(map(_ascii, unicodedata.normalize("NFKC", cell).translate(_QUOTES)))
    if not NUMBER.fullmatch(plain):
        return ""
    position, character = next((i, c) for i, c in enumerate(cell, start=1) if not c.isascii())
    name = unicodedata.name(character, "no character").lower()
    return f"holds U+{ord(character):04X} ({name}) as character {position}; write {plain}"


def _ascii(character: str) -> str:
    """Return the sign or digit for which a character stands; nothing for blanks and what cannot be seen."""
    if unicodedata.category(character) in {"Cf", "Zs"}:
        return ""
    if unicodedata.category(character) == "Pd" or character == "\N{MINUS SIGN}":
        return "-"
    digit = unicodedata.decimal(character, None)
    return character if digit is None else str(digit)
