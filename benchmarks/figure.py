"""One figure of all growth curves, in the style of the report's own."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from report.figures.style import COLOURS, STYLE, WIDTH

if TYPE_CHECKING:
    from collections.abc import Mapping

ACROSS = 3  # panels in a row


def drawn(results: Mapping[str, Any]) -> bytes:
    """Draw the curves of all programs, a panel for each ``panel`` that they name.

    Parameters
    ----------
    results : mapping
        Program to what it found. A curve holds ``panel``, ``label``, ``x``, ``y``, ``xlabel`` and ``ylabel``.
    """
    panels: dict[str, list[Mapping[str, Any]]] = {}
    for result in results.values():
        for curve in result.get("curves", ()):
            panels.setdefault(curve["panel"], []).append(curve)
    rows = max(1, math.ceil(len(panels) / ACROSS))
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        figure = Figure(figsize=(1.25 * WIDTH, 1.9 * rows), layout="constrained")
        axes = figure.subplots(rows, ACROSS, squeeze=False).flat
        colours: dict[str, str] = {}
        for (title, curves), axis in zip(panels.items(), axes, strict=False):
            for curve in curves:
                colour = colours.setdefault(curve["label"], COLOURS[len(colours) % len(COLOURS)])
                axis.loglog(curve["x"], curve["y"], "o-", ms=3, color=colour, label=curve["label"])
            axis.set(title=title, xlabel=curves[0]["xlabel"], ylabel=curves[0]["ylabel"])
            axis.legend(fontsize=7)
        for axis in list(axes):
            axis.set_visible(False)
        out = io.BytesIO()
        FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None, "Creator": None})
    return out.getvalue()
