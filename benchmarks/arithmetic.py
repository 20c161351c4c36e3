"""The physical limit of a search: the products, roots, quotients and functions that its steps must compute.

Each is counted and multiplied by the time that it takes here at the best, in the first cache: a product and
sum as in a large matrix product, a root and a quotient as numpy takes them, tanh and the logistic function as
the kernel does. Loads and stores, sums over a batch, losses and orders of samples cost nothing.
"""

from __future__ import annotations

import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from benchmarks.measurement import Row, Target

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.processes import Sample

MANY = 1024  # numbers, which fit the first cache


def row(name: str, searches: Sequence[Sample], samples: int, features: int) -> Row:
    """Return the share of its CPU time that a search would take at the limit."""
    each = rates()
    limits = [
        sum(seconds(network, samples, features, each) for network in search.answer["epochs"])
        for search in searches
    ]
    return Row(
        name,
        "physical limit / ours, CPU time",
        [limit / search.cpu for limit, search in zip(limits, searches, strict=True)],
        Target(0.4, at_least=True),
        note=", ".join(f"{what} {1e9 * value:.2g} ns" for what, value in each.items()),
    )


def seconds(network: Sequence[Any], samples: int, features: int, each: Mapping[str, float]) -> float:
    """Return the seconds of a core for a network: layers, batch, activation, solver, epochs; two classes."""
    layers, batch, activation, solver, epochs = network
    units = (features, *layers, 1)
    products = [fan_in * fan_out for fan_in, fan_out in pairwise(units)]
    parameters = sum(products) + sum(units[1:])
    steps = -(-samples // min(batch, samples))
    of_a_sample = (3 * sum(products) - products[0]) * each["product"] + each["logistic"]
    of_a_sample += sum(layers) * each.get(activation, 0)
    of_a_step = parameters * (each["root and quotient"] if solver == "adam" else 0)
    return float(epochs * (samples * of_a_sample + steps * of_a_step))


def rates() -> dict[str, float]:
    """Measure the seconds of each operation on one core."""
    import numpy as np  # noqa: PLC0415 - after the pins

    from experiments.trainer import kernel  # noqa: PLC0415

    library, generator = kernel.load(), np.random.default_rng(0)
    side = 384
    A, B, C = (generator.random((side, side)) for _ in range(3))
    x, y, z = (generator.standard_normal(MANY) ** 2 for _ in range(3))
    place = kernel.address(z)

    def function(name: str) -> Callable[[], object]:
        return lambda: getattr(library, name)(MANY, place)

    return {
        "product": _best(lambda: np.matmul(A, B, out=C), side**3),
        "root and quotient": _best(lambda: np.divide(x, np.sqrt(y, out=z), out=z), MANY),
        "tanh": _best(function("tanh_many"), MANY),
        "logistic": _best(function("expit_many"), MANY),
    }


def _best(call: Callable[[], object], operations: int) -> float:
    taken = []
    for _ in range(9):
        started = time.thread_time()
        for _ in range(20):
            call()
        taken.append(time.thread_time() - started)
    return min(taken) / 20 / operations
