"""The proof of 1c for every t, carried out by machine on symbolic t.

SymPy cannot do this unaided; three rules suffice, each the defining property of a sum or a product: the last
term of a sum can be split off, the last factor of a product can be split off, and a factor can be moved into
a sum. What is left to decide is whether terms are equal, and expansion decides that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy as sp

from derivations.notation import Total, h, t, w1, x, z
from derivations.rnn import one_step
from derivations.sigmoid import sigma_prime

if TYPE_CHECKING:
    from collections.abc import Mapping


def proof(form: sp.Sum) -> Mapping[str, bool]:
    """Try to prove that a form is d h_t / d w_1 for every positive integer t.

    Parameters
    ----------
    form : Sum
        Over k, with symbolic t.

    Returns
    -------
    mapping of str to bool
        For each part of the proof whether it goes through; the form is proved if all do.
    """
    newest = x(t + 1) * sigma_prime(z(t + 1))
    recursion = one_step(t + 1)  # sigma'(z_{t+1}) (x_{t+1} + w_2 d h_t / d w_1)
    factor = sp.expand(recursion).coeff(Total(h(t), w1))  # what the hypothesis is multiplied by
    base = form.xreplace({t: sp.Integer(1)}).doit() - x(1) * sigma_prime(z(1))

    longer, last = split_last_term(form.xreplace({t: t + 1}))
    terms = split_last_factors(longer.function) - factor * form.function
    return {
        "base": sp.expand(base) == 0,
        "recursion": sp.expand(recursion - newest - factor * Total(h(t), w1)) == 0,
        "limits": longer.limits == form.limits,
        "terms": sp.powsimp(sp.expand(terms)) == 0,
        "last": sp.expand(last.doit() - newest) == 0,
    }


def split_last_term(series: sp.Sum) -> tuple[sp.Sum, sp.Expr]:
    """Split off the last term of a sum."""
    index, low, high = series.limits[0]
    return sp.Sum(series.function, (index, low, high - 1)), series.function.xreplace({index: high})


def split_last_factors(expression: sp.Expr) -> sp.Expr:
    """Split off the last factor of every product in an expression."""
    rewritten = {}
    for product in expression.atoms(sp.Product):
        index, low, high = product.limits[0]
        rest = sp.Product(product.function, (index, low, high - 1))
        rewritten[product] = rest * product.function.xreplace({index: high})
    return expression.xreplace(rewritten)
