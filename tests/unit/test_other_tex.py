"""One document as three TeX Lives set it (tests/data/tex): the same words on lines at other places."""

from __future__ import annotations

from pathlib import Path

import pytest

from report.verify import pages
from report.verify.findings import Same

SET = {
    int(file.stem[2:]): file.read_bytes()
    for file in (Path(__file__).parents[1] / "data" / "tex").glob("tl*.pdf")
}


@pytest.mark.parametrize(
    ("given", "made", "same"),
    [
        (2022, 2022, Same.BYTES),
        (2022, 2024, Same.TEXT),
        (2024, 2022, Same.TEXT),
        (2024, 2026, Same.NO),  # whose large operators are copied as other characters
    ],
)
def test_pages_of_another_tex_are_compared_by_what_they_say(given: int, made: int, same: str) -> None:
    """Where two TeX Lives say the same there is no difference; else the place is named, and the other TeX."""
    found = pages.compare(SET[given], SET[made])

    assert found.same == same
    assert bool(found.places) == (same is Same.NO)
    assert bool(found.other_tex) == (given != made)
