"""What is handed in: the manifest of a build, and a reproducible zip."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from collections import Counter
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from report.errors import CheckError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    """Unpack a zip and compare it with what was meant to be in it.

    Raises
    ------
    CheckError
        A file is missing, too many, twice there, or differs.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    found, twice = (
        dict(entries),
        {name for name, times in Counter(n for n, _ in entries).items() if times > 1},
    )
    if wrong := sorted({name for name in {*found, *files} if found.get(name) != files.get(name)} | twice):
        raise CheckError(f"The bundle does not hold what it should: {', '.join(wrong)}.")


def manifest(files: Mapping[str, bytes], inputs: Mapping[str, str], versions: Mapping[str, str]) -> bytes:
    """Write the manifest: size and sha256 of each file, hashes of the inputs, versions."""
    entries = {name: {"sha256": sha256(files[name]), "size": len(files[name])} for name in sorted(files)}
    return as_json({"schema": 1, "files": entries, "inputs": dict(inputs), "versions": dict(versions)})


def sha256(content: bytes) -> str:
    """Return the sha256 of some bytes, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def as_json(value: Any) -> bytes:
    """Write JSON for people and programs: indented, keys as given, a newline at the end."""
    plain = to_builtins(value)
    return (json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()
