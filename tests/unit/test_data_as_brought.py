"""Data as people bring them: what a spreadsheet, a library or a course site made of four sound files.

Each row is an example of a kind. It is read, with a remark where something was taken for granted, or it is
refused with one sentence that holds the words given here, in this order.
"""

import re

import pytest

from experiments.dataset import DataError, load

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


def separated(separator, decimal="."):
    """Return a change to another separator and decimal sign."""
    return table(line=lambda _, text: text.translate({ord("."): decimal, ord(","): separator}))


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


INDEX = "column 1 ... counts the rows ... an index that was exported ... index=False ... index_column"
# What is refused: how the plain files are changed, and the words of the sentence.
GIVEN = {  # those that were reported in public
    "index column, named": (
        index(header="Unnamed: 0,a,b,c", labels="label"),
        "'Unnamed: 0' ... counts the rows ... index=False ... index_column",
    ),
    "index column, bare": (index(), INDEX),
    "pandas' default": (
        both(index(header=",0,1,2"), index(files=Y, labels=",0")),
        "line 1 ... counts the rows ... index=False",
    ),
    "R's row names": (
        both(table(line=lambda i, text: f'"{i + 1}",{text}'), table(header='"","V1","V2","V3"')),
        "counts the rows ... row.names = FALSE",
    ),
    "tabs": (separated("\t"), "separated by tabs ... 3 cells"),
    "semicolons, decimal commas": (
        separated(";", ","),
        "separated by semicolons ... 3 cells ... decimal commas",
    ),
    "a comma at each line's end": (table(line=lambda _, t: t + ","), "every line ends with a comma"),
    "a spreadsheet's error in line 1": (
        cell("#DIV/0!"),
        "trnX-3d.csv, line 1, column 1 ... '#DIV/0!' ... a spreadsheet's error",
    ),
    "a header in train alone": (
        lambda made: made | {"trnX": ["a,b,c", *made["trnX"]], "trnY": ["y", *made["trnY"]]},
        "devX-3d.csv has no header row ... trnX-3d.csv has one",
    ),
    "a comment above": (
        table(("trnX",), lines=lambda t: ["# exported from the course page", *t]),
        "trnX-3d.csv, line 1 ... comment",
    ),
}
MADE_UP = {  # others of the same kinds
    "bars": (separated("|"), "separated by bars ... 3 cells"),
    "blanks, aligned": (
        table(line=lambda _, t: "".join(f"{float(c):>12.4e}" for c in t.split(","))),
        "separated by blanks ... 3 cells",
    ),
    "tabs, decimal commas": (separated("\t", ","), "separated by tabs ... decimal commas"),
    "sep= above": (
        both(separated(";"), table(lines=lambda t: ["sep=;", *t])),
        "trnX-3d.csv, line 1 ... 'sep=;'",
    ),
    "decimal commas, quoted": (
        table(cells=lambda c: f'"{c.replace(".", ",")}"'),
        "trnX-3d.csv ... decimal commas ... write a point",
    ),
    "decimal commas between commas": (
        table(line=lambda _, t: t.replace(".", ",")),
        "trnX-3d.csv ... decimal commas",
    ),
    "decimal commas, some numbers whole": (
        table(cells=lambda c: f'"{c.replace(".", ",")}"' if c > "0" else "1"),
        "trnX-3d.csv ... decimal commas ... write a point",
    ),
    "one decimal comma": (cell('"0,5"', 5, 2), "line 5, column 2: '0,5' ... a decimal comma"),
    "a comma at the end of all but the header": (
        both(table(line=lambda _, t: t + ","), table(header="a,b,c", labels="y")),
        "every line but the header ends with a comma",
    ),
    "a comma first": (table(line=lambda _, t: "," + t), "every line begins with a comma"),
    "lines quoted": (table(line=lambda _, t: f'"{t}"'), "every line is quoted as a whole ... 3 cells"),
    "single quotation marks": (table(cells=lambda c: f"'{c}'"), "single quotation marks"),
    "typographic quotation marks": (table(cells=lambda c: f"“{c}”"), "line 1, column 1 ... U+201C"),
    "a typographic minus": (
        cell("\N{MINUS SIGN}0.5", 7, 2),
        "trnX-3d.csv, line 7, column 2 ... U+2212 (minus sign)",
    ),
    "a no-break space": (
        cell("0.5\N{NO-BREAK SPACE}", 4, 3, "devX"),
        "devX-3d.csv, line 4, column 3 ... U+00A0 (no-break space)",
    ),
    "fullwidth digits": (cell("0.５", 2, 1), "line 2, column 1 ... U+FF15 (fullwidth digit five)"),
    "a percent sign": (cell("12.5%", 5, 1), "line 5, column 1: '12.5%' ... percent sign"),
    "a thousands comma": (cell('"1,234.5"', 3, 2), "line 3, column 2: '1,234.5' ... thousands"),
    "a date": (cell("2023-11-14", 3, 2), "line 3, column 2: '2023-11-14' ... a date"),
    "an exponent of Fortran": (cell("1.0D+00", 3, 2), "line 3, column 2: '1.0D+00' ... write e"),
    "a Python repr": (cell("np.float64(0.5)", 3, 2), "line 3, column 2: 'np.float64(0.5)' ... a Python"),
    "a comment further down": (
        table(("trnX",), lines=lambda t: [*t[:9], "# second half", *t[9:]]),
        "trnX-3d.csv, line 10: a comment",
    ),
    "a title above": (
        table(lines=lambda t: ["Homework 3", *t]),
        "trnX-3d.csv, line 1 ... 'Homework 3' ... every other line has 3 cells",
    ),
    "a blank line after each": (
        lambda made: {name: "\r\r\n".join(t).encode() for name, t in made.items()},
        "trnX-3d.csv: every second line is blank",
    ),
    "UTF-16": (alone("1,2,3\n".encode("utf-16")), "trnX-3d.csv ... UTF-16 ... UTF-8"),
    "a workbook": (
        alone(b"PK\x03\x04" + bytes(30)),
        "trnX-3d.csv is a zip archive or a workbook",
    ),
    "a page of a course site": (
        alone(b"<!DOCTYPE html>\n<html><title>Log in</title>"),
        "trnX-3d.csv is a web page",
    ),
    "an array of numpy": (alone(b"\x93NUMPY\x01\x00v\x00"), "trnX-3d.csv is an array of numpy"),
    "an index of a shuffled split": (
        index(0, 24, order=lambda n: n[::-1], header="Unnamed: 0,a,b,c", labels="y"),
        "'Unnamed: 0' ... numbers the rows ... index=False",
    ),
    "an index from 1, called id": (index(1, 1, header="id,a,b,c", labels="y"), "'id' ... counts the rows"),
    "an index in the last column": (
        lambda made: made | {name: [f"{t},{i}" for i, t in enumerate(made[name])] for name in X},
        INDEX.replace("1", "4"),
    ),
    "R's row names without a header cell": (
        both(index(1, 1), table(header="V1,V2,V3")),
        "line 1 has 3 cells ... every other line 4 ... row.names = FALSE",
    ),
    "an index in Y alone": (
        both(index(files=Y), table(header="a,b,c", labels=",0")),
        "trnY-3d.csv ... counts the rows ... index=False",
    ),
    "column numbers from 1 for names": (
        table(header="1,2,3", labels="1"),
        "trnX-3d.csv, line 1: the column numbers ... header=False",
    ),
    "a number sign as a name": (
        both(cell("x", 5, 2), table(header="#,b,c", labels="y")),
        "trnX-3d.csv, line 6, column 2: 'x' is not a number",
    ),
    "an error in a short line": (
        lambda made: made | {"trnX": [*made["trnX"][:4], "#REF!,0.1", *made["trnX"][5:]]},
        "trnX-3d.csv, line 5: the number of cells is 2",
    ),
    "a table of Markdown": (
        table(line=lambda _, t: f"| {t.replace(',', ' | ')} |"),
        "separated by bars ... 3 cells",
    ),
    "a header in Y alone": (
        table(labels="label"),
        "trnY-3d.csv has a header row ('label') ... trnX-3d.csv has none",
    ),
    "a label too many": (
        table(("trnY",), lines=lambda t: [*t, "1"]),
        "trnY-3d.csv holds 25 labels for the 24 rows of trnX-3d.csv",
    ),
    "a header in X alone": (table(header="a,b,c"), "trnX-3d.csv has a header row ... trnY-3d.csv has none"),
    "turned on its side": (turned, "trnX-3d.csv lies on its side: 24 columns for 24 labels"),
    "X under Y's name": (swapped("trnX", "trnY"), "trnY-3d.csv, line 1: 3 cells, as in an X file"),
    "Y under dev's name": (
        swapped("trnY", "devY"),
        "trnY-3d.csv holds 12 labels for the 24 rows",
    ),
    "one-hot labels": (
        table(Y, line=lambda _, t: "0,1" if t == "1" else "1,0"),
        "trnY-3d.csv, line 1: 2 cells ... one label",
    ),
    "all labels in one line": (
        table(Y, lines=lambda t: [",".join(t)]),
        "trnY-3d.csv: all labels stand in line 1 ... each in a line of its own",
    ),
    "infinite labels": (
        table(Y, line=lambda _, t: "inf" if t == "1" else "-inf"),
        "trnY-3d.csv, line 1 ... inf ... is no label",
    ),
}


def write(folder, made):
    """Write files by short name; lines with LF."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in made.items():
        content = lines if isinstance(lines, bytes) else "".join(f"{line}\n" for line in lines).encode()
        (folder / f"{name}-3d.csv").write_bytes(content)
    return folder


@pytest.mark.parametrize(("change", "words"), (GIVEN | MADE_UP).values(), ids=GIVEN | MADE_UP)
def test_what_is_wrong_is_told_by_name(tmp_path, change, words):
    """One sentence says what the file is, where it goes wrong and what to do, and never to drop a sample."""
    with pytest.raises(DataError) as caught:
        load(write(tmp_path, change(plain())))

    sentence = str(caught.value).replace(f"{tmp_path}/", "")
    assert re.search(".*".join(map(re.escape, words.split(" ... "))), sentence)
    assert sentence.isprintable()
    assert len(sentence) < 400
    assert "the row out" not in sentence


def test_plain_files_are_read(tmp_path):
    """The sound files that all others are made from are read, without a remark."""
    data = load(write(tmp_path, plain()))

    shapes = data.X_train.shape, data.X_dev.shape
    assert (shapes, data.classes, data.remarks) == (((24, 3), (12, 3)), (-1, 1), ())


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


SOUND = {
    "names with signs": table(header="50 %,#2,x-3", labels="y"),
    "names with years": table(header="2019 a,2020 b,c", labels="y"),
    "labels with semicolons": table(Y, line=lambda _, t: "low; left" if t == "1" else "high; right"),
    "blanks": table(cells=lambda text: f" {text}\t"),
    "a count that starts again": table(line=lambda i, text: f"{i % 23},{text}"),
}


@pytest.mark.parametrize("change", SOUND.values(), ids=SOUND)
def test_what_only_looks_odd_is_read(tmp_path, change):
    """Odd names, labels of several words and a column that nearly counts are data."""
    assert load(write(tmp_path, change(plain()))).remarks == ()
