"""PDF files as graphs of objects: opened under limits, and compared whatever program wrote them.

Two files are the same document if their objects are, from the trailer on. Object numbers, filters, object
streams, the order of keys and the way a number is written do not matter; what else may differ is in `FREE`.
"""

from __future__ import annotations

import io
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream, String

from report import confined
from report.confined import UnjudgedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PAGE_LIMIT = 200
NAME_LIMIT = 200
STREAM_LIMIT = 8 * 2**20  # bytes of one stream, unpacked
NODE_LIMIT = 1000  # of a tree of names
TOLERANCE = 0.001  # points; writers round coordinates
QPDF_LIMITS: dict[str, Any] = {
    "parser_max_nesting": 100,
    "max_stream_filters": 4,
    "flate_max_memory": STREAM_LIMIT,
    "run_length_max_memory": STREAM_LIMIT,
    "png_max_memory": STREAM_LIMIT,
    "tiff_max_memory": STREAM_LIMIT,
    "dct_max_memory": STREAM_LIMIT,
}
STREAM = re.compile(r"^.*<_io\.BytesIO[^>]*>(?: \(.*?\))?:? ?")  # how the library calls the file
AGAIN = "Hand in the whole file as the build made it; it may have been cut off on the way."
HOLDERS = (Stream, Dictionary, dict, Array, list)
BOXES = ("/CropBox", "/TrimBox", "/BleedBox", "/ArtBox")
# What every program writes in its own way: bookkeeping, the file's history, how streams are packed.
FREE = {
    "trailer": {
        *("/ID", "/Size", "/Prev", "/XRefStm", "/Type", "/W", "/Index", "/Length", "/Filter", "/DecodeParms"),
        "/Root",
        "/Info",  # both are compared by themselves
    },
    "properties": {"/Producer", "/CreationDate", "/ModDate"},
    "catalog": {
        *("/Pages", "/Version", "/Extensions", "/PageMode", "/PageLayout"),
        "/Info",  # MuPDF's name, where it joined files
        *("/Names", "/Metadata"),  # they are compared by themselves
        "/AcroForm",  # it is told by itself
    },
    "names": {"/EmbeddedFiles"},  # as attachments, however their tree is divided
    "page": {"/Parent", "/Type"},
    "stream": {"/Length", "/Filter", "/DecodeParms", "/DL"},
}


class Branch(NamedTuple):
    """A difference between two documents: the submission's page (0 for none) and the path to the objects.

    The path begins with what holds them, as `FREE` calls it. It is `lost` if only the other document has
    something there.
    """

    page: int
    path: tuple[str, ...]
    lost: bool = False


def answer(work: Callable[[list[str]], object]) -> None:
    """Be the child that does something with a stranger's PDF; what the libraries cannot read is damaged."""
    pikepdf.settings.set_qpdf_limits(**QPDF_LIMITS)

    def guarded(arguments: list[str]) -> object:
        try:
            return work(arguments)
        except (pikepdf.PdfError, pypdfium2.PdfiumError, UnicodeDecodeError) as error:  # the last: a name
            first = STREAM.sub("", (str(error).splitlines() or [""])[0])[:NAME_LIMIT]
            raise UnjudgedError(f"The PDF is damaged: {first or type(error).__name__}.", AGAIN) from error

    confined.answer(guarded)


def opened(content: bytes) -> Pdf:
    """Open a PDF strictly.

    Raises
    ------
    UnjudgedError
        It is damaged or encrypted, or has too many pages.
    """
    try:
        pdf = pikepdf.open(io.BytesIO(content), attempt_recovery=False)
        encrypted = pdf.is_encrypted
    except pikepdf.PasswordError:
        encrypted = True
    if encrypted:
        raise UnjudgedError("The PDF is encrypted: hand in one without password or restrictions.")
    if len(pdf.pages) > PAGE_LIMIT:
        raise UnjudgedError(f"The PDF has more than {PAGE_LIMIT} pages.")
    if not len(pdf.pages):
        raise UnjudgedError("The PDF has no pages.")
    return pdf


def part(holder: Any, *keys: str) -> Dictionary:
    """Return a dictionary within dictionaries; an empty one where there is none."""
    for key in keys:
        holder = holder.get(key) if isinstance(holder, Dictionary | dict) else None
    return holder if isinstance(holder, Dictionary) else Dictionary()


def page_entries(page: Dictionary) -> dict[str, Any]:
    """Return what a page says, which has what it inherits since it was opened, without what says nothing."""
    found = {key: value for key, value in page.items() if key not in FREE["page"]}
    for key in BOXES:
        if found.get(key) == found.get("/MediaBox"):
            found.pop(key, None)
    if not found.get("/Rotate"):
        found.pop("/Rotate", None)
    return found


def content(page: Dictionary) -> bytes:
    """Return the operators that paint a page."""
    streams = page.get("/Contents")
    return b"\n".join(map(unpacked, streams if isinstance(streams, Array) else [streams]))


def unpacked(stream: Any) -> bytes:
    """Return the bytes of a stream; as they are where no filter is known that unpacks them."""
    if not isinstance(stream, Stream):
        return b""
    try:
        return bytes(stream.read_bytes())
    except pikepdf.PdfError:
        return bytes(stream.read_raw_bytes())


def named(pdf: Pdf, kind: str) -> Iterator[tuple[str, Any]]:
    """Walk a tree of names, however it is divided: each name, and what it stands for.

    Raises
    ------
    UnjudgedError
        It is no tree, or too large: what is not looked at here, a viewer may list.
    """
    holder = pdf.Root.get("/Names", Dictionary())
    waiting: list[Any] = [holder.get(kind, Dictionary()) if isinstance(holder, Dictionary) else holder]
    for _ in range(NODE_LIMIT):
        if not waiting:
            return
        node = waiting.pop()
        kids, names = (
            node.get(key, Array()) if isinstance(node, Dictionary) else None for key in ("/Kids", "/Names")
        )
        if not isinstance(kids, Array) or not isinstance(names, Array):
            raise UnjudgedError(f"The PDF holds names ({kind}) that are no tree.", AGAIN)
        waiting += reversed(list(kids))
        pairs = zip(list(names)[::2], list(names)[1::2], strict=False)
        yield from ((str(name), target) for name, target in pairs)
    raise UnjudgedError(f"The PDF holds a tree of names ({kind}) of more than {NODE_LIMIT} parts.", AGAIN)


def properties(pdf: Pdf) -> dict[str, str]:
    """Return the document's properties as text."""
    return {key: str(value)[:NAME_LIMIT] for key, value in part(pdf.trailer, "/Info").items()}


def differences(given: Pdf, made: Pdf, pairs: Sequence[tuple[int, int]]) -> Iterator[Branch]:
    """Compare two documents, all that can be reached from their trailers; `pairs` of pages correspond.

    Pages come first, so that what is on a page is told with it.
    """
    walk = _Walk(given, made, pairs)
    compared: list[tuple[int, str, Any, Any]] = [
        (page + 1, "page", page_entries(given.pages[page].obj), page_entries(made.pages[other].obj))
        for page, other in pairs
    ]
    one, two = map(_holders, (given, made))
    compared += [(0, name, one[name], two[name]) for name in one]
    for page, name, one, two in compared:
        yield from (Branch(page, path, lost) for path, lost in walk.paths(one, two, (name,)))


def _holders(pdf: Pdf) -> dict[str, dict[str, Any]]:
    """Return what holds all of a document beside its pages, without what is free or says nothing."""
    files = ((part(spec), name, spec) for name, spec in named(pdf, "/EmbeddedFiles"))
    holders: dict[str, Any] = {
        "trailer": pdf.trailer,
        "properties": part(pdf.trailer, "/Info"),
        "attachments": {str(about.get("/UF", about.get("/F", name))): spec for about, name, spec in files},
        "names": part(pdf.Root, "/Names"),
        "catalog": pdf.Root,
    }
    return {
        name: {key: value for key, value in held.items() if key not in FREE.get(name, ()) and value != ""}
        for name, held in holders.items()
    }


class _Walk:
    """A walk over two graphs at once; it goes on only where they are alike, so the second one bounds it."""

    def __init__(self, given: Pdf, made: Pdf, pairs: Sequence[tuple[int, int]]) -> None:
        self.pairs = pairs
        self.holder = Pdf.new()  # of streams that are put together; it must outlive them
        self.met: set[tuple[Any, Any]] = set()
        self.pages = [
            {page.obj.objgen: number for number, page in enumerate(pdf.pages)} for pdf in (given, made)
        ]

    def paths(
        self, one: Any, other: Any, head: tuple[str, ...] = ()
    ) -> Iterator[tuple[tuple[str, ...], bool]]:
        """Walk the places where two values differ, and whether there is none in the first document."""
        waiting: list[tuple[Any, Any, tuple[str, ...]]] = [(one, other, head)]
        while waiting:
            one, other, path = waiting.pop()
            children = self._children(one, other, path)
            if children is None:
                yield path, one is None
            else:
                waiting += reversed([(a, b, (*path, step)) for step, a, b in children])

    def _children(self, one: Any, other: Any, path: tuple[str, ...]) -> list[tuple[str, Any, Any]] | None:
        """Return what two equal objects hold, to be compared in turn; None if they differ."""
        if isinstance(one, Object) and isinstance(other, Object) and one.is_indirect and other.is_indirect:
            numbers = [pages.get(value.objgen) for pages, value in zip(self.pages, (one, other), strict=True)]
            if numbers != [None, None]:  # pages are compared by themselves
                return [] if tuple(numbers) in self.pairs else None
            if (one.objgen, other.objgen) in self.met:
                return []
            self.met.add((one.objgen, other.objgen))
        if path == ("page", "/Contents") and isinstance(other, Stream) and _plain(one):
            one = Stream(self.holder, b"\n".join(map(unpacked, one)))
        kind: Any = next((kind for kind in HOLDERS if isinstance(one, kind)), None)
        if kind is None:
            return [] if _same(one, other) else None
        if not isinstance(other, kind) or (kind is Stream and not self._same_stream(one, other, path)):
            return None
        if kind in (Array, list):
            sides = zip(one, other, strict=True) if len(one) == len(other) else None
            return None if sides is None else [(str(place), a, b) for place, (a, b) in enumerate(sides)]
        if path[-1] == "/Resources":
            one, other = ({key: value for key, value in each.items() if value != {}} for each in (one, other))
        held = {*one.keys(), *other.keys()} - (FREE["stream"] if kind is Stream else set())
        keys = sorted(held, key=lambda key: (key != "/Contents", key))  # what paints a page comes first
        return [(key, one.get(key), other.get(key)) for key in keys]

    def _same_stream(self, one: Stream, other: Stream, path: tuple[str, ...]) -> bool:
        """Compare what streams hold: as bytes, or as operators and operands if it is they that paint."""
        a, b = unpacked(one), unpacked(other)
        paints = (
            path[-1:] == ("/Contents",)
            or path[-2:-1] in (("/Contents",), ("/CharProcs",))
            or other.get("/Subtype") == Name.Form
            or other.get("/PatternType") == 1
        )
        if a == b or not paints:
            return a == b
        if len(a) > 4 * len(b) + 2**16:  # far more than another way of writing the same
            return False
        if a.count(b"%") != b.count(b"%"):  # programs disagree on where a comment ends
            return False
        shown, true = _operators(self.holder, a), _operators(self.holder, b)
        if len(shown) == len(true) + 2 and [shown[0], shown[-1]] == [["q"], ["Q"]]:  # put around all
            shown = shown[1:-1]
        return next(self.paths(shown, true), None) is None


def _plain(value: Any) -> bool:
    """Say whether a value is an array of streams that say nothing beside what they hold."""
    return isinstance(value, Array) and all(
        isinstance(each, Stream) and {*each.keys()} <= FREE["stream"] for each in value
    )


def _operators(holder: Pdf, content: bytes) -> list[list[Any]]:
    """Return the operators of a content stream, each with its operands."""
    steps = pikepdf.parse_content_stream(Stream(holder, content))
    return [[str(step.operator), *step.operands] for step in steps]


def _same(one: Any, other: Any) -> bool:
    """Compare two values that hold no others."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float | Decimal) and isinstance(other, int | float | Decimal):
        return bool(abs(float(one) - float(other)) <= TOLERANCE)
    if isinstance(one, String) and isinstance(other, String):
        return bytes(one) == bytes(other) or str(one) == str(other)
    return bool(one == other)
