"""The default and the best network: how they learned, how they differ, and the errors of the best."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.legend_handler import HandlerTuple

from report.figures.style import COLOURS, MM, WIDTH, Drawing, drawing, note, style
from report.latex.escape import drawn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

MARKERS = ("o", "^", "s", "D", "v", "P", "X", "p")  # of the classes: shapes differ where colours are grey
CLOSE = (0.3, 0.2)  # of an axis: closer ends of curves would have overlapping names
CLOSE_DOTS = 0.004  # of the samples: dots at the height of a label
SHORT = 0.4  # of the way to the next column: a row of dots that leaves room for a label
LEGEND_ENTRIES = 15  # as many classes as are named


def networks(
    curves: Mapping[str, Mapping[str, Sequence[float]]],
    counts: Mapping[str, Sequence[int]],
    seed: int,
    total: int,
) -> Drawing:
    """Draw loss and accuracy of both networks by epoch, then the accuracy by seed, the report's first."""
    with style():
        figure = Figure(figsize=(WIDTH, 35 * MM))
        axes = figure.subplots(1, 3, width_ratios=(1, 1, 0.8))
        figure.subplots_adjust(0.085, 0.27, 0.99, 0.955, wspace=0.6)
        for axis, part, label in zip(
            axes, ("loss", "accuracy"), ("training loss", "dev. accuracy"), strict=False
        ):
            _by_epoch(axis, {name: curve[part] for name, curve in curves.items()}, label)
        _by_seed(axes[2], counts, seed, total)
        return drawing(figure)


def _by_epoch(axis: Axes, curves: Mapping[str, Sequence[float]], label: str) -> None:
    """Draw a labelled curve for each network, its end marked."""
    for (name, values), colour in zip(curves.items(), COLOURS, strict=False):
        axis.plot(range(1, len(values) + 1), values, color=colour, lw=1.0, label=name)
        axis.plot(len(values), values[-1], "o", ms=3.5, color=colour, clip_on=False)
    if label.endswith("loss"):
        axis.set_yscale("log")
        _plain_log_ticks(axis)
    else:
        axis.yaxis.set_major_locator(mpl.ticker.MaxNLocator(5, steps=[1, 2, 5, 10]))
    axis.margins(y=0.14)  # the names of the curves
    axis.set_ylabel(label, labelpad=6)
    axis.set_xlabel("epoch")
    axis.set_xlim(0, max(map(len, curves.values())))
    axis.xaxis.set_major_locator(mpl.ticker.MaxNLocator(4, integer=True, steps=[1, 2, 5, 10]))
    _name_ends(axis, {name: (len(values), values[-1]) for name, values in curves.items()})


def _name_ends(axis: Axes, ends: Mapping[str, tuple[float, float]]) -> None:
    """Write the name of each curve by its last point: above it, or below the lower of two that are close."""
    axis.autoscale_view()
    to_axes = axis.transScale + axis.transLimits
    places = {name: to_axes.transform(end) for name, end in ends.items()}
    upwards = sorted(ends, key=lambda name: (places[name][1], name))
    for (name, end), colour in zip(ends.items(), COLOURS, strict=False):
        above = upwards[upwards.index(name) + 1 :]
        below = any((abs(places[other] - places[name]) < CLOSE).all() for other in above)
        look = {"va": "top" if below else "bottom", "ha": "right", "color": colour}
        note(axis, name, end, (2, -5 if below else 5), annotation_clip=False, **look)


def _by_seed(axis: Axes, counts: Mapping[str, Sequence[int]], seed: int, total: int) -> None:
    """Draw a column of dots for each network, equal ones side by side; a ring marks the report's own seed.

    The ring is named where there is room; the caption names it, too.
    """
    most = max(max(Counter(found).values()) for found in counts.values())
    for place, (found, colour) in enumerate(zip(counts.values(), COLOURS, strict=False)):
        seen: Counter[int] = Counter()
        for number, value in enumerate(found):
            x = place + min(0.11, 0.6 / most) * seen[value]
            seen[value] += 1
            axis.plot(x, value / total, "o", ms=3.2, color=colour, alpha=0.75, mew=0)
            if number == 0:
                axis.plot(x, value / total, "o", ms=6, mfc="none", mec="black", mew=0.8)
        near = CLOSE_DOTS * total
        beside = [number for value, number in seen.items() if abs(value - found[0]) < near]
        end = place + min(0.11, 0.6 / most) * (max(beside) - 1)
        behind = [value for other in list(counts.values())[place + 1 :] for value in other]
        if end < place + SHORT and not any(abs(value - found[0]) < near for value in behind):
            note(axis, f"seed {seed}", (end, found[0] / total), (6, 0), ha="left", va="center", fontsize=8)
    axis.set_xlim(-0.4, len(counts) - 0.1)
    axis.set_xticks(range(len(counts)), list(counts))
    axis.tick_params(axis="x", length=0, labelsize=8.5)
    for label, colour in zip(axis.get_xticklabels(), COLOURS, strict=False):
        label.set_color(colour)
    axis.yaxis.set_major_locator(mpl.ticker.MaxNLocator(8, steps=[1, 2, 5, 10]))
    axis.margins(y=0.12)
    axis.set_ylabel("dev. accuracy", labelpad=6)


def errors(X: np.ndarray, y: np.ndarray, predicted: np.ndarray, names: Sequence[str]) -> Drawing:
    """Draw samples in each pair of three features, those wrongly predicted outlined in black."""
    labels = drawn([f"{label}" for label in np.unique(y)], "class")
    names = drawn(names, "feature")
    with style():
        named = [*(_number(plain(label)) for label in labels[:LEGEND_ENTRIES]), "outlined: wrong"]
        across = 6 if max(map(len, labels)) < 12 else 3
        legend = -(-len(named) // across) * 4.5 * MM + 1.5 * MM
        height = 39 * MM + legend
        figure = Figure(figsize=(WIDTH, height))
        axes = figure.subplots(1, 3)
        figure.subplots_adjust(0.075, 8.5 * MM / height, 0.99, 1 - legend / height, wspace=0.32)
        handles: list[Any] = []
        wrong = y != predicted
        for axis, (first, second) in zip(axes, combinations(range(3), 2), strict=True):
            handles = _samples(axis, X[:, (first, second)], y, wrong)
            axis.set_xlabel(plain(names[first]), labelpad=2)
            axis.set_ylabel(plain(names[second]), labelpad=4)
            for side in (axis.xaxis, axis.yaxis):
                side.set_major_locator(mpl.ticker.MaxNLocator(4))
        figure.legend(
            handles, named, handler_map={tuple: HandlerTuple(ndivide=None, pad=0.3)}, loc="upper center",
            ncols=across, handletextpad=0.2, columnspacing=1.6, borderaxespad=0.1, fontsize=8.5,
            labelspacing=0.35,
        )  # fmt: skip
        return drawing(figure)


def plain(text: str) -> str:
    """Escape a text so that matplotlib reads no mathematics in it."""
    return text.replace("$", r"\$")


def _samples(axis: Axes, X: np.ndarray, y: np.ndarray, wrong: np.ndarray) -> list[Any]:
    """Draw every sample; return the legend's markers, the last one of two classes outlined."""
    handles, outlined = [], []
    for number, label in enumerate(np.unique(y)):
        look: Any = {
            "marker": MARKERS[number % len(MARKERS)],
            "color": COLOURS[number % len(COLOURS)],
            "ls": "",
        }
        right, missed = X[(y == label) & ~wrong], X[(y == label) & wrong]
        axis.plot(*right.T, **look, ms=2.6, alpha=0.35, mew=0, zorder=1)
        axis.plot(*missed.T, **look, ms=3.4, mec="black", mew=0.7, zorder=2)
        handles.append(mpl.lines.Line2D([], [], **look, ms=4, mew=0))
        outlined.append(mpl.lines.Line2D([], [], **look, ms=4, mec="black", mew=0.8))
    return [*handles[:LEGEND_ENTRIES], tuple(outlined[:2])]


def _plain_log_ticks(axis: Axes) -> None:
    """Label a logarithmic axis that spans less than two decades with plain decimals."""
    low, high = axis.get_ylim()
    if high / low < 100:
        subs = (1, 2, 3, 4, 5, 6, 8) if high / low < 10 else (1, 2, 5)
        axis.yaxis.set_major_locator(mpl.ticker.LogLocator(subs=subs))
        axis.yaxis.set_major_formatter(mpl.ticker.FormatStrFormatter("%g"))
        axis.yaxis.set_minor_formatter(mpl.ticker.NullFormatter())


def _number(text: str) -> str:
    """Set a negative number with a minus sign, which a label of a class may be."""
    return re.sub(r"^-(\d+(\.\d+)?)$", "\N{MINUS SIGN}\\1", text)
