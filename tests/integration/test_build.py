"""A real build of a tiny submission: what it leaves, that its numbers are true, that it can be made again."""

import csv
import hashlib
import io
import json
import re
import shutil
import subprocess
import zipfile
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from msgspec import structs
from pypdf import PdfReader
from sklearn.metrics import accuracy_score
from sklearn.model_selection import ParameterGrid
from sklearn.neural_network import MLPClassifier

from experiments.assessment import Choice
from experiments.record import MIME
from report import stages
from report.config import QUESTIONS
from report.errors import CheckError
from report.results import Measured, Searched

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
DATA = ("trnX-3d.csv", "trnY-3d.csv", "devX-3d.csv", "devY-3d.csv")
STAGES = ["measure", "derive", "search", "study", "draw", "typeset", "compile", "bundle"]
LAYERS = [(6, 4), (8,)]  # as in conftest's TINY_TOML
POINTS = dict(zip(QUESTIONS, (2, 2, 2, 2, 2, 2, 3, 5), strict=True))  # of the sheet
SECTIONS = {name: rf"{name[0]}\({name[1]}\) .* {points} points" for name, points in POINTS.items()}


@pytest.fixture(scope="module")
def computed(tiny_build):
    """Train every network of the tiny space with scikit-learn; the default is the first."""
    X, X_dev = (np.loadtxt(tiny_build.data / name, delimiter=",") for name in (DATA[0], DATA[2]))
    y, y_dev = (np.loadtxt(tiny_build.data / name, dtype=int) for name in (DATA[1], DATA[3]))
    tried = {"activation": ["relu", "tanh"], "batch_size": [16], "learning_rate_init": [0.01]}
    settings = [{"activation": "relu", "batch_size": 60, "learning_rate_init": 0.001}]
    settings += [
        {"hidden_layer_sizes": layers, **point} for layers in LAYERS for point in ParameterGrid(tried)
    ]
    networks = [MLPClassifier(random_state=5, **setting).fit(X, y) for setting in settings]
    assert (networks[0].predict(X) == MLPClassifier(random_state=5).fit(X, y).predict(X)).all()
    train, dev = (
        [round(accuracy_score(of, network.predict(on)) * len(of)) for network in networks]
        for on, of in ((X, y), (X_dev, y_dev))
    )
    sizes = [sum(w.size for w in (*network.coefs_, *network.intercepts_)) for network in networks]
    best = min(range(len(settings)), key=lambda i: (-dev[i], sizes[i], i))
    full = [{"hidden_layer_sizes": (100,), "solver": "adam", **setting} for setting in settings]
    epochs = [network.n_iter_ for network in networks]
    tied = dev.count(max(dev))
    return SimpleNamespace(settings=full, train=train, dev=dev, epochs=epochs, best=best, tied=tied)


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
def pages(tiny_build, pdf_pages):
    """Read the PDF's text, page by page."""
    return pdf_pages(tiny_build.out / "submission.pdf")


def printed(notebook):
    """Give all text that the notebook's cells put out."""
    made = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(each.get("text", "") or each.get("data", {}).get("text/plain", "") for each in made)


# What a build leaves


def test_every_file_is_there(tiny_build):
    """Every file of the design's table is there, no by-product of LaTeX's, no word of where it was made."""
    files = tiny_build.published()
    found = set(files)

    assert found >= FILES
    assert all(
        re.match(r"figures/\w+\.(?:pdf|tex)|parts/\w+\.tex|report\.toml", name) for name in found - FILES
    )
    assert not (tiny_build.out / "failed").exists()
    assert [name for name, content in files.items() if str(tiny_build.root).encode() in content] == []


def test_a_build_tells_its_stages_and_nothing_else(tiny_build):
    """One line for each stage, with its time, as in timings.json; no warning of any library."""
    lines = [line for line in tiny_build.stderr.splitlines() if not line.startswith("   ")]

    stages = [re.match(r"-> ([\w-]+).* \([\d.]+ s\)$", line) for line in lines[1:-1]]
    assert all(stages), tiny_build.stderr
    assert STAGES == [stage[1] for stage in stages]
    assert lines[-1] == f"Done: {tiny_build.out / 'submission.pdf'}"
    assert tiny_build.stdout == ""
    timings = json.loads((tiny_build.out / "timings.json").read_text())
    assert list(timings) == STAGES
    assert all(seconds >= 0 for seconds in timings.values())


def test_the_manifest_tells_every_file(tiny_build):
    """Each file but itself and the zip stands in the manifest with the size and sha256 that it has."""
    files = tiny_build.published()
    manifest = json.loads(files["manifest.json"])

    expected = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        for name, content in sorted(files.items())
        if name not in ("manifest.json", "submission.zip")
    }
    assert list(expected.items()) == list(manifest["files"].items())
    assert manifest["schema"] == 1
    assert manifest["versions"]["numpy's version"] == np.__version__
    for name in DATA:
        assert manifest["inputs"][name] == hashlib.sha256((tiny_build.data / name).read_bytes()).hexdigest()


def test_the_zip_is_what_is_handed_in(tiny_build):
    """PDF, notebook and the four data files as they are, and nothing else."""
    with zipfile.ZipFile(tiny_build.out / "submission.zip") as archive:
        packed = {name: archive.read(name) for name in archive.namelist()}

    expected = {name: (tiny_build.out / name).read_bytes() for name in ("submission.pdf", "homework03.ipynb")}
    assert expected | {name: (tiny_build.data / name).read_bytes() for name in DATA} == packed


# The numbers


def test_results_are_those_of_scikit_learn(results, computed):
    """The reported values equal an independent computation with scikit-learn."""
    values = results["values"]

    for key, count, total in [
        ("2a.train.accuracy", computed.train[0], 60),
        ("2a.dev.accuracy", computed.dev[0], 30),
        ("2b.train.accuracy", computed.train[computed.best], 60),
        ("2b.dev.accuracy", computed.dev[computed.best], 30),
    ]:
        value = values[key]
        assert (value["correct"], value["total"]) == (count, total)
        assert value["value"] == pytest.approx(count / total, abs=1e-12)
        assert value["printed"] == f"{count / total:.4f}"
    best = computed.settings[computed.best]
    assert values["2b.params"]["value"] == {**best, "hidden_layer_sizes": list(best["hidden_layer_sizes"])}
    gain = (computed.dev[computed.best] - computed.dev[0]) / 30
    assert values["2b.gain"]["printed"] == f"{gain:+.4f}"
    assert (gain > 0, computed.tied) == (True, 2)  # else this tiny space would test little


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


def test_the_search_is_that_of_scikit_learn(tiny_build, computed):
    """Every row of search.csv, in grid order, equals an independent fit of that setting."""
    rows = list(csv.DictReader(io.StringIO((tiny_build.out / "search.csv").read_text())))

    expected = [
        {
            **{name: str(value) for name, value in setting.items()},
            "train_correct": str(train),
            "dev_correct": str(dev),
            "epochs": str(epochs),
            "converged": str(epochs < 200),
        }
        for setting, train, dev, epochs in zip(
            computed.settings, computed.train, computed.dev, computed.epochs, strict=True
        )
    ]
    assert expected == [{name: row[name] for name in expected[0]} for row in rows]
    again = [row["dev_correct_when_nudged"] for row in rows]
    assert again.pop(computed.best) == " ".join([str(computed.dev[computed.best])] * 3)
    assert set(again) == {""}


def test_two_trainers_that_disagree_end_the_build(tiny_build):
    """The notebook's counts and choice are compared with those of our own trainer, setting by setting."""
    inputs = tiny_build.inputs()
    data = stages.read(inputs)
    notebook, ours = tiny_build.kept("measure", Measured), tiny_build.kept("search", Searched)
    stages.compare(inputs, data, notebook, ours)
    counts = structs.replace(ours.search, dev=(*ours.search.dev[:-1], 0))
    others = {
        "found": structs.replace(ours, search=counts),
        "chose": structs.replace(ours, choice=Choice(0, ())),
    }

    for verb, other in others.items():
        with pytest.raises(CheckError, match=f"^Two trainers disagree: the notebook {verb} "):
            stages.compare(inputs, data, notebook, other)


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


def test_the_pages_speak_of_this_author_and_these_data(pages, notebook, computed):
    """Page 1 has the title block; the settings that tie are counted; no word of stand-in data or --quick."""
    for text in (
        *("CS 6316 Machine Learning", "Homework 03: Neural Networks", "2023-11-14"),
        *("Ada Lovelace", "al1815", "Zoë Ångström"),
    ):
        assert text in pages[0]
    text = " ".join("".join(pages).split())
    assert "5 settings tried" in printed(notebook)
    assert f"At the top, {computed.tied} settings tie" in text
    assert "tand-in" not in text + json.dumps(notebook)
    assert "quick build" not in text


def test_each_question_has_its_section_where_pages_json_says(pages, tiny_build):
    """A heading with its points for each question, in order, on the page that is told."""
    page = json.loads((tiny_build.out / "pages.json").read_text())
    places = [
        re.search(rf"^{heading}$", pages[page[question] - 1], re.MULTILINE)
        for question, heading in SECTIONS.items()
    ]

    assert tuple(page) == QUESTIONS
    assert all(places), [name for name, place in zip(SECTIONS, places, strict=True) if not place]
    found = [(number, place.start()) for number, place in zip(page.values(), places, strict=True)]
    assert found == sorted(found)


def test_the_pdf_has_metadata_bookmarks_and_places(tiny_build):
    """Title and author are set; each question has a bookmark and a destination that lead to its page."""
    reader = PdfReader(tiny_build.out / "submission.pdf")
    page = json.loads((tiny_build.out / "pages.json").read_text())

    assert reader.metadata.title == "CS 6316 Machine Learning: Homework 03: Neural Networks"
    assert reader.metadata.author == "Ada Lovelace"
    assert "/CreationDate" not in reader.metadata
    assert b"/PTEX.FileName" not in (tiny_build.out / "submission.pdf").read_bytes()
    marks = {entry.title[:4]: reader.get_destination_page_number(entry) for entry in _flat(reader.outline)}
    starts = {f"{question[0]}({question[1]})": number - 1 for question, number in page.items()}
    assert [mark for mark in marks if mark in starts] == list(starts)
    assert starts.items() <= marks.items()
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


def test_attachments_are_seen_by_other_programs(tiny_build, tmp_path):
    """Poppler lists the four files and saves them as they lie beside the PDF."""
    names = ["homework03.ipynb", "ledger.json", "report.toml", "results.json"]
    pdf = tiny_build.out / "submission.pdf"
    listed = subprocess.run(["pdfdetach", "-list", pdf], capture_output=True, text=True, check=True).stdout
    subprocess.run(["pdfdetach", "-saveall", "-o", tmp_path, pdf], check=True)

    assert names == re.findall(r"^\d+: (.*)$", listed, re.MULTILINE)
    for name in names:
        assert (tiny_build.out / name).read_bytes() == (tmp_path / name).read_bytes()
    assert (tiny_build.out / "report.toml").read_bytes() == tiny_build.config.read_bytes()


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
def test_the_source_runs_as_it_stands(tiny_build, tmp_path, run_notebook):
    """The notebook's readable source is a notebook itself, that runs with nothing put in."""
    shutil.copy(Path(__file__).parents[2] / "templates" / "homework03.py", tmp_path)
    for name in DATA:
        lines = (tiny_build.data / name).read_text().splitlines(keepends=True)
        (tmp_path / name).write_text("".join(lines[:20]))

    made = run_notebook(tmp_path / "homework03.py")

    [record] = [out.data[MIME] for out in made.cells[-1].outputs if MIME in out.get("data", {})]
    assert record["total"] == {"train": 20, "dev": 20}
    assert len(record["search"]["dev"]) == 3 * 2 * 5 * 2


# Making it again


def test_latexmk_by_hand_makes_the_same_pdf(tiny_build, tmp_path, clean_environ):
    """`latexmk` in a copy of the folder, with other times of files, makes the PDF byte for byte."""
    again = tmp_path / "by hand"
    for name, content in tiny_build.published().items():
        if name != "submission.pdf":
            (again / name).parent.mkdir(parents=True, exist_ok=True)
            (again / name).write_bytes(content)

    done = subprocess.run(
        ["latexmk"], cwd=again, env=clean_environ, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout[-2000:]
    assert (again / "submission.pdf").read_bytes() == (tiny_build.out / "submission.pdf").read_bytes()


def test_a_build_without_pdf(project, tiny_build, command):
    """With --no-pdf there are sources and numbers, and no PDF, old or new."""
    done = command("build", "--config", project.config, "--out", project.out, "--no-pdf")

    assert done.returncode == 0, done.stderr
    found = project.published()
    made_of_pdf = {"submission.pdf", "submission.zip", "pages.json"}
    assert FILES - set(found) == made_of_pdf
    assert found["results.json"] == (tiny_build.out / "results.json").read_bytes()
    assert "submission.pdf" not in done.stderr.splitlines()[-1]


def test_each_question_can_have_its_page(project, command, pdf_pages):
    """With page_per_question each question begins a page of its own, and the zip has its own name."""
    text = project.config.read_text(encoding="utf-8")
    remarks = "".join(f'{question} = "My remark on {question}."\n' for question in QUESTIONS)
    layout = f'[report]\npage_per_question = true\nzip_name = "al1815.zip"\n\n[report.remarks]\n{remarks}\n'
    text = re.sub(r"\[report.remarks\].*?\n\n", layout, text, flags=re.DOTALL)
    project.config.write_text(text, encoding="utf-8")

    done = command("build", "--config", project.config, "--out", project.out)

    assert done.returncode == 0, done.stderr
    assert "-- measure: kept, reused" in done.stderr
    page = json.loads((project.out / "pages.json").read_text())
    starts = [number - 1 for number in page.values()]
    assert len(set(starts)) == len(QUESTIONS)
    pages = pdf_pages(project.out / "submission.pdf")
    assert min(len(text.split()) for text in pages[:-1]) > 40
    assert pages[page["2a"] - 1].index("Problem 2") < pages[page["2a"] - 1].index("2(a)")
    for (question, heading), start, end in zip(SECTIONS.items(), starts, [*starts[1:], None], strict=True):
        answer = "\n".join(pages[start:end])
        above, found, below = re.split(rf"^({heading})$", answer, maxsplit=1, flags=re.MULTILINE)
        assert question == "1a" or len(above.split()) < 20, (found, above)
        assert f"My remark on {question}." in " ".join(below.split())
    assert (project.out / "al1815.zip").exists()
    assert not (project.out / "submission.zip").exists()


# The stand-in and the quick build


@pytest.fixture(scope="module")
def quick_stand_in(tmp_path_factory, tiny_build, command):
    """Project once with the data that come with the repository, quickly, over a build from other data."""
    folder = tmp_path_factory.mktemp("stand-in")
    shutil.copytree(tiny_build.out, folder / "out")
    text = tiny_build.config.read_text(encoding="utf-8").replace("[6, 4], [8]", "[4], [3, 2], [9]")
    text = text.replace("batch_size = [16]", "batch_size = [200]")
    (folder / "report.toml").write_text(text, encoding="utf-8")
    data = Path(__file__).parents[2] / "data"
    done = command("--quick", "--config", folder / "report.toml", "--data", data, "--out", folder / "out")
    assert done.returncode == 0, done.stderr
    return folder / "out"


@pytest.mark.slow
def test_the_stand_in_and_a_quick_build_say_so(quick_stand_in, pdf_pages):
    """Page 1, notebook and results.json name the stand-in; --quick tries two values each, as page 1 warns."""
    first = pdf_pages(quick_stand_in / "submission.pdf")[0]
    assert "Stand-in data." in first
    assert "A quick build." in first
    rows = list(csv.DictReader(io.StringIO((quick_stand_in / "search.csv").read_text())))
    assert {row["hidden_layer_sizes"] for row in rows} == {"(100,)", "(4,)", "(3, 2)"}
    notebook = nbformat.read(quick_stand_in / "homework03.ipynb", as_version=4)
    assert "Stand-in data" in notebook.cells[1].source
    results = json.loads((quick_stand_in / "results.json").read_text(encoding="utf-8"))
    assert results["data"]["stand_in"] is True


@pytest.mark.slow
def test_the_stand_in_is_known_whatever_ends_its_lines(quick_stand_in, tmp_path, command):
    """Verified with the same numbers in files with other line ends, a report of the stand-in matches."""
    shutil.copy(quick_stand_in / "submission.pdf", tmp_path)
    (tmp_path / "data").mkdir()
    for file in (Path(__file__).parents[2] / "data").glob("*.csv"):
        (tmp_path / "data" / file.name).write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))

    done = command("verify", tmp_path / "submission.pdf", "--data", tmp_path / "data", "--fast")

    assert done.returncode == 0, done.stdout
    assert done.stdout.count("has the same numbers, other line ends") == 4
