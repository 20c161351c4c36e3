"""The robustness certificate: the reported models refitted under other numeric kernels, in other processes.

Other kernels round otherwise. If the counts stay the same under all of them, they hold on machines that
cannot take the pins. scikit-learn itself does the fits.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments import numerics, workers
from experiments.errors import SearchError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray


@dataclass(frozen=True)
class Kernels:
    """A set of kernels: of OpenBLAS, and the highest level of numpy's loops."""

    name: str
    switched_off: str  # of numpy's levels
    needs: frozenset[str]  # features of the CPU


AVX512 = frozenset({"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"})
ALL = (
    Kernels("Haswell", numerics.KERNELS["NPY_DISABLE_CPU_FEATURES"], frozenset({"avx2", "fma"})),
    Kernels("Nehalem", f"X86_V3 {numerics.KERNELS['NPY_DISABLE_CPU_FEATURES']}", frozenset({"sse4_2"})),
    Kernels("SkylakeX", "", AVX512 | {"avx2", "fma"}),
)


@dataclass(frozen=True)
class Row:
    """One model under one set of kernels.

    Attributes
    ----------
    model : str
        Its name, such as ``default``.
    kernels, simd : str
        What the libraries said they ran; ``unknown`` where they do not tell.
    train, dev, epochs : int
        Samples right in each set, and epochs.
    margin : float
        Distance of the nearest dev sample to the decision boundary: by how much the likeliest class leads the
        second, in probability.
    loss : float
        The last training loss.
    digest : str
        `trainer.digest` of the network: it tells whether anything was really rounded otherwise.
    """

    model: str
    kernels: str
    simd: str
    train: int
    dev: int
    epochs: int
    margin: float
    loss: float
    digest: str


def certify(
    models: Mapping[str, Mapping[str, Any]],
    X_train: NDArray[Any],
    y_train: NDArray[Any],
    X_dev: NDArray[Any],
    y_dev: NDArray[Any],
    *,
    jobs: int = 1,
    beside: Callable[[], object] | None = None,
) -> tuple[Row, ...]:
    """Refit models under every set of kernels that this CPU can run.

    Parameters
    ----------
    models
        By name: all parameters of `MLPClassifier`, with ``random_state``.
    X_train, y_train, X_dev, y_dev
        The data.
    jobs
        How many processes may run at once.
    beside
        Work for this process when the first of them has ended: three of them leave one of two cores idle.

    Returns
    -------
    tuple of Row
        Model by model, the kernels in one order; a single set, as found, where none can be forced safely.

    Raises
    ------
    SearchError
        If a process dies.
    """
    work = pickle.dumps((dict(models), X_train, y_train, X_dev, y_dev))
    running: list[subprocess.Popen[bytes]] = []
    with ThreadPoolExecutor(jobs) as pool:
        try:
            refits = pool.map(partial(_refit, work, running), possible(numerics.detect()))
            found = [next(refits)]
            if beside:
                beside()
            found += refits
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in running:
                process.kill()
            raise
    return tuple(Row(**rows[place]) for place in range(len(models)) for rows in found)


def possible(machine: numerics.Machine) -> tuple[Kernels | None, ...]:
    """Choose the sets of kernels that can be forced on a machine; None stands for what it does by itself."""
    if numerics.obstacles(machine):
        return (None,)
    return tuple(kernels for kernels in ALL if kernels.needs <= machine.flags)


def holds(sets: Sequence[Mapping[str, Mapping[str, Any]]]) -> bool:
    """Tell whether each model has the same counts under all kernels.

    Parameters
    ----------
    sets
        For each set of kernels, by model: ``train`` and ``dev``, counts of correct answers.
    """
    counts = [{model: (found["train"], found["dev"]) for model, found in models.items()} for models in sets]
    return all(found == counts[0] for found in counts)


def _refit(
    work: bytes, running: list[subprocess.Popen[bytes]], kernels: Kernels | None
) -> list[dict[str, Any]]:
    """Fit the models in a process that runs these kernels."""
    environ = dict(os.environ)
    if kernels:
        environ |= {**numerics.THREADS, "OPENBLAS_CORETYPE": kernels.name}
        environ["NPY_DISABLE_CPU_FEATURES"] = kernels.switched_off
    with subprocess.Popen(
        [sys.executable, "-m", "experiments.certificate", str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
        cwd=Path(__file__).parents[1],
    ) as process:
        running.append(process)
        said, complained = process.communicate(work)
    if code := process.returncode:
        end = signal.Signals(-code).name if code < 0 else complained.decode()[-300:]
        name = kernels.name if kernels else "this machine's own"
        raise SearchError(
            f"The certificate's process with {name} kernels died ({end.strip()}): run it again."
        )
    rows: list[dict[str, Any]] = json.loads(said)
    return rows


def _main() -> None:
    """Read models and data from stdin, fit them, and write the rows to stdout as JSON."""
    import numpy as np  # noqa: PLC0415 - the environment has been set by whoever started this process
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    from experiments import trainer  # noqa: PLC0415

    models, X_train, y_train, X_dev, y_dev = pickle.load(sys.stdin.buffer)  # noqa: S301 - from `_refit` alone
    warnings.simplefilter("ignore")  # of convergence: the epochs tell
    environment = numerics.audit(numerics.Pins({}, {}, ()))
    names = sorted({entry["architecture"] for entry in environment["blas"]})
    rows = []
    for model, parameters in models.items():
        network = MLPClassifier(**parameters).fit(X_train, y_train)
        first_two = np.sort(network.predict_proba(X_dev), axis=1)[:, -2:]
        rows.append(
            {
                "model": model,
                "kernels": "/".join(names) or "unknown",
                "simd": environment["simd"],
                "train": int(np.count_nonzero(network.predict(X_train) == y_train)),
                "dev": int(np.count_nonzero(network.predict(X_dev) == y_dev)),
                "epochs": int(network.n_iter_),
                "margin": float((first_two[:, 1] - first_two[:, 0]).min()),
                "loss": float(network.loss_),
                "digest": trainer.digest(network),
            }
        )
    json.dump(rows, sys.stdout)


if __name__ == "__main__":
    workers.end_with(int(sys.argv[1]))
    _main()
