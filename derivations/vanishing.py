"""Why the gradient forgets: the bounds on its terms, what is sharp about them, what they do not say (1f)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

import sympy as sp
from mpmath import MPContext

from derivations.formulas import Formula, claim, term
from derivations.loss import argument
from derivations.network import forward
from derivations.notation import (
    G,
    L,
    Numeral,
    Partial,
    Power,
    T,
    Total,
    X,
    b,
    delta,
    gamma,
    h,
    j,
    k,
    m,
    q,
    t,
    w1,
    w2,
    wo,
    x,
    y,
    z,
)
from derivations.sigmoid import sigma, sigma_prime

if TYPE_CHECKING:
    from collections.abc import Sequence

    from derivations.contributions import Row

ONE, HALF = sp.Integer(1), sp.Rational(1, 2)


@dataclass(frozen=True)
class KnifeEdge:
    """Where a step of the path can grow at all: the widest interval of states, and the |w_2| that has it."""

    width: float
    weight: float


def term_of_gradient() -> sp.Expr:
    """Give G_k, the term of the gradient (1d) that holds x_k, with delta for sigma(-a)."""
    return -delta * y * wo * x(k) * w2 ** (T - k) * slopes_between(k, T)


def bound_of_term() -> sp.Expr:
    """Give the bound on |G_k|, with gamma for a bound on sigma' and q = gamma |w_2|."""
    return delta * abs(wo) * abs(x(k)) * gamma * q ** (T - k)


def bound_of_terms(newest: sp.Expr, first_age: sp.Expr) -> sp.Expr:
    """Bound the sum of |G_k| over so many inputs, the youngest of a given age: a geometric sum.

    Parameters
    ----------
    newest : Expr
        How many inputs.
    first_age : Expr
        The age T-k of the youngest.
    """
    return delta * abs(wo) * X * gamma * q**first_age * (1 - q**newest) / (1 - q)


def slopes_between(first: sp.Expr | int, last: sp.Expr) -> sp.Expr:
    """Give the product of sigma'(z_j) over a stretch of time."""
    return sp.Product(sigma_prime(z(j)), (j, first, last))


def edge() -> sp.Expr:
    """Give the width of the interval of states h_{k-1} at which |w_2| sigma'(z_k) >= 1, for |w_2| > 4."""
    size = abs(w2)
    return 2 / size * sp.log(size * (1 + sp.sqrt(1 - 4 / size)) / 2 - 1)


def knife_edge() -> KnifeEdge:
    """Find the widest interval: 2 max s sigma'(s), at s tanh(s/2) = 1, and |w_2| = 1/sigma'(s)."""
    ctx = MPContext()
    s = ctx.findroot(lambda value: value * ctx.tanh(value / 2) - 1, 1.5)
    slope = ctx.exp(-s) / (1 + ctx.exp(-s)) ** 2
    return KnifeEdge(float(2 * s * slope), float(1 / slope))


def cliff() -> float:
    """Give d h_50 / d w_1 for w_2 = 8 and the inputs at rest for w_1 = 1, when w_1 is off by 1e-12."""
    ctx = MPContext()
    ctx.dps = 50
    steps = forward(ctx.exp, 1 + ctx.mpf(10) ** -12, ctx.mpf(8), [0, *[-4] * 49])
    return float(list(steps)[-1].derivative)


def rounded(value: Any, digits: int = 2) -> Numeral:
    """Round an exact integer or fraction, or a float, to so many significant digits, as it is printed."""
    with localcontext() as context:
        context.prec = 60
        exact = sp.Rational(value)
        return Numeral(f"{Decimal(int(exact.p)) / Decimal(int(exact.q)):.{digits - 1}e}")


def table(rows: Sequence[Row]) -> tuple[tuple[Formula, ...], ...]:
    """Print the table of 1f: w_2; by length the oldest term (median, maximum, bounds); |d h_T / d w_1|."""
    printed = []
    for row in rows:
        groups = zip(row.medians, row.maxima, row.bounds_quarter, row.bounds_half, strict=True)
        cells = [row.w2, *(f"{value + 0.0:.1f}" for group in groups for value in group)]
        cells += [f"{value:.4f}" for value in row.derivatives]
        printed.append(
            tuple(term(f"1f.table.{row.w2}.{number}", Numeral(cell)) for number, cell in enumerate(cells))
        )
    return tuple(printed)


def orders_lost(rows: Sequence[Row]) -> str:
    """Say by how many orders of magnitude the oldest term falls from the shorter to the longer sequence."""
    lost = [row.medians[0] - row.medians[1] for row in rows]
    return f"{min(lost):.0f} to {max(lost):.0f}"


def formulas_1f() -> tuple[Formula, ...]:
    """Give the formulas of question 1f."""
    return (*_answer(), *_bounds(), *_sharpness())


def _answer() -> tuple[Formula, ...]:
    size = abs(wo) * abs(x(k))
    first = abs(wo) * abs(x(1))
    asked = HALF * size * (abs(w2) / 2) ** (T - k)
    return (
        claim("1f.sum", Total(L, w1), "=", sp.Sum(G(k), (k, 1, T))),
        claim("1f.Gk", G(k), "=", term_of_gradient()),
        claim("1f.delta", delta, "=", sigma(-argument())),
        claim("1f.deltarange", sp.Integer(0), "<", delta, "<", ONE),
        claim("1f.slopes", sp.Integer(0), "<", sigma_prime(z(j)), "<", HALF),
        term("1f.nslopes", T - k + 1),
        term("1f.age", T - k),
        claim("1f.bound", abs(G(k)), r"\le", size * abs(w2) ** (T - k) * Power(HALF, T - k + 1), "=", asked),
        *[
            claim(
                f"1f.G1.{length}",
                abs(G(1)),
                r"\le",
                Power(2, -length) * first,
                r"\approx",
                rounded(sp.Integer(2) ** -length) * first,
                sample=f"w2=1, T={length}",
            )
            for length in (50, 100)
        ],
        claim("1f.onlyfirst", Total(L, w1), "=", G(1), sample="only x1"),
    )


def _bounds() -> tuple[Formula, ...]:
    newest = abs(wo) * abs(x(T))
    return (
        claim("1f.q", q, "=", gamma * abs(w2)),
        claim("1f.termwise", abs(G(k)), r"\le", bound_of_term()),
        *[
            claim(f"1f.tight.{length}", Power(4, -length), r"\approx", rounded(sp.Integer(4) ** -length))
            for length in (50, 100)
        ],
        claim("1f.old", sp.Sum(abs(G(k)), (k, 1, T - m)), r"\le", bound_of_terms(T - m, m)),
        claim("1f.whole", abs(Total(L, w1)), r"\le", bound_of_terms(T, sp.Integer(0))),
        claim(
            "1f.newest",
            abs(G(T)),
            "=",
            delta * newest * sigma_prime(z(T)),
            r"\ge",
            sigma(-abs(wo) - abs(b)) * newest * sigma_prime(abs(w1) * X + abs(w2)),
        ),
        claim("1f.onesign", abs(Total(L, w1)), r"\ge", abs(G(T)), sample="one sign"),
        claim("1f.early", abs(Total(L, w1)), r"\le", bound_of_terms(m, T - m), sample="early inputs"),
        claim(
            "1f.first",
            abs(Total(L, w1)),
            r"\le",
            delta * abs(wo) * abs(x(1)) * gamma * q ** (T - 1),
            sample="only x1",
        ),
    )


def _sharpness() -> tuple[Formula, ...]:
    fifty = Total(h(50), w1)
    edge_found = knife_edge()
    return (
        claim("1f.rest.x1", x(1), "=", sp.Integer(0), sample="at rest"),
        claim("1f.rest.x", x(t), "=", -w2 / (2 * w1), sample="at rest"),
        claim("1f.rest.z", z(t), "=", sp.Integer(0), sample="at rest"),
        claim("1f.rest.slope", sigma_prime(z(t)), "=", sp.Rational(1, 4), sample="at rest"),
        claim(
            "1f.rest.value",
            abs(Total(h(T), w1)),
            "=",
            gamma * abs(x(T)) * (1 - q ** (T - 1)) / (1 - q),
            sample="at rest",
        ),
        claim("1f.rest.4", fifty, "=", sp.Rational(-49, 2), sample="at rest, w2=4"),
        claim(
            "1f.rest.8",
            fifty,
            "=",
            1 - Power(2, 49),
            r"\approx",
            rounded(1 - sp.Integer(2) ** 49),
            sample="at rest, w2=8",
        ),
        claim("1f.cliff.w1", w1, "=", 1 + Power(10, -12), sample="off rest, w2=8"),
        claim("1f.cliff", fifty, r"\approx", rounded(cliff()), sample="off rest, w2=8"),
        claim("1f.factor", abs(Partial(h(k), h(k - 1))), "=", abs(w2) * sigma_prime(z(k))),
        claim("1f.edge", edge(), "<", Numeral(f"{edge_found.width + 5e-4:.3f}"), sample="|w2|>4"),
        claim(
            "1f.edge.w2",
            abs(w2),
            r"\approx",
            Numeral(f"{edge_found.weight:.1f}"),
            exempt="Found by check 1f.edge",
        ),
        claim("1f.mean", sp.tanh(abs(w2) / 4), "<", ONE),
        term("1f.path", Partial(h(T), h(k))),
        claim("1f.ulp64", Power(4, -27), "<", Power(2, -53)),
        claim("1f.ulp32", Power(4, -12), r"\le", Power(2, -24)),
        claim("1f.absy", abs(y), "=", ONE),
        term("1f.absx", abs(x(k))),
        term("1f.hkm1", h(k - 1)),
        term("1f.age64", sp.Integer(27)),
        term("1f.age32", sp.Integer(12)),
        term("1f.weight1", abs(w2) ** (T - 1) * slopes_between(1, T - 1)),
        term("1f.weightbound", q ** (T - 1)),
        term("1f.absdh", abs(Total(h(T), w1))),
        term("1f.weight", abs(w2) ** (T - k) * slopes_between(k, T - 1)),
    )
