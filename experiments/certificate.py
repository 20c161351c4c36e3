"""Do the reported counts depend on the CPU? Default and best network refitted under other kernels.

Each kernel set runs in a process of its own, since BLAS and numpy choose their loops when they load.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments.portable import look

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 600


@dataclass(frozen=True)
class Kernels:
    """A set of loops: its name, the variables that force it, and the CPU flags that it needs."""

    name: str
    environment: Mapping[str, str]
    flags: frozenset[str]


SETS = (
    Kernels(
        "Haswell, AVX2",
        {"OPENBLAS_CORETYPE": "Haswell", "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"},
        frozenset({"avx2", "fma"}),
    ),
    Kernels(
        "Nehalem, SSE4.2",
        {"OPENBLAS_CORETYPE": "Nehalem", "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"},
        frozenset({"sse4_2"}),
    ),
    Kernels(
        "SkylakeX, AVX-512",
        {"OPENBLAS_CORETYPE": "SkylakeX", "NPY_DISABLE_CPU_FEATURES": ""},
        frozenset({"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}),
    ),
)


def certify(
    settings: Mapping[str, Mapping[str, Any]],
    X_train: NDArray[np.float64],
    y_train: NDArray[Any],
    X_dev: NDArray[np.float64],
    y_dev: NDArray[Any],
) -> list[dict[str, Any]]:
    """Refit settings under each kernel set, with scikit-learn itself.

    Parameters
    ----------
    settings : mapping
        Name to `MLPClassifier` parameters with their ``random_state``.
    X_train, y_train, X_dev, y_dev : ndarray
        The data.

    Returns
    -------
    list of dict
        For each kernel set ``kernels`` (its name) and ``models``: by name ``train`` and ``dev`` (counts) and
        ``margin``, the smallest distance of a development sample from changing its class: the gap between its
        two most probable classes, halved. ``models`` is None where this CPU lacks the instructions.
    """
    flags = look().flags
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "data.npz")
        # Classes as numbers: what the network computes does not depend on their names.
        classes = np.unique(y_train)
        np.savez(
            file,
            X_train=X_train,
            y_train=np.searchsorted(classes, y_train),
            X_dev=X_dev,
            y_dev=np.searchsorted(classes, y_dev),
        )
        for kernels in SETS:
            models = _refitted(kernels, settings, file) if kernels.flags <= flags else None
            rows.append({"kernels": kernels.name, "models": models})
    return rows


def _refitted(kernels: Kernels, settings: Mapping[str, Mapping[str, Any]], file: Path) -> dict[str, Any]:
    """Run this module in a process with these kernels; it answers in JSON."""
    environ = {**os.environ, **kernels.environment, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, "-m", "experiments.certificate", str(file)],
        input=json.dumps({name: dict(setting) for name, setting in settings.items()}),
        env=environ,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    models: dict[str, Any] = json.loads(done.stdout)
    return models


def _main() -> None:
    """Fit what is asked for on standard input, on the data of the file named, and print the counts."""
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415 - the parent need not load it here

    data = np.load(sys.argv[1])
    told = {}
    for name, setting in json.load(sys.stdin).items():
        model = MLPClassifier(**setting).fit(data["X_train"], data["y_train"])
        ranked = np.sort(model.predict_proba(data["X_dev"]), axis=1)
        told[name] = {
            "train": int(np.sum(model.predict(data["X_train"]) == data["y_train"])),
            "dev": int(np.sum(model.predict(data["X_dev"]) == data["y_dev"])),
            "margin": float(np.min(ranked[:, -1] - ranked[:, -2]) / 2),
        }
    print(json.dumps(told))  # noqa: T201 - the answer


if __name__ == "__main__":
    _main()
