"""Many MLPClassifiers trained side by side, bit for bit what scikit-learn's own ``fit`` makes of each.

A small network spends most of its training outside arithmetic. Networks of one shape take their steps
together here, so that one call does the work of many; each weight, bias, loss and epoch count stays the same.
Settings beyond that (another solver, early stopping, no fixed seed, ...) are simply given to scikit-learn.
"""

from __future__ import annotations

import hashlib
import warnings
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.neural_network import MLPClassifier

from experiments.descent import SGD, Adam
from experiments.stack import Lane, Problem, Shuffles, train

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    Callback = Callable[[int, MLPClassifier], None]
    Setting = Mapping[str, Any]

# What may differ within a stack, and what between stacks; all else must have scikit-learn's default.
OWN = ("activation", "solver", "learning_rate_init", "random_state", "max_iter", "tol", "n_iter_no_change")
SHARED = ("hidden_layer_sizes", "batch_size", "alpha", "momentum", "beta_1", "beta_2", "epsilon")

# Networks side by side spare Python's share of the time, until their buffers (in bytes) overflow the caches.
ROOM = 6_000_000
MOST = 30


def fit_many(
    settings: Sequence[Setting],
    X: NDArray[Any],
    y: NDArray[Any],
    *,
    callback: Callback | None = None,
) -> list[MLPClassifier]:
    """Fit one classifier for each setting.

    Parameters
    ----------
    settings
        Parameters of `MLPClassifier`, each with its ``random_state``.
    X, y
        Samples (n, features) and labels (n,).
    callback
        Called after each epoch of each network with the setting's place in `settings` and the network as it
        is then, fit for ``predict``. Settings that cannot share a stack are not accepted together with it.

    Returns
    -------
    list of MLPClassifier
        In the order of `settings`, each indistinguishable from ``MLPClassifier(**setting).fit(X, y)``. No
        warning is given: `converged` tells what scikit-learn would have warned of.

    Raises
    ------
    ValueError
        As scikit-learn raises it, for the first setting that cannot be fitted.
    """
    done = dict(fits(settings, X, y, callback=callback))
    for index in range(len(settings)):
        if isinstance(error := done[index], ValueError):
            raise error
    return [done[index] for index in range(len(settings))]


def fits(
    settings: Sequence[Setting],
    X: NDArray[Any],
    y: NDArray[Any],
    *,
    callback: Callback | None = None,
) -> Iterator[tuple[int, MLPClassifier | ValueError]]:
    """Do as `fit_many`, but yield the place and the outcome of each setting as soon as it is done.

    A network that scikit-learn refuses in the end (weights that are not finite) is yielded as its error.
    """
    stacks, alone = _sort(settings, X, y)
    if alone and callback:
        raise ValueError(f"no callback is possible for the setting {dict(settings[alone[0]])}")
    for members in stacks:
        chosen = {index: settings[index] for index in members}
        problem, data = _problem(next(iter(chosen.values())), X, y)
        for lane in train(problem, _lanes(chosen, problem, data), width(problem), callback):
            finite = all(
                np.isfinite(array).all() for array in chain(lane.network.coefs_, lane.network.intercepts_)
            )
            # Overflow may take another way here: scikit-learn is to say what becomes of such a network.
            yield lane.key, lane.network if finite else fit_alone(chosen[lane.key], X, y)
    for index in alone:
        yield index, fit_alone(settings[index], X, y)


def fit_alone(setting: Setting, X: NDArray[Any], y: NDArray[Any]) -> MLPClassifier | ValueError:
    """Fit with scikit-learn itself, without its warnings; return the error if it refuses the outcome."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", message="Training interrupted")  # fit swallows a Ctrl-C
        try:
            return MLPClassifier(**setting).fit(X, y)
        except ValueError as error:
            return error
        except UserWarning as interrupted:
            raise KeyboardInterrupt from interrupted


def converged(network: MLPClassifier) -> bool:
    """Tell whether training ended by the stopping rule rather than at ``max_iter``."""
    return bool(network._no_improvement_count > network.n_iter_no_change)  # noqa: SLF001 (kept nowhere else)


def width(problem: Problem) -> int:
    """Return how many networks to train side by side; any number gives the same results."""
    parameters = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(problem.units))
    bytes_each = 8 * (6 * parameters + 2 * problem.batch_size * sum(problem.units[1:]))
    return max(4, min(MOST, ROOM // bytes_each))


def _sort(settings: Sequence[Setting], X: NDArray[Any], y: NDArray[Any]) -> tuple[list[list[int]], list[int]]:
    """Divide the places of the settings into those that share a stack and those for scikit-learn alone."""
    stacks: dict[tuple[Any, ...], list[tuple[Any, ...]]] = {}
    alone = []
    plain = X.ndim == 2 and X.dtype == np.float64 and X.flags.c_contiguous and y.ndim == 1
    for index, setting in enumerate(settings):
        network = MLPClassifier(**setting)
        network._validate_params()  # noqa: SLF001  (scikit-learn's own check, its own error)
        layers = _layers(network)
        if plain and _may_share(network, layers):
            shared = (layers, *(getattr(network, name) for name in SHARED[1:]))
            stacks.setdefault(shared, []).append((network.solver, network.activation, index))
        else:
            alone.append(index)
    # Solvers and activations in turn: a lane is then mostly taken over by one of its kind.
    return [[member[-1] for member in sorted(members)] for members in stacks.values()], alone


def _layers(network: MLPClassifier) -> tuple[int, ...]:
    """Return ``hidden_layer_sizes`` as a tuple, as ``_fit`` reads it."""
    sizes = network.hidden_layer_sizes
    return tuple(sizes) if hasattr(sizes, "__iter__") else (sizes,)


def _may_share(network: MLPClassifier, layers: tuple[int, ...]) -> bool:
    """Tell whether a setting is one that a stack can train."""
    default = MLPClassifier()
    return (
        network.solver in ("adam", "sgd")
        and isinstance(network.random_state, (int, np.integer))
        and all(isinstance(size, (int, np.integer)) and size > 0 for size in layers)
        and all(
            value == getattr(default, name)
            for name, value in network.get_params().items()
            if name not in OWN + SHARED
        )
    )


def _problem(setting: Setting, X: NDArray[Any], y: NDArray[Any]) -> tuple[Problem, MLPClassifier]:
    """Return what the stack of `setting` shares, and a network that has seen the data but is not trained."""
    data = MLPClassifier(**setting)
    X, Y = data._validate_input(X, y, False, reset=True)  # noqa: SLF001  (what `fit` begins with)
    Y = Y.reshape(len(Y), -1)
    samples = len(X)
    batch_size = min(200, samples) if data.batch_size == "auto" else min(data.batch_size, samples)
    units = (X.shape[1], *_layers(data), Y.shape[1])
    descents: dict[str, SGD | Adam] = {
        "sgd": SGD(data.momentum),
        "adam": Adam(data.beta_1, data.beta_2, data.epsilon),
    }
    return Problem(X, Y.astype(np.float64), units, int(batch_size), data.alpha, descents), data


def _lanes(settings: Mapping[int, Setting], problem: Problem, data: MLPClassifier) -> Iterator[Lane]:
    """Yield a network for each setting, in the state in which ``_fit`` gives it to the solver."""
    seen = {name: value for name, value in vars(data).items() if name not in data.get_params()}
    shuffles: dict[int, Shuffles] = {}
    for key, setting in settings.items():
        network = MLPClassifier(**setting)
        vars(network).update(seen)
        seed = int(network.random_state)
        network._random_state = np.random.RandomState(seed)  # noqa: SLF001  (as check_random_state)
        network._initialize(problem.Y, list(problem.units), problem.X.dtype)  # noqa: SLF001
        if seed not in shuffles:
            shuffles[seed] = Shuffles(network._random_state, len(problem.X))  # noqa: SLF001
        yield Lane(key, network, shuffles[seed])


def probe() -> str:
    """Compare three short fits with scikit-learn's own.

    Returns
    -------
    str
        Empty if every weight and loss is equal, bit for bit; else a sentence that says what is not.
    """
    generator = np.random.default_rng(0)
    X = generator.standard_normal((83, 3))
    tasks = (
        ({"hidden_layer_sizes": (50,), "batch_size": 32}, X[:, 0] > X[:, 1] * X[:, 2]),
        ({"hidden_layer_sizes": (20, 10), "activation": "tanh", "solver": "sgd"}, X[:, 0] > X[:, 1]),
        ({"hidden_layer_sizes": (30,), "activation": "logistic", "batch_size": 20}, np.arange(83) % 4),
    )
    for parameters, y in tasks:
        setting = {**parameters, "learning_rate_init": 0.01, "random_state": 0, "max_iter": 5}
        try:
            ours = fit_many([setting], X, y)[0]
        except Exception as error:  # noqa: BLE001  (another scikit-learn may differ in any way)
            return f"the lockstep trainer does not fit this scikit-learn ({type(error).__name__}: {error})"
        theirs = fit_alone(setting, X, y)
        if isinstance(theirs, ValueError) or not same_bits(ours, theirs):
            return f"the lockstep trainer and scikit-learn differ on this machine for {setting}"
    return ""


def digest(network: MLPClassifier) -> str:
    """Return a short hash of the bits of all weights and biases."""
    parts = (array.tobytes() for array in chain(network.coefs_, network.intercepts_))
    return hashlib.sha256(b"".join(parts)).hexdigest()[:12]


def same_bits(one: MLPClassifier, other: MLPClassifier) -> bool:
    """Tell whether two networks have the same weights, biases and losses, bit for bit."""
    arrays = zip(one.coefs_ + one.intercepts_, other.coefs_ + other.intercepts_, strict=True)
    return one.loss_curve_ == other.loss_curve_ and all(np.array_equal(a, b) for a, b in arrays)
