"""Checks of what the text of 1f claims: each sentence as it is stated, under the conditions that it names."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product
from math import log10
from statistics import median
from typing import TYPE_CHECKING

import sympy as sp
from mpmath import fp

from derivations import vanishing
from derivations.checks import Answers, Checks, Finding, require, scientific
from derivations.checks.exact import EXPANSION, vanishes
from derivations.formulas import Numeral, Partial, Power, Total, inline, sigma_prime
from derivations.notation import G, L, T, delta, h, k, t, w1, w2, wo, x, y, z
from derivations.rnn import HALF, QUARTER
from derivations.valuation import Valuation, compiled, context, draw, network

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

NETWORKS = 300
LONGEST = 6
BOUNDS = ("1f.bound", "1f.quarter", "1f.ratio", "1f.path")
ROUNDING = 1e-12  # floats against floats
ORDERS = 1e-10  # of magnitude: logarithms are floats
TERM, PATH, WHOLE = (inline(abs(one)) for one in (G(k), Partial(h(T), h(k)), Total(L, w1)))
BELOW_2 = f"the bound on {TERM} per unit of input falls geometrically with age if and only if $|w_2| < 2$"
BELOW_4 = f"{PATH} vanishes for every $|w_2| < 4$ and need not for $w_2 = 4$"
REST = f"with {inline(sp.Eq(z(t), 0))} throughout, {PATH} attains its bound, $T = {vanishing.LENGTH}$"
FIGURE = "the curves of the figure, from the printed product, below the bound"
FLOATS, DIGITS = "random networks", "high precision"
check = Checks()


@check("1f.count", f"each bound on {TERM} has one constant a slope, $T$ up to {LONGEST}", EXPANSION)
def _counted(answers: Answers, _: Random) -> Finding:
    times = [(last, time) for last in range(1, LONGEST + 1) for time in range(1, last + 1)]
    cases = (("1f.bound", HALF, "1f.bound2"), ("1f.quarter", QUARTER, "1f.bound4"))
    for (key, constant, by_age), (last, time) in product(cases, times):
        at = {T: sp.Integer(last), k: sp.Integer(time)}
        term = answers.side("1f.Gk").xreplace(at).doit()
        slopes, bound = term.atoms(sigma_prime), answers.side(key)
        gap = (
            term.xreplace({**dict.fromkeys(slopes, constant), y: 1, delta: 1}) ** 2 - bound.xreplace(at) ** 2
        )
        require(vanishes(gap), f"in {key} for k = {time}, T = {last}")  # squares do without signs
        require(len(slopes) == answers.side("1f.nderivatives").xreplace(at), "in 1f.nderivatives")
        require(bound == constant * abs(wo) * abs(x(k)) * answers.side(by_age), f"in {by_age}")
    return Finding(2 * len(times))


@check("1f.networks", f"the bounds on {TERM}, its ratio to the newest term, and {PATH}", FLOATS)
def _hold(answers: Answers, rng: Random) -> Finding:
    tightest = 0.0
    ends = {key: [compiled(answers.side(key, end)) for end in (0, -1)] for key in BOUNDS}
    for _ in range(NETWORKS):
        at = network(rng, fp, rng.randint(2, 12), 6)
        for key, (first, last) in ends.items():
            above = answers.formulas[key].relations[0] == r"\ge"
            small, large = (last(at), first(at)) if above else (first(at), last(at))
            require(small <= large * (1 + ROUNDING), f"in {key}")
            tightest = max(tightest, small / large)
    return Finding(NETWORKS * len(BOUNDS), f"{tightest:.2f} of it")


@check("1f.shrinks", BELOW_2, FLOATS, 2)
def _shrinks(threshold: int, answers: Answers, rng: Random) -> Finding:
    value = compiled(answers.side("1f.bound") / abs(x(k)))
    for _ in range(NETWORKS):
        at = network(rng, fp, rng.randint(3, 12), 2 * threshold)
        by_age = [value(at.moved("k", None, time)) for time in range(at("T"), 0, -1)]
        falls = [older / newer for newer, older in pairwise(by_age)]
        require(max(falls) - min(falls) <= ROUNDING * max(falls), "as it does not fall geometrically")
        require((falls[0] < 1) == (abs(at("w_2")) < threshold), f"for w_2 = {at('w_2')}")
    return Finding(NETWORKS)


@check("1f.threshold", BELOW_4, "long sequences", 4)
def _only_below(threshold: int, answers: Answers, rng: Random) -> Finding:
    value, length, tries = compiled(answers.side("1f.path", 0)), 150, 20
    for number in range(tries):
        weight = Fraction(rng.uniform(0.2, 0.9) * threshold)
        inputs = ("any", "at rest", "one sign")[number % 3]
        at = draw(inputs, rng, fp, w_1=1, w_2=weight, T=length, t=length, k=1)
        require(abs(value(at)) <= 1e-5, f"for w_2 = {float(weight)}")
    edge = draw("at rest", rng, fp, w_1=1, w_2=threshold, T=length, t=length, k=1)
    require(abs(value(edge)) >= 1 - ROUNDING, f"for w_2 = {threshold}")
    return Finding(tries + 1)


@check("1f.stays", f"{WHOLE} is at least its newest term, one sign, $w_2 \\ge 0$", FLOATS, "one sign")
def _stays(kind: str, _: Answers, rng: Random) -> Finding:
    cases, worst = list(product((1, 2, 5, 20, 50, 100), (0, 0.5, 1, 2, 4, 8))), 0.0
    for length, size in cases:
        at = draw(kind, rng, fp, w_2=size, T=length, t=length)
        whole = at.derivative(lambda moved: moved("L"), "w_1")
        worst = max(worst, abs(at("G", length)) / abs(whole))
    require(worst <= 1 + ROUNDING)
    return Finding(len(cases), f"{worst:.2f} of it")


def path_in_fractions(value: int, time: int) -> Fraction:
    """Run the network at rest on fractions, w_1 = 1; return d h_50 / d h_k."""
    state, path = Fraction(0), Fraction(1)
    for step in range(1, vanishing.LENGTH + 1):
        now = Fraction(0) if step == 1 else Fraction(-value, 2)
        require(now + value * state == 0, f"as z_{step} is not 0 for w_2 = {value}")
        state = Fraction(1, 2)  # sigma(0)
        path *= value * Fraction(1, 4) if step > time else 1
    return path


@check("1f.attained", REST, "exact fractions", path_in_fractions)
def _attained(measured: Callable[[int, int], Fraction], answers: Answers, _: Random) -> Finding:
    cases = list(product((1, 2, 3, 5, 8), (1, 2, 25, 49, 50)))
    for value, time in cases:
        claimed = answers.side("1f.rest.path").subs({w2: value, T: vanishing.LENGTH, k: time})
        require(measured(value, time) == Fraction(int(claimed.p), int(claimed.q)), f"for w_2 = {value}")
    return Finding(len(cases))


@check("1f.powers", "the printed powers of 2 and 4", "exact integers")
def _rounds(answers: Answers, _: Random) -> Finding:
    keys = ("1f.G1", "1f.tight", "1f.rest.8")
    for key in keys:
        left, right = answers.side(key, -2), answers.side(key)
        power = next(iter(left.atoms(Power)))
        value = left.xreplace({power: sp.Pow(*power.args)}) if left.is_Add else sp.Pow(*power.args)
        text = next(iter(right.atoms(Numeral))).name
        digits = len(text.partition("e")[0].lstrip("-").replace(".", ""))
        require(vanishing.rounded(value, digits).name == text, f"in {key}")
    return Finding(len(keys))


@check("1f.figure", FIGURE, DIGITS)
def _drawn(answers: Answers, _: Random) -> Finding:
    ctx, worst = context(vanishing.DIGITS + 30), 0.0
    value = compiled(answers.side("1f.weight"))
    xs = [ctx.mpf(decimal) for decimal in answers.runs.inputs[0]]
    for carried, runs in answers.runs.weights.items():
        bound = log10(float(carried) / 4)
        below = all(weight <= age * bound + ORDERS for run in runs for age, weight in enumerate(run))
        require(below, f"for w_2 = {carried}")
        at = Valuation(ctx, {"w_1": ctx.one, "w_2": ctx.mpf(carried), "T": len(xs), "k": 1}, xs)
        worst = max(worst, abs(float(ctx.log10(value(at))) - runs[0][-1]))
    require(worst <= ORDERS, f"by {worst:.1e} orders of magnitude")
    return Finding(len(answers.runs.weights), scientific(worst))


@check(
    "1f.saturates", "the oldest input has less influence for $w_2 = 4$ than for $w_2 = 2$", DIGITS, "2", "4"
)
def _saturates(smaller: str, larger: str, answers: Answers, _: Random) -> Finding:
    oldest = [[run[-1] for run in answers.runs.weights[w2]] for w2 in (smaller, larger)]
    for start in range(0, len(oldest[0]), 20):  # in each of several groups of runs
        less, more = (median(weights[start : start + 20]) for weights in oldest)
        require(more < less, f"in the runs from {start}")
    return Finding(len(oldest[0]))
