"""Hand-ins as they arrive: zips, folders, odd names; notebooks and data that were saved again."""

from __future__ import annotations

import base64
import errno
import io
import json
import os
import zipfile
from pathlib import Path
from unittest.mock import Mock

import pytest
from msgspec.structs import replace
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from experiments import dataset
from experiments.data.files import FILE_NAMES
from experiments.record import MIME, Setting
from report.bundle import sha256, zipped
from report.confined import Limits, UnjudgedError
from report.console import Console
from report.errors import InputError, ReportError
from report.verify import command, notebook, reproduce
from report.verify.evidence import ASK, ONE, PACK, SEVERAL, gather, load, take
from report.verify.findings import HARMLESS, UNKNOWN, Carried
from report.verify.reproduce import compared, handed_in

BUILD = Path(__file__).parents[2] / "build"
SAMPLE = (BUILD / "submission.pdf").read_bytes()
PDF, BOOK, DATA = b"%PDF-1.5 ...", b"{}", b"1,2,3\n"
FILES = {"submission.pdf": PDF, "homework03.ipynb": BOOK, "trnX-3d.csv": DATA}


def renamed(change):
    """Pack a sound submission under other names."""
    return zipped({change(name): content for name, content in FILES.items()})


SIDECARS = {"__MACOSX/._submission.pdf": b"x", "._submission.pdf": PDF, ".DS_Store": b"x"}
ZIPS = {
    "in a folder": renamed(lambda name: f"hw3/final/{name}"),
    "numbered by a browser": renamed(lambda name: name.replace(".", " (1).", 1)),
    "numbered by a system": renamed(lambda name: name.replace(".", "-2.", 1)),
    "named by a course site": renamed(lambda name: f"lovelaceada_1234_567890_{name}"),
    "in capitals": renamed(str.upper),
    "the PDF under another name": renamed(lambda name: name.replace("submission", "Ada HW3")),
    "with a mac's sidecars": zipped({**FILES, **SIDECARS}),
    "beside another PDF": zipped({**FILES, "sheet/homework03.pdf": PDF + b"the sheet"}),
    "twice the same": zipped({**FILES, "build/submission.pdf": PDF, "submission.zip": renamed(str)}),
    "with the path of a drive": renamed(lambda name: f"C:\\Users\\ada\\{name}"),
    "with a colon": renamed(lambda name: f"hw 3: final/{name}"),
    "in a zip in a zip": zipped({"a.zip": zipped({"b.zip": renamed(str)})}),
}


@pytest.mark.parametrize("case", ZIPS)
def test_a_zip_is_read_whatever_its_names(case, tmp_path):
    """The report, the notebook and the data are found."""
    file = tmp_path / "hand-in.zip"
    file.write_bytes(ZIPS[case])
    found = take(file)

    assert (PDF, {"homework03.ipynb": BOOK, "trnX-3d.csv": DATA}) == (found.pdf, dict(found.beside))


def test_a_folder_is_searched(tmp_path):
    """A folder is read as a zip would be, with a zip in it; what was taken out of that counts once."""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "download.zip").write_bytes(renamed(str))
    (tmp_path / "submission.pdf").write_bytes(PDF)

    assert PDF == take(tmp_path).pdf
    (tmp_path / "submission.pdf").write_bytes(PDF + b"edited since")
    with pytest.raises(UnjudgedError, match="holds 2 PDFs"):
        take(tmp_path)


def test_large_files_are_not_all_read(tmp_path):
    """Each file may be as large as a file may be, but not all of them."""
    for number in range(3):
        (tmp_path / f"{number}.pdf").write_bytes(PDF)
        os.truncate(tmp_path / f"{number}.pdf", 60 * 2**20)

    with pytest.raises(UnjudgedError, match="holds more than 128 MiB"):
        take(tmp_path)


SOUND, OTHER = zipped({"submission.pdf": PDF}), {"a/homework03.ipynb": b"other"}
OUTSIDE, DAMAGED = "holds a path that points outside of it", "is damaged; it may have been cut off"


def endless(file):
    """Make a file of many gigabytes, all of them zeros."""
    file.touch()
    os.truncate(file, 2**36)


def damaged(method):
    """Pack a report by a method of compression, and spoil a byte in the middle of it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("submission.pdf", SAMPLE[:10_000])
    content = bytearray(out.getvalue())
    content[5000] ^= 0xFF
    return bytes(content)


# What is handed in, or how it is made; then words of the sentence, and the hint.
NONE = {
    "nothing": (lambda _: None, "There is no ", "Name a submission.pdf or a submission.zip."),
    "a pipe": (os.mkfifo, "is no file", "Name a submission.pdf or a submission.zip."),
    "a folder": (Path.mkdir, "holds no PDF; it holds nothing", ASK),
    "a file without end": (endless, "submission.zip has more than 64 MiB", ""),
    "an empty file": (b"", "is no PDF and no zip; it is empty", ASK),
    "a web page": (b"\n<!DOCTYPE html>", "it is a web page, perhaps of a log-in", ASK),
    "a tgz": (b"\x1f\x8b\x08\0", "it is another kind of archive", ASK),
    "a letter": (b"Dear grader", "is no PDF and no zip", ASK),
    "another file": (zipped({"readme.txt": b"x"}), "holds no PDF; it holds nothing", ASK),
    "a notebook alone": (zipped({"homework03.ipynb": BOOK}), "it holds homework03.ipynb", ASK),
    "two PDFs": (zipped({"a.pdf": PDF, "b.pdf": PDF + b"2"}), "2 PDFs: a.pdf, b.pdf", SEVERAL),
    "two submissions": (
        zipped({"submission.pdf": PDF, "a/submission.pdf": PDF + b"2"}),
        "2 PDFs: a/submission.pdf, submission.pdf",
        SEVERAL,
    ),
    "two notebooks": (zipped(FILES | OTHER), "two files named homework03.ipynb", ONE),
    "a path with a root": (renamed(lambda name: f"/tmp/{name}"), OUTSIDE, ""),
    "a path that climbs on another system": (renamed(lambda name: f"..\\{name}"), OUTSIDE, ""),
    "1,001 files": (zipped({f"{number}": b"" for number in range(1001)}), "more than 1000 files", PACK),
    "a link": (
        zipped({"submission.pdf": b"/etc/passwd"}).replace(b"\0\0\xa4\x01", b"\0\0\xff\xa1"),
        "holds no PDF; it holds submission.pdf",
        ASK,
    ),
    "a bomb": (zipped({"results.json": bytes(65 * 2**20)}), "results.json in .* more than 64 MiB", ""),
    "a zip that was cut off": (SOUND[:-40], DAMAGED, ASK),
    "a wrong checksum": (SOUND.replace(PDF, PDF.upper()[:-1] + b"!"), DAMAGED, ASK),
    "a damaged zip by another method": (damaged(zipfile.ZIP_LZMA), DAMAGED, ASK),
    "a zip that says encrypted": (SOUND.replace(b"\x14\0\0\0", b"\x14\0\1\0"), "is encrypted", PACK),
}


@pytest.mark.parametrize("case", NONE)
def test_what_holds_no_submission(case, tmp_path):
    """What is there instead is told at once, with what to do: name one of several, else ask for it."""
    content, words, hint = NONE[case]
    file = tmp_path / "submission.zip"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        content(file)

    with pytest.raises(UnjudgedError, match=words) as refused:
        take(file)
    assert refused.value.hint == hint


def test_lost_attachments_are_taken_from_where_they_are_named_or_from_beside():
    """A file that the grader names goes before one that came along; an own build by that author is last."""
    own = {name: (BUILD / name).read_bytes() for name in ("homework03.ipynb", "report.toml", "results.json")}
    beside, named = own | {"homework03.ipynb": b"other"}, {"homework03.ipynb": BUILD / "homework03.ipynb"}
    found = gather(Carried({}, 13, "words"), beside, named)

    assert own == found.files
    told = (
        f"The PDF has lost its attachments; found instead: homework03.ipynb at {named['homework03.ipynb']},"
        " report.toml beside the PDF, results.json beside the PDF."
    )
    assert (told,) == found.remarks
    ours = gather(Carried({}, 13, f"by {found.config.author.name}"), {}, {}, BUILD)
    assert {*own, "ledger.json"} == {*ours.files}
    assert ours.remarks[0].endswith("results.json in this copy's own build.")
    with pytest.raises(UnjudgedError, match=r"report.toml at .*homework03.ipynb has more than 64 KiB"):
        gather(Carried({}, 13, "words"), own, {"report.toml": BUILD / "homework03.ipynb"})


# --- notebooks
def code(source, *outputs):
    """Return a cell of code."""
    tagged = {"tags": ["2a"]}
    return {
        "cell_type": "code",
        "metadata": tagged,
        "execution_count": 1,
        "source": source,
        "outputs": [*outputs],
    }


def printed(*lines):
    """Return what a cell prints."""
    return {"output_type": "stream", "name": "stdout", "text": [*lines]}


def picture(software, colour=255):
    """Return a picture of one colour, with the name of the program that drew it."""
    named, content = PngInfo(), io.BytesIO()
    named.add_text("Software", software)
    Image.new("RGB", (4, 3), (colour, 0, 0)).save(content, "PNG", pnginfo=named)
    return base64.b64encode(content.getvalue()).decode()


DRAWN = {"output_type": "display_data", "metadata": {}, "data": {"image/png": picture("A 1.0")}}
BOOKS = {
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {"tags": ["2a"]}, "source": ["# A\n", "text"]},
        code(["# Question 2(a)\n", "fit()"], printed("0.8\n", "0.9\n"), DRAWN),
        code("print(2)", printed("python 3.11.7, numpy 2.3.5")),
    ],
    "metadata": {"kernelspec": {"display_name": "Python 3", "name": "python3"}},
}


def in_lines(book):
    """Write texts in one piece, with other line ends, and drop what means nothing."""
    for cell in book["cells"]:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")
        cell["metadata"]["id"] = cell.pop("id", "b")
    book["cells"][1] |= {"execution_count": 7}
    data = book["cells"][1]["outputs"][1]["data"]
    data["image/png"] = [f"{data['image/png'][:9]}\n", f"{data['image/png'][9:]}\n"]
    book["metadata"]["colab"] = {}


def cell(book):
    """Return the cell of code."""
    return book["cells"][1]


def drawn(book):
    """Return what it draws."""
    return cell(book)["outputs"][1]["data"]


def in_a_palette(book):
    """Draw the same picture with numbered colours, and without the program's name."""
    content = io.BytesIO()
    with Image.open(io.BytesIO(base64.b64decode(drawn(book)["image/png"]))) as shown:
        shown.quantize(2).save(content, "PNG")
    drawn(book).update({"image/png": base64.b64encode(content.getvalue()).decode()})


NOTE = {"cell_type": "markdown", "metadata": {"tags": ["2a"]}, "source": "# My name\nAda"}
WARNED = printed("FutureWarning: x\n") | {"name": "stderr"}
ANOTHER = "has another output"
# What is done to the notebook; of which question it is told, whether as harmless, and how.
TOUCHED = [
    (in_lines, "2", True, "saved again by Google Colab"),
    (
        lambda book: book["metadata"]["kernelspec"].update(display_name="Python 3 (ipykernel)"),
        *("2", True, "saved again by JupyterLab"),
    ),
    (lambda book: book["cells"].append(code("")), "2", True, "1 empty cell more"),
    (
        lambda book: [each.update(outputs=[]) for each in book["cells"]],
        "2",
        True,
        ": its outputs were cleared",
    ),
    (lambda book: book["cells"].append(code("", printed("0.99"))), "2", False, "was added"),
    (in_a_palette, "2", True, "it was run again"),
    (lambda book: cell(book).update(outputs=[]), "2", True, "some of its outputs were cleared"),
    (
        lambda book: (book["cells"][2].update(outputs=[]), cell(book)["outputs"][0].update(text="0.99")),
        *("2a", False, ANOTHER),  # what is left of them is compared
    ),
    (
        lambda book: cell(book).update(source="fit(alpha=1)"),
        *("2a", False, "the cell \u201cQuestion 2(a)\u201d was edited"),
    ),
    (lambda book: cell(book)["outputs"][0].update(text="0.9\n0.9\n"), "2a", False, ANOTHER),
    (lambda book: cell(book)["outputs"].insert(0, printed("0.99\n")), "2a", False, ANOTHER),
    (lambda book: cell(book)["outputs"][1]["data"].update({"image/png": "AAAA"}), "2a", False, ANOTHER),
    (lambda book: drawn(book).update({"image/png": picture("B 2.0", 254)}), "2a", False, ANOTHER),
    (lambda book: drawn(book).update({"image/png": picture("B 2.0")}), "2", True, ": it was run again"),
    (
        lambda book: book["cells"][2].update(outputs=[printed("python 3.12.1, numpy 2.4.0rc1")]),
        *("2", True, "it was run again, perhaps with other versions; it was saved again"),
    ),
    (
        lambda book: book["cells"][2].update(outputs=[printed("python 3.11.7, numpy 2.3.5, 0.99")]),
        *("2a", False, ANOTHER),
    ),
    (
        lambda book: book["cells"][2].update(outputs=[printed("python 3.11.7_0.99, numpy 2.3.5")]),
        *("2a", False, ANOTHER),
    ),
    (lambda book: cell(book)["outputs"].pop(), "2a", False, "lacks an output"),
    (
        lambda book: cell(book).update(outputs=[{"output_type": "error", "evalue": "'x' is not defined"}]),
        *("2a", False, "ends with an error ('x' is not defined)"),
    ),
    (lambda book: book["cells"].append(book["cells"].pop(1)), "2", False, "2(a)\u201d was moved"),
    (lambda book: book["cells"].append(book["cells"].pop(0)), "", False, "\u201cA\u201d was moved"),
    (lambda book: book["cells"].append(code("1")), "2", False, "the cell \u201c1\u201d was added"),
    (lambda book: book["cells"].pop(0), "2a", False, "the cell \u201cA\u201d is missing"),
    (lambda book: book["cells"].insert(0, NOTE), "", False, "the cell \u201cMy name\u201d was added"),
    (lambda book: cell(book)["outputs"].insert(0, WARNED), "", False, "has other warnings"),
    (lambda book: book["cells"].insert(1, cell(book) | {"outputs": []}), "2", False, "was added"),
]


@pytest.mark.parametrize(("change", "question", "harmless", "what"), TOUCHED)
def test_a_notebook_that_was_touched(change, question, harmless, what):
    """What a program does to a file is a remark; another source or output is a mismatch, with its cell.

    A note and a warning beside the answers are told, and are of no question.
    """
    book = json.loads(json.dumps(BOOKS))
    change(book)
    given, made = (notebook.read(json.dumps(of).encode(), "The notebook") for of in (book, BOOKS))
    (found,) = notebook.compare_saved(given, made)

    assert (question, harmless) == (found.question, found.harmless)
    assert what in found.what


def test_code_that_became_text_is_missing():
    """A cell of the same source elsewhere, but of another kind, is not the cell."""
    book = json.loads(json.dumps(BOOKS))
    book["cells"].append(book["cells"].pop(1) | {"cell_type": "markdown"})
    given, made = (notebook.read(json.dumps(of).encode(), "The notebook") for of in (book, BOOKS))
    found = notebook.compare_saved(given, made)

    assert ["2a", ""] == [each.question for each in found]


def test_the_record_may_be_written_in_any_order():
    """JavaScript writes 1.0 as 1, and some programs sort the keys: the record says the same."""
    content = (BUILD / "homework03.ipynb").read_text(encoding="utf-8")
    book = json.loads(content)
    (data,) = (o["data"] for c in book["cells"] for o in c.get("outputs", ()) if MIME in o.get("data", {}))
    data[MIME] = dict(reversed(data[MIME].items()))
    (found,) = handed_in(load(BUILD), {"homework03.ipynb": json.dumps(book).encode()}, ()).values()
    assert [True] == [each.harmless for each in found]

    data[MIME]["tied"] += 1
    (found,) = handed_in(load(BUILD), {"homework03.ipynb": json.dumps(book).encode()}, ()).values()
    assert [False] == [each.harmless for each in found]


def test_outputs_that_the_attached_notebook_lacks_are_told():
    """Outputs beside a PDF whose own notebook has none are other ones."""
    cleared = json.loads(json.dumps(BOOKS))
    cell(cleared).update(outputs=[])
    given, made = (notebook.read(json.dumps(book).encode(), "The notebook") for book in (BOOKS, cleared))
    (found,) = notebook.compare_saved(given, made)

    assert (False, True) == (found.harmless, ANOTHER in found.what)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot be opened: it is empty"),
        (b"[]", "cannot be opened: it is no notebook"),
        (b"\n<!DOCTYPE html>", "cannot be opened: it is a web page, perhaps of a log-in"),
        (b'{"cells": [', "is not as a build writes it"),
        (json.dumps({"cells": [code("1")] * 10_001}).encode(), "of length <= 10000"),
        (b"<<<<<<< HEAD\n{}\n=======\n", "cannot be opened: it holds a merge conflict"),
        (json.dumps(BOOKS).encode("utf-16"), "cannot be opened: it is text in UTF-16"),
        (b'{"nbformat": 3, "worksheets": [{"cells": []}]}', "in the notebook format of before 2015"),
    ],
)
def test_what_is_no_notebook_beside_the_pdf_is_told(content, words):
    """It is a difference of problem 2, with the reason; all else is compared."""
    found = handed_in(load(BUILD), {"homework03.ipynb": content}, ())
    ((each,),) = found.values()

    assert ("2", False, True) == (each.question, each.harmless, words in each.what)


def test_a_notebook_without_outputs_cannot_be_confirmed_by_running_it(tmp_path):
    """Where all outputs were cleared there is nothing that another run could repeat."""
    console = Console(io.StringIO(), colour=False, live=False)
    content = json.dumps({"cells": [code("1 + 1")]}).encode()
    found = notebook.run_again(content, tmp_path, tmp_path / "run", console)

    assert [(False, "it holds no outputs to compare")] == [(each.harmless, each.what) for each in found]


# --- data
TABLE = b"a,b\n1,2.50\n3,4\n"
TABLES = {
    "other line ends": (TABLE.replace(b"\n", b"\r\n"), True, "other line ends"),
    "no last line end": (TABLE[:-1], True, "other line ends"),
    "quoted": (b'"a","b"\n"1","2.5"\n3,4\n', True, "the same numbers"),
    "columns in another order": (b"b,a\n2.50,1\n4,3\n", True, "another order of columns"),
    "a row of numbers before": (b"1,2\n" + TABLE, False, "has 4 lines of 2 values, here 3 of 2"),
    "no header": (b"1,2.50\n3,4\n", True, "another header"),
    "another value": (
        b"a,b\n1,2.51\n3,5\n",
        False,
        "has 2.51 in line 2, column 2, here 2.5; 2 values differ",
    ),
    "a column more of the same name": (b"b,a,b\n2.50,1,7\n4,3,8\n", False, "has 3 lines of 3 values"),
    "a row more": (TABLE + b"5,6\n7,8\n", False, "has 5 lines of 2 values, here 3 of 2"),
    "no table": (b"\xff", False, "cannot be read"),
}


@pytest.mark.parametrize("case", TABLES)
def test_data_are_compared_by_their_values(case):
    """What a spreadsheet does to a file is a remark; other values are named by line and column."""
    content, same, words = TABLES[case]
    found = compared("trnX-3d.csv", content, TABLE)

    assert same == found.harmless
    assert words in found.what
    assert compared("trnX-3d.csv", TABLE, TABLE) is None


WAYS = {
    "no last line end": bytes.rstrip,
    "blank lines at the end": lambda content: content + b"\n\n",
    "Windows": lambda content: b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"),
    "an old Mac": lambda content: content.replace(b"\n", b"\r"),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_files_that_the_numbers_were_made_with_are_found(way, tmp_path):
    """However the lines of those at hand end, it is a remark; hashes and notice are the submission's."""
    told, given = load(BUILD).results, BUILD.parent / "data"
    for name in FILE_NAMES:
        (tmp_path / name).write_bytes(WAYS[way]((given / name).read_bytes()))
    (tmp_path / "notes.txt").touch()
    found, data = reproduce.as_made(told, dataset.load(tmp_path), {}, tmp_path / "own")

    assert [(True, True)] * 4 == [(each.kind == HARMLESS, "the same numbers" in each.what) for each in found]
    assert [(given / name).read_bytes() for name in FILE_NAMES] == [file.content for file in data.files]
    assert (True, ()) == (data.stand_in, data.others)


def test_columns_stand_as_in_the_submission(tmp_path):
    """Columns are trained on in its order, if its files are beside it; the rest goes by those at hand.

    Where other data are at hand, what the submission says of its own decides only what is printed of them.
    """
    results, tables = load(BUILD).results, {"X": b"a,b,c\n1,2.5,0\n3,4,0\n", "Y": b"y\n1\n2\n"}
    beside = {name: tables[name[3]] for name in FILE_NAMES}
    hashes = {name: sha256(content) for name, content in beside.items()}
    files = {name: replace(file, sha256=hashes[name]) for name, file in results.data.files.items()}
    told = replace(results, data=replace(results.data, files=files))
    here = {"X": b"b,a,c\n2.5,1,0\n4,3,0\n", "Y": tables["Y"]}
    for name in FILE_NAMES:
        (tmp_path / name).write_bytes(here[name[3]])
    found, data = reproduce.as_made(told, dataset.load(tmp_path), beside, tmp_path / "own")
    unknown, kept = reproduce.as_made(results, dataset.load(tmp_path), {}, tmp_path / "none")

    assert ["another order of columns"] * 2 == [each.what.partition(", ")[2] for each in found]
    assert (("a", "b", "c"), [[1, 2.5, 0], [3, 4, 0]], False) == (
        data.header,
        data.X_train.tolist(),
        data.stand_in,
    )
    assert (UNKNOWN, ("b", "a", "c"), True) == (unknown[0].kind, kept.header, kept.stand_in)
    assert hashes == {file.name: file.sha256 for file in data.files}


def test_all_is_trained_where_other_data_give_another_number_of_settings(tmp_path):
    """With fewer samples than a batch has, sizes of batches fall together: what is attached is of no help."""
    for name in FILE_NAMES:
        lines = (BUILD.parent / "data" / name).read_bytes().splitlines(keepends=True)
        (tmp_path / name).write_bytes(b"".join(lines[:30]))
    data, given = dataset.load(tmp_path), load(BUILD)
    settings = [Setting().clipped(30), Setting(hidden_layer_sizes=(5,)).clipped(30)]
    record, _, trained = reproduce._searched(given, data, settings, fast=True)

    assert (2, 2) == (trained, len(record.search.dev))


# --- the result is written whatever happens
def failing(**methods):
    """Return what works as always but for some of its methods or limits."""
    return type("Failing", (command.Work,), methods)


def judged(folder, content, work):
    """Verify a submission, which fails; return what Gradescope gets, and what is told on the screen."""
    if content is not None:
        (folder / "submission.pdf").write_bytes(content)
    told = io.StringIO()
    console = Console(told, colour=False, live=False)
    with pytest.raises((ReportError, KeyError, OSError, KeyboardInterrupt)):
        command.verify(
            folder / "submission.pdf", folder, console, gradescope_file=folder / "scores.json", work=work
        )
    return json.loads((folder / "scores.json").read_bytes()), told.getvalue()


BUG = failing(read=Mock(side_effect=KeyError("a bug")))
FULL = failing(read=Mock(side_effect=OSError(errno.ENOSPC, "No space left on device")))
# What is handed in, what works on it; then words of the sentence.
FAILURES = {
    "nothing is there": (None, command.Work, "There is no "),
    "all that was attached is lost": (
        PDF,
        failing(read=lambda *_: Carried({}, 7, "words")),
        "The PDF carries no attachments, and no report.toml and no homework03.ipynb came with it",
    ),
    "a time limit": (PDF, failing(reading=Limits(0, 2**30, 2**20)), "it took more than 0 s"),
    "a memory limit": (SAMPLE, failing(reading=Limits(120, 2**20, 2**20)), "within 120 s and 1 MiB: it"),
    "a bug of this program": (PDF, BUG, "must judge this submission by hand (KeyError)"),
    "a full disk": (PDF, FULL, "The disk is full"),
    "an interrupt": (PDF, failing(read=Mock(side_effect=KeyboardInterrupt)), "The check was interrupted."),
}


@pytest.mark.parametrize("case", FAILURES)
def test_there_is_a_result_whatever_happens(case, tmp_path):
    """Both files are written, with the sentence; what was not compared earns no points."""
    content, work, words = FAILURES[case]
    points, _ = judged(tmp_path, content, work)
    verdict = json.loads((tmp_path / "verify.json").read_bytes())

    assert (0, True) == (points["score"], words in points["output"])
    assert "mismatch" not in points["output"]
    assert ("cannot be judged", {"not compared"}) == (verdict["verdict"], {*verdict["questions"].values()})
    assert words in verdict["reason"]
    assert (case == "all that was attached is lost") == ("--config and --notebook" in verdict["reason"])


def test_a_file_that_is_named_must_be_there(tmp_path):
    """A wrong name after --config is a bad command line: it is told at once, and nothing is written."""
    console = Console(io.StringIO(), colour=False, live=False)
    with pytest.raises(InputError, match="There is no file") as refused:
        command.verify(tmp_path / "x.pdf", tmp_path, console, given={"report.toml": tmp_path / "none"})

    assert refused.value.hint == "Name the report.toml that the build made."
    assert [] == [*tmp_path.iterdir()]


def test_pictures_are_put_beside_the_verdict(tmp_path):
    """In place of earlier ones, in the order of the pages; nothing is written where a link leads."""
    made, kept, link = tmp_path / "made", tmp_path / "verify", tmp_path / "link"
    for folder in (made, kept):
        folder.mkdir()
    link.symlink_to(kept)
    for name in ("page-10.png", "page-2.png"):
        (made / name).write_bytes(b"new")
    for name in ("page-1.png", "mine.png"):
        (kept / name).write_bytes(b"old")

    assert () == command.keep_pictures(made, link)
    assert {"page-1.png", "mine.png"} == {file.name for file in kept.iterdir()}
    assert ("verify/page-2.png", "verify/page-10.png") == command.keep_pictures(made, kept)
    assert {"page-2.png", "page-10.png", "mine.png"} == {file.name for file in kept.iterdir()}


def test_the_points_are_written_where_verify_json_cannot_be(tmp_path):
    """A verify.json of somebody else stays, with a warning; Gradescope's file is written all the same."""
    (tmp_path / "verify.json").write_text("mine", encoding="utf-8")
    points, told = judged(tmp_path, PDF, BUG)

    assert 0 == points["score"]
    assert "mine" == (tmp_path / "verify.json").read_text(encoding="utf-8")
    assert "WARNING verify.json was not written" in told

    (tmp_path / "verify.json").unlink()
    (tmp_path / ".verify.json.new").mkdir()
    points, told = judged(tmp_path, PDF, BUG)
    assert 0 == points["score"]
    assert "WARNING verify.json was not written: Is a directory\n" in told
