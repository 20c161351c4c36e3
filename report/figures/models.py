"""The default and the best network: how they learned, how far apart they are, what the best gets wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from report import lettering
from report.figures.style import COLOURS, MM, WIDTH, note, pdf, style

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

MARKERS = ("o", "^", "s", "D", "v", "P", "X", "p")  # of the classes: a shape tells them apart in grey
VIEWS = ((0, 1, 2), (0, 1), (0, 2), (1, 2))  # features: all three, then along each of the axes
CLOSE = (0.35, 0.1)  # of an axis: ends of curves whose names would lie over each other
LEGEND_ENTRIES = 15  # as many classes as are named


def learning(curves: Mapping[str, Mapping[str, Sequence[float]]]) -> bytes:
    """Draw training loss and development accuracy after each epoch, one labelled curve for each network."""
    with style():
        figure = Figure(figsize=(WIDTH, 50 * MM), layout="constrained")
        losses, accuracies = figure.subplots(1, 2)
        for number, curve in enumerate(curves.values()):
            epochs = range(1, len(curve["loss"]) + 1)
            for axis, values in ((losses, curve["loss"]), (accuracies, curve["accuracy"])):
                axis.plot(epochs, values, color=COLOURS[number], lw=0.9)
                axis.plot(epochs[-1], values[-1], "o", ms=3.5, color=COLOURS[number], mec="black", mew=0.5)
        losses.set_yscale("log")
        _plain_log_ticks(losses)
        accuracies.yaxis.set_major_locator(mpl.ticker.MaxNLocator(5, steps=[1, 2, 5, 10]))
        losses.set_ylabel("training loss")
        accuracies.set_ylabel("development accuracy")
        for axis in (losses, accuracies):
            axis.set_xlabel("epoch")
            axis.set_xlim(0, 1.25 * max(len(curve["loss"]) for curve in curves.values()))
            axis.xaxis.set_major_locator(mpl.ticker.MaxNLocator(5, integer=True))
        for axis, part in ((losses, "loss"), (accuracies, "accuracy")):
            _name_ends(axis, {name: (len(curve[part]), curve[part][-1]) for name, curve in curves.items()})
        return pdf(figure)


def _name_ends(axis: Axes, ends: Mapping[str, tuple[float, float]]) -> None:
    """Write the name of each curve beside its last point: of two close ones one above, the other below."""
    axis.autoscale_view()
    to_axes = axis.transScale + axis.transLimits
    places = {name: to_axes.transform(end) for name, end in ends.items()}
    for name, end in ends.items():
        side = "center"
        for other, place in places.items():
            apart = places[name] - place
            if other != name and abs(apart[0]) < CLOSE[0] and abs(apart[1]) < CLOSE[1]:
                side = "bottom" if (apart[1], other) > (0, name) else "top"
        note(axis, name, end, (4, {"bottom": 1, "center": 0, "top": -1}[side]), ha="left", va=side)


def gain(
    counts: Mapping[str, Sequence[int]], intervals: Mapping[str, tuple[float, float]], total: int
) -> bytes:
    """Draw the development accuracy of each network: over seeds, and the reported one with its interval.

    Parameters
    ----------
    counts : mapping
        Name to correct development samples, one for each seed, the reported seed first.
    intervals : mapping
        Name to the two ends of the reported accuracy's interval.
    total : int
        The number of development samples.
    """
    most = max(int(np.unique(found, return_counts=True)[1].max()) for found in counts.values())
    with style():
        figure = Figure(figsize=(WIDTH, 34 * MM), layout="constrained")
        axis = figure.subplots()
        for place, (name, found) in enumerate(reversed(list(counts.items()))):
            colour = COLOURS[len(counts) - 1 - place]
            values, repeats = np.unique(found, return_counts=True)
            for value, repeat in zip(values, repeats, strict=True):
                heights = place + 0.22 + min(0.1, 0.6 / most) * np.arange(repeat)
                axis.plot([value / total] * repeat, heights, ".", ms=3.4, color=colour, mec="black", mew=0.25)
            axis.plot(intervals[name], [place] * 2, color=colour, lw=1.6, solid_capstyle="butt")
            axis.plot(found[0] / total, place, "o", ms=5.5, color=colour, mec="black", mew=0.6)
        axis.set_yticks(range(len(counts)), list(counts)[::-1])
        axis.set_ylim(-0.35, len(counts))
        axis.tick_params(axis="y", length=0, labelsize=10)
        axis.spines["left"].set_visible(False)
        axis.set_xlabel("development accuracy")
        return pdf(figure)


def errors(X: np.ndarray, y: np.ndarray, predicted: np.ndarray, names: Sequence[str]) -> bytes:
    """Draw samples in three features and along each of the axes, those wrongly predicted outlined in black.

    Parameters
    ----------
    X : ndarray of shape (n, 3)
    y, predicted : ndarray of shape (n,)
        True and predicted classes.
    names : sequence of str
        The names of the features.
    """
    classes = np.unique(y)
    labels = lettering.drawn([f"{label}" for label in classes], "class")
    names = lettering.drawn(names, "feature")
    font = lettering.family((*labels, *names))
    with style():
        named = min(len(classes), LEGEND_ENTRIES) + 1
        across = 5 if max(map(len, labels)) < 12 else 3
        legend = -(-named // across) * 5 * MM
        height = 95 * MM + legend
        figure = Figure(figsize=(WIDTH, height))
        solid: Any = figure.add_subplot(2, 2, 1, projection="3d", computed_zorder=False)
        flat = [figure.add_subplot(2, 2, place) for place in (2, 3, 4)]
        handles = _samples((solid, *flat), X, y, y != predicted, labels)
        _solid_axes(solid, names, font)
        for axis, (first, second) in zip(flat, VIEWS[1:], strict=True):
            axis.set_xlabel(lettering.as_typed(names[first]), family=font, labelpad=2)
            axis.set_ylabel(lettering.as_typed(names[second]), family=font, labelpad=2)
            for side in (axis.xaxis, axis.yaxis):
                side.set_major_locator(mpl.ticker.MaxNLocator(4))
        top = 1 - (legend + 2 * MM) / height
        figure.subplots_adjust(0.095, 12 * MM / height, 0.985, top, wspace=0.24, hspace=0.28)
        where = solid.get_position()
        solid.set_position((0, where.y0 - 0.02, where.x1 - 0.02, where.height + 0.04))
        figure.legend(
            handles=handles,
            loc="upper center",
            ncols=across,
            markerscale=1.3,
            handletextpad=0.2,
            columnspacing=1.4,
            borderaxespad=0.2,
            prop={"family": font, "size": 9 if across == 5 else 8},
        )
        return pdf(figure)


def _samples(
    axes: Sequence[Any], X: np.ndarray, y: np.ndarray, wrong: np.ndarray, labels: Sequence[str]
) -> list[mpl.lines.Line2D]:
    """Draw every sample in each of the `VIEWS`; give the entries of the legend."""
    handles = []
    for number, (label, name) in enumerate(zip(np.unique(y), labels, strict=True)):
        look: Any = {
            "marker": MARKERS[number % len(MARKERS)],
            "color": COLOURS[number % len(COLOURS)],
            "ls": "",
        }
        for axis, view in zip(axes, VIEWS, strict=True):
            right, missed = X[(y == label) & ~wrong], X[(y == label) & wrong]
            axis.plot(*right[:, view].T, **look, ms=2.2, alpha=0.5, mew=0, zorder=1)
            axis.plot(*missed[:, view].T, **look, ms=4.2, mec="black", mew=0.7, zorder=2)
        text = _number(lettering.as_typed(name))
        handles.append(mpl.lines.Line2D([], [], **look, ms=4, mew=0, label=text))
    outline: Any = {"marker": "o", "ls": "", "mfc": "white", "mec": "black", "ms": 4.5, "mew": 0.8}
    return [*handles[:LEGEND_ENTRIES], mpl.lines.Line2D([], [], **outline, label="outlined: wrong")]


def _solid_axes(axis: Any, names: Sequence[str], font: str) -> None:
    """Set the angle, the labels and the ticks of three axes, on white."""
    axis.view_init(elev=18, azim=-58)
    axis.set_box_aspect(None, zoom=1.08)
    for letter, name in zip("xyz", names, strict=True):
        getattr(axis, f"set_{letter}label")(lettering.as_typed(name), labelpad=-8, family=font)
        side = getattr(axis, f"{letter}axis")
        side.set_tick_params(pad=-3.5, labelsize=8)
        side.set_major_locator(mpl.ticker.MaxNLocator(4))
        side.set_pane_color((1, 1, 1, 1))
        side._axinfo["grid"].update(color="0.85", linewidth=0.4)  # noqa: SLF001 - there is no other way


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
    return re.sub(r"^-(\d+(\.\d+)?)$", r"$-\1$", text)
