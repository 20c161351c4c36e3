#!/usr/bin/env bash
# joblib hashes equal arguments differently: a slice and its copy, [t, t] and [t, u] with t == u.
#
# One would expect: joblib.hash is a hash of values, so what is equal and of one type has one hash, whatever its
#   history.
# What happens: a[:, ::2] and its copy have different hashes, so have an array and its Fortran copy, and a column of
#   ones and the transpose of a row of ones, which have the same shape and bytes. [t, t] with one tuple and with two
#   equal ones differ, with lists and as values of a dictionary too; equal strings and numbers do not.
#   frozenset("abc") depends on how it was made.
# Seen with: joblib 1.6.0, numpy 2.4.6. Why: strides go into the hash of an array, and everything else is hashed as
#   its pickle, which writes an object that it has met before as a reference.
# For this program: a Memory would train anew for what it has; kept fits are found by a canonical text of the
#   setting and by the bytes of contiguous arrays.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  numpy==2.4.6 joblib==1.6.0 || { echo "NEEDS a package index"; exit 2; }
"$folder/venv/bin/python" - <<'END'
import sys

import numpy as np
from joblib import hash as digest

a, t = np.arange(12.0).reshape(3, 4), (1.0, 2.0)
u = tuple([1.0, 2.0])
pairs = {
    "slice and copy": (a[:, ::2], a[:, ::2].copy()),
    "array and Fortran copy": (a, np.asfortranarray(a)),
    "column and transposed row": (np.ones((3, 1)), np.ones((1, 3)).T),
    "one tuple twice, two equal ones": ([t, t], [t, u]),
    "the same in a dictionary": ({"p": t, "q": t}, {"p": t, "q": u}),
    "one list twice, two equal ones": ([[1]] * 2, [[1], [1]]),
    "row and copy": (a[1], a[1].copy()),
    "one string twice, two equal ones": (["ab"] * 2, ["ab", "".join("ab")]),
    "dictionaries in another order": ({"p": 1, "q": 2}, {"q": 2, "p": 1}),
}
equal = [digest(left) == digest(right) for left, right in pairs.values()]
for name, same in zip(pairs, equal, strict=True):
    print(f"{name:34} {'one hash' if same else 'two hashes'}")
sys.exit(equal != [False] * 6 + [True] * 3)
END
