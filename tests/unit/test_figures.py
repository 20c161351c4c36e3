"""The figures: equal data, equal bytes; the type of the page; no text beyond the edge, whatever it is."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_pdf import FigureCanvasPdf, RendererPdf
from matplotlib.transforms import Affine2D, Bbox
from pypdf import PdfReader

from report import figures

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
AWKWARD = ("$x_1$", "a_b^c", "100 % {of} \\alpha", "Größe")


def panel(w2: str) -> dict[str, Any]:
    """Give the traces of one recurrent weight, made up."""
    ages = np.arange(50)
    median = -0.6 * ages
    bounds = {"bound_quarter": (-0.5 * ages).tolist(), "bound_half": (0.1 * ages).tolist()}
    around = {"median": median.tolist(), "lowest": (median - 2).tolist(), "highest": (median + 2).tolist()}
    return {"w2": w2, **around, **bounds}


TRACED = {
    "length": 50,
    "panels": [panel(w2) for w2 in ("0.5", "1", "4", "20")],
    "half_ulps": [("float64", -15.95), ("float32", -7.22)],
}
ROWS = [
    {
        "hidden_layer_sizes": layers,
        "activation": activation,
        "solver": solver,
        "learning_rate_init": rate,
        "batch_size": batch,
        "dev_correct": 300 + 7 * len(layers) + 11 * len(activation) + int(batch),
    }
    for layers in ("(50,)", "(100,)", "(100, 100)", "(512, 256, 128, 64, 32)")
    for activation in ("relu", "tanh", "logistic")
    for solver in ("adam", "sgd")
    for rate in ("1e-05", "0.001", "0.1")
    for batch in ("32", "200")
]
GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(60, 3))
WORDS = np.array(AWKWARD)[np.arange(60) % 4]
PREDICTED = np.where(np.arange(60) % 7 == 0, AWKWARD[0], WORDS)
COUNTS = {"default": [390, 391, 391, 400], "best": [450, 449, 449, 460]}


def curves(default: list[float], best: list[float]) -> dict[str, dict[str, list[float]]]:
    """Give two networks' curves, the accuracy made up from the loss."""
    return {
        name: {"loss": losses, "accuracy": [1 - loss for loss in losses]}
        for name, losses in (("default", default), ("best", best))
    }


EXPLORED = [
    {**row, "lowest": row["dev_correct"] - 9, "highest": row["dev_correct"] + 5}
    for row in sorted(ROWS, key=lambda row: -row["dev_correct"])
]
DRAWN: dict[str, Callable[[], bytes]] = {
    "contributions": lambda: figures.contributions(TRACED),
    "marginals": lambda: figures.marginals(ROWS, ROWS[7], 540),
    "exploration": lambda: figures.exploration(EXPLORED, EXPLORED[9], 540),
    "learning": lambda: figures.learning(curves([0.7, 0.5, 0.4], [0.6, 0.2, 0.05, 0.01])),
    "flat": lambda: figures.learning(curves([0.7, 0.69], [0.7])),
    "gain": lambda: figures.gain(COUNTS, {"default": (0.7, 0.75), "best": (0.8, 0.86)}, 540),
    "errors": lambda: figures.errors(X, WORDS, PREDICTED, ("x1", *AWKWARD[:2])),
}
each_figure = pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)


def fonts(pdf: bytes) -> dict[str, bool]:
    """Give the fonts that a PDF's page uses, and whether each is embedded as outlines."""
    found = {}
    for reference in PdfReader(io.BytesIO(pdf)).pages[0]["/Resources"]["/Font"].values():
        font = reference.get_object()
        inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        embedded = inner["/Subtype"] != "/Type3" and "/FontFile2" in inner["/FontDescriptor"]
        found[re.sub(r"^/[A-Z]{6}\+", "", inner["/BaseFont"])] = embedded
    return found


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Note each figure that becomes a PDF."""
    seen: list[Figure] = []
    as_pdf = FigureCanvasPdf.print_pdf

    def noting(canvas: FigureCanvasPdf, *arguments: Any, **options: Any) -> None:
        seen.append(canvas.figure)
        as_pdf(canvas, *arguments, **options)

    monkeypatch.setattr(FigureCanvasPdf, "print_pdf", noting)
    return seen


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Bbox]]:
    """Note each text that is written into a PDF, with the boxes (in points) where it stands."""
    boxes: dict[str, list[Bbox]] = {}
    write = RendererPdf.draw_text

    def noting(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        width, height, descent = self.get_text_width_height_descent(s, prop, ismath)
        box = Bbox([(0, -descent), (width, height - descent)])
        boxes.setdefault(s, []).append(box.transformed(Affine2D().rotate_deg(angle).translate(x, y)))
        write(self, gc, x, y, s, prop, angle, ismath, mtext)

    monkeypatch.setattr(RendererPdf, "draw_text", noting)
    return boxes


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> set[float]:
    """Note the size of each text that is written into a PDF."""
    found: set[float] = set()
    write = RendererPdf.draw_text

    def noting(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
        found.add(prop.get_size_in_points())
        write(self, gc, x, y, s, prop, angle, ismath, mtext)

    monkeypatch.setattr(RendererPdf, "draw_text", noting)
    return found


def beyond(pdf: bytes, written: dict[str, list[Bbox]]) -> list[tuple[str, Bbox]]:
    """Give the texts that stand, by more than a hair, outside of a PDF's page."""
    page = PdfReader(io.BytesIO(pdf)).pages[0].mediabox
    inner = Bbox([(-0.5, -0.5), (float(page.width) + 0.5, float(page.height) + 0.5)])
    return [
        (text, box)
        for text, boxes in written.items()
        for box in boxes
        if not (inner.contains(*box.min) and inner.contains(*box.max))
    ]


@each_figure
def test_equal_data_make_equal_bytes(draw: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing twice, at other times, gives the same file."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    first = draw()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")

    assert first == draw()


@each_figure
def test_a_figure_tells_no_date_nor_version(draw: Callable[[], bytes]) -> None:
    """The file holds no clock, and nothing of the program or the machine that made it."""
    pdf = draw()

    assert not PdfReader(io.BytesIO(pdf)).metadata
    assert not re.search(rb"D:20\d\d|Matplotlib|matplotlib\.org|/home|/root", pdf)


@each_figure
def test_type_is_the_pages_own(draw: Callable[[], bytes]) -> None:
    """Every font is Computer Modern, embedded as outlines; another only for names with letters it lacks."""
    used = fonts(draw())

    assert used
    ours = r"cm(r|mi|sy|ex)10" + (r"|DejaVuSerif" if draw is DRAWN["errors"] else "")
    assert all(re.fullmatch(ours, name, re.IGNORECASE) for name in used), used
    assert all(used.values()), used


@each_figure
def test_no_text_leaves_the_page(draw: Callable[[], bytes], written: dict[str, list[Bbox]]) -> None:
    """Every label stands wholly within the figure."""
    outside = beyond(draw(), written)

    assert written
    assert not outside


@each_figure
def test_a_figure_fits_the_measure(draw: Callable[[], bytes]) -> None:
    """Every figure is as wide as the text of the page, so that none is scaled and type keeps its size."""
    [text] = re.findall(r"textwidth=(\d+)mm", (TEMPLATES / "submission.tex").read_text(encoding="utf-8"))
    box = PdfReader(io.BytesIO(draw())).pages[0].mediabox

    assert float(box.width) / 72 * 25.4 == pytest.approx(int(text), abs=0.1)
    assert float(box.height) / 72 * 25.4 <= 150


@each_figure
def test_type_has_the_size_of_the_captions(draw: Callable[[], bytes], sizes: set[float]) -> None:
    """Axes are named at 10 points, as captions are set; nothing on them is smaller than 8 points."""
    draw()

    assert max(sizes) == 10
    assert min(sizes) >= 8


def test_other_data_make_another_figure() -> None:
    """The figure shows its data: one loss moved, other bytes."""
    assert figures.learning(curves([0.7], [0.5])) != figures.learning(curves([0.7], [0.51]))


def test_words_as_labels_are_printed_as_they_are(written: dict[str, list[Bbox]]) -> None:
    """Dollar signs, underscores and braces in labels are no mathematics; letters beyond ASCII are drawn."""
    pdf = DRAWN["errors"]()

    shown = {text.replace(r"\$", "$") for text in written}
    assert {"$x_1$", "a_b^c", "100 % {of} \\alpha", "Größe"} <= shown
    read = PdfReader(io.BytesIO(pdf)).pages[0].extract_text()
    assert "a_b^c" in read
    assert "$x_1$" in read


@pytest.mark.parametrize("label", ["$\\frac{$", "$$", "\\$", "x" * 500, "{", "$", "<>", "~^"])
def test_no_label_stops_a_figure(label: str, written: dict[str, list[Bbox]]) -> None:
    """Whatever a label holds, the figure is drawn, and a number stands for a long one."""
    y = np.array([label, "b"])[np.arange(60) % 2]

    pdf = figures.errors(X, y, y[::-1], (label, "x2", "x3"))

    assert max(len(text) for text in written) < 50
    assert not beyond(pdf, written)


@pytest.mark.parametrize("n_classes", [2, 3, 8])
def test_classes_differ_in_shape_and_in_grey(n_classes: int, drawn: list[Figure]) -> None:
    """Each class is named once and has its own shape; of two classes one is much lighter."""
    y = np.arange(60) % n_classes

    figures.errors(X, y, np.roll(y, 1), ("x1", "x2", "x3"))

    legend = drawn[0].legends[0]
    assert [text.get_text() for text in legend.get_texts()] == [
        *(f"{c}" for c in range(n_classes)),
        "outlined: wrong",
    ]
    shown = legend.get_lines()[:n_classes]
    assert len({line.get_marker() for line in shown}) == n_classes
    first, second = (
        np.dot(mpl.colors.to_rgb(line.get_color()), [0.2126, 0.7152, 0.0722]) for line in shown[:2]
    )
    assert abs(first - second) > 0.2


def test_outlined_are_the_wrong_samples(drawn: list[Figure]) -> None:
    """In space and along each axis the samples outlined in black are those wrongly predicted, no others."""
    y = np.arange(60) % 2
    predicted = y.copy()
    predicted[[3, 10, 11]] = 1 - predicted[[3, 10, 11]]

    figures.errors(X, y, predicted, ("x1", "x2", "x3"))

    for axis, view in zip(drawn[0].axes, ((0, 1, 2), (0, 1), (0, 2), (1, 2)), strict=True):
        outlined, others = [], []
        for line in axis.lines:
            points = np.stack(line.get_data_3d() if len(view) == 3 else line.get_data(), 1)
            (outlined if line.get_markeredgewidth() else others).append(points)
        assert np.array_equal(_sorted(np.concatenate(outlined)), _sorted(X[[3, 10, 11]][:, view]))
        assert np.array_equal(_sorted(np.concatenate(others)), _sorted(np.delete(X, [3, 10, 11], 0)[:, view]))


def _sorted(points: np.ndarray) -> np.ndarray:
    return points[np.lexsort(points.T)]


def test_negative_labels_have_a_minus_sign(written: dict[str, list[Bbox]]) -> None:
    """A label of -1 is drawn as the number, not with a hyphen; a word with a hyphen stays a word."""
    y = np.array(["-1", "x-1"])[np.arange(60) % 2]

    figures.errors(X, y, y, ("x1", "x2", "x3"))

    assert {"$-1$", "x-1"} <= set(written)


def test_every_setting_is_a_dot_for_every_hyper_parameter(drawn: list[Figure]) -> None:
    """Five groups of rows, one for each hyper-parameter, show all settings each, and ring the best."""
    figures.marginals(ROWS, ROWS[7], 540)

    [axis] = drawn[0].axes
    dots = np.concatenate([line.get_xdata() for line in axis.lines if line.get_marker() == "."])
    assert sorted(dots) == sorted(5 * [row["dev_correct"] / 540 for row in ROWS])
    rings = [line.get_data() for line in axis.lines if line.get_marker() == "o"]
    ticks = dict(zip(axis.get_yticks(), (tick.get_text() for tick in axis.get_yticklabels()), strict=True))
    assert [float(x) for (x,), _ in rings] == 5 * [ROWS[7]["dev_correct"] / 540]
    assert [ticks[y] for _, (y,) in rings] == ["50", "relu", "sgd", "1e-05", "200"]


def test_the_median_of_each_row_is_told(drawn: list[Figure]) -> None:
    """Beside each value stands the median over its settings, counted here by hand."""
    rows = [{"solver": "adam", "dev_correct": n} for n in (10, 20, 60)]
    rows += [{"solver": "sgd", "dev_correct": n} for n in (30, 40)]

    figures.marginals(rows, rows[2], 100)

    texts = [text.get_text() for text in drawn[0].axes[0].texts]
    assert texts == ["solver", "0.200", "0.350", "median"]


def test_numbers_are_sorted_and_words_stay_in_order(drawn: list[Figure]) -> None:
    """Values that are numbers stand in order of size, all others as the search has them."""
    figures.marginals(ROWS[::-1], ROWS[7], 540)

    ticks = [tick.get_text() for tick in drawn[0].axes[0].get_yticklabels()]
    assert ticks[4:] == ["logistic", "tanh", "relu", "sgd", "adam", "1e-05", "0.001", "0.1", "32", "200"]


def test_many_values_leave_the_best_ones(drawn: list[Figure], written: dict[str, list[Bbox]]) -> None:
    """Of a hundred values a dozen are shown, the best setting's among them."""
    rows = [{"batch_size": f"{n}", "learning_rate_init": "0.1", "dev_correct": n} for n in range(1, 101)]

    pdf = figures.marginals(rows, {**rows[0], "dev_correct": 1}, 100)

    ticks = [tick.get_text() for tick in drawn[0].axes[0].get_yticklabels()]
    assert ticks == ["1", *(f"{n}" for n in range(90, 101)), "0.1"]
    assert not beyond(pdf, written)


@pytest.mark.parametrize("n_classes", [10, 30])
def test_many_classes_fit(n_classes: int, written: dict[str, list[Bbox]]) -> None:
    """However many classes there are, their legend stays on the page."""
    y = np.array([f"class {c}" for c in range(n_classes)])[np.arange(60) % n_classes]

    pdf = figures.errors(X, y, np.roll(y, 1), ("x1", "x2", "x3"))

    assert not beyond(pdf, written)


def test_one_setting_alone_can_be_drawn() -> None:
    """A search of a single setting has a figure too."""
    assert figures.marginals(ROWS[:1], ROWS[0], 540).startswith(b"%PDF")


def test_a_column_of_losses_is_the_curve(drawn: list[Figure]) -> None:
    """The curve of losses begins at epoch 1 and ends, with a dot and its name, at the last."""
    losses = [0.7, 0.5, 0.4, 0.3]

    figures.learning({"default": {"loss": losses, "accuracy": [0.5, 0.6, 0.7, 0.8]}})

    axis, accuracies = drawn[0].axes
    assert list(accuracies.lines[0].get_ydata()) == [0.5, 0.6, 0.7, 0.8]
    assert list(axis.lines[0].get_xdata()) == [1, 2, 3, 4]
    assert list(axis.lines[0].get_ydata()) == losses
    assert [text.get_text() for text in axis.texts] == ["default"]


@pytest.mark.parametrize("gap", [0.0, 0.001, -0.001])
def test_the_names_of_curves_with_close_ends_do_not_touch(gap: float, drawn: list[Figure]) -> None:
    """Each curve has its name beside its end, and no name lies over another."""
    figures.learning(curves([0.7, 0.5, 0.4], [0.6, 0.5, 0.4 + gap]))

    for axis in drawn[0].axes:
        first, second = (text.get_window_extent() for text in axis.texts)
        assert not first.overlaps(second)
