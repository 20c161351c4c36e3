"""The mutation gate: checks are shown to reject wrong answers before they are trusted with the right ones.

Its points are its own, the same whatever the seed: which check kills which mutant is asserted by a test.
"""

from __future__ import annotations

from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

import sympy as sp
from mpmath import fp

from derivations import bound, evaluate, loss, rnn, samples
from derivations.checks import derivative, exact, modular, numeric
from derivations.checks.ledger import Check, CheckFailed, Finding
from derivations.formulas import inline
from derivations.notation import T, b, h, j, k, t, w1, w2, wo, x, y, z
from derivations.sigmoid import sigma, sigma_prime, u
from derivations.valuation import Valuation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Method = Callable[[sp.Expr], bool]

SHORT, LONG = 8, 50
POINTS = 5
LONG_DIGITS = 60  # and still blind to the oldest term


def mutants_1c() -> Mapping[str, sp.Expr]:
    """Return wrong versions of the general form, by what is wrong with them."""
    right = rnn.general()
    product = next(iter(right.atoms(sp.Product)))

    def product_over(low: sp.Expr, high: sp.Expr) -> sp.Expr:
        return right.xreplace({product: sp.Product(product.function, (j, low, high))})

    def sum_over(low: sp.Expr, high: sp.Expr) -> sp.Expr:
        return sp.Sum(right.function, (k, low, high))

    def factor(replaced: sp.Expr) -> sp.Expr:
        return right.xreplace({product: sp.Product(replaced, (j, k, t))})

    power = w2 ** (t - k)
    return {
        "exponent one too large": right.xreplace({power: w2 ** (t - k + 1)}),
        "exponent k - 1": right.xreplace({power: w2 ** (k - 1)}),
        "no w_2": right.xreplace({power: sp.Integer(1)}),
        "w_1 for w_2": right.xreplace({power: w1 ** (t - k)}),
        "product from k + 1": product_over(k + 1, t),
        "product up to t - 1": product_over(k, t - 1),
        "product from 1": product_over(sp.Integer(1), t),
        "sum up to t - 1": sum_over(sp.Integer(1), t - 1),
        "term k = 1 dropped": sum_over(sp.Integer(2), t),
        "input one later": right.xreplace({x(k): x(k + 1)}),
        "no x_k": right.xreplace({x(k): sp.Integer(1)}),
        "sigma for sigma'": factor(sigma(z(j))),
        "sigma' of h_j": factor(sigma_prime(h(j))),
        "sign": sp.Sum(-right.function, (k, 1, t)),
    }


def mutants_1d() -> Mapping[str, sp.Expr]:
    """Return wrong versions of the gradient."""
    right, argument = loss.gradient(), loss.argument()
    general = rnn.general(T)
    return {
        "sign": -right,
        "no y": right / y,
        "no w_o": right / wo,
        "sigma(a) for sigma(-a)": right.xreplace({sigma(-argument): sigma(argument)}),
        "no b": right.xreplace({sigma(-argument): sigma(-argument.xreplace({b: sp.Integer(0)}))}),
        "(c) at T - 1": right.xreplace({general: rnn.general(T - 1)}),
    }


def mutants_1e() -> Mapping[str, sp.Expr]:
    """Return wrong versions of the derivative of the sigmoid, over u = exp(-r)."""
    right = bound.in_u(bound.derivative())
    return {
        "sign": -right,
        "denominator not squared": right * (1 + u),
        "sigma squared": right / u,
        "numerator 2 u": 2 * right,
    }


def methods_1c(length: int) -> Mapping[str, Method]:
    """Return the checks of (c) as functions that decide whether a form passes, at one t."""
    difference = numeric.DIFFERENCE
    if length > SHORT:
        difference = difference._replace(ctx=samples.context(LONG_DIGITS))
    return {
        **({"expansion": partial(exact.agrees_with_differentiation, time=length)} if length <= SHORT else {}),
        "induction": lambda form: all(exact.proof(form).values()),
        "modular": lambda form: modular.first_difference(form, _rng(), (length,)) is None,
        "step": partial(_numbers, numeric.STEP, numeric.last_state, length),
        "difference": partial(_numbers, difference, numeric.last_state, length),
    }


def methods_1d() -> Mapping[str, Method]:
    """Return the checks of (d) likewise."""
    return {
        "chain rule": exact.is_gradient,
        "step": partial(_numbers, numeric.STEP, numeric.loss_of, SHORT),
        "difference": partial(_numbers, numeric.DIFFERENCE, numeric.loss_of, SHORT),
    }


def methods_1e() -> Mapping[str, Method]:
    """Return the checks of (e) likewise, for a derivative over u = exp(-r)."""
    return {
        "quotient rule": lambda candidate: sp.cancel(candidate - bound.in_u(bound.derivative())) == 0,
        "signs": lambda candidate: not derivative.certificate(candidate),
        "step": _derivative_by_step,
    }


def kills(candidates: Mapping[str, sp.Expr], methods: Mapping[str, Method]) -> dict[str, tuple[str, ...]]:
    """Return for each candidate the names of the methods that reject it."""
    return {
        name: tuple(method for method, passes in methods.items() if not passes(candidate))
        for name, candidate in candidates.items()
    }


def _rng() -> Random:
    return Random("mutation gate")  # noqa: S311 - sample points, no secrets


def _numbers(method: numeric.Method, of: Callable[..., Any], length: int, form: sp.Expr) -> bool:
    rng = _rng()
    points = [samples.network(rng, method.ctx, length, largest_w2=0.9) for _ in range(POINTS)]
    return all(method.off(form, of, point) <= method.tolerance for point in points)


def _derivative_by_step(candidate: sp.Expr) -> bool:
    rng = _rng()
    points = [Valuation(fp, {"r": rng.uniform(-4, 4)}, []) for _ in range(POINTS)]
    wanted = [point.derivative(lambda moved: moved.sigma(moved.value("r")), "r") for point in points]
    found = [evaluate.value(candidate, point) for point in points]
    return all(abs(one - other) <= numeric.STEP.tolerance for one, other in zip(found, wanted, strict=True))


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
    killers = kills({name: mutants_1c()[name]}, methods_1c(LONG))[name]
    if killers != ("induction", "modular"):
        raise CheckFailed(
            f"at t = {LONG} the dropped term is rejected by {', '.join(killers) or 'no check'}."
        )
    return Finding(1)


def checks() -> tuple[Check, ...]:
    """Return the mutation gate."""
    gates = (
        ("1c", mutants_1c(), rnn.general(), methods_1c(SHORT)),
        ("1d", mutants_1d(), loss.gradient(), methods_1d()),
        ("1e", mutants_1e(), bound.in_u(bound.derivative()), methods_1e()),
    )
    dropped = (
        f"dropping {inline(sp.Eq(k, 1))} at {inline(sp.Eq(t, LONG))} is caught by exact methods only: "
        f"floats and {LONG_DIGITS} digits are blind to it"
    )
    return (
        *(
            Check(
                f"{question}.mutants",
                f"{len(wrong)} wrong versions, each rejected twice",
                "mutants",
                partial(_killed_twice, wrong, right, methods),
            )
            for question, wrong, right, methods in gates
        ),
        Check("1c.blindspot", dropped, "mutants", _blind_spot),
    )
