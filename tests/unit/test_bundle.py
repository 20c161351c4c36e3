"""Files that are there whole or not at all; a zip of which every byte is decided."""

import io
import os
import resource
import sys
import time
import zipfile

import pytest

from report import bundle
from report.errors import CheckError

FILES = {"submission.pdf": b"%PDF" * 500, "trnX-3d.csv": b"1,2,3\n", "homework03.ipynb": "ü\n".encode()}


def test_equal_files_make_equal_zips(monkeypatch):
    """The order in which files come, the clock and the umask leave no trace; names are sorted."""
    once = bundle.zipped(FILES)
    monkeypatch.setattr(time, "time", lambda: 1e9)
    old = os.umask(0o077)

    try:
        again = bundle.zipped(dict(reversed(FILES.items())))
    finally:
        os.umask(old)

    assert once == again
    entries = zipfile.ZipFile(io.BytesIO(once)).infolist()
    assert [entry.filename for entry in entries] == ["homework03.ipynb", "submission.pdf", "trnX-3d.csv"]
    assert {entry.date_time for entry in entries} == {(2000, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 & 0o777 for entry in entries} == {0o644}


def twice(packed):
    """Pack files, one of them twice: a reader might take the wrong one."""
    out = io.BytesIO(bundle.zipped({**packed, "trnX-3d.csv": b"other"}))
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("trnX-3d.csv", packed["trnX-3d.csv"])
    return out.getvalue()


@pytest.mark.parametrize(
    ("packed", "pack", "named"),
    [
        ({**FILES, "trnX-3d.csv": b"1,2,4\n"}, bundle.zipped, "trnX-3d.csv"),
        ({**FILES, "core": b""}, bundle.zipped, "core"),
        ({"a": b"", "b": b""}, bundle.zipped, "a, b, homework03.ipynb, submission.pdf, trnX-3d.csv"),
        (FILES, twice, "trnX-3d.csv"),
    ],
    ids=["changed", "too many", "missing", "twice"],
)
def test_each_kind_of_difference_is_caught(packed, pack, named):
    """A file that is changed, too many, missing or there twice is named."""
    with pytest.raises(CheckError, match=rf"^The bundle does not hold what it should: {named}\.$"):
        bundle.check_zip(pack(packed), FILES)


def test_json_is_written_for_people_and_programs():
    """Indented, letters as they are, keys as given, a newline at the end; what is not JSON is refused."""
    assert bundle.as_json({"b": "ü", "a": [1]}) == '{\n  "b": "ü",\n  "a": [\n    1\n  ]\n}\n'.encode()
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="JSON compliant"):
            bundle.as_json({"worst": value})


def test_an_interrupt_before_a_file_is_in_place_leaves_nothing(tmp_path):
    """Ctrl-C between writing and putting in place: the former file stays, no part is left."""
    file = tmp_path / "entry.json"
    file.write_bytes(b"old")

    def interrupt(_frame, _event, called):
        if called is os.replace:
            raise KeyboardInterrupt

    sys.setprofile(interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            bundle.write(file, b"new")
    finally:
        sys.setprofile(None)

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"entry.json": b"old"}


def test_a_file_too_large_for_the_disk_leaves_nothing(tmp_path):
    """Where the system refuses in the middle, the former file stays whole and no part is left."""
    file = tmp_path / "entry.json"
    bundle.write(file, b"older and longer")
    bundle.write(file, b"old")
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, former[1]))
    try:
        with pytest.raises(OSError, match=rf"File too large: .*{file.name}"):
            bundle.write(file, b"new" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"entry.json": b"old"}


def test_a_link_in_a_strangers_folder_is_not_followed(tmp_path):
    """Where a file is written before it is put in place there may be a link: what it leads to stays."""
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    for name in ("verify.new", ".verify.json.new"):
        (tmp_path / name).symlink_to(precious)
    bundle.write(tmp_path / "verify.json", b"{}")

    assert (b"mine", b"{}") == (precious.read_bytes(), (tmp_path / "verify.json").read_bytes())
