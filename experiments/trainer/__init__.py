"""MLPClassifiers trained by a compiled kernel on all cores, bit for bit as scikit-learn's own ``fit`` would.

scikit-learn checks and initialises each network and keeps its books; ``_fit_stochastic`` alone is
replaced, by code that needs no interpreter lock. Where the kernel cannot be had, or for a setting that it
does not take, scikit-learn trains.
"""

from __future__ import annotations

import contextlib
import hashlib
import queue
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import cache, partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from joblib import cpu_count
from scipy.special import expit
from sklearn.neural_network import MLPClassifier

from experiments import numerics, workers
from experiments.trainer import kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from numpy.typing import NDArray

    from experiments.workers import Call

    Setting = Mapping[str, Any]
    Look = Callable[[MLPClassifier], None]
    Fitted: TypeAlias = "MLPClassifier | ValueError"

# The parameters that the kernel reads; all others must have scikit-learn's default.
READ = {
    *kernel.CONSTANTS,
    *("hidden_layer_sizes", "activation", "solver", "batch_size"),
    *("max_iter", "random_state", "tol", "n_iter_no_change"),
}


class _StoppedError(Exception):
    """The network is no longer needed."""


def fit_many(
    settings: Sequence[Setting],
    X: NDArray[Any],
    y: NDArray[Any],
    callback: Callable[[int, MLPClassifier], None] | None = None,
    *,
    jobs: int | None = None,
) -> list[MLPClassifier]:
    """Return ``MLPClassifier(**setting).fit(X, y)`` for each setting, which holds its ``random_state``.

    `callback` is called after each epoch of each network, in any thread, with the setting's place and the
    network as it is then, fit for ``predict``. `jobs` networks train at once; by default as many as this
    process has cores. No warning is given: ``n_iter_`` shows what scikit-learn would have warned of. The
    first setting that cannot be fitted raises scikit-learn's ValueError.
    """
    with quiet():
        done = dict(fits(settings, X, y, callback=callback, jobs=jobs))
    for place in range(len(settings)):
        if isinstance(error := done[place], ValueError):
            raise error
    return [done[place] for place in range(len(settings))]


def fits(
    settings: Sequence[Setting],
    X: NDArray[Any],
    y: NDArray[Any],
    *,
    callback: Callable[[int, MLPClassifier], None] | None = None,
    then: Callable[[int, Fitted], Any] | None = None,
    jobs: int | None = None,
) -> Generator[tuple[int, Any]]:
    """Yield the place of each setting and its network when that is done, or scikit-learn's error.

    `then` makes something else of place and network, in the thread that trained it. Networks begin in the
    order of `settings`. To be run to its end or closed within `quiet`.
    """
    jobs = min(jobs or cpu_count(), len(settings) or 1)
    stopped = threading.Event()

    def look(place: int, network: MLPClassifier) -> None:
        if stopped.is_set():
            raise _StoppedError
        if callback:
            callback(place, network)

    with contextlib.ExitStack() as ending:
        processes: queue.SimpleQueue[Call] = queue.SimpleQueue()
        apart = bool(fallback_reason()) and jobs > 1 and not callback
        for _ in range(jobs if apart else 0):
            processes.put(ending.enter_context(workers.process()))

        def by_scikit_learn(setting: Setting) -> Fitted:
            call = processes.get()
            try:
                return call(_fit, setting, X, y)
            finally:
                processes.put(call)

        def work(place: int, setting: Setting) -> Any:
            network = by_scikit_learn(setting) if apart else fit(setting, X, y, partial(look, place))
            return then(place, network) if then else network

        pool = ThreadPoolExecutor(jobs)
        ending.callback(pool.shutdown, wait=False, cancel_futures=True)
        ending.callback(stopped.set)
        places = {pool.submit(work, place, setting): place for place, setting in enumerate(settings)}
        for done in as_completed(places):
            yield places.pop(done), done.result()


def fit(setting: Setting, X: NDArray[Any], y: NDArray[Any], look: Look | None = None) -> Fitted:
    """Fit one classifier; return the error if scikit-learn refuses the outcome (weights that are not finite).

    `look` is called after each epoch, and again for each if scikit-learn begins anew where the kernel ends.
    """
    if not fallback_reason() and _taken(MLPClassifier(**setting), X, y):
        with contextlib.suppress(kernel.Divergence):
            return _fit(setting, X, y, look, compiled=True)
    return _fit(setting, X, y, look)


def _fit(
    setting: Setting, X: NDArray[Any], y: NDArray[Any], look: Look | None = None, *, compiled: bool = False
) -> Fitted:
    """Fit by the kernel or by scikit-learn; see `fit`."""
    network = MLPClassifier(**setting)

    def epoch_ends(*arguments: Any) -> None:
        MLPClassifier._update_no_improvement_count(network, *arguments)
        if look:
            look(network)

    hooks = {"_update_no_improvement_count": epoch_ends}
    if compiled:
        hooks["_fit_stochastic"] = partial(kernel.train, network)
    vars(network).update(hooks)
    try:
        return network.fit(X, y)
    except ValueError as error:
        return error
    finally:
        for name in hooks:
            delattr(network, name)


def quiet() -> warnings.catch_warnings[None]:
    """Return a context without warnings: what scikit-learn would warn of is reported elsewhere."""
    return warnings.catch_warnings(action="ignore")


def _taken(network: MLPClassifier, X: NDArray[Any], y: NDArray[Any]) -> bool:
    """Return whether the kernel supports a setting and data."""
    default = MLPClassifier().get_params()
    sizes = network.hidden_layer_sizes
    return (
        isinstance(X, np.ndarray)
        and X.dtype == np.float64
        and X.flags.c_contiguous
        and np.ndim(y) == 1
        and network.solver in ("adam", "sgd")
        and isinstance(network.random_state, (int, np.integer))
        and (not hasattr(sizes, "__len__") or len(sizes) < kernel.MOST)
        and all(value == default[name] for name, value in network.get_params().items() if name not in READ)
    )


def digest(network: MLPClassifier) -> str:
    """Return a short hash of the bits of all weights and biases."""
    parts = (array.tobytes() for array in chain(network.coefs_, network.intercepts_))
    return hashlib.sha256(b"".join(parts)).hexdigest()[:12]


@cache
def fallback_reason() -> str:
    """Return why scikit-learn itself has to train on this machine; empty if the kernel does."""
    try:
        kernel.load()
    except kernel.NoKernelError as error:
        return str(error)
    if reasons := numerics.audit()["reasons"]:
        return str(reasons[-1])
    with ThreadPoolExecutor(1) as thread:  # in the main one scikit-learn would swallow a Ctrl-C
        return thread.submit(probe).result()


def probe() -> str:
    """Compare the kernel's functions and some short fits with numpy's and scikit-learn's.

    Return a sentence that says which bits differ; nothing if none does.
    """
    generator = np.random.default_rng(0)
    library = kernel.load()
    values = generator.standard_normal(100_000) * np.repeat([0.01, 1, 4, 40, 1000], 20_000)
    values[:8] = 0.0, -0.0, np.inf, -np.inf, 5e-324, -1e-310, 800, -800
    for name, function in (("tanh", np.tanh), ("expit", expit)):
        found = values.copy()
        getattr(library, f"{name}_many")(len(found), kernel.address(found))
        if found.tobytes() != function(values).tobytes():
            return f"the kernel's {name} and numpy's differ on this machine"
    X = np.ascontiguousarray(generator.standard_normal((83, 3)))
    binary = X[:, 0] > X[:, 1] * X[:, 2]
    names = ("hidden_layer_sizes", "activation", "solver", "batch_size")
    tasks: tuple[tuple[Any, ...], ...] = (
        ((50,), "relu", "adam", 32, X, binary),
        ((21, 10), "tanh", "sgd", 41, X, binary),
        ((30, 5), "logistic", "adam", 20, X, np.arange(83) % 6),
        ((1, 270, 2), "identity", "adam", 200, X[:, :1].copy(), binary),
    )
    for *values, samples, labels in tasks:
        setting = dict(zip(names, values, strict=True))
        setting |= {"learning_rate_init": 0.01, "random_state": 0, "max_iter": 3}
        with quiet():
            try:
                fitted: Any = [_fit(setting, samples, labels, compiled=each) for each in (True, False)]
                ours, theirs = ((digest(network), network.loss_curve_) for network in fitted)
            except Exception as error:  # noqa: BLE001  (another scikit-learn may differ in any way)
                return f"the kernel does not fit this scikit-learn ({type(error).__name__}: {error})"
        if ours != theirs:
            return f"the kernel and scikit-learn differ on this machine for {setting}"
    return ""
