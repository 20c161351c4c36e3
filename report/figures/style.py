"""One look for all figures: lines by matplotlib, letters by LaTeX; equal data, equal bytes."""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import matplotlib as mpl
from cycler import cycler
from matplotlib.backends.backend_pdf import FigureCanvasPdf, PdfFile, RendererPdf
from matplotlib.colors import to_hex

from report.latex.escape import escape, prose

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

logging.getLogger("fontTools").setLevel(logging.ERROR)  # it warns about the age of matplotlib's own fonts
MM = 1 / 25.4  # inches
WIDTH = 142 * MM  # the page's measure
ACCENT = "#1F4E79"  # the page's own colour
# From Okabe and Ito's, which differ for colour-blind eyes, ordered so that neighbours differ in grey.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#F0E442")
GREY = "0.45"
STYLE: Any = {
    "font.family": "STIXGeneral",  # has every sign as itself, and nearly the widths of the page's font
    "font.size": 9,
    "mathtext.fontset": "stix",
    "axes.formatter.use_mathtext": True,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.5,
    "axes.prop_cycle": cycler(color=COLOURS),
    "lines.linewidth": 1.2,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "legend.frameon": False,
    "pdf.fonttype": 42,  # letters that are copied as letters
    "svg.hashsalt": "figures",
}
UNDATED = {"Creator": None, "Producer": None, "CreationDate": None}


class Drawing(NamedTuple):
    """A figure of the report: its lines as a PDF, and LaTeX that puts its letters on them."""

    lines: bytes
    letters: str

    def files(self, name: str) -> dict[str, bytes]:
        """Return its two files by name: the .tex draws the .pdf and is what a page reads."""
        return {f"{name}.pdf": self.lines, f"{name}.tex": self.letters.replace("NAME", name).encode()}


@contextlib.contextmanager
def style() -> Iterator[None]:
    """Draw in the report's style, whatever a person's matplotlibrc says."""
    with mpl.rc_context(), warnings.catch_warnings():
        # of the font that matplotlib measures by, not of the one that the letters are set in
        warnings.filterwarnings("ignore", "Glyph|Matplotlib currently does not support")
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield


def pdf(figure: Figure) -> bytes:
    """Return a figure that stands alone as a PDF, without clock, user or version."""
    out = io.BytesIO()
    FigureCanvasPdf(figure).print_pdf(out, metadata=UNDATED)
    return out.getvalue()


def drawing(figure: Figure) -> Drawing:
    """Return a figure of the report; its letters keep the places that matplotlib gave them."""
    out = io.BytesIO()
    figure.dpi = 72
    width, height = figure.get_size_inches()
    FigureCanvasPdf(figure)
    file = PdfFile(out, metadata=UNDATED)
    file.newPage(width, height)
    renderer = _Letters(file, 72, height, width)
    figure.draw(renderer)
    renderer.finalize()  # type: ignore[no-untyped-call]
    file.finalize()
    file.close()
    size = f"({72 * width:.2f},{72 * height:.2f})"
    lines = [
        rf"\setlength{{\unitlength}}{{1bp}}\begin{{picture}}{size}",
        r"\put(0,0){\includegraphics{NAME}}%",
        *renderer.letters,
        r"\end{picture}",
    ]
    return Drawing(out.getvalue(), "\n".join(lines) + "\n")


class _Letters(RendererPdf):
    """Draws lines into a PDF, and writes down the letters as LaTeX."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)  # type: ignore[no-untyped-call]
        self.letters: list[str] = []

    def draw_text(
        self,
        gc: Any,
        x: float,
        y: float,
        s: str,
        prop: Any,
        angle: float,
        ismath: Any = False,
        mtext: Any = None,
    ) -> None:
        side = "l"
        if mtext is not None:  # LaTeX's own widths differ a little: align as it was asked
            anchor = mtext.get_transform().transform(mtext.get_unitless_position())
            side = mtext.get_horizontalalignment()[0]
            x, y = (x, anchor[1]) if angle else (anchor[0], y)
        font = rf"\fontsize{{{prop.get_size_in_points():g}}}{{0}}\selectfont"
        font += r"\bfseries" if prop.get_weight() == "bold" else ""
        font += r"\ttfamily" if prop.get_family() == ["monospace"] else ""
        colour = rf"\color[HTML]{{{to_hex(gc.get_rgb())[1:].upper()}}}"
        text = rf"\makebox[0pt][{side}]{{{colour}{font} {_latex(s, ismath)}}}"
        turned = rf"\rotatebox{{{angle:g}}}{{\smash{{{text}}}}}" if angle else text
        self.letters.append(rf"\put({x:.2f},{y:.2f}){{{turned}}}%")


def _latex(text: str, ismath: Any) -> str:
    """Write matplotlib's text in LaTeX: mathematics as it is, all else escaped, a minus sign as one."""
    text = re.sub(r"\\mathdefault\{((?:[^{}]|\{[^{}]*\})*)\}", r"\1", text)
    number = re.fullmatch(r"\$([-\N{MINUS SIGN}]?)([\d.]+)\$", text)  # of a tick
    if number:
        return f"{'$-$' if number[1] else ''}{number[2]}"
    if ismath:
        return str(prose(text.replace("\N{MINUS SIGN}", "-")))
    return "$-$".join(escape(part) for part in text.split("\N{MINUS SIGN}"))


def note(axis: Axes, text: str, place: tuple[float, float], offset: tuple[float, float], **look: Any) -> None:
    """Write a label so many points beside a place of the data."""
    axis.annotate(text, place, offset, textcoords="offset points", **{"fontsize": 8.5, **look})


def beside(axis: Axes, text: str, place: float, offset: float, **look: Any) -> None:
    """Write a label at a height of the data, so many inches to the right of the axis's left edge."""
    at = axis.get_yaxis_transform()
    kind = {"va": "center", "fontsize": 8.5, **look}
    axis.annotate(text, (0, place), (72 * offset, 0), at, "offset points", **kind)
