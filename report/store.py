"""What a stage made, kept beside the build under the stage's key, so that it need not be made again."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from report import freshness

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from report.console import Console

FOLDER = ".kept"


def made(
    out: Path,
    stage: str,
    key: freshness.Key,
    make: Callable[[], dict[str, Any]],
    console: Console,
    *,
    force: bool,
) -> dict[str, Any]:
    """Give a stage's result: the kept one if its key is still the same and it is undamaged, else a new one.

    Parameters
    ----------
    out : Path
        The build's folder.
    stage : str
        The stage's name, as a person reads it.
    key : mapping
        All that the result depends on.
    make : callable
        Makes the result, of JSON's own types.
    console : Console
        Is told why the stage runs, or that it is reused.
    force : bool
        Make it again whatever is kept.
    """
    file = out / FOLDER / f"{stage}.json"
    kept = _read(file)
    reason = "asked for with --force" if force else freshness.why(kept["key"] if kept else None, key)
    if kept and not reason:
        console.note(f"-- {stage}: unchanged, reused")
        result: dict[str, Any] = kept["result"]
        return result
    with console.stage(stage, reason):
        result = make()
    _write(file, key, result)
    return result


def _read(file: Path) -> dict[str, Any] | None:
    """Read a kept result; None if there is none or its bytes are not those that were written."""
    try:
        digest, _, body = file.read_text(encoding="utf-8").partition("\n")
        if hashlib.sha256(body.encode()).hexdigest() != digest:
            return None
        found: dict[str, Any] = json.loads(body)
    except (OSError, ValueError):
        return None
    return found


def _write(file: Path, key: freshness.Key, result: dict[str, Any]) -> None:
    body = json.dumps({"key": key, "result": result})
    file.parent.mkdir(parents=True, exist_ok=True)
    beside = file.with_suffix(".new")
    beside.write_text(f"{hashlib.sha256(body.encode()).hexdigest()}\n{body}", encoding="utf-8")
    beside.replace(file)
