"""What is found of a submission, as typed values: quantities, differences, what is made anew, and causes."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct, structs

from experiments.record import Record
from report.results import Ledger, MadeWith, Results

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from report.verify.evidence import Evidence

# Kinds of differences: what follows where values differ (another look, other attachments), what cannot be
# read, another way of writing the same, another file, of which no more is known.
FOLLOWING, UNREAD, HARMLESS, UNKNOWN = "following", "unread", "harmless", "unknown"
# Files that are compared as a whole: the names of their quantities.
DATA, DATA_BESIDE = "data", "data handed in"  # those that the numbers were made with; those beside the PDF
CELLS, NOTEBOOK_BESIDE, RUN_AGAIN = "notebook's cells", "notebook handed in", "notebook, run again"
TOLD = 4  # differences that are told of one quantity
PROBLEM_2, WHOLE = "2", ""  # the questions of what is about all of a problem, or the submission as a whole


class Same(StrEnum):
    """How far two files are the same: the rule by which their pages were found to match."""

    BYTES = "bytes"
    OBJECTS = "objects"
    SIGHT = "sight"
    TEXT = "text"
    NO = ""


class Outcome(StrEnum):
    """What a comparison found, the worst last."""

    MATCH = "match"
    OPEN = "not compared"
    UNJUDGED = "cannot be judged"
    MISMATCH = "mismatch"


class Cause(StrEnum):
    """Why something does not match, in words that programs may rely on."""

    CHANGED = "text changed"
    ATTACHMENT = "attachment changed"
    DATA = "data differ"
    CODE = "code or versions differ"
    ENVIRONMENT = "environment differs"
    EDITED = "notebook differs"
    UNEXPLAINED = "unexplained"
    FOLLOWS = "follows from another"


class Why(NamedTuple):
    """Why a quantity does not match, or could not be compared."""

    cause: str
    reason: str
    outcome: Outcome = Outcome.MISMATCH


class Quantity(Struct, frozen=True):
    """One quantity; its sides as they are shown, empty where it has no such side.

    The question is ``1`` or ``2`` for what is about all of a problem, empty for the submission as a whole.
    """

    question: str
    quantity: str
    rule: str
    reported: str = ""
    attached: str = ""
    reproduced: str = ""
    outcome: Outcome = Outcome.MATCH
    cause: str = ""
    reason: str = ""

    def concerns(self, question: str) -> bool:
        """Say whether it is about a question: its own, or all of the problem."""
        return self.question == question or (question != "" and self.question == question[0])

    def because(self, why: Why | None) -> Quantity:
        """Return it with what was found of it, if anything was."""
        return structs.replace(self, **why._asdict()) if why else self


def worst(rows: Iterable[Quantity]) -> Outcome:
    """Return the worst outcome of some quantities."""
    order = list(Outcome)
    return max((row.outcome for row in rows), key=order.index, default=Outcome.MATCH)


def counted(number: int, noun: str) -> str:
    """Return a number of things: ``1 cell``, ``1,000 cells``."""
    return f"{number:,} {noun if number == 1 else f'{noun}s'}"


class Difference(Struct, frozen=True):
    """A difference of a page, a notebook or a data file, in half a sentence; its question, empty for none."""

    question: str
    what: str
    page: int = 0  # the submission's
    kind: str = ""  # one of the above

    @property
    def harmless(self) -> bool:
        """Whether it is written otherwise, and says the same."""
        return self.kind == HARMLESS


class Carried(Struct, frozen=True):
    """What a PDF carries: its attachments, or its first words if it has lost them; its number of pages."""

    attachments: dict[str, bytes]
    pages: int
    words: str


class Shown(Struct, frozen=True):
    """A value as a page shows it; not `plain` if something else is painted there, too."""

    page: int
    text: str
    plain: bool


class Pages(Struct, frozen=True):
    """How far two files are the same, and where they differ."""

    same: Same
    producer: str = ""  # the program that wrote the submission's file last
    tex: str = ""  # what set the submission's pages and what this copy's, where that is another TeX
    places: tuple[Difference, ...] = ()
    shown: dict[str, tuple[Shown, ...]] = {}  # where they differ: what pages show for each reported value
    lost: tuple[str, ...] = ()  # what a program that saved the submission dropped beside the pages


class Reproduced(Struct, frozen=True):
    """What this copy of the program makes of a submission's configuration and the data at hand."""

    results: Results
    ledger: Ledger
    record: Record  # that the notebook should have left
    files: dict[str, tuple[Difference, ...]]  # that were compared, by the names of their quantities
    environment: dict[str, Any]  # of this machine
    made_with: MadeWith  # this copy of the program
    trained: int  # settings
    no_pages: str  # why no pages were set; empty if they were


class Causes(Struct, frozen=True):
    """What is other here than where a submission was made, each in words; empty where it is the same."""

    data: str = ""
    notebook: str = ""
    code: str = ""
    versions: str = ""
    environment: str = ""
    tex: str = ""

    @classmethod
    def find(cls, given: Evidence, made: Reproduced, pages: Pages | None) -> Causes:
        """Compare where a submission was made with here."""
        told, data = given.results or made.results, made.files.get(DATA, ())
        one, other = told.made_with, made.made_with
        arithmetic = _both(_arithmetic(told.environment), _arithmetic(made.environment))
        return cls(
            data="the data differ (see \u201cdata\u201d)" if any(not each.harmless for each in data) else "",
            notebook=_told("the notebook differs", "".join(each.what for each in made.files[CELLS][:1])),
            code=_told("the code differs", ", ".join(differing(one.code, other.code))),
            versions=_told("versions differ", _both(one.versions, other.versions)),
            environment=_told("the environment differs, so that bits are not comparable", arithmetic),
            tex=_told("another TeX set the pages", pages.tex if pages else ""),
        )

    def of_numbers(self) -> Why:
        """Return the likeliest cause of another number."""
        likely = (
            (Cause.DATA, self.data),
            (Cause.CODE, self.code),
            (Cause.EDITED, self.notebook),
            (Cause.CODE, self.versions),
            (Cause.ENVIRONMENT, self.environment),
            (Cause.UNEXPLAINED, "the same code, versions and data do not give this"),
        )
        return next(Why(cause, reason) for cause, reason in likely if reason)

    def of_entries(self) -> Why:
        """Return the likeliest cause of another entry in an attachment."""
        program = self.code or self.versions
        changed = Why(Cause.ATTACHMENT, "an attachment was changed after the build")
        return Why(Cause.CODE, program) if program else changed

    def of_pages(self, places: Sequence[Difference]) -> Why:
        """Say what differs at some places of the pages, and why."""
        told = "; ".join(dict.fromkeys(place.what for place in places[:TOLD]))
        if all(place.kind == UNREAD for place in places):
            return Why("", f"{told}; hand in the PDF that the build made", Outcome.UNJUDGED)
        if self.tex:
            return Why(Cause.CODE, f"{told}; {self.tex}", Outcome.UNJUDGED)
        if program := self.code or self.versions:
            return Why(Cause.CODE, f"{told}; {program}")
        if self.data and not places[0].question.startswith("1"):
            return Why(Cause.DATA, f"{told}; {self.data}")
        return Why(Cause.CHANGED, f"the file was changed after the build: {told}")


def differing(there: Mapping[str, object], here: Mapping[str, object]) -> list[str]:
    """Return the keys under which two mappings hold something else."""
    return [key for key in {**there, **here} if there.get(key) != here.get(key)]


def _both(there: Mapping[str, str], here: Mapping[str, str]) -> str:
    """Name what differs, with both of its values."""
    keys = differing(there, here)
    return "; ".join(f"{key} {there.get(key, 'none')}, here {here.get(key, 'none')}" for key in keys)


def _told(what: str, found: str) -> str:
    return f"{what}: {found}" if found else ""


def _arithmetic(environment: Mapping[str, Any]) -> dict[str, str]:
    """Return what decides how sums round: kernels, threads, SIMD level, C library."""
    blas = [library for library in environment.get("blas", []) if isinstance(library, dict)]
    return {
        "kernels": ", ".join(sorted({str(library.get("architecture")) for library in blas})),
        "threads": ", ".join(sorted({str(library.get("threads")) for library in blas})),
        "SIMD level": str(environment.get("simd")),
        "C library": str(environment.get("libc")),
        "machine": str(environment.get("machine")),
    }
