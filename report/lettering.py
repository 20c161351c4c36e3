"""Names from the data in figures: a long one is replaced by a number, which the caption explains."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LONGEST = 24  # characters that fit beside a figure
ROWS_OF_VALUES = 12  # of each hyper-parameter, those with the highest maxima


def drawn(texts: Sequence[str], stem: str) -> tuple[str, ...]:
    """Return what a figure shows for each text: itself, or `stem` and its number in parentheses."""
    return tuple(
        text if len(text) <= LONGEST else f"({stem} {number})" for number, text in enumerate(texts, start=1)
    )
