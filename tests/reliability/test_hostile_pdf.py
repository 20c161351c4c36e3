"""Hostile submissions: PDFs and attachments made to break their reader get one sentence, do nothing."""

import io
import json
import zlib
from pathlib import Path

import pikepdf
import pytest
from msgspec import to_builtins

from experiments.record import MIME, Counts, Record, Search, Setting
from report.bundle import zipped
from report.confined import UnjudgedError
from report.console import Console
from report.verify import evidence
from report.verify.catalog import read
from report.verify.command import Work
from report.verify.findings import Carried

BUILD = Path(__file__).resolve().parents[2] / "build"
MANY = 60_000
TOML = b'[author]\nname = "Eve"\n[course]\ntitle = "T"\nhomework = "H"\ndue = "D"\n'
RESULTS, LEDGER = (json.loads((BUILD / name).read_bytes()) for name in ("results.json", "ledger.json"))
SEARCH, VERSIONS = Search((1,), (1,), (1,), (True,)), RESULTS["made_with"]["versions"]
RECORD = to_builtins(
    Record(Counts(1, 1), Counts(1, 1), Setting(batch_size=60), Counts(60, 30), 1, SEARCH, VERSIONS)
)


def notebook(*records):
    """Return a notebook whose only cell leaves records."""
    outputs = [{"output_type": "display_data", "metadata": {}, "data": {MIME: each}} for each in records]
    cell = {"cell_type": "code", "metadata": {"tags": ["2a"]}, "source": "1", "outputs": outputs}
    return json.dumps({"cells": [cell]}).encode()


def results(**changed):
    """Give results.json with some entries changed."""
    return json.dumps({**RESULTS, **changed}).encode()


def attachments(**changed):
    """Give four attachments of the right shape, some of them changed."""
    return {
        "homework03.ipynb": changed.get("notebook", notebook(RECORD)),
        "ledger.json": changed.get("ledger", json.dumps(LEDGER).encode()),
        "report.toml": TOML + changed.get("toml", b""),
        "results.json": changed.get("results", results()),
    }


def stream(content, entries=""):
    """Give a stream object, compressed if nothing is said of its filter."""
    if "/Filter" not in entries:
        content, entries = zlib.compress(content, 9), f"/Filter /FlateDecode {entries}"
    return f"<</Length {len(content)} {entries}>>\nstream\n".encode() + content + b"\nendstream"


def written(objects, trailer="/Root 1 0 R"):
    """Write objects as a PDF with a sound table of where they are."""
    out, places = io.BytesIO(), {}
    out.write(b"%PDF-1.5\n")
    for number, body in objects.items():
        places[number] = out.tell()
        out.write(f"{number} 0 obj\n".encode() + body + b"\nendobj\n")
    start, size = out.tell(), max(objects) + 1
    out.write(f"xref\n0 {size}\n0000000000 65535 f \n".encode())
    for number in range(1, size):
        out.write(f"{places.get(number, 0):010d} 00000 {'n' if number in places else 'f'} \n".encode())
    out.write(f"trailer\n<</Size {size} {trailer}>>\nstartxref\n{start}\n%%EOF\n".encode())
    return out.getvalue()


def pdf(content=b"BT ET", *, files=None, page="", names="", more=None, trailer="/Root 1 0 R"):
    """Make a PDF of one page with attachments: object 4 is the page's content, 10 and up are the files."""
    files = attachments() if files is None else files
    objects = {
        2: b"<</Type /Pages /Kids [3 0 R] /Count 1>>",
        3: f"<</Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R {page}>>".encode(),
        4: stream(content),
    }
    tree = []
    for place, (name, body) in enumerate(files.items()):
        number = 10 + 2 * place
        objects[number] = stream(body, "/Type /EmbeddedFile")
        objects[number + 1] = f"<</Type /Filespec /F ({name}) /UF ({name}) /EF <</F {number} 0 R>>>>".encode()
        tree.append(f"({name}) {number + 1} 0 R")
    names = names or f"<</Names [{' '.join(tree)}]>>"
    objects[1] = f"<</Type /Catalog /Pages 2 0 R /Names <</EmbeddedFiles {names}>>>>".encode()
    return written(dict(sorted((objects | (more or {})).items())), trailer)


def encrypted(password):
    """Encrypt a sound PDF."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf())) as file:
        file.save(out, encryption=pikepdf.Encryption(user=password, owner="owner"))
    return out.getvalue()


FONT = "/Resources <</Font <</F1 5 0 R>>>>"
LOOP = {5: stream(b"q", "/Type /XObject /Subtype /Form /Resources <</XObject <</X 5 0 R>>>>")}
DEEP = {n: f"<</A {n + 1} 0 R>>".encode() for n in range(100, 400)} | {400: b"<</A 1>>"}
BOMB = b"\0" * (200 * 2**20)
LARGE = b"[search]\nhidden_layer_sizes = [[10000, 10000, 10000, 10000, 10000]]\n"
PDFS = {
    "cut off": lambda: pdf()[:900],
    "noise": lambda: b"%PDF-1.5\n" + bytes(range(256)) * 40,
    "tables in a circle": lambda: pdf(files={}, trailer=f"/Root 1 0 R /Prev {pdf(files={}).index(b'xref')}"),
    "encrypted": lambda: encrypted("secret"),
    "encrypted without a password": lambda: encrypted(""),
    "no root": lambda: pdf(files={}, trailer=""),
    "a root that is a number": lambda: pdf(more={1: b"7"}),
    "no pages": lambda: pdf(more={2: b"<</Type /Pages /Kids [] /Count 0>>"}, files={}),
    "pages in a circle": lambda: pdf(more={2: b"<</Type /Pages /Kids [2 0 R] /Count 1>>"}),
    "pages in a deep tree": lambda: pdf(
        more={
            2: b"<</Type /Pages /Kids [100 0 R] /Count 1>>",
            **{n: f"<</Type /Pages /Kids [{n + 1} 0 R] /Count 1>>".encode() for n in range(100, 2000)},
            2000: b"<</Type /Page>>",
        }
    ),
    "too many pages": lambda: pdf(more={2: f"<</Type /Pages /Kids [{'3 0 R ' * 300}] /Count 300>>".encode()}),
    "attachments that are large together": lambda: pdf(files={f"{n}": bytes(7 * 2**20) for n in range(8)}),
    "a bomb as attachment": lambda: pdf(files=attachments(ledger=BOMB)),
    "a figure in itself": lambda: pdf(
        b"/X Do", page="/Resources <</XObject <</X 5 0 R>>>>", more=LOOP, files={}
    ),
    "a mark whose name is no text": lambda: pdf(b"/Span /P\xff BDC EMC", files={}),
    "text to be copied that two names share": lambda: pdf(
        page="/Resources <</Properties <</A 5 0 R /B 5 0 R>>>>", more={5: b"<</ActualText (x)>>"}, files={}
    ),
    "one attachment short": lambda: pdf(files={k: v for k, v in attachments().items() if k != "ledger.json"}),
    "an attachment that climbs": lambda: pdf(files={**attachments(), "../../canary": b"x"}),
    "an attachment of a drive": lambda: pdf(files={**attachments(), "C:canary": b"x"}),
    "too many attachments": lambda: pdf(files={**attachments(), **{f"f{n}": b"" for n in range(60)}}),
    "an attachment that is no file": lambda: pdf(names="<</Names [(results.json) 2 0 R]>>"),
    "attachments in a circle": lambda: pdf(names="5 0 R", more={5: b"<</Kids [5 0 R]>>"}),
    "a zip that climbs": lambda: zipped({"../submission.pdf": pdf()}),
    "a sound PDF with other evidence": lambda: pdf(files=attachments(results=b"[]")),
    "a notebook without versions": lambda: pdf(
        files=attachments(notebook=notebook({**RECORD, "versions": {}}))
    ),
    "networks of 400 million weights": lambda: pdf(files=attachments(toml=LARGE)),
}
# Pages that are broken, of files that can be read; those that take seconds are slow.
BROKEN = {
    "a bomb as content": lambda: pdf(BOMB),
    "dictionaries in dictionaries": lambda: pdf(b"/A " + b"<</A " * MANY + b" BDC"),
    "filters upon filters": lambda: pdf(more={4: stream(b"x", f"/Filter [{'/FlateDecode ' * 50}]")}),
    "a filter that runs a program": lambda: pdf(more={4: stream(b"x", "/Filter /JBIG2Decode")}),
    "a length that lies": lambda: pdf(more={4: b"<</Length 999999999>>\nstream\nq\nendstream"}),
    "saved states without end": lambda: pdf(b"q " * MANY),
    "marked contents without end": lambda: pdf(b"/A BMC " * MANY),
    "arrays in arrays": lambda: pdf(b"[" * MANY + b"] TJ"),
    "a million rules": lambda: pdf(b"0 0 m 1 1 l S " * 450_000),
    "a path without end": lambda: pdf(b"1 1 l " * 200_000),
    "objects within objects": lambda: pdf(b"/X Do", page="/Resources <</XObject <</X 100 0 R>>>>", more=DEEP),
    "operands of the wrong kind": lambda: pdf(b"(a) (b) Td"),
    "numbers beyond all bounds": lambda: pdf(b"1" * 5000 + b" 0 Td"),
    "a font that is a number": lambda: pdf(b"BT /F1 9 Tf (A) Tj", page=FONT, more={5: b"7"}),
    "a font with broken tables": lambda: pdf(
        b"BT /F1 9 Tf (A) Tj",
        page=FONT,
        more={5: b"<</BaseFont /F /Encoding <</Differences [(x) [1]]>> /Widths [(a)] /FirstChar /x>>"},
    ),
    "annotations that are none": lambda: pdf(page="/Annots [1 2 3]"),
}
ATTACHED = {
    "results that nest": {"results": b"[" * MANY},
    "an environment that nests": {
        "results": results().replace(b'"pinned": true', b'"pinned": ' + b"[" * 900 + b"]" * 900)
    },
    "results with a number of 10,000 digits": {"results": b'{"schema": ' + b"1" * 10_000 + b"}"},
    "results of another schema": {"results": results(schema=2)},
    "a count that is a text": {
        "results": results(values={"2a.x": {**RESULTS["values"]["2a.dev.accuracy"], "correct": "1"}})
    },
    "a question that is none": {"results": results(formulas={"a": {"question": "9z", "latex": ""}})},
    "a formula without end": {"results": results(formulas={"a": {"question": "1a", "latex": "x" * MANY}})},
    "a name that is a command to the terminal": {"results": results(values={"\x1b[2J": 1})},
    "an environment of another shape": {"results": results(environment={"pinned": True})},
    "a seed beyond all": {"results": results(seed=2**80)},
    "a first record that is none": {"notebook": notebook("none", RECORD)},
    "text that is no UTF-8": {"results": b"\xff\xfe"},
    "an object of 30,000 entries": {
        "results": results(made_with={"code": {f"{n}": "" for n in range(30_000)}, "versions": {}})
    },
    "results of nine megabytes": {"results": results() + b" " * 9 * 2**20},
    "a configuration of a megabyte": {"toml": b"#" * 2**20},
    "a configuration with another key": {"toml": b"[shell]\nrun = 'x'\n"},
}


@pytest.mark.parametrize("name", PDFS)
def test_hostile_submissions(name, tmp_path, monkeypatch, unbuilt, command):
    """It cannot be judged: exit 2 and one sentence, no traceback, nothing written anywhere."""
    room, scratch = tmp_path / "room", tmp_path / "scratch"
    for folder in (room, scratch):
        folder.mkdir()
    monkeypatch.chdir(room)
    file, scores, verdict = room / "submission.pdf", room / "scores.json", room / "verify.json"
    file.write_bytes(PDFS[name]())
    done = command(
        *("verify", file, "--data", unbuilt.data, "--gradescope", scores, "--fast"),
        environ={"TMPDIR": str(scratch)},
    )
    told = done.stdout + done.stderr
    errors = [line for line in told.splitlines() if line.startswith("ERROR ")]

    assert (2, 1) == (done.returncode, len(errors)), told
    assert not [
        word for word in ("bug in the program", "Traceback", "templates/", "BytesIO", "\x1b") if word in told
    ]
    assert errors[0].endswith((".", "..."))
    assert {file, scores, verdict} == {*room.rglob("*")}
    assert [] == [path.name for path in scratch.iterdir() if path.name.startswith("verify-")]
    assert {room, scratch} == {*tmp_path.iterdir()}
    written = json.loads(verdict.read_text())
    points = json.loads(scores.read_text())
    assert ("cannot be judged", 0) == (written["verdict"], points["score"])
    assert written["reason"] in points["output"]


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow if name == "a million rules" else ()) for name in BROKEN],
)
def test_broken_pages(name, tmp_path):
    """They break no comparison: they differ from a sound page, or one sentence says that limits are met."""
    work = Work(tmp_path, Console(io.StringIO(), colour=False, live=False))
    work.anew.mkdir(parents=True)
    (work.anew / "submission.pdf").write_bytes(pdf())
    file = tmp_path / "submission.pdf"
    file.write_bytes(BROKEN[name]())
    try:
        told = [place.what for place in work.compare(file).places]
    except UnjudgedError as refused:
        told = [str(refused)]

    other = {
        "page 1 is not of the report",
        "page 1 cannot be compared: it holds no text (a picture of it is not enough)",
    }
    assert bool(other & {*told}) != ("within 120 s and 768 MiB: it" in told[0]), told


@pytest.mark.parametrize("name", ATTACHED)
def test_hostile_attachments(name):
    """What is not as a build writes it is refused with one sentence, escape sequences shown and not sent."""
    with pytest.raises(UnjudgedError) as refused:
        evidence.gather(Carried(attachments(**ATTACHED[name]), 1, ""), {}, {})
    assert "\x1b" not in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 600


def test_the_harmless_one_is_read():
    """The PDF that the hostile ones are made from is read: they fail for what is in them."""
    assert "Eve" == evidence.gather(read(pdf()), {}, {}).config.author.name
