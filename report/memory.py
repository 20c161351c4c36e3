"""Whether there is memory left."""

from __future__ import annotations

import mmap

ROOM = 256 * 2**20  # bytes: what a few threads want to reserve, more than half of it never touched


def is_short() -> bool:
    """Tell whether so little is left that libraries fail in odd ways, or end the whole process."""
    try:
        mmap.mmap(-1, ROOM).close()
    except OSError:
        return True
    return False
