# ruff: noqa: E501 - sentences are given whole
"""The data: where the four files are, what is read from them, and the sentence for each fault."""

import bz2
import gzip
import io
import lzma
import os
import re
import runpy
import tarfile
import tracemalloc
import zipfile

import numpy as np
import pytest
from sklearn.datasets import load_digits

from experiments.data import files
from experiments.dataset import FILE_NAMES, DataError, load
from report import ROOT
from report.bundle import zipped

SHIPPED = {name: (ROOT / "data" / name).read_bytes() for name in FILE_NAMES}
X, Y = ("trnX", "devX"), ("trnY", "devY")
CELL = r"[^,\n]+"
PLAIN = {
    "trnX": "0.5,-1.25,-2e-1\n-2.5,3.025,4\n1.75,0.25,-0.5\n-0.125,2.5,1.5\n",
    "trnY": "-1\n1\n1\n-1\n",
    "devX": ".25,8.5,-9.5\n7.5,-8.25,1e-1\n",
    "devY": "1\n-1\n",
}


def edit(old, new, names=X):
    """Return a change of files by regular expression; {} in the new text stands for what was found."""
    put = new if callable(new) else lambda found: new.replace("{}", found[0])
    return lambda made: made | {name: re.sub(old, put, made[name], flags=re.MULTILINE) for name in names}


def cell(text):
    """Return a change that puts a text into line 2, column 2 of trnX."""
    return edit("3.025", text, ["trnX"])


def top(x="", y=""):
    """Return a change that puts lines above those of X and of Y."""
    return lambda made: {name: (x if name in X else y) + text for name, text in made.items()}


def counted(start=0, dev=0, names=X):
    """Return a change that puts an index into column 1: from `start` in train, from `dev` in dev."""

    def lines(name, text):
        first = start if name.startswith("trn") else dev
        return "".join(f"{number},{line}\n" for number, line in enumerate(text.splitlines(), first))

    return lambda made: made | {name: lines(name, made[name]) for name in names}


def lay(folder, contents):
    """Write files by their whole names, folders made."""
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def written(folder, *changes):
    """Write the plain files, changed by functions or by other contents, and return the folder."""
    made = PLAIN
    for change in changes:
        made = change(made) if callable(change) else made | change
    contents = {name: text if isinstance(text, bytes) else text.encode() for name, text in made.items()}
    return lay(folder, {f"{name}-3d.csv": content for name, content in contents.items()})


# --- what is read ---


def test_values_labels_and_description_are_read_from_the_files(tmp_path):
    """Values, labels, classes, feature names and files are those that stand there."""
    data = load(written(tmp_path))

    train = [[0.5, -1.25, -0.2], [-2.5, 3.025, 4.0], [1.75, 0.25, -0.5], [-0.125, 2.5, 1.5]]
    assert data.X_train.tolist() == train
    assert data.X_dev.tolist() == [[0.25, 8.5, -9.5], [7.5, -8.25, 0.1]]
    assert (data.y_train.tolist(), data.y_dev.tolist()) == ([-1, 1, 1, -1], [1, -1])
    assert (data.X_train.dtype, data.y_train.dtype) == (np.float64, np.int64)
    assert data.X_train.flags.c_contiguous
    assert (data.classes, data.feature_names) == ((-1, 1), ("feature 1", "feature 2", "feature 3"))
    assert (data.stand_in, data.others, data.remarks) == (False, (), ())
    assert [(f.rows, f.columns) for f in data.files] == [(4, 3), (4, 1), (2, 3), (2, 1)]
    assert {f.name[:4]: f.content.decode() for f in data.files} == PLAIN


DRESSES = {
    "nothing": edit("x", "y"),
    "CRLF": edit("\n", "\r\n", PLAIN),
    "CR": edit("\n", "\r", PLAIN),
    "BOM": edit(r"\A", "\ufeff", PLAIN),
    "no end of line at the end": edit(r"\n\Z", "", PLAIN),
    "blank lines at the end": edit(r"\n\Z", "\n\n  \n\t\n\n", PLAIN),
    "blanks around cells": edit(CELL, " {}\t", PLAIN),
    "quoted": edit(CELL, '"{}"', PLAIN),
    "blanks around quotation marks": edit(CELL, ' "{}"\t ', PLAIN),
}


@pytest.mark.parametrize("dressed", DRESSES.values(), ids=DRESSES)
def test_the_dress_of_a_file_changes_nothing(tmp_path, dressed):
    """Line ends, byte-order mark, quotation marks, blanks, and a header but for its names, change nothing."""
    plain = load(written(tmp_path))

    for header, names in ((top(), plain.feature_names), (top("a,b,c\n", "label\n"), ("a", "b", "c"))):
        read = load(written(tmp_path, header, dressed))

        assert (read.X_train.tobytes(), read.X_dev.tobytes()) == (
            plain.X_train.tobytes(),
            plain.X_dev.tobytes(),
        )
        assert (read.y_train.tolist(), read.y_dev.tolist()) == (plain.y_train.tolist(), plain.y_dev.tolist())
        assert (read.feature_names, read.files[0].rows, read.remarks) == (names, 4, ())


@pytest.mark.parametrize(
    ("train", "dev", "dtype", "classes"),
    [
        ("0\n1\n+2\n0\n", "02\n-0\n", np.int64, (0, 1, 2)),
        ("1.0\n-1\n1\n1\n", "1\n-1e0\n", np.float64, (-1.0, 1.0)),
        ("1\n-1\n1\n1\n", "1.0\n-1\n", np.float64, (-1.0, 1.0)),
        ("\xa0cat\ndog\u3000\nélan\ncat\n", "dog\n cat \n", np.str_, ("cat", "dog", "élan")),
        ('"a, b"\n"say ""hi"""\nc\nc\n', "c\nc\n", np.str_, ("a, b", "c", 'say "hi"')),
        ("True\nFalse\nTrue\nTrue\n", "True\nTrue\n", np.str_, ("False", "True")),
        ("low; left\nhigh; right\n" * 2, "low; left\n" * 2, np.str_, ("high; right", "low; left")),
        ("class 1\nclass 2\n" * 2, "class 1\n" * 2, np.str_, ("class 1", "class 2")),
        ("np.int64(1)\nnp.int64(2)\n" * 2, "np.int64(1)\n" * 2, np.str_, ("np.int64(1)", "np.int64(2)")),
    ],
)
def test_labels_of_any_kind_are_read(tmp_path, train, dev, dtype, classes):
    """Labels are integers if all are, else numbers if all are, else words: wrapped numbers with a remark."""
    data = load(written(tmp_path, {"trnY": train, "devY": dev}))

    assert (data.y_train.dtype.type, data.y_dev.dtype.type) == (dtype, dtype)
    assert data.classes == classes
    assert set(data.y_dev.tolist()) <= set(classes)
    told = f"labels such as {classes[0]!r} are read as words"
    wrapped = str(classes[0]).startswith("np.")
    assert [told in remark for remark in data.remarks] == [True] * wrapped


@pytest.mark.parametrize(
    ("change", "shape", "classes"),
    [
        (
            {"trnX": "2,1,3,4,5\n" * 4, "trnY": "a\nb\nc\nd\n", "devX": "2,1,3,4,5\n" * 2, "devY": "c\nc\n"},
            *((4, 5), (*"abcd",)),
        ),
        (dict.fromkeys(PLAIN, "0\n1\n"), (2, 1), (0, 1)),  # neither an index nor a header of pandas
        (top("50 %,#2,x-3\n", "y\n"), (4, 3), (-1, 1)),
        (top("2019 a,2020 b,c\n", "y\n"), (4, 3), (-1, 1)),
        (edit("^(?=.)", "7,"), (4, 4), (-1, 1)),
        ({"trnX": "0,7\n1,7\n2,7\n0,7\n", "devX": "0,7\n1,7\n"}, (4, 2), (-1, 1)),  # nearly counts
    ],
)
def test_what_only_looks_odd_is_read(tmp_path, change, shape, classes):
    """Any number of features and classes, odd names and a column that nearly counts are data."""
    data = load(written(tmp_path, change))

    assert (data.X_train.shape, data.classes, data.remarks) == (shape, classes, ())


@pytest.mark.parametrize(
    "changes", [(counted(),), (counted(0, 4),), (counted(1, 1), top("id,a,b,c\n", "y\n"))]
)
def test_an_index_that_is_meant_is_a_feature(tmp_path, changes):
    """With the key of report.toml, column 1 may count the rows."""
    assert load(written(tmp_path, *changes), index_column=True).X_train.shape == (4, 4)


def test_further_files_are_listed_and_left_alone(tmp_path):
    """A fifth file is named; hidden files, folders and this repository's own are not."""
    written(tmp_path)
    for name in ("tstX-3d.csv", "notes.txt", ".hidden", "README.md", "make_stand_in.py", "bell\a.csv"):
        (tmp_path / name).write_text("?")
    (tmp_path / "sub").mkdir()
    (tmp_path / os.fsdecode(b"latin-\xe9.csv")).touch()

    assert load(tmp_path).others == ("bell\\x07.csv", "latin-\\udce9.csv", "notes.txt", "tstX-3d.csv")


def test_the_stand_in_is_known_by_its_bytes(tmp_path):
    """The shipped files are the stand-in; one changed byte makes them somebody's data."""
    shipped = {name[:4]: content for name, content in SHIPPED.items()}

    assert load(written(tmp_path, shipped)).stand_in
    assert not load(written(tmp_path, shipped, {"devX": shipped["devX"] + b"\n"})).stand_in


def test_the_script_makes_the_shipped_files():
    """The files in data/ are those of the script."""
    made = runpy.run_path(str(ROOT / "data" / "make_stand_in.py"))["stand_in"]()

    assert tuple(made) == FILE_NAMES
    assert made == SHIPPED


def test_features_and_labels_are_as_described():
    """Moments that numpy computes equal the features to the last printed digit; +1 is for 2, 3, 5 and 7."""
    digits, data = load_digits(), load(ROOT / "data")
    images, row = digits.images, np.arange(8)
    share = images.sum(axis=2) / images.sum(axis=(1, 2))[:, None]
    mean = share @ row
    unmatched = np.abs(images - images[:, ::-1]).sum(axis=(1, 2)) / images.sum(axis=(1, 2)) / 2
    expected = np.stack([3.5 - mean, share @ row**2 - mean**2, unmatched], axis=1)

    assert np.abs(np.concatenate([data.X_train, data.X_dev]) - expected).max() < 0.5001e-4
    primes = np.isin(digits.target, [2, 3, 5, 7])
    assert np.array_equal(np.concatenate([data.y_train, data.y_dev]) == 1, primes)
    assert data.classes == (-1, 1)


# --- what is refused ---

CELLS = {
    "b": "'b' is not a number; write a number such as -0.25",
    "NaN": "'NaN' is not a finite number; fill it in, or take its sample out of X and Y",
    "": "an empty cell is not a finite number; fill it in, or take its sample out of X and Y",
    "1e400": "'1e400' is too large for a double; write a smaller number",
    "1_0": "'1_0' is not a number; write a number such as -0.25",
    "٣": "'٣' holds U+0663 (arabic-indic digit three) as character 1; write 3",
    "\N{MINUS SIGN}0.5": "'\N{MINUS SIGN}0.5' holds U+2212 (minus sign) as character 1; write -0.5",
    "0.5\N{NO-BREAK SPACE}": r"'0.5\xa0' holds U+00A0 (no-break space) as character 4; write 0.5",
    "“0.5“": "'“0.5“' holds U+201C (left double quotation mark) as character 1; write 0.5",
    "1" * 201: f"'{'1' * 40}'... is not a number; write a number such as -0.25",
    '"0,5"': "'0,5' holds a decimal comma; write a point",
    '"1,234.5"': "'1,234.5' holds a thousands separator; take it out",
    "12.5%": "'12.5%' holds a percent sign; write 0.12 for 12 %",
    "5 €": "'5 €' holds the sign of a currency; write the number alone",
    "2023-11-14": "'2023-11-14' looks like a date, into which spreadsheets turn numbers; write the number",
    "1.0D+00": "'1.0D+00' has an exponent as Fortran writes it; write e for D",
    "np.float64(0.5)": "'np.float64(0.5)' is how a Python object prints; write the number alone",
    "#DIV/0!": "'#DIV/0!' is a spreadsheet's error; correct it there",
}
# The last label of train.
LABELS = {
    '1,-1,1,""': "an empty cell is no label; fill it in",
    "1,-1,1,-inf": "'-inf' is no label; write a word or a whole number",
    "1,-1,1,0.5": "label '0.5' is not a whole number, as a classifier needs; write whole numbers or words",
    f"1,-1,1,{2**63}": f"label '{2**63}' needs more than 64 bits; write a word",
    "1,-1,1,l": "labels are both numbers, such as '1', and words, such as 'l'; write one kind only",
    "a,b,b,c\u202e": "'c\\u202e' holds U+202E (right-to-left override) as character 2; write another name",
    f"a,b,b,{'c' * 201}": f"'{'c' * 40}'... has 201 characters, more than 200; write another name",
}
STRAY = "trnX, line 2: a stray quotation mark; quote the whole cell, on one line, or nothing"
NAMED = top("a,b,c\n", "y\n")
COMMAS = edit(CELL, lambda found: f'"{found[0].replace(".", ",")}"')
SOME_COMMAS = edit(CELL, lambda found: f'"{found[0].replace(".", ",")}"' if found[0] > "0" else "1")
# The sentence, with short names of files and ... for what is left out here, and how the files are changed.
REFUSALS = [
    *((f"trnX, line 2, column 2: {told}", cell(text)) for text, told in CELLS.items()),
    *(
        (f"trnY, line 4, column 1: {told}", {"trnY": labels.replace(",", "\n")})
        for labels, told in LABELS.items()
    ),
    # what a file is
    ("trnX is empty; put the data's file in its place", {"trnX": ""}),
    (
        "trnY, line 2: byte 0xe9 is no text in UTF-8; save the file as such",
        {"trnY": b"\xef\xbb\xbfa\ncaf\xe9\n"},
    ),
    ("trnX, line 2: byte 0x00 is no text in UTF-8; save the file as such", {"trnX": "1\n\0\n"}),
    ("trnX is text in UTF-16; save it as UTF-8", {"trnX": "1,2,3\n".encode("utf-16")}),
    ("trnX is a web page, ...", {"trnX": "<!DOCTYPE html>\n<html><title>Log in</title>"}),
    # its lines
    (STRAY, cell('2"2')),
    (STRAY, cell('\t"2"')),  # pandas keeps the marks, and so does the notebook
    (
        "trnX, line 2: the number of cells is 4, in line 1 it is 3; give every row the same number",
        cell("1,2"),
    ),
    ("trnX, line 2: the number of cells is 2, ...", edit("-2.5,3.025", "#REF!", ["trnX"])),
    ("trnY, line 2: a blank line before the last row; take it out", {"trnY": "-1\n\n1\n1\n"}),
    ("trnX: every second line is blank; ...", edit("\n", "\r\r\n")),
    ("trnX, line 1: a comment, '# of the course'; ...", top("# of the course\n")),
    ("trnX, line 3: a comment, '// half'; ...", edit("^1.75", "// half\n{}", ["trnX"])),
    ("trnX, line 1: 'Homework 3', where every other line has 3 cells; ...", top("Homework 3\n")),
    ("trnX, line 1: 'sep=;' is a note to a spreadsheet; ...", edit(",", ";"), top("sep=;\n")),
    ("trnX: every line ends with a comma; ...", edit("\n", ",\n")),
    ("trnX: every line but the header ends with a comma; ...", edit("\n", ",\n"), NAMED),
    ("trnX, line 1 ends with a comma, ...; take it out", edit(r"\A.*", "{},")),
    ("trnX: every line begins with a comma; ...", edit("^(?=.)", ",")),
    ("trnX: every line is quoted as a whole; ... 3 cells", edit(".+", '"{}"')),
    ("trnX: cells stand in single quotation marks; ...", edit(CELL, "'{}'")),
    ("trnX, line 1, column 1: '“0.5”' holds U+201C ... as character 1; write 0.5", edit(CELL, "“{}”")),
    # how cells are separated
    ("trnX: cells are separated by tabs, ... 3 cells in each line; ...", edit(",", "\t")),
    ("trnX: cells are separated by bars, ... 3 cells ...", edit(",", " | "), edit(".+", "| {} |")),
    ("trnX: cells are separated by blanks, ... 3 cells ...", edit(CELL, "   {}"), edit(",", "")),
    (
        "... by semicolons, ... 3 cells in each line, and ... decimal commas; ...",
        edit(",", ";"),
        edit("[.]", ","),
    ),
    ("... by tabs, ... 3 cells ... decimal commas; ...", edit(",", "\t"), edit("[.]", ",")),
    ("trnX: the numbers are written with decimal commas; write a point", COMMAS),
    ("trnX: the numbers are written with decimal commas; write a point", SOME_COMMAS),
    ("trnX: ... with decimal commas, and so are the cells; ...", {"trnX": "0,5,1,25\n-2,5,0,025\n"}),
    # an exported index
    ("trnX, column 1 counts the rows, in devX too: an index that was exported; ...", counted()),
    ("... column 1 counts the rows, ...", counted(0, 4)),  # through both sets
    ("... column 1 ('id') counts the rows, ... index_column ...", counted(1, 1), top("id,a,b,c\n", "y\n")),
    (
        "... column 4 counts the rows, ...",
        counted(),
        edit("^(.*?),(.*)$", lambda found: f"{found[2]},{found[1]}"),
    ),
    (
        "... column 1 ('n') numbers the rows, ... index=False; ...",  # of a shuffled split
        {"trnX": "n,a\n3,.5\n0,.1\n", "devX": "n,a\n1,.5\n2,.3\n", "trnY": "y\n1\n0\n", "devY": "y\n1\n0\n"},
    ),
    ("... line 1: column 1 counts the rows: ... index=False, header=False; ...", counted(), top(",0,1,2\n")),
    (
        "... line 1: column 1 counts ... row.names = FALSE...",
        counted(1, 1),
        edit("^[0-9]", '"{}"'),
        top('"","a","b","c"\n'),
    ),
    ("trnX, line 1 has 3 cells and every other line 4, ... row.names = FALSE...", counted(1, 1), NAMED),
    (
        "trnY, line 1: column 1 counts the rows: ... index=False, ...",
        counted(0, 0, Y),
        top("a,b,c\n", ",0\n"),
    ),
    ("trnX, line 1: the column numbers ... as in devX; ... header=False)", top("1,2,3\n", "1\n")),
    # headers
    (
        "trnX, line 1, column 3: '3x' is not a number; write a number such as -0.25",
        {"trnX": "1,2,3x\n1,2,3\n"},
    ),
    (
        "trnX, line 1: column 1 has no name; name it, or leave it out if it is an exported index (pandas: index=False; R: row.names = FALSE)",
        top(",b,c\n"),
    ),
    ("trnX, line 1, column 3: a second column called 'a'; rename one of them", top("a,b,a\n")),
    (
        "trnX, line 1, column 3: 'c\\x07' holds U+0007 (a control character) as character 2; write another name",
        top("a,b,c\a\n"),
    ),
    (
        "trnX, line 1, column 1: '#DIV/0!' is a spreadsheet's error; correct it there",
        edit("^0.5", "#DIV/0!", ["trnX"]),
    ),
    ("trnX, line 3, column 2: 'x' is not a number; ...", cell("x"), top("#,b,c\n", "y\n")),
    ("trnX has a header row and no other; add the rows of data", {"trnX": "a,b,c\n"}),
    (
        "devX, line 1: the header is not that of trnX; give both the same one",
        *(NAMED, edit("a,b,c", "a,b,d", ["devX"])),
    ),
    ("devX has no header row, trnX has one; ...", NAMED, {name: PLAIN[name] for name in ("devX", "devY")}),
    ("trnY has a header row ('label'), trnX has none; ...", top("", "label\n")),
    ("trnX has a header row, trnY has none; ...", top("a,b,c\n")),  # and as many columns as labels
    # one file beside another
    (
        "devX, line 1: the number of columns is 2, in trnX it is 3; give both the same features",
        {"devX": "1,2\n3,4\n"},
    ),
    ("devY, line 1: 2 cells, as in an X file; Y has one label in each row", {"devY": "1,0\n-1,0\n"}),
    ("trnY: all labels stand in line 1; write each in a line of its own", {"trnY": "-1,1,1,-1\n"}),
    ("trnY holds 2 labels for the 4 rows of trnX; give each row its label", {"trnY": "1\n-1\n"}),
    ("trnY holds 5 labels for the 4 rows of trnX; ...", edit(r"\Z", "1\n", ["trnY"])),
    ("trnX lies on its side: 4 columns for 4 labels; ...", {"trnX": "1,3,5,8\n2,4,6,1\n"}),
    ("trnX holds one sample; training needs two or more", {"trnX": "1,2,3\n", "trnY": "1\n"}),
    ("devX holds one sample; measuring needs two or more", {"devX": "1,2,3\n", "devY": "1\n"}),
    ("trnY: every label is '1'; a classifier needs two classes or more", {"trnY": "1\n1\n1\n1\n"}),
    ("devY, line 2, column 1: label '2' never occurs in trnY; correct either", {"devY": "1\n2\n"}),
]


def refusal(path):
    """Return the sentence with which a place is refused, the folder around it taken out."""
    with pytest.raises(DataError) as caught:
        load(path)
    return str(caught.value).replace(f"{path}/", "").replace(f"{path.parent}/", "")


@pytest.mark.parametrize(
    ("words", "changes"), [pytest.param(row[0], row[1:], id=row[0][:60]) for row in REFUSALS]
)
def test_unsound_data_are_refused_with_one_sentence(tmp_path, words, changes):
    """A fault is told with file, line, column and what to do, which is never to drop a sample of X alone."""
    sentence = refusal(written(tmp_path, *changes)).replace("-3d.csv", "")

    assert re.fullmatch(".*".join(map(re.escape, words.split("..."))), sentence), sentence
    assert sentence.isprintable()
    assert len(sentence) < 400
    assert "the row out" not in sentence


# --- where the files are: in a folder or an archive, under their names or nearly so

SOUND = {f"{name}-3d.csv": text.encode() for name, text in PLAIN.items()}
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


def named(form):
    """Return the four files, each under the name that `form` makes of its own."""
    return {form.format(name=name, short=name[:4]): content for name, content in SOUND.items()}


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
    "beside the stand-in": (SHIPPED | {"data.zip": ZIP}, "data.zip"),
    "beside another archive": (SOUND | {"later.zip": ZIP}, "later.zip holds the four files too"),
    "beside a damaged archive": (SOUND | {"later.zip": ZIP[:99]}, ""),
}


@pytest.mark.parametrize(("contents", "told"), FOUND.values(), ids=FOUND)
def test_the_only_candidate_is_used_and_said(tmp_path, contents, told):
    """What is nearly the course's name, or holds the files, is read; a remark names it."""
    data = load(lay(tmp_path, contents))

    assert data.X_train.shape == (4, 3)
    assert not data.stand_in
    assert [told in remark for remark in data.remarks] == ([True] if told else [])


NO_ARCHIVE = "is no archive; name a data.tgz, a zip or a folder with the four CSV files"
# What lies in the folder, which place in it is named, and what the sentence begins with or holds.
REFUSED = {
    "nothing": ({}, "it", ("it does not exist; name a folder with the four CSV files or a data.tgz",)),
    "a name that is too long": ({}, "x" * 300, ("cannot be read: File name too long",)),
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
    "a damaged archive beside the stand-in": (SHIPPED | {"my.zip": ZIP[:-99]}, "", ("my.zip is cut off",)),
    "three in an archive": ({"a.tgz": tarred(THREE)}, "a.tgz", (f"a.tgz: {MISSING}",)),
    "two sets in an archive": (
        {"b.tgz": tarred(named("one/{name}") | named("two/{name}"))},
        *("b.tgz", ("b.tgz holds the four files twice, in one and two; pack them once",)),
    ),
    "a fault in a member": (
        {"a.tgz": tarred(named("data/{name}") | {"data/devX-3d.csv": b"1,2,x\n1,2,3\n"})},
        *("a.tgz", ("a.tgz, data/devX-3d.csv, line 1, column 3: 'x' is not a number",)),
    ),
    "a CSV file": ({"a.csv": b"0.5,1,-2e-1\n"}, "a.csv", (f"a.csv {NO_ARCHIVE}",)),
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
