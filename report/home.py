"""Where libraries keep things between runs: at home, or with the build where there is no home."""

from __future__ import annotations

import os
from pathlib import Path

CACHE = "MPLCONFIGDIR"  # matplotlib's; its list of fonts takes seconds to make


def replace(folder: Path) -> None:
    """Let matplotlib keep its things in `folder` if it can keep them nowhere else; before it is imported."""
    if CACHE in os.environ:
        places = [Path(os.environ[CACHE])]
    else:
        try:
            home = Path.home()
        except RuntimeError:  # nobody knows where
            home = Path("/dev/null")
        places = [
            Path(os.environ.get(f"XDG_{kind.upper()}_HOME") or home / f".{kind}")
            for kind in ("config", "cache")
        ]
    if not all(_usable(place) for place in places):
        os.environ[CACHE] = str(folder.resolve())


def _usable(folder: Path) -> bool:
    """Tell whether something can be written in a folder, or the folder be made."""
    there = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    return there.is_dir() and os.access(there, os.W_OK)
