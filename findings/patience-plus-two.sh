#!/usr/bin/env bash
# n_iter_no_change=10 ends training after 12 epochs without improvement, not after 10.
#
# One would expect: a network that never improves trains for 10 epochs, or for 11 with the first that counts as
#   best.
# What happens: MLPClassifier(n_iter_no_change=n) trains for n + 2 epochs, with early_stopping=True as well: the
#   first epoch always improves on infinity, and the counter must become greater than n, not equal to it.
# Seen with: scikit-learn 1.9.1; the comparison has been like this since the networks came in 0.18, when the limit
#   was fixed at 2 and the option did not exist.
# For this program: every network of the search that settles trained two epochs longer than the option says; a
#   trainer of one's own that stops after 10 gets other weights in each of them.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  scikit-learn==1.9.1 || { echo "NEEDS a package index"; exit 2; }
"$folder/venv/bin/python" - <<'END'
import sys

from sklearn.datasets import make_moons
from sklearn.neural_network import MLPClassifier

X, y = make_moons(400, noise=0.3, random_state=0)
as_stated = True
for early in (False, True):
    for patience in (1, 2, 5, 10):
        network = MLPClassifier(  # a step so small that no loss moves by tol
            learning_rate_init=1e-12, n_iter_no_change=patience, early_stopping=early, random_state=0
        ).fit(X, y)
        print(f"early_stopping={early!s:5} n_iter_no_change={patience:2}: {network.n_iter_} epochs")
        as_stated &= network.n_iter_ == patience + 2
sys.exit(not as_stated)
END
