"""Files as bytes: JSON, CSV, the zip that is handed in and its manifest; written whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import io
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from report.errors import CheckError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DATE = (2000, 1, 1, 0, 0, 0)


def as_csv(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Write rows as CSV, the first one's keys as the header."""
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Pack files into a zip: sorted names, one date, one mode; equal files, equal bytes."""
    import zipfile  # noqa: PLC0415 - not needed to learn that nothing changed

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, DATE)
            entry.external_attr = 0o644 << 16
            packed = name.endswith(".pdf")  # in itself
            entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    return out.getvalue()


def check_zip(content: bytes, files: Mapping[str, bytes]) -> None:
    """Unpack a zip; refuse one in which a file is missing, too many, twice there, or differs."""
    import zipfile  # noqa: PLC0415

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        found = Counter((entry.filename, archive.read(entry)) for entry in archive.infolist())
    wanted = Counter(files.items())
    if wrong := {name for name, _ in (found - wanted) + (wanted - found)}:
        raise CheckError(f"The bundle does not hold what it should: {', '.join(sorted(wrong))}.")


def manifest(files: Mapping[str, bytes], inputs: Mapping[str, str], versions: Mapping[str, str]) -> bytes:
    """Write the manifest: size and sha256 of each file, hashes of the inputs, versions."""
    entries = {name: {"sha256": sha256(files[name]), "size": len(files[name])} for name in sorted(files)}
    return as_json({"schema": 1, "files": entries, "inputs": dict(inputs), "versions": dict(versions)})


def sha256(content: bytes) -> str:
    """Return the sha256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def as_json(value: Any) -> bytes:
    """Write JSON for people and programs: indented, keys as given, a newline at the end."""
    text = json.dumps(to_builtins(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return text.encode(errors="backslashreplace")  # what is no character, as in a name of bytes, as JSON may


def write(file: Path, content: bytes) -> None:
    """Write a file beside its place, then rename it: it is whole or as it was, whatever ends the writing."""
    beside = file.with_name(f".{file.name}.new")
    beside.unlink(missing_ok=True)  # what a kill left, or a link that leads anywhere
    try:
        with beside.open("xb") as stream:
            stream.write(content)
        beside.replace(file)
    except BaseException as error:  # an interrupt, too, may come in the middle
        if isinstance(error, OSError):  # of a full disk it names no file
            error.filename = error.filename or str(file)
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
