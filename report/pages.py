"""From data to pages: what each template is given, and the filled templates."""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from experiments import numerics
from experiments.assessment import Spread
from experiments.record import HYPER_PARAMETERS, Setting, search_rows
from report.config import QUESTIONS
from report.latex.escape import ROWS_OF_VALUES, Latex, drawn, escape, formula, prose
from report.latex.remark import remark
from report.latex.render import Page, environment, page

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from experiments.assessment import Assessment, Certificate
    from experiments.dataset import Dataset
    from experiments.record import Record, Space, Value
    from report.config import Config
    from report.results import Check, Derived

APPENDIX = ("checked", "references")
FEW = ("no", "one", "two", "three", "four", "five")
MOVED = "inputs moved "  # how the certificate names such a line
RUNNING = 60  # characters at the head of a page


def author(config: Config) -> dict[str, Any]:
    """Return what the title block prints; an unprintable character is refused before anything is computed.

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
            "place": _place(config.author.id),
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
    """Return what the templates of problem 2 print.

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
    seed : int
        The seed of every network.
    """
    search, space = record.search, space.clipped(len(data.X_train))
    most = Counter(data.y_train.tolist()).most_common(1)[0][0]
    baseline = int((data.y_dev == most).sum())
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
            "train_rows": _grouped(len(data.X_train)),
            "dev_rows": _grouped(len(data.X_dev)),
            "columns": str(data.X_train.shape[1]),
            "classes": str(len(data.classes)),
            "three_features": data.X_train.shape[1] == 3,
            "seed": str(seed),
        },
        "baseline": {
            "label": _label(most),
            "count": f"{baseline}/{len(data.y_dev)}",
            "accuracy": f"{baseline / len(data.y_dev):.2f}",
        },
        "stand_in": data.stand_in,
        "abbreviated": abbreviated(data),
        "search": {
            "settings": _several(len(settings), "setting"),
            "networks": _several(len(settings), "network"),
            "one": len(settings) == 1,
            "minutes": _several(_minutes(settings, record), "minute"),
            "converged": f"{sum(search.converged):,}",
            "stopped_early": len(settings) - sum(search.converged),
            "default_added": not space.holds(Setting().clipped(len(data.X_train))),
            "table": any(len(getattr(space, name)) > ROWS_OF_VALUES for name in HYPER_PARAMETERS),
            "space": [{"name": name, "tried": _tried(space, name)} for name in HYPER_PARAMETERS],
            "tied": f"{record.tied:,}",
            "several_tied": record.tied > 1,
            "shown": _shown(settings, record),
        },
        "mattered": _mattered(settings, record, assessment),
        "versions": record.versions,
        "epochs": {name: str(number) for name, number in assessment.epochs.items()},
        "converged": assessment.converged,
        "wrong": str(record.total.dev - record.best.dev),
        "confusions": _confusions(data, assessment.predicted),
        "trust": _trust(record, assessment),
        "robust": _robust(record, assessment.certificate),
        "environment": numerics.sentences(assessment.environment),
        "no_lockstep": escape(str(assessment.environment.get("no_lockstep", ""))),
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
    full = {**context, "questions": QUESTIONS, "appendix": APPENDIX}
    return {path: page(env, template, full) for path, template in wanted.items()}


def _question(question: str, checks: Sequence[Check]) -> dict[str, str]:
    """Summarise the checks of one question: how many, by which methods, and the largest residual."""
    own = [check for check in checks if check.question == question]
    residuals = [found for check in own if re.fullmatch(r"\d.*e-\d+", found := check.worst_residual)]
    return {
        "name": f"1({question[1]})" if question[1:] else "symbols",
        "checks": str(len(own)),
        "methods": prose("; ".join(dict.fromkeys(check.method for check in own))),
        "worst": _power(max(residuals, key=float)) if residuals else Latex("exact"),
    }


def _shown(settings: Sequence[Setting], record: Record) -> dict[str, str]:
    """Print where the axes of the figure of the search begin, and how many settings are beyond."""
    from report.figures import search as figure  # noqa: PLC0415 - matplotlib

    best = {**record.params.printed(), "dev_correct": record.best.dev}
    floor, number = figure.shown(search_rows(settings, record.search), best, record.total.dev)
    return {"floor": f"{floor:.3f}", "number": f"{number:,}"}


def _mattered(settings: Sequence[Setting], record: Record, assessment: Assessment) -> dict[str, Any]:
    """Return what the worst value of each hyper-parameter costs at best: the effects, and the rest in one.

    The cost is the chosen setting's count minus the highest of those with this value. It is an effect if it
    is larger than the standard deviation of the best setting's count over the seeds. Values that tie are not
    named.
    """
    noise = Spread(assessment.seeds.counts["best"][1:]).deviation
    left_out = {passed.place for passed in record.passed_over}
    effects, rest = [], []
    for name in HYPER_PARAMETERS:
        highest: dict[str, int] = {}
        for place, (setting, correct) in enumerate(zip(settings, record.search.dev, strict=True)):
            value = setting.printed()[name]
            highest[value] = max(0 if place in left_out else correct, highest.get(value, 0))
        lowest = min(highest.values())
        worst = [value for value, count in highest.items() if count == lowest]
        if record.best.dev - lowest > noise:
            effects.append((lowest, name, worst[0] if len(worst) == 1 else ""))
        elif len(highest) > 1:
            rest.append(lowest)
    if not effects and not rest:
        return {}
    return {
        "noise": f"{noise:.0f}",
        "effects": [
            {"name": name, "value": value, "count": str(lowest), "cost": str(record.best.dev - lowest)}
            for lowest, name, value in sorted(effects)
        ],
        "rest": f"{FEW[len(rest)]} hyper-parameters" if len(rest) > 1 else "hyper-parameter" * len(rest),
        "lowest": str(min(rest, default=0)),
        "cost": str(record.best.dev - min(rest, default=0)),
    }


def _confusions(data: Dataset, predicted: Sequence[Any]) -> list[dict[str, str]]:
    """Count which classes the best network confuses, the commonest errors first."""
    pairs = Counter(
        (true, taken) for true, taken in zip(data.y_dev.tolist(), predicted, strict=True) if true != taken
    )
    sizes = Counter(data.y_dev.tolist())
    return [
        {"count": str(count), "true": _label(true), "taken": _label(taken), "size": str(sizes[true])}
        for (true, taken), count in pairs.most_common(2)
    ]


def _trust(record: Record, assessment: Assessment) -> dict[str, Any]:
    """Print how far to trust the gain; the report's own seed is left out of the means."""
    total = record.total.dev
    counts, selection = assessment.seeds.counts, assessment.selection
    default, best = counts["default"], counts["best"]
    gains = [one - other for one, other in zip(best, default, strict=True)]
    others = {
        name: Spread(tuple(found[1:]))
        for name, found in (("default", default), ("best", best), ("gain", gains))
    }
    means = {name: spread.mean / total for name, spread in others.items()}
    below = sum(other < default[0] for other in default)
    above = sum(gain > gains[0] for gain in gains)
    return {
        "expected": f"{means['best']:.2f}",
        "expected_gain": _signed(means["gain"], 2),
        "expected_deviation": f"{others['gain'].deviation / total:.2f}",
        "seeds": str(len(gains)),
        "others": str(len(gains) - 1),
        "mean": {name: _signed(mean) for name, mean in means.items()},
        "deviation": {name: f"{spread.deviation / total:.4f}" for name, spread in others.items()},
        "gain_range": _range(others["gain"].lowest / total, others["gain"].highest / total),
        "spread": f"{others['best'].deviation:.0f}",
        "better": str(sum(gain > 0 for gain in gains[1:])),
        "always_better": min(gains[1:]) > 0,
        "default_place": _place_in_order(below),
        "default_shared": default.count(default[0]) > 1,
        "gain_place": _place_in_order(above),
        "gain_shared": gains.count(gains[0]) > 1,
        "draws": _grouped(selection.rounds),
        "chosen": f"{selection.selected:.4f}",
        "left_out": f"{selection.left_out:.4f}",
        "optimism": f"{selection.selected - selection.left_out:.3f}",
        "gain_left_out": _signed(selection.gain),
        "interval": _range(selection.gain_low, selection.gain_high),
        "kept": Latex(rf"{100 * selection.kept:.0f}\,\%"),
    }


def _robust(record: Record, certificate: Certificate) -> dict[str, Any]:
    """Print whether another machine finds the same best setting, and how that was found."""
    best, total = record.best.dev, record.total.dev
    higher = [other.dev for other in record.passed_over if other.dev[0] > best]
    told = [line.arithmetic for line in certificate.lines[1:]]
    moved = [name.removeprefix(MOVED) for name in told if name.startswith(MOVED)]
    elsewhere = [name.removesuffix(", 1 thread") for name in told if not name.startswith(MOVED)]
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
        "moved": ", ".join(moved),
        "elsewhere": _several(len(elsewhere), "other choice") if elsewhere else "",
        "holds": certificate.holds,
        "all_hold": certificate.holds and certificate.default_holds,
        "obstacle": escape(certificate.obstacle),
        "near": _several(certificate.near - 1, "closest other setting"),
        "alone": certificate.near < 2,
        "rivals": str(len(certificate.rivals)) if certificate.rivals else "",
        "reproducible": record.reproducible,
        "above": _several(len(record.passed_over), "setting") if record.passed_over else "",
        "one_above": len(record.passed_over) == 1,
        "passed_over": f"{most[0]}/{total}" if higher else "",
        "lowest": str(min(most)),
        "highest": str(max(most)),
    }


def _range(low: float, high: float) -> Latex:
    return Latex(f"{_signed(low)} to {_signed(high)}")


def _signed(number: float, decimals: int = 4) -> Latex:
    text = f"{number:.{decimals}f}"
    return Latex(f"$-${text[1:]}" if text.startswith("-") else text)


def _minutes(settings: Sequence[Setting], record: Record) -> int:
    """Estimate how long the notebook's search takes on two cores, to one digit.

    From what a step of training was measured to take on a slow machine: a part fixed, per sample, per weight.
    A figure from a clock would differ from build to build.
    """
    seconds = 0.0
    for setting, epochs in zip(settings, record.search.epochs, strict=True):
        batch, weights = setting.batch_size, setting.weights(3, 2)
        steps = epochs * -(-record.total.train // batch)
        seconds += steps * (180 + 1.3 * batch + weights * (0.013 + 0.00026 * batch)) * 1e-6
    minutes = max(1, round(seconds / 60))
    digits: int = 10 ** (len(str(minutes)) - 1)
    return round(minutes / digits) * digits


def _place_in_order(before: int) -> str:
    """Return the ordinal before a superlative: nothing for none, as in "second largest" for one."""
    words = ("", "second ", "third ", "fourth ", "fifth ")
    return words[before] if before < len(words) else f"{before + 1}th "


def _grouped(number: int) -> str:
    """Print a number with commas from five digits on."""
    return f"{number:,}" if number > 9999 else str(number)


def _several(number: int, noun: str) -> str:
    return f"{_grouped(number)} {noun}{'' if number == 1 else 's'}"


def _label(label: Any) -> Latex:
    """Print a class: a negative number with a minus sign."""
    text = f"{label}"
    return Latex(f"$-${text[1:]}") if re.fullmatch(r"-\d+(\.\d+)?", text) else escape(text)


def _power(number: str) -> Latex:
    """Print the power of ten that is not below a number such as 6e-42."""
    return Latex(rf"$10^{{-{-math.ceil(math.log10(float(number)))}}}$")


def _unbroken(printed: str) -> str:
    """Print a value so that lines break between its parts alone: after the commas before a name."""
    return " ".join(rf"\mbox{{{escape(part)}}}" for part in re.split(r"(?<=,) (?=[a-z_]+=)", printed))


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
