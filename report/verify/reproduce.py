"""A submission made anew from its configuration: derived, trained by our own trainer, set by the TeX at hand.

Run by `report.confined.run`. What was attached is data here: its configuration says what to derive and to
train, its notebook is compared, never run. What tells of the author's machine is taken as attached.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace as with_changes
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
from report.errors import CheckError, LatexError
from report.results import Measured, Results
from report.verify import evidence
from report.verify.evidence import ANSWER, BESIDE, PAGES
from report.verify.findings import Reproduced, Table
from report.verify.notebook import Cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from experiments.dataset import Dataset
    from experiments.record import Setting
    from report.results import Derived
    from report.verify.evidence import Evidence

LARGEST = 2 * 10**6  # weights of one network: what fits the memory that this process may use


def _reproduce(folder: Path, data_path: Path, *, fast: bool) -> None:
    """Be the child: make it, and leave it in the folder."""
    given = evidence.load(folder)
    data = dataset.load(data_path, index_column=given.config.index_column)
    attached, config = given.notebook.record, given.config
    settings = config.search.settings(len(data.X_train))
    quick = (
        given.results.quick if given.results else bool(attached and len(attached.search.dev) < len(settings))
    )
    if quick:
        config = with_changes(config, search=config.search.small())
        settings = config.search.settings(len(data.X_train))
    inputs = Inputs(config=config, data=data_path, quick=quick, pdf=True)
    _check_size(settings, data)
    confined.tell(0, 100, "deriving and training")
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:  # derives while this process trains
        deriving = pool.submit(stages.derive, inputs)
        fast = fast and given.results is not None and attached is not None
        record, studied, trained = _searched(given, data, settings, fast=fast)
        ours = stages.unexecuted(inputs, data)
        measured = Measured(given.files[results.NOTEBOOK].decode(errors="replace"), record)
        derived = deriving.result()
    confined.tell(90, 100, "typesetting")
    made_of = tuple(_made_of(given, data, folder / BESIDE))
    no_pages = _set_pages(inputs, data, derived, measured, studied, given, made_of, folder / PAGES)
    found = Reproduced(
        results=msgspec.json.decode((folder / PAGES / results.RESULTS).read_bytes(), type=Results),
        ledger=derived.ledger,
        record=record,
        cells=tuple(Cell(cell.metadata["tags"][0], cell.cell_type, cell.source) for cell in ours.cells),
        made_of=made_of,
        handed_in=tuple(_handed_in(data, folder / BESIDE)),
        environment=numerics.audit(),
        made_with=results.made_with(Snapshot(inputs)),
        trained=trained,
        no_pages=no_pages,
    )
    (folder / ANSWER).write_bytes(msgspec.json.encode(found))


def _set_pages(
    inputs: Inputs,
    data: Dataset,
    derived: Derived,
    measured: Measured,
    studied: Assessment,
    given: Evidence,
    made_of: Sequence[Table],
    pages: Path,
) -> str:
    """Make what a build leaves; return why there is no PDF, if there is none."""
    pages.mkdir()
    try:
        drawn = stages.draw(inputs, data, derived, measured, studied)
        filled = stages.typeset(inputs, data, derived, measured, studied, drawn, pages)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:  # of what was attached
        raise UnjudgedError(f"What {results.RESULTS} says beside its values cannot be printed.") from error
    if given.results:  # the program and the files that made the numbers are told apart by themselves
        file = pages / results.RESULTS
        told = msgspec.json.decode(file.read_bytes(), type=Results)
        files = told.data.files
        for table in made_of:
            if table.same:
                there = given.results.data.files[table.name].sha256
                files = files | {table.name: structs.replace(files[table.name], sha256=there)}
        told = structs.replace(
            told, made_with=given.results.made_with, data=structs.replace(told.data, files=files)
        )
        file.write_bytes(bundle.as_json(told))
    try:
        stages.compile_pages(inputs, pages, filled)
    except (CheckError, LatexError) as error:  # of the TeX at hand
        return str(error).splitlines()[0]
    return ""


def _check_size(settings: Sequence[Setting], data: Dataset) -> None:
    """Refuse networks that are too large for what this process may use."""
    sizes = all_weights(settings, data.X_train.shape[1], len(data.classes))
    if max(sizes) > LARGEST:
        layers = settings[sizes.index(max(sizes))].hidden_layer_sizes
        raise UnjudgedError(f"The attached space holds networks of more than {LARGEST:,} weights: {layers}.")


# --- the search
def _searched(
    given: Evidence, data: Dataset, settings: Sequence[Setting], *, fast: bool
) -> tuple[Record, Assessment, int]:
    """Train all settings, or two: return the record, what the pages add to it, and how many were trained.

    What tells of the author's machine, and with `fast` what was not trained, is taken as attached.
    """
    from experiments import robustness, uncertainty  # noqa: PLC0415 - scikit-learn, while SymPy derives

    attached, told = given.notebook.record, given.results
    trial = robustness.Trial(data, settings, given.config.seed, 1 if fast else os.cpu_count() or 1)
    if fast and attached and told:
        if len(attached.search.dev) != len(settings):
            raise UnjudgedError("The notebook tells of another number of settings than its configuration.")
        search, passed_over = attached.search, attached.passed_over
        best = robustness.reported(trial, search, passed_over)
        places = [trial.default, best]
        trained = dict(zip(places, trial.run(places, data.X_train), strict=True))
    else:
        trained = dict(enumerate(trial.run(range(len(settings)), data.X_train)))
        search = Search.of(trained.values())
        choice = robustness.choose(trial, search)
        best, passed_over = choice.place, choice.passed_over
    record = Record(
        default=Counts(trained[trial.default].train, trained[trial.default].dev),
        best=Counts(trained[best].train, trained[best].dev),
        params=settings[best],
        total=Counts(len(data.y_train), len(data.y_dev)),
        tied=search.dev.count(search.dev[best]),
        search=search,
        versions=attached.versions if attached else {},
        passed_over=passed_over,
    )
    predicted = {place: np.array(data.classes)[found.predictions] for place, found in trained.items()}
    if not (fast and told):
        every = np.array([*predicted.values()])
        certificate = told.studied.certificate if told else None
        found = uncertainty.assess(trial, search, Choice(best, passed_over), every, certificate)
    else:
        curves, converged = uncertainty.learning(trial, {"default": trial.default, "best": best})
        found = Assessment(
            curves=curves,
            epochs={name: len(curve.loss) for name, curve in curves.items()},
            converged=converged,
            predicted=tuple(predicted[best].tolist()),
            wrong=int(np.sum(predicted[best] != data.y_dev)),
            seeds=told.studied.seeds,
            selection=told.studied.selection,
            certificate=told.studied.certificate,
            environment={},
        )
    return record, structs.replace(found, environment=told.environment) if told else found, len(trained)


# --- the data
def _made_of(given: Evidence, data: Dataset, beside: Path) -> Iterator[Table]:
    """Compare the data at hand with those that the numbers were made with, of which the hashes are known."""
    told = given.results.data.files if given.results else {}
    for file in data.files if told else ():
        wanted = told[file.name].sha256 if file.name in told else "none"
        unix = file.content.replace(b"\r\n", b"\n")
        copies = [file.content, unix, unix.replace(b"\n", b"\r\n"), unix.rstrip(b"\n")]
        if (beside / file.name).is_file():
            copies.append((beside / file.name).read_bytes())
        there = next((content for content in copies if bundle.sha256(content) == wanted), None)
        unknown = f"has sha256 {wanted[:12]}... in the submission, {file.sha256[:12]}... here"
        yield Table(file.name, unknown) if there is None else _compared(file.name, there, file.content)


def _handed_in(data: Dataset, beside: Path) -> Iterator[Table]:
    """Compare the data at hand with those that came with the PDF."""
    for file in data.files:
        if (beside / file.name).is_file():
            yield _compared(file.name, (beside / file.name).read_bytes(), file.content)


def _compared(name: str, there: bytes, here: bytes) -> Table:
    """Compare two tables by their values."""
    if there == here:
        return Table(name, "is the same file", same=True, equal=True)
    try:
        one, other = (dataset.values(content, name) for content in (there, here))
    except DataError as error:
        return Table(name, f"cannot be read ({error})")
    how = "other line ends" if there.split() == here.split() else "other quotation marks or blanks"
    if {*one[0]} == {*other[0]} and one[0] != other[0] and all(isinstance(cell, str) for cell in one[0]):
        order = [one[0].index(cell) for cell in other[0]]
        one, how = tuple(tuple(row[place] for place in order) for row in one), "another order of columns"
    if abs(len(one) - len(other)) == 1:  # one of them has a header
        start = (len(one) > len(other), len(other) > len(one))
        if one[start[0] :] == other[start[1] :]:
            return Table(name, "has the same numbers, and another header", same=True)
    if len(one) != len(other) or len(one[0]) != len(other[0]):
        return Table(
            name, f"has {len(one)} lines of {len(one[0])} values, here {len(other)} of {len(other[0])}"
        )
    cells = [
        (line, column, a, b)
        for line, rows in enumerate(zip(one, other, strict=True), start=1)
        for column, (a, b) in enumerate(zip(*rows, strict=True), start=1)
        if a != b
    ]
    if not cells:
        return Table(name, f"has the same numbers, {how}", same=True)
    line, column, a, b = cells[0]
    more = f"; {len(cells):,} values differ" if len(cells) > 1 else ""
    return Table(name, f"has {a} in line {line}, column {column}, here {b}{more}")


if __name__ == "__main__":
    numerics.pin()
    os.umask(0o077)
    confined.answer(lambda given: _reproduce(Path(given[0]), Path(given[1]), fast=json.loads(given[2])))
