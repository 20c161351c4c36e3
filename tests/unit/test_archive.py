"""An archive of the data: read in memory, whole or not at all."""

import bz2
import gzip
import io
import lzma
import tarfile

import pytest

from experiments.data import files
from experiments.dataset import FILE_NAMES, DataError, load

SOUND = {
    "trnX-3d.csv": b"0.5,1,-2e-1\n1,2,3\n",
    "trnY-3d.csv": b"-1\n1\n",
    "devX-3d.csv": b".25,8,9\n7,8,9\n",
    "devY-3d.csv": b"1\n-1\n",
}


def packed(path, members, form=tarfile.PAX_FORMAT, compress=gzip.compress, **kinds):
    """Write a compressed tar archive; `kinds` by name are types of members that are no files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.type = len(content), kinds.get(name, tarfile.REGTYPE)
            tar.addfile(info, io.BytesIO(content))
    path.write_bytes(compress(stream.getvalue()))
    return path


def within(prefix):
    """Return the four members in a folder of the archive."""
    return {prefix + name: content for name, content in SOUND.items()}


def refusal(path):
    """Return the sentence with which an archive is refused, its place taken out."""
    with pytest.raises(DataError) as caught:
        load(path)
    return str(caught.value).replace(f"{path.parent}/", "")


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("prefix", ["", "./", "Übung 3/data/", "d" * 80 + "/" + "e" * 60 + "/"])
def test_members_are_read_wherever_they_lie_in_the_archive(tmp_path, prefix, form):
    """The four files may lie in a folder of any name, in each of the tar formats."""
    data = load(packed(tmp_path / "data.tgz", within(prefix), form))

    assert data.X_train.tolist() == [[0.5, 1.0, -0.2], [1.0, 2.0, 3.0]]
    assert [file.content for file in data.files] == list(SOUND.values())
    assert data.remarks == ()


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_any_compression_is_read_whatever_the_name(tmp_path, compress):
    """What kind of archive it is, its first bytes say."""
    data = load(packed(tmp_path / "from the course", SOUND, compress=compress))

    assert [file.content for file in data.files] == list(SOUND.values())


def test_an_archive_in_the_folder_is_used_instead_of_loose_files(tmp_path):
    """A data.tgz that is put beside other files wins over them."""
    for name in FILE_NAMES:
        (tmp_path / name).write_bytes(b"nonsense")
    packed(tmp_path / "data.tgz", SOUND)

    assert load(tmp_path).X_train.shape == (2, 3)


def test_further_members_are_listed_and_left_alone(tmp_path):
    """A fifth file is named with its folder; hidden ones, links and devices are not."""
    more = {"data/tstX-3d.csv": b"?", "data/._trnX-3d.csv": b"?", "data/b\a.txt": b"", "l": b"", "d": b""}
    kinds = {"l": tarfile.SYMTYPE, "d": tarfile.CHRTYPE}

    data = load(packed(tmp_path / "a.tgz", within("data/") | more, **kinds))

    assert data.others == ("data/b\\x07.txt", "data/tstX-3d.csv")


def test_nothing_is_written_wherever_members_point(tmp_path):
    """A member with .. in its path, or an absolute one, is read in memory alone."""
    packed(tmp_path / "a.tgz", SOUND | {"../outside": b"x", "/tmp/outside-of-all": b"x"})

    assert load(tmp_path / "a.tgz").X_train.shape == (2, 3)
    assert [path.name for path in tmp_path.iterdir()] == ["a.tgz"]


def test_errors_name_archive_and_member(tmp_path):
    """A fault within a member is told with the archive's name, the member's, line and column."""
    members = within("data/") | {"data/devX-3d.csv": b"1,2,x\n1,2,3\n"}

    assert refusal(packed(tmp_path / "a.tgz", members)) == (
        "a.tgz, data/devX-3d.csv, line 1, column 3: 'x' is not a number; write a number such as -0.25"
    )


def test_missing_and_doubled_members_are_told(tmp_path):
    """An archive without one of the four, or with all of them twice, says so."""
    three = dict(list(SOUND.items())[:3])

    assert refusal(packed(tmp_path / "a.tgz", three)) == (
        "a.tgz: devY-3d.csv is missing; the data are trnX-3d.csv, trnY-3d.csv, devX-3d.csv, devY-3d.csv"
    )
    assert refusal(packed(tmp_path / "b.tgz", within("one/") | within("two/"))) == (
        "b.tgz holds the four files twice, in one and two; pack them once"
    )


def test_what_is_no_archive_is_refused(tmp_path):
    """A CSV file, an empty file and a folder are no archive."""
    (tmp_path / "a.csv").write_bytes(SOUND["trnX-3d.csv"])
    (tmp_path / "empty.tgz").touch()
    (tmp_path / "f" / "data.tgz").mkdir(parents=True)
    advice = "is no archive; name a data.tgz, a zip or a folder with the four CSV files"

    assert refusal(tmp_path / "a.csv") == f"a.csv {advice}"
    assert refusal(tmp_path / "empty.tgz") == f"empty.tgz {advice}"
    assert refusal(tmp_path / "f") == (
        "f/data.tgz is not a file; name a folder with the four CSV files or a data.tgz"
    )


def test_cuts_and_damage_are_noticed(tmp_path):
    """However an archive was cut or changed, no part of it is taken for the data."""
    path = packed(tmp_path / "a.tgz", SOUND)
    whole, plain = path.read_bytes(), gzip.decompress(path.read_bytes())
    broken = [whole[:length] for length in range(1, len(whole), 7)]
    broken += [gzip.compress(plain[:length]) for length in range(1, 4 * 1024, 97)]
    broken.append(whole[:30] + bytes([whole[30] ^ 1]) + whole[31:])
    broken.append(gzip.compress(plain[:1024] + b"nonsense" + plain[1032:]))
    broken.append(gzip.compress(plain + b"more"))

    for content in broken:
        path.write_bytes(content)
        assert refusal(path).startswith(
            ("a.tgz is cut off, damaged or locked (", "a.tgz is no archive", "a.tgz: ")
        )


def test_what_is_too_large_is_refused(tmp_path, monkeypatch):
    """Beyond the limits nothing is read, be it one member or all together."""
    path = packed(tmp_path / "a.tgz", SOUND | {"trnX-3d.csv": b"0," * 5000})
    monkeypatch.setattr(files, "FILE_LIMIT", 5_000)
    assert refusal(path) == "a.tgz, trnX-3d.csv has more than 0 MiB; give a smaller file"

    monkeypatch.setattr(files, "TOTAL_LIMIT", 2**20)
    path.write_bytes(gzip.compress(bytes(2**21)))
    assert refusal(path) == "a.tgz unpacks to more than 1 MiB; pack the four CSV files alone"
