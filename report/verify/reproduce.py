"""The submission made anew, in a clean process: derived, trained by our own trainer, set by the TeX at hand.

Run by `report.verify.confined.run`. What was attached is data here: its configuration says what to derive and
to train, its notebook is compared, never run.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from joblib import cpu_count
from sklearn.neural_network import MLPClassifier

from experiments import dataset, numerics, problem2, search
from experiments import study as studies
from report import evidence, notebook, stages
from report.errors import LatexError
from report.sources import Inputs
from report.verify import attached, confined, notebook_cells
from report.verify.errors import UnjudgedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from experiments.dataset import Dataset
    from experiments.problem2 import Space
    from experiments.search import Outcome
    from report.verify.attached import Attached

LARGEST = 2 * 10**6  # weights of one network: what fits the memory that this process may use
LIMIT = MLPClassifier().max_iter  # epochs
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
    made = attached.parse({name: (folder / name).read_bytes() for name in evidence.ATTACHED})
    data = dataset.load(data_path)
    config = replace(made.config, search=made.config.search.small()) if made.quick else made.config
    inputs = Inputs(config=config, data=data_path, quick=made.quick, pdf=True)
    space = problem2.space(asdict(config.search), len(data.X_train))
    _check_size(space, data)
    confined.tell(0, 100, STAGES[0])
    derived = stages.derive(inputs)
    record, studied, settings = (_part if fast else _all)(made, data, space)
    confined.tell(95, 100, STAGES[2])
    ours = stages.unexecuted(inputs, data)
    measured = {
        "notebook": (folder / evidence.NOTEBOOK).read_text(encoding="utf-8"),
        "record": record,
        "code_tags": notebook.code_tags(ours),
    }
    pages = folder / "pages"
    pages.mkdir()
    try:
        drawn = stages.draw(inputs, data, derived, measured, studied)
        filled = stages.typeset(inputs, data, derived, measured, studied, drawn, pages)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:  # of what was attached
        raise UnjudgedError(
            f"What {evidence.RESULTS} in the PDF says beside its values cannot be printed."
        ) from error
    try:
        stages.compile_pages(inputs, pages, filled)
        no_pages = ""
    except LatexError as error:
        no_pages = str(error).splitlines()[0]
    return {
        "data": {file.name: file.sha256 for file in data.files},
        "environment": numerics.audit(),
        "made_with": evidence.made_with(),
        "cells": [list(vars(cell).values()) for cell in notebook_cells.written(ours)],
        "settings": settings,
        "record": record,
        "no_pages": no_pages,
    }


def _check_size(space: Space, data: Dataset) -> None:
    """Refuse networks that are too large for what this process may use."""
    for layers in space.layers:
        units = (data.X_train.shape[1], *layers, len(data.classes))
        if sum(fan_in * fan_out for fan_in, fan_out in pairwise(units)) > LARGEST:
            raise UnjudgedError(
                f"The attached space holds networks of more than {LARGEST:,} weights: {layers}."
            )


def _all(made: Attached, data: Dataset, space: Space) -> tuple[dict[str, Any], dict[str, Any], int]:
    """Train all settings: the record that the notebook should have printed, and what the pages add to it."""
    settings = list(space.settings())
    outcomes = _train(settings, data, made)
    record = _record(space, outcomes, data)
    predicted = np.array([np.array(data.classes)[outcome.predictions] for outcome in outcomes])
    models = studies.chosen(data, space, record)
    best = predicted[settings.index(models["best"])]
    studied = {
        **studies.learning(data, models, made.seed),
        **studies.trust(data, space, record, predicted, made.seed),
    }
    return record, {**studied, **_errors(best, data), **_theirs(made)}, len(settings)


def _part(made: Attached, data: Dataset, space: Space) -> tuple[dict[str, Any], dict[str, Any], int]:
    """Train the default and the best setting alone; take the rest of the search as attached."""
    if len(made.record["search"]["dev"]) != len(list(space.settings())):
        raise UnjudgedError(
            "The notebook in the PDF tells of another number of settings than its configuration."
        )
    models = studies.chosen(data, space, made.record)
    default, best = _train(list(models.values()), data, made)
    record = {
        **made.record,
        "2a": {"train": default.train, "dev": default.dev},
        "2b": {**made.record["2b"], "train": best.train, "dev": best.dev, "params": _params(models["best"])},
        "total": {"train": len(data.y_train), "dev": len(data.y_dev)},
    }
    predicted = np.array(data.classes)[best.predictions]
    studied = {**made.studied, **studies.learning(data, models, made.seed)}
    return record, {**studied, **_errors(predicted, data), **_theirs(made)}, len(models)


def _train(settings: Sequence[Mapping[str, Any]], data: Dataset, made: Attached) -> tuple[Outcome, ...]:
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


def _record(space: Space, outcomes: Sequence[Outcome], data: Dataset) -> dict[str, Any]:
    """Write down the counts of a search as the notebook does."""
    found = {
        "train": [outcome.train for outcome in outcomes],
        "dev": [outcome.dev for outcome in outcomes],
        "epochs": [outcome.epochs for outcome in outcomes],
        "converged": [int(0 < outcome.epochs < LIMIT) for outcome in outcomes],  # as the notebook has it
    }
    models = studies.chosen(data, space, {"search": found})
    settings = list(space.settings())
    places = {name: settings.index(setting) for name, setting in models.items()}
    counts = {name: {part: found[part][place] for part in ("train", "dev")} for name, place in places.items()}
    tied = sum(dev == counts["best"]["dev"] for dev in found["dev"])
    return {
        "2a": counts["default"],
        "2b": {**counts["best"], "params": _params(models["best"]), "tied": tied},
        "total": {"train": len(data.y_train), "dev": len(data.y_dev)},
        "search": found,
    }


def _params(setting: Mapping[str, Any]) -> dict[str, Any]:
    """Give a setting as JSON has it: layer sizes as a list."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in setting.items()}


def _errors(predicted: np.ndarray, data: Dataset) -> dict[str, Any]:
    return {"predicted": predicted.tolist(), "wrong": int(np.sum(predicted != data.y_dev))}


def _theirs(made: Attached) -> dict[str, Any]:
    """Give what the pages say of the author's machine, which no other machine can make anew."""
    return {"environment": made.environment, "certificate": made.studied["certificate"]}


def _main(arguments: list[str]) -> dict[str, Any]:
    folder, data_path, fast = arguments
    return reproduce(Path(folder), Path(data_path), fast=json.loads(fast))


if __name__ == "__main__":
    numerics.pin()
    os.umask(0o077)
    confined.answer(_main)
