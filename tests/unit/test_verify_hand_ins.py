"""Hand-ins as they arrive: zips, folders, odd names; notebooks and data that were saved again."""

from __future__ import annotations

import errno
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from report.confined import Limits, UnjudgedError
from report.console import Console
from report.errors import InputError, ReportError
from report.verify import command, notebook
from report.verify.evidence import ASK, gather, take
from report.verify.findings import Carried, Difference
from report.verify.reproduce import compared

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PDF, BOOK, DATA = b"%PDF-1.5 ...", b"{}", b"1,2,3\n"
FILES = {"submission.pdf": PDF, "homework03.ipynb": BOOK, "trnX-3d.csv": DATA}


def zipped(members: dict[str, bytes]) -> bytes:
    """Pack a zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


def renamed(change: Callable[[str], str], **more: bytes) -> bytes:
    """Pack a sound submission under other names."""
    return zipped({change(name): content for name, content in FILES.items()} | more)


ZIPS = {
    "as it was made": renamed(str),
    "in a folder": renamed(lambda name: f"hw3/final/{name}"),
    "with backslashes": renamed(lambda name: f"hw3\\{name}"),
    "numbered by a browser": renamed(lambda name: name.replace(".", " (1).", 1)),
    "numbered by a system": renamed(lambda name: name.replace(".", "-2.", 1)),
    "named by a course site": renamed(lambda name: f"lovelaceada_1234_567890_{name}"),
    "in capitals": renamed(str.upper),
    "the PDF under another name": renamed(lambda name: name.replace("submission", "Ada HW3")),
    "with a mac's sidecars": renamed(str)
    and zipped({**FILES, "__MACOSX/._submission.pdf": b"x", "._submission.pdf": PDF, ".DS_Store": b"x"}),
    "beside another PDF": zipped({**FILES, "sheet/homework03.pdf": PDF + b"the sheet"}),
    "in another zip": zipped({"submission.zip": renamed(str)}),
    "in a zip in a zip": zipped({"a.zip": zipped({"b.zip": renamed(str)})}),
}


@pytest.mark.parametrize("case", ZIPS)
def test_a_zip_is_read_whatever_its_names(case: str, tmp_path: Path) -> None:
    """The report, the notebook and the data are found."""
    file = tmp_path / "hand-in.zip"
    file.write_bytes(ZIPS[case])
    found = take(file)

    assert (PDF, {"homework03.ipynb": BOOK, "trnX-3d.csv": DATA}) == (found.pdf, dict(found.beside))


def test_a_folder_is_searched(tmp_path: Path) -> None:
    """A folder is read as a zip would be, with a zip in it."""
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "download.zip").write_bytes(renamed(str))
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")

    assert PDF == take(tmp_path).pdf


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda file: None, "There is no "),
        (lambda file: file.mkdir(), "holds no PDF; it holds nothing"),
        (lambda file: file.write_bytes(b"Dear grader"), "is no PDF and no zip"),
        (lambda file: file.write_bytes(zipped({"homework03.ipynb": BOOK})), "it holds homework03.ipynb"),
        (lambda file: file.write_bytes(zipped({"a.pdf": PDF, "b.pdf": PDF})), "2 PDFs: a.pdf, b.pdf"),
        (
            lambda file: file.write_bytes(zipped({"submission.pdf": PDF, "a/submission.pdf": PDF})),
            "2 PDFs: a/submission.pdf, submission.pdf",
        ),
        (
            lambda file: file.write_bytes(zipped({**FILES, "a/homework03.ipynb": b"other"})),
            "two files named homework03.ipynb",
        ),
    ],
)
def test_what_holds_no_submission(make: Callable[[Path], object], words: str, tmp_path: Path) -> None:
    """What is there instead is named, with what to do: name one of several, else ask for it."""
    file = tmp_path / "submission.zip"
    make(file)

    with pytest.raises(InputError, match=words) as refused:
        take(file)
    advice = {"2 PDFs": "Name one of them.", "There i": "Name a submission.pdf or a submission.zip."}
    assert refused.value.hint == advice.get(words[:6], advice.get(words[:7], ASK))


def test_lost_attachments_are_asked_for() -> None:
    """A PDF without attachments and nothing beside it cannot be judged: the sentence says what to ask for."""
    with pytest.raises(
        UnjudgedError, match=r"no report\.toml and no homework03\.ipynb came with it"
    ) as refused:
        gather(Carried({}, 13, "words"), {}, {})

    assert "--config and --notebook" in refused.value.hint


# --- notebooks
BOOKS: dict[str, Any] = {
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {"tags": ["2a"]}, "source": ["# A\n", "text"]},
        {
            "cell_type": "code",
            "id": "b",
            "execution_count": 1,
            "metadata": {"tags": ["2a"]},
            "source": ["# Question 2(a)\n", "fit()"],
            "outputs": [
                {"output_type": "stream", "name": "stdout", "text": ["0.8\n", "0.9\n"]},
                {"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBO\nRw0\n"}},
            ],
        },
    ],
    "metadata": {"kernelspec": {"display_name": "Python 3", "name": "python3"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def saved(change: Callable[[Any], object]) -> list[Difference]:
    """Compare the notebook, changed and saved again, with the notebook."""
    book = json.loads(json.dumps(BOOKS))
    change(book)
    return notebook.compare(*(notebook.read(json.dumps(of).encode(), "The notebook") for of in (book, BOOKS)))


def in_lines(book: Any) -> None:
    """Write texts in one piece, with other line ends, and drop what means nothing."""
    for cell in book["cells"]:
        cell["source"] = "".join(cell["source"]).replace("\n", "\r\n")
        cell["metadata"]["id"] = cell.pop("id")
    book["cells"][1] |= {"execution_count": 7}
    book["cells"][1]["outputs"][1]["data"]["image/png"] = "iVBORw0"
    book["metadata"]["colab"] = {}


def put(value: Any, *path: Any) -> Callable[[Any], None]:
    """Return a change of one entry."""

    def change(book: Any) -> None:
        for step in path[:-1]:
            book = book[step]
        book[path[-1]] = value

    return change


EMPTY = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": []}
MORE = {**EMPTY, "source": "print(1)"}
CHANGES: dict[str, tuple[Callable[[Any], object], str, str]] = {
    "by Colab": (in_lines, "", "saved again by Google Colab"),
    "by JupyterLab": (
        put("Python 3 (ipykernel)", "metadata", "kernelspec", "display_name"),
        "",
        "saved again by JupyterLab",
    ),
    "an empty cell": (lambda book: book["cells"].append(EMPTY), "", "1 empty cell more"),
    "outputs cleared": (put([], "cells", 1, "outputs"), "", "outputs were cleared"),
    "a source": (
        put("fit(alpha=1)", "cells", 1, "source"),
        "the cell \u201cQuestion 2(a)\u201d was edited",
        "",
    ),
    "a number": (put("0.9\n0.9\n", "cells", 1, "outputs", 0, "text"), "has another output", ""),
    "a number before the true one": (
        lambda book: book["cells"][1]["outputs"].insert(
            0, {"output_type": "stream", "name": "stdout", "text": "0.99\n"}
        ),
        "has another output",
        "",
    ),
    "an output taken out": (lambda book: book["cells"][1]["outputs"].pop(), "lacks an output", ""),
    "a picture": (put("AAAA", "cells", 1, "outputs", 1, "data", "image/png"), "has another output", ""),
    "a cell more": (lambda book: book["cells"].append(MORE), "it has 3 cells instead of 2", ""),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_notebook_that_was_saved_again(case: str) -> None:
    """What a program does to a file is a remark; another source or output is a mismatch, with its cell."""
    change, what, remark = CHANGES[case]
    found = saved(change)

    assert {not what} == {each.harmless for each in found}
    assert (what or remark) in "; ".join(each.what for each in found)


# --- data
TABLE = b"a,b\n1,2.50\n3,4\n"
TABLES = {
    "other line ends": (TABLE.replace(b"\n", b"\r\n"), True, "other line ends"),
    "no last line end": (TABLE[:-1], True, "other line ends"),
    "quoted": (b'"a","b"\n"1","2.5"\n3,4\n', True, "the same numbers"),
    "columns in another order": (b"b,a\n2.50,1\n4,3\n", True, "another order of columns"),
    "no header": (b"1,2.50\n3,4\n", True, "another header"),
    "another value": (
        b"a,b\n1,2.51\n3,5\n",
        False,
        "has 2.51 in line 2, column 2, here 2.5; 2 values differ",
    ),
    "a row more": (TABLE + b"5,6\n7,8\n", False, "has 5 lines of 2 values, here 3 of 2"),
    "no table": (b"\xff", False, "cannot be read"),
}


@pytest.mark.parametrize("case", TABLES)
def test_data_are_compared_by_their_values(case: str) -> None:
    """What a spreadsheet does to a file is a remark; other values are named by line and column."""
    content, same, words = TABLES[case]
    found = compared("trnX-3d.csv", content, TABLE)

    assert found
    assert same == found.harmless
    assert words in found.what
    assert compared("trnX-3d.csv", TABLE, TABLE) is None


# --- the result is written whatever happens
class Failing(command.Work):
    """Fails to read the PDF, as this program or its machine may."""

    error: Exception = KeyError("a bug")

    def read(self, file: Path) -> Carried:
        """Fail."""
        raise self.error


class OutOfDisk(Failing):
    """Finds the disk full."""

    error = OSError(errno.ENOSPC, "No space left on device")


class OutOfTime(command.Work):
    """Gives the children no time at all."""

    reading = Limits(seconds=0, memory=2**30, file=2**20)


class Bare(command.Work):
    """Finds a PDF that has lost what was attached to it."""

    def read(self, file: Path) -> Carried:
        """Find nothing."""
        return Carried({}, 7, "words of nobody that is known here")


# What is handed in, what works on it; then words of the sentence.
FAILURES: dict[str, tuple[bytes | None, type[command.Work], str]] = {
    "nothing is there": (None, command.Work, "There is no "),
    "an empty file": (b"", command.Work, "is no PDF and no zip"),
    "a zip without a PDF": (zipped({"homework03.ipynb": BOOK}), command.Work, "holds no PDF"),
    "results.json and all else is lost": (PDF, Bare, "The PDF carries no attachments"),
    "a time limit": (PDF, OutOfTime, "it took more than 0 s"),
    "a bug of this program": (PDF, Failing, "must judge this submission by hand (KeyError)"),
    "a full disk": (PDF, OutOfDisk, "The disk is full"),
}


@pytest.mark.parametrize("case", FAILURES)
def test_there_is_a_result_whatever_happens(case: str, tmp_path: Path) -> None:
    """Both files are written, with the sentence; what was not compared earns no points."""
    content, work, words = FAILURES[case]
    file, scores = tmp_path / "submission.pdf", tmp_path / "scores.json"
    if content is not None:
        file.write_bytes(content)
    console = Console(io.StringIO(), colour=False, live=False)
    with pytest.raises((ReportError, KeyError, OSError)):
        command.verify(file, tmp_path, console, gradescope_file=scores, work=work)

    told, verdict = (json.loads((tmp_path / name).read_bytes()) for name in ("scores.json", "verify.json"))
    assert 0 == told["score"]
    assert words in told["output"]
    assert "mismatch" not in told["output"]
    assert ("cannot be judged", {"not compared"}) == (verdict["verdict"], {*verdict["questions"].values()})
    assert words in verdict["reason"]


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    """A wrong name after --config is a bad command line: it is told at once, and nothing is written."""
    console = Console(io.StringIO(), colour=False, live=False)
    with pytest.raises(InputError, match="There is no file") as refused:
        command.verify(tmp_path / "x.pdf", tmp_path, console, given={"report.toml": tmp_path / "none"})

    assert refused.value.hint == "Name the report.toml that the build made."
    assert [] == [*tmp_path.iterdir()]


def test_the_points_are_written_where_verify_json_cannot_be(tmp_path: Path) -> None:
    """A verify.json of somebody else stays, with a warning; Gradescope's file is written all the same."""
    (tmp_path / "submission.pdf").write_bytes(PDF)
    (tmp_path / "verify.json").write_text("mine", encoding="utf-8")
    told = io.StringIO()
    with pytest.raises(KeyError):
        command.verify(
            tmp_path / "submission.pdf",
            tmp_path,
            Console(told, colour=False, live=False),
            gradescope_file=tmp_path / "scores.json",
            work=Failing,
        )

    assert 0 == json.loads((tmp_path / "scores.json").read_bytes())["score"]
    assert "mine" == (tmp_path / "verify.json").read_text(encoding="utf-8")
    assert "WARNING verify.json was not written" in told.getvalue()
