"""The submission made anew, in a clean process: derived, trained by our own trainer, set by the TeX at hand.

Run by `report.verify.confined.run`. What was attached is data here: its configuration says what to derive and
to train, its notebook is compared, never run.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace as with_changes
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from joblib import cpu_count
from msgspec import ValidationError, convert, to_builtins
from msgspec.structs import replace

from experiments import dataset, numerics, robustness, search, uncertainty
from experiments.assessment import Assessment
from experiments.record import Counts, Record, Search
from report import results, stages
from report.cache import Inputs, Snapshot
from report.errors import LatexError
from report.results import Studied
from report.verify import attached, confined, notebook_cells
from report.verify.errors import UnjudgedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from experiments.dataset import Dataset
    from experiments.record import Setting, Space
    from experiments.store import Outcome
    from report.verify.attached import Attached

LARGEST = 2 * 10**6  # weights of one network: what fits the memory that this process may use
FEW = 8  # settings: so many are trained in the time that other processes need to begin
STAGES = ("deriving problem 1", "training", "typesetting")


def reproduce(folder: Path, data_path: Path, *, fast: bool) -> dict[str, Any]:
    """Make the submission anew.

    Parameters
    ----------
    folder : Path
        Holds the attached files; gets a folder ``pages`` with the new ones.
    data_path : Path
        The data.
    fast : bool
        Train only the default and the best setting; what else was searched is taken as attached.

    Returns
    -------
    dict
        ``data`` (hashes), ``environment``, ``made_with``, ``cells``, ``settings`` (how many were trained),
        ``record`` and ``no_pages`` (why no pages were set; empty if they were). Files are in the folder.
    """
    made = attached.parse({name: (folder / name).read_bytes() for name in results.ATTACHED})
    data = dataset.load(data_path, index_column=made.config.index_column)
    config = with_changes(made.config, search=made.config.search.small()) if made.quick else made.config
    inputs = Inputs(config=config, data=data_path, quick=made.quick, pdf=True)
    settings = config.search.settings(len(data.X_train))
    _check_size(config.search, data)
    confined.tell(0, 100, STAGES[0])
    derived = stages.derive(inputs)
    record, studied, trained = (_part if fast else _all)(made, data, settings)
    confined.tell(95, 100, STAGES[2])
    ours = stages.unexecuted(inputs, data)
    measured = results.Measured((folder / results.NOTEBOOK).read_text(encoding="utf-8"), record)
    pages = folder / "pages"
    pages.mkdir()
    try:
        drawn = stages.draw(inputs, data, derived, measured, studied)
        filled = stages.typeset(inputs, data, derived, measured, studied, drawn, pages)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:  # of what was attached
        raise UnjudgedError(
            f"What {results.RESULTS} in the PDF says beside its values cannot be printed."
        ) from error
    try:
        stages.compile_pages(inputs, pages, filled)
        no_pages = ""
    except LatexError as error:
        no_pages = str(error).splitlines()[0]
    return {
        "data": {file.name: file.sha256 for file in data.files},
        "environment": numerics.audit(),
        "made_with": to_builtins(results.made_with(Snapshot(inputs))),
        "cells": [list(vars(cell).values()) for cell in notebook_cells.written(ours)],
        "settings": trained,
        "record": to_builtins(record),
        "no_pages": no_pages,
    }


def _check_size(space: Space, data: Dataset) -> None:
    """Refuse networks that are too large for what this process may use."""
    for layers in space.hidden_layer_sizes:
        units = (data.X_train.shape[1], *layers, len(data.classes))
        if sum(fan_in * fan_out for fan_in, fan_out in pairwise(units)) > LARGEST:
            raise UnjudgedError(
                f"The attached space holds networks of more than {LARGEST:,} weights: {layers}."
            )


def _all(made: Attached, data: Dataset, settings: Sequence[Setting]) -> tuple[Record, Assessment, int]:
    """Train all settings: the record that the notebook should have left, and what the pages add to it."""
    outcomes = _train(settings, data, made)
    found = Search(
        *(tuple(getattr(outcome, name) for outcome in outcomes) for name in Search.__struct_fields__)
    )
    trial = robustness.Trial(data, settings, made.seed, jobs=cpu_count())
    choice = robustness.choose(trial, found)
    best = choice.place
    record = Record(
        default=Counts(found.train[trial.default], found.dev[trial.default]),
        best=Counts(found.train[best], found.dev[best]),
        params=settings[best],
        total=Counts(len(data.y_train), len(data.y_dev)),
        tied=found.dev.count(found.dev[best]),
        search=found,
        versions=made.record.versions,
        passed_over=choice.passed_over,
    )
    predicted = np.array([np.array(data.classes)[outcome.predictions] for outcome in outcomes])
    assessment = uncertainty.assess(trial, found, choice, predicted, _studied(made).certificate)
    return record, replace(assessment, environment=dict(made.environment)), len(settings)


def _part(made: Attached, data: Dataset, settings: Sequence[Setting]) -> tuple[Record, Assessment, int]:
    """Train the default and the best setting alone; take the rest of the search as attached."""
    if len(made.record.search.dev) != len(settings):
        raise UnjudgedError(
            "The notebook in the PDF tells of another number of settings than its configuration."
        )
    trial = robustness.Trial(data, settings, made.seed)
    place = robustness.reported(trial, made.record.search, made.record.passed_over)
    default, best = _train([settings[trial.default], settings[place]], data, made)
    record = replace(
        made.record,
        params=settings[place],
        default=Counts(default.train, default.dev),
        best=Counts(best.train, best.dev),
        total=Counts(len(data.y_train), len(data.y_dev)),
    )
    predicted = np.array(data.classes)[best.predictions]
    curves, converged = uncertainty.learning(trial, {"default": trial.default, "best": place})
    attached = _studied(made)
    assessment = Assessment(
        curves=curves,
        epochs={name: len(curve.loss) for name, curve in curves.items()},
        converged=converged,
        predicted=tuple(predicted.tolist()),
        wrong=int(np.sum(predicted != data.y_dev)),
        seeds=attached.seeds,
        selection=attached.selection,
        certificate=attached.certificate,
        environment=dict(made.environment),
    )
    return record, assessment, 2


def _studied(made: Attached) -> Studied:
    """Read what the pages say beside the values, part of which no other machine can make anew."""
    try:
        return convert(dict(made.studied), Studied)
    except ValidationError as error:
        raise UnjudgedError(f"{results.RESULTS} in the PDF is damaged: studied: {error}.") from None


def _train(settings: Sequence[Setting], data: Dataset, made: Attached) -> tuple[Outcome, ...]:
    """Train settings by other code than the notebook's."""
    begun = 50 if len(settings) <= FEW else 5  # percent: a few networks take less time than problem 1
    return search.run(
        settings,
        data.X_train,
        data.y_train,
        data.X_dev,
        data.y_dev,
        seeds=(made.config.seed,),
        jobs=1 if len(settings) <= FEW else cpu_count(),
        progress=lambda done, total: confined.tell(
            begun + round((90 - begun) * done / total), 100, STAGES[1]
        ),
    )


def _main(arguments: list[str]) -> dict[str, Any]:
    folder, data_path, fast = arguments
    return reproduce(Path(folder), Path(data_path), fast=json.loads(fast))


if __name__ == "__main__":
    numerics.pin()
    os.umask(0o077)
    confined.answer(_main)
