"""Which hyper-parameters mattered: the settings of a search by the values of each, around the top."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from report.figures.style import COLOURS, GREY, MM, WIDTH, Drawing, beside, drawing, pdf, style
from report.latex.escape import ROWS_OF_VALUES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    Groups = Mapping[str, Mapping[str, np.ndarray]]  # scores by hyper-parameter and value

ROW = 3.4 * MM  # the height of such a row
GAP = 1.5  # rows for the name of the next hyper-parameter
BELOW = 56 * MM  # what an exploration shows below those rows
LETTER, BESIDE = 4.9 / 72, 14 * MM  # the width of a letter of a value, and of what stands beside the scores


def marginals(rows: Sequence[Mapping[str, Any]], best: Mapping[str, Any], total: int) -> Drawing:
    """Draw the settings near the top by the value of each hyper-parameter, the best of each value marked.

    A setting is its hyper-parameters as printed, and ``dev_correct`` of so many samples in all.
    """
    with style():
        return drawing(_figure(_by_value(rows, best), best, total, 0.0))


def exploration(rows: Sequence[Mapping[str, Any]], default: Mapping[str, Any], total: int) -> bytes:
    """Draw a search over several seeds: by the value of each hyper-parameter, and setting by setting.

    A setting, the best first, is its hyper-parameters as printed, the mean ``dev_correct`` over the seeds,
    and the ``lowest`` and the ``highest`` of them.
    """
    ranges = ("lowest", "highest")
    best = {name: value for name, value in rows[0].items() if name not in ranges}
    with style():
        figure = _figure(_by_value(rows, best), best, total, BELOW)
        width, height = figure.get_size_inches()
        axis = figure.add_axes(
            (15 * MM / width, 11 * MM / height, 1 - 25 * MM / width, (BELOW - 16 * MM) / height)
        )
        places = np.arange(1, len(rows) + 1)
        mean, low, high = (np.array([row[name] for row in rows]) / total for name in ("dev_correct", *ranges))
        axis.vlines(places, low, high, color=COLOURS[0], alpha=0.25, lw=max(0.3, 200 / len(rows)))
        axis.plot(places, mean, color=COLOURS[0], label="mean and range over the seeds")
        axis.plot(1, mean[0], "o", ms=7, mfc="none", mec="black", mew=0.9, label="best")
        where = rows.index(default)
        axis.plot(places[where], mean[where], "s", ms=4, color="black", label="default")
        axis.set_xlim(1 - len(rows) / 50, len(rows) * 1.01)
        axis.set_xlabel("place of the setting")
        axis.set_ylabel("development accuracy")
        axis.legend(loc="lower left")
        return pdf(figure)


def _by_value(rows: Sequence[Mapping[str, Any]], best: Mapping[str, Any]) -> Groups:
    """Return the scores of the settings by hyper-parameter and value: numbers by size, words in order.

    Of many values those with the highest maxima are given, and always the best setting's.
    """
    groups = {}
    for name in (name for name in best if name != "dev_correct"):
        levels = list(dict.fromkeys(row[name] for row in rows))
        if all(level.replace(".", "").replace("e-", "").isdigit() for level in levels):
            levels.sort(key=float)
        scores = {
            level: np.array([row["dev_correct"] for row in rows if row[name] == level]) for level in levels
        }
        ranked = sorted(levels, key=lambda level: (level != best[name], -max(scores[level])))
        groups[name] = {level: scores[level] for level in levels if level in ranked[:ROWS_OF_VALUES]}
    return groups


def shown(rows: Sequence[Mapping[str, Any]], best: Mapping[str, Any], total: int) -> tuple[float, int]:
    """Return the accuracy at which the axes of `marginals` begin, and how many of the settings reach it."""
    floor, _ = _ends(_by_value(rows, best), total)
    return floor, sum(row["dev_correct"] / total >= floor for row in rows)


def _ends(groups: Groups, total: int) -> tuple[float, float]:
    """Return the ends of the axes: below the lowest and above the highest of what each value reaches."""
    maxima = [max(scores) for levels in groups.values() for scores in levels.values()]
    low, high = min(maxima), max(maxima)
    return (low - 0.25 * (high - low) - 1) / total, (high + 0.06 * (high - low) + 1) / total


def _columns(groups: Groups) -> tuple[list[str], list[str]]:
    """Divide the hyper-parameters into two columns, so that the longer one is as short as it can be."""
    first, *others = groups
    lefts = [[first, *more] for count in range(len(others)) for more in combinations(others, count)]
    divided = [(left, [name for name in groups if name not in left]) for left in lefts]
    return min(divided, key=lambda columns: max(_lines(groups, column) for column in columns))


def _lines(groups: Groups, column: Sequence[str]) -> float:
    return sum(len(groups[name]) + GAP for name in column)


def _figure(groups: Groups, best: Mapping[str, Any], total: int, below: float) -> Figure:
    """Draw a row for each value in two columns; leave `below` inches free underneath."""
    columns = _columns(groups)
    lines = max(_lines(groups, column) for column in columns)
    height = lines * ROW + 10 * MM + below
    figure = Figure(figsize=(WIDTH, height))
    longest = max(len(level) for levels in groups.values() for level in levels)
    named = max(17 * MM, longest * LETTER + 3 * MM)
    wide = WIDTH / 2 - named - BESIDE
    for number, column in enumerate(columns):
        left = named + number * WIDTH / 2
        axis = figure.add_axes((left / WIDTH, (below + 10 * MM) / height, wide / WIDTH, lines * ROW / height))
        axis.set_xlim(*_ends(groups, total))
        axis.set_ylim(lines - 0.5, -0.5)
        apart = GAP + (lines - _lines(groups, column)) / max(1, len(column) - 1)  # both end at their axes
        _rows(axis, {name: groups[name] for name in column}, best, total, (named, wide, apart))
        axis.set_xlabel("development accuracy")
    return figure


def _rows(
    axis: Axes, groups: Groups, best: Mapping[str, Any], total: int, spaces: tuple[float, float, float]
) -> None:
    """Draw the settings of each value as dots, the highest filled, a ring around the best of all."""
    jitter = np.random.default_rng(0)
    floor, place = axis.get_xlim()[0], 0.0
    named, wide, apart = spaces
    for name, levels in groups.items():
        beside(axis, name, place, -named, ha="left", family="monospace", fontsize=8)
        place += 1
        for level, scores in levels.items():
            shares = scores / total
            near = shares[shares >= floor]
            offsets = place + jitter.uniform(-0.22, 0.22, len(near))
            axis.plot([floor, max(shares)], [place, place], color="0.88", lw=0.6, zorder=0)
            axis.plot(near, offsets, ".", ms=4, color=COLOURS[0], alpha=0.35, mew=0)
            axis.plot(max(shares), place, "o", ms=4, color=COLOURS[0])
            if level == best[name]:
                axis.plot(best["dev_correct"] / total, place, "o", ms=7, mfc="none", mec="black", mew=0.8)
            beside(axis, level, place, -2 * MM, ha="right", family="monospace", fontsize=8)
            beside(axis, f"{max(scores):g}", place, wide + 2 * MM, ha="left", fontsize=8)
            place += 1
        place += apart - 1
    axis.set_yticks([])
    axis.spines["left"].set_visible(False)
    axis.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    beside(axis, "best", 0.0, wide + 2 * MM, ha="left", fontsize=8, color=GREY)
