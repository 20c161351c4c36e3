"""A page's content stream as a list of marks: every glyph, line and figure that is painted, and where.

The few operators of PDF that TeX writes are interpreted (ISO 32000-1, annex A); any other that may paint
becomes a mark of its own, so that nothing on a page goes unseen.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from report.verify.canvas import Canvas, Graphics, Matrix, place, product, shift
from report.verify.errors import UnjudgedError
from report.verify.objects import digest, resource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from report.verify.glyphs import Font

DEEPEST = 64  # saved graphics states, open marked contents
LONGEST_PATH = 100_000  # steps
LONGEST_TEXT = 200  # characters of a description; a longer one is told by its hash


def read(canvas: Canvas, operations: Iterable[tuple[Any, bytes]]) -> None:
    """Read the content of the canvas's page; its marks are added to the others.

    Parameters
    ----------
    canvas : Canvas
        A new one for each page.
    operations : iterable
        Operands and operator of each operation, in order.

    Raises
    ------
    UnjudgedError
        The page is nested too deeply or paints too much.
    """
    for operands, operator in operations:
        name = operator.decode("latin-1")
        if handler := OPERATORS.get(name):
            handler(canvas, *operands)
        elif name in LINE_STATE:
            canvas.state.line = {**canvas.state.line, name: _shown(operands)}
        elif name in STEPS:
            _step(canvas, name, [float(number) for number in operands])
        elif name in PAINTERS:
            _paint(canvas, name)
        elif name not in SILENT:
            canvas.add(name, "", [(_shown(operands), *place(canvas.state.ctm), 0.0)])


# --- the graphics state
def _save(canvas: Canvas) -> None:
    if len(canvas.saved) >= DEEPEST:
        raise UnjudgedError(f"Page {canvas.page} of the PDF nests graphics states more than {DEEPEST} deep.")
    canvas.saved.append(replace(canvas.state))


def _restore(canvas: Canvas) -> None:
    canvas.state = canvas.saved.pop() if canvas.saved else Graphics()


def _concatenate(canvas: Canvas, *numbers: Any) -> None:
    canvas.state.ctm = product(_matrix(numbers), canvas.state.ctm)


def _colour(canvas: Canvas, *operands: Any, what: str, operator: str) -> None:
    setattr(canvas.state, what, f"{_shown(operands)} {operator}")


# --- paths
def _step(canvas: Canvas, operator: str, numbers: list[float]) -> None:
    """Add a step to the path, its points on the page."""
    if operator == "re":
        x, y, width, height = numbers
        numbers = [x, y, x + width, y, x + width, y + height, x, y + height]
    points: tuple[float, ...] = ()
    for x, y in zip(numbers[::2], numbers[1::2], strict=True):
        points += place(canvas.state.ctm, x, y)
    canvas.path.append((operator, points))
    if len(canvas.path) > LONGEST_PATH:
        raise UnjudgedError(
            f"Page {canvas.page} of the PDF draws a path of more than {LONGEST_PATH:,} steps."
        )


def _paint(canvas: Canvas, operator: str) -> None:
    """Paint the path, or only clip to it; its shape is told from its first point on."""
    path, canvas.path = canvas.path, []
    x, y = next(((points[0], points[1]) for _, points in path if points), (0.0, 0.0))
    if operator != "n" or canvas.clips:
        steps = (
            " ".join([step, *(f"{p - (y if i % 2 else x):.2f}" for i, p in enumerate(points))])
            for step, points in path
        )
        line = " ".join(f"{name} {value}" for name, value in sorted(canvas.state.line.items()))
        clips = " clips" if canvas.clips else ""
        look = f"{canvas.state.fill}, {canvas.state.stroke}, {line}"
        canvas.add("path", look, [(f"{_short(' '.join(steps))} {operator}{clips}", x, y, 0.0)])
    canvas.clips = False


def _clip(canvas: Canvas) -> None:
    canvas.clips = True


# --- text
def _begin_text(canvas: Canvas) -> None:
    canvas.matrix = canvas.line = shift(0, 0)


def _font(canvas: Canvas, name: Any, size: Any) -> None:
    canvas.state.font, canvas.state.size = str(name), float(size)


def _number(canvas: Canvas, value: Any, *, name: str, factor: float = 1.0) -> None:
    setattr(canvas.state, name, float(value) * factor)


def _move(canvas: Canvas, x: Any, y: Any) -> None:
    canvas.line = canvas.matrix = product(shift(float(x), float(y)), canvas.line)


def _move_leading(canvas: Canvas, x: Any, y: Any) -> None:
    canvas.state.leading = -float(y)
    _move(canvas, x, y)


def _set_matrix(canvas: Canvas, *numbers: Any) -> None:
    canvas.line = canvas.matrix = _matrix(numbers)


def _next_line(canvas: Canvas) -> None:
    _move(canvas, 0, -canvas.state.leading)


def _show(canvas: Canvas, text: Any) -> None:
    _show_spaced(canvas, (text,))


def _show_spaced(canvas: Canvas, pieces: Any) -> None:
    """Paint the glyphs of strings, one mark each, moved by the numbers between; only their places differ."""
    state, font = canvas.state, canvas.font()
    scaled = product((state.size * state.scale, 0.0, 0.0, state.size, 0.0, state.rise), canvas.matrix)
    onto_page = product(scaled, state.ctm)
    size = " ".join(f"{number:.3f}" for number in onto_page[:4])
    look = f"{font.name}, {size}, {state.fill}, {state.stroke}, {state.mode:g}"
    canvas.add("glyph", look, _glyphs(canvas, font, pieces, onto_page[0]))


def _glyphs(
    canvas: Canvas, font: Font, pieces: Any, stretch: float
) -> Iterator[tuple[str, float, float, float]]:
    """Give each glyph of strings, its place and its width; then the text goes on behind the last."""
    state = canvas.state
    a, b, c, d, x, y = canvas.matrix
    for piece in pieces:
        text = getattr(piece, "original_bytes", piece)  # pypdf decodes what it takes for text
        if not isinstance(text, bytes):
            back = float(piece) / 1000 * state.size * state.scale
            x, y = x - a * back, y - b * back
            continue
        for code in text:
            width = font.widths[code]
            at = place(state.ctm, c * state.rise + x, d * state.rise + y)
            yield font.glyphs[code], *at, width * stretch
            spaced = width * state.size + state.character + (state.word if code == ord(" ") else 0.0)
            on = spaced * state.scale
            x, y = x + a * on, y + b * on
    canvas.matrix = a, b, c, d, x, y


def _show_on_next_line(canvas: Canvas, *operands: Any) -> None:
    *spaces, text = operands
    if spaces:
        canvas.state.word, canvas.state.character = (float(space) for space in spaces)
    _next_line(canvas)
    _show(canvas, text)


# --- figures, and what marks content
def _figure(canvas: Canvas, name: Any) -> None:
    size = " ".join(f"{number:.3f}" for number in canvas.state.ctm[:4])
    content = digest(resource(canvas.resources, "/XObject", str(name)))
    canvas.add("figure", size, [(content, *place(canvas.state.ctm), 0.0)])


def _begin_marked(canvas: Canvas, tag: Any, properties: Any = None) -> None:
    if len(canvas.open) >= DEEPEST:
        raise UnjudgedError(f"Page {canvas.page} of the PDF nests marked contents more than {DEEPEST} deep.")
    canvas.open.append((str(tag), _key(properties)))


def _end_marked(canvas: Canvas) -> None:
    if canvas.open:
        canvas.open.pop()


def _point(canvas: Canvas, tag: Any, properties: Any = None) -> None:
    if str(tag) == "/Question":
        canvas.region = _key(properties)


OPERATORS: Mapping[str, Callable[..., None]] = {
    "q": _save,
    "Q": _restore,
    "cm": _concatenate,
    "W": _clip,
    "W*": _clip,
    "BT": _begin_text,
    "Tf": _font,
    "Td": _move,
    "TD": _move_leading,
    "Tm": _set_matrix,
    "T*": _next_line,
    "Tj": _show,
    "TJ": _show_spaced,
    "'": _show_on_next_line,
    '"': _show_on_next_line,
    "Do": _figure,
    "BMC": _begin_marked,
    "BDC": _begin_marked,
    "EMC": _end_marked,
    "DP": _point,
    **{name: partial(_colour, what="fill", operator=name) for name in ("g", "rg", "k", "cs", "sc", "scn")},
    **{name: partial(_colour, what="stroke", operator=name) for name in ("G", "RG", "K", "CS", "SC", "SCN")},
    "Tc": partial(_number, name="character"),
    "Tw": partial(_number, name="word"),
    "Tz": partial(_number, name="scale", factor=0.01),
    "TL": partial(_number, name="leading"),
    "Ts": partial(_number, name="rise"),
    "Tr": partial(_number, name="mode"),
}
LINE_STATE = {"w", "J", "j", "M", "d"}
STEPS = {"m", "l", "c", "v", "y", "h", "re"}
PAINTERS = {"S", "s", "f", "F", "f*", "B", "B*", "b", "b*", "n"}
SILENT = {"ET", "MP", "BX", "EX", "i", "ri"}  # paint nothing


def _matrix(numbers: Any) -> Matrix:
    a, b, c, d, e, f = (float(number) for number in numbers)
    return a, b, c, d, e, f


def _shown(operands: Any) -> str:
    """Write operands of any kind; it must only be the same text for the same content."""
    return _short(" ".join(str(operand) for operand in operands))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _key(properties: Any) -> str:
    """Give the key in the properties of a marked content; empty if it has none."""
    return str(properties.get("/Key", ""))[:LONGEST_TEXT] if isinstance(properties, dict) else ""
