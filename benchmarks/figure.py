"""One figure of all growth curves, in the style of the report's own."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from report.figures.style import COLOURS, WIDTH, style

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.axis import Axis

ACROSS = 3  # panels in a row
MANY = 50  # from here on the powers of ten are numbers enough for an axis
LOOKS = tuple(zip(COLOURS, ("o-", "s-", "^-", "v-", "D-"), strict=False))  # of the curves of a panel


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
    with style():
        figure = Figure(figsize=(1.5 * WIDTH, 2.2 * rows), layout="constrained")
        axes = figure.subplots(rows, ACROSS, squeeze=False).flat
        for (title, curves), axis in zip(panels.items(), axes, strict=False):
            for curve, (colour, marker) in zip(curves, LOOKS, strict=False):
                axis.loglog(curve["x"], curve["y"], marker, ms=3, color=colour, label=curve["label"])
            axis.set(title=title, xlabel=curves[0]["xlabel"], ylabel=curves[0]["ylabel"])
            for scale in (axis.xaxis, axis.yaxis):
                _number(scale)
            below = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.3), "ncols": 3}  # never over a curve
            axis.legend(fontsize=8, handlelength=1.2, columnspacing=1, **below)
        for axis in list(axes):
            axis.set_visible(False)
        out = io.BytesIO()
        FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None, "Creator": None})
    return out.getvalue()


def _number(scale: Axis) -> None:
    """Put plain numbers at the powers of ten, and at 2 and 5 where there are few of those."""
    low, high = scale.get_view_interval()
    scale.set_major_locator(LogLocator(subs=(1,) if high / low > MANY else (1, 2, 5)))
    scale.set_major_formatter(StrMethodFormatter("{x:,g}"))
    scale.set_minor_formatter(NullFormatter())
