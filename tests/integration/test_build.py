"""A real build of a tiny submission: what it leaves, that its numbers are true, that it can be made again."""

import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import jupytext
import nbformat
import numpy as np
import pytest
from pypdf import PdfReader
from pypdf.generic import ContentStream
from sklearn.neural_network import MLPClassifier

from experiments.record import MIME
from report import ROOT, cache, kernel, publish
from report.config import QUESTIONS
from report.results import NOTEBOOK

pytestmark = [
    pytest.mark.tex,
    # tiny networks that stop after 200 epochs, as scikit-learn's default has it
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


PARTS = (*QUESTIONS, "summary", "checked", "references", "structure", "evidence")
DRAWN = ("unrolled", "1f", "marginals", "networks", "errors")
# The design's table, but for timings.json, failed/ and what the shell does not show.
FILES = {
    *("submission.pdf", "submission.tex", "latexmkrc", "homework03.ipynb", "results.json", "ledger.json"),
    *("search.csv", "pages.json", "manifest.json", "submission.zip"),
    *(f"figures/{name}.{kind}" for name in DRAWN for kind in ("pdf", "tex")),
    *(f"parts/{name}.tex" for name in PARTS),
}
PAINTING = {b"Tj", b"TJ", b"Do"}
DATA = ("trnX-3d.csv", "trnY-3d.csv", "devX-3d.csv", "devY-3d.csv")
STAGES = ["measure", "derive", "search", "study", "draw", "typeset", "compile", "bundle"]
POINTS = dict(zip(QUESTIONS, (2, 2, 2, 2, 2, 2, 3, 5), strict=True))  # of the sheet
SECTIONS = {name: rf"{name[0]}\({name[1]}\) .* {points} points" for name, points in POINTS.items()}


@pytest.fixture(scope="module")
def results(tiny_build):
    """Read results.json."""
    return json.loads((tiny_build.out / "results.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def notebook(tiny_build):
    """Read the executed notebook, checked against the schema."""
    made = nbformat.read(tiny_build.out / "homework03.ipynb", as_version=4)
    nbformat.validate(made)
    return made


@pytest.fixture(scope="module")
def reader(tiny_build):
    """Open the PDF."""
    return PdfReader(tiny_build.out / "submission.pdf")


@pytest.fixture(scope="module")
def pages(tiny_build, pdf_pages):
    """Read the PDF's text, page by page."""
    return pdf_pages(tiny_build.out / "submission.pdf")


def printed(notebook):
    """Give all text that the notebook's cells put out."""
    made = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(each.get("text", "") or each.get("data", {}).get("text/plain", "") for each in made)


# What a build leaves


def test_every_file_is_there(tiny_build):
    """Every file of the design's table is there, no by-product of LaTeX's, no word of where it was made.

    In the zip are the three things that are handed in.
    """
    files = tiny_build.published()
    found = set(files)

    assert found >= FILES
    assert {name.partition("/")[0] for name in found} == {*publish.MADE, "submission.zip"} - {"timings.json"}
    assert all(
        re.match(r"figures/\w+\.(?:pdf|tex)|parts/\w+\.tex|report\.toml", name) for name in found - FILES
    )
    assert not (tiny_build.out / "failed").exists()
    with zipfile.ZipFile(tiny_build.out / "submission.zip") as archive:
        assert {"submission.pdf", "homework03.ipynb", *DATA} == {*archive.namelist()}
    assert [name for name, content in files.items() if str(tiny_build.root).encode() in content] == []


def test_a_build_tells_its_stages_and_nothing_else(tiny_build):
    """One line for each stage, with its time, as in timings.json; no warning of any library."""
    lines = [line for line in tiny_build.stderr.splitlines() if not line.startswith("   ")]

    stages = [re.match(r"-> ([\w-]+).* \([\d.]+ s\)$", line) for line in lines[1:-1]]
    assert all(stages), tiny_build.stderr
    assert STAGES == [stage[1] for stage in stages]
    assert lines[-1] == f"Done: {tiny_build.out / 'submission.pdf'}"
    timings = json.loads((tiny_build.out / "timings.json").read_text())
    assert list(timings) == STAGES
    assert all(seconds >= 0 for seconds in timings.values())


def test_the_manifest_tells_every_file(tiny_build):
    """Each file but itself stands in the manifest with the size and sha256 that it has."""
    files = tiny_build.published()
    manifest = json.loads(files["manifest.json"])

    expected = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        for name, content in sorted(files.items())
        if name != "manifest.json"
    }
    assert list(expected.items()) == list(manifest["files"].items())
    assert manifest["schema"] == 1
    assert manifest["versions"]["numpy's version"] == np.__version__
    for name in DATA:
        assert manifest["inputs"][name] == hashlib.sha256((tiny_build.data / name).read_bytes()).hexdigest()


# The numbers


def test_results_say_what_they_were_made_from(results, tiny_build):
    """Seed, data and environment stand in results.json."""
    assert (results["schema"], results["seed"], results["data"]["stand_in"]) == (1, 5, False)
    for name in DATA:
        content = (tiny_build.data / name).read_bytes()
        assert results["data"]["files"][name] == {
            "sha256": hashlib.sha256(content).hexdigest(),
            "rows": 60 if name.startswith("trn") else 30,
            "columns": 3 if "X" in name else 1,
        }
    assert results["environment"]["versions"]["numpy"] == np.__version__


def test_two_trainers_that_disagree_end_the_build(project, command):
    """The notebook's counts and choice are compared with those of our own trainer, also with kept ones."""
    project.append("report.toml", "# changed\n")
    file = project.out / cache.FOLDER / "search.json"
    for verb in ("chose", "found"):
        kept = json.loads(file.read_bytes().partition(b"\n")[2])
        if verb == "chose":
            kept["result"]["choice"] = {"place": 0, "passed_over": []}
        else:
            kept["result"]["search"]["dev"][-1] = 0
        body = json.dumps(kept).encode()
        file.write_bytes(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)

        done = command("--config", project.config, "--out", project.out)

        assert done.returncode == 4
        assert f"ERROR Two trainers disagree: the notebook {verb} " in done.stderr


def test_the_notebook_printed_the_reported_numbers(notebook, results):
    """Table and record in the notebook hold the values of results.json."""
    values, text = results["values"], printed(notebook)
    [record] = [out.data[MIME] for out in notebook.cells[-1].outputs if MIME in out.get("data", {})]

    for question, name in (("2a", "default"), ("2b", "best")):
        for part in ("train", "dev"):
            value = values[f"{question}.{part}.accuracy"]
            assert record[name][part] == value["correct"]
            if (question, part) != ("2b", "train"):  # not asked for
                assert f"{value['printed']}  ({value['correct']}/{value['total']})" in text
    assert record["params"] == values["2b.params"]["value"]
    for name in record["params"]:
        assert re.search(rf"2\(b\) best {name} +{re.escape(values[f'2b.params.{name}']['printed'])}\n", text)
    assert f"{values['2b.gain']['printed']}  ({values['2b.gain']['correct']:+d} samples)" in text


def test_the_pdf_prints_the_reported_numbers(pages, tiny_build, results):
    """On page 1 and on the page of its question each value stands as results.json has it printed."""
    page = json.loads((tiny_build.out / "pages.json").read_text())
    first = "".join(pages[0].split())

    for key, value in results["values"].items():
        if key == "2b.params":
            continue
        told = "".join(value["printed"].split())
        assert told in first, key
        if key != "2b.train.accuracy":  # which the sheet does not ask for
            assert told in "".join("".join(pages[page[value["question"]] - 1 :]).split()), key
    params = "".join(results["values"]["2b.params"]["printed"].split())
    assert params in "".join("".join(pages).split())


# The PDF


def test_the_pages_speak_of_this_author_and_these_data(pages, notebook):
    """Page 1 has the title block; the settings that tie are counted; no word of stand-in data or --quick."""
    for text in (
        *("CS 6316 Machine Learning", "Homework 03: Neural Networks", "2023-11-14"),
        *("Ada Lovelace", "al1815", "Zoë Ångström"),
    ):
        assert text in pages[0]
    text = " ".join("".join(pages).split())
    assert "5 settings tried" in printed(notebook)
    assert "At the top, 2 settings tie" in text
    assert "tand-in" not in text + json.dumps(notebook)
    assert "quick build" not in text


def test_the_pdf_has_metadata_bookmarks_and_places(tiny_build, reader):
    """Title and author are set; each question has a bookmark and a destination that lead to its page."""
    page = json.loads((tiny_build.out / "pages.json").read_text())

    assert reader.metadata.title == "CS 6316 Machine Learning: Homework 03: Neural Networks"
    assert reader.metadata.author == "Ada Lovelace"
    assert "/CreationDate" not in reader.metadata
    assert b"/PTEX.FileName" not in (tiny_build.out / "submission.pdf").read_bytes()
    marks = {entry.title[:4]: reader.get_destination_page_number(entry) for entry in _flat(reader.outline)}
    starts = {f"{question[0]}({question[1]})": number - 1 for question, number in page.items()}
    assert [mark for mark in marks if mark in starts] == list(starts)
    assert starts.items() <= marks.items()
    # so that two merged submissions keep their own places
    assert all(name.startswith("al1815.") for name in reader.named_destinations)
    for question in QUESTIONS:
        destination = reader.named_destinations[f"al1815.question.{question}"]
        assert reader.get_destination_page_number(destination) == page[question] - 1


def _flat(outline):
    return [e for entry in outline for e in (_flat(entry) if isinstance(entry, list) else [entry])]


def test_all_fonts_are_outlines_and_embedded(tiny_build):
    """A few families alone, in outlines, all in the file, with a character for each glyph: figures too."""
    listed = subprocess.run(
        ["pdffonts", tiny_build.out / "submission.pdf"], capture_output=True, text=True, check=True
    )

    rows = listed.stdout.splitlines()[2:]
    assert rows
    for row in rows:
        name, *_ = row.split()
        assert re.match(
            r"[A-Z]{6}\+(TeXGyrePagella|URWPalladio|PazoMath|CM|t1xtt|DummySpace|PdfTeX-Space)", name
        ), row
        assert "Type 3" not in row, row
        assert re.search(r" yes +(yes|no) +yes +\d+ +\d+$", row), row


# The notebook


def test_the_notebook_ran_cleanly(notebook):
    """No error, nothing on stderr, which nbgrader counts as one; counts without a gap; no time or address."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]

    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        for output in cell.outputs:
            assert output.output_type in ("stream", "execute_result", "display_data"), output
            assert output.get("name", "stdout") == "stdout", output
    assert all("execution" not in cell.metadata for cell in notebook.cells)
    assert not re.search(r"0x[0-9a-f]{6,}|\b\d+(\.\d+)? ?(ms|s|seconds)\b", printed(notebook))


def test_no_cell_shows_a_wall_of_numbers(notebook):
    """What a person sees of the record is one line of text; the numbers are data beside it."""
    *_, shown = notebook.cells[-1].outputs

    assert set(shown.data) == {"text/plain", MIME}
    assert shown.data["text/plain"] == "The record of this notebook: 5 settings, as data beside this line."
    assert len(shown.data[MIME]["search"]["dev"]) == 5


@pytest.mark.slow
def test_the_source_runs_as_it_stands(tiny_build, tmp_path):
    """The notebook's readable source is a notebook itself, that runs with nothing put in."""
    for name in DATA:
        lines = (tiny_build.data / name).read_text().splitlines(keepends=True)
        (tmp_path / name).write_text("".join(lines[:20]))

    made = jupytext.read(ROOT / "templates" / "homework03.py")
    kernel.execute(made, tmp_path, 1, lambda *_: None)

    [record] = [out.data[MIME] for out in made.cells[-1].outputs if MIME in out.get("data", {})]
    assert record["total"] == {"train": 20, "dev": 20}
    assert len(record["search"]["dev"]) == 3 * 2 * 5 * 2


# Making it again


def test_latexmk_by_hand_makes_the_same_pdf(project, tiny_build):
    """`latexmk` in a copy of the folder, with other times of files, makes the PDF byte for byte."""
    (project.out / "submission.pdf").unlink()
    for path in project.out.rglob("*"):
        path.touch()

    done = subprocess.run(
        ["latexmk"], cwd=project.out, env=project.environ, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout[-2000:]
    assert project.products()["submission.pdf"] == tiny_build.products()["submission.pdf"]


def test_a_build_without_pdf(project, tiny_build, command):
    """With --no-pdf there are sources and numbers, and no PDF, old (in a clone, too) or new."""
    (project.out / publish.STAMPS).unlink()

    done = command("build", "--config", project.config, "--out", project.out, "--no-pdf")

    assert done.returncode == 0, done.stderr
    found = project.published()
    made_of_pdf = {"submission.pdf", "submission.zip", "pages.json"}
    assert FILES - set(found) == made_of_pdf
    assert found["results.json"] == (tiny_build.out / "results.json").read_bytes()
    removed, last = done.stderr.splitlines()[-2:]
    assert removed == (
        "Removed, since they belong to an earlier build: pages.json, submission.pdf, submission.zip."
    )
    assert last == f"Done: {project.out}"


def test_each_question_can_have_its_page(project, command, pdf_pages):
    """With page_per_question each question begins a page of its own, and the zip has its own name.

    With --quick two values each are tried, as they were before the third was added, and page 1 warns.
    """
    text = project.config.read_text(encoding="utf-8")
    remarks = "".join(f'{question} = "My remark on {question}."\n' for question in QUESTIONS)
    layout = f'[report]\npage_per_question = true\nzip_name = "al1815.zip"\n\n[report.remarks]\n{remarks}\n'
    text = re.sub(r"\[report.remarks\].*?\n\n", layout, text, flags=re.DOTALL)
    project.config.write_text(text.replace('"tanh"]', '"tanh", "logistic"]'), encoding="utf-8")

    done = command("build", "--config", project.config, "--out", project.out, "--quick")

    assert done.returncode == 0, done.stderr
    assert "-- measure: kept, reused" in done.stderr
    page = json.loads((project.out / "pages.json").read_text())
    starts = [number - 1 for number in page.values()]
    assert len(set(starts)) == len(QUESTIONS)
    pages = pdf_pages(project.out / "submission.pdf")
    assert "A quick build." in pages[0]
    assert min(len(text.split()) for text in pages[:-1]) > 40
    assert pages[page["2a"] - 1].index("Problem 2") < pages[page["2a"] - 1].index("2(a)")
    for (question, heading), start, end in zip(SECTIONS.items(), starts, [*starts[1:], None], strict=True):
        answer = "\n".join(pages[start:end])
        above, found, below = re.split(rf"^({heading})$", answer, maxsplit=1, flags=re.MULTILINE)
        assert question == "1a" or len(above.split()) < 20, (found, above)
        assert f"My remark on {question}." in " ".join(below.split())
    assert (project.out / "al1815.zip").exists()
    assert not (project.out / "submission.zip").exists()


# What people do with a build: the sources alone in an online editor, the notebook in graders' tools

RESEED = "import random\nimport numpy\nrandom.seed(42)\nnumpy.random.seed(42)\n"


@pytest.fixture
def sources(tiny_build, tmp_path):
    """Copy submission.tex, parts/, figures/ and latexmkrc, and nothing else."""
    for name in ("submission.tex", "latexmkrc"):
        shutil.copy(tiny_build.out / name, tmp_path)
    for name in ("parts", "figures"):
        shutil.copytree(tiny_build.out / name, tmp_path / name)
    return tmp_path


def test_the_sources_alone_make_a_pdf_that_says_so(sources, tiny_build):
    """Without the files that are attached there is a PDF without attachments, and it alone says so."""
    done = subprocess.run(["latexmk"], cwd=sources, capture_output=True, check=False)

    assert done.returncode == 0, done.stdout[-1000:]
    pdf = PdfReader(sources / "submission.pdf")
    assert not pdf.attachments
    assert "/AF" not in pdf.trailer["/Root"]
    first = " ".join(pdf.pages[0].extract_text().split())
    assert "made from the sources alone" in first
    assert "homework03.ipynb, ledger.json, report.toml, results.json" in first
    built = PdfReader(tiny_build.out / "submission.pdf").pages[0].extract_text()
    assert "sources alone" not in built


@pytest.mark.parametrize("engine", ["luatex", "xetex"])
def test_another_engine_stops_with_one_sentence(engine, sources):
    """LuaTeX and XeTeX stop in line 1; started without LaTeX, since its formats for them may not be there."""
    if shutil.which(engine) is None:
        pytest.skip(f"needs {engine}")
    latex = r"\catcode`\{=1 \catcode`\}=2 \expandafter\let\csname @@end\endcsname\end"

    done = subprocess.run(
        [engine, "-ini", "-interaction=nonstopmode", rf"{latex} \input submission.tex"],
        cwd=sources,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )

    errors = [line for line in done.stdout.splitlines() if line.startswith("!")]
    assert errors == ["! Choose pdfLaTeX as the compiler: this document is not made for another."]


@pytest.mark.slow
def test_nbval_finds_the_stored_outputs_again(tmp_path, clean_environ):
    """Unsanitised, `pytest --nbval` passes every cell of the notebook that is shipped.

    Otter seeds the global generators before each cell: that changes nothing.
    """
    room = Path(shutil.copytree(ROOT / "data", tmp_path / "room"))
    notebook = nbformat.read(ROOT / "build" / NOTEBOOK, as_version=4)
    _, *others = (cell for cell in notebook.cells if cell.cell_type == "code")  # the first pins numpy
    for cell in others:
        cell.source = RESEED + cell.source
    nbformat.write(notebook, room / NOTEBOOK)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", "-q", "-p", "no:cacheprovider", NOTEBOOK],
        cwd=room,
        env=clean_environ,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert 0 == done.returncode, done.stdout + done.stderr
    assert re.search(r"^\d+ passed", done.stdout, re.MULTILINE)
    assert "skipped" not in done.stdout


# Other data make a correct report without touching code

LABELS = ("low & dry", "mid_1", "HIGH $")
HEADER = ("width (mm)", "50 %", "x_3", "x^4", "#5")
TOML = r"""
[author]
name = "Юлия Петрова"

[course]
title = "CS 6316 Machine Learning"
homework = "Homework 03: Neural Networks"
due = "2023-11-14"

[report.remarks]
1e = 'Attained at $r = 0$, where $\sigma(r) = \frac{1}{2}$.'

[experiment]
seed = 5

[search]
hidden_layer_sizes = [[5]]
activation = ["relu", "logistic"]
batch_size = [500, 10]
"""


@pytest.fixture(scope="module")
def built(tiny_build, tmp_path_factory, command):
    """Make a report from other data over one from data with three features, as an author would.

    Three overlapping classes in five features, with two decimals, are written as a spreadsheet program on
    Windows does: quotes, CRLF, a blank line at the end. What scikit-learn counts in train and dev, for the
    default and both settings in two batch sizes, comes with the build's folder.
    """
    folder = tmp_path_factory.mktemp("other")
    shutil.copytree(tiny_build.out, folder / "out")
    (folder / "data").mkdir()
    (folder / "report.toml").write_text(TOML, encoding="utf-8")
    generator = np.random.default_rng(20231114)
    samples = []
    for part, n in (("trn", 40), ("dev", 20)):
        y = np.arange(n) % 3
        X = np.round(generator.normal(size=(n, 5)) + y[:, None] * [1.0, 0.0, -1.0, 0.5, 0.0], 2)
        labels = np.array(LABELS)[y]
        samples.append((X, labels))
        for axis, rows in (("X", [HEADER, *X.tolist()]), ("Y", [["class"], *labels[:, None].tolist()])):
            out = io.StringIO()
            csv.writer(out, lineterminator="\r\n").writerows(rows)
            content = f"{out.getvalue()}\r\n".encode("utf-8-sig")
            (folder / "data" / f"{part}{axis}-3d.csv").write_bytes(content)
    done = command("--config", folder / "report.toml", "--out", folder / "out", "--jobs", "1")
    assert done.returncode == 0, done.stderr
    settings = [
        {"hidden_layer_sizes": (5,), "activation": activation, "batch_size": batch_size}
        for activation in ("relu", "logistic")
        for batch_size in (40, 10)
    ]
    counts = []
    for setting in ({"batch_size": 40}, *settings):
        network = MLPClassifier(random_state=5, **setting).fit(*samples[0])
        counts.append(tuple(int((network.predict(X) == labels).sum()) for X, labels in samples))
    return folder / "out", counts


def test_the_numbers_are_those_of_scikit_learn(built):
    """Every setting's counts, clipped batches and the default among them, equal an independent fit."""
    out, counts = built
    rows = list(csv.DictReader((out / "search.csv").read_text().splitlines()))

    assert [(int(row["train_correct"]), int(row["dev_correct"])) for row in rows] == counts
    assert [row["batch_size"] for row in rows] == ["40", "40", "10", "40", "10"]
    values = json.loads((out / "results.json").read_text(encoding="utf-8"))["values"]
    assert (values["2a.train.accuracy"]["correct"], values["2a.dev.accuracy"]["correct"]) == counts[0]
    best = values["2b.train.accuracy"]["correct"], values["2b.dev.accuracy"]["correct"]
    assert best in counts
    assert best[1] == max(dev for _, dev in counts)


def test_the_pages_speak_of_these_data(built, pdf_pages):
    """The PDF tells samples, features and classes as they are; five features have no figure in three."""
    out, _ = built
    text = " ".join("".join(pdf_pages(out / "submission.pdf")).split())

    assert "There are 40 training and 20 development samples, with 5 features and 3 classes" in text
    assert "tand-in" not in text
    assert "in its three features" not in text
    assert not (out / "figures" / "errors.pdf").exists()
    assert {"Юлия", "Петрова"} <= set(text.split())
    assert r"where\sigma(r)=\frac{1}{2}" in text.replace(" ", "")  # a formula is copied as its LaTeX
    assert PdfReader(out / "submission.pdf").metadata.author == "Юлия Петрова"


# The PDF for whoever cannot see it, or copies from it: structure, descriptions, formulas as LaTeX


@pytest.fixture(scope="module")
def copied(tiny_build):
    """Read what is copied from the pages, without blanks."""
    return re.sub(r"\s", "", tiny_build.shown())


def elements(reader):
    """Give the structure elements below the document, in order."""
    return [kid.get_object() for kid in reader.root_object["/StructTreeRoot"]["/K"]["/K"]]


def painted(reader, page):
    """Give, for each text and figure that a page paints, the tags and the numbers of the marks around it."""
    around = []
    for operands, operator in ContentStream(page["/Contents"], reader).operations:
        if operator in (b"BMC", b"BDC"):
            inside = operands[1] if operator == b"BDC" and isinstance(operands[1], dict) else {}
            around.append((str(operands[0]), inside.get("/MCID")))
        elif operator == b"EMC":
            around.pop()  # of nothing: an error of the page
        elif operator in PAINTING:
            yield [tag for tag, _ in around], [number for _, number in around if number is not None]
    assert not around


def test_the_document_names_language_and_title(reader):
    """A viewer knows the language, shows the title and not a file name, finds the structure, and blanks."""
    root = reader.root_object

    assert root["/Lang"] == "en-US"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert root["/MarkInfo"]["/Marked"]
    words = " ".join(reader.pages[0].extract_text().split())  # of the content, not of the layout
    assert "Applying it three times, and inserting each state" in words


def test_whatever_a_page_shows_is_in_one_element_or_in_none_on_purpose(reader):
    """Each text and figure is part of one element, or an artifact like the head of the page."""
    for page in reader.pages:
        counts = Counter(
            "element" if len(numbers) == 1 and "/Artifact" not in tags else
            "artifact" if not numbers and "/Artifact" in tags else "neither"
            for tags, numbers in painted(reader, page)
        )  # fmt: skip
        assert set(counts) <= {"element", "artifact"}
        assert counts["element"] > 10
        assert counts["artifact"] <= 15  # the words of the head, and the page's number


def test_elements_and_pages_tell_the_same(reader):
    """The pieces that an element names are on the pages, and each page leads back from piece to element."""
    numbers = reader.root_object["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    parents = dict(zip(numbers[::2], numbers[1::2], strict=True))
    told = {
        (piece.raw_get("/Pg").idnum, piece["/MCID"]): element.indirect_reference.idnum
        for element in elements(reader)
        for piece in element["/K"]
    }

    found = {
        (page.indirect_reference.idnum, number): parent.idnum
        for page in reader.pages
        for number, parent in enumerate(parents[page["/StructParents"]])
    }
    assert found == told
    for page in reader.pages:
        shown = {number for _, numbers in painted(reader, page) for number in numbers}
        assert shown <= set(range(len(parents[page["/StructParents"]])))


def test_headings_and_figures_are_elements_of_their_own(reader, tiny_build):
    """Title, problems and appendix, and questions are headings of three levels; figures are described."""
    kinds = Counter(str(element["/S"]) for element in elements(reader))
    figures = [element for element in elements(reader) if element["/S"] == "/Figure"]

    assert (kinds["/H1"], kinds["/H2"], kinds["/H3"]) == (1, 2 + 2, len(QUESTIONS))  # checks, references
    assert len(figures) == len(list((tiny_build.out / "figures").glob("*.tex")))
    for figure in figures:
        assert len(str(figure["/Alt"]).split()) > 10


def test_formulas_copy_as_latex(results, copied):
    """What is copied from a page holds every formula of problem 1, as its LaTeX."""
    formulas = {key: entry["latex"] for key, entry in results["formulas"].items() if "table" not in key}
    rows = [
        re.sub(r"\\qquad |&|\s", "", row.partition(r" \rulename")[0])
        for latex in formulas.values()
        if "=" in latex or r"\l" in latex
        for row in latex.split("\\\\\n")
    ]
    assert len(set(rows)) > 80
    assert [row for row in rows if row not in copied] == []


def test_letters_in_figures_copy_as_themselves(tiny_build, copied):
    """Labels of figures are copied as they are; no ligature is one sign, and a minus sign is one."""
    labels = []
    for figure in sorted((tiny_build.out / "figures").glob("*.tex")):
        tex = figure.read_text(encoding="utf-8").replace("{}", "")
        labels += re.findall(r"\\copied\{(.*?)\}(?=[^}\s])", tex)  # mathematics, as its LaTeX
        labels += re.findall(r"\\selectfont(?:\\ttfamily)? ([^\\$}]*)\}", tex)
    assert len(labels) > 60
    assert [label for label in labels if re.sub(r"\s", "", label) not in copied] == []
    assert not re.search("[¡°\N{REPLACEMENT CHARACTER}\ufb00-\ufb06]", copied)
    assert re.search("\N{MINUS SIGN}\\d", copied)
