"""Unsound data: each fault is refused with one sentence that says where it is."""

import pytest

from experiments.archive import MEMBER_LIMIT
from experiments.dataset import DataError, load

SOUND = {
    "trnX": b"0.5,1,-2e-1\n1,2,3\n4,5,6\n",
    "trnY": b"-1\n1\n1\n",
    "devX": b".25,8,9\n7,8,9\n",
    "devY": b"1\n-1\n",
}


def folder(path, **changes):
    """Write the four files into a folder; changes by short name (trnX=...), None leaves the file out."""
    for name, content in (SOUND | changes).items():
        if content is not None:
            (path / f"{name}-3d.csv").write_bytes(content)
    return path


def refusal(path):
    """Return the sentence with which the data are refused, the folder's name taken out."""
    with pytest.raises(DataError) as caught:
        load(path)
    return str(caught.value).replace(f"{path}/", "").replace(f"{path}", "FOLDER")


REFUSALS = [
    # a file that is not there, or cannot be one
    (
        "missing",
        {"devY": None},
        ("FOLDER: devY-3d.csv is missing; the data are trnX-3d.csv, trnY-3d.csv, devX-3d.csv, devY-3d.csv"),
    ),
    (
        "two missing",
        {"trnX": None, "devX": None},
        (
            "FOLDER: trnX-3d.csv, devX-3d.csv are missing; the data are "
            "trnX-3d.csv, trnY-3d.csv, devX-3d.csv, devY-3d.csv"
        ),
    ),
    ("empty", {"trnX": b""}, "trnX-3d.csv is empty; put the data's file in its place"),
    ("BOM alone", {"devY": b"\xef\xbb\xbf\r\n"}, "devY-3d.csv is empty; put the data's file in its place"),
    (
        "Latin-1",
        {"trnY": b"caf\xe9\nth\xe9\ncaf\xe9\n"},
        "trnY-3d.csv, line 1: byte 0xe9 is not UTF-8; save the file as such",
    ),
    (
        "UTF-16",
        {"trnX": "1,2,3\n".encode("utf-16")},
        "trnX-3d.csv, line 1: a NUL byte, so this is no text in UTF-8; save the file as such",
    ),
    (
        "NUL",
        {"trnX": b"1,2,3\n1,2,\0\n4,5,6\n"},
        "trnX-3d.csv, line 2: a NUL byte, so this is no text in UTF-8; save the file as such",
    ),
    # cells
    (
        "a word",
        {"trnX": b"1,2,3\n1,b,3\n4,5,6\n"},
        "trnX-3d.csv, line 2, column 2: 'b' is not a number; write a number such as -0.25",
    ),
    (
        "a word below a header",
        {"trnX": b"a,b,c\n1,2,3\n4,5,x\n", "trnY": b"y\n1\n-1\n"},
        "trnX-3d.csv, line 3, column 3: 'x' is not a number; write a number such as -0.25",
    ),
    (
        "NaN",
        {"devX": b"1,2,3\n1,2,NaN\n"},
        "devX-3d.csv, line 2, column 3: 'NaN' is not a finite number; fill it in or take the row out",
    ),
    (
        "NaN in line 1",
        {"devX": b"nan,2,3\n1,2,3\n"},
        "devX-3d.csv, line 1, column 1: 'nan' is not a finite number; fill it in or take the row out",
    ),
    (
        "infinity",
        {"devX": b"1,-inf,3\n1,2,3\n"},
        "devX-3d.csv, line 1, column 2: '-inf' is not a finite number; fill it in or take the row out",
    ),
    (
        "overflow",
        {"trnX": b"1,2,3\n1,1e400,3\n4,5,6\n"},
        "trnX-3d.csv, line 2, column 2: '1e400' is too large for a double; write a smaller number",
    ),
    (
        "an empty cell",
        {"trnX": b"1,2,3\n1,,3\n4,5,6\n"},
        "trnX-3d.csv, line 2, column 2: an empty cell is not a finite number; fill it in or take the row out",
    ),
    (
        "NA",
        {"trnX": b"1,2,3\n1,NA,3\n4,5,6\n"},
        "trnX-3d.csv, line 2, column 2: 'NA' is not a finite number; fill it in or take the row out",
    ),
    (
        "semicolons",
        {"trnX": b"1;2;3\n1;2;3\n4;5;6\n"},
        "trnX-3d.csv, line 2, column 1: '1;2;3' is not a number; separate cells by commas",
    ),
    (
        "blanks between",
        {"trnX": b"1 2 3\n1 2 3\n4 5 6\n"},
        "trnX-3d.csv, line 2, column 1: '1 2 3' is not a number; separate cells by commas",
    ),
    (
        "Python's number",
        {"trnX": b"1,2,3\n1,1_0,3\n4,5,6\n"},
        "trnX-3d.csv, line 2, column 2: '1_0' is not a number; write a number such as -0.25",
    ),
    (
        "Arabic digits",
        {"trnX": "1,2,3\n1,٣,3\n4,5,6\n".encode()},
        "trnX-3d.csv, line 2, column 2: '٣' is not a number; write a number such as -0.25",
    ),
    (
        "201 digits",
        {"trnX": b"1,2,3\n1," + b"1" * 201 + b",3\n4,5,6\n"},
        f"trnX-3d.csv, line 2, column 2: '{'1' * 40}'... is not a number; write a number such as -0.25",
    ),
    (
        "a stray quotation mark",
        {"trnX": b'1,2,3\n1,2"2,3\n4,5,6\n'},
        (
            "trnX-3d.csv, line 2, column 2: a stray quotation mark; "
            "quote the whole cell, on one line, or nothing"
        ),
    ),
    (
        "text after a quoted cell",
        {"trnX": b'1,2,3\n1,"2"2,3\n4,5,6\n'},
        (
            "trnX-3d.csv, line 2, column 2: a stray quotation mark; "
            "quote the whole cell, on one line, or nothing"
        ),
    ),
    (
        "an open quotation mark",
        {"trnY": b'1\n"-1\n1\n'},
        (
            "trnY-3d.csv, line 2, column 1: a stray quotation mark; "
            "quote the whole cell, on one line, or nothing"
        ),
    ),
    # rows and columns
    (
        "a short row",
        {"trnX": b"1,2,3\n1,2\n4,5,6\n"},
        "trnX-3d.csv, line 2: the number of cells is 2, in line 1 it is 3; give every row the same number",
    ),
    (
        "a comma at the end",
        {"trnX": b"1,2,3\n1,2,3\n4,5,6,\n"},
        "trnX-3d.csv, line 3: the number of cells is 4, in line 1 it is 3; give every row the same number",
    ),
    (
        "a blank line between",
        {"trnY": b"-1\n\n1\n1\n"},
        "trnY-3d.csv, line 2: a blank line before the last row; take it out",
    ),
    (
        "a blank line at the top",
        {"trnX": b"\n1,2,3\n1,2,3\n4,5,6\n"},
        "trnX-3d.csv, line 1: a blank line before the last row; take it out",
    ),
    (
        "other columns in dev",
        {"devX": b"1,2\n3,4\n"},
        (
            "devX-3d.csv, line 1: the number of columns is 2, in trnX-3d.csv it is 3; "
            "give both the same features"
        ),
    ),
    (
        "two columns in Y",
        {"devY": b"1,0\n-1,0\n"},
        "devY-3d.csv, line 1: 2 cells; a Y file has one label in each row",
    ),
    (
        "fewer labels",
        {"trnY": b"1\n-1\n"},
        (
            "trnY-3d.csv holds 2 labels for the 3 rows of trnX-3d.csv; "
            "give each row its label (X has no header row, nor has Y)"
        ),
    ),
    (
        "Y alone has a header",
        {"trnY": b"y\n1\n-1\n1\n"},
        (
            "trnY-3d.csv holds 4 labels for the 3 rows of "
            "trnX-3d.csv; give each row its label (X has no header row, nor has Y)"
        ),
    ),
    (
        "one sample",
        {"trnX": b"1,2,3\n", "trnY": b"1\n"},
        "trnX-3d.csv holds one sample; training needs two or more",
    ),
    # headers
    (
        "X alone has a header",
        {"trnX": b"a,b,c\n1,2,3\n1,2,3\n4,5,6\n"},
        (
            "trnY-3d.csv holds 2 labels for the 3 rows of trnX-3d.csv; "
            "give each row its label (X has a header row, so Y's first row was read as one)"
        ),
    ),
    (
        "a slip in line 1",
        {"trnX": b"1,2,3x\n1,2,3\n4,5,6\n"},
        ("trnX-3d.csv, line 1, column 1: '1' beside '3x'; write a header of names or a row of numbers"),
    ),
    (
        "a name is missing",
        {"trnX": b",b,c\n1,2,3\n4,5,6\n"},
        (
            "trnX-3d.csv, line 1, column 1: an empty cell "
            "beside 'b'; write a header of names or a row of numbers"
        ),
    ),
    (
        "a name twice",
        {"trnX": b"a,b,a\n1,2,3\n4,5,6\n"},
        "trnX-3d.csv, line 1, column 3: a second column called 'a'; rename one of them",
    ),
    (
        "a header alone",
        {"trnX": b"a,b,c\n", "trnY": b"y\n"},
        "trnX-3d.csv has a header row and no other; add the rows of data",
    ),
    (
        "headers differ",
        {
            "devX": b"a,b,d\n1,2,3\n",
            "devY": b"y\n1\n",
            "trnX": b"a,b,c\n1,2,3\n4,5,6\n",
            "trnY": b"y\n1\n-1\n",
        },
        "devX-3d.csv, line 1: the header is not that of trnX-3d.csv; give both the same one",
    ),
    (
        "pandas' column numbers",
        {"trnX": b"0,1,2\n1,2,3\n4,5,6\n", "trnY": b"0\n1\n-1\n"},
        (
            "trnX-3d.csv, line 1: the column numbers that pandas writes, not data; take them out, in Y too "
            "(if they are data, write 0.0 for 0 in Y)"
        ),
    ),
    (
        "a control character",
        {"trnX": b"a,b,c\x07\n1,2,3\n4,5,6\n"},
        (
            "trnX-3d.csv, line 1, column 3: 'c\\x07' "
            "holds U+0007 (a control character) as character 2; write another name"
        ),
    ),
    # labels
    (
        "one class",
        {"trnY": b"1\n1\n1\n"},
        "trnY-3d.csv: every label is '1'; a classifier needs two classes or more",
    ),
    (
        "unknown in dev",
        {"devY": b"1\n2\n"},
        "devY-3d.csv, line 2, column 1: label '2' never occurs in trnY-3d.csv; correct either",
    ),
    (
        "no label",
        {"trnY": b'1\n""\n-1\n'},
        "trnY-3d.csv, line 2, column 1: an empty cell is no label; fill it in",
    ),
    (
        "a missing label",
        {"trnY": b"a\nNone\nb\n"},
        "trnY-3d.csv, line 2, column 1: 'None' is no label; fill it in",
    ),
    (
        "NaN as a label",
        {"trnY": b"1\nNaN\n-1\n"},
        "trnY-3d.csv, line 2, column 1: 'NaN' is no label; fill it in",
    ),
    (
        "numbers and words",
        {"devY": b"1\nl\n"},
        (
            "devY-3d.csv, line 2, column 1: labels are both numbers, such as "
            "'-1', and words, such as 'l'; write one kind only"
        ),
    ),
    (
        "a fraction",
        {"trnY": b"1\n-1\n0.5\n"},
        (
            "trnY-3d.csv, line 3, column 1: label '0.5' is not a whole number, "
            "as a classifier needs; write whole numbers or words"
        ),
    ),
    (
        "an endless label",
        {"trnY": b"1\n-1\n1e999\n"},
        (
            "trnY-3d.csv, line 3, column 1: label '1e999' is not a whole "
            "number, as a classifier needs; write whole numbers or words"
        ),
    ),
    (
        "a large integer",
        {"trnY": b"1\n-1\n9223372036854775808\n"},
        ("trnY-3d.csv, line 3, column 1: label '9223372036854775808' needs more than 64 bits; write a word"),
    ),
    (
        "a right-to-left override",
        {"trnY": "a\nb\nc\u202e\n".encode()},
        (
            "trnY-3d.csv, line 3, column 1: "
            "'c\\u202e' holds U+202E (right-to-left override) as character 2; write another name"
        ),
    ),
    (
        "a zero-width space",
        {"trnY": "a\nb\nb\u200b\n".encode()},
        (
            "trnY-3d.csv, line 3, column 1: "
            "'b\\u200b' holds U+200B (zero width space) as character 2; write another name"
        ),
    ),
    (
        "a label of 201 characters",
        {"trnY": b"a\nb\n" + b"c" * 201 + b"\n"},
        (
            "trnY-3d.csv, line 3, column 1: "
            f"'{'c' * 40}'... has 201 characters, more than 200; write another name"
        ),
    ),
]


@pytest.mark.parametrize(("changes", "sentence"), [pytest.param(*case[1:], id=case[0]) for case in REFUSALS])
def test_unsound_data_are_refused_with_one_sentence(tmp_path, changes, sentence):
    """Each fault is told with file, line, column and what to do."""
    assert refusal(folder(tmp_path, **changes)) == sentence


def test_a_place_that_is_not_there_is_refused(tmp_path):
    """A path that does not exist is told, with what may stand there."""
    with pytest.raises(DataError) as caught:
        load(tmp_path / "nowhere")

    assert str(caught.value) == (
        f"{tmp_path}/nowhere does not exist; name a folder with the four CSV files or a data.tgz"
    )


def test_a_path_that_the_system_refuses_is_told(tmp_path):
    """A name that no file system takes gives a sentence."""
    assert refusal(tmp_path / ("x" * 300)) == "FOLDER cannot be read: File name too long"


def test_a_folder_in_place_of_a_file_is_refused(tmp_path):
    """A folder called as a CSV file is no file."""
    folder(tmp_path, devX=None)
    (tmp_path / "devX-3d.csv").mkdir()

    assert refusal(tmp_path) == "devX-3d.csv is not a file; put the CSV file in its place"


def test_a_file_beyond_the_limit_is_refused(tmp_path):
    """A file that is larger than the limit is refused before it is parsed; at the limit it is read."""
    folder(tmp_path)
    with (tmp_path / "trnX-3d.csv").open("ab") as stream:
        stream.truncate(MEMBER_LIMIT + 1)

    assert refusal(tmp_path) == "trnX-3d.csv has more than 32 MiB; give a smaller file"

    (tmp_path / "trnX-3d.csv").write_bytes(SOUND["trnX"].ljust(MEMBER_LIMIT, b"\n"))
    assert load(tmp_path).X_train.shape == (3, 3)
