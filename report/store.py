"""What a stage made, kept beside the build under the stage's key, so that it need not be made again."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from experiments import atomic
from report import freshness
from report.interrupt import heeded

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from report.console import Console

T = TypeVar("T")

FOLDER = ".kept"


@dataclass(frozen=True)
class Store:
    """The kept results of one build's stages.

    Attributes
    ----------
    folder : Path
        Where they lie, one JSON file each.
    keys : mapping
        The key of each stage, as it was when the build began (and the program was loaded).
    now : callable
        Gives the keys as they are at the moment of the call.
    console : Console
        Is told why a stage runs, or that its result is reused.
    force : bool
        Make everything again, whatever is kept.
    """

    folder: Path
    keys: Mapping[str, freshness.Key]
    now: Callable[[], Mapping[str, freshness.Key]]
    console: Console
    force: bool

    def made(self, stage: str, kind: type[T], make: Callable[[], T]) -> T:
        """Give a stage's result: the kept one if all it depends on is the same, else a new one.

        Parameters
        ----------
        stage : str
            The stage's name, as a person reads it.
        kind : type
            Of the result: one that msgspec reads and writes.
        make : callable
            Makes the result, which is then read back from JSON, so that the stages after it cannot tell a new
            result from a kept one.
        """
        file = self.folder / f"{stage}.json"
        key = self.keys[stage]
        kept = read(file)
        reason = "asked for with --force" if self.force else freshness.why(kept and kept["key"], key)
        if kept and not reason:
            self.console.note(f"-- {stage}: unchanged, reused")
            return msgspec.convert(kept["result"], kind)
        with self.console.stage(stage, reason), heeded():
            result = make()
        body = msgspec.json.encode({"key": key, "result": result}).decode()
        if self.now()[stage] == key:  # else something changed meanwhile: what is this result made from?
            write(file, body)
        return msgspec.convert(json.loads(body)["result"], kind)

    def shelf(self, name: str) -> Path:
        """Give a folder for what a stage keeps by itself, piece by piece; what another key made there goes.

        Parameters
        ----------
        name : str
            The key's name: it covers all that the pieces depend on and do not say themselves.
        """
        digest = freshness.digest(json.dumps(self.keys[name], sort_keys=True).encode())
        shelf = self.folder / f"{name}-{digest[:16]}"
        for other in self.folder.glob(f"{name}-*"):
            if self.force or other != shelf:
                shutil.rmtree(other, ignore_errors=True)
        return shelf


def read(file: Path) -> dict[str, Any] | None:
    """Read a kept ``key`` and ``result``; None if there are none, or their bytes are not those written."""
    try:
        digest, _, body = file.read_text(encoding="utf-8").partition("\n")
        if freshness.digest(body.encode()) != digest:
            return None
        found: dict[str, Any] = json.loads(body)
    except (OSError, ValueError):
        return None
    return found if found.keys() == {"key", "result"} else None


def write(file: Path, body: str) -> None:
    """Keep a result with its digest; a file that is there was written whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    atomic.write(file, f"{freshness.digest(body.encode())}\n{body}".encode())
