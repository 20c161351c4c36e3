"""The stand-in data: what make_stand_in.py makes is what is shipped, and it is what data/README.md says."""

import hashlib
import runpy
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

from experiments.dataset import FILE_NAMES, STAND_IN, load

DATA = Path(__file__).parents[2] / "data"


def test_the_script_makes_the_shipped_files():
    """The files in data/ and the hashes by which they are known are those of the script."""
    made = runpy.run_path(str(DATA / "make_stand_in.py"))["stand_in"]()

    assert tuple(made) == FILE_NAMES
    assert made == {name: (DATA / name).read_bytes() for name in FILE_NAMES}
    assert tuple(hashlib.sha256(content).hexdigest() for content in made.values()) == STAND_IN


def test_features_and_labels_are_as_described():
    """Moments that numpy computes equal the features to the last printed digit; +1 is for 2, 3, 5 and 7."""
    digits, data = load_digits(), load(DATA)
    images, row = digits.images, np.arange(8)
    share = images.sum(axis=2) / images.sum(axis=(1, 2))[:, None]
    mean = share @ row
    unmatched = np.abs(images - images[:, ::-1]).sum(axis=(1, 2)) / images.sum(axis=(1, 2)) / 2
    expected = np.stack([3.5 - mean, share @ row**2 - mean**2, unmatched], axis=1)

    assert np.abs(np.concatenate([data.X_train, data.X_dev]) - expected).max() < 0.5001e-4
    primes = np.isin(digits.target, [2, 3, 5, 7])
    assert np.array_equal(np.concatenate([data.y_train, data.y_dev]) == 1, primes)
    assert data.classes == (-1, 1)
