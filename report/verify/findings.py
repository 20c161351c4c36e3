"""What is found of a submission, as typed values: its pages, what is made anew, quantities, and causes."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from experiments.record import Record
from report.results import Ledger, MadeWith, Results
from report.verify.notebook import Cell, other_sources

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from report.verify.evidence import Evidence

SEEN, CARRIED = "seen", "carried"
WHOLE = ""  # the question of what is about the submission as a whole


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


def worst(rows: Iterable[Quantity]) -> Outcome:
    """Return the worst outcome of some quantities."""
    order = list(Outcome)
    return max((row.outcome for row in rows), key=order.index, default=Outcome.MATCH)


def mismatch(cause: str, reason: str) -> dict[str, Any]:
    """Return the fields of a quantity that does not match."""
    return {"outcome": Outcome.MISMATCH, "cause": cause, "reason": reason}


def not_compared(reason: str, cause: str = "") -> dict[str, Any]:
    """Return the fields of a quantity that was not compared."""
    return {"outcome": Outcome.OPEN, "cause": cause, "reason": reason}


def counted(number: int, noun: str) -> str:
    """Return a number of things: ``1 cell``, ``1,000 cells``."""
    return f"{number:,} {noun if number == 1 else f'{noun}s'}"


class Carried(Struct, frozen=True):
    """What a PDF carries: its attachments, or its first words if it has lost them; its number of pages."""

    attachments: dict[str, bytes]
    pages: int
    words: str


class Place(Struct, frozen=True):
    """A difference: its question (empty for none), the submission's page (0 for none), and what is there."""

    question: str
    page: int
    what: str
    kind: str = ""  # SEEN for another look, CARRIED for other attachments


class Shown(Struct, frozen=True):
    """A value as a page shows it; not `plain` if something else is painted there, too."""

    page: int
    text: str
    plain: bool


class Pages(Struct, frozen=True):
    """How far two files are the same, and where they differ."""

    same: Same
    pages: int
    producer: str = ""  # the program that wrote the submission's file last
    tex: tuple[str, ...] = ()  # what set the submission's pages, and the same of this copy's
    tex_here: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    shown: dict[str, tuple[Shown, ...]] = {}  # where they differ: what pages show for each reported value

    @property
    def other_tex(self) -> bool:
        """Whether another TeX set the submission's pages; a program that writes them anew drops its name."""
        return any(self.tex) and self.tex != self.tex_here


class Table(Struct, frozen=True):
    """A data file of the submission compared with the one at hand: half a sentence."""

    name: str
    what: str
    same: bool = False  # the same numbers
    equal: bool = False  # the same file


class Reproduced(Struct, frozen=True):
    """What this copy of the program makes of a submission's configuration and the data at hand."""

    results: Results
    ledger: Ledger
    record: Record  # that the notebook should have left
    cells: tuple[Cell, ...]  # of the notebook that this program writes
    made_of: tuple[Table, ...]  # the data of the submission's numbers, known by their hashes
    handed_in: tuple[Table, ...]  # the data that came with the PDF
    environment: dict[str, Any]  # of this machine
    made_with: MadeWith  # this copy of the program
    trained: int  # settings
    no_pages: str  # why no pages were set; empty if they were

    @property
    def written_otherwise(self) -> list[Table]:
        """The data files that hold the same numbers and are not the same."""
        return [table for table in self.made_of + self.handed_in if table.same and not table.equal]


class Causes(Struct, frozen=True):
    """What is other here than where a submission was made, each as half a sentence."""

    data: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    tex: str = ""
    cells: dict[str, str] = {}  # of the notebook, by question

    @classmethod
    def find(cls, given: Evidence, made: Reproduced, pages: Pages | None) -> Causes:
        """Compare where a submission was made with here."""
        cells, tex = other_sources(given.notebook.cells, made.cells), ""
        if pages and pages.other_tex:
            release, ours = _release(pages.tex[0]), _release(pages.tex_here[0])
            tex = f"{release}, here {ours}" if release != ours else "other versions of LaTeX packages"
        if given.results is None:
            return cls(tex=tex, cells=cells)
        one, other = given.results.made_with, made.made_with
        return cls(
            data=tuple(f"{table.name} {table.what}" for table in made.made_of if not table.same),
            code=tuple(differing(one.code, other.code)),
            versions=_pairs(one.versions, other.versions),
            environment=_pairs(_arithmetic(given.results.environment), _arithmetic(made.environment)),
            tex=tex,
            cells=cells,
        )

    @property
    def program(self) -> str:
        """In what the program that made the submission differs."""
        named = {"the code differs": self.code, "versions differ": self.versions}
        return "; ".join(f"{name}: {', '.join(found)}" for name, found in named.items() if found)

    def of_numbers(self) -> tuple[str, str]:
        """Return the likeliest cause of another number, and the sentence."""
        if self.data:
            return Cause.DATA, f"the data differ: {'; '.join(self.data)}"
        if self.cells:
            told = f"in the notebook, {next(iter(self.cells.values()))}"
            return Cause.EDITED, "; ".join(filter(None, (told, self.program)))
        if self.program:
            return Cause.CODE, self.program
        if self.environment:
            told = "; ".join(self.environment)
            return Cause.ENVIRONMENT, f"the environment differs, so that bits are not comparable: {told}"
        told = "the attached configuration does not give this with the same code, versions and data"
        return Cause.UNEXPLAINED, told

    def of_entries(self) -> tuple[str, str]:
        """Return the likeliest cause of another entry in an attachment, and the sentence."""
        changed = Cause.ATTACHMENT, "an attachment was changed after the build"
        return (Cause.CODE, self.program) if self.program else changed

    def of_pages(self, places: Sequence[Place]) -> dict[str, Any]:
        """Say what differs at some places of the pages, and why."""
        told = "; ".join(dict.fromkeys(place.what for place in places[:3]))
        if self.tex:
            reason = f"{told}; another TeX set the pages ({self.tex})"
            return {"outcome": Outcome.UNJUDGED, "cause": Cause.CODE, "reason": reason}
        if self.program:
            return mismatch(Cause.CODE, f"{told}; {self.program}")
        return mismatch(Cause.CHANGED, f"the file was changed after the build: {told}")

    def of_the_file(self, pages: Pages | None) -> Iterator[str]:
        """Say how a file was written that is the same in another way."""
        same = pages.same if pages else Same.NO
        if same is Same.OBJECTS:
            yield "The file was saved again by another program, which changed nothing in it."
        elif same is Same.TEXT:
            yield "Another TeX set the pages: they say the same, though it breaks lines elsewhere."
        elif same is Same.SIGHT and self.tex:
            yield "Another TeX set the pages: they say the same and show the same."
        elif same is Same.SIGHT and pages:
            program = pages.producer or "another program"
            yield f"The pages say the same; the file was written anew by {program}."

    def remarks(self) -> Iterator[str]:
        """Walk what is worth knowing though everything matches."""
        named = {
            "another copy of the program": self.code,
            "other versions": self.versions,
            "another environment": self.environment,
            "another TeX": filter(None, [self.tex]),
        }
        told = {name: "; ".join(found) for name, found in named.items()}
        yield from (f"Made with {name}: {found}." for name, found in told.items() if found)


def differing(there: Mapping[str, object], here: Mapping[str, object]) -> list[str]:
    """Return the keys under which two mappings hold something else."""
    return [key for key in {**there, **here} if there.get(key) != here.get(key)]


def _pairs(there: Mapping[str, str], here: Mapping[str, str]) -> tuple[str, ...]:
    keys = differing(there, here)
    return tuple(f"{key} {there.get(key, 'none')}, here {here.get(key, 'none')}" for key in keys)


def _release(banner: str) -> str:
    """Return the release in the banner of a TeX: ``TeX Live 2022``."""
    return banner.partition("(")[2].partition(")")[0].partition("/")[0] or banner or "an unnamed TeX"


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
