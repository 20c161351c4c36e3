"""The arithmetic limit of a search: a bare loop of the BLAS calls and passes that its steps consist of.

Nothing stands around the calls: no data are gathered, no losses kept, nothing stopped, and Python's own share
is that of a plain loop over a stack of ten networks.
"""

from __future__ import annotations

import time
from collections import Counter
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from benchmarks.measurement import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.processes import Sample


def rows(name: str, searches: Sequence[Sample], samples: int, features: int) -> list[Row]:
    """Tell how far from their arithmetic limit searches are; see `limits`.

    Parameters
    ----------
    name : str
        What was searched.
    searches : sequence of Sample
        Run by run; ``answer["epochs"]`` lists the networks.
    samples, features : int
        The size of the training set.
    """
    found = [limits(search.answer["epochs"], samples, features) for search in searches]
    bare, heavy = zip(*found, strict=True)
    return [
        Row(
            name,
            "lockstep / bare loop, CPU time",
            [search.cpu / seconds for search, seconds in zip(searches, bare, strict=True)],
            note=f"{_told(bare)} of one core in a bare loop of the same calls",
        ),
        Row(
            name,
            "lockstep / products and functions alone, CPU time",
            [search.cpu / seconds for search, seconds in zip(searches, heavy, strict=True)],
            note=f"{_told(heavy)}; tanh, expit and sqrt are the functions",
        ),
    ]


def _told(values: Sequence[float]) -> str:
    return f"{', '.join(f'{value:.1f}' for value in values)} s"


def limits(epochs: Sequence[Sequence[Any]], samples: int, features: int) -> tuple[float, float]:
    """Give the seconds of one core for a search's bare loop, and for its products and functions alone.

    Parameters
    ----------
    epochs : sequence of sequences
        Of each network: layers, batch size, activation, solver, and how many epochs it was trained.
    samples, features : int
        The size of the training set; two classes.
    """
    kinds: Counter[tuple[Any, ...]] = Counter()
    for layers, batch, activation, solver, count in epochs:
        kinds[tuple(layers), min(batch, samples), activation, solver] += count
    bare = products = 0.0
    for (layers, batch, activation, solver), count in kinds.items():
        for size, steps in ((batch, samples // batch), (samples % batch, 1)):
            if size:
                whole, part = _step_seconds((features, *layers, 1), size, activation, solver)
                bare, products = bare + whole * steps * count, products + part * steps * count
    return bare, products


def _step_seconds(units: tuple[int, ...], size: int, activation: str, solver: str) -> tuple[float, float]:
    """Time the arithmetic of one step of one network, in a stack of ten, as plain calls on fixed arrays."""
    import numpy as np  # noqa: PLC0415
    from scipy.special import expit  # noqa: PLC0415

    networks = 10
    generator = np.random.default_rng(0)

    def array(*shape: int) -> Any:
        return generator.random((networks, *shape))

    heavy: list[Callable[[], Any]] = []
    light: list[Callable[[], Any]] = []
    A = [array(size, width) for width in units]
    for (fan_in, fan_out), below, above in zip(pairwise(units), A[:-1], A[1:], strict=True):
        weights, bias, gradient, upward = (
            array(fan_in, fan_out),
            array(1, fan_out),
            array(fan_in, fan_out),
            array(size, fan_in),
        )
        heavy += [
            partial(np.matmul, below, weights, out=above),
            partial(np.matmul, below.transpose(0, 2, 1), above, out=gradient),
        ]
        light += [
            partial(np.add, above, bias, out=above),
            partial(np.add.reduce, above, axis=1, out=bias[:, 0]),
        ]
        if below is not A[0]:
            if fan_out > 1:
                heavy.append(partial(np.matmul, above, weights.transpose(0, 2, 1), out=upward))
            else:
                light.append(partial(np.multiply, above, weights.transpose(0, 2, 1), out=upward))
            other = array(size, fan_in)
            if activation == "relu":
                positive = below != 0
                light += [
                    partial(np.maximum, below, 0, out=below),
                    partial(np.not_equal, below, 0, out=positive),
                    partial(np.multiply, upward, positive, out=upward),
                ]
            else:
                heavy.append(partial(np.tanh if activation == "tanh" else expit, below, out=other))
                light += [
                    partial(np.multiply, below, below, out=other),
                    partial(np.subtract, 1, other, out=other),
                    partial(np.multiply, upward, other, out=upward),
                ]
    parameters = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(units))
    p, g, m, v, t = (array(parameters) for _ in range(5))
    passes = 7 if solver == "sgd" else 11
    heavy += [partial(np.sqrt, v, out=t), partial(np.divide, g, v, out=t)] * (solver == "adam")
    light += [partial(np.multiply, m, 0.9, out=m), partial(np.add, p, t, out=p)] * (passes // 2)

    def seconds(calls: list[Callable[[], Any]]) -> float:
        taken = []
        for _ in range(7):
            started = time.thread_time()
            for _ in range(5):
                for call in calls:
                    call()
            taken.append(time.thread_time() - started)
        return min(taken) / 5 / networks

    both = seconds(heavy + light)
    return both, min(both, seconds(heavy))
