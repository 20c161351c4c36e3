"""Problem 1 as t grows: the general form against naive differentiation and simplification.

    python -m benchmarks.derivations [--runs N] [--quick] [--json FILE]

Ours: derive the step, write the general form for T and evaluate it at a point. Naive: SymPy's `diff` on the
state written out, as it comes, or with `simplify`; each has a time limit, at which its curve ends.
The size is the number of nodes of the expression's tree.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

from benchmarks.measurement import Found, Row, curve, program, say, side
from benchmarks.processes import RunError, Sample, timed

if TYPE_CHECKING:
    import argparse

LENGTHS = {
    "general form": (1, 2, 3, 10, 30, 100, 1000),
    "diff": (1, 3, 10, 30, 100),
    "simplify": (1, 2, 3, 4, 5),
}
QUICK = 3  # lengths of each curve
LIMIT = 5.0  # seconds for one length
W1, W2 = 0.5, 0.75  # the point


def measure(options: argparse.Namespace) -> Found:
    """Go through the lengths of each way until its time is up."""
    rows, curves, facts = [], [], {}

    reached: dict[str, dict[int, list[Sample]]] = {}
    for name, lengths in LENGTHS.items():
        done: dict[int, list[Sample]] = {}
        for length in lengths[: QUICK if options.quick else None]:
            try:
                done[length] = [
                    side("derivations", name, length=length, seconds=LIMIT) for _ in range(options.runs)
                ]
            except RunError as error:
                facts[f"{name}, T = {length}"] = str(error).splitlines()[-1]
                break
            last = done[length][-1]
            say(f"{name}, T = {length}: {last.wall:.3f} s, {last.answer['nodes']} nodes")
        reached[name] = done
        for what, label in (("seconds", "time, s"), ("nodes", "nodes of the tree")):
            points = {length: [sample.answer[what] for sample in samples] for length, samples in done.items()}
            curves.append(curve(f"derivative, {what}", name, ("T", label), points, done))
    for name, done in reached.items():
        longest = max(done)
        rows.append(
            Row(
                f"T = {longest:,}",
                f"{name}: seconds, the longest that it did",
                [sample.wall for sample in done[longest]],
                sides={name: done[longest]},
                note=f"{done[longest][0].answer['nodes']:,} nodes",
            )
        )
    ours = reached["general form"]
    for name in ("diff", "simplify"):
        common = max(set(reached[name]) & set(ours))
        values = [a.wall / b.wall for a, b in zip(reached[name][common], ours[common], strict=True)]
        rows.append(Row(f"T = {common}", f"{name} / general form, time", values))
        sizes = [reached[name][common][0].answer["nodes"] / ours[common][0].answer["nodes"]]
        rows.append(Row(f"T = {common}", f"{name} / general form, nodes", sizes))
    return Found(rows, curves, facts)


def general_form(length: int) -> dict[str, Any]:
    """Derive one step, write the general form and evaluate it."""
    import mpmath  # noqa: PLC0415
    import sympy  # noqa: PLC0415

    from derivations import rnn  # noqa: PLC0415
    from derivations.valuation import Valuation, compiled  # noqa: PLC0415

    inputs = [random.Random(step).uniform(-1, 1) for step in range(length)]
    with timed() as taken:
        rnn.one_step()
        formula = rnn.general(sympy.Integer(length))
        found = compiled(formula)(Valuation(mpmath.fp, {"w_1": W1, "w_2": W2}, inputs))
    state, exact = 0.0, 0.0
    for value in inputs:
        state = 1 / (1 + math.exp(-(W1 * value + W2 * state)))
        exact = state * (1 - state) * (value + W2 * exact)
    if abs(found - exact) > 1e-9 * abs(exact):
        raise ValueError(f"the general form gives {found}, the recursion {exact}")
    return {**taken, "nodes": _nodes(formula)}


def naive(length: int, *, simplified: bool) -> dict[str, Any]:
    """Differentiate the state, written out."""
    import sys  # noqa: PLC0415

    import sympy  # noqa: PLC0415

    sys.setrecursionlimit(100_000)
    w1, w2 = sympy.symbols("w1 w2", real=True)
    xs = sympy.symbols(f"x1:{length + 1}", real=True)
    state: Any = sympy.Integer(0)
    with timed() as taken:
        for x in xs:
            state = 1 / (1 + sympy.exp(-(w1 * x + w2 * state)))
        derivative = sympy.diff(state, w1)
        if simplified:
            derivative = sympy.simplify(derivative)
    return {**taken, "nodes": _nodes(derivative)}


def _nodes(expression: Any) -> int:
    """Count the nodes of an expression's tree; parts that occur again are walked once."""
    known: dict[Any, int] = {}

    def count(part: Any) -> int:
        if part not in known:
            known[part] = 1 + sum(count(below) for below in part.args)
        return known[part]

    return count(expression)


SIDES = {
    "general form": general_form,
    "diff": lambda length: naive(length, simplified=False),
    "simplify": lambda length: naive(length, simplified=True),
}

if __name__ == "__main__":
    program(__doc__ or "", measure, SIDES, runs=2)
