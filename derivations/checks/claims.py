"""Checks of what the text of 1f claims: each sentence as it is stated, under the conditions that it names.

What is claimed is an argument, so that a test can show a check rejecting a stronger or false sentence.
"""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import sympy as sp
from mpmath import fp

from derivations import evaluate, samples, vanishing
from derivations.checks import exact
from derivations.checks.ledger import Check, CheckFailed, Finding
from derivations.formulas import inline
from derivations.notation import G, L, Numeral, Partial, Power, T, Total, delta, h, k, t, w1, w2, wo, x, y, z
from derivations.rnn import forward
from derivations.samples import context
from derivations.sigmoid import sigma_prime
from derivations.valuation import Valuation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from random import Random

    from derivations.formulas import Formula

    Exact = Callable[[int, int], Fraction]  # of w_2 and k

NETWORKS = 300
LONGEST = 6
LENGTH = 50
BOUNDS = ("1f.bound", "1f.quarter", "1f.newest")
POWERS = ("1f.G1", "1f.tight", "1f.rest.8")
CONSTANTS = (vanishing.HALF, vanishing.QUARTER)
ROUNDING = 1e-12  # floats against floats


def counted(_: Random) -> Finding:
    """Check each bound by its factors: a constant per derivative, |w_2| per step, 1 for |y| and delta."""
    for length in range(1, LONGEST + 1):
        for time in range(1, length + 1):
            at = {T: sp.Integer(length), k: sp.Integer(time)}
            term = exact.written_out(vanishing.term_of_gradient().xreplace(at))
            for constant in CONSTANTS:
                factors = {**dict.fromkeys(term.atoms(sigma_prime), constant), y: 1, delta: 1}
                bound = vanishing.bound_of_term(constant).xreplace(at)
                if sp.expand(term.xreplace(factors) ** 2 - bound**2) != 0:  # squares do without signs
                    raise CheckFailed(f"the bound on G_{time} is not what its factors give at T = {length}.")
    return Finding(LONGEST * (LONGEST + 1))


def hold(formulas: Mapping[str, Formula], rng: Random) -> Finding:
    """Check the printed bounds on random networks; the finding is how near one came."""
    sides = {key: [evaluate.compiled(side) for side in formulas[key].sides] for key in BOUNDS}
    tightest = 0.0
    for _ in range(NETWORKS):
        point = samples.network(rng, fp, rng.randint(2, 12), 6)
        for key in BOUNDS:
            values = [side(point, {}) for side in sides[key]]
            ends = (
                (values[0], values[-1]) if formulas[key].relations[0] == r"\le" else (values[-1], values[0])
            )
            if ends[0] > ends[1] * (1 + ROUNDING):
                raise CheckFailed(f"the bound {key} does not hold on a random network.")
            tightest = max(tightest, ends[0] / ends[1])
    return Finding(NETWORKS * len(BOUNDS), f"{tightest:.2f} of it")


def shrinks(form: sp.Expr, threshold: int, rng: Random) -> Finding:
    """Check that a form falls by a fixed factor with each step of age, for |w_2| below a threshold only."""
    value = evaluate.compiled(form)
    for _ in range(NETWORKS):
        point = samples.network(rng, fp, rng.randint(3, 12), 2 * threshold)
        by_age = [value(point, {"k": time}) for time in range(point.value("T"), 0, -1)]
        falls = [older / newer for newer, older in pairwise(by_age)]
        if max(falls) - min(falls) > ROUNDING * max(falls):
            raise CheckFailed("what is said to shrink geometrically does not.")
        if (falls[0] < 1) != (abs(point.value("w_2")) < threshold):
            raise CheckFailed(f"{threshold} is not the threshold of |w_2|.")
    return Finding(NETWORKS)


def only_below(form: sp.Expr, threshold: int, rng: Random) -> Finding:
    """Check that a form goes to zero for every |w_2| below a threshold, and need not from there on."""
    value, length, tries = evaluate.compiled(form), 150, 20
    for number in range(tries):
        weight = Fraction(rng.uniform(0.2, 0.9) * threshold)
        kind = (
            samples.Kind,
            partial(samples.Kind, inputs=samples.at_rest),
            samples.KINDS["one sign"].with_fixed,
        )
        fixed: dict[str, Fraction | float] = {"w_1": 1, "w_2": weight, "T": length, "t": length, "k": 1}
        point = samples.draw(kind[number % 3](fixed), rng, fp)
        if abs(value(point, {})) > 1e-5:
            raise CheckFailed(f"it does not vanish for w_2 = {float(weight):.2f}.")
    edge = samples.Kind({"w_1": 1, "w_2": threshold, "T": length, "t": length, "k": 1}, samples.at_rest)
    if abs(value(samples.draw(edge, rng, fp), {})) < 1 - ROUNDING:
        raise CheckFailed(f"it vanishes for w_2 = {threshold}, too.")
    return Finding(tries + 1)


def free_of_length(form: sp.Expr, limit: float | None, rng: Random) -> Finding:
    """Check a lower bound on |G_T|: the same number for every T, if all inputs stay below a limit.

    Without a limit, X is the largest input so far.
    """
    value, found, longest = evaluate.compiled(form), set(), 100
    weights = {"w_1": 0.7, "w_2": 1.3, "w_o": -0.9, "b": 0.4, "y": 1, **({"X": limit} if limit else {})}
    for length in range(2, longest + 1):
        size = limit or 2.0
        xs = [rng.uniform(-size, size) for _ in range(length - 1)] + [0.5]
        point = Valuation(fp, {**weights, "T": length}, xs)
        found.add(round(value(point, {}), 12))
        if not 0 < value(point, {}) <= abs(point.value("G", length)):
            raise CheckFailed(f"the newest term is smaller at T = {length}, or the bound is not positive.")
    if len(found) > 1:
        raise CheckFailed("the lower bound depends on T.")
    for name, replaced in (("w_o = 0", {wo: 0}), ("x_T = 0", {x(T): 0})):
        if form.subs(replaced) != 0:
            raise CheckFailed(f"the lower bound is not zero for {name}.")
    return Finding(longest - 1)


def stays(rng: Random) -> Finding:
    """Check |d L / d w_1| >= |G_T| for inputs of one sign, w_2 >= 0 and T up to 100."""
    worst, lengths, sizes = 0.0, (1, 2, 5, 20, 50, 100), (0, 0.5, 1, 2, 4, 8)
    for length in lengths:
        for size in sizes:
            kind = samples.KINDS["one sign"].with_fixed({"w_2": size, "T": length, "t": length})
            point = samples.draw(kind, rng, fp)
            terms = [point.value("G", time) for time in range(1, length + 1)]
            worst = max(worst, abs(terms[-1]) / abs(sum(terms)))
    if worst > 1 + ROUNDING:
        raise CheckFailed("the gradient is smaller than its newest term.")
    return Finding(len(lengths) * len(sizes), f"{worst:.2f} of it")


def path_in_fractions(value: int, time: int) -> Fraction:
    """Run the network at rest on fractions, w_1 = 1; return d h_50 / d h_k."""
    state, path = Fraction(0), Fraction(1)
    for step in range(1, LENGTH + 1):
        now = Fraction(0) if step == 1 else Fraction(-value, 2)
        if now + value * state != 0:
            raise CheckFailed(f"z_{step} is not 0 at rest, w_2 = {value}.")
        state = Fraction(1, 2)  # sigma(0)
        path *= value * Fraction(1, 4) if step > time else 1
    return path


def attained(measured: Exact, claimed: Exact, _: Random) -> Finding:
    """Check that an example attains a bound exactly: two functions of w_2 and k on fractions."""
    cases = [(value, time) for value in (1, 2, 3, 5, 8) for time in (1, 2, 25, 49, 50)]
    for value, time in cases:
        if measured(value, time) != claimed(value, time):
            raise CheckFailed(f"the bound is not attained at w_2 = {value}, k = {time}.")
    return Finding(len(cases))


def printed_path(value: int, time: int) -> Fraction:
    """Return the printed path at rest, on fractions."""
    found = vanishing.path_at_rest().xreplace(
        {w2: sp.Integer(value), T: sp.Integer(LENGTH), k: sp.Integer(time)}
    )
    return Fraction(int(found.p), int(found.q))


def cliff(inputs: Callable[[Any], Any], _: Random) -> Finding:
    """Check d h_50 / d w_1 at w_2 = 8 on both sides of the cliff, the inputs being a function of w_1."""
    ctx = context(60)
    for weight, claimed in (
        (ctx.one, 1 - ctx.mpf(2) ** 49),
        (1 + ctx.mpf(10) ** -12, ctx.mpf(vanishing.rounded(vanishing.cliff()).text)),
    ):
        steps = forward(ctx.exp, weight, ctx.mpf(8), [0, *[inputs(weight)] * (LENGTH - 1)])
        if abs(list(steps)[-1].derivative / claimed - 1) > 0.007:  # two digits, 7.5
            raise CheckFailed(f"at w_1 = {ctx.nstr(weight, 14)} the derivative is another.")
    return Finding(2)


def mean(form: sp.Expr, rng: Random) -> Finding:
    """Check the bound on a path's mean over all states h_k: h_T is monotone in h_k, so its ends suffice."""
    bound, tightest = evaluate.compiled(form), 0.0
    for _ in range(NETWORKS):
        point = samples.network(rng, fp, rng.randint(2, 12), 18)
        start = rng.randint(1, point.value("T") - 1)
        first, last = (_last_state(point, start, end) for end in (0.0, 1.0))
        tightest = max(tightest, abs(last - first) / bound(point, {}))
    if tightest > 1 + ROUNDING:
        raise CheckFailed(f"a path changes by {tightest:.3f} of its bound over all states.")
    return Finding(NETWORKS, f"{tightest:.2f} of it")


def _last_state(point: Valuation, start: int, state: float) -> float:
    for time in range(start + 1, point.value("T") + 1):
        state = point.sigma(point.value("w_1") * point.value("x", time) + point.value("w_2") * state)
    return state


def rounds(formulas: Mapping[str, Formula], _: Random) -> Finding:
    """Check the printed decimals of powers, in integers."""
    for key in POWERS:
        left, right = formulas[key].sides[-2:]
        power = next(iter(left.atoms(Power)))
        exact_value = left.xreplace({power: power.value()}) if left.is_Add else power.value()
        text = next(iter(right.atoms(Numeral))).text
        digits = len(text.partition("e")[0].lstrip("-").replace(".", ""))
        if vanishing.rounded(exact_value, digits).text != text:
            raise CheckFailed(f"{text} is not {inline(left)} to {digits} digits.")
    return Finding(len(POWERS))


def checks(formulas: Mapping[str, Formula]) -> tuple[Check, ...]:
    """Return the checks of the text of 1f."""
    floats, fractions = "random networks", "exact fractions"
    halved = vanishing.bound_of_term(vanishing.HALF) / abs(x(k))
    path, term = abs(Partial(h(T), h(k))), inline(abs(G(k)))
    rest, lower = inline(sp.Eq(z(t), 0)), f"the lower bound on {inline(abs(G(T)))}"
    table: list[tuple[str, str, str, Callable[[Random], Finding]]] = [
        (
            "count",
            f"each bound on {term} has one constant a slope, {inline(T)} up to {LONGEST}",
            "symbolic expansion",
            counted,
        ),
        ("networks", f"the bounds on {term} and the newest term", floats, partial(hold, formulas)),
        (
            "shrinks",
            f"the bound on {term} per unit of input falls geometrically with age if and only if $|w_2| < 2$",
            floats,
            partial(shrinks, halved, 2),
        ),
        (
            "threshold",
            f"{inline(path)} vanishes for every $|w_2| < 4$ and need not for {inline(sp.Eq(w2, 4))}",
            "long sequences",
            partial(only_below, path, 4),
        ),
        (
            "free",
            f"{lower} is positive and free of $T$, if $X$ bounds all inputs; zero for $w_o = 0$ or $x_T = 0$",
            floats,
            partial(free_of_length, vanishing.newest_at_least(), 2.5),
        ),
        (
            "stays",
            f"{inline(abs(Total(L, w1)))} is at least its newest term, one sign, $w_2 \\ge 0$",
            floats,
            stays,
        ),
        (
            "attained",
            f"with {rest} throughout, {inline(path)} attains its bound, {inline(sp.Eq(T, LENGTH))}",
            fractions,
            partial(attained, path_in_fractions, printed_path),
        ),
        (
            "cliff",
            f"the cliff, with the inputs kept at {inline(sp.Integer(-4))}",
            "high precision",
            partial(cliff, lambda _: -4),
        ),
        ("mean", f"the bound on the mean of {inline(path)}", floats, partial(mean, vanishing.mean_of_path())),
        ("powers", "the printed powers of 2 and 4", "exact integers", partial(rounds, formulas)),
    ]
    return tuple(Check(f"1f.{key}", statement, method, check) for key, statement, method, check in table)
