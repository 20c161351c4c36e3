"""Training of many networks of one shape, epoch by epoch side by side, each until its stopping rule fires.

A stack has a few lanes, each with one network in training. When a network is done it leaves its lane, and a
waiting one takes it over: the lanes stay full, though networks need different numbers of epochs. Source of
the epoch's bookkeeping: scikit-learn 1.9, ``BaseMultilayerPerceptron._fit_stochastic``.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, islice
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from experiments.layers import Batch, Parameters, aligned, backward, epoch_losses, forward, squared_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sklearn.neural_network import MLPClassifier

    from experiments.descent import SGD, Adam

Array = NDArray[np.float64]


class Shuffles:
    """The order of the samples in epoch 0, 1, ...: the same for all networks that drew equally many weights.

    Parameters
    ----------
    random_state
        The generator as the initial weights left it; it is copied.
    samples
        How many samples there are.
    """

    def __init__(self, random_state: np.random.RandomState, samples: int) -> None:
        self._generator = np.random.RandomState()
        self._generator.set_state(random_state.get_state())
        self._orders = [np.arange(samples)]
        self._states = [random_state.get_state()]

    def order(self, epoch: int) -> NDArray[np.int64]:
        """Return the order of the samples in `epoch`."""
        while len(self._orders) <= epoch + 1:
            indices = np.arange(len(self._orders[0]))  # from here on as sklearn.utils.resample
            self._generator.shuffle(indices)
            self._orders.append(self._orders[-1][indices])
            self._states.append(self._generator.get_state())
        return self._orders[epoch + 1]

    def generator(self, epochs: int) -> np.random.RandomState:
        """Return a generator in the state that `epochs` epochs leave behind."""
        generator = np.random.RandomState()
        generator.set_state(self._states[epochs])
        return generator


@dataclass(frozen=True, eq=False)
class Problem:
    """What all networks of a stack share: data, shape, the hyper-parameters that are not tuned."""

    X: Array  # (samples, features)
    Y: Array  # (samples, outputs), 0 or 1
    units: tuple[int, ...]  # features, hidden layers, outputs
    batch_size: int  # at most the number of samples
    alpha: float
    descents: dict[str, SGD | Adam]


@dataclass(eq=False)
class Lane:
    """One network in training, initialised by scikit-learn, which also keeps its counters."""

    key: int  # the caller's
    network: MLPClassifier
    shuffles: Shuffles


class Stack:
    """Networks that take their steps together, and the buffers they need.

    Parameters
    ----------
    problem
        What they share.
    lanes
        Which networks; sorted here, so that one call serves all that use the same solver or activation.
    before
        The stack whose networks go on here.
    """

    def __init__(self, problem: Problem, lanes: Iterable[Lane], before: Stack | None) -> None:
        self.problem = problem
        self.lanes = sorted(lanes, key=lambda lane: (lane.network.solver, lane.network.activation))
        networks = len(self.lanes)
        self.theta = Parameters(networks, problem.units)
        self.gradient = Parameters(networks, problem.units)
        self.moments = aligned(2, *self.theta.matrix.shape)
        self.scratch = aligned(*self.theta.matrix.shape)
        places = {lane: row for row, lane in enumerate(before.lanes)} if before else {}
        for row, lane in enumerate(self.lanes):
            if before and lane in places:
                self.theta.matrix[row] = before.theta.matrix[places[lane]]
                self.moments[:, row] = before.moments[:, places[lane]]
            else:
                for weights, initial in zip(self.theta.weights, lane.network.coefs_, strict=True):
                    weights[row] = initial
                for biases, initial in zip(self.theta.biases, lane.network.intercepts_, strict=True):
                    biases[row] = initial
        self.X, self.Y, self.outputs = (
            aligned(networks, len(problem.X), width)
            for width in (problem.units[0], problem.units[-1], problem.units[-1])
        )
        self.batches = self._batches()
        self.squares = np.zeros((len(self.batches), len(problem.units) - 1, networks))

    def _batches(self) -> list[Batch]:
        """Lay the views of every mini-batch over the epoch's data and over one set of buffers."""
        networks, samples, _ = self.X.shape
        size = self.problem.batch_size
        above = self.problem.units[1:]
        hidden = [aligned(networks * size * width) for width in above[:-1]]
        deltas = [aligned(networks * size * width) for width in above]
        runs = [
            (name, slice(members[0], members[-1] + 1))
            for name, members in self._runs(lambda network: network.activation)
        ]

        def part(buffers: list[Array], count: int) -> list[Array]:
            return [
                buffer[: networks * count * width].reshape(networks, count, width)
                for buffer, width in zip(buffers, above, strict=False)
            ]

        batches = []
        for start in range(0, samples, size):
            here = slice(start, min(start + size, samples))
            count = here.stop - start
            views = (self.X[:, here], self.Y[:, here], self.outputs[:, here])
            batches.append(Batch(count, *views, part(hidden, count), part(deltas, count), runs))
        return batches

    def _runs(self, attribute: Callable[[MLPClassifier], str]) -> Iterator[tuple[str, list[int]]]:
        """Yield the neighbours that share an attribute, as (value, rows)."""
        for name, members in groupby(enumerate(self.lanes), lambda member: attribute(member[1].network)):
            yield name, [row for row, _ in members]

    def epoch(self) -> Array:
        """Take every network through its next epoch and return the losses, (networks,)."""
        problem, theta, gradient = self.problem, self.theta, self.gradient
        latest = None
        for row, lane in enumerate(self.lanes):
            order = lane.shuffles.order(lane.network.n_iter_)
            if order is latest:  # the same seed and epoch as the row above: copying is cheaper than gathering
                self.X[row], self.Y[row] = self.X[row - 1], self.Y[row - 1]
            else:
                np.take(problem.X, order, axis=0, out=self.X[row], mode="clip")
                np.take(problem.Y, order, axis=0, out=self.Y[row], mode="clip")
            latest = order
        initial = np.array([float(lane.network.learning_rate_init) for lane in self.lanes])
        done = np.array([lane.network.n_iter_ * len(self.batches) for lane in self.lanes])
        descents = []
        for solver, rows in self._runs(lambda network: network.solver):
            descent, here = problem.descents[solver], slice(rows[0], rows[-1] + 1)
            arrays = theta.matrix[here], gradient.matrix[here], self.moments[:, here]
            rates = descent.rates(initial[here], done[here], len(self.batches))
            descents.append((descent.step, *arrays, rates, self.scratch[here]))
        penalty = self.scratch[:, : theta.penalised.shape[1]]
        for number, batch in enumerate(self.batches):
            forward(batch, theta)
            squared_weights(theta, self.squares[number])
            backward(batch, theta, gradient, problem.alpha, penalty)
            for step, mine, slope, moments, rates, scratch in descents:
                step(mine, slope, moments, rates[number], scratch)
        return epoch_losses(self.Y, self.outputs, self.squares, problem.batch_size, problem.alpha)

    def hand_over(self, row: int, *, done: bool) -> None:
        """Give a network its parameters and, when it is done, all else that `fit` would leave in it."""
        lane = self.lanes[row]
        network = lane.network
        network.coefs_ = [weights[row].copy() for weights in self.theta.weights]
        network.intercepts_ = [biases[row].copy() for biases in self.theta.biases]
        if done:
            moments = []
            for matrix in self.moments:
                views = Parameters(1, self.problem.units)
                views.matrix[0] = matrix[row]
                moments.append([array[0].copy() for array in views.weights + views.biases])
            steps = network.n_iter_ * len(self.batches)
            descent = self.problem.descents[network.solver]
            network._optimizer = descent.state(network, (moments[0], moments[1]), steps)  # noqa: SLF001
            network._random_state = lane.shuffles.generator(network.n_iter_)  # noqa: SLF001


def train(
    problem: Problem,
    lanes: Iterable[Lane],
    width: int,
    callback: Callable[[int, MLPClassifier], None] | None = None,
) -> Iterator[Lane]:
    """Train every network to its end and yield each lane when it is done.

    Parameters
    ----------
    problem
        What the networks share.
    lanes
        The networks.
    width
        How many train side by side; it changes no bit of any result.
    callback
        Called after each epoch with the lane's key and its network, which then can predict.
    """
    waiting = iter(lanes)
    running = list(islice(waiting, width))
    stack: Stack | None = None
    while running:
        if stack is None or running != stack.lanes:
            stack = Stack(problem, running, stack)
        with np.errstate(all="ignore"):  # a network that diverges is found when it ends
            losses = stack.epoch()
        running = []
        for row, (lane, loss) in enumerate(zip(stack.lanes, losses, strict=True)):
            done = _record(lane.network, loss, len(problem.X))
            if done or callback:
                stack.hand_over(row, done=done)
            if callback:
                callback(lane.key, lane.network)
            if done:
                yield lane
            else:
                running.append(lane)
        running += islice(waiting, width - len(running))


def _record(network: MLPClassifier, loss: np.float64, samples: int) -> bool:
    """Close an epoch as ``_fit_stochastic`` does, and say whether training ends."""
    network.n_iter_ += 1
    network.loss_ = loss
    network.t_ += samples
    network.loss_curve_.append(loss)
    network._update_no_improvement_count(False, None, None, None)  # noqa: SLF001
    stops = network._no_improvement_count > network.n_iter_no_change  # noqa: SLF001
    return bool(stops or network.n_iter_ == network.max_iter)
