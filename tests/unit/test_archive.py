"""Where the four files are: in a folder or an archive, under their names or nearly so."""

import bz2
import gzip
import io
import lzma
import re
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from experiments.data import files
from experiments.dataset import FILE_NAMES, DataError, load

ROOT = Path(__file__).parents[2]
CONTENTS = (b"0.5,1,-2e-1\n1,2,3\n", b"-1\n1\n", b".25,8,9\n7,8,9\n", b"1\n-1\n")
SOUND = dict(zip(FILE_NAMES, CONTENTS, strict=True))
THREE = {name: SOUND[name] for name in FILE_NAMES[:3]}
MISSING = "devY-3d.csv is missing; the data are trnX-3d.csv, trnY-3d.csv, devX-3d.csv, devY-3d.csv"


def tarred(members, form=tarfile.PAX_FORMAT, compress=gzip.compress, **kinds):
    """Return the bytes of a compressed tar archive; `kinds`, by name, of members that are no files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.type = len(content), kinds.get(name, tarfile.REGTYPE)
            tar.addfile(info, io.BytesIO(content))
    return compress(stream.getvalue())


def zipped(members):
    """Return the bytes of a zip archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def named(form):
    """Return the four files, each under the name that `form` makes of its own."""
    return {form.format(name=name, short=name[:4]): content for name, content in SOUND.items()}


def lay(folder, contents):
    """Write files by their whole names, folders made."""
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def refusal(path):
    """Return the sentence with which a place is refused, the folder around it taken out."""
    with pytest.raises(DataError) as caught:
        load(path)
    return str(caught.value).replace(f"{path.parent}/", "")


# --- what an archive holds ---


WITHOUT_TWO = """
import sys
from pathlib import Path
sys.modules |= {{"_bz2": None, "_lzma": None}}
from experiments.data.files import DataError, find
assert all(len(find(Path({folder!r}, name)).files) == 4 for name in ("a.tgz", "a.zip"))
try: find(Path({folder!r}, "a.xz"))
except DataError as error: print(error)
"""


def test_a_python_without_two_of_the_compressions_reads_the_others(tmp_path, python):
    """Many a Python is built without bz2 and lzma: folders, .tgz and .zip need neither."""
    lay(tmp_path, {"a.tgz": tarred(SOUND), "a.zip": zipped(SOUND), "a.xz": lzma.compress(b"")})

    assert "a.xz cannot be unpacked (" in python(WITHOUT_TWO.format(folder=str(tmp_path)))


def test_further_members_are_listed_and_left_alone(tmp_path):
    """A fifth file is named, hidden ones, links and devices are not; nothing is written. Any name will do."""
    more = {"data/tstX-3d.csv": b"?", "data/._trnX-3d.csv": b"?", "data/b\a.txt": b"", "l": b"", "d": b""}
    kinds = {"l": tarfile.SYMTYPE, "d": tarfile.CHRTYPE}
    outside = {"../outside": b"x", "/tmp/outside-of-all": b"x"}
    lay(tmp_path, {"from the course": tarred(named("data/{name}") | more | outside, **kinds)})

    others = ("/tmp/outside-of-all", "data/b\\x07.txt", "data/tstX-3d.csv")
    assert load(tmp_path / "from the course").others == others
    assert [path.name for path in tmp_path.iterdir()] == ["from the course"]


def test_cuts_and_damage_are_noticed(tmp_path):
    """However an archive was cut or changed, no part of it is taken for the data."""
    whole = tarred(SOUND)
    plain = gzip.decompress(whole)
    endless = tarfile.TarInfo()
    endless.type, endless.size = tarfile.GNUTYPE_LONGNAME, 2**80
    broken = [whole[:length] for length in range(1, len(whole), 7)]
    broken += [gzip.compress(plain[:length]) for length in range(1, 4 * 1024, 97)]
    broken += [
        whole[:30] + bytes([whole[30] ^ 1]) + whole[31:],
        gzip.compress(plain[:1024] + b"nonsense" + plain[1032:]),
        gzip.compress(plain + b"more"),
        endless.tobuf(tarfile.GNU_FORMAT) + plain,
    ]

    for content in broken:
        lay(tmp_path, {"a.tgz": content})
        told = refusal(tmp_path / "a.tgz")
        assert told.startswith(("a.tgz is cut off or damaged", "a.tgz is no archive", "a.tgz: ")), told


@pytest.mark.parametrize("pack", [tarred, zipped])
def test_what_is_too_large_is_refused(tmp_path, monkeypatch, pack):
    """Beyond the limits nothing is read, be it one member or all together."""
    lay(tmp_path, {"a": pack(SOUND | {"trnX-3d.csv": b"0," * 5000})})
    monkeypatch.setattr(files, "FILE_LIMIT", 5_000)
    assert refusal(tmp_path / "a") == "a, trnX-3d.csv has more than 0 MiB; give a smaller file"

    monkeypatch.setattr(files, "TOTAL_LIMIT", 2**20)
    lay(tmp_path, {"a": pack(SOUND | {"more": bytes(2**21)})})
    assert refusal(tmp_path / "a") == "a unpacks to more than 1 MiB; pack the four CSV files alone"


def test_holes_in_a_member_count_as_what_they_unpack_to(tmp_path):
    """A member of a terabyte, all of it a hole, is refused though its archive is small."""
    holes = {"major": "1", "minor": "0", "name": "more", "realsize": f"{2**40}"}
    stream, info = io.BytesIO(), tarfile.TarInfo("more")
    info.size, info.pax_headers = 512, {f"GNU.sparse.{key}": value for key, value in holes.items()}
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(info, io.BytesIO(b"0\n".ljust(512, b"\0")))
    lay(tmp_path, {"a.tar": stream.getvalue()})

    assert refusal(tmp_path / "a.tar") == "a.tar unpacks to more than 128 MiB; pack the four CSV files alone"


def test_a_zip_unpacks_to_no_more_than_it_claims(tmp_path):
    """64 MiB in a member that claims 4 bytes are damage, and never all in memory."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("more", bytes(2**26))
    content = stream.getvalue().replace((2**26).to_bytes(4, "little"), (4).to_bytes(4, "little"))
    lay(tmp_path, {"a.zip": content})

    tracemalloc.start()
    told = refusal(tmp_path / "a.zip")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert told.startswith("a.zip is cut off or damaged (Bad CRC-32")
    assert most < 2**23


# --- which files are meant ---

SIDECARS = {"data/._trnX-3d.csv": b"\0\5\26\7", "__MACOSX/data/._devX-3d.csv": b"\0\5\26\7"}
STAND_IN = {name: (ROOT / "data" / name).read_bytes() for name in FILE_NAMES}
ZIP = zipped(SOUND)
# The zip with its first file marked as encrypted, in both places.
LOCKED = re.sub(rb"(?s)\A(.{6}).(.*?PK\x01\x02.{4}).", b"\\g<1>\x01\\g<2>\x01", ZIP)
# What lies in the folder, and words of the remark that says what was used.
FOUND = {
    "data.tgz beside others": (dict.fromkeys(FILE_NAMES, b"nonsense") | {"data.tgz": tarred(SOUND)}, ""),
    "data.tar.gz": ({"data.tar.gz": tarred(SOUND)}, "data.tar.gz"),
    "a plain tar": ({"data.tar": tarred(SOUND, compress=bytes)}, "data.tar"),
    "sidecars of a Mac": ({"data.tgz": tarred(named("data/{name}") | SIDECARS)}, ""),
    "sidecars of a Mac in a zip": ({"data.zip": zipped(named("data/{name}") | SIDECARS)}, "data.zip"),
    "a numbered download": ({"data (1).tgz": tarred(SOUND)}, "data (1).tgz"),
    "another case": ({"Data.TGZ": tarred(SOUND)}, "Data.TGZ"),
    "a zip called data.tgz": ({"data.tgz": ZIP}, ""),
    "a tar that a browser unzipped": ({"data.tgz": tarred(SOUND, compress=bytes)}, ""),
    "Windows' separators in a zip": ({"hw3.zip": zipped(named("data\\{name}"))}, "hw3.zip"),
    "a bzip2 of an older kind": (
        {"data.tgz": tarred(named("./{name}"), tarfile.USTAR_FORMAT, bz2.compress)},
        "",
    ),
    "an xz with long names": (
        {"data.tgz": tarred(named("Übung/" + "d" * 99 + "/{name}"), tarfile.GNU_FORMAT, lzma.compress)},
        "",
    ),
    "a folder for each set": ({"data.tgz": tarred(named("{short}/{name}"))}, ""),
    "a folder down": (named("data/{name}"), "data"),
    "text editor's ending": (named("{name}.txt"), "trnX-3d.csv.txt"),
    "capitals": (named("{short}-3D.CSV"), "trnX-3D.CSV"),
    "numbered copies": (named("{short}-3d (1).csv"), "trnX-3d (1).csv"),
    "underscores": (named("{short}_3d.csv"), "trnX_3d.csv"),
    "beside the stand-in": (STAND_IN | {"data.zip": ZIP}, "data.zip"),
    "beside another archive": (SOUND | {"later.zip": ZIP}, "later.zip holds the four files too"),
    "beside a damaged archive": (SOUND | {"later.zip": ZIP[:99]}, ""),
}


@pytest.mark.parametrize(("contents", "told"), FOUND.values(), ids=FOUND)
def test_the_only_candidate_is_used_and_said(tmp_path, contents, told):
    """What is nearly the course's name, or holds the files, is read; a remark names it."""
    data = load(lay(tmp_path, contents))

    assert data.X_train.shape == (2, 3)
    assert not data.stand_in
    assert [told in remark for remark in data.remarks] == ([True] if told else [])


NO_ARCHIVE = "is no archive; name a data.tgz, a zip or a folder with the four CSV files"
# What lies in the folder, which place in it is named, and what the sentence begins with or holds.
REFUSED = {
    "two archives": ({"a.zip": ZIP, "b.zip": ZIP}, "", ("a.zip", "b.zip", "--data")),
    "two folders": (named("a/{name}") | named("b/{name}"), "", ("a", "b", "--data")),
    "another case of the folder": (named("Data/{name}"), "data", ("data does not exist", "Data", "--data")),
    "another archive": ({"data.zip": ZIP}, "data.tgz", ("does not exist", "data.zip", "--data")),
    "one of the four": (SOUND, "trnX-3d.csv", ("trnX-3d.csv", "one of the four", "its folder")),
    "a web page called data.tgz": ({"data.tgz": b"<html><body>Log in"}, "", ("data.tgz", "a web page")),
    "an archive of other things": ({"hw3.zip": zipped({"notes.txt": b"x"})}, "", ("missing", "trnX-3d.csv")),
    "one compressed file": (
        THREE | {"devY-3d.csv.gz": gzip.compress(b"1\n")},
        *("", (MISSING, "; devY-3d.csv.gz lies there: unpack it")),
    ),
    "a locked zip": (
        {"data.zip": LOCKED},
        *("", ("data.zip cannot be unpacked", "password", "pack the four")),
    ),
    "a damaged archive beside the stand-in": (STAND_IN | {"my.zip": ZIP[:-99]}, "", ("my.zip is cut off",)),
    "three in an archive": ({"a.tgz": tarred(THREE)}, "a.tgz", (f"a.tgz: {MISSING}",)),
    "two sets in an archive": (
        {"b.tgz": tarred(named("one/{name}") | named("two/{name}"))},
        *("b.tgz", ("b.tgz holds the four files twice, in one and two; pack them once",)),
    ),
    "a fault in a member": (
        {"a.tgz": tarred(named("data/{name}") | {"data/devX-3d.csv": b"1,2,x\n1,2,3\n"})},
        *("a.tgz", ("a.tgz, data/devX-3d.csv, line 1, column 3: 'x' is not a number",)),
    ),
    "a CSV file": ({"a.csv": CONTENTS[0]}, "a.csv", (f"a.csv {NO_ARCHIVE}",)),
    "an empty file": ({"empty.tgz": b""}, "empty.tgz", (f"empty.tgz {NO_ARCHIVE}",)),
    "a folder called data.tgz": ({"data.tgz/x": b""}, "", ("data.tgz is not a file; name a folder with",)),
}


@pytest.mark.parametrize(("contents", "place", "words"), REFUSED.values(), ids=REFUSED)
def test_what_may_be_meant_is_named(tmp_path, contents, place, words):
    """Where more than one candidate fits, or none wholly, the sentence names what lies there."""
    sentence = refusal(lay(tmp_path, contents) / place)

    assert [word for word in words if word not in sentence] == [], sentence
    assert sentence.isprintable()


def test_what_decides_is_known_before_anything_is_read(tmp_path):
    """The files whose change means other data: a data.tgz alone, else the four and what may be meant."""
    lay(tmp_path, {"hw.zip": ZIP, "a/TRNX-3D.csv": b"", "a/more.txt": b"", "notes.txt": b""})
    four = [tmp_path / name for name in FILE_NAMES]

    assert files.deciding(tmp_path) == sorted([*four, tmp_path / "hw.zip", tmp_path / "a" / "TRNX-3D.csv"])
    assert files.deciding(tmp_path / "hw.zip") == [tmp_path / "hw.zip"]
    lay(tmp_path, {"data.tgz": b""})
    assert files.deciding(tmp_path) == [tmp_path / "data.tgz"]
