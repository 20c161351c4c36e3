"""One mini-batch through a stack of networks, forward and back: scikit-learn's arithmetic for each network.

Source: scikit-learn 1.9, ``sklearn/neural_network/_multilayer_perceptron.py`` and ``_base.py``; each function
names what it mirrors. ``np.matmul`` on a stack calls for each network the BLAS routine that scikit-learn's
product calls; in element-wise work and sums over a batch each element meets the same operations in order.

Shapes: K networks, b samples in a batch, fan_in and fan_out units on either side of a layer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, xlogy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Array = NDArray[np.float64]
LINE = 8  # float64 numbers in a cache line


def aligned(*shape: int) -> Array:
    """Return zeros that start on a cache line: a vector load then never straddles two."""
    size = math.prod(shape)
    memory = np.zeros(size + LINE)
    start = -(memory.ctypes.data // memory.itemsize) % LINE
    return memory[start : start + size].reshape(shape)


class Parameters:
    """All weights and biases of K networks as one matrix, one row for each network.

    Attributes
    ----------
    matrix : ndarray (K, parameters)
        Rows hold all weights, then all biases; each block begins on a cache line, the gaps stay zero.
    weights : list of ndarray (K, fan_in, fan_out)
        Views of `matrix`, one for each layer.
    flat : list of ndarray (K, fan_in * fan_out)
        The same, each network's weights in a row.
    biases : list of ndarray (K, fan_out)
        Views of `matrix`, one for each layer.
    penalised : ndarray (K, weights)
        The part of `matrix` on which the L2 penalty acts: the weights alone.
    """

    def __init__(self, networks: int, units: Sequence[int]) -> None:
        layers = list(pairwise(units))
        lengths = [fan_in * fan_out for fan_in, fan_out in layers] + [fan_out for _, fan_out in layers]
        starts = [0]
        for length in lengths:
            starts.append(starts[-1] + -(-length // LINE) * LINE)
        self.matrix = aligned(networks, starts[-1])
        blocks = [self.matrix[:, s : s + n] for s, n in zip(starts, lengths, strict=False)]
        self.flat, self.biases = blocks[: len(layers)], blocks[len(layers) :]
        self.weights = [b.reshape(networks, *layer) for b, layer in zip(self.flat, layers, strict=True)]
        self.penalised = self.matrix[:, : starts[len(layers)]]


def relu(Z: Array) -> None:
    """``inplace_relu``."""
    np.maximum(Z, 0, out=Z)


def relu_derivative(A: Array, delta: Array) -> None:
    """``inplace_relu_derivative``: ``delta[A == 0] = 0``."""
    # A product with 0 leaves -0 where scikit-learn has +0, which no later sum or step can see; and NaN of an
    # infinite delta, whose network is in the end given to scikit-learn.
    np.multiply(delta, A != 0, out=delta)


def tanh(Z: Array) -> None:
    """``inplace_tanh``."""
    np.tanh(Z, out=Z)


def tanh_derivative(A: Array, delta: Array) -> None:
    """``inplace_tanh_derivative``: ``delta *= 1 - A**2``; uses `A` up."""
    np.multiply(A, A, out=A)
    np.subtract(1, A, out=A)
    np.multiply(delta, A, out=delta)


def logistic(Z: Array) -> None:
    """``inplace_logistic``."""
    expit(Z, out=Z)


def logistic_derivative(A: Array, delta: Array) -> None:
    """``inplace_logistic_derivative``: ``delta *= A; delta *= 1 - A``; uses `A` up."""
    np.multiply(delta, A, out=delta)
    np.subtract(1, A, out=A)
    np.multiply(delta, A, out=delta)


def identity(Z: Array) -> None:
    """``inplace_identity``."""


def identity_derivative(A: Array, delta: Array) -> None:
    """``inplace_identity_derivative``."""


def softmax(Z: Array) -> None:
    """``inplace_softmax``, over the last axis."""
    np.subtract(Z, Z.max(axis=-1, keepdims=True), out=Z)
    np.exp(Z, out=Z)
    np.divide(Z, Z.sum(axis=-1, keepdims=True), out=Z)


ACTIVATIONS: dict[str, tuple[Callable[[Array], None], Callable[[Array, Array], None]]] = {
    "identity": (identity, identity_derivative),
    "logistic": (logistic, logistic_derivative),
    "relu": (relu, relu_derivative),
    "tanh": (tanh, tanh_derivative),
}


@dataclass(frozen=True, eq=False)
class Batch:
    """The arrays of one mini-batch, views of buffers that are used again and again.

    Attributes
    ----------
    size : int
        Number of samples b.
    X, Y, output : ndarray (K, b, units)
        Samples, 0/1 targets, and the outputs, which `forward` fills.
    hidden, deltas : list of ndarray (K, b, fan_out)
        One for each hidden layer; ``deltas`` has one more, for the outputs.
    runs : list of (activation, slice of networks)
        Which networks use which activation; together all of them.
    """

    size: int
    X: Array
    Y: Array
    output: Array
    hidden: list[Array]
    deltas: list[Array]
    runs: list[tuple[str, slice]]


def forward(batch: Batch, theta: Parameters) -> None:
    """Fill ``batch.hidden`` and ``batch.output``: ``_forward_pass``."""
    below = batch.X
    for A, weights, biases in zip(batch.hidden, theta.weights, theta.biases, strict=False):
        np.matmul(below, weights, out=A)
        np.add(A, biases[:, None], out=A)
        for name, networks in batch.runs:
            ACTIVATIONS[name][0](A[networks])
        below = A
    np.matmul(below, theta.weights[-1], out=batch.output)
    np.add(batch.output, theta.biases[-1][:, None], out=batch.output)
    if batch.output.shape[-1] == 1:
        logistic(batch.output)
    else:
        softmax(batch.output)


def backward(batch: Batch, theta: Parameters, gradient: Parameters, alpha: float, scratch: Array) -> None:
    """Fill `gradient` after `forward`: ``_backprop`` and ``_compute_loss_grad``.

    Parameters
    ----------
    batch, theta
        As they left `forward`; ``batch.hidden`` is used up.
    gradient
        Filled.
    alpha
        Weight of the L2 penalty.
    scratch
        Overwritten, shaped like ``theta.penalised``.
    """
    np.subtract(batch.output, batch.Y, out=batch.deltas[-1])
    for layer in range(len(theta.weights) - 1, -1, -1):
        delta = batch.deltas[layer]
        below = batch.hidden[layer - 1] if layer else batch.X
        np.matmul(below.transpose(0, 2, 1), delta, out=gradient.weights[layer])
        np.add.reduce(delta, axis=1, out=gradient.biases[layer])
        if layer:
            upward = theta.weights[layer].transpose(0, 2, 1)
            # With one output the product is a column times a row: for it matmul has only a slow loop.
            product = np.multiply if delta.shape[2] == 1 else np.matmul
            product(delta, upward, out=batch.deltas[layer - 1])
            for name, networks in batch.runs:
                ACTIVATIONS[name][1](below[networks], batch.deltas[layer - 1][networks])
    np.multiply(theta.penalised, alpha, out=scratch)
    np.add(gradient.penalised, scratch, out=gradient.penalised)
    if batch.size & (batch.size - 1):
        np.divide(gradient.matrix, batch.size, out=gradient.matrix)
    else:  # the inverse of a power of two is exact, and a product faster than a quotient
        np.multiply(gradient.matrix, 1 / batch.size, out=gradient.matrix)


def squared_weights(theta: Parameters, out: Array) -> None:
    """Put each network's ``np.dot(w, w)``, layer by layer, into `out` (layers, K)."""
    for flat, sums in zip(theta.flat, out, strict=True):
        np.vecdot(flat, flat, out=sums)


def epoch_losses(Y: Array, outputs: Array, squares: Array, batch_size: int, alpha: float) -> Array:
    """Compute the loss that ``_fit_stochastic`` records for an epoch, from what its batches left behind.

    Parameters
    ----------
    Y, outputs
        Targets and outputs of the epoch in the order of its batches, (K, samples, units); the latter used up.
    squares
        From `squared_weights`, (batches, layers, K).
    batch_size
        Size of every batch but the last.
    alpha
        Weight of the L2 penalty.

    Returns
    -------
    ndarray
        (K,).
    """
    networks, samples, units = outputs.shape
    # binary_log_loss, log_loss. Of y log(p) + (1 - y) log(1 - p) one term is zero, so one logarithm will do.
    eps = np.finfo(np.float64).eps
    np.clip(outputs, eps, 1 - eps, out=outputs)
    terms = xlogy(1.0, np.where(Y, outputs, 1 - outputs)) if units == 1 else xlogy(Y, outputs)
    whole = samples // batch_size * batch_size
    means = terms[:, :whole].reshape(networks, -1, batch_size, units).sum(axis=2) / batch_size
    sizes = np.full(len(squares), batch_size)
    if whole < samples:
        sizes[-1] = samples - whole
        means = np.concatenate((means, terms[:, None, whole:].sum(axis=2) / sizes[-1]), axis=1)
    # The L2 term of _backprop, its sum over layers in their order.
    values = squares[:, 0]
    for layer in range(1, squares.shape[1]):
        values = values + squares[:, layer]
    losses = -means.sum(axis=2) + ((0.5 * alpha) * values).T / sizes
    total = np.add.accumulate(losses * sizes, axis=1)[:, -1]  # accumulate adds in order, sum may not
    return np.asarray(total / samples)
