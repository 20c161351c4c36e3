"""The kernel: compiled by the system's C compiler from the files beside this one; called epoch by epoch."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib
import importlib.util
import math
import os
import subprocess
import tempfile
import threading
from decimal import Context, Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sklearn.neural_network import MLPClassifier

SOURCE = Path(__file__).with_name("kernel.c")
# No contraction: the source says which products are fused, and no compiler's choice decides a bit.
FLAGS = ("-O3", "-mavx2", "-mfma", "-ffp-contract=off", "-fno-math-errno", "-shared", "-fPIC")
WIDER = ("-mavx512f", "-mavx512dq", "-mavx512vl")  # eight numbers at a time, where the CPU can
ACTIVATIONS = ("identity", "logistic", "relu", "tanh")
CONSTANTS = ("alpha", "learning_rate_init", "momentum", "beta_1", "beta_2", "epsilon")
MOST = 16  # layers of weights
LINE = 8  # numbers in a cache line
# The centres of the 16 intervals of numpy's tanh: with them begins the table of its coefficients.
CENTRES = (0, 0.21875, 0.3125, 0.4375, 0.625, 0.875, 1.25, 1.75, 2.5, 3.5, 5, 7, 10, 14, 20, 0)


class NoKernelError(RuntimeError):
    """The kernel is not available; the text says why."""


class _Network(ctypes.Structure):
    """``Network`` of kernel.c."""

    _fields_ = (
        *((name, ctypes.c_long) for name in ("layers", "samples", "batch", "activation", "adam", "steps")),
        *((name, ctypes.POINTER(ctypes.c_long)) for name in ("units", "weights", "biases")),
        *((name, ctypes.c_double) for name in CONSTANTS),
        *((name, ctypes.c_void_p) for name in ("X", "Y", "order", "random", "generator")),
        *((name, ctypes.c_void_p) for name in ("theta", "first", "second", "memory")),
    )


@cache
def load(source: Path = SOURCE) -> ctypes.CDLL:
    """Return the kernel, compiling it if need be.

    NoKernelError: there is no compiler, or the CPU, numpy or its BLAS is not one that the kernel is made for.
    """
    numpy_itself = importlib.import_module("numpy._core._multiarray_umath")
    if not all(numpy_itself.__cpu_features__.get(name) for name in ("AVX2", "FMA3")):
        raise NoKernelError("the CPU has no AVX2 and FMA, or they are switched off")
    code = Path(str(numpy_itself.__file__))
    tanh_table, exp_table = _tanh_table(code.read_bytes()), _exp_table()
    ddot, dgemv = (_blas(ctypes.CDLL(str(code)), name) for name in ("ddot", "dgemv"))
    library = _compiled(source, FLAGS)
    if WIDER and library.has_vectors_of_eight():
        with contextlib.suppress(NoKernelError):  # a compiler that knows less than the CPU
            library = _compiled(source, (*FLAGS, *WIDER))
    library.epoch.restype = ctypes.c_double
    library.room.restype = ctypes.c_long
    library.set_up(address(tanh_table), address(exp_table), ddot, dgemv)
    return library


def _compiled(source: Path, flags: tuple[str, ...]) -> ctypes.CDLL:
    """Load the library that these sources and flags gave before, or compile it."""
    parts = [*(file.read_bytes() for file in sorted(source.parent.glob("*.[ch]"))), " ".join(flags).encode()]
    name = hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
    kept = Path(importlib.util.cache_from_source(str(source))).with_name(f"{source.stem}.{name}.so")
    with contextlib.ExitStack() as ending:
        if not _takes(kept):  # then a folder that is gone again once the library is loaded
            kept = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="kernel-")), kept.name)
        with contextlib.suppress(OSError):  # none yet, or a damaged one
            return ctypes.CDLL(str(kept))
        made = kept.with_suffix(f".{threading.get_native_id()}")  # of a cluster's worker, perhaps
        ending.callback(made.unlink, missing_ok=True)  # what is left of it when this is interrupted
        command = [os.environ.get("CC", "cc"), *flags, str(source), "-o", str(made), "-lm"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        except OSError as error:
            raise NoKernelError("there is no C compiler (cc)") from error
        if done.returncode:
            words = (done.stderr.strip() or f"it ended with {done.returncode}").splitlines()[0]
            raise NoKernelError(f"the C compiler cannot build it: {words}")
        try:
            return ctypes.CDLL(str(made.replace(kept)))  # whole, whoever else is making or loading it
        except OSError as error:
            raise NoKernelError(f"the kernel cannot be loaded: {error}") from error


def _takes(kept: Path) -> bool:
    """Return whether the library is, or can be, in Python's folder of compiled files."""
    # Letters in a library's path that the locale lacks stop threadpoolctl's look at all libraries.
    if not str(kept).isascii():
        return False
    with contextlib.suppress(OSError):
        kept.parent.mkdir(parents=True, exist_ok=True)
        return kept.exists() or os.access(kept.parent, os.W_OK)
    return False


def _blas(library: ctypes.CDLL, name: str) -> ctypes.c_void_p:
    """Return the address of the routine that numpy calls, by any of the names that its builds have for it."""
    for pattern in ("scipy_cblas_{}64_", "cblas_{}64_", "scipy_cblas_{}", "cblas_{}"):
        if function := getattr(library, pattern.format(name), None):
            return ctypes.cast(function, ctypes.c_void_p)
    raise NoKernelError(f"numpy's BLAS shows no cblas_{name}")


def _tanh_table(code: bytes) -> NDArray[np.float64]:
    """Find the coefficients of tanh in numpy's own code: a row for each of the intervals."""
    mark, at = np.array(CENTRES).tobytes(), -1
    while (at := code.find(mark, at + 1)) >= 0:
        table = np.frombuffer(code, np.float64, 18 * 16, at).reshape(18, 16)
        if table[2, 0] == 1:  # of degree 1 around 0; the loops for AVX-512 have a table of another form
            return table.copy()
    raise NoKernelError("this numpy has another tanh")


def _exp_table() -> NDArray[np.uint64]:
    """Compute the table of glibc's exp (``__exp_data``): error of 2^(i/128), and its bits less i << 45."""
    decimal = Context(prec=60)
    powers = [decimal.exp(decimal.multiply(decimal.divide(i, 128), decimal.ln(2))) for i in range(128)]
    nearest = np.array([float(power) for power in powers])
    tails = [float(decimal.divide(p, Decimal(float(n))) - 1) for p, n in zip(powers, nearest, strict=True)]
    bits = nearest.view(np.uint64) - (np.arange(128, dtype=np.uint64) << np.uint64(45))
    return np.stack([np.array(tails).view(np.uint64), bits], axis=1)


def address(array: NDArray[Any]) -> ctypes.c_void_p:
    """Return the address of the numbers of an array."""
    return ctypes.c_void_p(array.ctypes.data)


def _zeros(count: int) -> NDArray[np.float64]:
    """Return zeros that start on a cache line: a vector load then never straddles two."""
    memory = np.zeros(count + LINE)
    start = -(memory.ctypes.data // memory.itemsize) % LINE
    return memory[start : start + count]


class Divergence(Exception):  # noqa: N818 - no error yet: scikit-learn is to say what becomes of the network
    """The loss is no longer finite though all weights are; rounding may differ from here on."""


def train(network: MLPClassifier, X: NDArray[np.float64], y: NDArray[Any], *buffers: Any) -> None:
    """Train as ``network._fit_stochastic`` does, until a weight is not finite, or raise `Divergence`."""
    *_, layer_units, _incremental = buffers
    epochs, network.max_iter = network.max_iter, 0
    type(network)._fit_stochastic(network, X, y, *buffers)  # makes the optimizer
    network.max_iter = epochs
    library, samples, layers = load(), len(X), list(pairwise(layer_units))
    shapes = [*layers, *((fan_out,) for _, fan_out in layers)]  # weights, then biases
    starts = np.cumsum([0, *(-(-math.prod(shape) // LINE) * LINE for shape in shapes)])
    theta, first, second = (_zeros(int(starts[-1]) + LINE) for _ in range(3))

    def views(numbers: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        each = zip(starts, shapes, strict=False)
        return [numbers[start : start + math.prod(shape)].reshape(shape) for start, shape in each]

    now = views(theta)
    for view, initial in zip(now, network.coefs_ + network.intercepts_, strict=True):
        view[...] = initial
    network.coefs_, network.intercepts_ = now[: len(layers)], now[len(layers) :]
    Y = np.ascontiguousarray(y, dtype=np.float64)
    order = np.arange(samples)
    batch = 200 if network.batch_size == "auto" else network.batch_size
    random = network._random_state._bit_generator.ctypes
    numbers = ctypes.c_long * (MOST + 1)
    state = _Network(
        len(layers),
        samples,
        min(batch, samples),
        ACTIVATIONS.index(network.activation),
        network.solver == "adam",
        0,
        *(numbers(*map(int, values)) for values in (layer_units, starts, starts[len(layers) :])),
        *(getattr(network, name) for name in CONSTANTS),
        *(address(array) for array in (X, Y, order)),
        ctypes.cast(random.next_uint32, ctypes.c_void_p),
        random.state_address,
        *(address(array) for array in (theta, first, second)),
    )
    memory = _zeros(library.room(ctypes.byref(state)))
    state.memory = address(memory)
    for epoch in range(1, epochs + 1):
        loss = np.float64(library.epoch(ctypes.byref(state)))
        if not np.isfinite(loss):
            if np.isfinite(theta).all():
                raise Divergence
            break  # no weight becomes finite again: scikit-learn refuses the network now as at the end
        network.n_iter_ = epoch
        network.loss_ = loss
        network.t_ += samples
        network.loss_curve_.append(loss)
        network._update_no_improvement_count(False, None, None, None)
        if network._no_improvement_count > network.n_iter_no_change:
            break
    found, *moments = ([view.copy() for view in views(matrix)] for matrix in (theta, first, second))
    network.coefs_, network.intercepts_ = found[: len(layers)], found[len(layers) :]
    optimizer = network._optimizer
    if network.solver == "sgd":
        optimizer.velocities = moments[0]
    else:
        (optimizer.ms, optimizer.vs), optimizer.t = moments, state.steps
        rate = network.learning_rate_init * np.sqrt(1 - network.beta_2**state.steps)
        optimizer.learning_rate = rate / (1 - network.beta_1**state.steps)
