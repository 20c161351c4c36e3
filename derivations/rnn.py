"""The recurrent network, its loss and its sigmoid, and what their derivatives are (questions 1a to 1e)."""

from __future__ import annotations

import sympy as sp

from derivations.formulas import (
    Formula,
    Partial,
    Power,
    Total,
    claim,
    derivation,
    inline,
    sigma,
    sigma_prime,
    term,
)
from derivations.notation import L, T, a, b, h, j, k, r, t, u, w1, w2, wo, x, y, z

ARGUMENT = y * (wo * h(T) + b)  # a, the argument of sigma in the loss
LOSS = -sp.log(sigma(a))  # on the atom a; differentiated there, the order of the sheet is kept
HALF = sp.Rational(1, 2)
QUARTER = sp.Rational(1, 4)
DEFINITION = sigma(r).rewrite(sp.exp)  # equation (6) of the sheet


def preactivation(time: int | sp.Expr, previous: sp.Expr | None = None) -> sp.Expr:
    """Return z_t = w_1 x_t + w_2 h_{t-1}, the previous state by name unless it is given."""
    return w1 * x(time) + w2 * (h(time - 1) if previous is None else previous)


def preactivations(time: int, start: int = 0, initial: sp.Expr = sp.S.Zero) -> list[sp.Expr]:
    """Return the explicit z_{start+1}, ..., z_t, by iterating the recursion from h_start = initial."""
    found, state = [], initial
    for step in range(start + 1, time + 1):
        found.append(preactivation(step, state))
        state = sigma(found[-1])
    return found


def differentiated(time: int, by: sp.Symbol = w1, start: int = 0, initial: sp.Expr = sp.S.Zero) -> sp.Expr:
    """Differentiate the explicit h_t; nested, as the chain rule leaves it, over sigma'(z_j)."""
    explicit = preactivations(time, start, initial)
    named = {sigma_prime(one): sigma_prime(z(start + step)) for step, one in enumerate(explicit, 1)}
    return sp.diff(sigma(explicit[-1]), by).xreplace(named)


def total_derivative(expression: sp.Expr) -> sp.Expr:
    """Differentiate with respect to w_1; `Total` stands for derivatives of states, arguments and a."""
    states = [atom for atom in expression.atoms(sp.Function) if atom.func in {h, z}]
    carried = [expression.diff(item) * Total(item, w1) for item in (*states, a)]
    return expression.diff(w1) + sp.Add(*carried)


def one_step(time: int | sp.Expr = t) -> sp.Expr:
    """Return d h_t / d w_1 by one application of the chain rule, over d h_{t-1} / d w_1."""
    inner = {Total(z(time), w1): total_derivative(preactivation(time))}
    return total_derivative(sigma(z(time))).xreplace(inner)


def general(time: int | sp.Expr = t) -> sp.Expr:
    """Return the general form of d h_t / d w_1, the answer to 1c, as a sum over k of products over j."""
    product = sp.Product(sigma_prime(z(j)), (j, k, time))
    return sp.Sum(x(k) * w2 ** (time - k) * product, (k, 1, time))


def in_u(expression: sp.Expr) -> sp.Expr:
    """Write an expression in r over u = exp(-r) > 0, where the assumption engine can judge signs."""
    return expression.xreplace({sp.exp(-r): u})


def formulas() -> tuple[Formula, ...]:
    """Return the formulas of all five questions."""
    return (*states(), *loss(), *sigmoid())


def states() -> tuple[Formula, ...]:
    """Return the formulas of questions 1a to 1c."""
    explicit = list(enumerate(preactivations(3), 1))
    newest = x(t + 1) * sigma_prime(z(t + 1))
    longer, path = general(t + 1), w2 ** (t - k) * sp.Product(sigma_prime(z(j)), (j, k + 1, t))
    summed = {f"1b.d{i}": (Total(h(i), w1), "=", sp.expand(differentiated(i))) for i, _ in explicit}
    return (
        claim("recursion", h(t), "=", sigma(preactivation(t))),
        claim("start", h(0), "=", 0),
        *[claim(f"1a.h{i}", h(i), "=", sigma(argument), align=True) for i, argument in explicit],
        claim("z", z(t), "=", preactivation(t)),
        claim("h", h(t), "=", sigma(z(t))),
        claim("1b.prime", sigma_prime(z(t)), "=", h(t) * (1 - h(t))),
        derivation(
            "1b.rule",
            Total(h(t), w1),
            ("=", total_derivative(sigma(z(t))), None),
            ("=", one_step(), "chain, sum and product rules"),
        ),
        claim("1b.start", Total(h(0), w1), "=", 0, slashed=True),
        *[claim(key, *sides, align=True) for key, sides in summed.items()],
        *[claim(f"1b.z{i}", z(i), "=", argument) for i, argument in explicit],
        claim("1c.general", Total(h(t), w1), "=", general()),
        term("1c.effect", x(k) * sigma_prime(z(k))),
        claim("1c.path", Partial(h(t), h(k)), "=", path),
        claim("1c.onestep", Partial(h(j), h(j - 1)), "=", w2 * sigma_prime(z(j)), slashed=True),
        claim("1c.base", Total(h(1), w1), "=", x(1) * sigma_prime(z(1)), slashed=True),
        derivation(
            "1c.step",
            Total(h(t + 1), w1),
            ("=", one_step(t + 1), "the step of (b)"),
            ("=", newest + w2 * sigma_prime(z(t + 1)) * general(), "induction hypothesis"),
            ("=", newest + sp.Sum(longer.function, (k, 1, t)), "move the factors into the sum"),
            ("=", longer, f"the first summand is the term {inline(sp.Eq(k, t + 1))}"),
        ),
        claim("1c.zero", Power(0, 0), "=", 1),
    )


def loss() -> tuple[Formula, ...]:
    """Return the formulas of question 1d; unevaluated products are those that SymPy would multiply out."""
    flip = claim("1d.flip", 1 - sigma(a), "=", sigma(-a))
    prime = claim("1d.prime", sigma_prime(a), "=", sigma(a) * (1 - sigma(a)))
    inner = total_derivative(ARGUMENT)
    short = -sigma(-ARGUMENT) * inner
    target = sp.Mul(sp.Rational(-1, 2), 1 + y, evaluate=False)  # -1 or 0
    error = sp.Add(sigma(wo * h(T) + b), target, evaluate=False)
    return (
        claim("1d.a", a, "=", ARGUMENT),
        claim("1d.L", L, "=", LOSS),
        claim("1d.loss", L, "=", LOSS.xreplace({a: ARGUMENT})),
        flip,
        prime,
        derivation(
            "1d.outer",
            Total(L, a),
            ("=", sp.diff(LOSS, a), None),
            ("=", sp.Mul(-1, 1 - sigma(a), evaluate=False), f"by (e), ${prime.latex}$"),
            ("=", -sigma(-a), f"since ${flip.latex}$"),
        ),
        derivation("1d.inner", Total(a, w1), ("=", inner, f"only {inline(h(T))} depends on {inline(w1)}")),
        derivation(
            "1d.chain",
            Total(L, w1),
            ("=", Total(L, a) * Total(a, w1), None),
            ("=", short, "chain rule"),
        ),
        claim("1d.gradient", Total(L, w1), "=", short.xreplace({Total(h(T), w1): general(T)})),
        term("1d.weight", sigma(-a)),
        claim("1d.labels", -y * sigma(-a), "=", error, slashed=True),
    )


def sigmoid() -> tuple[Formula, ...]:
    """Return the formulas of question 1e."""
    asked, product = Total(sigma(r), r), sigma(r) * (1 - sigma(r))
    square = QUARTER - (sigma(r) - HALF) ** 2
    complement = claim("1e.complement", 1 - sigma(r), "=", sp.exp(-r) * DEFINITION, slashed=True)
    return (
        claim("1e.definition", sigma(r), "=", DEFINITION, slashed=True),
        claim("1e.asked", 0, "<", asked, "<", HALF),
        claim("1e.restated", 0, "<", asked, "<", HALF, slashed=True),
        derivation(
            "1e.derivative",
            asked,
            ("=", sp.diff(DEFINITION, r), "quotient rule"),
            ("=", product, f"since ${complement.latex}$"),
        ),
        complement,
        claim("1e.exp", sp.exp(-r), ">", 0),
        claim("1e.range", 0, "<", sigma(r), "<", 1),
        term("1e.rest", 1 - sigma(r)),
        term("1e.half", HALF),
        term("1e.quarter", QUARTER),
        term("1e.one", sp.Integer(1)),
        term("1e.zero", sp.Integer(0)),
        claim("1e.square", sigma_prime(r), "=", square, r"\le", QUARTER, slashed=True),
    )
