"""Which hyper-parameter mattered: every setting of a search, by the values of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from report.figures.style import COLOURS, MM, WIDTH, beside, pdf, style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROWS_OF_VALUES = 12  # of each hyper-parameter, those with the highest medians
ROW = 3.9 * MM  # the height of such a row
BELOW = 56 * MM  # what an exploration shows below those rows


def marginals(rows: Sequence[Mapping[str, Any]], best: Mapping[str, Any], total: int) -> bytes:
    """Draw the development accuracy of every setting by the value of each hyper-parameter, row by row.

    Parameters
    ----------
    rows : sequence of mappings
        The search: hyper-parameters as printed, and ``dev_correct``.
    best : mapping
        The chosen setting, hyper-parameters as printed, and ``dev_correct``.
    total : int
        The number of development samples.
    """
    groups = _by_value(rows, best)
    height = _height(groups)
    with style():
        figure = Figure(figsize=(WIDTH, height))
        _draw_rows(figure, groups, best, total, 0.0)
        return pdf(figure)


def exploration(rows: Sequence[Mapping[str, Any]], default: Mapping[str, Any], total: int) -> bytes:
    """Draw a search over several seeds: by the value of each hyper-parameter, and setting by setting.

    Parameters
    ----------
    rows : sequence of mappings
        The settings, the best first: hyper-parameters as printed, the mean ``dev_correct`` over the seeds,
        the ``lowest`` and the ``highest`` of them.
    default : mapping
        The row of the default setting.
    total : int
        The number of development samples.
    """
    ranges = ("lowest", "highest")
    best = {name: value for name, value in rows[0].items() if name not in ranges}
    groups = _by_value(rows, best)
    height = _height(groups) + BELOW
    with style():
        figure = Figure(figsize=(WIDTH, height))
        _draw_rows(figure, groups, best, total, BELOW)
        axis = figure.add_axes(
            (15 * MM / WIDTH, 11 * MM / height, 110 * MM / WIDTH, (BELOW - 16 * MM) / height)
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


def _by_value(rows: Sequence[Mapping[str, Any]], best: Mapping[str, Any]) -> dict[str, dict[str, np.ndarray]]:
    """Give the scores of the settings by hyper-parameter and value: numbers by size, words in order.

    Of many values those with the highest medians are given, and always the best setting's.
    """
    groups = {}
    for name in (name for name in best if name != "dev_correct"):
        levels = list(dict.fromkeys(row[name] for row in rows))
        if all(level.replace(".", "").replace("e-", "").isdigit() for level in levels):
            levels.sort(key=float)
        scores = {
            level: np.array([row["dev_correct"] for row in rows if row[name] == level]) for level in levels
        }
        medians = {level: float(np.median(found)) for level, found in scores.items()}
        ranked = sorted(levels, key=lambda level: (level != best[name], -medians[level]))
        shown = ranked[:ROWS_OF_VALUES]
        groups[name] = {level: scores[level] for level in levels if level in shown}
    return groups


def _height(groups: Mapping[str, Mapping[str, np.ndarray]]) -> float:
    """Give the height in inches that `_draw_rows` needs."""
    return _lines(groups) * ROW + 17 * MM


def _lines(groups: Mapping[str, Mapping[str, np.ndarray]]) -> float:
    return sum(len(levels) for levels in groups.values()) + 0.6 * (len(groups) - 1)


def _draw_rows(
    figure: Figure,
    groups: Mapping[str, Mapping[str, np.ndarray]],
    best: Mapping[str, Any],
    total: int,
    below: float,
) -> None:
    """Draw a row for each value: settings as dots, their median, a ring at the best; inches from below."""
    height, lines, width = figure.get_figheight(), _lines(groups) * ROW, 60 * MM
    axis = figure.add_axes((51 * MM / WIDTH, (below + 11 * MM) / height, width / WIDTH, lines / height))
    jitter = np.random.default_rng(0)
    ticks: list[tuple[float, str]] = []
    place = 0.0
    for name, levels in groups.items():
        beside(axis, name.replace("_", " "), place, -51 * MM, ha="left")
        for level, scores in levels.items():
            offsets = place + jitter.uniform(-0.3, 0.3, len(scores))
            axis.plot(scores / total, offsets, ".", ms=3, color=COLOURS[0], alpha=0.4, mew=0)
            middle = float(np.median(scores)) / total
            axis.plot([middle] * 2, [place - 0.4, place + 0.4], color="black", lw=1.2)
            beside(axis, f"{middle:.3f}", place, width + 4 * MM, ha="left")
            if level == best[name]:
                axis.plot(best["dev_correct"] / total, place, "o", ms=7, mfc="none", mec="black", mew=0.9)
            ticks.append((place, _short(level)))
            place += 1
        place += 0.6
    axis.set_yticks([where for where, _ in ticks], [label for _, label in ticks])
    axis.set_ylim(place - 1.1, -0.5)
    axis.tick_params(axis="y", length=0)
    axis.spines["left"].set_visible(False)
    axis.grid(axis="x", color="0.85", lw=0.4)
    axis.set_axisbelow(True)
    axis.set_xlabel("development accuracy")
    beside(axis, "median", -1.1, width + 4 * MM, ha="left")


def _short(level: str) -> str:
    """Shorten a value for a tick: layer sizes as 50-50, so that they fit."""
    return level.strip("(),").replace(", ", "-")
