"""From data to pages: what each template is given, and the filled templates."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from msgspec import to_builtins

from experiments import numerics
from experiments.record import HYPER_PARAMETERS, Setting, all_weights, rank
from experiments.statistics import wilson
from report import provenance
from report.config import QUESTIONS
from report.latex.escape import Latex, escape, formula, prose
from report.latex.remark import remark
from report.latex.render import Page, environment, page
from report.lettering import drawn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from experiments.assessment import Assessment, Certificate
    from experiments.dataset import Dataset
    from experiments.record import Record, Space, Value
    from report.config import Config
    from report.results import Derived

APPENDIX = ("references", "ledger", "environment", "provenance")
TIED_SHOWN = 5
RUNNING = 60  # characters at the head of a page


def author(config: Config) -> dict[str, Any]:
    """Give what the title block prints; an unprintable character is refused before anything is computed.

    Raises
    ------
    InputError
        A text of report.toml holds a character that the report's font lacks.
    """
    date = "[course] due" if config.report.date == config.course.due else "[report] date"
    return {
        "author": {
            "name": escape(config.author.name, "report.toml, [author] name"),
            "id": escape(config.author.id, "report.toml, [author] id"),
            "collaborators": escape(config.author.collaborators, "report.toml, [author] collaborators"),
        },
        "course": {
            "title": escape(config.course.title, "report.toml, [course] title"),
            "homework": escape(config.course.homework, "report.toml, [course] homework"),
        },
        "running": {
            "homework": escape(_short(config.course.homework)),
            "name": escape(_short(config.author.name)),
        },
        "date": escape(config.report.date, f"report.toml, {date}"),
        "remarks": {
            question: remark(
                config.report.remarks.get(question, ""), f"report.toml, [report.remarks] {question}"
            )
            for question in QUESTIONS
        },
        "page_per_question": config.report.page_per_question,
    }


def problem1(derived: Derived) -> dict[str, Any]:
    """Give what the templates of problem 1 print: formulas, numbers, tables and the ledger."""
    return {
        "eq": {key: formula(text) for key, text in derived.formulas.items()},
        "fact": derived.facts,
        "table_1f": [[Latex(cell) for cell in row] for row in derived.table_1f],
        "ledger": [
            {
                **{name: str(getattr(check, name)) for name in ("id", "question", "method", "points")},
                "worst_residual": _power(check.worst_residual),
                "statement": prose(check.statement),
            }
            for check in derived.ledger.checks
        ],
        "exemptions": [
            {"reason": item.reason, "formulas": [formula(text) for text in item.formulas]}
            for item in derived.ledger.exemptions
        ],
    }


def problem2(
    data: Dataset,
    space: Space,
    settings: Sequence[Setting],
    record: Record,
    values: Mapping[str, Value],
    assessment: Assessment,
    code_tags: Sequence[Sequence[str]],
    seed: int,
) -> dict[str, Any]:
    """Give what the templates of problem 2 print.

    Parameters
    ----------
    data : Dataset
        The data.
    space : Space
        The values that were tried.
    settings : sequence of Setting
        Their combinations, in grid order.
    record : Record
        What the notebook found.
    values : mapping
        The reported values by key.
    assessment : Assessment
        What was computed beside the notebook.
    code_tags : sequence of sequences of str
        The tags of the notebook's code cells, which are told by number.
    seed : int
        The seed of every network.
    """
    study: dict[str, Any] = to_builtins(assessment)
    search, space = record.search, space.clipped(len(data.X_train))
    weights = all_weights(settings, data.X_train.shape[1], len(data.classes))
    order = rank(search.dev, weights)
    tied = [
        [
            *settings[index].printed().values(),
            str(weights[index]),
            str(search.train[index]),
            str(search.dev[index]),
        ]
        for index in order[: min(TIED_SHOWN, record.tied)]
    ]
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
            "train_rows": f"{len(data.X_train):,}",
            "dev_rows": f"{len(data.X_dev):,}",
            "columns": str(data.X_train.shape[1]),
            "classes": str(len(data.classes)),
            "three_features": data.X_train.shape[1] == 3,
            "seed": str(seed),
        },
        "stand_in": data.stand_in,
        "abbreviated": abbreviated(data),
        "search": {
            "settings": f"{len(settings):,}",
            "epochs": f"{sum(search.epochs):,}",
            "converged": f"{sum(search.converged):,}",
            "default_added": not space.holds(Setting().clipped(len(data.X_train))),
            "space": [{"name": name, "tried": _tried(space, name)} for name in HYPER_PARAMETERS],
            "tied": f"{record.tied:,}",
            "several_tied": record.tied > 1,
            "more_tied": record.tied > TIED_SHOWN,
            "tied_shown": str(TIED_SHOWN),
            "tied_rows": tied,
        },
        "epochs": {name: str(number) for name, number in study["epochs"].items()},
        "converged": study["converged"],
        "wrong": str(study["wrong"]),
        "trust": _trust(record, study),
        "robust": _robust(record, assessment.certificate),
        "environment": numerics.sentences(study["environment"]),
        "no_lockstep": escape(str(study["environment"].get("no_lockstep", ""))),
        "provenance": provenance.rows(code_tags, _absent(data, record)),
    }


def abbreviated(data: Dataset) -> list[dict[str, str]]:
    """Give the names from the data that the figures cannot show, each with what stands for it there.

    Raises
    ------
    InputError
        A name can be shown neither in a figure nor in the text.
    """
    if data.X_train.shape[1] != 3:  # no such figure
        return []
    labels = [f"{label}" for label in data.classes]
    named = (("feature", "trnX-3d.csv, line 1", data.feature_names), ("class", "trnY-3d.csv, labels", labels))
    return [
        {"short": short, "full": escape(full, place)}
        for stem, place, names in named
        for short, full in zip(drawn(names, stem), names, strict=True)
        if short != full
    ]


def fill(templates: Path, context: Mapping[str, Any]) -> dict[str, Page]:
    """Fill all templates; give the pages by their path in the build's folder."""
    env = environment(templates)
    parts = {
        f"parts/{name}.tex": f"{name}.tex"
        for name in ("evidence", "structure", "summary", *QUESTIONS, *APPENDIX)
    }
    wanted = {"submission.tex": "submission.tex", **parts}
    full = {**context, "questions": QUESTIONS, "appendix": APPENDIX}
    return {path: page(env, template, full) for path, template in wanted.items()}


def _trust(record: Record, study: Mapping[str, Any]) -> dict[str, Any]:
    """Give the numbers that say how far to trust the others, printed."""
    total = record.total.dev
    counts = {"2a": record.default, "2b": record.best}
    seeds, selection = study["seeds"], study["selection"]
    intervals = {
        key: "{:.4f} to {:.4f}".format(
            *wilson(getattr(counts[key[:2]], key[3:]), getattr(record.total, key[3:]))
        )
        for key in ("2a.train", "2a.dev", "2b.train", "2b.dev")
    }
    return {
        "interval": intervals,
        "seeds": str(len(seeds["counts"]["best"])),
        "better": str(seeds["better"]),
        "mean": {name: f"{seeds[name]['mean'] / total:.4f}" for name in ("default", "best")},
        "deviation": {name: f"{seeds[name]['deviation'] / total:.4f}" for name in ("default", "best")},
        "gain": f"{seeds['gain']['mean'] / total:+.4f}",
        "gain_range": f"{seeds['gain']['lowest'] / total:+.4f} to {seeds['gain']['highest'] / total:+.4f}",
        "draws": f"{selection['rounds']:,}",
        "chosen": f"{selection['selected']:.4f}",
        "left_out": f"{selection['left_out']:.4f}",
        "gain_left_out": f"{selection['gain']:+.4f}",
        "gain_interval": f"{selection['gain_low']:+.4f} to {selection['gain_high']:+.4f}",
        "winners": str(selection["winners"]),
        "reported": Latex(rf"{100 * selection['kept']:.0f}\,\%"),
    }


def _robust(record: Record, certificate: Certificate) -> dict[str, Any]:
    """Return what tells whether another machine finds the same best setting, printed."""
    best, total = record.best.dev, record.total.dev
    higher = [other.dev for other in record.passed_over if other.dev[0] > best]
    most = max(higher, key=lambda counts: counts[0], default=(0,))
    return {
        "lines": [
            {
                "arithmetic": line.arithmetic,
                "default": f"{line.default.dev}/{total}",
                "best": f"{line.best.dev}/{total}",
                "stays": line.stays,
            }
            for line in certificate.lines
        ],
        "times": str(len(certificate.lines) - 1),
        "holds": certificate.holds,
        "default_holds": certificate.default_holds,
        "moved": str(certificate.moved),
        "steady": f"{len(record.search.dev) - certificate.moved:,}",
        "rivals": str(len(certificate.rivals)),
        "obstacle": escape(certificate.obstacle),
        "reproducible": record.reproducible,
        "higher": str(len(higher)),
        "several_higher": len(higher) > 1,
        "passed_over": f"{most[0]}/{total}" if higher else "",
        "lowest": str(min(most)),
        "highest": str(max(most)),
    }


def _power(number: str) -> Latex:
    """Print 6e-42 as mathematics, and all else as it is."""
    mantissa, mark, exponent = number.partition("e-")
    if not (mark and mantissa.isdigit() and exponent.isdigit()):
        return escape(number)
    times = "" if mantissa == "1" else rf"{mantissa}\times "
    return Latex(rf"${times}10^{{-{int(exponent)}}}$")


def _absent(data: Dataset, record: Record) -> list[str]:
    """Name the tables and figures that a report from these data does not have."""
    absent = [] if data.X_train.shape[1] == 3 else ["figure:errors"]
    return absent if record.tied > 1 else [*absent, "table:tied"]


def _unbroken(printed: str) -> str:
    """Print a value so that lines break between its parts alone: after the commas before a name."""
    return " ".join(rf"\mbox{{{escape(part)}}}" for part in re.split(r"(?<=,) (?=[a-z_]+=)", printed))


def _short(text: str) -> str:
    """Cut a text for the head of a page; the title block has it whole."""
    return text if len(text) <= RUNNING else f"{text[: RUNNING - 1]}…"


def _count(key: str, value: Value) -> str:
    """Print a count as k/n, a difference of counts with its sign."""
    return f"{value.correct:+d}" if key == "2b.gain" else f"{value.correct}/{value.total}"


def _tried(space: Space, name: str) -> str:
    return ", ".join(str(value) for value in getattr(space, name))
