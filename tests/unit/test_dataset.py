# ruff: noqa: E501 - sentences are given whole
"""The data: what is read from four CSV files."""

import os
import re
from pathlib import Path

import numpy as np
import pytest

from experiments import dataset
from experiments.data.form import FILE_LIMIT
from experiments.dataset import DataError, load

ROOT = Path(__file__).parents[2]


def files(*contents):
    """Return four files by name, in the order in which the homework names them."""
    return dict(zip(dataset.FILE_NAMES, contents, strict=True))


SMALL = files(b"0.5,1,-2e-1\n1,2,3\n4,5,6\n", b"-1\n1\n1\n", b".25,8,9\n7,8,9\n", b"1\n-1\n")
HEADED = {name: (b"a,b,c\n" if "X" in name else b"label\n") + content for name, content in SMALL.items()}


def folder(path, files, **changes):
    """Write files into a folder; changes by short name (trnX=...)."""
    for name, content in files.items():
        (path / name).write_bytes(changes.get(name[:4], content))
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
    assert (data.stand_in, data.others) == (False, ())
    sizes = [(f.rows, f.columns) for f in data.files]
    assert (sizes, [f.name for f in data.files]) == ([(3, 3), (3, 1), (2, 3), (2, 1)], [*SMALL])
    assert [f.content for f in data.files] == list(SMALL.values())


def test_a_header_row_gives_the_names_of_the_features(tmp_path):
    """A first row of words is a header, in X and in Y, and no sample."""
    data = load(folder(tmp_path, HEADED))

    assert data.feature_names == ("a", "b", "c")
    assert data.X_train.tolist() == load(folder(tmp_path, SMALL)).X_train.tolist()
    assert data.y_train.tolist() == [-1, 1, 1]
    assert data.files[0].rows == 3


DRESSES = {
    "CRLF": lambda text: text.replace(b"\n", b"\r\n"),
    "CR": lambda text: text.replace(b"\n", b"\r"),
    "BOM": lambda text: b"\xef\xbb\xbf" + text,
    "no end of line at the end": lambda text: text.removesuffix(b"\n"),
    "blank lines at the end": lambda text: text + b"\n  \n\t\n\n",
    "blanks around cells": lambda text: b" " + text.replace(b",", b"\t, "),
    "quoted": lambda text: re.sub(rb"[^,\n]+", rb'"\g<0>"', text),
    "blanks around quotation marks": lambda text: re.sub(rb"[^,\n]+", rb' "\g<0>"\t ', text),
}


@pytest.mark.parametrize("dressed", DRESSES.values(), ids=DRESSES)
@pytest.mark.parametrize("files", [SMALL, HEADED], ids=["plain", "header"])
def test_the_dress_of_a_file_changes_nothing(tmp_path, files, dressed):
    """Line ends, byte-order mark, quotation marks and blanks do not change what is read."""
    expected = load(folder(tmp_path, files))

    actual = load(folder(tmp_path, {name: dressed(content) for name, content in files.items()}))

    assert actual.X_train.tobytes() == expected.X_train.tobytes()
    assert actual.X_dev.tobytes() == expected.X_dev.tobytes()
    assert actual.y_train.tolist() == expected.y_train.tolist()
    assert actual.y_dev.tolist() == expected.y_dev.tolist()
    assert actual.feature_names == expected.feature_names


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


@pytest.mark.parametrize(
    ("made", "shape", "classes"),
    [
        (files(b"2,1,3,4,5\n" * 4, b"a\nb\nc\nd\n", b"2,1,3,4,5\n" * 2, b"c\nc\n"), (4, 5), (*"abcd",)),
        (files(b"1\n2\n", b"0\n1\n", b"3\n5\n", b"1\n1\n"), (2, 1), (0, 1)),
        (files(b"0\n1\n", b"0\n1\n", b"0\n1\n", b"0\n1\n"), (2, 1), (0, 1)),  # no header of pandas
    ],
)
def test_any_number_of_features_and_classes_is_read(tmp_path, made, shape, classes):
    """Five features and four classes, one feature and two samples: what the files hold is what there is."""
    data = load(folder(tmp_path, made))

    assert (data.X_train.shape, data.classes) == (shape, classes)


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


# A cell in line 2, column 2 of trnX, and what is told of it.
CELLS = {
    "b": "'b' is not a number; write a number such as -0.25",
    "NaN": "'NaN' is not a finite number; fill it in, or take its sample out of X and Y",
    "-inf": "'-inf' is not a finite number; fill it in, or take its sample out of X and Y",
    "": "an empty cell is not a finite number; fill it in, or take its sample out of X and Y",
    "1e400": "'1e400' is too large for a double; write a smaller number",
    "1_0": "'1_0' is not a number; write a number such as -0.25",
    "٣": "'٣' holds U+0663 (arabic-indic digit three) as character 1; write 3",
    "1" * 201: f"'{'1' * 40}'... is not a number; write a number such as -0.25",
}
# The labels of train, and what is told of the last.
LABELS = {
    '1,-1,""': "an empty cell is no label; fill it in",
    "1,-1,0.5": "label '0.5' is not a whole number, as a classifier needs; write whole numbers or words",
    f"1,-1,{2**63}": f"label '{2**63}' needs more than 64 bits; write a word",
    "1,-1,l": "labels are both numbers, such as '1', and words, such as 'l'; write one kind only",
    "a,b,c\u202e": "'c\\u202e' holds U+202E (right-to-left override) as character 2; write another name",
    f"a,b,{'c' * 201}": f"'{'c' * 40}'... has 201 characters, more than 200; write another name",
}
STRAY = "trnX-3d.csv, line 2: a stray quotation mark; quote the whole cell, on one line, or nothing"
# Other contents by short name, and the sentence.
REFUSALS = [
    *(
        ({"trnX": f"1,2,3\n1,{cell},3\n4,5,6\n".encode()}, f"trnX-3d.csv, line 2, column 2: {told}")
        for cell, told in CELLS.items()
    ),
    *(
        ({"trnY": labels.replace(",", "\n").encode()}, f"trnY-3d.csv, line 3, column 1: {told}")
        for labels, told in LABELS.items()
    ),
    ({"trnX": b""}, "trnX-3d.csv is empty; put the data's file in its place"),
    (
        {"trnY": b"\xef\xbb\xbfa\ncaf\xe9\n"},
        "trnY-3d.csv, line 2: byte 0xe9 is no text in UTF-8; save the file as such",
    ),
    ({"trnX": b"1\n\x00\n"}, "trnX-3d.csv, line 2: byte 0x00 is no text in UTF-8; save the file as such"),
    ({"trnX": b'1,2,3\n1,2"2,3\n4,5,6\n'}, STRAY),
    ({"trnX": b'1,2,3\n1,\t"2",3\n4,5,6\n'}, STRAY),  # pandas keeps the marks, and so does the notebook
    (
        {"trnX": b"1,2,3\n1,2\n4,5,6\n"},
        "trnX-3d.csv, line 2: the number of cells is 2, in line 1 it is 3; give every row the same number",
    ),
    ({"trnY": b"-1\n\n1\n1\n"}, "trnY-3d.csv, line 2: a blank line before the last row; take it out"),
    (
        {"devX": b"1,2\n3,4\n"},
        "devX-3d.csv, line 1: the number of columns is 2, in trnX-3d.csv it is 3; give both the same features",
    ),
    (
        {"devY": b"1,0\n-1,0\n"},
        "devY-3d.csv, line 1: 2 cells, as in an X file; Y has one label in each row",
    ),
    (
        {"trnY": b"1\n-1\n"},
        "trnY-3d.csv holds 2 labels for the 3 rows of trnX-3d.csv; give each row its label",
    ),
    ({"trnX": b"1,2,3\n", "trnY": b"1\n"}, "trnX-3d.csv holds one sample; training needs two or more"),
    ({"devX": b"1,2,3\n", "devY": b"1\n"}, "devX-3d.csv holds one sample; measuring needs two or more"),
    (
        {"trnX": b"1,2,3x\n1,2,3\n4,5,6\n"},
        "trnX-3d.csv, line 1, column 3: '3x' is not a number; write a number such as -0.25",
    ),
    (
        {"trnX": b",b,c\n1,2,3\n4,5,6\n"},
        "trnX-3d.csv, line 1: column 1 has no name; name it, or leave it out if it is an exported index (pandas: index=False; R: row.names = FALSE)",
    ),
    (
        {"trnX": b"a,b,a\n1,2,3\n4,5,6\n"},
        "trnX-3d.csv, line 1, column 3: a second column called 'a'; rename one of them",
    ),
    (
        {"trnX": b"a,b,c\x07\n1,2,3\n4,5,6\n"},
        "trnX-3d.csv, line 1, column 3: 'c\\x07' holds U+0007 (a control character) as character 2; write another name",
    ),
    ({"trnX": b"a,b,c\n"}, "trnX-3d.csv has a header row and no other; add the rows of data"),
    (
        {name[:4]: content for name, content in HEADED.items()} | {"devX": b"a,b,d\n1,2,3\n7,8,9\n"},
        "devX-3d.csv, line 1: the header is not that of trnX-3d.csv; give both the same one",
    ),
    ({"trnY": b"1\n1\n1\n"}, "trnY-3d.csv: every label is '1'; a classifier needs two classes or more"),
    (
        {"devY": b"1\n2\n"},
        "devY-3d.csv, line 2, column 1: label '2' never occurs in trnY-3d.csv; correct either",
    ),
]


def refusal(path):
    """Return the sentence with which the data are refused, the folder's name taken out."""
    with pytest.raises(DataError) as caught:
        load(path)
    return str(caught.value).replace(f"{path}/", "").replace(f"{path}", "FOLDER")


@pytest.mark.parametrize(("changes", "sentence"), [pytest.param(*row, id=row[1][:60]) for row in REFUSALS])
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
