"""The figures: equal data, equal bytes; letters set by LaTeX, within the figure, whatever they are."""

import io
import re
from functools import cache
from itertools import product

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_pdf import RendererPdf
from matplotlib.transforms import Affine2D, Bbox
from pypdf import PdfReader

from derivations import vanishing
from experiments.record import HYPER_PARAMETERS
from report import ROOT, figures
from report.figures import style

AWKWARD = ("$x_1$", "a_b^c", "100 % {of} \\alpha", "Größe", "שלום")
TRACED = vanishing.figure(vanishing.measure(0))
ROWS = [
    dict(zip(HYPER_PARAMETERS, tried, strict=True))
    | {"dev_correct": 300 + 7 * len(tried[0]) + 11 * len(tried[1]) + int(tried[-1])}
    for tried in product(
        ("(50,)", "(100,)", "(100, 100)", "(512, 256, 128, 64, 32)"),
        ("relu", "tanh", "logistic"),
        ("adam", "sgd"),
        ("1e-05", "0.001", "0.1"),
        ("32", "200"),
    )
]
TOP = max(ROWS, key=lambda row: row["dev_correct"])
GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(60, 3))
WORDS = np.array(AWKWARD)[np.arange(60) % 5]
PREDICTED = np.where(np.arange(60) % 7 == 0, AWKWARD[0], WORDS)
COUNTS = {"default": [390, 391, 391, 400], "best": [450, 449, 449, 460]}


CURVES = {name: {"loss": [0.7, 0.5], "accuracy": [0.3, 0.5]} for name in COUNTS}


def networks(**losses):
    """Draw networks by their losses, the accuracies made up from them, with made-up seeds."""
    curves = {name: {"loss": own, "accuracy": [1 - loss for loss in own]} for name, own in losses.items()}
    return figures.networks(curves, {name: COUNTS[name] for name in losses}, 0, 540)


EXPLORED = [
    {**row, "lowest": row["dev_correct"] - 9, "highest": row["dev_correct"] + 5}
    for row in sorted(ROWS, key=lambda row: -row["dev_correct"])
]
DRAW = {
    "unrolled": figures.unrolled,
    "contributions": lambda: figures.contributions(TRACED),
    "marginals": lambda: figures.marginals(ROWS, TOP, 540),
    "networks": lambda: networks(default=[0.7, 0.5, 0.4], best=[0.6, 0.2, 0.05, 0.01]),
    "errors": lambda: figures.errors(X, WORDS, PREDICTED, ("x1", *AWKWARD[:2])),
}
drawn_once = cache(lambda name: DRAW[name]())
each_figure = pytest.mark.parametrize("name", DRAW)


def letters(drawing):
    """Return the texts of a figure as LaTeX has them, without size, colour and what they are copied as."""
    found = re.findall(r"\\selectfont(?:\\ttfamily)? (.*?)\}\}?\}%", drawing.letters)
    return [re.sub(r"\\copied\{.*?\}(?=[^}])|\\shown", "", text) for text in found]


@pytest.fixture
def drawn(monkeypatch):
    """Note each figure that is drawn."""
    seen = []
    draw = mpl.figure.Figure.draw

    def noting(figure, renderer):
        seen.append(figure)
        draw(figure, renderer)

    monkeypatch.setattr(mpl.figure.Figure, "draw", noting)
    return seen


@pytest.fixture
def written(monkeypatch):
    """Note each text that is drawn, with the boxes (in points) where it stands."""
    boxes = {}

    def noting_with(write):
        def noting(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):
            width, height, descent = self.get_text_width_height_descent(s, prop, ismath)
            box = Bbox([(0, -descent), (width, height - descent)])
            boxes.setdefault(s, []).append(box.transformed(Affine2D().rotate_deg(angle).translate(x, y)))
            write(self, gc, x, y, s, prop, angle, ismath, mtext)

        return noting

    for renderer in (style._Letters, RendererPdf):
        monkeypatch.setattr(renderer, "draw_text", noting_with(renderer.draw_text))
    return boxes


def beyond(pdf, written):
    """Return the texts that stand, by more than two points, outside of a PDF's page."""
    page = PdfReader(io.BytesIO(pdf)).pages[0].mediabox
    inner = Bbox([(-2, -2), (float(page.width) + 2, float(page.height) + 2)])
    return [
        (text, box)
        for text, boxes in written.items()
        for box in boxes
        if not (inner.contains(*box.min) and inner.contains(*box.max))
    ]


@each_figure
def test_equal_data_make_equal_bytes_and_no_text_leaves_the_figure(name, written, monkeypatch):
    """Drawing twice, at other times, gives the same files, in which every label stands wholly within."""
    first = drawn_once(name)
    written.clear()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")

    assert first == DRAW[name]()
    assert written
    assert not beyond(first.lines, written)


@each_figure
def test_lines_are_as_wide_as_the_text_and_letters_are_latex(name):
    """The PDF needs no scaling, has no fonts, clock or program's name; LaTeX sets 7.5 to 10 points."""
    [text] = re.findall(
        r"textwidth=(\d+)mm", (ROOT / "templates" / "submission.tex").read_text(encoding="utf-8")
    )
    lines, tex = drawn_once(name)
    pdf = PdfReader(io.BytesIO(lines))
    page = pdf.pages[0]

    assert float(page.mediabox.width) / 72 * 25.4 == pytest.approx(int(text), abs=0.1)
    assert float(page.mediabox.height) / 72 * 25.4 <= 100
    assert not page["/Resources"]["/Font"].get_object()
    assert not pdf.metadata
    assert not re.search(rb"D:20\d\d|Matplotlib|matplotlib\.org|/home|/root", lines)
    sizes = [float(size) for size in re.findall(r"\\fontsize\{([\d.]+)\}", tex)]
    assert len(sizes) > 8
    assert 7.5 <= min(sizes) <= max(sizes) <= 10
    assert not re.search(r"\\mathdefault|\N{MINUS SIGN}", tex)  # of matplotlib's own markup


def test_the_letters_of_a_figure_that_stands_alone_copy_as_themselves(written):
    """Fonts are embedded outlines that tell which sign each letter is; each text is within the figure."""
    pdf = figures.exploration(EXPLORED, EXPLORED[9], 540)
    page = PdfReader(io.BytesIO(pdf)).pages[0]

    assert written
    assert not beyond(pdf, written)

    text = page.extract_text()
    for shown in ("hidden_layer_sizes", "(100, 100)", "1e-05", "mean and range over the seeds"):
        assert shown in text
    assert not re.search("[¡°\N{REPLACEMENT CHARACTER}]", text)
    fonts = [reference.get_object() for reference in page["/Resources"]["/Font"].values()]
    assert fonts
    assert all("/ToUnicode" in font or font["/Subtype"] == "/Type0" for font in fonts)


def test_mathematics_in_a_figure_copies_as_its_latex():
    """The name of a curve carries its LaTeX, and a negative number a minus sign."""
    tex = drawn_once("contributions").letters

    assert r"\copied{w_2 = 0.5}w_2 = 0.5\shown" in tex
    assert r"\copied{{10^{-10}}}" in tex or r"\copied{10^{-10}}" in tex


def test_words_as_labels_are_printed_as_they_are():
    """Signs of LaTeX are no mathematics, letters beyond ASCII are drawn, a number has a minus, no hyphen."""
    shown = letters(drawn_once("errors"))
    y = np.array(["-1", "x-1"])[np.arange(60) % 2]

    assert {r"\$x\_1\$", r"100 \% \{of\} \textbackslash{}alpha"} <= set(shown)
    assert any("Gr" in text and "e" in text for text in shown)
    assert {"$-$1", "x-{}1"} <= set(letters(figures.errors(X, y, y, ("x1", "x2", "x3"))))


@pytest.mark.parametrize(
    "labels", [["$\\frac{$", "$$", "\\$", "x" * 190, "{", "$", "<>", "~^"], [f"class {n}" for n in range(30)]]
)
def test_no_label_stops_a_figure(labels, written):
    """Whatever labels hold and however many there are, they fit, and a number stands for a long one."""
    y = np.array(labels)[np.arange(60) % len(labels)]

    drawing = figures.errors(X, y, y[::-1], tuple(labels[2:5]))

    assert max(len(text) for text in written) < 50
    assert not beyond(drawing.lines, written)


@pytest.mark.parametrize("n_classes", [2, 8])
def test_classes_differ_in_shape_and_in_grey(n_classes, drawn):
    """Each class is named once and has its own shape; of two classes one is lighter."""
    y = np.arange(60) % n_classes

    figures.errors(X, y, np.roll(y, 1), ("x1", "x2", "x3"))

    legend = drawn[0].legends[0]
    names = [text.get_text() for text in legend.get_texts()]
    assert names == [*(f"{c}" for c in range(n_classes)), "outlined: wrong"]
    shown = legend.get_lines()[:n_classes]
    assert len({line.get_marker() for line in shown}) == n_classes
    first, second = (
        np.dot(mpl.colors.to_rgb(line.get_color()), [0.2126, 0.7152, 0.0722]) for line in shown[:2]
    )
    assert abs(first - second) > 0.05


def test_outlined_are_the_wrong_samples(drawn):
    """In each pair of features the samples outlined in black are those wrongly predicted, no others."""
    y = np.arange(60) % 2
    predicted = y.copy()
    predicted[[3, 10, 11]] = 1 - predicted[[3, 10, 11]]

    figures.errors(X, y, predicted, ("x1", "x2", "x3"))

    for axis, view in zip(drawn[0].axes, ((0, 1), (0, 2), (1, 2)), strict=True):
        marked = [
            (*point, line.get_markeredgewidth() > 0)
            for line in axis.lines
            for point in np.stack(line.get_data(), 1)
        ]
        assert sorted(marked) == sorted((*x[[*view]], n in {3, 10, 11}) for n, x in enumerate(X))


def test_the_best_of_each_value_is_told(drawn):
    """Beside each value stands the highest count of its settings, counted here by hand."""
    counts = {"adam": (10, 20, 60), "sgd": (30, 40)}
    rows = [
        {"solver": name, "batch_size": "8", "dev_correct": n} for name, own in counts.items() for n in own
    ]

    figures.marginals(rows, rows[2], 100)

    solver, batch = ([text.get_text() for text in axis.texts] for axis in drawn[0].axes)
    assert solver == ["solver", "adam", "60", "sgd", "40", "best"]
    assert batch == ["batch_size", "8", "60", "best"]


def test_the_top_is_shown_in_order_and_the_best_is_ringed(drawn):
    """Axes begin below the best of every value; numbers stand in order; each group has a ring."""
    figures.marginals(ROWS[::-1], TOP, 540)

    axes = drawn[0].axes
    dots = [line for axis in axes for line in axis.lines if line.get_marker() == "o"]
    rings = [line.get_xdata()[0] for line in dots if line.get_markerfacecolor() == "none"]
    assert rings == 5 * [TOP["dev_correct"] / 540]
    maxima = [
        max(row["dev_correct"] for row in ROWS if row[name] == value) / 540
        for name in TOP
        if name != "dev_correct"
        for value in {row[name] for row in ROWS}
    ]
    assert all(axis.get_xlim()[0] < min(maxima) for axis in axes)
    # Numbers are in order, words as the search has them.
    values = ["logistic", "tanh", "relu", "1e-05", "0.001", "0.1", "32", "200"]
    assert [text.get_text() for axis in axes for text in axis.texts if text.get_text() in values] == values


def test_many_values_leave_the_best_ones(drawn, written):
    """Of a hundred values a dozen are shown, the best setting's among them."""
    rows = [{"batch_size": f"{n}", "learning_rate_init": "0.1", "dev_correct": n} for n in range(1, 101)]

    drawing = figures.marginals(rows, {**rows[0], "dev_correct": 1}, 100)

    shown = [text.get_text() for text in drawn[0].axes[0].texts]
    assert shown[1::2][:12] == ["1", *(f"{n}" for n in range(90, 101))]
    assert not beyond(drawing.lines, written)


def test_losses_are_curves_and_every_seed_is_a_dot(drawn):
    """A curve is from epoch 1 to a dot at the last; each seed's count is a dot, the report's own ringed."""
    networks(default=[0.75, 0.5, 0.25, 0.125], best=[0.6])

    axis, accuracies, seeds = drawn[0].axes
    assert list(accuracies.lines[0].get_ydata()) == [0.25, 0.5, 0.75, 0.875]
    assert list(axis.lines[0].get_xdata()) == [1, 2, 3, 4]
    assert list(axis.lines[0].get_ydata()) == [0.75, 0.5, 0.25, 0.125]
    assert [text.get_text() for text in axis.texts] == ["default", "best"]
    assert axis.get_xlim() == (0, 4)
    dots, rings = (
        [line.get_ydata()[0] * 540 for line in seeds.lines if (line.get_markerfacecolor() == "none") == ring]
        for ring in (False, True)
    )
    assert sorted(dots) == pytest.approx(sorted([*COUNTS["default"], *COUNTS["best"]]))
    assert rings == pytest.approx([390, 450])


@pytest.mark.parametrize(
    ("default", "best", "named"),
    [
        ([390, 391, 400], [450, 449, 460], 2),
        ([390] * 20, [390] * 20, 0),  # two long rows at one height
        ([390, 391], [390, 450], 1),  # at the default's ring, the best's
    ],
)
def test_the_reports_own_seed_is_named_where_there_is_room(default, best, named, drawn):
    """No name of a ring lies on a dot; the caption says what the ring is, too."""
    figures.networks(CURVES, {"default": default, "best": best}, 7, 540)

    axis = drawn[0].axes[2]
    dots = [line.get_window_extent() for line in axis.lines]
    names = [text.get_window_extent() for text in axis.texts]
    assert named == len(names)
    assert not [name for name in names if name.count_overlaps(dots)]


@pytest.mark.parametrize("gap", [0.0, -0.001])
def test_the_names_of_curves_with_close_ends_do_not_touch(gap, drawn):
    """Each curve has its name by its end, and no name lies over another."""
    networks(default=[0.7, 0.5, 0.4], best=[0.6, 0.5, 0.4 + gap])

    for axis in drawn[0].axes[:2]:
        first, second = (text.get_window_extent() for text in axis.texts)
        assert not first.overlaps(second)


def test_the_way_back_fades_by_half_with_each_step(drawn):
    """The arrows of the unrolled network that lead back get thinner and paler, each by half."""
    figures.unrolled()

    back = [patch for patch in drawn[0].axes[0].patches if patch.get_edgecolor()[:3] != (0, 0, 0)]
    strengths = [patch.get_linewidth() - 0.8 for patch in back][::-1]
    assert strengths[:5] == pytest.approx([2.0, 1.0, 0.5, 0.25, 0.125])
    greys = [sum(patch.get_edgecolor()[:3]) for patch in back]
    assert greys == sorted(greys, reverse=True)
    assert len(set(greys)) > 5
