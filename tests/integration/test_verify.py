"""Verify on a real submission: untouched it matches, saved again too; each change is found, and why."""

import contextlib
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pikepdf
import psutil
import pytest
from pypdf import PdfWriter

from experiments import dataset
from report.bundle import zipped
from report.verify import pages
from report.verify.findings import UNREAD, Same

pytestmark = pytest.mark.tex
ROOT = Path(__file__).resolve().parents[2]


def recompile(folder):
    """Make the PDF by hand, as ``cd build && latexmk`` does."""
    done = subprocess.run(
        ["latexmk", "-norc", "-r", "latexmkrc", "-g"], cwd=folder, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_the_untouched_submission_matches(project, command, tmp_path):
    """Exit 0, every quantity compared in 80 columns, the notebook run again, and nothing left behind."""
    scratch, scores = tmp_path / "scratch", tmp_path / "gradescope.json"
    scratch.mkdir()
    before = {path.name for path in project.out.iterdir()}
    done = command(
        *("verify", project.out / "submission.zip", "--data", project.data, "--run-notebook"),
        *("--gradescope", scores),
        environ={"TMPDIR": str(scratch)},
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "not compared" not in done.stdout
    assert 80 >= max(len(line) for line in done.stdout.splitlines())
    verdict = json.loads((project.out / "verify.json").read_text(encoding="utf-8"))
    assert ("match", {"match"}) == (verdict["verdict"], {*verdict["questions"].values()})
    assert {"bytes"} == {row["rule"] for row in verdict["rows"] if row["quantity"] == "pages"}
    assert 20 == sum(test["score"] for test in json.loads(scores.read_text(encoding="utf-8"))["tests"])
    assert "WARNING The submission's notebook runs now: it is somebody's code" in done.stderr
    assert 1 == done.stdout.count("notebook, run again")
    assert {"verify.json"} == {path.name for path in project.out.iterdir()} - before
    assert [] == [path.name for path in scratch.iterdir() if path.name.startswith(("verify-", "report-"))]


def test_a_mismatch_is_told_and_ends_with_one(project, command):
    """A digit and a word in the .tex, a formula in the attachment: exit 1, the questions, why, pictures."""
    right = json.loads((project.out / "results.json").read_bytes())["values"]["2a.dev.accuracy"]["printed"]
    wrong = right[:-1] + ("1" if right[-1] != "1" else "2")
    project.edit("build/parts/2a.tex", right, wrong)
    project.edit("build/parts/1e.tex", "positive", "negative" + " or positive" * 9)  # what follows moves
    project.edit("build/results.json", '= h_t (1 - h_t)"', '= h_t (2 - h_t)"')
    recompile(project.out)
    scores = project.root / "gradescope.json"
    done = command(
        *("verify", project.out / "submission.pdf", "--data", project.data, "--fast", "--gradescope", scores),
        environ={"FORCE_COLOR": "1"},
    )
    plain = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout)

    assert 1 == done.returncode, done.stdout + done.stderr
    assert re.search(
        r"^MISMATCH: 1\(b\), 1\(e\), 2\(a\)\. Pictures: verify/page-\d\.png,", plain, re.MULTILINE
    )
    assert re.search(r"the file was changed after the build: page \d differs, near", plain)
    assert re.search(rf"the text was changed after the build: page \d+ shows {wrong}", plain)
    assert "1 formula, the first: 1b.prime" in " ".join(plain.split())
    assert "\x1b[" in done.stdout
    tests = json.loads(scores.read_text(encoding="utf-8"))["tests"]
    assert {"1a": 2, "1b": 0, "1c": 2, "1d": 2, "1e": 0, "1f": 2, "2a": 0, "2b": 5} == {
        test["number"]: test["score"] for test in tests
    }
    assert [b"\x89PNG"] * 2 == [picture.read_bytes()[:4] for picture in (project.out / "verify").iterdir()]


# --- what harmless programs do
def by(*arguments):
    """Return what a program does to a file; IN and OUT stand for the files."""

    def save(given, copy):
        names = {"IN": str(given), "OUT": str(copy)}
        subprocess.run([names.get(word, word) for word in arguments], check=True, capture_output=True)

    return save


def edited(change):
    """Return what a program does that changes something with no bad intent."""

    def save(given, copy):
        with pikepdf.open(given) as pdf:
            change(pdf)
            pdf.save(copy)

    return save


def trimmed(pdf):
    """Say of each page that nothing is cut off."""
    for page in pdf.pages:
        page.TrimBox = page.MediaBox


def nudged(pdf):
    """Place pages as LaTeX's pdfpages does behind a cover: a hair larger, and lower."""
    for page in pdf.pages:
        page.contents_add(b"1.0005 0 0 1.0005 -0.144 -0.186 cm", prepend=True)


@edited
def listed(pdf):
    """Write pages as Ghostscript 10.05 does: text to be copied stands in lists beside the operators."""
    for page in pdf.pages:
        lists = pikepdf.Dictionary()

        def named(found, lists=lists):
            name = f"/L{len(lists)}"
            lists[name] = pikepdf.Object.parse(found[1])
            return f"{name} BDC".encode()

        page.contents_coalesce()
        operators = page.Contents.read_bytes()
        operators = re.sub(rb"(<<\s*/ActualText\s*<[0-9A-Fa-f]*>\s*>>)\s*BDC", named, operators)
        page.Resources["/Properties"] = lists
        page.Contents = pdf.make_stream(b"q 1 0 0 1 0 0 cm " + operators + b" Q")


def joined(given, copy):
    """Join files as pypdf does."""
    writer = PdfWriter()
    writer.append(given)
    writer.write(copy)


CAIRO = by("pdftocairo", "-pdf", "IN", "OUT")
GHOSTSCRIPT = ("gs", "-q", "-sDEVICE=pdfwrite", "-o", "OUT")
ALL_LOST = {"attachments", "bookmarks", "links", "properties", "tags"}
# What is done, and what is lost by it; None where the pages are written anew.
PROGRAMS = {
    "qpdf": (by("qpdf", "--object-streams=generate", "--qdf", "IN", "OUT"), set()),
    "qpdf, linearized": (by("qpdf", "--linearize", "IN", "OUT"), set()),
    "qpdf flattens links": (by("qpdf", "--flatten-annotations=all", "IN", "OUT"), {"links"}),
    "qpdf joins": (by("qpdf", "--empty", "--pages", "IN", "1-z", "--", "OUT"), ALL_LOST),
    "qpdf, for smaller pictures": (by("qpdf", "--optimize-images", "IN", "OUT"), set()),
    "mutool": (by("mutool", "clean", "-gggg", "-z", "IN", "OUT"), set()),
    "mutool joins": (by("mutool", "merge", "-o", "OUT", "IN"), ALL_LOST - {"bookmarks"}),
    "pypdf joins": (joined, ALL_LOST - {"bookmarks", "links"}),
    "attachments deleted": (
        edited(lambda pdf: pdf.Root.Names.EmbeddedFiles.__setitem__("/Names", [])),
        {"attachments"},
    ),
    "no author": (edited(lambda pdf: pdf.trailer.Info.__delitem__("/Author")), {"properties"}),
    "no keywords, which said nothing": (
        edited(lambda pdf: pdf.trailer.Info.__delitem__("/Keywords")),
        set(),
    ),
    "an initial view": (edited(lambda pdf: setattr(pdf.Root, "PageLayout", pikepdf.Name.SinglePage)), set()),
    "boxes that cut nothing": (edited(trimmed), set()),
    "mutool, contents too": (by("mutool", "clean", "-s", "IN", "OUT"), None),
    "copied text in lists": (listed, None),
    "placed a hair otherwise": (edited(nudged), None),
    "ghostscript": (by(*GHOSTSCRIPT, "IN"), None),
    "cairo": (CAIRO, None),
}


@pytest.mark.parametrize(
    "program", [pytest.param(p, marks=pytest.mark.slow if p == "ghostscript" else ()) for p in PROGRAMS]
)
def test_a_file_that_another_program_saved(program, tiny_build, tmp_path):
    """The pages are the same, as objects or as they are seen, and what was lost beside them is named."""
    save, lost = PROGRAMS[program]
    made = tiny_build.out / "submission.pdf"
    save(made, tmp_path / "copy.pdf")
    compared = pages.compare((tmp_path / "copy.pdf").read_bytes(), made.read_bytes())

    assert compared.same == (Same.SIGHT if lost is None else Same.OBJECTS)
    assert ((), lost or set()) == (compared.places, {*compared.lost})


def test_a_stamp_by_a_program_that_wraps_pages_costs_no_answer(tiny_build, tmp_path):
    """What qpdf lays over the margin is of no question; values on the page, now a form, are still read."""
    stamp = pikepdf.new()
    stamp.add_blank_page(page_size=(612, 792))
    stamp.pages[0].Contents = stamp.make_stream(b"1 0 0 rg 400 760 120 12 re f")
    stamp.save(tmp_path / "stamp.pdf")
    made = tiny_build.out / "submission.pdf"
    by("qpdf", "IN", "--overlay", tmp_path / "stamp.pdf", "--", "OUT")(made, tmp_path / "copy.pdf")
    compared = pages.compare((tmp_path / "copy.pdf").read_bytes(), made.read_bytes())
    values = json.loads((tiny_build.out / "results.json").read_bytes())["values"]
    seen = compared.shown["2a.dev.accuracy"]

    assert [("", 1)] == [(place.question, place.page) for place in compared.places]
    assert (1, values["2a.dev.accuracy"]["printed"], True) == (seen[0].page, seen[0].text, seen[0].plain)


@pytest.mark.parametrize(
    ("save", "words"),
    [
        (
            by(*GHOSTSCRIPT, "-sPAPERSIZE=a4", "-dFIXEDMEDIA", "-dPDFFitPage", "IN"),
            "on other paper (595 x 842",
        ),
        (by(*GHOSTSCRIPT, "-dNoOutputFonts", "IN"), "it holds no text"),
        (by("mutool", "convert", "-o", "OUT", "IN"), "some characters have no names"),
    ],
    ids=["other paper", "outlines", "text without names"],
)
def test_pages_that_cannot_be_read_are_told_as_that(save, words, tiny_build, tmp_path):
    """Where characters cannot be compared, the one reason is told, and no character as another."""
    made = tiny_build.out / "submission.pdf"
    save(made, tmp_path / "copy.pdf")
    compared = pages.compare((tmp_path / "copy.pdf").read_bytes(), made.read_bytes())

    assert {UNREAD} == {place.kind for place in compared.places}
    assert [] == [place.what for place in compared.places if words not in place.what]
    assert {} == compared.shown


def test_a_hand_in_that_was_touched(tiny_build, tmp_path, command):
    """In a zip in a zip, written anew, numbered by a browser, by Colab, with Windows' line ends: all points.

    The data at hand lack the last line ends, and a further file lies there.

    What else is done to hand-ins is tested one by one in tests/unit/test_verify_hand_ins.py.
    """
    listed(tiny_build.out / "submission.pdf", tmp_path / "submission.pdf")
    book = json.loads((tiny_build.out / "homework03.ipynb").read_bytes())
    book["metadata"]["colab"], book["nbformat_minor"] = {"provenance": []}, 0
    for number, cell in enumerate(book["cells"]):
        cell["metadata"]["id"] = f"Xq{number:010d}{cell.pop('id')}"
    touched = {
        "submission (1).pdf": (tmp_path / "submission.pdf").read_bytes(),
        "homework03 (1).ipynb": json.dumps(book, indent=1, ensure_ascii=False).encode(),
    }
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "notes.txt").write_text("of the course")
    for file in tiny_build.data.iterdir():
        touched[f"{file.stem} (1).csv"] = file.read_bytes().replace(b"\n", b"\r\n")
        (tmp_path / "data" / file.name).write_bytes(file.read_bytes().rstrip())
    (tmp_path / "copy.zip").write_bytes(zipped({"submission.zip": zipped(touched)}))
    scores = tmp_path / "scores.json"
    done = command(
        *("verify", tmp_path / "copy.zip", "--data", tmp_path / "data", "--fast", "--gradescope", scores)
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    assert json.loads((tmp_path / "verify.json").read_bytes())["remarks"] == [
        "The report is submission (1).pdf in copy.zip.",
        "The pages say the same; the file was written anew by another program.",
        *(f"{name} has the same numbers, other line ends." for name in dataset.FILE_NAMES),
        "The homework03.ipynb beside the PDF: it was saved again by Google Colab.",
    ]
    assert 20 == sum(test["score"] for test in json.loads(scores.read_bytes())["tests"])


@pytest.mark.slow
def test_a_printed_copy_is_made_anew_from_configuration_and_notebook(tiny_build, tmp_path, command):
    """Without results.json the whole search runs: all that is left matches, exit 0 and 20 of 20."""
    CAIRO(tiny_build.out / "submission.pdf", tmp_path / "copy.pdf")
    scores = tmp_path / "scores.json"
    done = command(
        *("verify", tmp_path / "copy.pdf", "--data", tiny_build.data, "--gradescope", scores),
        *("--config", tiny_build.config, "--notebook", tiny_build.out / "homework03.ipynb"),
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    assert "The PDF has lost its attachments" in done.stdout
    assert "written anew by cairo" in " ".join(done.stdout.split())
    assert 20 == sum(test["score"] for test in json.loads(scores.read_bytes())["tests"])


def test_other_data_and_nothing_attached_is_run(project, command):
    """Two rows swapped, one label flipped: exit 1, both hashes; attached code and TeX are data."""
    for name, edit in {
        "trnX-3d.csv": lambda lines: [lines[1], lines[0], *lines[2:]],
        "devY-3d.csv": lambda lines: [str(-int(lines[0])), *lines[1:]],
    }.items():
        lines = (project.data / name).read_text(encoding="utf-8").splitlines()
        (project.data / name).write_text("\n".join(edit(lines)) + "\n", encoding="utf-8")
    canary = Path(tempfile.gettempdir()) / f"canary-{os.getpid()}"  # short, as remarks are
    project.edit("build/homework03.ipynb", "SEED = 5", f"SEED = 5; open('{canary}', 'w')")
    write = rf"\\immediate\\openout5={canary}\\immediate\\write18{{touch {canary}}}"
    project.edit("build/report.toml", "The bound is attained at r = 0.", write)
    recompile(project.out)
    (project.out / "verify").write_text("mine", encoding="utf-8")
    done = command("verify", project.out / "submission.pdf", "--data", project.data, "--fast")
    flat = " ".join(done.stdout.split())

    assert 1 == done.returncode, done.stdout + done.stderr
    assert re.search(r"MISMATCH: 1\(e\), 2\(a\), 2\(b\)[,.]", flat)  # 1(e) has the remark
    for name in ("devY-3d.csv", "trnX-3d.csv"):
        assert re.search(rf"{name} has sha256 \w{{12}}\.\.\. in the submission, \w{{12}}\.\.\. here", flat)
    assert "\u201d was edited" in flat
    assert "WARNING verify/ was not written: File exists\n" in done.stderr  # and the verdict stands
    assert "mine" == (project.out / "verify").read_text(encoding="utf-8")
    assert not canary.exists()


# --- a grader's box: ten minutes of half a CPU and 768 MB
SECONDS = 600 * 0.5  # of CPU time: ten minutes of half a CPU
MEMORY = 768 * 10**6  # bytes


@pytest.mark.slow
def test_verify_fits_a_graders_box(tmp_path, clean_environ):
    """One core, CPU time and peak memory of all processes together within the limits, and all matches.

    The stand-in is known by its numbers, whatever ends its lines.
    """
    for file in (ROOT / "data").glob("*.csv"):
        (tmp_path / file.name).write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    submission = (ROOT / "build" / "submission.pdf", "--data", tmp_path)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    core = min(os.sched_getaffinity(0))
    process = subprocess.Popen(
        [sys.executable, ROOT / "generate_report.py", "verify", *submission],
        env=clean_environ,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # noqa: PLW1509 - no threads here
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, memory(process.pid))
        time.sleep(0.2)
    told, _ = process.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert 0 == process.returncode, told
    assert told.count("has the same numbers, other line ends") == 4
    assert spent < SECONDS
    assert peak < MEMORY


def memory(process):
    """Give the bytes that a process and all its descendants occupy, what they share counted once."""
    total = 0
    with contextlib.suppress(psutil.Error):  # it has just ended
        parent = psutil.Process(process)
        for each in (parent, *parent.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += each.memory_full_info().pss
    return total
