"""All figures, drawn from plain data in the type and the width of the page."""

from __future__ import annotations

import contextlib
import io
import logging
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure, FigureBase

from report import lettering

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes

logging.getLogger("fontTools").setLevel(logging.ERROR)  # it remarks on the age of matplotlib's own fonts
WIDTH = 142 / 25.4  # inches: the page's measure
# Okabe and Ito's colours that differ for colour-blind eyes and, in this order, in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#F0E442")
GREY = "0.45"
LEGEND_ROWS = 16  # as many as stand beside the 3-D figure
STYLE: Any = {
    "font.family": "cmr10",
    "font.size": 9,
    "mathtext.fontset": "cm",
    "axes.formatter.use_mathtext": True,
    "axes.unicode_minus": False,  # cmr10 has no minus sign, mathtext has
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.5,
    "axes.prop_cycle": cycler(color=COLOURS),
    "lines.linewidth": 1.1,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
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
        panels = traced["panels"]
        figure = Figure(figsize=(WIDTH, 2.5), layout="constrained")
        axes = figure.subplots(1, len(panels), sharey=True)
        ages = np.arange(traced["length"])
        low = min(min(panel["lowest"]) for panel in panels)
        for axis, panel in zip(axes, panels, strict=True):
            axis.fill_between(ages, panel["lowest"], panel["highest"], color=COLOURS[0], alpha=0.2, lw=0)
            axis.plot(ages, panel["median"], color=COLOURS[0])
            axis.plot(ages, panel["bound_quarter"], color=COLOURS[1], lw=0.9)
            axis.plot(ages, panel["bound_half"], color="black", lw=0.9, ls=(0, (4, 2)))
            for _, level in traced["half_ulps"]:
                axis.axhline(level, color=GREY, lw=0.5, ls=":")
            axis.set_title(f"$w_2 = {panel['w2']}$")
            axis.set_xlim(0, traced["length"] - 1)
            axis.set_ylim(low, 6)
            axis.set_xticks([0, 20, 40])
        for name, level in traced["half_ulps"]:
            axes[-1].annotate(
                {"float64": "double", "float32": "single"}[name],
                (traced["length"] - 2, level),
                (0, -2),
                textcoords="offset points",
                ha="right",
                va="top",
                fontsize=7,
                color=GREY,
            )
        axes[0].set_ylabel("weight of a term, power of ten")
        figure.supxlabel("age $T-k$ of the input", fontsize=9)
        handles = [
            axes[0].plot([], [], color=COLOURS[0], label="median and range")[0],
            axes[0].plot([], [], color=COLOURS[1], lw=0.9, label=r"bound $1/4$")[0],
            axes[0].plot([], [], color="black", lw=0.9, ls=(0, (4, 2)), label=r"bound $1/2$")[0],
        ]
        figure.legend(handles=handles, loc="outside upper center", ncols=3)
        return _pdf(figure)


def marginals(rows: Sequence[Mapping[str, Any]], best: Mapping[str, Any], total: int) -> bytes:
    """Draw the development accuracy of every setting by the value of each hyper-parameter.

    Parameters
    ----------
    rows : sequence of mappings
        The search: hyper-parameters as printed, and ``dev_correct``.
    best : mapping
        The chosen setting, hyper-parameters as printed, and ``dev_correct``.
    total : int
        The number of development samples.
    """
    with _style():
        figure = Figure(figsize=(WIDTH, 2.1), layout="constrained")
        _by_value(figure, rows, best, total)
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
    with _style():
        figure = Figure(figsize=(WIDTH, 3.9), layout="constrained")
        halves: Any = figure.subfigures(2, 1, height_ratios=(2.1, 1.8))
        above, below = halves
        ranges = ("lowest", "highest")
        best = {name: value for name, value in rows[0].items() if name not in ranges}
        _by_value(above, rows, best, total)
        axis = below.subplots()
        places = np.arange(1, len(rows) + 1)
        mean, low, high = (np.array([row[name] for row in rows]) / total for name in ("dev_correct", *ranges))
        axis.vlines(places, low, high, color=COLOURS[0], alpha=0.25, lw=max(0.3, 200 / len(rows)))
        axis.plot(places, mean, color=COLOURS[0], label="mean and range over the seeds")
        axis.plot(1, mean[0], "o", ms=6.5, mfc="none", mec=COLOURS[1], label="best")
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
        figure = Figure(figsize=(WIDTH, 2.1), layout="constrained")
        losses, accuracies = figure.subplots(1, 2)
        for name, curve in curves.items():
            epochs = range(1, len(curve["loss"]) + 1)
            (line,) = losses.semilogy(epochs, curve["loss"])
            accuracies.plot(epochs, curve["accuracy"], color=line.get_color())
            for axis, values in ((losses, curve["loss"]), (accuracies, curve["accuracy"])):
                axis.plot(epochs[-1], values[-1], "o", ms=3, color=line.get_color())
                axis.annotate(
                    name,
                    (epochs[-1], values[-1]),
                    (5, 0),
                    textcoords="offset points",
                    color=line.get_color(),
                    va="center",
                )
        _plain_log_ticks(losses)
        losses.set_ylabel("training loss")
        accuracies.set_ylabel("development accuracy")
        for axis in (losses, accuracies):
            axis.set_xlabel("epoch")
            axis.set_xlim(0, 1.16 * max(len(curve["loss"]) for curve in curves.values()))
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
    with _style():
        figure = Figure(figsize=(0.8 * WIDTH, 1.35), layout="constrained")
        axis = figure.subplots()
        for place, (name, found) in enumerate(reversed(list(counts.items()))):
            colour = COLOURS[len(counts) - 1 - place]
            values, repeats = np.unique(found, return_counts=True)
            for value, repeat in zip(values, repeats, strict=True):
                heights = place + 0.2 + 0.09 * np.arange(repeat)
                axis.plot([value / total] * repeat, heights, ".", ms=3.5, color=colour, mew=0)
            axis.plot(intervals[name], [place] * 2, color=colour, lw=1.4, solid_capstyle="butt")
            axis.plot(found[0] / total, place, "o", ms=4.5, color=colour)
        axis.set_yticks(range(len(counts)), list(counts)[::-1])
        axis.set_ylim(-0.4, len(counts))
        axis.tick_params(axis="y", length=0)
        axis.spines["left"].set_visible(False)
        axis.set_xlabel("development accuracy")
        return _pdf(figure)


def errors(X: np.ndarray, y: np.ndarray, predicted: np.ndarray, names: Sequence[str]) -> bytes:
    """Draw samples in three features, those wrongly predicted as crosses.

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
        figure = Figure(figsize=(WIDTH, 2.9))
        axis: Any = figure.add_subplot(projection="3d", computed_zorder=False)
        wrong = y != predicted
        for colour, label, name in zip(_cycle(len(classes)), classes, labels, strict=True):
            of, shown = y == label, lettering.as_typed(name)
            axis.plot(*X[of & ~wrong].T, ".", color=colour, ms=3, alpha=0.45, mew=0, label=shown)
            axis.plot(*X[of & wrong].T, "x", color=colour, ms=4, mew=0.9, label=f"{shown}, wrong")
        axis.view_init(elev=20, azim=-60)
        for letter, name in zip("xyz", names, strict=True):
            getattr(axis, f"set_{letter}label")(lettering.as_typed(name), labelpad=-4, family=font)
            getattr(axis, f"{letter}axis").set_tick_params(pad=-2, labelsize=7)
            getattr(axis, f"{letter}axis").set_pane_color((1, 1, 1, 1))
        figure.subplots_adjust(0.05, 0.06, 0.72, 1.0)
        handles, _ = axis.get_legend_handles_labels()
        if len(handles) > LEGEND_ROWS:  # many classes: the crosses explain themselves
            handles = handles[::2][:LEGEND_ROWS]
        figure.legend(
            handles=handles,
            loc="center right",
            bbox_to_anchor=(0.97, 0.5),
            markerscale=1.4,
            prop={"family": font},
        )
        return _pdf(figure)


def projections(X: np.ndarray, y: np.ndarray, predicted: np.ndarray, names: Sequence[str]) -> bytes:
    """Draw the same samples, with the same marks and colours, seen along each of the three axes.

    Parameters
    ----------
    X, y, predicted, names
        As for `errors`.
    """
    names = lettering.drawn(names, "feature")
    font = lettering.family(names)
    with _style():
        figure = Figure(figsize=(WIDTH, 1.75), layout="constrained")
        axes = figure.subplots(1, 3)
        for axis, (across, up) in zip(axes, ((0, 1), (0, 2), (1, 2)), strict=True):
            for colour, label in zip(_cycle(len(np.unique(y))), np.unique(y), strict=True):
                right = X[(y == label) & (predicted == y)]
                wrong = X[(y == label) & (predicted != y)]
                axis.plot(right[:, across], right[:, up], ".", color=colour, ms=2.5, alpha=0.45, mew=0)
                axis.plot(wrong[:, across], wrong[:, up], "x", color=colour, ms=3, mew=0.7)
            axis.set_xlabel(lettering.as_typed(names[across]), family=font)
            axis.set_ylabel(lettering.as_typed(names[up]), family=font)
            axis.tick_params(labelsize=7)
        return _pdf(figure)


def _by_value(
    figure: FigureBase, rows: Sequence[Mapping[str, Any]], best: Mapping[str, Any], total: int
) -> None:
    """Draw the rows of a search by the value of each hyper-parameter, and a ring around the best one."""
    names = [name for name in best if name != "dev_correct"]
    counts = [len({row[name] for row in rows}) for name in names]
    axes = figure.subplots(1, len(names), sharey=True, width_ratios=[n + 0.6 for n in counts])
    jitter = np.random.default_rng(0)
    for axis, name in zip(axes, names, strict=True):
        levels = list(dict.fromkeys(row[name] for row in rows))
        if all(level.replace(".", "").replace("e-", "").isdigit() for level in levels):
            levels.sort(key=float)
        for place, level in enumerate(levels):
            scores = np.array([row["dev_correct"] for row in rows if row[name] == level]) / total
            offsets = place + jitter.uniform(-0.22, 0.22, len(scores))
            axis.plot(offsets, scores, ".", ms=2.2, color=COLOURS[0], alpha=0.35, mew=0)
            axis.plot([place - 0.33, place + 0.33], [np.median(scores)] * 2, color="black", lw=1)
        axis.plot(
            levels.index(best[name]), best["dev_correct"] / total, "o", ms=6.5, mfc="none", mec=COLOURS[1]
        )
        axis.set_xticks(range(len(levels)), [_short(level) for level in levels], rotation=60)
        axis.set_title(name.replace("_", " "), fontsize=8)
        axis.set_xlim(-0.6, len(levels) - 0.4)
    axes[0].set_ylabel("development accuracy")


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


def _plain_log_ticks(axis: Axes) -> None:
    """Label a logarithmic axis that spans less than two decades with plain decimals."""
    low, high = axis.get_ylim()
    if high / low < 100:
        axis.yaxis.set_major_locator(mpl.ticker.LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter(mpl.ticker.FormatStrFormatter("%g"))
        axis.yaxis.set_minor_formatter(mpl.ticker.NullFormatter())


def _short(level: str) -> str:
    """Shorten a value for a tick: layer sizes as 50-50, so that they fit."""
    return level.strip("(),").replace(", ", "-")


def _cycle(n: int) -> list[str]:
    return [COLOURS[i % len(COLOURS)] for i in range(n)]
