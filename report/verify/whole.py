"""What belongs to no question and is no mark on a page: what lies over it, sizes, fonts, bookmarks, bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from report.verify.rows import CODE, MATCH, TEXT, WHOLE, Finding, Row, counted, mismatch, unjudged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from report.verify.circumstances import Circumstances
    from report.verify.fresh import Fresh
    from report.verify.submission import Submission

CHANGED = "the PDF was changed after the build"


def rows(
    submission: Submission, fresh: Fresh, circumstances: Circumstances, *, differs: bool
) -> Iterator[Row]:
    """Compare it.

    Parameters
    ----------
    submission, fresh, circumstances
        The two sides, and what may explain a difference.
    differs : bool
        Whether something was found already: then the bytes differ as well.
    """
    finding = MATCH
    if submission.additions:
        finding = mismatch(TEXT, f"{CHANGED}: it has {', '.join(submission.additions[:3])}")
    yield Row(WHOLE, "nothing over the pages", "exact", finding)
    if fresh.pages is None:
        return
    finding = _document(submission, fresh.pages, circumstances, differs=differs)
    told = [counted(len(fonts), "font") for fonts in (submission.fonts, fresh.pages.fonts)]
    yield Row(WHOLE, "fonts, sizes, bytes", "sha256", finding, reported=told[0], reproduced=told[1])


def _document(there: Submission, here: Submission, circumstances: Circumstances, *, differs: bool) -> Finding:
    """Compare the document with the one that was set anew."""
    program = circumstances.program()
    cause, why = (CODE, program) if program else (TEXT, CHANGED)
    if {*there.boxes} != {*here.boxes}:
        return mismatch(cause, f"{why}: its pages have other sizes, or further entries")
    if there.titles != here.titles:
        return mismatch(cause, f"{why}: other properties or bookmarks")
    other = _other_fonts(there, here, all_of_it=not circumstances.tex)
    # A font holds the glyphs that are used: others make another font.
    if other and {mark[2:5] for mark in there.marks} == {mark[2:5] for mark in here.marks}:
        named = f"other outlines in {', '.join(other[:3])}"
        if circumstances.tex:
            return unjudged(CODE, f"{named}; {circumstances.tex[0]}")
        return mismatch(cause, f"{why}: {named}")
    if not (circumstances.tex or differs) and there.contents != here.contents:
        return mismatch(cause, f"{why}: its pages were written anew")
    return MATCH


def _other_fonts(there: Submission, here: Submission, *, all_of_it: bool) -> list[str]:
    """Name the fonts that differ: in all, or (another TeX may note other things beside) in their outlines."""

    def digests(of: Submission, name: str) -> set[str]:
        found = of.fonts.get(name, ())
        return {*found} if all_of_it else {digest.split()[0] for digest in found}

    return sorted(name for name in {*there.fonts, *here.fonts} if digests(there, name) != digests(here, name))
