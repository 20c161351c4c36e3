"""The errors that a person can cause or fix; each text says what is wrong, where, and what to do."""

from __future__ import annotations


class DataError(ValueError):
    """Bad data."""


class SpaceError(ValueError):
    """A search space, or a setting in it, that cannot be searched."""


class SearchError(RuntimeError):
    """The machine failed a search: its disk, a worker, the scheduler of a cluster."""
