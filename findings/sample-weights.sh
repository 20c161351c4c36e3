#!/usr/bin/env bash
# A weight of 2 for every sample is not the same as no weights: it halves the regularisation. And one batch of
# weight zero ends the fit with an error.
#
# One would expect: sample_weight is relative, so equal weights of any size change nothing, as in LogisticRegression
#   with its penalty left aside; samples of weight zero are skipped.
# What happens: with MLPClassifier weights of 1 give every bit of the unweighted network. Weights of 2 give another
#   one, equal in every bit to no weights with half of alpha; 1000 is a thousandth. Where all samples of one batch
#   have weight zero, fit raises ZeroDivisionError: "Weights sum to zero".
# Seen with: scikit-learn 1.9.1; weights came with 1.7. Why: the penalty is divided by the sum of a batch's weights.
# For this program: none of its numbers is weighted; who repeats the search with weights should scale them to mean
#   1.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  scikit-learn==1.9.1 || { echo "NEEDS a package index"; exit 2; }
"$folder/venv/bin/python" - <<'END'
import sys
import warnings

import numpy as np
from sklearn.datasets import make_moons
from sklearn.neural_network import MLPClassifier

warnings.simplefilter("ignore")
X, y = make_moons(800, noise=0.3, random_state=0)


def weights(each=None, alpha=0.0001):
    network = MLPClassifier((20,), alpha=alpha, batch_size=50, max_iter=30, random_state=0)
    return network.fit(X, y, sample_weight=each).coefs_[0]


plain = weights()
same = [np.array_equal(plain, weights(np.full(800, size))) for size in (1.0, 2.0)]
largest = [np.abs(plain - weights(np.full(800, size))).max() for size in (2.0, 1000.0)]
halved = np.array_equal(weights(np.full(800, 2.0)), weights(alpha=0.00005))
print(f"the unweighted network from weights of 1: {same[0]}, of 2: {same[1]}; weights move by {largest}")
print(f"weights of 2 are half of alpha, to the last bit: {halved}")
try:
    weights(np.r_[np.zeros(799), 1.0])
    message = "none"
except ZeroDivisionError as error:
    message = str(error)
print("batches of weight zero:", message)
sys.exit(not (same == [True, False] and halved and "zero" in message))
END
