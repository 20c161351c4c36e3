"""From data to pages: what each template is given, and the filled templates."""

from __future__ import annotations

import hashlib
import math
import re
from typing import TYPE_CHECKING, Any

from experiments import numerics
from experiments.record import HYPER_PARAMETERS, Setting, search_rows
from report import statements
from report.config import POINTS, QUESTIONS
from report.latex.escape import ROWS_OF_VALUES, Latex, drawn, escape, formula, prose, remark
from report.latex.render import Page, environment, page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from experiments.assessment import Assessment
    from experiments.dataset import Dataset
    from experiments.record import Record, Space, Value
    from report.config import Config
    from report.results import Check, Derived

APPENDIX = ("checked", "references")
RUNNING = 60  # characters at the head of a page


def author(config: Config) -> dict[str, Any]:
    """Return what the title block prints; an unprintable character is refused before anything is computed.

    Raises
    ------
    InputError
        A text of report.toml holds a character that the report's font lacks.
    """

    def text(table: str, key: str) -> Latex:
        return escape(getattr(getattr(config, table), key), f"report.toml, [{table}] {key}")

    due = config.report.date == config.course.due
    remarks = config.report.remarks
    return {
        "author": {
            **{key: text("author", key) for key in ("name", "id", "collaborators")},
            "place": _place(config.author.id),
        },
        "course": {key: text("course", key) for key in ("title", "homework")},
        "running": {
            "homework": escape(_short(config.course.homework)),
            "name": escape(_short(config.author.name)),
        },
        "date": text(*(("course", "due") if due else ("report", "date"))),
        "due": due,
        "remarks": {
            question: remark(remarks.get(question, ""), f"report.toml, [report.remarks] {question}")
            for question in QUESTIONS
        },
        "page_per_question": config.report.page_per_question,
    }


def problem1(derived: Derived) -> dict[str, Any]:
    """Return what the templates of problem 1 print: formulas, numbers, and the ledger by question."""
    return {
        "eq": {key: formula(text) for key, text in derived.formulas.items()},
        "fact": derived.facts,
        "ledger": [
            _question(question, derived.ledger.checks) for question in ("1", *QUESTIONS) if question[0] == "1"
        ],
        "checks": str(len(derived.ledger.checks)),
    }


def problem2(
    data: Dataset,
    space: Space,
    settings: Sequence[Setting],
    record: Record,
    values: Mapping[str, Value],
    assessment: Assessment,
    seed: int,
) -> dict[str, Any]:
    """Return what the templates of problem 2 print."""
    search, space = record.search, space.clipped(len(data.X_train))
    others = len(assessment.seeds.counts["best"]) - 1
    wrong = record.total.dev - record.best.dev
    return {
        "value": {
            key: Latex(rf"\reported{{{key}}}{{{_unbroken(value.printed)}}}") for key, value in values.items()
        },
        "count": {
            key: Latex(rf"\reported{{{key}.count}}{{{escape(_count(key, value))}}}")
            for key, value in values.items()
            if value.correct is not None
        },
        "hyper_parameters": HYPER_PARAMETERS,
        "data": {
            "train_rows": statements.grouped(len(data.X_train)),
            "dev_rows": statements.grouped(len(data.X_dev)),
            "features": statements.several(data.X_train.shape[1], "feature"),
            "classes": str(len(data.classes)),
            "three_features": data.X_train.shape[1] == 3,
            "seed": str(seed),
            "other_seeds": " to ".join(str((seed + step) % 2**32) for step in (1, others)),
        },
        "baseline": statements.baseline(data),
        "stand_in": data.stand_in,
        "abbreviated": abbreviated(data),
        "search": {
            "settings": statements.several(len(settings), "setting"),
            "minutes": statements.several(statements.minutes(settings, record), "minute"),
            "converged": f"{sum(search.converged):,}",
            "stopped_early": len(settings) - sum(search.converged),
            "default_added": not space.holds(Setting().clipped(len(data.X_train))),
            "table": any(len(getattr(space, name)) > ROWS_OF_VALUES for name in HYPER_PARAMETERS),
            "space": [{"name": name, "tried": _tried(space, name)} for name in HYPER_PARAMETERS],
            "tied": f"{record.tied:,}",
            "several_tied": record.tied > 1,
            "shown": _shown(settings, record),
        },
        "mattered": statements.mattered(settings, record, assessment),
        "versions": record.versions,
        "epochs": {name: str(number) for name, number in assessment.epochs.items()},
        "converged": assessment.converged,
        "gained": "sample" if record.best.dev - record.default.dev == 1 else "samples",
        "wrong": str(wrong),
        "missed": statements.several(wrong, "development sample"),
        "confusions": statements.confusions(data, assessment.predicted),
        "trust": statements.trust(record, assessment),
        "robust": statements.robust(record, assessment.certificate),
        "environment": numerics.sentences(assessment.environment),
        "fallback": bool(assessment.environment.get("fallback")),
    }


def abbreviated(data: Dataset) -> list[dict[str, str]]:
    """Return the names from the data that are too long for a figure, each with what stands for it there.

    Raises
    ------
    InputError
        The report's fonts lack a character of a name.
    """
    if data.X_train.shape[1] != 3:  # no such figure
        return []
    labels = [f"{label}" for label in data.classes]
    named = (("feature", "trnX-3d.csv, line 1", data.feature_names), ("class", "trnY-3d.csv, labels", labels))
    return [
        {"short": short, "full": full}
        for stem, place, names in named
        for short, name, full in zip(
            drawn(names, stem), names, [escape(name, place) for name in names], strict=True
        )
        if short != name
    ]


def fill(templates: Path, context: Mapping[str, Any]) -> dict[str, Page]:
    """Fill all templates; return the pages by their path in the build's folder."""
    env = environment(templates)
    parts = {
        f"parts/{name}.tex": f"{name}.tex"
        for name in ("evidence", "structure", "summary", *QUESTIONS, *APPENDIX)
    }
    wanted = {"submission.tex": "submission.tex", **parts}
    points = {number: str(sum(POINTS[name] for name in QUESTIONS if name[0] == number)) for number in "12"}
    full = {**context, "questions": QUESTIONS, "points": points, "appendix": APPENDIX}
    return {path: page(env, template, full) for path, template in wanted.items()}


def _question(question: str, checks: Sequence[Check]) -> dict[str, str]:
    """Summarise the checks of one question: how many, by which methods, and the largest residual."""
    own = [check for check in checks if check.question == question]
    residuals = [found for check in own if re.fullmatch(r"\d.*e-\d+", found := check.worst_residual)]
    return {
        "name": f"1({question[1]})" if question[1:] else "notation",
        "checks": str(len(own)),
        "methods": prose("; ".join(dict.fromkeys(check.method for check in own))),
        "worst": _power(max(residuals, key=float)) if residuals else Latex("exact"),
    }


def _shown(settings: Sequence[Setting], record: Record) -> dict[str, str]:
    """Print where the axes of the figure of the search begin, and how many settings are beyond."""
    from report.figures import search as figure  # noqa: PLC0415 - matplotlib

    best = {**record.params.printed(), "dev_correct": record.best.dev}
    floor, number = figure.shown(search_rows(settings, record.search), best, record.total.dev)
    return {"least": str(math.ceil(floor * record.total.dev)), "number": f"{number:,}"}


def _power(number: str) -> Latex:
    """Print the power of ten that is not below a number such as 6e-42."""
    return Latex(rf"$10^{{-{-math.ceil(math.log10(float(number)))}}}$")


def _unbroken(printed: str) -> str:
    """Print a value so that lines break after the commas before a name alone, and = stands apart."""
    parts = re.split(r"(?<=,) (?=[a-z_]+=)", printed)
    return " ".join(rf"\mbox{{{escape(part)}}}" for part in parts).replace("=", "~=~")


def _place(identity: str) -> str:
    """Return what the named places of a submission begin with, so that two that are merged keep their own."""
    return re.sub(r"[^A-Za-z0-9]", "", identity) or hashlib.sha256(identity.encode()).hexdigest()[:8]


def _short(text: str) -> str:
    """Shorten a text for the head of a page; the title block has it in full."""
    return text if len(text) <= RUNNING else f"{text[: RUNNING - 1]}…"


def _count(key: str, value: Value) -> str:
    """Print a count as k/n, a difference of counts with its sign."""
    return f"{value.correct:+d}" if key == "2b.gain" else f"{value.correct}/{value.total}"


def _tried(space: Space, name: str) -> str:
    return ", ".join(str(value) for value in getattr(space, name))
