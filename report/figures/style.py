"""One look for all figures: the type, the measure and the colours of the page; equal data, equal bytes."""

from __future__ import annotations

import contextlib
import io
import logging
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.backends.backend_pdf import FigureCanvasPdf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

logging.getLogger("fontTools").setLevel(logging.ERROR)  # it remarks on the age of matplotlib's own fonts
MM = 1 / 25.4  # inches
WIDTH = 126 * MM  # the page's measure
# Okabe and Ito's colours, which differ for colour-blind eyes, ordered so that neighbours differ in grey.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#56B4E9", "#D55E00", "#F0E442", "#000000", "#CC79A7")
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


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Draw in our style alone, whatever a person's matplotlibrc says."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield


def pdf(figure: Figure) -> bytes:
    """Give a figure as a PDF without clock, user or version: equal data, equal bytes."""
    out = io.BytesIO()
    FigureCanvasPdf(figure).print_pdf(out, metadata={"Creator": None, "Producer": None, "CreationDate": None})
    return out.getvalue()


def note(axis: Axes, text: str, place: tuple[float, float], offset: tuple[float, float], **look: Any) -> None:
    """Write a label so many points beside a place of the data."""
    axis.annotate(text, place, offset, textcoords="offset points", fontsize=9, **look)


def beside(axis: Axes, text: str, place: float, offset: float, **look: Any) -> None:
    """Write a label at a height of the data, so many inches to the right of the axis's left edge."""
    at = axis.get_yaxis_transform()
    axis.annotate(text, (0, place), (72 * offset, 0), at, "offset points", va="center", fontsize=9, **look)
