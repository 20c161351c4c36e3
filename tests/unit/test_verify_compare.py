"""The rules of the comparison: which side was changed, what may explain another number, and the verdict.

The sample submission's attachments are compared with themselves, one of them changed: nothing is made anew.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec import structs

from experiments.record import Counts, values
from report.errors import InputError
from report.verify import evidence, verdict
from report.verify.compare import compare
from report.verify.evidence import Evidence, HandedIn
from report.verify.findings import (
    CELLS,
    DATA,
    DATA_BESIDE,
    FOLLOWING,
    HARMLESS,
    NOTEBOOK_BESIDE,
    UNKNOWN,
    UNREAD,
    Cause,
    Difference,
    Outcome,
    Pages,
    Quantity,
    Reproduced,
    Same,
    Shown,
    Why,
)

ROOT = Path(__file__).resolve().parents[2]
GIVEN = evidence.load(ROOT / "build")
RESULTS, RECORD, MADE_WITH = GIVEN.results, GIVEN.notebook.record, GIVEN.results.made_with
SAME = Pages(Same.BYTES)
DEV = "2a.dev.accuracy"
PRINTED = RESULTS.values[DEV].printed
# The sample's default network with one development sample less.
OTHER = structs.replace(RECORD, default=structs.replace(RECORD.default, dev=RECORD.default.dev - 1))


def attached(record=RECORD, **changed):
    """Return the attached files, with another record or other entries of results.json."""
    return Evidence(
        files=GIVEN.files,
        config=GIVEN.config,
        notebook=structs.replace(GIVEN.notebook, record=record),
        results=structs.replace(RESULTS, **changed),
        ledger=GIVEN.ledger,
    )


def reproduced(of=RESULTS, differing=None, **changed):
    """Return a reproduction that finds what is attached, some files or other parts of it changed."""
    sound = Reproduced(
        results=of,
        ledger=GIVEN.ledger,
        record=RECORD,
        files=dict.fromkeys((DATA, DATA_BESIDE, CELLS, NOTEBOOK_BESIDE), ()) | (differing or {}),
        environment=RESULTS.environment,
        made_with=MADE_WITH,
        trained=len(RECORD.search.dev),
        no_pages="",
    )
    return structs.replace(sound, **changed)


def shown(*places, texts=None, over=""):
    """Return pages that differ, and show other texts for some keys, or none, or something over one."""
    printed = {key: value.printed for key, value in RESULTS.values.items()} | (texts or {})
    read = {
        key: (Shown(3, "".join(text.split()), plain=key != over),) for key, text in printed.items() if text
    }
    return Pages(Same.NO, places=places, shown=read)


def judged(*sides, paged=True):
    """Return the quantities that do not match, and the remarks; sides that are not given are as they were."""
    of = {type(side): side for side in (GIVEN, reproduced(), SAME, *sides)}
    starts = dict.fromkeys(("1a", "1b", "1c", "1d", "1e", "1f", "2a", "2b"), 1)
    rows, remarks = compare(
        HandedIn("submission.pdf", b"", {}),
        of[Evidence],
        of[Reproduced],
        of[Pages] if paged else None,
        starts,
    )
    return [row for row in rows if row.outcome is not Outcome.MATCH], remarks


def value(key, **changed):
    """Return the reported values with one changed."""
    return RESULTS.values | {key: structs.replace(RESULTS.values[key], **changed)}


BONUS = RESULTS.values | {"zz.bonus": RESULTS.values["2b.gain"]}
COUNTED = structs.replace(RECORD, default=Counts(1, RECORD.default.dev))
CHECKS = tuple(structs.replace(check, passed=check.id != "1a.nesting") for check in GIVEN.ledger.checks)
FAILED = structs.replace(GIVEN.ledger, checks=CHECKS)
ONE_VALUE = Difference("2", "trnX-3d.csv has 1.0 in line 2")
ONE_HASH = Difference("2", "trnX-3d.csv has sha256 0... in the submission, 1... here", kind=UNKNOWN)
ONE_CELL = Difference("2b", "the cell \u201cSearch\u201d was edited")
OTHER_CODE = structs.replace(MADE_WITH, code=MADE_WITH.code | {"study": "9"})
EPOCHS = structs.replace(RECORD.search, epochs=(1, *RECORD.search.epochs[1:]))
SEARCHED = structs.replace(RECORD, search=EPOCHS)
NUMBER, TEXT, ATTACHMENT = "development accuracy", "text changed", "attachment changed"
EDITED = "notebook's cells"
# The question, the quantity, the cause, words of the reason; then what is attached, made or shown.
CASES = [
    (
        *("2a", NUMBER, TEXT, "results.json was changed after the build: its 'printed'"),
        (attached(values=value(DEV, printed="0.9999")), shown(texts={DEV: "0.9999"})),
    ),
    ("2b", "best minus default", TEXT, "no page shows it", (shown(texts={"2b.gain": ""}),)),
    ("2a", NUMBER, TEXT, f"{PRINTED} on page 3 is painted otherwise", (shown(over=DEV),)),
    *(
        (
            "2a",
            NUMBER,
            ATTACHMENT,
            f"its {field!r} is {other!r}",
            (attached(values=value(DEV, **{field: other})),),
        )
        for field, other in {"printed": "0.9999", "correct": 20, "total": 31, "value": 0.9}.items()
    ),
    ("2b", "bonus", ATTACHMENT, "invents", (attached(values=BONUS),)),
    ("2a", "training accuracy", ATTACHMENT, "the notebook gives another number", (attached(COUNTED),)),
    ("1a", "checks", ATTACHMENT, "1a.nesting", (reproduced(ledger=FAILED),)),
    ("", "seed, rows, columns", ATTACHMENT, "seed", (attached(seed=1),)),
    ("2b", "search", "unexplained", "1 setting", (reproduced(record=SEARCHED),)),
    ("2", "data handed in", "data differ", "line 2", (reproduced(differing={DATA_BESIDE: (ONE_VALUE,)}),)),
    ("2b", EDITED, "notebook differs", "was edited", (reproduced(differing={CELLS: (ONE_CELL,)}),)),
    (
        *("2", EDITED, "data differ", "was edited; the data differ (see"),
        (reproduced(differing={CELLS: (structs.replace(ONE_CELL, question="2"),), DATA: (ONE_VALUE,)}),),
    ),
    (
        *("2", "data", "data differ", "(name others with --data): trnX-3d.csv has 1.0"),
        (reproduced(differing={DATA: (ONE_VALUE,)}),),
    ),
    (
        *("2b", "pages", "data differ", "page 6 differs; the data differ"),
        (reproduced(differing={DATA: (ONE_HASH,)}), shown(Difference("2b", "page 6 differs", 6, FOLLOWING))),
    ),
    (
        *("2b", EDITED, "code or versions differ", "was edited; the code differs: study"),
        (reproduced(differing={CELLS: (ONE_CELL,)}, made_with=OTHER_CODE),),
    ),
    ("", "the rest of the file", TEXT, "page 2 has a note", (shown(Difference("", "page 2 has a note", 2)),)),
]
# What is other here, and the cause that is then named for another number.
KERNELS = [library | {"architecture": "SkylakeX", "threads": 2} for library in RESULTS.environment["blas"]]
EXPLAINED = [
    ("code or versions differ", "the code differs: study", {"made_with": OTHER_CODE}),
    (
        *("code or versions differ", f"versions differ: numpy {MADE_WITH.versions['numpy']}, here 2.3.0"),
        {"made_with": structs.replace(MADE_WITH, versions=MADE_WITH.versions | {"numpy": "2.3.0"})},
    ),
    (
        *("environment differs", "kernels Haswell, here SkylakeX; threads 1, here 2"),
        {"environment": RESULTS.environment | {"blas": KERNELS}},
    ),
    ("unexplained", "the same code, versions and data", {}),
    ("data differ", "the data differ (see \u201cdata\u201d)", {"differing": {DATA: (ONE_VALUE,)}}),
    ("notebook differs", "the cell \u201cSearch\u201d was edited", {"differing": {CELLS: (ONE_CELL,)}}),
]


def test_what_agrees_matches():
    """Reported, attached and reproduced the same: nothing is told; without pages they are not compared.

    What is only written otherwise is a remark, once.
    """
    assert ([], []) == judged()
    same = (Difference("2", "trnX-3d.csv has the same numbers, other line ends", kind=HARMLESS),)
    assert ([], [f"{same[0].what}."]) == judged(reproduced(differing={DATA: same, DATA_BESIDE: same}))
    ((row,), remarks) = judged(reproduced(differing={DATA: (ONE_HASH,)}))
    assert (Outcome.OPEN, ONE_HASH.what, []) == (row.outcome, row.reason, remarks)
    assert {("pages", Outcome.OPEN)} == {(row.quantity, row.outcome) for row in judged(paged=False)[0]}


@pytest.mark.parametrize(
    ("question", "quantity", "cause", "words", "sides"), CASES, ids=[case[3] for case in CASES]
)
def test_which_side_was_changed(question, quantity, cause, words, sides):
    """One side says something else: its question, its quantity, the cause and the place are named."""
    found, _ = judged(*sides)

    told = [row for row in found if (row.question, row.quantity) == (question, quantity)]
    assert [cause] == [row.cause for row in told], found
    assert words in told[0].reason
    assert {question} == {row.question for row in found if row.outcome is Outcome.MISMATCH}


@pytest.mark.parametrize(("cause", "words", "changed"), EXPLAINED, ids=[case[1] for case in EXPLAINED])
def test_what_explains_another_number(cause, words, changed):
    """Text, attachment and notebook agree and another number comes out: the likeliest cause is named.

    Other code, versions or kernels that change no number are worth a remark, not a failure.
    """
    made = reproduced(structs.replace(RESULTS, values=values(OTHER)), record=OTHER, **changed)
    found, _ = judged(made, shown())
    (row,) = [row for row in found if (row.question, row.quantity) == ("2a", NUMBER)]

    assert cause == row.cause
    assert words in row.reason
    if {*changed} & {"made_with", "environment"}:
        found, remarks = judged(reproduced(**changed))
        assert [] == found
        assert [words] == [words for remark in remarks if words in remark]


def test_another_tex_cannot_be_judged_where_it_differs():
    """Where pages of another TeX differ, the question cannot be judged; where they agree, it is a remark."""
    tex = "TeX Live 2031, here TeX Live 2022"
    found, _ = judged(structs.replace(shown(Difference("1b", "page 2 differs", 2)), tex=tex))
    same, remarks = judged(structs.replace(SAME, same=Same.TEXT, tex=tex))

    assert [("1b", Outcome.UNJUDGED)] == [(row.question, row.outcome) for row in found]
    assert tex in found[0].reason
    assert [] == same
    assert any("breaks lines elsewhere" in remark for remark in remarks)


def test_pages_that_cannot_be_read_cannot_be_judged():
    """The question of such a page is open, its numbers are not told as missing; another page is judged."""
    unread = Difference("2a", "page 3 cannot be compared: it is a picture", 3, UNREAD)
    found, _ = judged(shown(unread, Difference("1b", "page 2 differs", 2), texts={DEV: ""}))

    assert {("1b", Outcome.MISMATCH), ("2a", Outcome.UNJUDGED)} == {
        (row.question, row.outcome) for row in found
    }
    assert f"{unread.what}; hand in the PDF that the build made" in [row.reason for row in found]


def test_what_a_program_dropped_is_a_remark():
    """What is lost beside the pages is named, and is no mismatch."""
    found, remarks = judged(structs.replace(SAME, same=Same.OBJECTS, lost=("bookmarks", "links", "tags")))

    assert [] == found
    told = "The file was saved again by another program, which dropped its bookmarks, links and tags."
    assert [told] == remarks


def test_what_was_not_trained_is_open():
    """With --fast the search was not trained: that is said, and is no mismatch."""
    found, _ = judged(reproduced(trained=2))

    assert {Outcome.OPEN} == {row.outcome for row in found}
    assert f"2 of {len(RECORD.search.dev)} settings were trained (--fast)" == found[0].reason


def test_pages_that_differ_where_values_do_follow_from_them():
    """A question whose value does not match has other pages, too: told once."""
    found, _ = judged(shown(Difference("2a", "page 3 differs", 3, FOLLOWING), texts={DEV: "0.6334"}))

    assert [("development accuracy", "text changed"), ("pages", "follows from another")] == [
        (row.quantity, row.cause) for row in found
    ]


# --- the verdict, of a file whose name is no UTF-8
ABOUT = {"name": "caf\udce9.pdf", "sha256": "0", "pages": 7, "author": {"name": "Ada", "id": ""}, "data": {}}


@pytest.fixture
def found():
    """Return a verdict with a mismatch, a note, a long name and something that was not compared."""
    rows = [
        Quantity("1a", "formulas", "LaTeX", "", "27 formulas", "27 formulas"),
        Quantity("2a", "training accuracy", "count", "0.7").because(Why("text changed", "a \x1b[2J" * 30)),
        Quantity("2b", "the five together", "exact", "hidden_layer_sizes=(50, 50), activation=relu"),
        Quantity("2b", "search", "count").because(Why("", "2 of 300 settings were trained", Outcome.OPEN)),
        Quantity("", "the rest of the file", "sight").because(Why("text changed", "page 2 has a note")),
    ]
    return structs.replace(
        verdict.judged(ABOUT, rows, ["A remark. " * 20], fast=True), pictures=("verify/page-2.png",)
    )


def test_the_table_fits_a_terminal(found):
    """No line is longer than 80 columns, nothing talks to the terminal, and colour changes no word."""
    plain, coloured = (verdict.table(found, colour=colour) for colour in (False, True))

    assert 80 >= max(map(len, plain))
    assert "\x1b" not in "".join(plain)
    for code in ("\x1b[32m", "\x1b[1;31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"):
        coloured = [line.replace(code, "") for line in coloured]
    assert plain == coloured
    last = "MISMATCH: 2(a), the submission as a whole. Pictures: verify/page-2.png."
    assert last == " ".join(" ".join(plain[-2:]).split())


def test_gradescope_takes_points_from_what_differs_alone(found):
    """A question that does not match gets none of its points; a note beside the answers takes none."""
    told = verdict.gradescope(found)
    scores = {test["number"]: (test["score"], test["max_score"]) for test in told["tests"]}

    assert {"1a": (2, 2), "1f": (2, 2), "2a": (0, 3), "2b": (5, 5)}.items() <= scores.items()
    assert 17 == sum(score for score, _ in scores.values())
    assert "page 2 has a note" in told["output"]


def test_verify_json_is_documented(found, tmp_path):
    """Every name in verify.json stands in docs/verify.md, and so does every outcome and cause."""
    told = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")
    verdict.write(tmp_path / "verify.json", found)
    content = json.loads((tmp_path / "verify.json").read_bytes())
    names = {*content, *content["submission"], *content["rows"][0], *Outcome, *Cause}

    assert [] == sorted(name for name in names if f'"{name}"' not in told and f"`{name}`" not in told)


DESCRIBED = b'It writes {"made_by": "generate_report.py verify"}.'  # as docs/verify.md does


@pytest.mark.parametrize("content", [b"my notes", DESCRIBED, b'{"tests": []}', b"[" * 10_000, b"\xff", b""])
def test_a_file_of_somebody_else_is_left_alone(content, found, tmp_path):
    """A file that this command did not make, or a link to any, is refused and not touched; its own is not."""
    file, link = tmp_path / "results.json", tmp_path / "link"
    file.write_bytes(content)
    link.symlink_to(file)
    for place, words in ((file, "exists and was not written by this command"), (link, "is not a plain file")):
        with pytest.raises(InputError, match=words):
            verdict.write(place, verdict.gradescope(found))
    assert content == file.read_bytes()

    file.unlink()
    for made in (verdict.gradescope(found), found):
        verdict.write(file, made)
    assert {file, link} == {*tmp_path.iterdir()}
