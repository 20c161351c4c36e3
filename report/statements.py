"""What the pages say beside the numbers of problem 2: how far to trust them, and what made the difference."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from experiments.assessment import Spread
from experiments.record import HYPER_PARAMETERS
from report.latex.escape import Latex, escape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from experiments.assessment import Assessment, Certificate
    from experiments.dataset import Dataset
    from experiments.record import Record, Setting

FEW = ("no", "one", "two", "three", "four", "five")
MOVED = "inputs moved "  # how the certificate names such a line


def mattered(settings: Sequence[Setting], record: Record, assessment: Assessment) -> dict[str, Any]:
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
        "noise": several(round(noise), "sample"),
        "effects": [
            {"name": name, "value": value, "count": str(lowest), "cost": str(record.best.dev - lowest)}
            for lowest, name, value in sorted(effects)
        ],
        "rest": _rest(len(rest), bool(effects)) if rest else "",
        "lowest": str(min(rest, default=0)),
    }


def _rest(number: int, others: bool) -> str:
    if number == 1:
        return f"the {'other' if others else 'only'} hyper-parameter"
    if others:
        return f"the other {FEW[number]}"
    return f"{f'all {FEW[number]}' if number > 2 else 'both'} hyper-parameters"


def baseline(data: Dataset) -> dict[str, str]:
    """Print what always predicting the commonest class of the training set scores."""
    (most, size), *rest = Counter(data.y_train.tolist()).most_common()
    correct = int((data.y_dev == most).sum())
    return {
        "label": label(most),
        "named": "one of the commonest classes" if size in dict(rest).values() else "the majority class",
        "count": f"{correct}/{len(data.y_dev)}",
        "accuracy": f"{correct / len(data.y_dev):.2f}",
    }


def confusions(data: Dataset, predicted: Sequence[Any]) -> list[dict[str, str]]:
    """Count which classes the best network confuses, the commonest errors first."""
    pairs = Counter(
        (true, taken) for true, taken in zip(data.y_dev.tolist(), predicted, strict=True) if true != taken
    )
    sizes = Counter(data.y_dev.tolist())
    return [
        {"count": str(count), "true": label(true), "taken": label(taken), "size": str(sizes[true])}
        for (true, taken), count in pairs.most_common(2)
    ]


def trust(record: Record, assessment: Assessment) -> dict[str, Any]:
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
    optimism = selection.selected - selection.left_out
    return {
        "expected": f"{means['best']:.2f}",
        "expected_gain": _signed(means["gain"], 2),
        "seeds": str(len(gains)),
        "others": str(len(gains) - 1),
        "mean": {name: _signed(mean) for name, mean in means.items()},
        "deviation": {name: f"{spread.deviation / total:.4f}" for name, spread in others.items()},
        "gain_range": _range(others["gain"].lowest / total, others["gain"].highest / total),
        "better": str(sum(gain > 0 for gain in gains[1:])),
        "always_better": min(gains[1:]) > 0,
        "default": _standing(default, below, "lowest", "default accuracy"),
        "gain": _standing(gains, above, "largest", "gain"),
        "draws": grouped(selection.rounds),
        "chosen": f"{selection.selected:.4f}",
        "left_out": f"{selection.left_out:.4f}",
        "expected_left_out": f"{selection.left_out:.2f}",
        "optimism": _signed(optimism, 3),
        "optimistic": optimism >= 0.0005,  # as it is printed
        "gain_left_out": _signed(selection.gain),
        "gain_over_mean": _signed(selection.gain - means["default"] + default[0] / total, 3),
        "interval": _range(selection.gain_low, selection.gain_high),
        "kept": Latex(rf"{100 * selection.kept:.0f}\%"),
    }


def robust(record: Record, certificate: Certificate) -> dict[str, Any]:
    """Print whether another machine finds the same best setting, and how that was found."""
    best, total = record.best.dev, record.total.dev
    higher = [other.dev for other in record.passed_over if other.dev[0] > best]
    told = [line.arithmetic for line in certificate.lines[1:]]
    moved = [name.removeprefix(MOVED) for name in told if name.startswith(MOVED)]
    elsewhere = len(told) - len(moved)
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
        "elsewhere": several(elsewhere, "other setup", FEW) if elsewhere else "",
        "holds": certificate.holds,
        "all_hold": certificate.holds and certificate.default_holds,
        "obstacle": escape(certificate.obstacle),
        "near": f"{several(certificate.near - 1, 'setting')} next in score",
        "alone": certificate.near < 2,
        "rivals": str(len(certificate.rivals)) if certificate.rivals else "",
        "reproducible": record.reproducible,
        "above": several(len(record.passed_over), "setting") if record.passed_over else "",
        "one_above": len(record.passed_over) == 1,
        "passed_over": f"{most[0]}/{total}" if higher else "",
        "lowest": str(min(most)),
        "highest": str(max(most)),
    }


def minutes(settings: Sequence[Setting], record: Record) -> int:
    """Estimate how long the notebook's search takes on two cores, to one digit.

    From what a step of training was measured to take: a part fixed, per sample, per weight. The report's own
    search took 80 to 210 seconds on the machines tried. A clock would give another figure in each build.
    """
    seconds = 0.0
    for setting, epochs in zip(settings, record.search.epochs, strict=True):
        batch, weights = setting.batch_size, setting.weights(3, 2)
        steps = epochs * -(-record.total.train // batch)
        seconds += steps * (90 + 0.65 * batch + weights * (0.0065 + 0.00013 * batch)) * 1e-6
    minutes = max(1, round(seconds / 60))
    digits: int = 10 ** (len(str(minutes)) - 1)
    return round(minutes / digits) * digits


def label(label: Any) -> Latex:
    """Print a class: a negative number with a minus sign."""
    text = f"{label}"
    return Latex(f"$-${text[1:]}") if re.fullmatch(r"-\d+(\.\d+)?", text) else escape(text)


def several(number: int, noun: str, words: Sequence[str] = ()) -> str:
    """Print a number of things, in words as far as they are given."""
    shown = words[number] if number < len(words) else grouped(number)
    return f"{shown} {noun}{'' if number == 1 else 's'}"


def grouped(number: int) -> str:
    """Print a number with commas from five digits on."""
    return f"{number:,}" if number > 9999 else str(number)


def _range(low: float, high: float) -> Latex:
    return Latex(f"{_signed(low)} to {_signed(high)}")


def _signed(number: float, decimals: int = 4) -> Latex:
    text = f"{number:z.{decimals}f}"
    return Latex(f"$-${text[1:]}" if text.startswith("-") else text)


def _standing(values: Sequence[int], before: int, superlative: str, noun: str) -> dict[str, str]:
    """Say where the first of some values stands, such as "the second largest gain", and what it ties with."""
    others = values.count(values[0]) - 1
    if others == len(values) - 1:
        return {"place": f"the same {noun} as the others", "shared": ""}
    words = ("", "second ", "third ", "fourth ", "fifth ")
    order = words[before] if before < len(words) else f"{before + 1}th "
    shared = f", tied with {several(others, 'other', FEW)}," if others else ""
    return {"place": f"the {order}{superlative} {noun}", "shared": shared}
