"""The form of a CSV file: its text, lines and cells; and what is wrong with a file or a cell, by name.

What a DataError says here, and in `table`, follows the name of a file.
"""

from __future__ import annotations

import io
import re
import unicodedata
from codecs import BOM_UTF8
from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING

from experiments.errors import DataError, excerpt

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Rows = list[list[str]]

FILE_LIMIT = 32 * 2**20  # bytes
_HOW = "(pandas: index=False; R: row.names = FALSE)"
WITHOUT_INDEX = f"an index that was exported; write the file without it {_HOW}"
SEPARATORS = {"commas": ",", "tabs": "\t", "semicolons": ";", "bars": "|", "blanks": " "}
# The first bytes of files that are not text, or not data.
_FOREIGN = {
    b"PK\x03\x04": "a zip archive or a workbook, not text; export it as CSV",
    b"\xd0\xcf\x11\xe0": "a workbook, not text; export it as CSV",
    b"\x93NUMPY": "an array of numpy, not text; write it with savetxt(..., delimiter=',')",
    b"%PDF": "a PDF, not text; get the file itself",
    b"\x1f\x8b": "compressed; unpack it",
    b"\xff\xfe": "text in UTF-16; save it as UTF-8",
    b"\xfe\xff": "text in UTF-16; save it as UTF-8",
    b"<!doctype html": "a web page, perhaps of a log-in; download the file again",
    b"<html": "a web page, perhaps of a log-in; download the file again",
    b"version https://git-lfs": "a pointer of Git LFS, not the file itself; run git lfs pull",
}
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
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+(?:[eE][+-]?[0-9]+)?")


def foreign(content: bytes) -> str:
    """Return what a file is by its first bytes, and what to do, if it is known not to be data."""
    head = content[:100].lower()
    return next((kind for start, kind in _FOREIGN.items() if head.lstrip().startswith(start.lower())), "")


def lines(content: bytes) -> list[str]:
    """Return the lines of a text, which end with LF, CRLF or CR; blank ones at the end are left out."""
    if kind := foreign(content):
        raise DataError(f" is {kind}")
    content = content.removeprefix(BOM_UTF8)
    try:
        text = content.replace(b"\0", b"\xff").decode()  # a NUL is no text either
    except UnicodeDecodeError as error:
        line, byte = content.count(b"\n", 0, error.start) + 1, content[error.start]
        told = f"byte 0x{byte:02x} is no text in UTF-8; save the file as such"
        raise DataError(f", line {line}: {told}") from None
    found = [line.rstrip("\n") for line in io.StringIO(text, newline=None)]
    while found and not found[-1].strip(" \t"):
        found.pop()
    if not found:
        raise DataError(" is empty; put the data's file in its place")
    return found


def rows(lines: Sequence[str]) -> Rows:
    """Return the cells of each line, as many in each, without the blanks and quotation marks around them."""
    made: Rows = []
    for number, line in enumerate(lines, start=1):
        cells = split(line)
        if not line.strip(" \t"):
            fault = "a blank line before the last row; take it out"
        elif cells is None:
            fault = "a stray quotation mark; quote the whole cell, on one line, or nothing"
        elif made and len(cells) != len(made[0]):
            count = f"the number of cells is {len(cells)}, in line 1 it is {len(made[0])}"
            fault = f"{count}; give every row the same number"
        else:
            made.append(cells)
            continue
        raise DataError(f", line {number}: {fault}")
    return made


def split(line: str, separator: str = ",") -> list[str] | None:
    """Return the cells of a line; None for a stray quotation mark. Blanks separate however many there are."""
    if separator == " ":
        return line.split()
    if '"' not in line:
        return [cell.strip(" \t") for cell in line.split(separator)]
    mark = re.escape(separator)
    pattern = re.compile(rf' *+(?:"((?:[^"]|"")*+)"[ \t]*+|([^"{mark}]*+))({mark}|$)')
    cells: list[str] = []
    position, end = 0, separator
    while end:
        match = pattern.match(line, position)
        if match is None:
            return None
        quoted, bare, end = match.groups()
        cells.append((bare if quoted is None else quoted.replace('""', '"')).strip(" \t"))
        position = match.end()
    return cells


def oddity(cell: str) -> str:
    """Return what a cell is that is no number but nearly one, and what to do; empty for any other word."""
    if cell.startswith(ERRORS):
        return "is a spreadsheet's error; correct it there"
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


def fault(lines: Sequence[str], *, labels: bool = False) -> str:
    """Return what is wrong with the form of a file that could not be read, to follow the file's name.

    Empty if the form is that of a table: then a single cell or line is at fault.
    """
    separators = () if labels else (_about_separators,)
    checks = (_about_lines, _about_edges, *separators, _about_columns, _about_line_1)
    return next((told for check in checks for told in check(lines)), "")


def _about_lines(lines: Sequence[str]) -> Iterator[str]:
    """Look for lines that hold no data: a note to a spreadsheet, comments, blanks."""
    if re.fullmatch(r'"?sep=.{1,2}"?', lines[0], re.IGNORECASE):
        note = f"{excerpt(lines[0])} is a note to a spreadsheet"
        yield f", line 1: {note}; take it out, and separate cells by commas"
    for number, line in enumerate(lines, start=1):
        comment = line.lstrip().startswith(("#", "//", "%")) and not line.lstrip().startswith(ERRORS)
        if comment and line.count(",") != lines[-1].count(","):
            yield f", line {number}: a comment, {excerpt(line)}; take such lines out"
    if len(lines) > 2 and not any(line.strip() for line in lines[1::2]):
        yield ': every second line is blank; take these out (Python\'s csv needs open(..., newline=""))'


def _about_edges(lines: Sequence[str]) -> Iterator[str]:
    """Look for what stands at the end, at the beginning or around all lines."""
    body = lines[1:] or lines
    if all(line.rstrip().endswith(",") for line in body):
        which = "every line" if lines[0].rstrip().endswith(",") else "every line but the header"
        yield f": {which} ends with a comma; take it out"
    if all(line.startswith(",") for line in lines):
        yield ": every line begins with a comma; take it out"
    if all(re.fullmatch(r'"[^"]*,[^"]*"', line.strip()) for line in lines):
        count = len(lines[-1].split(","))
        yield f": every line is quoted as a whole; without the quotation marks it has {count} cells"
    if all(re.fullmatch(r"'[^']*'", cell) for cell in split(body[-1]) or [""]):
        yield ": cells stand in single quotation marks; take them out"


def _about_separators(lines: Sequence[str]) -> Iterator[str]:
    """Look for the separator and the decimal sign by which most cells below line 1 are numbers."""
    body = [line for line in lines[1:] or lines if line.strip(" \t")]
    best = (0.5, "commas", False, 0)  # share of numbers, separator, whether with decimal commas, cells a line
    for name, separator in SEPARATORS.items():
        edge = len(separator) * all(line.startswith(separator) for line in body)
        table = [split(line[edge:].rstrip(separator), separator) or [] for line in body]
        width, most = Counter(map(len, table)).most_common(1)[0]
        if name == "commas" or (width > 1 and most == len(table)):
            cells = [cell for row in table for cell in row] or [""]
            numbers = sum(bool(NUMBER.fullmatch(cell)) for cell in cells) / len(cells)
            commas = sum(bool(_DECIMAL_COMMA.fullmatch(cell)) for cell in cells) / len(cells)
            best = max(best, (numbers + commas, name, commas > 0.5, width), key=itemgetter(0))
    _, name, commas_told, width = best
    told = "the numbers are written with decimal commas" if commas_told else ""
    if name != "commas":
        end = SEPARATORS[name] if name != "blanks" else "\n"
        edges = ", and every line ends with one" if all(line.endswith(end) for line in body) else ""
        found = f"cells are separated by {name}, which gives {width} cells in each line{edges}"
        also = (f", and {told}", " and decimal points") if told else ("", "")
        yield f": {found}{also[0]}; write commas between cells{also[1]}"
    elif told:
        yield f": {told}; write a point"


def _about_columns(lines: Sequence[str]) -> Iterator[str]:
    """Look for a column 1 without a name, or one that counts the rows."""
    table = [split(line) or [""] for line in lines]
    if len(table[0]) < 2 or len(set(map(len, table))) > 1:
        return
    unnamed = table[0][0] == "" and all(table[0][1:])
    column = [row[0] for row in table[unnamed:]]
    advice = WITHOUT_INDEX
    if unnamed and all(cell.isdigit() for cell in table[0][1:]):  # names that pandas made up
        advice = advice.replace("index=False", "index=False, header=False")
    starts = (0, 1) if len(column) > 1 else ()
    if any(all(cell in {f"{i}", f"{i}.0"} for i, cell in enumerate(column, start)) for start in starts):
        yield f", {'line 1: ' if unnamed else ''}column 1 counts the rows: {advice}"
    elif unnamed and len(set(column)) == len(column) > 1:
        yield f", line 1: column 1 has no name; name it, or leave it out if it is an exported index {_HOW}"


def _about_line_1(lines: Sequence[str]) -> Iterator[str]:
    """Look for a line 1 that is unlike all others."""
    widths = [len(split(line) or []) for line in lines]
    first, *rest = widths
    if len(set(rest)) != 1 or first == rest[0] or len(rest) < 2 or not lines[0].strip():
        return
    if first == rest[0] - 1 and not any(NUMBER.fullmatch(cell) for cell in split(lines[0]) or []):
        told = f", line 1 has {first} cells and every other line {rest[0]}"
        yield f"{told}, so column 1 holds row names: {WITHOUT_INDEX}"
    if first == rest[0] + 1 and lines[0].rstrip().endswith(","):
        yield ", line 1 ends with a comma, no other line does; take it out"
    told = f"{excerpt(lines[0])}, where every other line has {rest[0]} cells"
    yield f", line 1: {told}; take it out if it is a title"
