"""The outcomes of searches, one network a row in an SQLite file, so that nothing is trained twice.

An entry is found again by all that decides its bits: the data, the setting, the seed, the versions and the
numeric pins. Entries are written whole or not at all, and one that is damaged counts as missing.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct, json, msgpack

from experiments import numerics
from experiments.errors import SearchError
from experiments.record import Setting

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

FILE = "fits.sqlite3"
WAIT = 60.0  # seconds for another process that writes
# One tree, without an index beside it: the check at the start sees all of it.
TABLE = "CREATE TABLE IF NOT EXISTS fits (key INTEGER PRIMARY KEY, mark BLOB, entry BLOB)"
FIND = "SELECT mark, entry FROM fits WHERE key = ?"
# Not of a file that is locked, or on a disk that is full. None: a message that is no text.
DAMAGED = (None, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class Outcome(Struct, frozen=True):
    """The outcome of one setting with one seed."""

    setting: Setting
    seed: int
    train: int  # samples that the network has right; 0 where `failed`
    dev: int
    epochs: int
    converged: bool  # whether the stopping rule ended training, rather than ``max_iter``
    predicted: bytes  # the dev samples' classes, as places in the sorted labels, two bytes each
    digest: str  # `trainer.digest` of the network: the bits of its weights and biases
    failed: str = ""  # scikit-learn's reason where it refuses the network (weights that are not finite)

    @property
    def predictions(self) -> NDArray[np.uint16]:
        """The predicted classes (dev samples,)."""
        return np.frombuffer(self.predicted, "<u2")


class Store:
    """A file of outcomes in a folder, for data in an order that stays the same."""

    def __init__(self, folder: Path, *arrays: NDArray[Any]) -> None:
        data = hashlib.sha256()
        for array in arrays:
            data.update(f"{array.dtype.str}{array.shape}".encode())
            data.update(np.ascontiguousarray(array).tobytes())
        self._context = {"data": data.hexdigest(), "pins": in_force()}
        self._file = folder / FILE
        with self._refusals():
            folder.mkdir(parents=True, exist_ok=True)
            try:
                self._base = self._opened()
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # the latter in the former's message
                if getattr(error, "sqlite_errorcode", None) not in DAMAGED:
                    raise
                for file in folder.glob(f"{FILE}*"):
                    file.unlink()
                self._base = self._opened()

    def _opened(self) -> sqlite3.Connection:
        """Open or make the file; a DatabaseError says that it is damaged."""
        base = sqlite3.connect(self._file, timeout=WAIT, isolation_level=None)
        with contextlib.ExitStack() as unless_whole:
            unless_whole.callback(base.close)
            # With a log beside the file, a kill loses nothing, and no entry waits for the disk.
            base.execute("PRAGMA journal_mode = WAL")
            base.execute("PRAGMA synchronous = NORMAL")
            base.execute(TABLE)
            base.execute(FIND, [0])
            if base.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("damaged")
            unless_whole.pop_all()
        return base

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def load(self, setting: Setting, seed: int) -> Outcome | None:
        """Return the outcome if it is stored and undamaged."""
        key = self._key(setting, seed)
        try:
            found = self._base.execute(FIND, [_place(key)]).fetchone()
            if found and found[0] == _mark(key, found[1]):
                return msgpack.decode(found[1], type=Outcome)
        except (sqlite3.DatabaseError, TypeError, UnicodeDecodeError):
            pass
        return None

    def save(self, outcome: Outcome) -> None:
        """Write an outcome atomically."""
        key, entry = self._key(outcome.setting, outcome.seed), msgpack.encode(outcome)
        row = [_place(key), _mark(key, entry), entry]
        with self._refusals():
            self._base.execute("INSERT OR REPLACE INTO fits VALUES (?, ?, ?)", row)

    def _key(self, setting: Setting, seed: int) -> bytes:
        content = self._context | {"setting": setting, "seed": int(seed)}
        return hashlib.sha256(json.encode(content, order="sorted")).digest()

    @contextlib.contextmanager
    def _refusals(self) -> Iterator[None]:
        """Say what is wrong where the file cannot be made or written."""
        try:
            yield
        except (OSError, sqlite3.Error) as error:
            why = getattr(error, "strerror", None) or error
            raise SearchError(
                f"The search's store {self._file} cannot be written ({why}): free some space or give another"
                " folder and run it again; what was finished is kept."
            ) from error


def _place(key: bytes) -> int:
    return int.from_bytes(key[:8], "big", signed=True)


def _mark(key: bytes, entry: bytes) -> bytes:
    return hashlib.sha256(key + entry).digest()


@cache
def in_force() -> dict[str, Any]:
    """Return what decides the bits of a fit on this machine, besides data, setting and seed."""
    found = numerics.audit()
    return {name: found[name] for name in ("blas", "simd", "machine", "libc", "versions")}
