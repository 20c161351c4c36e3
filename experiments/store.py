"""What a search has found out, kept on disk fit by fit, so that nothing is trained twice.

An entry is found again by all that decides its bits: the data, the setting, the seed, the versions and the
numeric pins. Entries are written whole or not at all, and one that is damaged counts as missing.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import atomic, numerics
from experiments.errors import SearchError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

FORMAT = 1  # of an entry; entries of another format are not found
STALE = 3600  # seconds after which a file that was never finished is swept away


@dataclass(frozen=True, eq=False)
class Outcome:
    """What became of one setting with one seed.

    Attributes
    ----------
    setting : mapping
        Parameters of `MLPClassifier`, without the seed.
    seed : int
        Its ``random_state``.
    train, dev : int
        How many samples of each set the network has right; 0 where `failed`.
    epochs : int
        ``n_iter_``.
    converged : bool
        Whether the stopping rule ended training, rather than ``max_iter``.
    predictions : ndarray of uint16 (dev samples,)
        Predicted classes on the development set, as places in the sorted labels.
    digest : str
        `trainer.digest` of the network: the bits of its weights and biases.
    failed : str
        scikit-learn's reason where it refuses the network (weights that are not finite), else empty.
    """

    setting: Mapping[str, Any]
    seed: int
    train: int
    dev: int
    epochs: int
    converged: bool
    predictions: NDArray[np.uint16]
    digest: str
    failed: str = ""


FIELDS = ("train", "dev", "epochs", "converged", "digest", "failed")


def plain(setting: Mapping[str, Any]) -> dict[str, Any]:
    """Return a setting in the one form that JSON has for it, whatever its numbers were written as."""
    sizes = setting.get("hidden_layer_sizes", (100,))
    sizes = sizes if isinstance(sizes, tuple | list) else (sizes,)
    known: dict[str, Any] = dict(setting) | {"hidden_layer_sizes": [int(size) for size in sizes]}
    if "learning_rate_init" in known:
        known["learning_rate_init"] = float(known["learning_rate_init"])
    return {name: value.item() if isinstance(value, np.generic) else value for name, value in known.items()}


class Store:
    """A folder of outcomes.

    Parameters
    ----------
    folder
        Made if it is missing.
    *arrays
        The data, in an order that stays the same.

    Raises
    ------
    SearchError
        If the folder cannot be made.
    """

    def __init__(self, folder: Path, *arrays: NDArray[Any]) -> None:
        self.folder = folder
        data = hashlib.sha256()
        for array in arrays:
            data.update(f"{array.dtype.str}{array.shape}".encode())
            data.update(np.ascontiguousarray(array).tobytes())
        self._context = {"format": FORMAT, "data": data.hexdigest(), "pins": in_force()}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for part in folder.glob("*/*.part"):
                if time.time() - part.stat().st_mtime > STALE:
                    part.unlink(missing_ok=True)
        except OSError as error:
            raise self._refused(error) from error

    def _path(self, setting: Mapping[str, Any], seed: int) -> Path:
        content = self._context | {"setting": plain(setting), "seed": int(seed)}
        name = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        return self.folder / name[:2] / f"{name}.json"

    def load(self, setting: Mapping[str, Any], seed: int) -> Outcome | None:
        """Return the outcome if it is there and whole."""
        path = self._path(setting, seed)
        try:
            checksum, _, body = path.read_bytes().partition(b"\n")
            if hashlib.sha256(path.name.encode() + body).hexdigest().encode() != checksum:
                return None
        except OSError:
            return None
        found = json.loads(body)
        packed = base64.b64decode(found.pop("predictions"))
        return Outcome(
            setting, seed, **found, predictions=np.frombuffer(packed, dtype="<u2").astype(np.uint16)
        )

    def save(self, outcome: Outcome) -> None:
        """Write an outcome, so that it is there whole or not at all.

        Raises
        ------
        SearchError
            If the disk refuses.
        """
        path = self._path(outcome.setting, outcome.seed)
        fields = {name: getattr(outcome, name) for name in FIELDS}
        packed = base64.b64encode(outcome.predictions.astype("<u2").tobytes()).decode()
        body = json.dumps(fields | {"predictions": packed}).encode()
        checksum = hashlib.sha256(path.name.encode() + body).hexdigest().encode()
        try:
            path.parent.mkdir(exist_ok=True)
            atomic.write(path, checksum + b"\n" + body, f"{os.getpid()}.part")
        except OSError as error:
            raise self._refused(error) from error

    def _refused(self, error: OSError) -> SearchError:
        return SearchError(
            f"The search's store {self.folder} cannot be written ({error.strerror or error}): free some space"
            " or give another folder and run it again; what was finished is kept."
        )


def in_force() -> dict[str, Any]:
    """Return what decides the bits of a fit on this machine, besides data, setting and seed."""
    found = numerics.audit()
    return {name: found[name] for name in ("blas", "simd", "machine", "libc", "versions")}
