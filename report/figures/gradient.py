"""Where the gradient of a recurrent network goes (1f)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from report.figures.style import COLOURS, MM, WIDTH, note, pdf, style

if TYPE_CHECKING:
    from collections.abc import Mapping

GREY = "0.45"
TOP = 9.0  # powers of ten above the newest term that are shown


def contributions(traced: Mapping[str, Any]) -> bytes:
    """Draw what each time stamp contributes to d h_T / d w_1 (1f), one panel for each recurrent weight.

    Parameters
    ----------
    traced : mapping
        ``panels`` by recurrent weight: log10 of a term's weight by age, its median and range over the runs,
        and both bounds; ``half_ulps``: name and log10 of half a unit in the last place.
    """
    with style():
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
            note(axes[-1], label, (length - 2, level), (0, -2), ha="right", va="top", color=GREY)
        # A bound is named in the panel where it is flat, what was measured in the last.
        for line, text, side in (("bound_half", "1/2", "bottom"), ("bound_quarter", "1/4", "top")):
            flat = min(range(len(panels)), key=lambda panel: abs(panels[panel][line][-1]))
            place = (length - 2, panels[flat][line][-1])
            note(
                axes[flat],
                rf"$\gamma={text}$",
                place,
                (0, 1 if side == "bottom" else -1),
                ha="right",
                va=side,
            )
        note(axes[-1], "measured", (1, low), (0, 4), ha="left", va="bottom")
        axes[0].set_ylabel("weight, power of ten")
        figure.supxlabel("age $T-k$ of the input", fontsize=10)
        return pdf(figure)
