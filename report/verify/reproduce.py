"""A submission made anew from its configuration: derived, trained by our own trainer, set by the TeX at hand.

Run by `report.confined.run`. What was attached is data here: its configuration says what to derive and to
train, its notebook is compared, never run. What tells of the author's machine is taken as attached.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from codecs import BOM_UTF8
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace as with_changes
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from msgspec import structs

from experiments import dataset, numerics
from experiments.assessment import Assessment, Choice
from experiments.errors import DataError
from experiments.record import Counts, Record, Search, all_weights
from report import bundle, confined, results, stages
from report.cache import Inputs, Snapshot
from report.confined import UnjudgedError
from report.errors import CheckError, InputError, LatexError
from report.results import Measured, Results
from report.verify import evidence, notebook
from report.verify.evidence import BESIDE, PAGES
from report.verify.findings import (
    CELLS,
    DATA,
    DATA_BESIDE,
    HARMLESS,
    NOTEBOOK_BESIDE,
    PROBLEM_2,
    UNKNOWN,
    Difference,
    Reproduced,
)
from report.verify.notebook import Cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from experiments.dataset import DataFile, Dataset
    from experiments.record import Setting
    from experiments.robustness import Trial
    from report.latex.render import Page
    from report.verify.evidence import Evidence

LARGEST = 2 * 10**6  # weights of one network: what fits the memory that this process may use


def _reproduce(folder: Path, data_path: Path, *, fast: bool) -> Reproduced:
    """Be the child: make it, and leave its pages in the folder."""
    given = evidence.load(folder)
    data = dataset.load(data_path, index_column=given.config.index_column)
    beside = {file.name: file.read_bytes() for file in (folder / BESIDE).iterdir()}
    compared = handed_in(given, beside, data.files)
    if given.results:
        made_of, data = as_made(given.results, data, beside, folder / DATA)
        compared = {DATA: made_of, **compared}
    inputs = _inputs(given, data_path, len(data.X_train))
    settings = inputs.config.search.settings(len(data.X_train))
    _check_size(settings, data)
    confined.tell(0, 100, "deriving and training")
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        deriving = pool.submit(stages.derive, inputs)  # this process does the rest
        record, studied, trained = _searched(given, data, settings, fast=fast)
        measured = Measured(given.files[results.NOTEBOOK].decode(errors="replace"), record)
        ours = stages.unexecuted(inputs, data)
        with _as_attached():
            drawn = stages.draw_problem2(inputs, data, measured, studied)
        derived = deriving.result()
    confined.tell(90, 100, "typesetting")
    pages = folder / PAGES
    pages.mkdir()
    made_with = results.made_with(Snapshot(inputs))
    told = given.results.made_with if given.results else made_with
    with _as_attached():
        drawn |= stages.draw_problem1(derived)
        filled = stages.typeset(inputs, data, derived, measured, studied, drawn, pages, told)
    cells = [Cell(cell.metadata["tags"][0], cell.cell_type, cell.source) for cell in ours.cells]
    compared[CELLS] = notebook.compare(given.notebook.cells, cells, outputs=False)
    return Reproduced(
        results=msgspec.json.decode((pages / results.RESULTS).read_bytes(), type=Results),
        ledger=derived.ledger,
        record=record,
        files={name: tuple(found) for name, found in compared.items()},
        environment=numerics.audit(),
        made_with=made_with,
        trained=trained,
        no_pages=_compiled(inputs, pages, filled),
    )


def _inputs(given: Evidence, data: Path, samples: int) -> Inputs:
    """Return what the submission says that it was made from; a quick build searched a small space."""
    config, record = given.config, given.notebook.record
    quick = record is not None and len(record.search.dev) < len(config.search.settings(samples))
    quick = given.results.quick if given.results else quick
    config = with_changes(config, search=config.search.small()) if quick else config
    return Inputs(config=config, data=data, quick=quick, pdf=True)


@contextlib.contextmanager
def _as_attached() -> Iterator[None]:
    """Blame the submission if what it attached beside its values cannot be drawn or printed."""
    try:
        yield
    except (AttributeError, IndexError, InputError, KeyError, TypeError, ValueError) as error:
        raise UnjudgedError(
            f"What {results.RESULTS} or the notebook says beside its values cannot be printed."
        ) from error


def _compiled(inputs: Inputs, pages: Path, filled: dict[str, Page]) -> str:
    """Make the PDF; return why there is none, if the TeX at hand cannot."""
    try:
        stages.compile_pages(inputs, pages, filled)
    except (CheckError, LatexError) as error:
        return str(error).splitlines()[0]
    return ""


# --- the search
def _check_size(settings: Sequence[Setting], data: Dataset) -> None:
    """Refuse networks that are too large for what this process may use."""
    sizes = all_weights(settings, data.X_train.shape[1], len(data.classes))
    if max(sizes) > LARGEST:
        layers = settings[sizes.index(max(sizes))].hidden_layer_sizes
        raise UnjudgedError(f"The attached space holds networks of more than {LARGEST:,} weights: {layers}.")


def _searched(
    given: Evidence, data: Dataset, settings: Sequence[Setting], *, fast: bool
) -> tuple[Record, Assessment, int]:
    """Train all settings, or two: return the record, what the pages add to it, and how many were trained."""
    sys.modules["pandas"] = None  # type: ignore[assignment]  # scikit-learn would load it, to no use here
    from experiments import robustness  # noqa: PLC0415 - scikit-learn, while SymPy derives

    del sys.modules["pandas"]
    trial = robustness.Trial(data, settings, given.config.seed, 1 if fast else os.cpu_count() or 1)
    attached, told = given.notebook.record, given.results
    two = False
    # other data may clip the sizes of batches: then there are fewer settings
    if fast and told and attached and len(attached.search.dev) == len(settings):
        two, (search, choice, counts, studied) = True, _train_two(attached, told, trial)
    else:
        search, choice, counts, studied = _train_all(told, trial)
    record = Record(
        default=counts[0],
        best=counts[1],
        params=settings[choice.place],
        total=Counts(len(data.y_train), len(data.y_dev)),
        tied=search.dev.count(search.dev[choice.place]),
        search=search,
        versions=attached.versions if attached else {},
        passed_over=choice.passed_over,
    )
    environment = told.environment if told else studied.environment
    return record, structs.replace(studied, environment=environment), 2 if two else len(settings)


Table = tuple[tuple[float | str, ...], ...]
Trained = tuple[Search, Choice, tuple[Counts, Counts], Assessment]


def _train_all(told: Results | None, trial: Trial) -> Trained:
    """Search the whole space; only the certificate, which tells of the author's machine, is as attached."""
    from experiments import robustness, uncertainty  # noqa: PLC0415

    outcomes = trial.run(range(len(trial.settings)), trial.data.X_train)
    search = Search.of(outcomes)
    choice = robustness.choose(trial, search)
    predicted = np.array(trial.data.classes)[np.array([each.predictions for each in outcomes])]
    certificate = told.studied.certificate if told else None
    studied = uncertainty.assess(trial, search, choice, predicted, certificate)
    default, best = (Counts(search.train[n], search.dev[n]) for n in (trial.default, choice.place))
    return search, choice, (default, best), studied


def _train_two(attached: Record, told: Results, trial: Trial) -> Trained:
    """Train the default and the best network; all else is as attached."""
    from experiments import robustness, uncertainty  # noqa: PLC0415

    place = robustness.reported(trial, attached.search, attached.passed_over)
    curves, outcomes = uncertainty.learning(trial, {"default": trial.default, "best": place})
    predicted = np.array(trial.data.classes)[outcomes["best"].predictions]
    studied = Assessment(
        curves=curves,
        epochs={name: outcome.epochs for name, outcome in outcomes.items()},
        converged={name: outcome.converged for name, outcome in outcomes.items()},
        predicted=tuple(predicted.tolist()),
        wrong=int(np.sum(predicted != trial.data.y_dev)),
        seeds=told.studied.seeds,
        selection=told.studied.selection,
        certificate=told.studied.certificate,
        environment={},
    )
    default, best = (Counts(outcomes[name].train, outcomes[name].dev) for name in ("default", "best"))
    return attached.search, Choice(place, attached.passed_over), (default, best), studied


# --- the data, as values: a file may be written in many ways
def as_made(
    told: Results, data: Dataset, beside: Mapping[str, bytes], folder: Path
) -> tuple[list[Difference], Dataset]:
    """Compare the data at hand with those of the submission; return them as it has them and names them.

    Its own files are found by their hashes and, if they hold the same numbers, read from the folder: their
    columns may be in another order.
    """
    folder.mkdir()
    hashes, found = {name: file.sha256 for name, file in told.data.files.items()}, list[Difference]()
    for file in data.files:
        wanted = hashes.setdefault(file.name, "none")
        lines = b"\n".join(file.content.removeprefix(BOM_UTF8).splitlines()).rstrip(b"\n")
        ways = product((b"", BOM_UTF8), (b"", b"\n"), (b"\n", b"\r\n"))
        copies = [(mark + lines + last).replace(b"\n", end) for mark, last, end in ways]
        copies = [file.content, beside.get(file.name, b""), *copies]
        if there := next((copy for copy in copies if bundle.sha256(copy) == wanted), b""):
            found += filter(None, [compared(file.name, there, file.content)])
            (folder / file.name).write_bytes(there)
        else:
            what = f"{file.name} has sha256 {wanted[:12]}... in the submission, {file.sha256[:12]}... here"
            found.append(Difference(PROBLEM_2, what, kind=UNKNOWN))
    if found and all(each.kind == HARMLESS for each in found):
        with contextlib.suppress(DataError):
            data = dataset.load(folder, index_column=True)  # refused before, if it is none
    files = tuple(with_changes(file, sha256=hashes[file.name]) for file in data.files)
    stand_in = (*(file.sha256 for file in files), data.X_train.shape[1]) == (*dataset.STAND_IN, 3)
    return found, with_changes(data, files=files, stand_in=stand_in, others=told.data.others)


def handed_in(
    given: Evidence, beside: Mapping[str, bytes], files: Sequence[DataFile]
) -> dict[str, list[Difference]]:
    """Compare what came with the PDF: data with those at hand, the notebook with the one in the PDF."""
    found = {}
    if came := [file for file in files if file.name in beside]:
        differences = (compared(file.name, beside[file.name], file.content) for file in came)
        found[DATA_BESIDE] = [*filter(None, differences)]
    if (book := beside.get(results.NOTEBOOK)) is not None:
        name = f"The {results.NOTEBOOK} beside the PDF"
        same = book == given.files[results.NOTEBOOK]
        try:
            other = [] if same else notebook.compare_saved(notebook.read(book, name), given.notebook)
        except UnjudgedError as error:  # points go by question: what is in the PDF is sound
            other = [Difference(PROBLEM_2, str(error).removeprefix(f"{name} ").rstrip("."))]
        found[NOTEBOOK_BESIDE] = other
    return found


def compared(name: str, there: bytes, here: bytes) -> Difference | None:
    """Compare two tables by their values."""
    if there == here:
        return None
    try:
        one, other = (dataset.values(content, name) for content in (there, here))
    except DataError as error:
        return Difference(PROBLEM_2, f"{name} cannot be read ({error})")
    how = "other line ends" if there.split() == here.split() else "written otherwise"
    named = {*one[0]}
    reordered = named == {*other[0]} and len(named) == len(one[0]) == len(other[0]) and one[0] != other[0]
    if reordered and all(isinstance(cell, str) for cell in named):
        order = [one[0].index(cell) for cell in other[0]]
        one, how = tuple(tuple(row[place] for place in order) for row in one), "another order of columns"
    longer = max(one, other, key=len)  # by a header
    if one == other or (longer[1:] in (one, other) and all(isinstance(cell, str) for cell in longer[0])):
        how = how if one == other else "and another header"
        return Difference(PROBLEM_2, f"{name} has the same numbers, {how}", kind=HARMLESS)
    return Difference(PROBLEM_2, f"{name} has {_first_other(one, other)}")


def _first_other(one: Table, other: Table) -> str:
    """Name the first of the values that differ, and how many do."""
    there, here = (np.array(table, dtype=object) for table in (one, other))
    if there.shape != here.shape:
        return "{} lines of {} values, here {} of {}".format(*there.shape, *here.shape)
    cells = np.argwhere(there != here)
    line, column = first = tuple(cells[0])
    more = f"; {len(cells):,} values differ" if len(cells) > 1 else ""
    return f"{there[first]} in line {line + 1}, column {column + 1}, here {here[first]}{more}"


if __name__ == "__main__":
    numerics.pin()
    os.umask(0o077)
    confined.answer(lambda given: _reproduce(Path(given[0]), Path(given[1]), fast=json.loads(given[2])))
