"""The pages that were handed in and those that were made anew: how far they are the same, and where not.

Run by `report.confined.run`, since one of the two is a stranger's. Same bytes, same document, same sight:
each step is tried only where the one before says no.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from difflib import SequenceMatcher
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from report.config import QUESTIONS
from report.console import printable
from report.verify import catalog, document, seen
from report.verify.findings import FOLLOWING, UNREAD, Difference, Pages, Same, Shown
from report.verify.view import View, draw, holds, in_body, meet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pikepdf import Pdf

    from report.verify.document import Branch
    from report.verify.seen import Spot
    from report.verify.view import Glyph

REGION = re.compile(rb"/Question <</Key \((\w+)\)>> DP")
TEX = (catalog.BANNER, "/Packages")
PICTURES = 5
WORDS = {
    **catalog.CLAIMS,
    "/MediaBox": "has another size",
    "/Group": "is blended otherwise",
    "/Annots": "has other links or notes",
    "/Contents": "is painted by other operators",
    "/Font": "uses another font",
    "/XObject": "holds another figure",
    "/Outlines": catalog.OTHER_BOOKMARKS,
    "/Dests": "has links that lead elsewhere",
    "/StructTreeRoot": "is read aloud otherwise",
    "/Metadata": "has other metadata",
    "/OpenAction": "opens otherwise",
    **dict.fromkeys(("attachments", "/AF"), catalog.OTHER_FILES),
}
# From another look or order.
FOLLOWS = ("/Contents", "/Resources", "/Annots", "/Dests", "/StructTreeRoot", "/StructParents", "/OpenAction")
LIKE = 0.3  # the share of their words that two pages must have in common to be the same page
EDGE = 4.0  # points around a place that differs
LONGEST = 200  # characters


def compare(given: bytes, made: bytes, pictures: Path | None = None) -> Pages:
    """Compare a submission's file with the one that was made anew; draw pages that differ in a folder."""
    one, other = document.opened(given), document.opened(made)
    there, here = document.properties(one), document.properties(other)
    producer = there.get("/Producer", "")
    producer = "" if producer == here.get("/Producer") else producer  # a program that left it as it was
    found = Pages(Same.BYTES, producer, _other_tex(there, here))
    if given == made:
        return found
    over = catalog.find(given, one)
    compared = cache(partial(catalog.differences, one, other))  # mostly of the same pairs twice
    pairs = [(number, number) for number in range(len(one.pages))]
    if len(one.pages) == len(other.pages) and not over:
        differences, lost = compared(tuple(pairs))
        if not differences:
            return replace(found, same=Same.OBJECTS, lost=lost)
    views = View(given), View(made)
    pairs, moved = _correspond(*views)
    differences, lost = compared(tuple(pairs))
    regions, paired = Regions(other), dict(pairs)
    whole = [*_unpaired(views, pairs, regions), *_over(over, views[1], paired, regions)]
    whole += [_of_the_whole(i + 1, f"is page {j + 1} of the report, out of order") for i, j in moved]
    whole += _told([each for each in differences if catalog.claims(each)])
    anew = _written_anew(differences, pairs, found)
    same = Same.NO
    spots: list[Spot] = []
    if anew:
        other_lines = bool(found.tex) and _figures(one) == _figures(other)
        same, spots = seen.alike(*views, pairs, other_lines=other_lines)
        if same and not seen.copies_alike(views[0], View(given, copied=True), View(made, copied=True), pairs):
            whole.append(_of_the_whole(0, "gives other text to be copied than it shows"))
        if same and not spots and not whole:
            return replace(found, same=same)
        unread = [] if same else [*_unread(views, pairs, regions)]
        pairs = [pair for pair in pairs if pair[0] + 1 not in {place.page for place in unread}]
        whole += unread
    spots = spots if same else seen.differing(*views, pairs)
    if not anew:
        found = replace(found, lost=lost)
        noted = {item.page for item in over}
        told = [each for each in differences if not (each.page in noted and each.path[1] == "/Annots")]
        whole += _told(told, follow=bool(spots or moved or len(pairs) < len(other.pages)))
    places = [*_where(spots, paired, regions), *dict.fromkeys(whole)]
    if pictures:
        framed = [(spot.page, spot.box) for spot in spots]
        framed += [(item.page, item.rectangle) for item in over if item.rectangle]
        for page in sorted({place.page for place in places if place.page})[:PICTURES]:
            boxes = [box for at, box in framed if at == page]
            draw(*views, (page - 1, paired.get(page - 1)), boxes, pictures / f"page-{page}.png")
    shown = _shown(*views, pairs, spots)
    return replace(found, same=Same.NO, places=tuple(places), shown=shown)


def _correspond(given: View, made: View) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Pair the pages of two documents, from 0, and name the pairs that are not in order.

    A page may be like none of the other's.
    """
    there, here = ([Counter(word.text for word in words) for words in view.words] for view in (given, made))
    likest = []
    for one in there:
        shares = [(one & other).total() / max(1, one.total(), other.total()) for other in here]
        best = max(shares)
        likest.append(shares.index(best) if best > LIKE else -1)
    blocks = SequenceMatcher(None, likest, range(len(here))).get_matching_blocks()
    pairs = [(i + step, j + step) for i, j, size in blocks for step in range(size)]
    left = {*range(len(here))} - {j for _, j in pairs}
    moved = [(i, j) for j, i in {j: i for i, j in enumerate(likest) if j in left}.items()]
    return sorted(pairs + moved), sorted(moved)


class Regions:
    """Where the questions are on the pages of a report, and the parts of its appendix."""

    def __init__(self, made: Pdf) -> None:
        questions = catalog.questions(made).items()
        starts = [(page, -height, key) for key, (page, height) in questions if key in QUESTIONS]
        for number, page in enumerate(made.pages, start=1):
            keys = (key.decode() for key in REGION.findall(document.content(page.obj)))
            starts += [(number, -math.inf, key) for key in keys if key not in QUESTIONS]
        self.starts = sorted(starts)

    def within(self, page: int, bottom: float, top: float) -> list[str]:
        """Return the questions that a part of a page belongs to; an empty name for what belongs to none."""
        keys = [key for at, depth, key in self.starts if (at, depth) <= (page, -top)][-1:] or [""]
        keys += [key for at, depth, key in self.starts if at == page and -top < depth < -bottom]
        return list(dict.fromkeys(key if key in QUESTIONS else "" for key in keys))


def _where(spots: Sequence[Spot], pairs: Mapping[int, int], regions: Regions) -> Iterable[Difference]:
    """Return the places where pages look or read otherwise, the first for each question and page."""
    found: dict[tuple[str, int], Difference] = {}
    for page, box, near, rise in spots:
        told = f", near \u201c{printable(near[:60])}\u201d" if near else ""
        low, high = box[1] + rise + EDGE, box[3] + rise - EDGE
        for question in regions.within(pairs[page - 1] + 1, low, high) if in_body(box) else [""]:
            found.setdefault(
                (question, page), Difference(question, f"page {page} differs{told}", page, FOLLOWING)
            )
    return found.values()


def _unpaired(
    views: tuple[View, View], pairs: Sequence[tuple[int, int]], regions: Regions
) -> Iterator[Difference]:
    """Walk the pages that only one of the documents has."""
    more, fewer = ({*range(len(view.pages))} - {pair[n] for pair in pairs} for n, view in enumerate(views))
    pictures = {number for number in more & fewer if not views[0].glyphs[number]}
    for number in sorted(pictures):
        for question in regions.within(number + 1, 0, math.inf):
            what = f"page {number + 1} cannot be compared: it holds no text (a picture of it is not enough)"
            yield Difference(question, what, number + 1, UNREAD)
    for number in sorted(more - pictures):
        yield _of_the_whole(number + 1, "is not of the report")
    for number in sorted(fewer - pictures):
        for question in regions.within(number + 1, 0, math.inf):
            yield Difference(question, f"page {number + 1} of the report is missing")


def _unread(
    views: tuple[View, View], pairs: Sequence[tuple[int, int]], regions: Regions
) -> Iterator[Difference]:
    """Walk the pages that cannot be compared: on other paper, or of characters without names."""
    for number, page in pairs:
        sizes = [view.pages[place].get_size() for view, place in zip(views, (number, page), strict=True)]
        nameless = [_nameless(view.glyphs[at]) for view, at in zip(views, (number, page), strict=True)]
        what = ""
        if math.dist(*sizes) > 1:
            papers = ["{:.0f} x {:.0f}".format(*size) for size in sizes]
            what = f"it was printed on other paper ({papers[0]} points instead of {papers[1]})"
        elif nameless[0] > nameless[1]:
            what = "its text cannot be read, since some characters have no names"
        for question in regions.within(page + 1, 0, math.inf) if what else ():
            told = f"page {number + 1} cannot be compared: {what}"
            yield Difference(question, told, number + 1, UNREAD)


def _nameless(glyphs: Sequence[Glyph]) -> int:
    """Count the characters that are no letters, digits or signs."""
    return sum(unicodedata.category(glyph.text[:1])[0] == "C" for glyph in glyphs)


def _over(
    over: Sequence[catalog.Found], made: View, pairs: Mapping[int, int], regions: Regions
) -> Iterator[Difference]:
    """Walk what lies over the pages or runs beside them; what covers an answer is told with its question."""
    for page, what, rectangle in over:
        yield _of_the_whole(page, what)
        if not rectangle or page - 1 not in pairs or not in_body(rectangle):
            continue
        if any(meet(word.box, rectangle) for word in made.words[pairs[page - 1]]):
            for question in filter(None, regions.within(pairs[page - 1] + 1, rectangle[1], rectangle[3])):
                yield Difference(question, f"page {page} {what} over this answer", page)


def _written_anew(differences: Iterable[Branch], pairs: Sequence[object], found: Pages) -> bool:
    """Say whether another program or TeX wrote the pages: none has the operators that this report has."""
    painted = {each.page for each in differences if each.path[1] == "/Contents"}
    return len(painted) == len(pairs) or bool(found.tex)


def _other_tex(there: Mapping[str, str], here: Mapping[str, str]) -> str:
    """Name what set two documents, if that is another TeX; a program that writes pages anew drops its name.

    The TeX Live stands in the banner as ``(TeX Live 2022/Debian)``, the packages' versions in a digest.
    """
    if not any(key in there for key in TEX) or all(there.get(key) == here.get(key) for key in TEX):
        return ""
    banners = (side.get(catalog.BANNER) or "an unnamed TeX" for side in (there, here))
    one, other = (re.sub(r"[^(]*\((.*?)[/)].*", r"\1", banner) for banner in banners)
    return f"{one}, here {other}" if one != other else "other versions of LaTeX packages"


def _told(differences: Sequence[Branch], *, follow: bool = False) -> Iterator[Difference]:
    """Put differences between objects into words, but for what follows from other pages."""
    for page, path, _ in differences:
        key = next((step for step in path if step in WORDS), path[-1])
        attached = WORDS.get(key) == catalog.OTHER_FILES
        if follow and path[1] in FOLLOWS:
            continue
        kind = FOLLOWING if attached and "/EF" in path else ""
        yield _of_the_whole(page, WORDS.get(key, f"has another entry {key}"), kind)


def _of_the_whole(page: int, what: str, kind: str = "") -> Difference:
    """Return what a page, or the file, has or does: a difference of the submission as a whole."""
    subject = f"page {page}" if page else "the file"
    return Difference("", f"{subject} {what}"[:LONGEST], page, kind)


def _shown(
    given: View, made: View, pairs: Sequence[tuple[int, int]], spots: Sequence[Spot]
) -> dict[str, tuple[Shown, ...]]:
    """Read what is shown for each reported value, place by place.

    The marks in the submission say where to look; if some of a value's were dropped, the other document's do.
    What is read are the characters there, from left to right.
    """
    there = [
        (key, number, boxes) for number in range(len(given.pages)) for key, boxes in given.reported(number)
    ]
    here = [(key, number, boxes) for number, page in pairs for key, boxes in made.reported(page)]
    marks, most = (Counter(key for key, *_ in places) for places in (there, here))
    looked = [place for place in there if marks[place[0]] >= most[place[0]]]
    looked += [place for place in here if marks[place[0]] < most[place[0]]]
    found: dict[str, tuple[Shown, ...]] = {}
    for key, number, boxes in looked:
        inside = [glyph for glyph in given.glyphs[number] if any(holds(box, glyph) for box in boxes)]
        inside.sort(key=lambda glyph: (-round(glyph.y / seen.LINE), glyph.x))
        meets = (meet(spot.box, box) for spot in spots if spot.page == number + 1 for box in boxes)
        read = Shown(number + 1, "".join(glyph.text for glyph in inside), plain=not any(meets))
        found[key] = (*found.get(key, ()), read)
    return found


def _figures(pdf: Pdf) -> Counter[bytes]:
    """Return the figures on all pages, by what paints them."""
    held = (document.part(page.obj, "/Resources", "/XObject") for page in pdf.pages)
    return Counter(document.unpacked(figure) for figures in held for figure in figures.values())


def _main(arguments: list[str]) -> object:
    given, made, pictures = map(Path, arguments)
    return compare(given.read_bytes(), made.read_bytes(), pictures)


if __name__ == "__main__":
    document.answer(_main)
