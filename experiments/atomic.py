"""Atomic writes: a file is whole or absent, whether a full disk, an interrupt or a kill ends the writing."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write(file: Path, content: bytes, mark: str = "new") -> None:
    """Write a file beside its place, then rename it.

    Parameters
    ----------
    file
        Its folder must exist; a former file is replaced at the last moment.
    content
        All of it.
    mark
        Ends the name beside the place; writers that may meet need marks of their own. Only a kill leaves such
        a file behind.

    Raises
    ------
    OSError
        If the disk refuses; a former file stays.
    """
    beside = file.with_suffix(f".{mark}")
    try:
        beside.write_bytes(content)
        beside.replace(file)
    except BaseException:  # an interrupt, too, may come in the middle
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
