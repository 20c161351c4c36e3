"""What is handed in: a zip of which every byte is decided, and a manifest that tells all of it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
import zipfile
from typing import TYPE_CHECKING

import pytest

from report import bundle
from report.errors import CheckError

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"submission.pdf": b"%PDF" * 500, "trnX-3d.csv": b"1,2,3\n", "homework03.ipynb": "ü\n".encode()}
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # sha256 of "abc", FIPS 180-4


def test_equal_files_make_equal_zips(monkeypatch: pytest.MonkeyPatch) -> None:
    """The order in which files come, the clock and the umask leave no trace."""
    once = bundle.zipped(FILES)
    monkeypatch.setattr(time, "time", lambda: 1e9)
    old = os.umask(0o077)

    try:
        again = bundle.zipped(dict(reversed(FILES.items())))
    finally:
        os.umask(old)

    assert once == again


def test_entries_are_sorted_dated_and_readable() -> None:
    """Each entry has the one date and the mode of a plain file, and names come sorted."""
    with zipfile.ZipFile(io.BytesIO(bundle.zipped(FILES))) as archive:
        entries = archive.infolist()

    assert [entry.filename for entry in entries] == ["homework03.ipynb", "submission.pdf", "trnX-3d.csv"]
    assert {entry.date_time for entry in entries} == {(2000, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 & 0o777 for entry in entries} == {0o644}


def test_unzip_accepts_it(tmp_path: Path) -> None:
    """Another program unpacks the zip to the same bytes, with files that can be read, and nothing besides."""
    bundle.check_zip(bundle.zipped(FILES), FILES)
    (tmp_path / "a.zip").write_bytes(bundle.zipped(FILES))

    subprocess.run([sys.executable, "-m", "zipfile", "-e", "a.zip", "out"], cwd=tmp_path, check=True)

    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == FILES


@pytest.mark.parametrize(
    ("packed", "named"),
    [
        ({**FILES, "trnX-3d.csv": b"1,2,4\n"}, "trnX-3d.csv"),
        ({**FILES, "core": b""}, "core"),
        ({name: content for name, content in FILES.items() if name != "submission.pdf"}, "submission.pdf"),
        ({"a": b"", "b": b""}, "a, b, homework03.ipynb, submission.pdf, trnX-3d.csv"),
    ],
    ids=["changed", "too many", "missing", "all wrong"],
)
def test_each_kind_of_difference_is_caught(packed: dict[str, bytes], named: str) -> None:
    """A file that is changed, too many or missing is named."""
    with pytest.raises(CheckError, match=rf"^The bundle does not hold what it should: {named}\.$"):
        bundle.check_zip(bundle.zipped(packed), FILES)


def test_a_name_that_stands_twice_is_caught() -> None:
    """Two entries of one name, of which a reader might take the wrong one, are named."""
    out = io.BytesIO(bundle.zipped({**FILES, "trnX-3d.csv": b"other"}))
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("trnX-3d.csv", FILES["trnX-3d.csv"])

    with pytest.raises(CheckError, match=r"trnX-3d\.csv\.$"):
        bundle.check_zip(out.getvalue(), FILES)


def test_the_manifest_tells_size_and_hash() -> None:
    """Each file, in order of its name, with its size and sha256; then inputs and versions."""
    made = json.loads(bundle.manifest({"b": b"abc", "a": b""}, {"report.toml": ABC}, {"numpy": "2.4.6"}))

    assert list(made["files"]) == ["a", "b"]
    assert made["files"]["b"] == {"sha256": ABC, "size": 3}
    assert (made["schema"], made["inputs"], made["versions"]) == (1, {"report.toml": ABC}, {"numpy": "2.4.6"})


def test_json_is_written_for_people() -> None:
    """Indented, letters as they are, keys as given, a newline at the end."""
    assert bundle.as_json({"b": "ü", "a": [1]}) == '{\n  "b": "ü",\n  "a": [\n    1\n  ]\n}\n'.encode()


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_that_no_other_program_reads_is_refused(value: float) -> None:
    """NaN and infinity are not JSON."""
    with pytest.raises(ValueError, match="JSON compliant"):
        bundle.as_json({"worst": value})
