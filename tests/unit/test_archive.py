"""An archive of the data: read in memory, whole or not at all."""

import gzip
import io
import shutil
import subprocess
import tarfile

import pytest

from experiments import archive
from experiments.dataset import FILE_NAMES, DataError, load

SOUND = {
    "trnX-3d.csv": b"0.5,1,-2e-1\n1,2,3\n",
    "trnY-3d.csv": b"-1\n1\n",
    "devX-3d.csv": b".25,8,9\n",
    "devY-3d.csv": b"1\n",
}


def entry(name, content=b"", **header):
    """Return a member of a tar archive as pair of header and content."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in header.items():
        setattr(info, key, value)
    return info, content


def packed(path, entries, form=tarfile.PAX_FORMAT):
    """Write a gzipped tar archive with Python's own tarfile."""
    with tarfile.open(path, "w:gz", format=form) as tar:
        for info, content in entries:
            tar.addfile(info, io.BytesIO(content))
    return path


def sound(prefix=""):
    """Return the four members, in a folder of the archive if asked to."""
    return [entry(prefix + name, content) for name, content in SOUND.items()]


def refusal(path):
    """Return the sentence with which an archive is refused, its place taken out."""
    with pytest.raises(DataError) as caught:
        load(path)
    return str(caught.value).replace(f"{path.parent}/", "")


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize(
    "prefix", ["", "./", "data/", "Übung 3/data/", "d" * 80 + "/" + "e" * 60 + "/"], ids=lambda text: text[:9]
)
def test_members_are_read_wherever_they_lie_in_the_archive(tmp_path, prefix, form):
    """The four files may lie in a folder of any name, in each of the tar formats."""
    entries = [entry("data", type=tarfile.DIRTYPE), *sound(prefix)]

    data = load(packed(tmp_path / "data.tgz", entries, form))

    assert data.X_train.tolist() == [[0.5, 1.0, -0.2], [1.0, 2.0, 3.0]]
    assert [file.content for file in data.files] == list(SOUND.values())


@pytest.mark.parametrize("form", ["gnu", "pax", "ustar", "v7"])
@pytest.mark.skipif(shutil.which("tar") is None, reason="needs tar")
def test_archives_of_the_system_s_tar_are_read(tmp_path, form):
    """What `tar` makes in each of its formats is read."""
    (tmp_path / "data").mkdir()
    for name, content in SOUND.items():
        (tmp_path / "data" / name).write_bytes(content)
    subprocess.run(
        ["tar", f"--format={form}", "-czf", "made.tgz", "data"], cwd=tmp_path, check=True, capture_output=True
    )

    data = load(tmp_path / "made.tgz")

    assert [file.content for file in data.files] == list(SOUND.values())


def test_a_folder_has_no_content(tmp_path):
    """A folder's header may give a size, as old archives do; what follows is the next header."""
    info, _ = entry("data", type=tarfile.DIRTYPE, size=4096)
    path = packed(tmp_path / "a.tgz", sound("data/"))
    path.write_bytes(gzip.compress(info.tobuf(tarfile.USTAR_FORMAT) + gzip.decompress(path.read_bytes())))

    assert load(path).X_train.shape == (2, 3)


def test_an_archive_in_the_folder_is_used_instead_of_loose_files(tmp_path):
    """A data.tgz that is put beside other files wins over them."""
    for name in FILE_NAMES:
        (tmp_path / name).write_bytes(b"nonsense")
    packed(tmp_path / "data.tgz", sound())

    assert load(tmp_path).X_train.shape == (2, 3)


def test_further_members_are_listed_and_left_alone(tmp_path):
    """A fifth file is named with its folder; hidden ones, such as macOS adds, are not."""
    fifth = [entry("data/tstX-3d.csv", b"?"), entry("data/._trnX-3d.csv", b"?"), entry("data/b\a.txt")]

    assert load(packed(tmp_path / "a.tgz", [*sound("data/"), *fifth])).others == (
        "data/b\\x07.txt",
        "data/tstX-3d.csv",
    )


def test_errors_name_archive_and_member(tmp_path):
    """A fault within a member is told with the archive's name, the member's, line and column."""
    entries = [entry("data/" + n, b"1,2,x\n1,2,3\n" if n == "devX-3d.csv" else c) for n, c in SOUND.items()]

    assert refusal(packed(tmp_path / "a.tgz", entries)) == (
        "a.tgz, data/devX-3d.csv, line 1, column 1: '1' beside 'x'; "
        "write a header of names or a row of numbers"
    )


PLAIN = "a.tgz is no plain tar archive"
OUTSIDE = "points outside the archive's folder; pack the plain files anew"
SPECIAL = "is a link, a device or another special file; pack the plain files anew"


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        pytest.param(entry("/etc/x.csv"), f"a.tgz: member '/etc/x.csv' {OUTSIDE}", id="absolute"),
        pytest.param(entry("data/../../x"), f"a.tgz: member 'data/../../x' {OUTSIDE}", id="parent"),
        pytest.param(entry("C:/x"), f"a.tgz: member 'C:/x' {OUTSIDE}", id="drive"),
        pytest.param(entry("..\\x"), f"a.tgz: member '..\\\\x' {OUTSIDE}", id="backslash"),
        pytest.param(entry("../" + "x" * 120), f"a.tgz: member '../{'x' * 120}' {OUTSIDE}", id="long name"),
        pytest.param(
            entry("l", type=tarfile.SYMTYPE, linkname="/etc/passwd"),
            f"a.tgz: member 'l' {SPECIAL}",
            id="link",
        ),
        pytest.param(
            entry("l", type=tarfile.LNKTYPE, linkname="trnX-3d.csv"),
            f"a.tgz: member 'l' {SPECIAL}",
            id="hard link",
        ),
        pytest.param(entry("d", type=tarfile.CHRTYPE), f"a.tgz: member 'd' {SPECIAL}", id="device"),
        pytest.param(entry("b", type=tarfile.BLKTYPE), f"a.tgz: member 'b' {SPECIAL}", id="block device"),
        pytest.param(entry("p", type=tarfile.FIFOTYPE), f"a.tgz: member 'p' {SPECIAL}", id="pipe"),
        pytest.param(entry("s", type=tarfile.GNUTYPE_SPARSE), f"a.tgz: member 's' {SPECIAL}", id="sparse"),
        pytest.param(
            entry("trnX-3d.csv"), "a.tgz: member 'trnX-3d.csv' occurs twice; pack each file once", id="twice"
        ),
        pytest.param(
            entry("b/devY-3d.csv"),
            "a.tgz: devY-3d.csv occurs twice, once as b/devY-3d.csv; pack it once",
            id="in two folders",
        ),
        pytest.param(
            entry("x", pax_headers={"GNU.sparse.major": "1"}),
            f"{PLAIN} (an extended header gives a size); pack the four files anew",
            id="sparse by extension",
        ),
        pytest.param(
            entry("x", b"18 path=/etc/path\n", type=tarfile.XGLTYPE),
            f"{PLAIN} (an extended header gives no name, or more than one); pack the four files anew",
            id="a path for all members",
        ),
        pytest.param(
            entry("x" * 120, b"10 path=a\n", type=tarfile.XHDTYPE),
            f"{PLAIN} (byte 5632: a second long name for one member); pack the four files anew",
            id="two long names",
        ),
        pytest.param(
            entry("x", b"99 path=x\n", type=tarfile.XHDTYPE),
            f"{PLAIN} (an extended header that cannot be read); pack the four files anew",
            id="an unsound extended header",
        ),
        pytest.param(
            entry("x" * 200, pax_headers={"comment": "x" * 70_000}),
            f"{PLAIN} (an extended header of more than 64 KiB); pack the four files anew",
            id="a long extended header",
        ),
    ],
)
def test_members_that_are_no_plain_files_are_refused(tmp_path, extra, sentence):
    """Whatever could reach outside, or be read two ways, refuses the whole archive."""
    assert refusal(packed(tmp_path / "a.tgz", [*sound(), extra])) == sentence


def test_a_missing_member_is_told(tmp_path):
    """An archive without one of the four says which."""
    assert refusal(packed(tmp_path / "a.tgz", sound()[:3])) == (
        "a.tgz: devY-3d.csv is missing; the data are trnX-3d.csv, trnY-3d.csv, devX-3d.csv, devY-3d.csv"
    )


def test_what_is_no_archive_is_refused(tmp_path):
    """A CSV file, an empty file and a folder are no archive."""
    (tmp_path / "a.csv").write_bytes(SOUND["trnX-3d.csv"])
    (tmp_path / "empty.tgz").touch()
    (tmp_path / "f" / "data.tgz").mkdir(parents=True)
    advice = "is no gzip archive; name a data.tgz or a folder with the four CSV files"

    assert refusal(tmp_path / "a.csv") == f"a.csv {advice}"
    assert refusal(tmp_path / "empty.tgz") == f"empty.tgz {advice}"
    assert refusal(tmp_path / "f") == (
        "f/data.tgz is not a file; name a data.tgz or a folder with the four CSV files"
    )


def test_every_cut_of_an_archive_is_refused(tmp_path):
    """However short an archive was cut, gzip or tar, no part of it is taken for the data."""
    path = packed(tmp_path / "a.tgz", sound())
    whole, plain = path.read_bytes(), gzip.decompress(path.read_bytes())

    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert refusal(path).startswith(("a.tgz is cut off or damaged", "a.tgz is no gzip"))
    for length in range(1, 4 * 1024, 97):  # each member is a header and one block of content
        path.write_bytes(gzip.compress(plain[:length]))
        last = list(SOUND)[length // 1024]
        within = f"{PLAIN} (it ends within member '{last}'); pack the four files anew"
        headless = f"{PLAIN} (byte {length // 1024 * 1024}: bad checksum); pack the four files anew"
        assert refusal(path) in {within, headless}
    for length in range(1024, 4 * 1024, 1024):
        path.write_bytes(gzip.compress(plain[:length]))
        assert refusal(path).startswith(f"a.tgz: {', '.join(list(SOUND)[length // 1024 :])}")


def test_damage_is_noticed(tmp_path):
    """A changed byte, a header that is none, and data after the end are told."""
    path = packed(tmp_path / "a.tgz", sound())
    whole, plain = path.read_bytes(), gzip.decompress(path.read_bytes())

    path.write_bytes(whole[:30] + bytes([whole[30] ^ 1]) + whole[31:])
    assert refusal(path).startswith("a.tgz is cut off or damaged (")

    path.write_bytes(gzip.compress(plain[:1024] + b"nonsense" + plain[1032:]))
    assert refusal(path) == f"{PLAIN} (byte 1024: bad checksum); pack the four files anew"

    negative = entry("x")[0].tobuf(tarfile.GNU_FORMAT)
    negative = negative[:124] + b"\xff" * 12 + negative[136:]
    total = sum(negative) - sum(negative[148:156]) + 8 * ord(" ")
    negative = negative[:148] + f"{total:06o}\0 ".encode() + negative[156:]
    path.write_bytes(gzip.compress(negative + plain))
    assert refusal(path) == f"{PLAIN} (it ends within member 'x'); pack the four files anew"

    path.write_bytes(gzip.compress(plain[:4096] + entry("x", type=tarfile.XHDTYPE)[0].tobuf()))
    assert refusal(path) == (
        f"{PLAIN} (byte 4608: it goes on after its end, or ends before); pack the four files anew"
    )

    path.write_bytes(gzip.compress(plain + b"more"))
    assert refusal(path) == (
        f"{PLAIN} (byte 4096: it goes on after its end, or ends before); pack the four files anew"
    )


def test_a_decompression_bomb_is_refused_while_reading(tmp_path, monkeypatch):
    """Beyond the limits nothing is unpacked, be it one member, all together, or no archive at all."""
    monkeypatch.setattr(archive, "MEMBER_LIMIT", 10_000)
    monkeypatch.setattr(archive, "TOTAL_LIMIT", 2**20)
    path = tmp_path / "a.tgz"

    large = packed(path, [*sound(), entry("large", bytes(10_001))])
    assert refusal(large) == ("a.tgz: member 'large' has more than 0 MiB; give the four CSV files alone")
    packed(path, [*sound(), *(entry(f"f{i}", bytes(9_000)) for i in range(120))])
    assert refusal(path) == "a.tgz unpacks to more than 1 MiB; give the four CSV files alone"
    path.write_bytes(gzip.compress(bytes(50 * 2**20)))
    assert refusal(path) == "a.tgz unpacks to more than 1 MiB; give the four CSV files alone"


def test_a_hostile_chain_of_headers_takes_no_time(tmp_path):
    """Thousands of extended headers in a row, on which Python's tarfile recurses, are walked."""
    times, _ = entry("h", type=tarfile.XHDTYPE, size=13)
    chain = (times.tobuf(tarfile.USTAR_FORMAT) + b"13 mtime=1.5\n".ljust(512, b"\0")) * 5000
    path = packed(tmp_path / "a.tgz", sound())
    path.write_bytes(gzip.compress(chain + gzip.decompress(path.read_bytes())))

    assert load(path).X_train.shape == (2, 3)
    with pytest.raises(RecursionError):
        tarfile.open(path).close()
