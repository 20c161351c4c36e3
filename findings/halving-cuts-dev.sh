#!/usr/bin/env bash
# Successive halving also cuts the development set, whatever the split says: its first round scores on 75 of 600.
#
# One would expect: with PredefinedSplit the development rows are fixed, and HalvingGridSearchCV only begins with
#   fewer training rows.
# What happens: of 1200 training and 600 development rows the rounds score on 75, 150, 300 and at last 600. So
#   settings are dropped on 75 samples, and a score of an early round may lie above best_score_: 0.9067 against
#   0.85.
# Seen with: scikit-learn 1.9.1 (experimental there since 0.24). Why: both sides of each split are subsampled,
#   unless the resource is a parameter of the model such as max_iter.
# For this program: the search is exhaustive; halving by samples would choose among hundreds of settings on an
#   eighth of the development set, where one sample is 1.3 percent.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  scikit-learn==1.9.1 || { echo "NEEDS a package index"; exit 2; }
"$folder/venv/bin/python" - <<'END'
import sys

import numpy as np
from sklearn.datasets import make_moons
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import HalvingGridSearchCV, PredefinedSplit

X, y = make_moons(1800, noise=0.3, random_state=0)
scored = []


def accuracy(model, samples, labels):
    scored.append(len(labels))
    return float(np.mean(model.predict(samples) == labels))


search = HalvingGridSearchCV(
    LogisticRegression(),
    {"C": [10.0**power for power in range(-4, 4)]},
    cv=PredefinedSplit(np.repeat([-1, 0], [1200, 600])),
    scoring=accuracy,
    factor=2,
    refit=False,
    return_train_score=False,
    random_state=0,
).fit(X, y)
rounds = sorted(set(scored))
print("development samples scored on, by round:", rounds)
print(f"best_score_ {search.best_score_:.4f}, highest of any round {search.cv_results_['mean_test_score'].max():.4f}")
sys.exit(rounds != [75, 150, 300, 600])
END
