"""The one error of reading data."""

from __future__ import annotations


class DataError(ValueError):
    """Bad data: the text is one sentence that says what is wrong, where, and what to do."""
