"""Is an output still true? Each stage has a key, made of all that could change it; standard library only."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ROOT = Path(__file__).resolve().parent.parent
STAMPS = ".stamps.json"
Key = dict[str, str]


def files(paths: Iterable[Path]) -> Key:
    """Give the sha256 of each file by its path from the project's root (or its absolute path)."""
    return {
        str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path): _sha256(path.read_bytes())
        for path in sorted(paths)
        if path.is_file()
    }


def code(package: str) -> Key:
    """Give the key of a package's own code."""
    return files((ROOT / package).rglob("*.py"))


def versions(*distributions: str) -> Key:
    """Give the versions of Python and of the named distributions."""
    found = {f"{name}'s version": importlib.metadata.version(name) for name in distributions}
    return {"Python's version": platform.python_version(), **found}


def value(name: str, content: Any) -> Key:
    """Give the key of a parameter, by its value."""
    return {name: json.dumps(content, sort_keys=True, default=str)}


def why(old: Mapping[str, str] | None, new: Mapping[str, str]) -> str:
    """Say why a stage must run: what changed since `old`; empty if nothing did."""
    if old is None:
        return "nothing kept from before"
    changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    if not changed:
        return ""
    return f"{', '.join(changed[:3])}{f' and {len(changed) - 3} more' if len(changed) > 3 else ''} changed"


def load(out: Path) -> dict[str, Any]:
    """Read what the last good build noted of itself; empty if there was none, or its note is damaged."""
    try:
        found = json.loads((out / STAMPS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def outputs_intact(out: Path, manifest_sha256: str) -> str:
    """Say which output is missing or was changed after the build; empty if none was."""
    try:
        content = (out / "manifest.json").read_bytes()
        if _sha256(content) != manifest_sha256:
            return "manifest.json was changed"
        entries = json.loads(content)["files"]
        for name, entry in entries.items():
            if _sha256((out / name).read_bytes()) != entry["sha256"]:
                return f"{name} was changed"
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing"
    except (OSError, ValueError, KeyError, TypeError):
        return "manifest.json cannot be read"
    return ""


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
