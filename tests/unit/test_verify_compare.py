"""The rules of the comparison: which side was changed, what may explain another number, and the verdict."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec import convert, structs

from experiments.assessment import Certificate, Line, Optimism, Reached, Seeds
from experiments.record import Counts, Record, Search, Setting, values
from report import config
from report.confined import UnjudgedError
from report.console import Console
from report.errors import InputError
from report.results import Check, Data, DataFile, Formula, Ledger, MadeWith, Results, Studied
from report.verify import verdict
from report.verify.command import EXIT
from report.verify.compare import compare
from report.verify.evidence import Evidence, HandedIn
from report.verify.findings import (
    Cause,
    Outcome,
    Pages,
    Place,
    Quantity,
    Reproduced,
    Same,
    Shown,
    Table,
    mismatch,
    worst,
)
from report.verify.notebook import Cell, Notebook
from report.verify.verdict import Verdict

TOML = b"""\
[author]
name = "Ada Lovelace"
id = "al1815"
[course]
title = "CS 6316"
homework = "Homework 03"
due = "2023-11-14"
[search]
hidden_layer_sizes = [[6, 4]]
batch_size = [16]
"""
RECORD = Record(
    default=Counts(43, 19),
    best=Counts(50, 21),
    params=Setting((6, 4), batch_size=16),
    total=Counts(60, 30),
    tied=1,
    search=Search((43, 50), (19, 21), (7, 9), (True, True)),
    versions={},
)
BLAS = {"package": "numpy", "library": "openblas", "architecture": "Haswell", "threads": 1}
ENVIRONMENT = {"pinned": True, "blas": [BLAS], "simd": "X86_V3", "libc": "glibc 2.36", "machine": "x86_64"}
CELLS = (Cell("setup", "code", "import numpy"), Cell("2a", "code", "# Question 2(a): the default\nfit()"))
OPTIMISM = convert(dict.fromkeys(Optimism.__struct_fields__, 0), Optimism, strict=False)
SEEDS = Seeds(counts={"default": (19,), "best": (21,)})
LINE = Line("Haswell", Reached(19, 7), Reached(21, 9), (), stays=True)
STUDIED = Studied(
    SEEDS, OPTIMISM, convert({"lines": [], "rivals": [], "moved": 0, "obstacle": "", "near": 0}, Certificate)
)
CHECK = Check("1a.nesting", "1a", "nests", "structure", 1, "exact", passed=True)
LEDGER = Ledger(seed=0, sympy="1", mpmath="1", checks=(CHECK,), exemptions=())
MADE_WITH = MadeWith(code={"report": "1", "templates": "2"}, versions={"numpy": "2.4.6"})


def results(record: Record = RECORD, **changed: Any) -> Results:
    """Return results.json in which everything agrees, some of it changed."""
    sound = Results(
        values=values(record),
        formulas={"h1": Formula("1", "h_1"), "1a.h1": Formula("1a", "h_1 = w_1 x_1")},
        data=Data(stand_in=False, files={"trnX-3d.csv": DataFile("a" * 64, 60, 3)}, others=()),
        environment=ENVIRONMENT,
        studied=STUDIED,
        seed=0,
        quick=False,
        made_with=MADE_WITH,
    )
    return structs.replace(sound, **changed)


def evidence(of: Results | None = None, **changed: Any) -> Evidence:
    """Return the attached files of a sound submission, some of them changed."""
    sound = {
        "files": {"homework03.ipynb": b"{}"},
        "config": config.parse(TOML, "report.toml", Path()),
        "notebook": Notebook(CELLS, RECORD, ""),
        "results": of or results(),
        "ledger": LEDGER,
    }
    return Evidence(**{**sound, **changed})


def reproduced(of: Results | None = None, **changed: Any) -> Reproduced:
    """Return a reproduction that finds what is attached, some of it changed."""
    sound = Reproduced(
        results=of or results(),
        ledger=LEDGER,
        record=RECORD,
        cells=CELLS,
        made_of=(Table("trnX-3d.csv", "is the same file", same=True, equal=True),),
        handed_in=(),
        environment=ENVIRONMENT,
        made_with=MADE_WITH,
        trained=2,
        no_pages="",
    )
    return structs.replace(sound, **changed)


SAME = Pages(Same.BYTES, 7)


def shown(*places: Place, **texts: str) -> Pages:
    """Return pages that differ, and show other texts for some keys (__ stands for .)."""
    printed = {key: value.printed for key, value in values(RECORD).items()}
    printed |= {key.replace("__", "."): text for key, text in texts.items()}
    read = {key: (Shown(3, "".join(text.split()), plain=True),) for key, text in printed.items() if text}
    return Pages(Same.NO, 7, places=places, shown=read)


def judged(
    given: Evidence | None = None, made: Reproduced | None = None, pages: Pages | None = SAME
) -> tuple[list[Quantity], list[str]]:
    """Return the quantities that do not match or cannot be judged, and the remarks."""
    handed_in = HandedIn("submission.pdf", b"", {})
    starts = dict.fromkeys(("1a", "1b", "1c", "1d", "1e", "1f", "2a", "2b"), 1)
    rows, remarks = compare(handed_in, given or evidence(), made or reproduced(), pages, starts)
    return [row for row in rows if row.outcome in (Outcome.MISMATCH, Outcome.UNJUDGED)], remarks


def recorded(**changed: Any) -> Record:
    """Return the record with some entries changed."""
    return structs.replace(RECORD, **changed)


def value(key: str, **changed: Any) -> dict[str, Any]:
    """Return the reported values with one changed."""
    found = values(RECORD)
    return found | {key: structs.replace(found[key], **changed)}


NINES = Pages(Same.NO, 7)
OTHER = recorded(default=Counts(43, 18))
# What is given, made and shown; then the question, the quantity, the cause and words of the reason.
CASES: dict[
    str, tuple[tuple[Evidence | None, Reproduced | None, Pages | None], tuple[str, str, str, str]]
] = {
    "another digit on the page": (
        (None, None, shown(**{"2a__dev__accuracy": "0.6334"})),
        ("2a", "development accuracy", "text changed", "page 3 shows 0.6334"),
    ),
    "a value on no page": (
        (None, None, shown(**{"2b__gain": ""})),
        ("2b", "best minus default", "text changed", "no page shows it"),
    ),
    **{
        f"another {field} in results.json": (
            (evidence(results(values=value("2a.dev.accuracy", **{field: changed}))), None, SAME),
            ("2a", "development accuracy", "attachment changed", f"its {field!r} is {changed!r}"),
        )
        for field, changed in {"printed": "0.9999", "correct": 20, "total": 31, "value": 0.9}.items()
    },
    "a value that nobody asked for": (
        (evidence(results(values=value("2b.gain") | {"2b.bonus": values(RECORD)["2b.gain"]})), None, SAME),
        ("2b", "bonus", "attachment changed", "invents"),
    ),
    "another count in the notebook": (
        (evidence(notebook=Notebook(CELLS, recorded(default=Counts(44, 19)), "")), None, SAME),
        ("2a", "training accuracy", "attachment changed", "the notebook gives another number"),
    ),
    "text and results changed alike": (
        (
            evidence(results(values=value("2a.dev.accuracy", printed="0.9999"))),
            None,
            shown(**{"2a__dev__accuracy": "0.9999"}),
        ),
        (
            "2a",
            "development accuracy",
            "text changed",
            "results.json was changed after the build: its 'printed'",
        ),
    ),
    "a formula": (
        (evidence(results(formulas={"h1": Formula("1", "h_1"), "1a.h1": Formula("1a", "0")})), None, SAME),
        ("1a", "formulas", "attachment changed", "1 formula, the first: 1a.h1"),
    ),
    "a check that did not pass": (
        (
            evidence(ledger=structs.replace(LEDGER, checks=(structs.replace(CHECK, passed=False),))),
            None,
            SAME,
        ),
        ("1a", "checks", "attachment changed", "1a.nesting"),
    ),
    "another seed": (
        (evidence(results(seed=1)), None, SAME),
        ("", "seed, rows, columns", "attachment changed", "seed"),
    ),
    "a setting of the search": (
        (None, reproduced(record=recorded(search=Search((43, 50), (19, 21), (8, 9), (True, True)))), SAME),
        ("2b", "search", "unexplained", "1 setting"),
    ),
    "data that came with it": (
        (None, reproduced(handed_in=(Table("trnX-3d.csv", "has 1.0 in line 2, column 1, here 2.0"),)), SAME),
        ("2", "data handed in", "data differ", "line 2, column 1"),
    ),
    "a page": (
        (None, None, shown(Place("1c", 2, "page 2 differs, near \u201csigma\u201d"))),
        ("1c", "pages", "text changed", "page 2 differs"),
    ),
    "a note": (
        (None, None, shown(Place("", 2, "page 2 has an annotation (/Text)"))),
        ("", "the rest of the file", "text changed", "page 2 has an annotation"),
    ),
}
# What is other here, and the cause that is then named for another number.
EXPLAINED: dict[str, tuple[dict[str, Any], str, str]] = {
    "nothing": ({}, "unexplained", "the same code, versions and data"),
    "data": ({"made_of": (Table("trnX-3d.csv", "has 1 line"),)}, "data differ", "trnX-3d.csv has 1 line"),
    "code": (
        {"made_with": structs.replace(MADE_WITH, code={"report": "1", "templates": "9"})},
        "code or versions differ",
        "the code differs: templates",
    ),
    "versions": (
        {"made_with": structs.replace(MADE_WITH, versions={"numpy": "2.3.0"})},
        "code or versions differ",
        "versions differ: numpy 2.4.6, here 2.3.0",
    ),
    "environment": (
        {"environment": {**ENVIRONMENT, "blas": [{**BLAS, "architecture": "SkylakeX", "threads": 2}]}},
        "environment differs",
        "kernels Haswell, here SkylakeX; threads 1, here 2",
    ),
    "notebook": (
        {"cells": (CELLS[0], Cell("2a", "code", "# Question 2(a): the default\nfit(alpha=1)"))},
        "notebook differs",
        "the cell \u201cQuestion 2(a): the default\u201d was edited",
    ),
}


def test_what_agrees_matches() -> None:
    """Reported, attached and reproduced the same: nothing is told, with pages or without."""
    assert ([], []) == judged()
    assert ([], []) == judged(pages=None)


@pytest.mark.parametrize("case", CASES)
def test_which_side_was_changed(case: str) -> None:
    """One side says something else: its question, its quantity, the cause and the place are named."""
    sides, (question, quantity, cause, words) = CASES[case]
    found, _ = judged(*sides)

    told = [row for row in found if (row.question, row.quantity) == (question, quantity)]
    assert [cause] == [row.cause for row in told], found
    assert words in told[0].reason
    assert {question} == {row.question for row in found}


@pytest.mark.parametrize("case", EXPLAINED)
def test_what_explains_another_number(case: str) -> None:
    """Text, attachment and notebook agree and another number comes out: the likeliest cause is named."""
    changed, cause, words = EXPLAINED[case]
    made = reproduced(results(OTHER), **{"record": OTHER, **changed})
    found, _ = judged(made=made, pages=shown())
    (row,) = [row for row in found if (row.question, row.quantity) == ("2a", "development accuracy")]

    assert cause == row.cause
    assert words in row.reason


@pytest.mark.parametrize("case", ["code", "versions", "environment"])
def test_another_place_alone_is_a_remark(case: str) -> None:
    """Other code, versions or kernels that change no number are worth a remark, not a failure."""
    found, remarks = judged(made=reproduced(**EXPLAINED[case][0]))

    assert [] == found
    assert 1 == sum(remark.startswith("Made with ") for remark in remarks)


def test_another_tex_cannot_be_judged_where_it_differs() -> None:
    """Where pages of another TeX differ, the question cannot be judged; where they agree, it is a remark."""
    tex = {"tex": ("(TeX Live 2031/Debian)", "A"), "tex_here": ("(TeX Live 2022/Debian)", "A")}
    other = structs.replace(shown(Place("1b", 2, "page 2 differs")), **tex)
    found, _ = judged(pages=other)
    same, remarks = judged(pages=structs.replace(SAME, same=Same.TEXT, **tex))

    assert [("1b", Outcome.UNJUDGED)] == [(row.question, row.outcome) for row in found]
    assert "TeX Live 2031, here TeX Live 2022" in found[0].reason
    assert [] == same
    assert any("breaks lines elsewhere" in remark for remark in remarks)


@pytest.mark.parametrize(
    ("pages", "remark"),
    [
        (Pages(Same.OBJECTS, 7, "qpdf"), "saved again by another program"),
        (Pages(Same.SIGHT, 7, "GPL Ghostscript 10.00.0"), "written anew by GPL Ghostscript 10.00.0"),
    ],
)
def test_another_program_is_a_remark(pages: Pages, remark: str) -> None:
    """A file that another program wrote, the same in all else, matches; the program is named."""
    found, remarks = judged(pages=pages)

    assert [] == found
    assert remark in remarks[0]


def test_what_was_not_trained_is_open() -> None:
    """With --fast the search was not trained: that is said, and is no mismatch."""
    handed_in = HandedIn("x", b"", {})
    rows, _ = compare(handed_in, evidence(), reproduced(trained=1), SAME, {})
    (row,) = [row for row in rows if row.quantity == "search"]

    assert (Outcome.OPEN, "1 of 2 settings were trained (--fast)") == (row.outcome, row.reason)


def test_pages_that_differ_where_values_do_follow_from_them() -> None:
    """A question whose value does not match has other pages, too: told once."""
    pages = shown(Place("2a", 3, "page 3 differs"), **{"2a__dev__accuracy": "0.6334"})
    found, _ = judged(pages=pages)

    assert ["development accuracy"] == [row.quantity for row in found]


def test_the_worst_outcome_counts() -> None:
    """A question is as good as the worst of its quantities."""
    rows = [Quantity("2", "x", "y", outcome=outcome) for outcome in (Outcome.MATCH, Outcome.OPEN)]

    assert Outcome.OPEN is worst(rows)
    assert Outcome.MISMATCH is worst([*rows, Quantity("2", "x", "y", **mismatch("", ""))])
    assert Outcome.MATCH is worst([])


# --- the verdict
ABOUT = {
    "name": "submission.pdf",
    "sha256": "0",
    "pages": 7,
    "author": {"name": "Ada", "id": "al"},
    "data": {},
}


@pytest.fixture
def found() -> Verdict:
    """Return a verdict with a mismatch, a note, a long name and something that was not compared."""
    long = (
        "hidden_layer_sizes=(50, 50), activation=relu, solver=adam, learning_rate_init=0.001, batch_size=16"
    )
    rows = (
        Quantity("1a", "formulas", "LaTeX", "", "27 formulas", "27 formulas"),
        Quantity(
            "2a", "training accuracy", "count", "0.7177", **mismatch("text changed", "changed: \x1b[2J" * 9)
        ),
        Quantity("2b", "the five together", "exact", long, long, long),
        Quantity("2b", "search", "count", outcome=Outcome.OPEN, reason="2 of 300 settings were trained"),
        Quantity("", "the rest of the file", "sight", **mismatch("text changed", "page 2 has an annotation")),
    )
    return Verdict(ABOUT, rows, ("A remark. " * 20,), ("verify/page-2.png",), fast=True)


def test_the_table_fits_a_terminal(found: Verdict) -> None:
    """No line is longer than 80 columns, nothing talks to the terminal, and colour changes no word."""
    plain, coloured = (verdict.table(found, colour=colour) for colour in (False, True))

    assert 80 >= max(map(len, plain))
    assert "\x1b" not in "".join(plain)
    for code in ("\x1b[32m", "\x1b[1;31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"):
        coloured = [line.replace(code, "") for line in coloured]
    assert plain == coloured
    last = "MISMATCH: 2(a), the submission as a whole. Pictures: verify/page-2.png."
    assert last == " ".join(" ".join(plain[-2:]).split())


def test_gradescope_takes_points_from_what_differs_alone(found: Verdict) -> None:
    """A question that does not match gets none of its points; a note beside the answers takes none."""
    told = verdict.gradescope(found)
    scores = {test["number"]: (test["score"], test["max_score"]) for test in told["tests"]}

    assert {"1a": (2, 2), "1f": (2, 2), "2a": (0, 3), "2b": (5, 5)}.items() <= scores.items()
    assert 17 == sum(score for score, _ in scores.values())
    assert "page 2 has an annotation" in told["output"]


def test_what_cannot_be_judged_is_told() -> None:
    """There is a result with the reason, no points, and no word of a mismatch."""
    none = Verdict({"name": "x"}, error=UnjudgedError("The PDF is damaged.", "Hand in another."))
    told, content = verdict.gradescope(none), verdict.contents(none)

    assert (0, True) == (told["score"], "The PDF is damaged.\nHand in another." in told["output"])
    assert ("cannot be judged", {"not compared"}) == (content["verdict"], {*content["questions"].values()})
    assert "mismatch" not in json.dumps([told, content])
    assert [0, 1, 2] == [EXIT[outcome] for outcome in (Outcome.MATCH, Outcome.MISMATCH, Outcome.UNJUDGED)]


def test_verify_json_is_documented(found: Verdict) -> None:
    """Every name in verify.json stands in docs/verify.md, and so does every outcome and cause."""
    told = (Path(__file__).resolve().parents[2] / "docs" / "verify.md").read_text(encoding="utf-8")
    content = verdict.contents(found)
    names = {*content, *content["submission"], *content["rows"][0], *Outcome, *Cause}

    assert json.loads(json.dumps(content)) == content
    assert [] == sorted(name for name in names if f'"{name}"' not in told and f"`{name}`" not in told)


@pytest.mark.parametrize("content", [b"my notes", b"{}", b'{"tests": []}', b"[" * 10_000, b""])
def test_a_file_of_somebody_else_is_left_alone(content: bytes, found: Verdict, tmp_path: Path) -> None:
    """A file that this command did not make is refused and not touched; its own is replaced."""
    file = tmp_path / "results.json"
    file.write_bytes(content)
    with pytest.raises(InputError, match="exists and was not written by this command"):
        verdict.write(file, verdict.gradescope(found))
    assert content == file.read_bytes()

    file.unlink()
    for made in (verdict.gradescope, verdict.contents):
        verdict.write(file, made(found))
    assert [file] == [*tmp_path.iterdir()]


def test_a_link_is_not_followed(found: Verdict, tmp_path: Path) -> None:
    """A link where a result should go is refused: it may point at any file."""
    precious, link = tmp_path / "precious", tmp_path / "results.json"
    precious.write_text("mine", encoding="utf-8")
    link.symlink_to(precious)
    with pytest.raises(InputError, match="is not a plain file"):
        verdict.write(link, verdict.contents(found))

    assert "mine" == precious.read_text(encoding="utf-8")


def test_the_console_tells_whether_it_takes_colour() -> None:
    """Colour is settled by the stream and the environment, once for messages and table."""
    assert [True, False] == [
        Console.for_stream(io.StringIO(), {"FORCE_COLOR": "1"}).colour,
        Console.for_stream(io.StringIO(), {}).colour,
    ]
