"""The pages of each question against pages set anew: formulas, prose, tables and figures, glyph by glyph."""

from __future__ import annotations

from typing import TYPE_CHECKING

from report.config import QUESTIONS
from report.verify import regions
from report.verify.attached import ALL_PROBLEM_1
from report.verify.canvas import FRONT, MARGINS
from report.verify.rows import (
    ATTACHMENT,
    CODE,
    CONSEQUENCE,
    MATCH,
    TEXT,
    UNEXPLAINED,
    WHOLE,
    Finding,
    Outcome,
    Row,
    counted,
    mismatch,
    unjudged,
    unseen,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from report.verify.attached import Attached
    from report.verify.circumstances import Circumstances
    from report.verify.fresh import Fresh
    from report.verify.submission import Submission

WRONG = (Outcome.MISMATCH, Outcome.UNJUDGED)
SHARED = "shared symbols"


def formulas(submission: Submission, fresh: Fresh, circumstances: Circumstances) -> Iterator[Row]:
    """Compare problem 1: the pages' glyphs where they can be compared, and always the LaTeX behind them."""
    if fresh.attached is None:
        return
    glyphs = Glyphs(submission, fresh, circumstances)
    for question in (ALL_PROBLEM_1, *(question for question in QUESTIONS if question[0] == "1")):
        there, here = _of(submission.attached, question), _of(fresh.attached, question)
        latex = _latex(there, here, circumstances)
        seen = MATCH if question == ALL_PROBLEM_1 else glyphs.compare(question)
        if latex.outcome is Outcome.MATCH:
            finding = seen
        elif latex.cause != UNEXPLAINED:
            finding = latex
        elif seen.outcome in WRONG:
            finding = mismatch(TEXT, f"{seen.reason}; results.json in the PDF was changed, too")
        else:
            finding = mismatch(
                ATTACHMENT, f"results.json in the PDF was changed after the build{latex.reason}"
            )
        compared = question != ALL_PROBLEM_1 and seen.outcome is not Outcome.OPEN
        yield Row(
            question,
            SHARED if question == ALL_PROBLEM_1 else "formulas",
            "glyphs" if compared else "LaTeX",
            finding,
            reported=regions.pages(glyphs.there.get(question, [])) if compared else "",
            attached=counted(len(there), "formula"),
            reproduced=counted(len(here), "formula"),
        )


def texts(
    submission: Submission, fresh: Fresh, circumstances: Circumstances, otherwise: Collection[str]
) -> Iterator[Row]:
    """Compare the rest of the pages: problem 2, the first page, the appendix, the margins.

    Parameters
    ----------
    submission, fresh, circumstances
        The two sides, and what may explain a difference.
    otherwise : collection of str
        Questions that do not match already: their pages must differ as well.
    """
    if fresh.attached is None:
        return
    glyphs = Glyphs(submission, fresh, circumstances)
    named = {"2a": "text", "2b": "text, tables, figures", FRONT: "first page", MARGINS: "margins"}
    first = [region for region in named if region in glyphs.all]
    problem1 = {question for question in QUESTIONS if question[0] == "1"}
    for region in (*first, *sorted(glyphs.all - {*named} - problem1)):
        finding = glyphs.compare(region)
        question = region if region in QUESTIONS else WHOLE
        follows = question in otherwise or (region == FRONT and otherwise)
        if finding.outcome in WRONG and follows:
            finding = unseen("it differs where the values above differ", CONSEQUENCE)
        yield Row(
            question,
            named.get(region, f"appendix: {region}"),
            "glyphs",
            finding,
            reported=regions.pages(glyphs.there.get(region, [])),
            reproduced=regions.pages(glyphs.here.get(region, [])) if fresh.pages else "",
        )


class Glyphs:
    """The comparison of glyphs, and whether it can be made at all."""

    def __init__(self, submission: Submission, fresh: Fresh, circumstances: Circumstances) -> None:
        self.there = regions.by_region(submission.marks)
        self.here = regions.by_region(fresh.pages.marks) if fresh.pages else {}
        self.all = {*self.there, *self.here}
        self._why_not = f"the glyphs were not compared: {fresh.no_pages}" if fresh.pages is None else ""
        self._tex = "; ".join(circumstances.tex)
        self._program = circumstances.program()

    def compare(self, region: str) -> Finding:
        """Compare what a region shows, or say why it cannot be compared."""
        if self._why_not:
            return unseen(self._why_not)
        there, here = self.there.get(region, []), self.here.get(region, [])
        found = regions.difference(there, here)
        if found is None:
            return MATCH
        place = f"page {found.page}, near \u201c{found.near}\u201d" if found.page else "it is gone"
        if self._tex and regions.reads_alike(there, here):
            return unseen(f"the same text; where its glyphs stand was not compared: {self._tex}", CODE)
        if self._tex:
            return unjudged(CODE, f"another text, and another TeX: {place}; {self._tex}")
        if self._program:
            return mismatch(CODE, f"{self._program}: {place}")
        return mismatch(TEXT, f"the text was changed after the build: {place}")


def _of(attached: Attached, question: str) -> Mapping[str, str]:
    return {key: latex for key, (of, latex) in attached.formulas.items() if of == question}


def _latex(there: Mapping[str, str], here: Mapping[str, str], circumstances: Circumstances) -> Finding:
    """Compare formulas as LaTeX."""
    differing = sorted(key for key in {*there, *here} if there.get(key) != here.get(key))
    if not differing:
        return MATCH
    cause, reason = circumstances.of_formulas()
    return mismatch(cause, f"{reason} (formula {differing[0]})")
