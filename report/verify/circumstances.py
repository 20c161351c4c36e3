"""What may explain a mismatch: other data, other code or versions, another environment, another notebook."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from report.verify.rows import ATTACHMENT, CODE, DATA, ENVIRONMENT, NOTEBOOK, UNEXPLAINED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from report.verify.attached import Attached, Cell
    from report.verify.fresh import Fresh
    from report.verify.submission import Submission

NUMERIC = ("python", "numpy", "scipy", "scikit-learn")
PRINTED = ("sympy", "mpmath", "matplotlib")


@dataclass(frozen=True)
class Circumstances:
    """Differences between where the submission was made and here, each as half a sentence; none where empty.

    Attributes
    ----------
    data : tuple of str
        Data files that differ, with both hashes.
    code : tuple of str
        Parts of the program.
    versions : tuple of str
        Packages, those that numbers depend on first.
    environment : tuple of str
        Kernel, SIMD level, threads.
    tex : tuple of str
        TeX and its packages.
    cell : str
        The first code cell that is not the one that this program writes.
    cell_question : str
        The question that it is for.
    """

    data: tuple[str, ...]
    code: tuple[str, ...]
    versions: tuple[str, ...]
    environment: tuple[str, ...]
    tex: tuple[str, ...]
    cell: str
    cell_question: str

    def of_numbers(self) -> tuple[str, str]:
        """Give the likeliest cause of another number, and the sentence."""
        if self.data:
            return DATA, f"the data differ: {'; '.join(self.data)}"
        if self.cell:
            return NOTEBOOK, f"the notebook's code differs: {self.cell}" + (
                f"; {self.program()}" if self.program() else ""
            )
        if self.program():
            return CODE, self.program()
        if self.environment:
            return ENVIRONMENT, (
                f"the environment differs, so that the bits are not comparable: {'; '.join(self.environment)}"
            )
        return (
            UNEXPLAINED,
            "the attached configuration does not give this with the same code, versions and data",
        )

    def of_formulas(self) -> tuple[str, str]:
        """Give the likeliest cause of another formula, and the sentence."""
        if self.program():
            return CODE, self.program()
        return UNEXPLAINED, ""

    def of_facts(self) -> tuple[str, str]:
        """Give the likeliest cause of another entry in an attachment, and the sentence."""
        if self.data:
            return DATA, f"the data differ: {'; '.join(self.data)}"
        if self.program():
            return CODE, self.program()
        return ATTACHMENT, "an attachment was changed after the build"

    def remarks(self) -> tuple[str, ...]:
        """Give what is worth knowing though everything matches."""
        named = {
            "another copy of the program": self.code,
            "other versions": self.versions,
            "another environment": self.environment,
            "another TeX": self.tex,
        }
        return tuple(f"Made with {name}: {'; '.join(found)}." for name, found in named.items() if found)

    def program(self) -> str:
        """Say in what the program that made the submission differs; empty if in nothing."""
        found = [f"the code differs: {', '.join(self.code)}"] if self.code else []
        found += [f"versions differ: {', '.join(self.versions)}"] if self.versions else []
        return "; ".join(found)


def compare(submission: Submission, fresh: Fresh) -> Circumstances:
    """Find what is other here than where the submission was made."""
    made = submission.attached
    cell, question = differing_cell(made.cells, fresh.cells, kinds=("code",))
    versions = [*NUMERIC, *PRINTED, *sorted({*made.versions, *fresh.versions} - {*NUMERIC, *PRINTED})]
    return Circumstances(
        data=tuple(
            f"{name} has sha256 {_short(made.data, name)} in the submission, {_short(fresh.data, name)} here"
            for name in sorted({*made.data, *fresh.data})
            if made.data.get(name) != fresh.data.get(name)
        ),
        code=tuple(
            sorted(name for name in {*made.code, *fresh.code} if made.code.get(name) != fresh.code.get(name))
        ),
        versions=tuple(
            f"{name} {made.versions.get(name, 'none')}, here {fresh.versions.get(name, 'none')}"
            for name in versions
            if made.versions.get(name) != fresh.versions.get(name)
        ),
        environment=_environment(made, fresh),
        tex=_tex(submission, fresh),
        cell=cell,
        cell_question=question,
    )


def differing_cell(
    cells: Sequence[Cell], expected: Sequence[Cell], *, kinds: Sequence[str]
) -> tuple[str, str]:
    """Describe the first cell of some kinds that differs, and name its question; both empty if none does."""
    ours = [cell for cell in cells if cell.kind in kinds]
    theirs = [cell for cell in expected if cell.kind in kinds]
    for one, other in zip(ours, theirs, strict=False):
        if (one.kind, one.source) != (other.kind, other.source):
            return (
                f"the cell \N{LEFT DOUBLE QUOTATION MARK}{_heading(other)}\N{RIGHT DOUBLE QUOTATION MARK}",
                other.tag,
            )
    if len(ours) != len(theirs):
        return f"there are {len(ours)} cells instead of {len(theirs)}", ""
    return "", ""


def _heading(cell: Cell) -> str:
    return (cell.source.splitlines() or [""])[0].lstrip("# ")[:60]


def _environment(made: Attached, fresh: Fresh) -> tuple[str, ...]:
    """Compare what decides how sums round: kernels, threads, SIMD level, C library."""
    there, here = _arithmetic(made.environment), _arithmetic(fresh.environment)
    return tuple(
        f"{name} {there[name]}, here {here[name]}" for name in there if there[name] != here.get(name)
    )


def _arithmetic(environment: Mapping[str, object]) -> dict[str, str]:
    blas = environment.get("blas")
    libraries = [library for library in blas if isinstance(library, dict)] if isinstance(blas, list) else []
    return {
        "kernels": ", ".join(sorted({str(library.get("architecture")) for library in libraries})),
        "threads": ", ".join(sorted({str(library.get("threads")) for library in libraries})),
        "SIMD level": str(environment.get("simd")),
        "C library": str(environment.get("libc")),
        "machine": str(environment.get("machine")),
    }


def _tex(submission: Submission, fresh: Fresh) -> tuple[str, ...]:
    if fresh.pages is None or submission.tex == fresh.pages.tex:
        return ()
    there, here = (tex[0] or "an unnamed TeX" for tex in (submission.tex, fresh.pages.tex))
    if there != here:
        return (f"{there}, here {here}",)
    return ("other versions of LaTeX packages",)


def _short(hashes: Mapping[str, str], name: str) -> str:
    return f"{hashes[name][:12]}..." if name in hashes else "(missing)"
