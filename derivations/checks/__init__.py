"""The ledger: what was checked, by which method, at how many points, and how far off the worst point was."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Context
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from derivations.formulas import Formula
    from derivations.vanishing import Runs


class CheckFailed(Exception):  # noqa: N818 - "check failed" is what has happened
    """A derivation did not survive a check; str() is one sentence that names the check."""


@dataclass(frozen=True)
class Answers:
    """What is checked: the formulas that will be printed, by key, and what the figure of 1f shows."""

    formulas: Mapping[str, Formula]
    runs: Runs

    def side(self, key: str, number: int = -1) -> Any:
        """Return one side of a formula, the last unless told otherwise."""
        return self.formulas[key].sides[number]

    def spoiled(self, key: str, wrong: Any, number: int = -1) -> Answers:
        """Return the answers with another side of one formula."""
        sides = list(self.formulas[key].sides)
        sides[number] = wrong
        return replace(self, formulas={**self.formulas, key: replace(self.formulas[key], sides=tuple(sides))})


@dataclass(frozen=True)
class Finding:
    """What a check that passed found."""

    points: int  # cases, formulas or random points that were looked at
    worst: str = "exact"  # the largest residual, or what else was found, where the method is not exact


@dataclass(frozen=True)
class Check:
    """One check: what it states, its method, and the function that carries it out.

    The function gets the answers and random numbers of its own, the same ones in every run with the same
    seed, and raises CheckFailed with the place alone, such as "at t = 3"; `run` adds the rest.
    """

    key: str  # the question, a point, a name: "1c.modular"
    statement: str
    method: str
    function: Callable[..., Finding]
    claimed: tuple[Any, ...] = ()  # what the function is told before the answers and the numbers

    def claiming(self, *claimed: Any) -> Check:
        """Return the same check of something else."""
        return replace(self, claimed=claimed)

    def __call__(self, answers: Answers, rng: Random) -> Finding:
        """Carry the check out."""
        return self.function(*self.claimed, answers, rng)

    def passes(self, answers: Answers, rng: Random) -> bool:
        """Return whether the answers pass."""
        with suppress(CheckFailed):
            return bool(self(answers, rng))
        return False


class Checks(dict[str, Check]):
    """The checks of a module by key, in order; called, it is the decorator that adds one."""

    def __call__(self, key: str, statement: str, method: str, *claimed: Any) -> Callable[[Any], Any]:
        """Add a check by its function of what is claimed, the answers and random numbers."""

        def add(function: Callable[..., Finding]) -> Callable[..., Finding]:
            self[key] = Check(key, statement, method, function, claimed)
            return function

        return add


def run(checks: Iterable[Check], answers: Answers, seed: int) -> list[dict[str, Any]]:
    """Run all checks; the random points of each are drawn from the seed and its key.

    Return the rows of ledger.json in the order of the checks. The first check that does not pass raises
    CheckFailed.
    """
    rows = []
    for check in checks:
        key, method, statement = check.key, check.method, check.statement
        try:
            found = check(answers, Random(f"{seed} {key}"))  # noqa: S311 - sample points, no secrets
        except CheckFailed as error:
            where = f" {error}" if str(error) else ""
            raise CheckFailed(f"check {key} ({method}) failed{where}: {statement}.") from error
        row = {"id": key, "question": key.partition(".")[0], "statement": statement, "method": method}
        rows.append(row | {"points": found.points, "worst_residual": found.worst, "passed": True})
    return rows


def require(holds: object, where: str = "") -> None:
    """Raise CheckFailed, with the place where it failed, unless something holds."""
    if not holds:
        raise CheckFailed(where)


def scientific(worst: float) -> str:
    """Print a residual to one digit, rounded up: none is claimed that is smaller than what was found."""
    return f"{Context(prec=1, rounding=ROUND_CEILING).create_decimal(worst):.0e}" if worst else "0"


def residual(left: Any, right: Any) -> float:
    """Return the difference of two numbers relative to the larger of 1 and their sizes."""
    return float(abs(left - right) / max(1, abs(left), abs(right)))
