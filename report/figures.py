"""All figures, drawn from plain data in the type and the width of the page."""

from __future__ import annotations

import contextlib
import io
import logging
import re
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure

from report import lettering

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes

logging.getLogger("fontTools").setLevel(logging.ERROR)  # it remarks on the age of matplotlib's own fonts
MM = 1 / 25.4  # inches
WIDTH = 126 * MM  # the page's measure
# Okabe and Ito's colours, which differ for colour-blind eyes, ordered so that neighbours differ in grey.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#56B4E9", "#D55E00", "#F0E442", "#000000", "#CC79A7")
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "p")  # of the classes: a shape tells them apart in grey
GREY = "0.45"
LEGEND_ENTRIES = 15  # as many classes as are named
ROWS_OF_VALUES = 12  # of each hyper-parameter, those with the highest medians
ROW = 3.9 * MM  # the height of such a row
BELOW = 56 * MM  # what an exploration shows below those rows
TOP = 9.0  # powers of ten above the newest term that are shown
STYLE: Any = {
    "font.family": "cmr10",
    "font.size": 10,  # as the captions
    "mathtext.fontset": "cm",
    "axes.formatter.use_mathtext": True,
    "axes.unicode_minus": False,  # cmr10 has no minus sign, mathtext has
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.5,
    "axes.prop_cycle": cycler(color=COLOURS),
    "lines.linewidth": 1.1,
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "legend.frameon": False,
    "pdf.fonttype": 42,
    "svg.hashsalt": "figures",
}


def contributions(traced: Mapping[str, Any]) -> bytes:
    """Draw what each time stamp contributes to d h_T / d w_1 (1f), one panel for each recurrent weight.

    Parameters
    ----------
    traced : mapping
        ``panels`` by recurrent weight: log10 of a term's weight by age, its median and range over the runs,
        and both bounds; ``half_ulps``: name and log10 of half a unit in the last place.
    """
    with _style():
        panels, length = traced["panels"], traced["length"]
        figure = Figure(figsize=(WIDTH, 54 * MM), layout="constrained")
        axes = figure.subplots(1, len(panels), sharey=True)
        ages = np.arange(length)
        low = min(min(panel["lowest"]) for panel in panels)
        for axis, panel in zip(axes, panels, strict=True):
            axis.fill_between(ages, panel["lowest"], panel["highest"], color=COLOURS[0], alpha=0.25, lw=0)
            axis.plot(ages, panel["median"], color=COLOURS[0])
            axis.plot(ages, panel["bound_quarter"], color=COLOURS[1])
            axis.plot(ages, panel["bound_half"], color="black", lw=0.9, ls=(0, (4, 2)))
            for _, level in traced["half_ulps"]:
                axis.axhline(level, color=GREY, lw=0.5, ls=":")
            axis.set_title(f"$w_2 = {panel['w2']}$")
            axis.set_xlim(0, length - 1)
            axis.set_ylim(low, TOP)
            axis.set_xticks(range(0, length, 20))
        for name, level in traced["half_ulps"]:
            label = {"float64": "double", "float32": "single"}[name]
            _note(axes[-1], label, (length - 2, level), (0, -2), ha="right", va="top", color=GREY)
        # A bound is named in the panel where it is flat, what was measured in the last.
        for line, text, side in (("bound_half", "1/2", "bottom"), ("bound_quarter", "1/4", "top")):
            flat = min(range(len(panels)), key=lambda panel: abs(panels[panel][line][-1]))
            place = (length - 2, panels[flat][line][-1])
            _note(
                axes[flat],
                rf"$\gamma={text}$",
                place,
                (0, 1 if side == "bottom" else -1),
                ha="right",
                va=side,
            )
        _note(axes[-1], "measured", (1, low), (0, 4), ha="left", va="bottom")
        axes[0].set_ylabel("weight, power of ten")
        figure.supxlabel("age $T-k$ of the input", fontsize=10)
        return _pdf(figure)


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
    with _style():
        figure = Figure(figsize=(WIDTH, height))
        _draw_rows(figure, groups, best, total, 0.0)
        return _pdf(figure)


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
    with _style():
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
        return _pdf(figure)


def learning(curves: Mapping[str, Mapping[str, Sequence[float]]]) -> bytes:
    """Draw training loss and development accuracy after each epoch, one labelled curve for each network."""
    with _style():
        figure = Figure(figsize=(WIDTH, 50 * MM), layout="constrained")
        losses, accuracies = figure.subplots(1, 2)
        for number, (name, curve) in enumerate(curves.items()):
            epochs = range(1, len(curve["loss"]) + 1)
            for axis, values in ((losses, curve["loss"]), (accuracies, curve["accuracy"])):
                axis.plot(epochs, values, color=COLOURS[number], lw=0.9)
                axis.plot(epochs[-1], values[-1], "o", ms=3.5, color=COLOURS[number], mec="black", mew=0.5)
                _note(axis, name, (epochs[-1], values[-1]), (4, 0), ha="left", va="center")
        losses.set_yscale("log")
        _plain_log_ticks(losses)
        accuracies.yaxis.set_major_locator(mpl.ticker.MaxNLocator(5, steps=[1, 2, 5, 10]))
        losses.set_ylabel("training loss")
        accuracies.set_ylabel("development accuracy")
        for axis in (losses, accuracies):
            axis.set_xlabel("epoch")
            axis.set_xlim(0, 1.25 * max(len(curve["loss"]) for curve in curves.values()))
            axis.xaxis.set_major_locator(mpl.ticker.MaxNLocator(5, integer=True))
        return _pdf(figure)


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
    with _style():
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
        return _pdf(figure)


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
    with _style():
        named = min(len(classes), LEGEND_ENTRIES) + 1
        across = 5 if max(map(len, labels)) < 12 else 3
        height = 95 * MM + -(-named // across) * 5 * MM
        figure = Figure(figsize=(WIDTH, height))
        axes: list[Any] = [figure.add_subplot(2, 2, 1, projection="3d", computed_zorder=False)]
        axes += [figure.add_subplot(2, 2, place) for place in (2, 3, 4)]
        views = ((0, 1, 2), (0, 1), (0, 2), (1, 2))
        wrong = y != predicted
        handles = []
        for number, (label, name) in enumerate(zip(classes, labels, strict=True)):
            look: Any = {
                "marker": MARKERS[number % len(MARKERS)],
                "color": COLOURS[number % len(COLOURS)],
                "ls": "",
            }
            for axis, view in zip(axes, views, strict=True):
                right, missed = X[(y == label) & ~wrong], X[(y == label) & wrong]
                axis.plot(*right[:, view].T, **look, ms=2.2, alpha=0.5, mew=0, zorder=1)
                axis.plot(*missed[:, view].T, **look, ms=4.2, mec="black", mew=0.7, zorder=2)
            handles.append(
                mpl.lines.Line2D([], [], **look, ms=4, mew=0, label=_number(lettering.as_typed(name)))
            )
        outline: Any = {"marker": "o", "ls": "", "mfc": "white", "mec": "black", "ms": 4.5, "mew": 0.8}
        handles = [*handles[:LEGEND_ENTRIES], mpl.lines.Line2D([], [], **outline, label="outlined: wrong")]
        axes[0].view_init(elev=18, azim=-58)
        axes[0].set_box_aspect(None, zoom=1.08)
        for letter, name in zip("xyz", names, strict=True):
            getattr(axes[0], f"set_{letter}label")(lettering.as_typed(name), labelpad=-8, family=font)
            axis = getattr(axes[0], f"{letter}axis")
            axis.set_tick_params(pad=-3.5, labelsize=8)
            axis.set_major_locator(mpl.ticker.MaxNLocator(4))
            axis.set_pane_color((1, 1, 1, 1))
            axis._axinfo["grid"].update(color="0.85", linewidth=0.4)  # noqa: SLF001 - there is no other way
        for axis, (first, second) in zip(axes[1:], views[1:], strict=True):
            axis.set_xlabel(lettering.as_typed(names[first]), family=font, labelpad=2)
            axis.set_ylabel(lettering.as_typed(names[second]), family=font, labelpad=2)
            for side in (axis.xaxis, axis.yaxis):
                side.set_major_locator(mpl.ticker.MaxNLocator(4))
        top = 1 - (-(-named // across) * 5 + 2) * MM / height
        figure.subplots_adjust(0.095, 12 * MM / height, 0.985, top, wspace=0.24, hspace=0.28)
        where = axes[0].get_position()
        axes[0].set_position((0, where.y0 - 0.02, where.x1 - 0.02, where.height + 0.04))
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
        return _pdf(figure)


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
        _beside(axis, name.replace("_", " "), place, -51 * MM, ha="left")
        for level, scores in levels.items():
            offsets = place + jitter.uniform(-0.3, 0.3, len(scores))
            axis.plot(scores / total, offsets, ".", ms=3, color=COLOURS[0], alpha=0.4, mew=0)
            middle = float(np.median(scores)) / total
            axis.plot([middle] * 2, [place - 0.4, place + 0.4], color="black", lw=1.2)
            _beside(axis, f"{middle:.3f}", place, width + 4 * MM, ha="left")
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
    _beside(axis, "median", -1.1, width + 4 * MM, ha="left")


@contextlib.contextmanager
def _style() -> Iterator[None]:
    """Draw in our style alone, whatever a person's matplotlibrc says."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield


def _pdf(figure: Figure) -> bytes:
    """Give a figure as a PDF without clock, user or version: equal data, equal bytes."""
    out = io.BytesIO()
    FigureCanvasPdf(figure).print_pdf(out, metadata={"Creator": None, "Producer": None, "CreationDate": None})
    return out.getvalue()


def _note(
    axis: Axes, text: str, place: tuple[float, float], offset: tuple[float, float], **look: Any
) -> None:
    """Write a label so many points beside a place of the data."""
    axis.annotate(text, place, offset, textcoords="offset points", fontsize=9, **look)


def _beside(axis: Axes, text: str, place: float, offset: float, **look: Any) -> None:
    """Write a label at a height of the data, so many inches to the right of the axis's left edge."""
    at = axis.get_yaxis_transform()
    axis.annotate(text, (0, place), (72 * offset, 0), at, "offset points", va="center", fontsize=9, **look)


def _plain_log_ticks(axis: Axes) -> None:
    """Label a logarithmic axis that spans less than two decades with plain decimals."""
    low, high = axis.get_ylim()
    if high / low < 100:
        subs = (1, 2, 3, 4, 5, 6, 8) if high / low < 10 else (1, 2, 5)
        axis.yaxis.set_major_locator(mpl.ticker.LogLocator(subs=subs))
        axis.yaxis.set_major_formatter(mpl.ticker.FormatStrFormatter("%g"))
        axis.yaxis.set_minor_formatter(mpl.ticker.NullFormatter())


def _short(level: str) -> str:
    """Shorten a value for a tick: layer sizes as 50-50, so that they fit."""
    return level.strip("(),").replace(", ", "-")


def _number(text: str) -> str:
    """Set a negative number with a minus sign, which a label of a class may be."""
    return re.sub(r"^-(\d+(\.\d+)?)$", r"$-\1$", text)
