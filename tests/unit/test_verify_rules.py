"""The rules of the comparison: which side was changed, and what else may explain another number."""

from __future__ import annotations

import copy
import io
import json
from pathlib import Path
from typing import Any

import pytest

from experiments import problem2
from report import config
from report.console import Console
from report.errors import InputError
from report.verify import gradescope, table, verdict
from report.verify.attached import Attached, Cell
from report.verify.command import EXIT
from report.verify.compare import compare
from report.verify.errors import UnjudgedError
from report.verify.fresh import Fresh
from report.verify.reported import Shown
from report.verify.rows import CAUSES, MATCH, Outcome, Row, mismatch, mismatched, outcome, unjudged, unseen
from report.verify.submission import HandedIn, Submission
from report.verify.verdict import Verdict

TOML = b"""\
[author]
name = "Ada Lovelace"
id = "al1815"
[course]
title = "CS 6316"
homework = "Homework 03"
due = "2023-11-14"
"""
RECORD: dict[str, Any] = {
    "2a": {"train": 43, "dev": 19},
    "2b": {
        "train": 50,
        "dev": 21,
        "params": {
            "hidden_layer_sizes": [6, 4],
            "activation": "relu",
            "solver": "adam",
            "learning_rate_init": 0.001,
            "batch_size": 16,
        },
        "tied": 1,
    },
    "total": {"train": 60, "dev": 30},
    "search": {"train": [43, 50], "dev": [19, 21], "epochs": [7, 9], "converged": [1, 1]},
}
ENVIRONMENT = {
    "pinned": True,
    "blas": [{"architecture": "Haswell", "threads": 1}],
    "simd": "X86_V3",
    "libc": "glibc 2.36",
    "machine": "x86_64",
}
CELLS = (Cell("setup", "code", "import numpy"), Cell("2a", "code", "# Question 2(a): the default\nfit()"))


def check(statement: str, *, passed: bool) -> dict[str, Any]:
    """Give a check of question 1(a), as ledger.json has it."""
    return {"id": "1a.nesting", "question": "1a", "statement": statement, "passed": passed}


def attached(record: dict[str, Any] = RECORD, **changed: Any) -> Attached:
    """Give evidence in which everything agrees, some of it changed."""
    values = {key: value.as_json() for key, value in problem2.values(record).items()}
    sound = Attached(
        config=config.parse(TOML, "report.toml", Path()),
        values=values,
        formulas={"h1": ("1", "h_1"), "1a.h1": ("1a", "h_1 = w_1 x_1")},
        data={"trnX-3d.csv": "a" * 64},
        environment=ENVIRONMENT,
        studied={"seeds": {"mean": 0.5}, "selection": {}, "certificate": []},
        seed=0,
        quick=False,
        code={"report": "1", "templates": "2"},
        versions={"numpy": "2.4.6"},
        checks={"1a.nesting": check("nests", passed=True)},
        facts={"results.json, seed": 0},
        record=record,
        cells=CELLS,
    )
    return Attached(**{**vars(sound), **changed})


def submitted(of: Attached, **shown: str) -> Submission:
    """Give a submission whose pages show what its evidence says, but for some keys (__ stands for .)."""
    texts = {key: str(entry["printed"]) for key, entry in of.values.items()}
    texts |= {key.replace("__", "."): text for key, text in shown.items()}
    return Submission(
        sha256="0" * 64,
        tex=("pdfTeX", "A"),
        boxes=(("[0, 0, 612, 792]",),),
        additions=(),
        fonts={},
        marks=(),
        contents=(),
        titles=(),
        shown={key: (Shown(3, text),) for key, text in texts.items()},
        files={"homework03.ipynb": b"{}"},
        others=(),
        attached=of,
    )


def fresh(of: Attached, **changed: Any) -> Fresh:
    """Give a reproduction that found just this evidence, with some circumstances changed."""
    sound = Fresh(
        attached=of,
        record=of.record,
        pages=None,
        no_pages="there is no TeX",
        cells=CELLS,
        data={"trnX-3d.csv": "a" * 64},
        environment=ENVIRONMENT,
        code={"report": "1", "templates": "2"},
        versions={"numpy": "2.4.6"},
        settings=2,
    )
    return Fresh(**{**vars(sound), **changed})


def rows(submission: Submission, anew: Fresh, **beside: bytes) -> list[Row]:
    """Give the rows that do not match."""
    found, _ = compare(submission, HandedIn("submission.pdf", b"", beside), anew)
    return [row for row in found if row.finding.outcome is Outcome.MISMATCH]


def recorded(question: str, part: str, count: int) -> dict[str, Any]:
    """Give a record with one count changed."""
    record = copy.deepcopy(RECORD)
    record[question][part] = count
    return record


def test_what_agrees_matches() -> None:
    """Reported, attached and reproduced the same: no row that does not match."""
    assert [] == rows(submitted(attached()), fresh(attached()))


def test_the_text_was_changed() -> None:
    """Attached and reproduced agree, the page shows another digit."""
    (row,) = rows(submitted(attached(), **{"2a__dev__accuracy": "0.6334"}), fresh(attached()))

    assert ("2a", "development accuracy", "0.6334", "19/30", "19/30", "count") == (
        row.question,
        row.quantity,
        row.reported,
        row.attached,
        row.reproduced,
        row.rule,
    )
    assert ("text changed", "the text was changed after the build: page 3 shows 0.6334") == row.finding[1:]


def test_the_text_may_break_a_value_over_lines() -> None:
    """A space more or less, as a line break makes it, is no difference."""
    assert [] == rows(submitted(attached(), **{"2b__params__hidden_layer_sizes": "(6,4)"}), fresh(attached()))


@pytest.mark.parametrize(
    ("field", "value"),
    [("printed", "0.9999"), ("correct", 20), ("total", 31), ("value", 0.9), ("question", "2b")],
)
def test_the_attachment_was_changed(field: str, value: object) -> None:
    """Any field of an entry in results.json is not as it comes out, while text and notebook are right."""
    of = attached()
    values = copy.deepcopy(dict(of.values))
    values["2a.dev.accuracy"][field] = value
    changed = Submission(**{**vars(submitted(of)), "attached": attached(values=values)})
    (row,) = rows(changed, fresh(of))

    assert ("2a", "attachment changed") == (row.question, row.finding.cause)
    assert f"its {field!r} is {value!r}" in row.finding.reason


def test_the_notebooks_record_was_changed() -> None:
    """Text and results.json are right, the notebook's own output is not."""
    found = rows(
        Submission(
            **{
                **vars(submitted(attached())),
                "attached": attached(record=recorded("2a", "train", 44), values=attached().values),
            }
        ),
        fresh(attached()),
    )

    assert [("2a", "training accuracy", "attachment changed")] == [
        (row.question, row.quantity, row.finding.cause) for row in found
    ]


def test_a_value_that_is_not_on_the_page() -> None:
    """A value that no page shows is missing from the text."""
    submission = submitted(attached())
    shown = {key: places for key, places in submission.shown.items() if key != "2b.gain"}
    (row,) = rows(Submission(**{**vars(submission), "shown": shown}), fresh(attached()))

    assert ("2b", "(missing)", "text changed") == (row.question, row.reported, row.finding.cause)


def test_a_value_that_nobody_asked_for() -> None:
    """An entry of results.json that the program does not make is a change of the attachment."""
    of = attached()
    more = {**of.values, "2b.bonus": {"question": "2b", "value": 1, "printed": "1"}}
    (row,) = rows(submitted(attached(values=more)), fresh(of))

    assert ("2b", "bonus") == (row.question, row.quantity)


OTHER = attached(record=recorded("2a", "dev", 18))


@pytest.mark.parametrize(
    ("circumstance", "cause", "reason"),
    [
        ({}, "unexplained", "does not give this with the same code, versions and data"),
        (
            {"data": {"trnX-3d.csv": "b" * 64}},
            "data differ",
            "trnX-3d.csv has sha256 aaaaaaaaaaaa... in the submission, bbbb",
        ),
        (
            {"code": {"report": "1", "templates": "9"}},
            "code or versions differ",
            "the code differs: templates",
        ),
        (
            {"versions": {"numpy": "2.3.0"}},
            "code or versions differ",
            "versions differ: numpy 2.4.6, here 2.3.0",
        ),
        (
            {"environment": {**ENVIRONMENT, "blas": [{"architecture": "SkylakeX", "threads": 2}]}},
            "environment differs",
            "kernels Haswell, here SkylakeX; threads 1, here 2",
        ),
        (
            {"cells": (CELLS[0], Cell("2a", "code", "# Question 2(a): the default\nfit(alpha=1)"))},
            "notebook differs",
            "the cell \u201cQuestion 2(a): the default\u201d",
        ),
    ],
    ids=["nothing", "data", "code", "versions", "environment", "notebook"],
)
def test_what_explains_another_number(circumstance: dict[str, Any], cause: str, reason: str) -> None:
    """Text, attachment and notebook agree and another number comes out: the likeliest cause is named."""
    found = rows(submitted(attached()), fresh(OTHER, **circumstance))
    (row,) = [row for row in found if row.quantity == "development accuracy" and row.question == "2a"]

    assert cause == row.finding.cause
    assert reason in row.finding.reason


@pytest.mark.parametrize(
    "circumstance",
    [
        {"code": {"report": "9", "templates": "2"}},
        {"versions": {"numpy": "2.3.0"}},
        {"environment": {**ENVIRONMENT, "simd": "X86_V4"}},
    ],
    ids=["code", "versions", "environment"],
)
def test_another_place_alone_is_a_remark(circumstance: dict[str, Any]) -> None:
    """Other code, versions or kernels that change no number are worth a remark, not a failure."""
    anew = fresh(attached(), **circumstance)
    found, remarks = compare(submitted(attached()), HandedIn("submission.pdf", b"", {}), anew)

    assert [] == mismatched(found)
    assert 1 == sum(remark.startswith("Made with ") for remark in remarks)


def test_other_data_alone_are_a_mismatch() -> None:
    """Data that differ are a mismatch of both questions even if no number changes."""
    found = rows(submitted(attached()), fresh(attached(), data={"trnX-3d.csv": "b" * 64}))

    assert ["2a", "2b"] == mismatched(found)


def test_data_handed_in_with_the_pdf_are_compared() -> None:
    """CSV files beside the PDF that are not those of its numbers are named."""
    found = rows(submitted(attached()), fresh(attached()), **{"trnX-3d.csv": b"1,2,3\n"})

    assert ["data handed in"] == [row.quantity for row in found]
    assert "trnX-3d.csv beside the PDF" in found[0].finding.reason


def test_a_search_that_came_out_otherwise() -> None:
    """Counts of single settings are compared, whatever the chosen one scored."""
    record = copy.deepcopy(RECORD)
    record["search"]["epochs"][0] = 8
    (row,) = rows(submitted(attached()), fresh(attached(), record=record))

    assert ("2b", "search") == (row.question, row.quantity)
    assert "1 settings differ" in row.finding.reason


def test_an_untrained_search_is_open_not_right() -> None:
    """With --fast the search was not trained: it is said, and no mismatch."""
    found, _ = compare(submitted(attached()), HandedIn("x", b"", {}), fresh(attached(), settings=1))
    (row,) = [row for row in found if row.quantity == "search"]

    assert (Outcome.OPEN, "1 of 2 settings were trained (--fast)") == (
        row.finding.outcome,
        row.finding.reason,
    )
    assert [] == mismatched(found)


def test_a_formula_changed_in_the_attachment() -> None:
    """A formula that comes out otherwise, of the same code, was changed in the attachment."""
    other = attached(formulas={"h1": ("1", "h_1"), "1a.h1": ("1a", "h_1 = w_1^2 x_1")})
    (row,) = rows(submitted(other), fresh(attached()))

    assert ("1a", "attachment changed") == (row.question, row.finding.cause)


def test_a_formula_that_other_code_gives() -> None:
    """A formula that comes out otherwise of other code is explained by that."""
    other = attached(
        formulas={"h1": ("1", "h_1"), "1a.h1": ("1a", "h_1 = w_1^2 x_1")},
        code={"report": "1", "templates": "9"},
    )
    (row,) = rows(submitted(other), fresh(attached()))

    assert ("1a", "code or versions differ") == (row.question, row.finding.cause)


def test_a_check_that_did_not_pass() -> None:
    """A ledger that says otherwise than the checks do is told by the check."""
    other = attached(checks={"1a.nesting": check("nests", passed=False)})
    (row,) = rows(submitted(other), fresh(attached()))

    assert ("1a", "0 passed", "1 passed") == (row.question, row.attached, row.reproduced)
    assert "(check 1a.nesting)" in row.finding.reason


def test_a_row_of_a_whole_problem_concerns_its_questions() -> None:
    """What is about problem 2 concerns 2(a) and 2(b); what is about the whole concerns no question."""
    of = [Row("2", "data", "sha256", mismatch("data differ", "x")), Row("", "fonts", "sha256", MATCH)]

    assert ["2a", "2b"] == mismatched(of)
    assert [
        "",
    ] == mismatched([Row("", "fonts", "sha256", mismatch("text changed", "x"))])
    assert Outcome.OPEN is outcome([Row("2", "x", "", unseen("y"))], "2a")


@pytest.fixture
def judged() -> Verdict:
    """Give a verdict with a mismatch, a long name and something that was not compared."""
    long = (
        "hidden_layer_sizes=(50, 50), activation=relu, solver=adam, learning_rate_init=0.001, batch_size=16"
    )
    found = (
        Row("1a", "formulas", "glyphs", MATCH, "p. 1-2", "27 formulas", "27 formulas"),
        Row(
            "2a",
            "training accuracy",
            "count",
            mismatch("text changed", "the text was changed after the build: " * 4),
            "0.7177",
            "43/60",
            "43/60",
        ),
        Row("2b", "the five together", "exact", MATCH, long, long, long),
        Row(
            "2b",
            "search",
            "count",
            unseen("2 of 300 settings were trained (--fast)"),
            "",
            "300 settings",
            "300 settings",
        ),
    )
    return Verdict("submission.pdf", submitted(attached()), found, ("A remark. " * 20,), fast=True)


def test_the_table_fits_a_terminal(judged: Verdict) -> None:
    """No line is longer than 80 columns; with colour the same text stands there."""
    plain = table.lines(judged, colour=False)
    coloured = table.lines(judged, colour=True)

    assert 80 >= max(map(len, plain))
    assert "\x1b" not in "".join(plain)
    assert "\x1b[" in "".join(coloured)
    for code in ("\x1b[32m", "\x1b[1;31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"):
        coloured = [line.replace(code, "") for line in coloured]
    assert plain == coloured
    assert "MISMATCH: 2(a)." == plain[-1]


def test_a_submission_cannot_talk_to_the_terminal(judged: Verdict) -> None:
    """Escape sequences in what a submission says are shown, not sent."""
    row = Row(
        "2a",
        "\x1b[2J",
        "count",
        mismatch("text changed", "page 1 shows \x1b]0;owned\x07"),
        "\x1b[1A",
        "\x9b",
        "\u202e",
    )
    lines = table.lines(Verdict("a\x1bb.pdf", judged.submission, (row,), ("\x1b",), fast=False), colour=False)

    assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set("".join(lines))


def test_gradescope_gives_the_points_of_the_sheet(judged: Verdict, tmp_path: Path) -> None:
    """One test for each question, with its points; a question that does not match gets none."""
    file = tmp_path / "results.json"
    gradescope.write(file, judged)
    written = json.loads(file.read_text(encoding="utf-8"))

    assert {"1a": 2, "1b": 2, "1c": 2, "1d": 2, "1e": 2, "1f": 2, "2a": 3, "2b": 5} == {
        test["number"]: test["max_score"] for test in written["tests"]
    }
    assert 17 == sum(test["score"] for test in written["tests"])
    assert ["failed"] == [test["status"] for test in written["tests"] if test["number"] == "2a"]


def test_gradescope_trusts_no_page_of_a_file_that_was_changed(judged: Verdict, tmp_path: Path) -> None:
    """Something laid over the pages belongs to no question, and leaves no question its points."""
    over = Row("", "nothing over the pages", "exact", mismatch("text changed", "it has a form"))
    file = tmp_path / "results.json"
    gradescope.write(file, Verdict("a.pdf", judged.submission, (judged.rows[0], over), (), fast=False))
    written = json.loads(file.read_text(encoding="utf-8"))

    assert "it has a form" in written["output"]
    assert {("failed", 0)} == {(test["status"], test["score"]) for test in written["tests"]}


def test_gradescope_is_told_why_nothing_was_judged(tmp_path: Path) -> None:
    """A submission that cannot be judged gets no points, and the reason."""
    file = tmp_path / "results.json"
    gradescope.write_unjudged(file, UnjudgedError("The PDF is damaged.", "Hand in another."))
    written = json.loads(file.read_text(encoding="utf-8"))

    assert (0, True) == (written["score"], "The PDF is damaged." in written["output"])


@pytest.mark.parametrize("content", [b"my notes", b"{}", b'{"tests": []}', b"[" * 10_000, b""])
def test_a_file_of_somebody_else_is_left_alone(content: bytes, judged: Verdict, tmp_path: Path) -> None:
    """A file that this command did not make is refused and not touched; its own is replaced."""
    file = tmp_path / "results.json"
    file.write_bytes(content)
    with pytest.raises(InputError, match="exists and is not of this command"):
        gradescope.check_place(file)
    with pytest.raises(InputError):
        gradescope.write(file, judged)
    assert content == file.read_bytes()

    file.unlink()
    gradescope.write(file, judged)
    gradescope.write(file, judged)
    assert [file] == [*tmp_path.iterdir()]


def test_a_link_is_not_followed(judged: Verdict, tmp_path: Path) -> None:
    """A link where a result should go is refused: it may point at any file."""
    precious, link = tmp_path / "precious", tmp_path / "results.json"
    precious.write_text("mine", encoding="utf-8")
    link.symlink_to(precious)
    with pytest.raises(InputError, match="is not a plain file"):
        gradescope.write(link, judged)

    assert "mine" == precious.read_text(encoding="utf-8")


def test_verify_json_says_it_all(judged: Verdict) -> None:
    """The machine-readable verdict holds every row with its outcome, cause and reason."""
    content = verdict.contents(judged)

    assert ("mismatch", "default and best") == (content["verdict"], content["trained"])
    assert {"1a": "match", "2a": "mismatch", "2b": "not compared"}.items() <= content["questions"].items()
    assert "text changed" == content["rows"][1]["cause"]
    assert json.loads(json.dumps(content)) == content


def test_verify_json_is_documented(judged: Verdict) -> None:
    """Every name in verify.json stands in docs/verify.md, and so does every outcome and cause."""
    told = (Path(__file__).resolve().parents[2] / "docs" / "verify.md").read_text(encoding="utf-8")
    content = verdict.contents(judged)
    names = {*content, *content["submission"], *content["rows"][0], *Outcome, *CAUSES}

    assert [] == sorted(name for name in names if f'"{name}"' not in told and f"`{name}`" not in told)


def test_what_cannot_be_judged_passes_nowhere(judged: Verdict, tmp_path: Path) -> None:
    """A question that differs where the TeX differs is no match: its own word, no points, exit 2."""
    row = Row(
        "1b", "formulas", "glyphs", unjudged("code or versions differ", "another text, and another TeX")
    )
    found = Verdict("a.pdf", judged.submission, (judged.rows[0], row), (), fast=False)
    gradescope.write(tmp_path / "scores.json", found)
    scores = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))["tests"]

    assert "cannot be judged" == verdict.contents(found)["verdict"]
    assert "CANNOT BE JUDGED: 1(b)." == table.lines(found, colour=False)[-1]
    assert ("failed", 0) == next((test["status"], test["score"]) for test in scores if test["number"] == "1b")
    assert 2 == EXIT[found.outcome]


def test_the_console_tells_whether_it_takes_colour() -> None:
    """Colour is settled by the stream and the environment, once for messages and table."""
    assert [True, False] == [
        Console.for_stream(io.StringIO(), {"FORCE_COLOR": "1"}).colour,
        Console.for_stream(io.StringIO(), {}).colour,
    ]
