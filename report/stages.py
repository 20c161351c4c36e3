"""What each stage of a build does, from plain data to plain data; files are written only in the folder given.

A stage imports what it alone needs, since most builds reuse what the slow stages made.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
from msgspec import convert, structs, to_builtins

from experiments import dataset
from experiments.assessment import Assessment, Choice
from experiments.record import Search, Setting, search_rows, values
from report import bundle as bundles
from report import pages, results, system
from report.cache import TEMPLATES
from report.config import QUESTIONS
from report.errors import CheckError
from report.latex import scripts
from report.latex.compile import LATEXMKRC, NOTES, check_numbers, compile_pdf, page_count, question_pages
from report.results import NOTEBOOK, Derived, Measured, Searched

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from experiments.dataset import Dataset
    from report.cache import Inputs, Key
    from report.console import Console
    from report.latex.render import Page
    from report.notebook import Notebook
    from report.results import MadeWith

PDF, PAGES = "submission.pdf", "pages.json"
MOST_PAGES = 9  # of a report with remarks; each question on a page of its own adds one at most


Drawn = dict[str, bytes]  # the figures' files by name: lines as PDF, letters as LaTeX


def read(inputs: Inputs) -> Dataset:
    """Read the data, and refuse what could not be printed before anything is computed."""
    pages.author(inputs.config)
    data = dataset.load(inputs.data, index_column=inputs.config.index_column)
    pages.abbreviated(data)
    return data


def derive(inputs: Inputs) -> Derived:
    """Derive and check problem 1."""
    from derivations import problem1  # noqa: PLC0415 - SymPy

    return convert(problem1.derive(inputs.config.seed), Derived, from_attributes=True)


def measure(inputs: Inputs, data: Dataset, work: Path, jobs: int, console: Console) -> Measured:
    """Run the notebook in a clean kernel, in an empty folder that holds the four files."""
    from report import kernel, notebook  # noqa: PLC0415 - Jupyter

    made = unexecuted(inputs, data)
    scratch = work / ".scratch"
    room = scratch / "run"
    room.mkdir(parents=True)
    for file in data.files:
        (room / file.name).write_bytes(file.content)
    try:
        kernel.execute(made, room, jobs, console.progress)
    finally:
        (work / NOTEBOOK).write_bytes(notebook.dump(made))
        shutil.rmtree(scratch)
    return Measured(notebook.dump(made).decode(), notebook.record(made))


def unexecuted(inputs: Inputs, data: Dataset) -> Notebook:
    """Write the notebook, not yet run."""
    from report import notebook  # noqa: PLC0415 - Jupyter

    return notebook.build(inputs.config.seed, inputs.config.search, len(data.X_train), stand_in=data.stand_in)


def search(inputs: Inputs, data: Dataset, store: Path, jobs: int, console: Console) -> Searched:
    """Train all settings with code other than the notebook's."""
    from experiments import robustness  # noqa: PLC0415 - scikit-learn

    trial = robustness.Trial(data, _settings(inputs, data), inputs.config.seed, jobs, store)
    outcomes = trial.run(
        range(len(trial.settings)),
        data.X_train,
        progress=lambda done, total: console.progress(done, total, "the same search by our own trainer"),
    )
    found = Search.of(outcomes)
    predicted = tuple(tuple(outcome.predictions.tolist()) for outcome in outcomes)
    return Searched(found, robustness.choose(trial, found), predicted)


def compare(inputs: Inputs, data: Dataset, measured: Measured, searched: Searched) -> None:
    """Compare every count of the two searches and their choice, also where one or both were kept."""
    record, settings = measured.record, _settings(inputs, data)
    rows = (search_rows(settings, found) for found in (searched.search, record.search))
    for ours, notebook in zip(*rows, strict=True):
        if ours != notebook:
            raise CheckError(f"Two trainers disagree: the notebook found {notebook}, our own trainer {ours}.")
    chosen, recorded = searched.choice, Choice(settings.index(record.params), record.passed_over)
    if chosen != recorded:
        raise CheckError(f"Two trainers disagree: the notebook chose {recorded}, our own trainer {chosen}.")


def study(inputs: Inputs, data: Dataset, searched: Searched, store: Path, jobs: int) -> Assessment:
    """Compute what the pages show beside the notebook's numbers."""
    from experiments import robustness, uncertainty  # noqa: PLC0415 - scikit-learn

    trial = robustness.Trial(data, _settings(inputs, data), inputs.config.seed, jobs, store)
    predicted = np.array(data.classes)[np.array(searched.predicted)]
    return uncertainty.assess(trial, searched.search, searched.choice, predicted)


def draw(inputs: Inputs, data: Dataset, derived: Derived, measured: Measured, studied: Assessment) -> Drawn:
    """Draw the figures."""
    return {**draw_problem1(derived), **draw_problem2(inputs, data, measured, studied)}


def draw_problem1(derived: Derived) -> Drawn:
    """Draw the figure that needs what was derived."""
    from report import figures  # noqa: PLC0415 - matplotlib

    return figures.contributions(derived.figure_1f).files("1f")


def draw_problem2(inputs: Inputs, data: Dataset, measured: Measured, studied: Assessment) -> Drawn:
    """Draw the figures that do not."""
    from report import figures  # noqa: PLC0415 - matplotlib

    record, total = measured.record, measured.record.total.dev
    rows = search_rows(_settings(inputs, data), record.search)
    best = {**record.params.printed(), "dev_correct": record.best.dev}
    drawn = {
        "unrolled": figures.unrolled(),
        "marginals": figures.marginals(rows, best, total),
        "networks": figures.networks(
            to_builtins(studied.curves), studied.seeds.counts, inputs.config.seed, total
        ),
    }
    if data.X_dev.shape[1] == 3:
        predicted = np.array(studied.predicted)
        drawn["errors"] = figures.errors(data.X_dev, data.y_dev, predicted, data.feature_names)
    return {file: content for name, one in drawn.items() for file, content in one.files(name).items()}


def typeset(
    inputs: Inputs,
    data: Dataset,
    derived: Derived,
    measured: Measured,
    studied: Assessment,
    drawn: Drawn,
    work: Path,
    made_with: MadeWith | None = None,
) -> dict[str, Page]:
    """Write all sources of the PDF and the files of numbers; return the filled templates.

    The files name this program as what made them, or what is given.
    """
    config, record = inputs.config, measured.record
    settings, reported = _settings(inputs, data), values(record)
    context = {
        **pages.author(config),
        **pages.problem1(derived),
        **pages.problem2(data, config.search, settings, record, reported, studied, config.seed),
        "quick": inputs.quick,
    }
    filled = pages.fill(TEMPLATES, context)
    letters = [content.decode() for name, content in drawn.items() if name.endswith(".tex")]
    words = scripts.figures([*(page.text for page in filled.values()), *letters])
    collected = results.collect(record, derived, data, studied, inputs)
    if made_with:
        collected = structs.replace(collected, made_with=made_with)
    files = {
        **{path: filled_page.text.encode() for path, filled_page in filled.items()},
        **{f"figures/{name}": content for name, content in drawn.items()},
        **{f"figures/{name}.pdf": content for name, content in words.items()},
        "latexmkrc": LATEXMKRC.encode(),
        results.RESULTS: bundles.as_json(collected),
        results.LEDGER: bundles.as_json(derived.ledger),
        results.CONFIG: config.source,
        "search.csv": bundles.as_csv(search_rows(settings, record.search, record.refits(settings))),
        NOTEBOOK: measured.notebook.encode(),
    }
    for name, content in files.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_bytes(content)
    return filled


def compile_pages(
    inputs: Inputs,
    work: Path,
    filled: Mapping[str, Page],
    kept: Path | None = None,
    console: Console | None = None,
) -> tuple[str, ...]:
    """Make the PDF and the map from questions to its pages; return the system's files that TeX read.

    In the folder `kept` TeX finds its notes from the last time, which spares a pass, and leaves its new ones.
    The console is warned of a PDF that is longer than expected.
    """
    if not inputs.pdf:
        return ()
    read = compile_pdf(system.latexmk(), work, filled, kept / NOTES if kept else None)
    check_numbers(work)
    expected = MOST_PAGES + len(QUESTIONS) * inputs.config.report.page_per_question
    if console and (pages := page_count(work)) > expected:
        console.warn(f"The PDF has {pages} pages, more than the {expected} expected: look at it.")
    found = question_pages(work)
    if missing := [question for question in QUESTIONS if question not in found]:
        raise CheckError(f"The PDF has no place for question {', '.join(missing)}.")
    (work / PAGES).write_bytes(bundles.as_json({question: found[question] for question in QUESTIONS}))
    for by_product in work.glob("submission.*"):
        if by_product.suffix not in (".tex", ".pdf"):
            by_product.unlink()
    return read


def bundle(inputs: Inputs, data: Dataset, keys: Mapping[str, Key], work: Path) -> None:
    """Write the zip that is handed in, and the manifest."""
    files = {str(path.relative_to(work)): path.read_bytes() for path in work.rglob("*") if path.is_file()}
    inputs_hashes = {f.name: f.sha256 for f in data.files}
    inputs_hashes |= {name: digest for name, digest in keys["build"].items() if len(digest) == 64}
    versions = {name: text for name, text in keys["build"].items() if name.endswith("version")}
    if inputs.pdf:
        name = inputs.config.report.zip_name
        handed_in = {PDF: files[PDF], NOTEBOOK: files[NOTEBOOK], **{f.name: f.content for f in data.files}}
        files[name] = bundles.zipped(handed_in)
        bundles.check_zip(files[name], handed_in)
        (work / name).write_bytes(files[name])
    (work / "manifest.json").write_bytes(bundles.manifest(files, inputs_hashes, versions))


def _settings(inputs: Inputs, data: Dataset) -> tuple[Setting, ...]:
    return inputs.config.search.settings(len(data.X_train))
