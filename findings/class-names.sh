#!/usr/bin/env bash
# Renaming the classes changes a network's accuracy by dozens of samples.
#
# One would expect: what the classes are called cannot matter; with the same seed the network of the renamed labels
#   is the same up to the order of its outputs.
# What happens: three classes named 0, 1, 2 in the six possible ways: MLPClassifier with one seed gets 492 to 523 of
#   600 development samples right after 60 epochs (as seen; a spread of 10 or more is asked for here, the counts
#   depend on the kernels). The six networks see the same samples in the same order.
# Seen with: scikit-learn 1.9.1. Why: labels are sorted, and the initial weights of an output belong to its place,
#   not to its name; which class starts from which weights is as good as another seed.
# For this program: labels are taken as the files have them, and never renumbered, not even from 1 to 0; a grader
#   whose code does so finds other accuracies with the same seed.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  scikit-learn==1.9.1 || { echo "NEEDS a package index"; exit 2; }
"$folder/venv/bin/python" - <<'END'
import sys
import warnings
from itertools import permutations

import numpy as np
from sklearn.datasets import make_moons
from sklearn.neural_network import MLPClassifier

warnings.simplefilter("ignore")
X, _ = make_moons(1800, noise=0.3, random_state=0)
X = np.c_[X, X[:, 0] * X[:, 1]]
classes = (X[:, 0] > 0.5).astype(int) + (X[:, 1] > 0)
counts = {}
for names in permutations(range(3)):
    y = np.array(names)[classes]
    network = MLPClassifier((20,), random_state=0, max_iter=60).fit(X[:1200], y[:1200])
    counts[names] = int(np.count_nonzero(network.predict(X[1200:]) == y[1200:]))
    print(f"classes named {names}: {counts[names]} of 600 right")
sys.exit(max(counts.values()) - min(counts.values()) < 10)
END
