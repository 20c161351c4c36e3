"""The mutation gate: checks are shown to reject wrong answers before they are trusted with the right ones.

Its points are its own, the same whatever the seed: which check kills which mutant is asserted by a test.
"""

from __future__ import annotations

from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

import sympy as sp
from mpmath import fp

from derivations import bound, evaluate, induction, loss, mutants, rnn, samples
from derivations.checks import derivative, exact, modular, numeric
from derivations.checks.ledger import Check, CheckFailed, Finding
from derivations.formulas import inline
from derivations.notation import k, t
from derivations.valuation import Valuation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Method = Callable[[sp.Expr], bool]

SHORT, LONG = 8, 50
POINTS = 5
LONG_DIGITS = 60  # and still blind to the oldest term


def methods_1c(length: int) -> Mapping[str, Method]:
    """Return the checks of (c) as functions that say whether a form passes, at one t."""
    state = numeric.last_state
    digits = LONG_DIGITS if length > SHORT else numeric.DIFFERENCE_DIGITS
    return {
        **({"expansion": partial(_expansion, time=length)} if length <= SHORT else {}),
        "induction": lambda form: all(induction.proof(form).values()),
        "modular": lambda form: modular.first_difference(form, _rng(), (length,)) is None,
        "step": partial(_numbers, numeric.off_by_step, state, numeric.TOLERANCE, length, fp),
        "difference": partial(
            _numbers,
            numeric.off_by_difference,
            state,
            numeric.DIFFERENCE_TOLERANCE,
            length,
            numeric.context(digits),
        ),
    }


def methods_1d() -> Mapping[str, Method]:
    """Return the checks of (d) likewise."""
    ctx = numeric.context(numeric.DIFFERENCE_DIGITS)
    return {
        "chain rule": exact.is_gradient,
        "step": partial(_numbers, numeric.off_by_step, numeric.loss_of, numeric.TOLERANCE, SHORT, fp),
        "difference": partial(
            _numbers, numeric.off_by_difference, numeric.loss_of, numeric.DIFFERENCE_TOLERANCE, SHORT, ctx
        ),
    }


def methods_1e() -> Mapping[str, Method]:
    """Return the checks of (e) likewise, for a derivative over u = exp(-r)."""
    return {
        "quotient rule": lambda candidate: sp.cancel(candidate - bound.in_u(bound.derivative())) == 0,
        "signs": lambda candidate: not derivative.certificate(candidate),
        "step": _derivative_by_step,
    }


def kills(candidates: Mapping[str, sp.Expr], methods: Mapping[str, Method]) -> dict[str, tuple[str, ...]]:
    """Find which methods reject which candidates.

    Returns
    -------
    dict
        For each candidate the names of the methods that reject it.
    """
    return {
        name: tuple(method for method, passes in methods.items() if not passes(candidate))
        for name, candidate in candidates.items()
    }


def _rng() -> Random:
    return Random("mutation gate")  # noqa: S311 - sample points, no secrets


def _expansion(form: sp.Expr, time: int) -> bool:
    return exact.agrees_with_differentiation(form, time)


def _numbers(
    off: Callable[..., float], of: Callable[..., Any], tolerance: float, length: int, ctx: Any, form: sp.Expr
) -> bool:
    rng = _rng()
    points = [samples.network(rng, ctx, length, largest_w2=0.9) for _ in range(POINTS)]
    return all(off(form, of, point) <= tolerance for point in points)


def _derivative_by_step(candidate: sp.Expr) -> bool:
    rng = _rng()
    points = [Valuation(fp, {"r": rng.uniform(-4, 4)}, []) for _ in range(POINTS)]
    wanted = [point.derivative(lambda moved: moved.sigma(moved.value("r")), "r") for point in points]
    found = [evaluate.value(candidate, point) for point in points]
    return all(abs(one - other) <= numeric.TOLERANCE for one, other in zip(found, wanted, strict=True))


def _killed_twice(
    candidates: Mapping[str, sp.Expr], right: sp.Expr, methods: Mapping[str, Method], _: Random
) -> Finding:
    if kills({"the right answer": right}, methods)["the right answer"]:
        raise CheckFailed("a check rejects the right answer.")
    for name, killers in kills(candidates, methods).items():
        if len(killers) < 2:
            raise CheckFailed(
                f"the wrong version with {name} is rejected by {len(killers)} checks, not by two."
            )
    return Finding(len(candidates))


def _blind_spot(_: Random) -> Finding:
    name = "term k = 1 dropped"
    killers = kills({name: mutants.of_1c()[name]}, methods_1c(LONG))[name]
    if killers != ("induction", "modular"):
        raise CheckFailed(
            f"at t = {LONG} the dropped term is rejected by {', '.join(killers) or 'no check'}."
        )
    return Finding(1)


def checks() -> tuple[Check, ...]:
    """Return the mutation gate."""
    gates = (
        ("1c", mutants.of_1c(), rnn.general(), methods_1c(SHORT)),
        ("1d", mutants.of_1d(), loss.gradient(), methods_1d()),
        ("1e", mutants.of_1e(), bound.in_u(bound.derivative()), methods_1e()),
    )
    dropped = (
        f"dropping {inline(sp.Eq(k, 1))} at {inline(sp.Eq(t, LONG))} is caught by exact methods only: "
        f"floats and {LONG_DIGITS} digits are blind to it"
    )
    return (
        *(
            Check(
                f"{question}.mutants",
                question,
                f"{len(wrong)} wrong versions, each rejected twice",
                "mutation",
                partial(_killed_twice, wrong, right, methods),
            )
            for question, wrong, right, methods in gates
        ),
        Check("1c.blindspot", "1c", dropped, "mutation", _blind_spot),
    )
