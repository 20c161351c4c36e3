"""The one printer: what it writes for which object, where it breaks lines, what it refuses."""

from __future__ import annotations

import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from derivations import parser, printer
from derivations.formulas import Numeral, Partial, Power, Total, derivation, sigma, sigma_prime
from derivations.notation import G, L, T, a, b, eta, h, j, k, r, t, u, w1, w2, wo, x, y, z
from derivations.valuation import Valuation, compiled, context

HALF = sp.Rational(1, 2)


# Expected: what the sheet or a textbook writes, by hand.
@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (w1 * x(t) + w2 * h(t - 1), r"w_1 x_t + w_2 h_{t-1}"),
        (y * (wo * h(T) + b), r"y (w_o h_T + b)"),
        (w2 ** (t - k), r"w_2^{t-k}"),
        (w2 ** (T - k), r"w_2^{T-k}"),
        (1 - k, r"1 - k"),
        (h(t) * (1 - h(t)), r"h_t (1 - h_t)"),
        (-sp.log(sigma(a)), r"-\log \sigma(a)"),
        (-sigma_prime(a) / sigma(a), r"-\frac{\sigma'(a)}{\sigma(a)}"),
        (Total(h(t), w1), r"\frac{d h_t}{d w_1}"),
        (Partial(h(t), h(k)), r"\frac{\partial h_t}{\partial h_k}"),
        (Total(sigma(r), r), r"\frac{d \sigma(r)}{d r}"),
        (Power(2, -50), r"2^{-50}"),
        (Power(HALF, T - k), r"\left(\frac{1}{2}\right)^{T-k}"),
        (Numeral("8.9e-16"), r"8.9 \times 10^{-16}"),
        (Numeral("-36.3"), r"-36.3"),
        (sp.exp(-r) / (1 + sp.exp(-r)) ** 2, r"\frac{\exp(-r)}{\bigl(1 + \exp(-r)\bigr)^2}"),
        (sp.Rational(1, 4) - (sigma(r) - HALF) ** 2, r"\frac{1}{4} - \left(\sigma(r) - \frac{1}{2}\right)^2"),
        ((1 + u**2) / (2 * (1 + u) ** 2), r"\frac{1 + u^2}{2 (1 + u)^2}"),
        (-w2 / (2 * w1), r"-\frac{w_2}{2 w_1}"),
        (HALF * abs(wo) * sigma(a), r"\frac{1}{2} \lvert w_o \rvert \sigma(a)"),
        (abs(w2) / 2, r"\frac{\lvert w_2 \rvert}{2}"),
        (eta * abs(w2), r"\eta \lvert w_2 \rvert"),
        (abs(wo) * abs(w2), r"\lvert w_o \rvert \, \lvert w_2 \rvert"),
        (sp.Sum(G(k), (k, 1, T)), r"\sum_{k=1}^{T} G_k"),
        (sp.Product(sigma_prime(z(j)), (j, k, t + 1)), r"\prod_{j=k}^{t+1} \sigma'(z_j)"),
        (sigma(sigma(sigma(a + b) + b) + b), r"\sigma\Bigl(b + \sigma\bigl(b + \sigma(a + b)\bigr)\Bigr)"),
        (Total(L, a) * Total(a, w1), r"\frac{d L}{d a} \frac{d a}{d w_1}"),
        (sp.Eq(t, 2), r"t = 2"),
    ],
)
def test_the_sheets_notation_is_printed(expression: sp.Expr, expected: str) -> None:
    """An object is printed as the sheet or a textbook would write it."""
    printed = printer.latex(expression)

    assert expected == printed


def test_an_unknown_object_is_refused() -> None:
    """What the printer has no rule for is an error that names it, never SymPy's own idea of it."""
    with pytest.raises(TypeError, match="no rule for cos"):
        printer.latex(sp.cos(w1))


def test_a_chain_of_steps_is_aligned_and_its_rules_are_named() -> None:
    """The first line holds the left side, each line its relation and the rule beside it."""
    printed = printer.chain(derivation("1a.x", a, ("=", b, "by hand"), (r"\le", y, "")))

    assert "a &= b \\rulename{by hand} \\\\\n&\\le y" == printed


ATOMS = st.sampled_from(
    [w1, w2, wo, b, x(1), x(2), h(2), z(1), sp.Integer(2), sp.Integer(-3), HALF, sp.Rational(-2, 3)]
)


def _larger(parts: st.SearchStrategy[sp.Expr]) -> st.SearchStrategy[sp.Expr]:
    pairs = st.tuples(parts, parts)
    return st.one_of(
        pairs.map(lambda pair: pair[0] + pair[1]),
        pairs.map(lambda pair: pair[0] * pair[1]),
        pairs.map(lambda pair: pair[0] - pair[1]),
        parts.map(sigma),
        parts.map(sigma_prime),
        parts.map(abs),
        parts.map(lambda part: part**2),
        parts.map(lambda part: 1 / (3 + part**2)),
        parts.map(lambda part: Power(part, 2)),
    )


@settings(max_examples=60, deadline=None)
@given(st.recursive(ATOMS, _larger, max_leaves=12))
def test_whatever_is_printed_means_what_it_was_printed_from(expression: sp.Expr) -> None:
    """Read by the independent parser, the print of any expression has the value of the expression."""
    ctx = context(40)
    parameters = {"w_1": ctx.mpf("0.7"), "w_2": ctx.mpf("-1.3"), "w_o": ctx.mpf("1.9"), "b": ctx.mpf("0.2")}
    point = Valuation(ctx, parameters, [ctx.mpf("0.4"), ctx.mpf("-1.1")])

    printed = parser.parse(printer.latex(expression)).sides[0](point)
    meant = compiled(expression)(point)

    assert abs(printed - meant) <= 1e-30 * max(1, abs(meant))
