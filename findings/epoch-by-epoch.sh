#!/usr/bin/env bash
# Twenty calls of partial_fit are one fit of twenty epochs, to the last bit, unless samples are shuffled; twenty
# warm starts never are; and n_iter_ says 1 after either.
#
# One would expect: partial_fit takes the next epoch where the last one ended, and warm_start=True with max_iter=1
#   is the same thing; or else neither is.
# What happens: partial_fit keeps Adam's moments but sets up the random generator anew, so from the second epoch on
#   each shuffles alike: exact with shuffle=False, another network with the default. A warm start forgets the
#   moments as well. After 20 epochs n_iter_ is 1 in both, and only t_, the samples seen, and loss_curve_ tell.
# Seen with: scikit-learn 1.9.1, with random_state an integer; with a RandomState object partial_fit shuffles anew.
# For this program: accuracy over the epochs cannot be had by fitting epoch by epoch; it must look into one fit.

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
seen = {}
for shuffle in (False, True):
    options = {"hidden_layer_sizes": (20,), "batch_size": 50, "random_state": 0, "shuffle": shuffle}
    whole = MLPClassifier(max_iter=20, n_iter_no_change=1000, **options).fit(X, y)
    parts, warm = MLPClassifier(**options), MLPClassifier(max_iter=1, warm_start=True, **options)
    for _ in range(20):
        parts.partial_fit(X, y, classes=[0, 1])
        warm.fit(X, y)
    for name, network in (("partial_fit", parts), ("warm_start", warm)):
        seen[shuffle, name] = float(np.abs(whole.coefs_[0] - network.coefs_[0]).max())
        told = network.n_iter_, network.t_, len(network.loss_curve_)
        print(f"shuffle={shuffle!s:5} {name:11} off by {seen[shuffle, name]:.3g}; n_iter_, t_, curve: {told}")
exact = [key for key, off in seen.items() if off == 0]
sys.exit(not (exact == [(False, "partial_fit")] and parts.n_iter_ == warm.n_iter_ == 1))
END
