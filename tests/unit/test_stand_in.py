"""The stand-in data: what make_stand_in.py makes is what is shipped, and it is what data/README.md says."""

import hashlib
import runpy
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from experiments.dataset import FILE_NAMES, STAND_IN, load

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def script():
    """Return the script's names, the script not run."""
    return runpy.run_path(str(DATA / "make_stand_in.py"))


def test_the_script_makes_the_shipped_files(script):
    """The files in data/ and the hashes by which they are known are those of the script."""
    made = script["stand_in"]()

    assert tuple(made) == FILE_NAMES
    assert made == {name: (DATA / name).read_bytes() for name in FILE_NAMES}
    assert tuple(hashlib.sha256(content).hexdigest() for content in made.values()) == STAND_IN


def test_features_of_an_image_by_hand(script):
    """One stroke of ink in the top row, one of half the weight in the third: computed on paper."""
    image = [[0] * 8 for _ in range(8)]
    image[0][3], image[2][4] = 4, 2

    height, spread, asymmetry = script["features"](image)

    # mean row (4*0 + 2*2)/6 = 2/3; 7/2 - 2/3 = 17/6; mean square 8/6, less 4/9 is 8/9; nothing has a match
    assert [str(value) for value in (height, spread, asymmetry)] == ["17/6", "8/9", "1"]
    assert [script["printed"](value) for value in (height, spread, asymmetry)] == [
        "2.8333",
        "0.8889",
        "1.0000",
    ]


def test_features_of_all_images_in_floating_point():
    """Moments that numpy computes equal the features to the last printed digit."""
    images = load_digits().images
    share = images.sum(axis=2) / images.sum(axis=(1, 2))[:, None]
    row = np.arange(8)
    mean = share @ row
    unmatched = np.abs(images - images[:, ::-1]).sum(axis=(1, 2)) / images.sum(axis=(1, 2)) / 2
    expected = np.stack([3.5 - mean, share @ row**2 - mean**2, unmatched], axis=1)

    data = load(DATA)
    actual = np.concatenate([data.X_train, data.X_dev])

    assert np.abs(actual - expected).max() < 0.5001e-4


def test_labels_are_the_prime_digits():
    """A label is +1 exactly for 2, 3, 5 and 7."""
    data = load(DATA)

    primes = np.isin(load_digits().target, [2, 3, 5, 7])

    assert np.array_equal(np.concatenate([data.y_train, data.y_dev]) == 1, primes)
    assert data.classes == (-1, 1)


@pytest.mark.slow
def test_tuning_has_something_to_gain():
    """One other setting of the shipped space classifies many more of the development set than the default."""
    data = load(DATA)
    default = MLPClassifier(random_state=0)
    tuned = MLPClassifier((50, 50), learning_rate_init=0.01, batch_size=32, random_state=0)

    def correct(model):
        return int((model.predict(data.X_dev) == data.y_dev).sum())

    with pytest.warns(UserWarning, match="Maximum iterations"):
        default.fit(data.X_train, data.y_train)
    tuned.fit(data.X_train, data.y_train)

    assert 0.78 < correct(default) / 540 < 0.83
    assert correct(tuned) - correct(default) > 20
