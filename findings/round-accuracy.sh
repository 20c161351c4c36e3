#!/usr/bin/env bash
# np.round and Python's round give different accuracies to four decimals, for sets of 160, 800 or 1600 samples.
#
# One would expect: both round half to even and agree, but for numbers with very many decimals.
# What happens: of all 2,003,000 accuracies k/n with n up to 2000, 682 differ, and all of them have an n divisible
#   by 160: 1/160 is 0.0062 for numpy and 0.0063 for Python. With 800 samples it is 171 of the 801 possible
#   accuracies. Even the built-in round() follows numpy if the number is a np.float64.
# Seen with: numpy 2.4.6, Python 3.11. Why: Python rounds the number that the double really is,
#   0.00625000000000000035; numpy multiplies by 10000, which gives 62.5 exactly, and rounds that to even. Its
#   documentation calls this fast but sometimes inexact.
# For this program: an accuracy is printed once, by Python's format of a float, and beside it the count k/n, which
#   needs no rounding; who recomputes with pandas' or numpy's round may read another last digit.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  numpy==2.4.6 || { echo "NEEDS a package index"; exit 2; }
"$folder/venv/bin/python" - <<'END'
import sys
from collections import Counter

import numpy as np

differ = Counter()
for samples in range(1, 2001):
    exact = np.arange(samples + 1) / samples
    differ[samples] = sum(
        a != round(b, 4) for a, b in zip(np.round(exact, 4).tolist(), exact.tolist(), strict=True)
    )
hit = {samples: count for samples, count in differ.items() if count}
by_type = round(np.float64(1 / 160), 4), round(1 / 160, 4)
print("n and how many k/n differ:", hit)
print(f"in all {sum(hit.values())}; 1/160 by round(): np.float64 {by_type[0]}, float {by_type[1]}")
as_stated = sum(hit.values()) == 682 and hit[800] == 171 and all(samples % 160 == 0 for samples in hit)
sys.exit(not (as_stated and by_type == (0.0062, 0.0063)))
END
