# ruff: noqa: INP001 -- a script beside the files that it makes, not a package
"""Make the four stand-in CSV files from scikit-learn's handwritten digits (data/README.md explains them).

Each 8 x 8 image becomes three features. They are computed in exact rational arithmetic and rounded once,
half to even, so every machine writes the same bytes.
"""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from sklearn.datasets import load_digits

N_TRAIN = 1257  # the first samples; the other 540 are the development set
PRIMES = {2, 3, 5, 7}
DECIMALS = 4

Image = list[list[int]]  # eight rows, top to bottom, of eight grey values from 0 (paper) to 16 (ink)


def features(image: Image) -> tuple[Fraction, Fraction, Fraction]:
    """Return height, spread and asymmetry of the ink, exactly.

    Returns
    -------
    height : Fraction
        How far the centre of the ink lies above the middle of the image, in pixel rows.
    spread : Fraction
        Variance of the ink's row, in squared pixel rows.
    asymmetry : Fraction
        Share of the ink, from 0 to 1, that finds no counterpart when the image is turned upside down.
    """
    rows = [sum(row) for row in image]
    ink = sum(rows)
    mean = Fraction(sum(i * row for i, row in enumerate(rows)), ink)
    mean_square = Fraction(sum(i * i * row for i, row in enumerate(rows)), ink)
    unmatched = sum(
        abs(a - b)
        for row, mirrored in zip(image, image[::-1], strict=True)
        for a, b in zip(row, mirrored, strict=True)
    )
    return Fraction(7, 2) - mean, mean_square - mean**2, Fraction(unmatched, 2 * ink)


def printed(value: Fraction) -> str:
    """Return the value with four decimals, rounded half to even."""
    return str(Decimal(round(value * 10**DECIMALS)).scaleb(-DECIMALS))


def stand_in() -> dict[str, bytes]:
    """Return the content of the four files by name: no header, a comma between cells, LF line ends."""
    digits = load_digits()
    inputs = [",".join(map(printed, features(image))) for image in digits.images.astype(int).tolist()]
    labels = ["1" if digit in PRIMES else "-1" for digit in digits.target.tolist()]

    def file(lines: list[str]) -> bytes:
        return "".join(f"{line}\n" for line in lines).encode("ascii")

    return {
        "trnX-3d.csv": file(inputs[:N_TRAIN]),
        "trnY-3d.csv": file(labels[:N_TRAIN]),
        "devX-3d.csv": file(inputs[N_TRAIN:]),
        "devY-3d.csv": file(labels[N_TRAIN:]),
    }


if __name__ == "__main__":
    for name, content in stand_in().items():
        (Path(__file__).parent / name).write_bytes(content)
