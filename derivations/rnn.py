"""The recurrent network: its states and their derivative with respect to w_1 (questions 1a to 1c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import sympy as sp

from derivations.formulas import Formula, claim, derivation, inline, term
from derivations.notation import Partial, Power, Total, a, h, j, k, t, w1, w2, x, z
from derivations.sigmoid import sigma, sigma_prime

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ZERO = sp.Integer(0)
Index: TypeAlias = "int | sp.Expr"


def preactivation(time: Index, previous: sp.Expr | None = None) -> sp.Expr:
    """Return z_t = w_1 x_t + w_2 h_{t-1}, the previous state by name unless it is given."""
    return w1 * x(time) + w2 * (h(time - 1) if previous is None else previous)


def state(time: int, start: int = 0, initial: sp.Expr = ZERO) -> sp.Expr:
    """Return h_t explicitly, by iterating the recursion from h_start = initial; t is at least `start`."""
    current = initial
    for step in range(start + 1, time + 1):
        current = sigma(preactivation(step, current))
    return current


def explicit_preactivation(time: int, start: int = 0, initial: sp.Expr = ZERO) -> sp.Expr:
    """Return z_t explicitly: what sigma is applied to in h_t."""
    return preactivation(time, state(time - 1, start, initial))


def named(expression: sp.Expr, time: int, start: int = 0, initial: sp.Expr = ZERO) -> sp.Expr:
    """Write z_j for the explicit arguments of sigma' in an expression, j up to t."""
    steps = range(start + 1, time + 1)
    names = {
        sigma_prime(explicit_preactivation(step, start, initial)): sigma_prime(z(step)) for step in steps
    }
    return expression.xreplace(names)


def direct_derivative(time: int) -> sp.Expr:
    """Differentiate the explicit state with respect to w_1; nested, as the chain rule leaves it."""
    return sp.diff(state(time), w1)


def total_derivative(expression: sp.Expr, variable: sp.Symbol = w1) -> sp.Expr:
    """Differentiate with respect to a weight; `Total` stands for derivatives of states, arguments and a."""
    states = [atom for atom in expression.atoms(sp.Function) if atom.func in {h, z}]
    dependents = sorted([*states, *expression.free_symbols & {a}], key=str)
    stand_ins = {item: sp.Function(f"f{i}")(variable) for i, item in enumerate(dependents)}
    result = expression.xreplace(stand_ins).diff(variable)
    result = result.xreplace(
        {sp.Derivative(f, variable): Total(item, variable) for item, f in stand_ins.items()}
    )
    return result.xreplace({f: item for item, f in stand_ins.items()})


def one_step(time: Index = t) -> sp.Expr:
    """Return d h_t / d w_1 by one application of the chain rule, over d h_{t-1} / d w_1."""
    outer = total_derivative(sigma(z(time)))
    return outer.xreplace({Total(z(time), w1): total_derivative(preactivation(time))})


def general(time: Index = t) -> sp.Expr:
    """Return the general form of d h_t / d w_1, the answer to 1c, as a sum over k of products over j."""
    product = sp.Product(sigma_prime(z(j)), (j, k, time))
    return sp.Sum(x(k) * w2 ** (time - k) * product, (k, 1, time))


def path(time: Index = t, start: Index = k) -> sp.Expr:
    """Return the path factor, the derivative of h_t with respect to h_k, in product form."""
    return w2 ** (time - start) * sp.Product(sigma_prime(z(j)), (j, start + 1, time))


class Step(NamedTuple):
    """One time stamp: the state h_t, sigma'(z_t), and d h_t / d w_1."""

    state: Any
    sigma_prime: Any
    derivative: Any


def forward(exp: Any, weight: Any, carried: Any, xs: Iterable[Any]) -> Iterator[Step]:
    """Run h_t = sigma(w_1 x_t + w_2 h_{t-1}) on numbers from h_0 = 0, and the recursion of its derivative.

    Any number type will do whose exponential is `exp`, such as `MPContext().exp`.
    """
    state, derivative = 0, 0
    for value in xs:
        state = 1 / (1 + exp(-(weight * value + carried * state)))
        rate = state * (1 - state)
        derivative = rate * (value + carried * derivative)
        yield Step(state, rate, derivative)


def formulas_1a() -> tuple[Formula, ...]:
    """Return the formulas of question 1a."""
    return (
        claim("recursion", h(t), "=", sigma(preactivation(t))),
        claim("start", h(0), "=", ZERO),
        *[claim(f"1a.h{i}", h(i), "=", state(i), align=True) for i in (1, 2, 3)],
    )


def formulas_1b() -> tuple[Formula, ...]:
    """Return the formulas of question 1b."""
    outer = total_derivative(sigma(z(t)))
    return (
        claim("z", z(t), "=", preactivation(t)),
        claim("h", h(t), "=", sigma(z(t))),
        claim("1b.prime", sigma_prime(z(t)), "=", h(t) * (1 - h(t))),
        derivation(
            "1b.rule",
            Total(h(t), w1),
            ("=", outer, None),
            ("=", one_step(), "chain, sum and product rules"),
        ),
        claim("1b.start", Total(h(0), w1), "=", ZERO, slashed=True),
        *[
            claim(f"1b.d{i}", Total(h(i), w1), "=", sp.expand(named(direct_derivative(i), i)), align=True)
            for i in (1, 2, 3)
        ],
        *[claim(f"1b.z{i}", z(i), "=", explicit_preactivation(i), align=i != 2) for i in (1, 2, 3)],
    )


def formulas_1c() -> tuple[Formula, ...]:
    """Return the formulas of question 1c."""
    newest = x(t + 1) * sigma_prime(z(t + 1))
    longer = general(t + 1)
    return (
        claim("1c.general", Total(h(t), w1), "=", general()),
        term("1c.effect", x(k) * sigma_prime(z(k))),
        claim("1c.path", Partial(h(t), h(k)), "=", path()),
        claim("1c.onestep", Partial(h(j), h(j - 1)), "=", w2 * sigma_prime(z(j)), slashed=True),
        claim("1c.base", Total(h(1), w1), "=", x(1) * sigma_prime(z(1)), slashed=True),
        derivation(
            "1c.step",
            Total(h(t + 1), w1),
            ("=", one_step(t + 1), "the step of (b)"),
            ("=", newest + w2 * sigma_prime(z(t + 1)) * general(), "induction hypothesis"),
            ("=", newest + sp.Sum(longer.function, (k, 1, t)), "move the factors into the sum"),
            ("=", longer, f"the first part is the term {inline(sp.Eq(k, t + 1))}"),
        ),
        claim("1c.zero", Power(0, 0), "=", sp.Integer(1)),
    )
