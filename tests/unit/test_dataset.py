# ruff: noqa: E501 - sentences are given whole
"""The data: what is read from four CSV files."""

import os
import random
import struct
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments import dataset
from experiments.data.form import FILE_LIMIT
from experiments.dataset import DataError, load

ROOT = Path(__file__).parents[2]
SMALL = {
    "trnX-3d.csv": b"0.5,1,-2e-1\n1,2,3\n4,5,6\n",
    "trnY-3d.csv": b"-1\n1\n1\n",
    "devX-3d.csv": b".25,8,9\n7,8,9\n",
    "devY-3d.csv": b"1\n-1\n",
}
HEADED = {
    "trnX-3d.csv": b"a,b,c\n0.5,1,-2e-1\n1,2,3\n4,5,6\n",
    "trnY-3d.csv": b"label\n-1\n1\n1\n",
    "devX-3d.csv": b"a,b,c\n.25,8,9\n7,8,9\n",
    "devY-3d.csv": b"label\n1\n-1\n",
}


def folder(path, files, **changes):
    """Write files into a folder; changes by short name (trnX=...), None leaves the file out."""
    changed = {name: changes.get(name[:4], content) for name, content in files.items()}
    for name, content in changed.items():
        if content is not None:
            (path / name).write_bytes(content)
    return path


def test_values_labels_and_description_are_read_from_the_files(tmp_path):
    """Values, labels, classes, feature names and files are those that stand there."""
    data = load(folder(tmp_path, SMALL))

    assert data.X_train.tolist() == [[0.5, 1.0, -0.2], [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    assert data.X_dev.tolist() == [[0.25, 8.0, 9.0], [7.0, 8.0, 9.0]]
    assert (data.y_train.tolist(), data.y_dev.tolist()) == ([-1, 1, 1], [1, -1])
    assert (data.X_train.dtype, data.y_train.dtype) == (np.float64, np.int64)
    assert data.X_train.flags.c_contiguous
    assert (data.classes, data.feature_names) == ((-1, 1), ("feature 1", "feature 2", "feature 3"))
    assert (data.has_header, data.stand_in, data.others) == (False, False, ())
    assert [(f.name, f.rows, f.columns) for f in data.files] == [
        ("trnX-3d.csv", 3, 3),
        ("trnY-3d.csv", 3, 1),
        ("devX-3d.csv", 2, 3),
        ("devY-3d.csv", 2, 1),
    ]
    assert [f.content for f in data.files] == list(SMALL.values())


def test_a_header_row_gives_the_names_of_the_features(tmp_path):
    """A first row of words is a header, in X and in Y, and no sample."""
    data = load(folder(tmp_path, HEADED))

    assert (data.has_header, data.feature_names) == (True, ("a", "b", "c"))
    assert data.X_train.tolist() == load(folder(tmp_path, SMALL)).X_train.tolist()
    assert data.y_train.tolist() == [-1, 1, 1]
    assert data.files[0].rows == 3


@pytest.mark.parametrize(
    "dressed",
    [
        pytest.param(lambda text: text.replace(b"\n", b"\r\n"), id="CRLF"),
        pytest.param(lambda text: text.replace(b"\n", b"\r"), id="CR"),
        pytest.param(lambda text: b"\xef\xbb\xbf" + text, id="BOM"),
        pytest.param(lambda text: text.removesuffix(b"\n"), id="no end of line at the end"),
        pytest.param(lambda text: text + b"\n  \n\t\n\n", id="blank lines at the end"),
        pytest.param(lambda text: b" " + text.replace(b",", b"\t, "), id="blanks around cells"),
        pytest.param(
            lambda text: b'"' + text.strip().replace(b",", b'","').replace(b"\n", b'"\n"') + b'"', id="quoted"
        ),
        pytest.param(
            lambda text: b' "' + text.strip().replace(b",", b'" , "').replace(b"\n", b'"\n "') + b'" ',
            id="blanks around quotation marks",
        ),
    ],
)
@pytest.mark.parametrize("files", [SMALL, HEADED], ids=["plain", "header"])
def test_the_dress_of_a_file_changes_nothing(tmp_path, files, dressed):
    """Line ends, byte-order mark, quotation marks and blanks do not change what is read."""
    expected = load(folder(tmp_path, files))

    actual = load(folder(tmp_path, {name: dressed(content) for name, content in files.items()}))

    assert actual.X_train.tobytes() == expected.X_train.tobytes()
    assert actual.X_dev.tobytes() == expected.X_dev.tobytes()
    assert actual.y_train.tolist() == expected.y_train.tolist()
    assert actual.y_dev.tolist() == expected.y_dev.tolist()
    assert (actual.feature_names, actual.has_header) == (expected.feature_names, expected.has_header)


@pytest.mark.parametrize(
    ("train", "dev", "dtype", "classes"),
    [
        (b"0\n1\n+2\n", b"02\n-0\n", np.int64, (0, 1, 2)),
        (b"1.0\n-1\n1\n", b"1\n-1e0\n", np.float64, (-1.0, 1.0)),
        (b"1\n-1\n1\n", b"1.0\n-1\n", np.float64, (-1.0, 1.0)),
        (b"cat\ndog\n\xc3\xa9lan\n", b"dog\n cat \n", np.str_, ("cat", "dog", "élan")),
        ("\xa0cat\ndog\u3000\ncat\n".encode(), b"dog\ncat\n", np.str_, ("cat", "dog")),
        (b'"a, b"\n"say ""hi"""\nc\n', b"c\nc\n", np.str_, ("a, b", "c", 'say "hi"')),
        (b"True\nFalse\nTrue\n", b"True\nTrue\n", np.str_, ("False", "True")),
    ],
    ids=[
        "integers",
        "decimals",
        "decimals in dev",
        "words",
        "wide blanks",
        "quoted words",
        "booleans are words",
    ],
)
def test_labels_of_any_kind_are_read(tmp_path, train, dev, dtype, classes):
    """Labels are integers if all are, else decimal numbers if all are numbers, else words."""
    data = load(folder(tmp_path, SMALL, trnY=train, devY=dev))

    assert (data.y_train.dtype.type, data.y_dev.dtype.type) == (dtype, dtype)
    assert data.classes == classes
    assert set(data.y_dev.tolist()) <= set(classes)


def test_any_number_of_features_and_classes_is_read(tmp_path):
    """Five features and four classes, one feature and two samples: what the files hold is what there is."""
    five = {
        "trnX-3d.csv": b"2,1,3,4,5\n" * 4,
        "trnY-3d.csv": b"a\nb\nc\nd\n",
        "devX-3d.csv": b"2,1,3,4,5\n" * 2,
        "devY-3d.csv": b"c\nc\n",
    }
    one = {
        "trnX-3d.csv": b"1\n2\n",
        "trnY-3d.csv": b"0\n1\n",
        "devX-3d.csv": b"3\n5\n",
        "devY-3d.csv": b"1\n1\n",
    }

    assert load(folder(tmp_path, five)).X_train.shape == (4, 5)
    assert load(tmp_path).classes == ("a", "b", "c", "d")
    assert load(folder(tmp_path, one)).X_train.shape == (2, 1)


def test_one_column_that_begins_with_zeros_is_data(tmp_path):
    """A first row 0 with the label 0 is a sample; only several columns numbered from 0 are pandas' header."""
    one = {
        "trnX-3d.csv": b"0\n1\n",
        "trnY-3d.csv": b"0\n1\n",
        "devX-3d.csv": b"0\n1\n",
        "devY-3d.csv": b"0\n1\n",
    }

    assert load(folder(tmp_path, one)).X_train.tolist() == [[0.0], [1.0]]


def test_every_value_has_the_bits_that_pandas_reads(tmp_path):
    """Short, long, tiny and huge decimals become the doubles that a notebook's pandas gets from the files."""
    draw = random.Random(3)
    cells = [f"{draw.gauss(0, 1):{form}}" for form in (".4f", ".17f", ".25e", "+.3g") for _ in range(900)]
    while len(cells) < 6000:
        value = struct.unpack("<d", draw.randbytes(8))[0]
        cells += [repr(value)] if np.isfinite(value) else []
    rows = [",".join(cells[i : i + 3]) for i in range(0, len(cells), 3)]
    folder(tmp_path, SMALL, trnX="\n".join(rows).encode(), trnY=b"-1\n" + b"1\n" * (len(rows) - 1))

    actual = load(tmp_path).X_train

    table = pd.read_csv(tmp_path / "trnX-3d.csv", header=None)
    assert actual.tobytes() == table.to_numpy().tobytes()
    as_text = pd.read_csv(tmp_path / "trnX-3d.csv", header=None, dtype=str)
    assert actual.tobytes() == as_text.to_numpy(dtype=float).tobytes()


def test_further_files_are_listed_and_left_alone(tmp_path):
    """A fifth file is named; hidden files, folders and this repository's own are not."""
    folder(tmp_path, SMALL)
    for name in ("tstX-3d.csv", "notes.txt", ".hidden", "README.md", "make_stand_in.py", "bell\a.csv"):
        (tmp_path / name).write_text("?")
    (tmp_path / "sub").mkdir()
    (tmp_path / os.fsdecode(b"latin-\xe9.csv")).touch()

    assert load(tmp_path).others == ("bell\\x07.csv", "latin-\\udce9.csv", "notes.txt", "tstX-3d.csv")


def test_the_stand_in_is_known_by_its_bytes(tmp_path):
    """The shipped files are the stand-in; one changed byte makes them somebody's data."""
    shipped = {name: (ROOT / "data" / name).read_bytes() for name in dataset.FILE_NAMES}

    assert load(ROOT / "data").stand_in
    assert load(folder(tmp_path, shipped)).stand_in
    assert not load(folder(tmp_path, shipped, devX=shipped["devX-3d.csv"] + b"\n")).stand_in


REFUSALS = {
    "missing": (
        {"devY": None},
        "FOLDER: devY-3d.csv is missing; the data are trnX-3d.csv, trnY-3d.csv, devX-3d.csv, devY-3d.csv",
    ),
    "empty": ({"trnX": b""}, "trnX-3d.csv is empty; put the data's file in its place"),
    "Latin-1": (
        {"trnY": b"caf\xe9\nth\xe9\ncaf\xe9\n"},
        "trnY-3d.csv, line 1: byte 0xe9 is no text in UTF-8; save the file as such",
    ),
    "NUL": (
        {"trnX": b"1,2,3\n1,2,\x00\n4,5,6\n"},
        "trnX-3d.csv, line 2: byte 0x00 is no text in UTF-8; save the file as such",
    ),
    "a word": (
        {"trnX": b"1,2,3\n1,b,3\n4,5,6\n"},
        "trnX-3d.csv, line 2, column 2: 'b' is not a number; write a number such as -0.25",
    ),
    "NaN": (
        {"devX": b"1,2,3\n1,2,NaN\n"},
        "devX-3d.csv, line 2, column 3: 'NaN' is not a finite number; fill it in, or take its sample out of X and Y",
    ),
    "infinity": (
        {"devX": b"1,-inf,3\n1,2,3\n"},
        "devX-3d.csv, line 1, column 2: '-inf' is not a finite number; fill it in, or take its sample out of X and Y",
    ),
    "overflow": (
        {"trnX": b"1,2,3\n1,1e400,3\n4,5,6\n"},
        "trnX-3d.csv, line 2, column 2: '1e400' is too large for a double; write a smaller number",
    ),
    "an empty cell": (
        {"trnX": b"1,2,3\n1,,3\n4,5,6\n"},
        "trnX-3d.csv, line 2, column 2: an empty cell is not a finite number; fill it in, or take its sample out of X and Y",
    ),
    "Python's number": (
        {"trnX": b"1,2,3\n1,1_0,3\n4,5,6\n"},
        "trnX-3d.csv, line 2, column 2: '1_0' is not a number; write a number such as -0.25",
    ),
    "Arabic digits": (
        {"trnX": b"1,2,3\n1,\xd9\xa3,3\n4,5,6\n"},
        "trnX-3d.csv, line 2, column 2: '٣' holds U+0663 (arabic-indic digit three) as character 1; write 3",
    ),
    "201 digits": (
        {"trnX": b"1,2,3\n1," + b"1" * 201 + b",3\n4,5,6\n"},
        "trnX-3d.csv, line 2, column 2: '1111111111111111111111111111111111111111'... is not a number; write a number such as -0.25",
    ),
    "a stray quotation mark": (
        {"trnX": b'1,2,3\n1,2"2,3\n4,5,6\n'},
        "trnX-3d.csv, line 2: a stray quotation mark; quote the whole cell, on one line, or nothing",
    ),
    "a tab before a quotation mark": (  # which pandas keeps, and the notebook reads by pandas
        {"trnX": b'1,2,3\n1,\t"2",3\n4,5,6\n'},
        "trnX-3d.csv, line 2: a stray quotation mark; quote the whole cell, on one line, or nothing",
    ),
    "a short row": (
        {"trnX": b"1,2,3\n1,2\n4,5,6\n"},
        "trnX-3d.csv, line 2: the number of cells is 2, in line 1 it is 3; give every row the same number",
    ),
    "a comma at the end": (
        {"trnX": b"1,2,3\n1,2,3\n4,5,6,\n"},
        "trnX-3d.csv, line 3: the number of cells is 4, in line 1 it is 3; give every row the same number",
    ),
    "a blank line between": (
        {"trnY": b"-1\n\n1\n1\n"},
        "trnY-3d.csv, line 2: a blank line before the last row; take it out",
    ),
    "other columns in dev": (
        {"devX": b"1,2\n3,4\n"},
        "devX-3d.csv, line 1: the number of columns is 2, in trnX-3d.csv it is 3; give both the same features",
    ),
    "two columns in Y": (
        {"devY": b"1,0\n-1,0\n"},
        "devY-3d.csv, line 1: 2 cells, as in an X file; Y has one label in each row",
    ),
    "fewer labels": (
        {"trnY": b"1\n-1\n"},
        "trnY-3d.csv holds 2 labels for the 3 rows of trnX-3d.csv; give each row its label",
    ),
    "one sample": (
        {"trnX": b"1,2,3\n", "trnY": b"1\n"},
        "trnX-3d.csv holds one sample; training needs two or more",
    ),
    "one sample to measure with": (
        {"devX": b"1,2,3\n", "devY": b"1\n"},
        "devX-3d.csv holds one sample; measuring needs two or more",
    ),
    "a slip in line 1": (
        {"trnX": b"1,2,3x\n1,2,3\n4,5,6\n"},
        "trnX-3d.csv, line 1, column 3: '3x' is not a number; write a number such as -0.25",
    ),
    "a name is missing": (
        {"trnX": b",b,c\n1,2,3\n4,5,6\n"},
        "trnX-3d.csv, line 1: column 1 has no name; name it, or leave it out if it is an exported index (pandas: index=False; R: row.names = FALSE)",
    ),
    "a name twice": (
        {"trnX": b"a,b,a\n1,2,3\n4,5,6\n"},
        "trnX-3d.csv, line 1, column 3: a second column called 'a'; rename one of them",
    ),
    "a header alone": (
        {"trnX": b"a,b,c\n", "trnY": b"y\n"},
        "trnX-3d.csv has a header row and no other; add the rows of data",
    ),
    "headers differ": (
        {
            "devX": b"a,b,d\n1,2,3\n",
            "devY": b"y\n1\n",
            "trnX": b"a,b,c\n1,2,3\n4,5,6\n",
            "trnY": b"y\n1\n-1\n",
        },
        "devX-3d.csv, line 1: the header is not that of trnX-3d.csv; give both the same one",
    ),
    "a control character": (
        {"trnX": b"a,b,c\x07\n1,2,3\n4,5,6\n"},
        "trnX-3d.csv, line 1, column 3: 'c\\x07' holds U+0007 (a control character) as character 2; write another name",
    ),
    "one class": (
        {"trnY": b"1\n1\n1\n"},
        "trnY-3d.csv: every label is '1'; a classifier needs two classes or more",
    ),
    "unknown in dev": (
        {"devY": b"1\n2\n"},
        "devY-3d.csv, line 2, column 1: label '2' never occurs in trnY-3d.csv; correct either",
    ),
    "no label": (
        {"trnY": b'1\n""\n-1\n'},
        "trnY-3d.csv, line 2, column 1: an empty cell is no label; fill it in",
    ),
    "numbers and words": (
        {"devY": b"1\nl\n"},
        "devY-3d.csv, line 2, column 1: labels are both numbers, such as '-1', and words, such as 'l'; write one kind only",
    ),
    "a fraction": (
        {"trnY": b"1\n-1\n0.5\n"},
        "trnY-3d.csv, line 3, column 1: label '0.5' is not a whole number, as a classifier needs; write whole numbers or words",
    ),
    "a large integer": (
        {"trnY": b"1\n-1\n9223372036854775808\n"},
        "trnY-3d.csv, line 3, column 1: label '9223372036854775808' needs more than 64 bits; write a word",
    ),
    "a right-to-left override": (
        {"trnY": b"a\nb\nc\xe2\x80\xae\n"},
        "trnY-3d.csv, line 3, column 1: 'c\\u202e' holds U+202E (right-to-left override) as character 2; write another name",
    ),
    "a label of 201 characters": (
        {"trnY": b"a\nb\n" + b"c" * 201 + b"\n"},
        f"trnY-3d.csv, line 3, column 1: '{'c' * 40}'... has 201 characters, more than 200; write another name",
    ),
}


def refusal(path):
    """Return the sentence with which the data are refused, the folder's name taken out."""
    with pytest.raises(DataError) as caught:
        load(path)
    return str(caught.value).replace(f"{path}/", "").replace(f"{path}", "FOLDER")


@pytest.mark.parametrize(("changes", "sentence"), REFUSALS.values(), ids=REFUSALS)
def test_unsound_data_are_refused_with_one_sentence(tmp_path, changes, sentence):
    """Each fault is told with file, line, column and what to do."""
    assert refusal(folder(tmp_path, SMALL, **changes)) == sentence


def test_a_place_that_cannot_be_read_is_told(tmp_path):
    """A path that does not exist, or that no file system takes, gives a sentence."""
    nowhere = "FOLDER does not exist; name a folder with the four CSV files or a data.tgz"

    assert refusal(tmp_path / "nowhere") == nowhere
    assert refusal(tmp_path / ("x" * 300)) == "FOLDER cannot be read: File name too long"


def test_a_file_beyond_the_limit_is_refused(tmp_path):
    """A file that is larger than the limit is refused before it is parsed."""
    folder(tmp_path, SMALL)
    with (tmp_path / "trnX-3d.csv").open("ab") as stream:
        stream.truncate(FILE_LIMIT + 1)

    assert refusal(tmp_path) == "trnX-3d.csv has more than 32 MiB; give a smaller file"
