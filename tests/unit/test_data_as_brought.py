"""Data as people bring them: what a spreadsheet, a library or a course site made of four sound files.

Each row is an example of a kind. It is read, with a remark where something was taken for granted, or it is
refused with one sentence that holds the words given here.
"""

import gzip
import io
import re
import tarfile
import zipfile
from pathlib import Path

import pytest

from experiments.data import files
from experiments.dataset import FILE_NAMES, DataError, load

ROOT = Path(__file__).parents[2]
X, Y = ("trnX", "devX"), ("trnY", "devY")


def plain():
    """Return four sound files by short name: 24 and 12 rows of three decimals, labels -1 and 1."""
    made = {}
    for part, rows, step in (("trn", 24, 37), ("dev", 12, 53)):
        cells = [
            [((i * 3 + j + 1) * step * 7919 % 4001 - 2000) / 1000 for j in range(3)] for i in range(rows)
        ]
        made[f"{part}X"] = [",".join(f"{cell:.3f}" for cell in row) for row in cells]
        made[f"{part}Y"] = ["1" if sum(row) > 0 else "-1" for row in cells]
    return made


def table(files=X, cells=None, line=None, lines=None, header=None, labels=None):
    """Return a change of some of the plain files: of every cell, every numbered line or all lines."""

    def change(made):
        for name in files:
            if cells:
                made[name] = [",".join(map(cells, text.split(","))) for text in made[name]]
            if line:
                made[name] = [line(number, text) for number, text in enumerate(made[name])]
            if lines:
                made[name] = lines(made[name])
        if header is not None:
            for name in X:
                made[name].insert(0, header)
        if labels is not None:
            for name in Y:
                made[name].insert(0, labels)
        return made

    return change


def cell(text, line=1, column=1, file="trnX"):
    """Return a change that puts a text into one cell."""

    def change(made):
        cells = made[file][line - 1].split(",")
        cells[column - 1] = text
        made[file][line - 1] = ",".join(cells)
        return made

    return change


def split(sep, decimal="."):
    """Return a change to another separator and decimal sign."""
    return table(line=lambda _, text: text.replace(".", decimal).replace(",", sep) if decimal == "." else
                 sep.join(part.replace(".", decimal) for part in text.split(",")))  # fmt: skip


def index(start=0, dev=0, header=None, labels=None, files=X, order=None):
    """Return a change that exports an index in column 1: from `start` in train, from `dev` in dev."""

    def change(made):
        for name in files:
            first = start if name.startswith("trn") else dev
            numbers = [first + i for i in range(len(made[name]))]
            if order:
                numbers = order(numbers)
            made[name] = [f"{number},{text}" for number, text in zip(numbers, made[name], strict=True)]
        return table(header=header, labels=labels)(made)

    return change


def both(*changes):
    """Return one change after the other."""

    def change(made):
        for each in changes:
            made = each(made)
        return made

    return change


def turned(made):
    """Turn the inputs on their side: a line for each feature."""
    for name in X:
        rows = [text.split(",") for text in made[name]]
        made[name] = [",".join(column) for column in zip(*rows, strict=True)]
    return made


def swapped(one, other):
    """Return a change that gives each of two files the other's name."""

    def change(made):
        made[one], made[other] = made[other], made[one]
        return made

    return change


def alone(content, file="trnX"):
    """Return a change that puts other bytes into a file."""
    return lambda made: made | {file: content}


INDEX = ("column 1", "counts the rows", "an index that was exported", "index=False", "index_column")
# What is refused: how the plain files are changed, and the words of the sentence.
GIVEN = {  # those that were reported in public
    "index column, named": (index(header="Unnamed: 0,a,b,c", labels="label"), ("'Unnamed: 0'", *INDEX)),
    "index column, bare": (index(), INDEX),
    "pandas' default": (
        both(index(header=",0,1,2"), index(files=Y, labels=",0")),
        ("line 1", "counts the rows", "index=False"),
    ),
    "R's row names": (
        both(table(line=lambda i, text: f'"{i + 1}",{text}'), table(header='"","V1","V2","V3"')),
        ("counts the rows", "row.names = FALSE"),
    ),
    "tabs": (split("\t"), ("separated by tabs", "3 cells")),
    "semicolons, decimal commas": (split(";", ","), ("separated by semicolons", "3 cells", "decimal commas")),
    "a comma at each line's end": (table(line=lambda _, t: t + ","), ("every line ends with a comma",)),
    "a spreadsheet's error in line 1": (
        cell("#DIV/0!"),
        ("trnX-3d.csv, line 1, column 1", "'#DIV/0!'", "a spreadsheet's error"),
    ),
    "a header in train alone": (
        lambda made: made | {"trnX": ["a,b,c", *made["trnX"]], "trnY": ["y", *made["trnY"]]},
        ("devX-3d.csv has no header row", "trnX-3d.csv has one"),
    ),
    "a comment above": (
        table(("trnX",), lines=lambda t: ["# exported from the course page", *t]),
        ("trnX-3d.csv, line 1", "comment"),
    ),
}
MADE_UP = {  # others of the same kinds
    "bars": (split("|"), ("separated by bars", "3 cells")),
    "blanks, aligned": (
        table(line=lambda _, t: "".join(f"{float(c):>12.4e}" for c in t.split(","))),
        ("separated by blanks", "3 cells"),
    ),
    "tabs, decimal commas": (split("\t", ","), ("separated by tabs", "decimal commas")),
    "sep= above": (
        both(split(";"), table(lines=lambda t: ["sep=;", *t])),
        ("trnX-3d.csv, line 1", "'sep=;'"),
    ),
    "decimal commas, quoted": (
        table(cells=lambda c: f'"{c.replace(".", ",")}"'),
        ("trnX-3d.csv", "decimal commas", "write a point"),
    ),
    "decimal commas between commas": (
        table(line=lambda _, t: t.replace(".", ",")),
        ("trnX-3d.csv", "decimal commas"),
    ),
    "a comma at the end of all but the header": (
        both(table(line=lambda _, t: t + ","), table(header="a,b,c", labels="y")),
        ("every line but the header ends with a comma",),
    ),
    "a comma at each line's beginning": (
        table(line=lambda _, t: "," + t),
        ("every line begins with a comma",),
    ),
    "lines quoted as a whole": (
        table(line=lambda _, t: f'"{t}"'),
        ("every line is quoted as a whole", "3 cells"),
    ),
    "single quotation marks": (table(cells=lambda c: f"'{c}'"), ("single quotation marks",)),
    "typographic quotation marks": (table(cells=lambda c: f"“{c}”"), ("U+201C", "line 1, column 1")),
    "a typographic minus": (
        cell("\N{MINUS SIGN}0.5", 7, 2),
        ("trnX-3d.csv, line 7, column 2", "U+2212 (minus sign)"),
    ),
    "a no-break space": (
        cell("0.5\N{NO-BREAK SPACE}", 4, 3, "devX"),
        ("devX-3d.csv, line 4, column 3", "U+00A0 (no-break space)"),
    ),
    "fullwidth digits": (cell("0.５", 2, 1), ("line 2, column 1", "U+FF15 (fullwidth digit five)")),
    "a percent sign": (cell("12.5%", 5, 1), ("line 5, column 1", "'12.5%'", "percent sign")),
    "a thousands comma": (cell('"1,234.5"', 3, 2), ("line 3, column 2", "'1,234.5'", "thousands")),
    "a date": (cell("2023-11-14", 3, 2), ("line 3, column 2", "'2023-11-14'", "a date")),
    "an exponent of Fortran": (cell("1.0D+00", 3, 2), ("line 3, column 2", "'1.0D+00'", "write e")),
    "a Python repr": (cell("np.float64(0.5)", 3, 2), ("line 3, column 2", "'np.float64(0.5)'", "a Python")),
    "a comment further down": (
        table(("trnX",), lines=lambda t: [*t[:9], "# second half", *t[9:]]),
        ("trnX-3d.csv, line 10", "comment"),
    ),
    "a title above": (
        table(lines=lambda t: ["Homework 3", *t]),
        ("trnX-3d.csv, line 1", "'Homework 3'", "every other line has 3 cells"),
    ),
    "a blank line after each": (
        lambda made: {name: "\r\r\n".join(t).encode() for name, t in made.items()},
        ("trnX-3d.csv", "every second line is blank"),
    ),
    "UTF-16": (alone("1,2,3\n".encode("utf-16")), ("trnX-3d.csv", "UTF-16", "UTF-8")),
    "a workbook by another name": (
        alone(b"PK\x03\x04" + bytes(30)),
        ("trnX-3d.csv", "a zip archive or a workbook"),
    ),
    "a page of a course site": (
        alone(b"<!DOCTYPE html>\n<html><title>Log in</title>"),
        ("trnX-3d.csv", "a web page"),
    ),
    "an index of a shuffled split": (
        index(0, 24, order=lambda n: n[::-1], header="Unnamed: 0,a,b,c", labels="y"),
        ("'Unnamed: 0'", "numbers the rows", "index=False"),
    ),
    "an index from 1, called id": (index(1, 1, header="id,a,b,c", labels="y"), ("'id'", *INDEX)),
    "a number sign as a name": (
        both(cell("x", 5, 2), table(header="#,b,c", labels="y")),
        ("trnX-3d.csv, line 6, column 2", "'x' is not a number"),
    ),
    "an error in a short line": (
        lambda made: made | {"trnX": [*made["trnX"][:4], "#REF!,0.1", *made["trnX"][5:]]},
        ("trnX-3d.csv, line 5", "the number of cells is 2"),
    ),
    "an index in the last column": (
        lambda made: made | {name: [f"{t},{i}" for i, t in enumerate(made[name])] for name in X},
        ("column 4", *INDEX[1:]),
    ),
    "column numbers from 1 for names": (
        table(header="1,2,3", labels="1"),
        ("trnX-3d.csv, line 1", "the column numbers", "header=False"),
    ),
    "one decimal comma": (cell('"0,5"', 5, 2), ("line 5, column 2", "'0,5'", "a decimal comma")),
    "an array of numpy": (alone(b"\x93NUMPY\x01\x00v\x00"), ("trnX-3d.csv", "an array of numpy")),
    "a table of Markdown": (
        table(line=lambda _, t: f"| {t.replace(',', ' | ')} |"),
        ("separated by bars", "3 cells"),
    ),
    "R's row names without a header cell": (
        both(index(1, 1), table(header="V1,V2,V3")),
        ("line 1 has 3 cells", "every other line 4", "row.names = FALSE"),
    ),
    "an index in Y alone": (
        both(index(files=Y), table(header="a,b,c", labels=",0")),
        ("trnY-3d.csv", "counts the rows", "index=False"),
    ),
    "a header in Y alone": (
        table(labels="label"),
        ("trnY-3d.csv has a header row ('label')", "trnX-3d.csv has none"),
    ),
    "a header in X alone": (
        table(header="a,b,c"),
        ("trnX-3d.csv has a header row", "trnY-3d.csv has none"),
    ),
    "turned on its side": (turned, ("trnX-3d.csv", "on its side", "24 columns", "24 labels")),
    "X under Y's name": (swapped("trnX", "trnY"), ("trnY-3d.csv, line 1", "3 cells, as in an X file")),
    "train's labels under dev's name": (swapped("trnY", "devY"), ("trnY-3d.csv holds 12 labels", "24 rows")),
    "one-hot labels": (
        table(Y, line=lambda _, t: "0,1" if t == "1" else "1,0"),
        ("trnY-3d.csv, line 1", "2 cells", "one label"),
    ),
    "all labels in one line": (
        table(Y, lines=lambda t: [",".join(t)]),
        ("trnY-3d.csv", "all labels stand in line 1", "each in a line of its own"),
    ),
    "infinite labels": (
        table(Y, line=lambda _, t: "inf" if t == "1" else "-inf"),
        ("trnY-3d.csv, line 1", "inf", "is no label"),
    ),
}


def write(folder, made):
    """Write files by short name; lines with LF."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in made.items():
        content = lines if isinstance(lines, bytes) else "".join(f"{line}\n" for line in lines).encode()
        (folder / f"{name}-3d.csv").write_bytes(content)
    return folder


def refusal(path, **options):
    """Return the sentence with which data are refused."""
    with pytest.raises(DataError) as caught:
        load(path, **options)
    return str(caught.value).replace(f"{path}/", "")


@pytest.mark.parametrize(("change", "words"), (GIVEN | MADE_UP).values(), ids=GIVEN | MADE_UP)
def test_what_is_wrong_is_told_by_name(tmp_path, change, words):
    """One sentence says what the file is, where it goes wrong and what to do, and never to drop a sample."""
    sentence = refusal(write(tmp_path, change(plain())))

    assert [word for word in words if word not in sentence] == [], sentence
    assert sentence.isprintable()
    assert len(sentence) < 400
    assert "the row out" not in sentence


def test_plain_files_are_read(tmp_path):
    """The sound files that all others are made from are read, without a remark."""
    data = load(write(tmp_path, plain()))

    assert (data.X_train.shape, data.X_dev.shape, data.classes, data.remarks) == (
        (24, 3),
        (12, 3),
        (-1, 1),
        (),
    )


@pytest.mark.parametrize("made", [index(), index(0, 24), index(1, 1, header="id,a,b,c", labels="y")])
def test_an_index_that_is_meant_is_a_feature(tmp_path, made):
    """With the key of report.toml, column 1 may count the rows."""
    assert load(write(tmp_path, made(plain())), index_column=True).X_train.shape == (24, 4)


@pytest.mark.parametrize("form", ["b'{}'", "[{}]", "np.int64({})", "class {}"])
def test_labels_with_a_wrapping_are_words(tmp_path, form):
    """Labels that Python wrote are read as words; a remark says so where they look like wrapped numbers."""
    data = load(write(tmp_path, table(Y, line=lambda _, text: form.format(text))(plain())))

    assert set(data.classes) == {form.format(-1), form.format(1)}
    told = form.format(plain()["trnY"][0])
    assert [f"labels such as {told!r} are read as words" in remark for remark in data.remarks] == (
        [] if form == "class {}" else [True]
    )


@pytest.mark.parametrize(
    "change",
    [
        table(header="50 %,#2,x-3", labels="y"),
        table(header="2019 a,2020 b,c", labels="y"),
        table(Y, line=lambda _, text: "low risk; left" if text == "1" else "high risk; right"),
        table(cells=lambda text: f" {text}\t"),
        table(line=lambda i, text: f"{i % 23},{text}"),
    ],
    ids=[
        "names with signs",
        "names with years",
        "labels with semicolons",
        "blanks",
        "a count that starts again",
    ],
)
def test_what_only_looks_odd_is_read(tmp_path, change):
    """Odd names, labels of several words and a column that nearly counts are data."""
    assert load(write(tmp_path, change(plain()))).remarks == ()


# --- where the files are ---


def tarred(names, compress=gzip.compress):
    """Return the bytes of a tar archive of the plain files under other names."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, lines in names.items():
            content = lines if isinstance(lines, bytes) else "".join(f"{line}\n" for line in lines).encode()
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return compress(stream.getvalue())


def zipped(names):
    """Return the bytes of a zip archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, lines in names.items():
            archive.writestr(
                name, lines if isinstance(lines, bytes) else "".join(f"{line}\n" for line in lines)
            )
    return stream.getvalue()


def named(form):
    """Return the plain files, each under the name that `form` makes of its own."""
    return {form.format(name=f"{short}-3d.csv", short=short): lines for short, lines in plain().items()}


SIDECARS = {"data/._trnX-3d.csv": b"\0\5\26\7", "__MACOSX/data/._devX-3d.csv": b"\0\5\26\7"}
# What lies in the folder, and words of the remark that says what was used.
FOUND = {
    "data.tar.gz": ({"data.tar.gz": tarred(named("{name}"))}, "data.tar.gz"),
    "data.zip, a folder down": ({"data.zip": zipped(named("data/{name}"))}, "data.zip"),
    "sidecars of a Mac": ({"data.tgz": tarred(named("data/{name}") | SIDECARS)}, ""),
    "sidecars of a Mac in a zip": ({"data.zip": zipped(named("data/{name}") | SIDECARS)}, "data.zip"),
    "a plain tar": ({"data.tar": tarred(named("{name}"), bytes)}, "data.tar"),
    "a numbered download": ({"data (1).tgz": tarred(named("{name}"))}, "data (1).tgz"),
    "another case": ({"Data.TGZ": tarred(named("{name}"))}, "Data.TGZ"),
    "a zip called data.tgz": ({"data.tgz": zipped(named("{name}"))}, ""),
    "a tar that a browser unzipped": ({"data.tgz": tarred(named("{name}"), bytes)}, ""),
    "Windows' separators in a zip": ({"hw3.zip": zipped(named("data\\{name}"))}, "hw3.zip"),
    "a folder down": (named("data/{name}"), "data"),
    "text editor's ending": (named("{name}.txt"), "trnX-3d.csv.txt"),
    "capitals": (named("{short}-3D.CSV"), "trnX-3D.CSV"),
    "numbered copies": (named("{short}-3d (1).csv"), "trnX-3d (1).csv"),
    "underscores": (named("{short}_3d.csv"), "trnX_3d.csv"),
    "beside the stand-in": (
        {name: (ROOT / "data" / name).read_bytes() for name in FILE_NAMES}
        | {"data.zip": zipped(named("{name}"))},
        "data.zip",
    ),
}


def lay(folder, files):
    """Write files by their whole names, folders made."""
    for name, lines in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            lines if isinstance(lines, bytes) else "".join(f"{line}\n" for line in lines).encode()
        )
    return folder


@pytest.mark.parametrize(("files", "told"), FOUND.values(), ids=FOUND)
def test_the_only_candidate_is_used_and_said(tmp_path, files, told):
    """What is nearly the course's name, or holds the files, is read; a remark names it."""
    data = load(lay(tmp_path, files))

    assert data.X_train.shape == (24, 3)
    assert not data.stand_in
    assert [told in remark for remark in data.remarks] == ([True] if told else [])


ZIP = zipped(named("{name}"))
NAMED = {
    "two archives": ({"a.zip": ZIP, "b.zip": ZIP}, "", ("a.zip", "b.zip", "--data")),
    "two folders": (named("a/{name}") | named("b/{name}"), "", ("a", "b", "--data")),
    "another case of the folder": (named("Data/{name}"), "data", ("data does not exist", "Data", "--data")),
    "another archive": ({"data.zip": ZIP}, "data.tgz", ("does not exist", "data.zip", "--data")),
    "one of the four": (named("{name}"), "trnX-3d.csv", ("trnX-3d.csv", "one of the four", "its folder")),
    "a web page called data.tgz": ({"data.tgz": b"<html><body>Log in"}, "", ("data.tgz", "a web page")),
    "an archive of other things": (
        {"hw3.zip": zipped({"notes.txt": b"x"})},
        "",
        ("missing", "trnX-3d.csv"),
    ),
    "one compressed file": (
        {**named("{name}"), "devY-3d.csv": None, "devY-3d.csv.gz": gzip.compress(b"1\n")},
        "",
        ("devY-3d.csv is missing", "devY-3d.csv.gz", "unpack"),
    ),
    "a locked zip": (None, "", ("data.zip", "password")),
}


def locked():
    """Return a zip whose first file is marked as encrypted."""
    content = bytearray(ZIP)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + at] |= 1
    return bytes(content)


@pytest.mark.parametrize(("files", "place", "words"), NAMED.values(), ids=NAMED)
def test_what_may_be_meant_is_named(tmp_path, files, place, words):
    """Where more than one candidate fits, or none wholly, the sentence names what lies there."""
    files = {"data.zip": locked()} if files is None else files
    lay(tmp_path, {name: lines for name, lines in files.items() if lines is not None})

    sentence = refusal(tmp_path / place if place else tmp_path)

    assert [word for word in words if word not in sentence] == [], sentence
    assert len(re.findall(r"\n", sentence)) == 0


def test_an_archive_beside_other_data_is_told(tmp_path):
    """Loose files that are not the stand-in win over an archive of another name, which a remark tells."""
    data = load(lay(tmp_path, named("{name}") | {"later.zip": ZIP}))

    assert data.remarks == (
        f"{tmp_path}/later.zip holds the four files too and was not read; name it with --data",
    )


def test_what_decides_is_known_before_anything_is_read(tmp_path):
    """The files whose change means other data: a data.tgz alone, else the four and what may be meant."""
    lay(tmp_path, {"hw.zip": ZIP, "a/TRNX-3D.csv": b"", "a/more.txt": b"", "notes.txt": b""})
    four = [tmp_path / name for name in FILE_NAMES]

    assert files.deciding(tmp_path) == sorted([*four, tmp_path / "hw.zip", tmp_path / "a" / "TRNX-3D.csv"])
    assert files.deciding(tmp_path / "hw.zip") == [tmp_path / "hw.zip"]
    lay(tmp_path, {"data.tgz": b""})
    assert files.deciding(tmp_path) == [tmp_path / "data.tgz"]
