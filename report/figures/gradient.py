"""Where the gradient of a recurrent network goes (1f)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch

from report.figures.style import ACCENT, COLOURS, MM, WIDTH, Drawing, drawing, note, style

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axes import Axes

LINES = (*COLOURS[:3], "#A83279")  # a darker pink: its name is read on white
# The states that are drawn, each with the share of the gradient that reaches it; dots for those between.
STATES = (
    *(("1", "2^{1-T}"), ("2", "2^{2-T}"), ("", "")),
    *(("T-4", "2^{-4}"), ("T-3", "2^{-3}"), ("T-2", "2^{-2}"), ("T-1", "2^{-1}"), ("T", "1")),
)
DOTS, LAST = 2, len(STATES) - 1
APART = 6  # powers of ten between the names of two curves
FIRST, STEP, MIDDLE, RADIUS = 9, 16.0, 16.5, 4.2  # mm


def unrolled() -> Drawing:
    """Draw the unrolled network: the forward pass, and the way back that halves with every step."""
    with style():
        figure = Figure(figsize=(WIDTH, 32 * MM))
        axis = figure.add_axes((0, 0, 1, 1))
        axis.set_xlim(0, 142)
        axis.set_ylim(0, 32)
        axis.set_axis_off()
        for place, (name, share) in enumerate(STATES):
            x, newest = FIRST + STEP * place, place == LAST
            if name:
                axis.add_patch(Circle((x, MIDDLE), RADIUS, fc="white", ec="black", lw=0.7))
                _centred(axis, f"$h_{{{name}}}$", x, MIDDLE, fontsize=9 if len(name) < 2 else 7.5)
                _centred(axis, f"$x_{{{name}}}$", x, 2.5)
                _arrow(axis, (x, 5), (x, MIDDLE - RADIUS), "black", 0.7)
                axis.text(x + 1.2, 9, f"${share}$", ha="left", va="center", color=ACCENT, fontsize=8.5)
            else:
                _centred(axis, r"$\cdots$", x, MIDDLE)
            start = x + (RADIUS if name else 2.5)
            end = x + STEP - (2 if newest else 2.5 if place + 1 == DOTS else RADIUS)
            _arrow(axis, (start, MIDDLE), (end, MIDDLE), "black", 0.7)
            strength = 2.0 ** (place - LAST) if place >= DOTS else 0.02
            height = MIDDLE + RADIUS + 0.7
            _arrow(
                axis, (x + STEP - 1.5, height), (x + 1.5, height), _faded(strength), 0.8 + 2 * strength, 0.35
            )
        _centred(axis, "$L$", FIRST + STEP * len(STATES), MIDDLE)
        _centred(axis, "$w_2$", FIRST + STEP / 2, MIDDLE + 1.8, fontsize=8)
        axis.text(FIRST - 1.2, 9, "$w_1$", ha="right", va="center", fontsize=8)
        words = "backward from the loss: a factor of at most $1/2$ from each state to the one before"
        axis.text(FIRST + STEP * LAST, 29.5, words, color=ACCENT, ha="right", va="center", fontsize=8.5)
        return drawing(figure)


def contributions(traced: Mapping[str, Any]) -> Drawing:
    """Draw what each time contributes to d h_T / d w_1 (1f): against both bounds, and for several w_2."""
    with style():
        curves, length = traced["curves"], traced["length"]
        figure = Figure(figsize=(WIDTH, 50 * MM))
        bounds, measured = figure.subplots(1, 2, sharey=True)
        figure.subplots_adjust(0.115, 0.2, 0.90, 0.91, wspace=0.44)
        ages = np.arange(length)
        colours = dict(zip((curve["w2"] for curve in curves), LINES, strict=False))
        one = next(curve for curve in curves if curve["w2"] == "1")
        _band(bounds, one, colours["1"])
        for base, look in ((2, "-"), (4, (0, (4, 2)))):
            bounds.plot(ages, -ages * np.log10(base), color="black", lw=0.9, ls=look)
        end = length - 1
        names = {
            "$2^{-(T-k)}$": -end * np.log10(2),
            "$4^{-(T-k)}$": -end * np.log10(4),
            "measured": one["median"][-1],
        }
        for name, height in names.items():
            colour = colours["1"] if name == "measured" else "black"
            note(bounds, name, (end, height), (5, 0), va="center", color=colour, annotation_clip=False)
        bounds.set_title("$w_2 = 1$, measured and bounded", loc="left")
        height = -np.inf
        for curve in sorted(curves, key=lambda curve: curve["median"][-1]):
            _band(measured, curve, colours[curve["w2"]])
            height = max(height + APART, curve["median"][-1])
            note(
                measured, f"$w_2 = {curve['w2']}$", (end, height), (5, 0),
                va="center", color=colours[curve["w2"]], annotation_clip=False,
            )  # fmt: skip
        measured.set_title("measured, four values of $w_2$", loc="left")
        for axis in (bounds, measured):
            axis.set_xlim(0, end)
            axis.set_xlabel("age $T-k$ of the input")
            axis.set_xticks(range(0, length, 10))
        low = min(min(curve["lowest"]) for curve in curves)
        powers = range(-10, int(low) - 1, -10)
        bounds.set_yticks([0, *powers], ["1", *(f"$10^{{{power}}}$" for power in powers)])
        bounds.set_ylim(low - 1, 1)
        bounds.set_ylabel("relative influence", labelpad=8)
        return drawing(figure)


def _band(axis: Axes, curve: Mapping[str, Any], colour: str) -> None:
    """Draw the range over the runs and the median."""
    ages = range(len(curve["median"]))
    axis.fill_between(ages, curve["lowest"], curve["highest"], color=colour, alpha=0.18, lw=0)
    axis.plot(ages, curve["median"], color=colour, lw=1.5)


def _faded(strength: float) -> tuple[float, float, float]:
    """Mix the accent with white: without transparency, which some printers lack."""
    shown = 0.16 + 0.84 * strength
    red, green, blue = (1 - shown * (1 - part) for part in to_rgb(ACCENT))
    return red, green, blue


def _centred(axis: Axes, text: str, x: float, y: float, **look: Any) -> None:
    axis.text(x, y, text, ha="center", va="center", **{"fontsize": 10, **look})


def _arrow(
    axis: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    colour: Any,
    width: float,
    bend: float = 0.0,
) -> None:
    head = f"-|>,head_length={2 + width},head_width={1 + width / 2}"
    look: Any = {"color": colour, "lw": width, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 1}
    path = FancyArrowPatch(start, end, arrowstyle=head, connectionstyle=f"arc3,rad={bend}", **look)
    axis.add_patch(path)
