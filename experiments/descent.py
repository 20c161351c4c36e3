"""Steps of descent for many networks at once: scikit-learn's Adam and SGD, row by row the same operations.

Source: scikit-learn 1.9, ``sklearn/neural_network/_stochastic_optimizers.py``. Each row of a matrix belongs
to one network. IEEE arithmetic gives an element the same bits in whatever array it stands, as long as it
meets the same operations in the same order: the order below is scikit-learn's, its temporaries kept buffers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

if TYPE_CHECKING:
    from sklearn.neural_network import MLPClassifier

Array = NDArray[np.float64]


@dataclass
class SGD:
    """``SGDOptimizer`` with a constant learning rate and Nesterov's momentum."""

    momentum: float

    def rates(self, initial: Array, done: NDArray[np.int64], steps: int) -> Array:
        """Return the factors of the gradient in the coming steps.

        Parameters
        ----------
        initial, done
            ``learning_rate_init`` and the number of steps taken, (networks,).
        steps
            How many steps are to come.

        Returns
        -------
        ndarray
            (steps, networks, 1).
        """
        return np.broadcast_to(initial[:, None], (steps, len(done), 1))

    def step(self, theta: Array, gradient: Array, moments: Array, rate: Array, scratch: Array) -> None:
        """Move `theta` (networks, parameters) by one step; `gradient` and `scratch` are used up.

        ``moments[0]`` is the velocity, `rate` has the shape (networks, 1).
        """
        velocity = moments[0]
        np.multiply(gradient, rate, gradient)
        np.multiply(velocity, self.momentum, velocity)
        np.subtract(velocity, gradient, velocity)  # momentum * velocity - learning_rate * grad
        np.multiply(velocity, self.momentum, scratch)
        np.subtract(scratch, gradient, scratch)  # the same from the new velocity: Nesterov
        np.add(theta, scratch, theta)

    def state(
        self, network: MLPClassifier, moments: tuple[list[Array], list[Array]], _steps: int
    ) -> SGDOptimizer:
        """Return the optimizer that scikit-learn would hold in the end."""
        params = network.coefs_ + network.intercepts_
        optimizer = SGDOptimizer(params, network.learning_rate_init, momentum=self.momentum)
        optimizer.velocities = moments[0]
        return optimizer


@dataclass
class Adam:
    """``AdamOptimizer``."""

    beta_1: float
    beta_2: float
    epsilon: float
    _corrections: list[tuple[float, float]] = field(default_factory=list)  # of bias, for step 1, 2, ...

    def rates(self, initial: Array, done: NDArray[np.int64], steps: int) -> Array:
        """Return minus the learning rates of the coming steps; see `SGD.rates`."""
        # Powers of Python floats, as scikit-learn takes them: numpy's may differ in the last bit.
        for t in range(len(self._corrections) + 1, int(done.max()) + steps + 1):
            self._corrections.append((np.sqrt(1 - self.beta_2**t), 1 - self.beta_1**t))
        first = int(done.min())
        corrections = np.array(self._corrections[first:])[done - first + np.arange(steps)[:, None]]
        rates: Array = initial * corrections[..., 0] / corrections[..., 1]
        return -rates[..., None]

    def step(self, theta: Array, gradient: Array, moments: Array, rate: Array, scratch: Array) -> None:
        """Move `theta` by one step; ``moments`` are m and v; see `SGD.step`."""
        m, v = moments
        np.multiply(gradient, 1 - self.beta_1, scratch)
        np.multiply(m, self.beta_1, m)
        np.add(m, scratch, m)
        np.multiply(gradient, gradient, gradient)
        np.multiply(gradient, 1 - self.beta_2, gradient)
        np.multiply(v, self.beta_2, v)
        np.add(v, gradient, v)
        np.sqrt(v, scratch)
        np.add(scratch, self.epsilon, scratch)
        np.multiply(m, rate, gradient)
        np.divide(gradient, scratch, gradient)  # -learning_rate * m / (sqrt(v) + epsilon)
        np.add(theta, gradient, theta)

    def state(
        self, network: MLPClassifier, moments: tuple[list[Array], list[Array]], steps: int
    ) -> AdamOptimizer:
        """Return the optimizer that scikit-learn would hold after `steps` steps."""
        params = network.coefs_ + network.intercepts_
        optimizer = AdamOptimizer(params, network.learning_rate_init, self.beta_1, self.beta_2, self.epsilon)
        optimizer.ms, optimizer.vs = moments
        optimizer.t = steps
        root, fraction = self._corrections[steps - 1]
        optimizer.learning_rate = network.learning_rate_init * root / fraction
        return optimizer
