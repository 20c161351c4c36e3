"""The kinds of points at which formulas are read back: any network, or a kind that a formula names."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from mpmath import MPContext

from derivations.valuation import Valuation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

Numbers = dict[str, Fraction]
Inputs = list[Fraction]
INTEGERS = ("T", "t", "k", "j")


@dataclass(frozen=True)
class Kind:
    """A kind of point: which parameters are fixed, what is done to the drawn inputs, and how long it runs."""

    fixed: Mapping[str, Fraction | float] = field(default_factory=dict)
    inputs: Callable[[Numbers, Inputs], Inputs] = lambda _, drawn: drawn
    lengths: tuple[int, int] = (3, 6)  # the range of T, if it is not fixed

    def with_fixed(self, fixed: Mapping[str, Fraction | float]) -> Kind:
        """Return the same kind with other fixed parameters."""
        return replace(self, fixed=fixed)


def _first_only(_: Numbers, drawn: Inputs) -> Inputs:
    return [drawn[0], *[Fraction(0)] * (len(drawn) - 1)]


def _one_sign(numbers: Numbers, drawn: Inputs) -> Inputs:
    numbers["w_2"] = abs(numbers["w_2"])
    return [abs(x) for x in drawn]


def at_rest(numbers: Numbers, drawn: Inputs) -> Inputs:
    """Choose the inputs that keep every z_t at 0 if w_1 = 1."""
    numbers["w_2"] = abs(numbers["w_2"])
    return [Fraction(0), *[-numbers["w_2"] / 2] * (len(drawn) - 1)]


KINDS: Mapping[str, Kind] = {
    "any": Kind(),
    "w2=1, T>=50": Kind({"w_2": 1}, lengths=(50, 60)),
    "one sign": Kind(inputs=_one_sign),
    "only x1": Kind(inputs=_first_only),
    "at rest": Kind({"w_1": 1}, at_rest),
    "at rest, w2=8": Kind({"w_1": 1, "w_2": 8, "T": 50}, at_rest),
    "off rest, w2=8": Kind({"w_1": 1 + Fraction(1, 10**12), "w_2": 8, "T": 50}, at_rest),
}


def context(digits: int) -> Any:
    """Return an arithmetic of so many digits."""
    ctx = MPContext()
    ctx.dps = digits
    return ctx


def network(rng: Random, ctx: Any, length: int, largest_w2: float = 2) -> Valuation:
    """Draw a network that is run for so many time stamps, t = T = length."""
    return draw(
        Kind({"t": length, "T": length, "w_2": Fraction(rng.uniform(-largest_w2, largest_w2))}), rng, ctx
    )


def draw(kind: Kind, rng: Random, ctx: Any) -> Valuation:
    """Draw a point of a kind.

    The numbers are drawn as floats and kept as fractions, so that every precision sees the same point.
    """
    length = int(kind.fixed.get("T", rng.randint(*kind.lengths)))
    now = int(kind.fixed.get("t", rng.randint(min(2, length), length)))
    start = rng.randint(1, now)
    drawn: dict[str, float | Fraction] = {
        **{name: rng.choice((-1, 1)) * rng.uniform(0.25, 2) for name in ("w_1", "w_2", "w_o", "b")},
        "y": rng.choice((-1, 1)),
        "r": rng.uniform(-4, 4),
        r"\eta": rng.uniform(0.01, 1),
        "T": length,
        "t": now,
        "k": start,
        "j": rng.randint(start, length),
        **kind.fixed,
    }
    numbers = {name: Fraction(value) for name, value in drawn.items()}
    xs = kind.inputs(numbers, [Fraction(rng.uniform(-2, 2)) for _ in range(length + 1)])
    parameters = {
        name: int(number) if name in INTEGERS else _number(ctx, number) for name, number in numbers.items()
    }
    return Valuation(ctx, parameters, [_number(ctx, x) for x in xs])


def _number(ctx: Any, fraction: Fraction) -> Any:
    return ctx.mpf(fraction.numerator) / fraction.denominator
