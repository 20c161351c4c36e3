#!/usr/bin/env bash
# A second BLAS thread changes the bits of a dot product from 10,001 elements on, but not of a product of two
# matrices of 1000 by 1000.
#
# One would expect: the large matrix product is what threads work on together, so its sums change; a dot product of
#   a few thousand numbers is too short for threads.
# What happens: with the Haswell kernels, A @ B of 1000 x 1000 has equal bits with one thread and with two; so has
#   np.dot of 10,000 numbers. np.dot and np.linalg.norm of 10,001 have not, nor has a product (2000, 300) @ (300,
#   10).
# Seen with: numpy 2.4.6 with OpenBLAS 0.3.31, x86-64. Why: threads share out the rows and columns of a product, and
#   an element's sum stays whole unless the share of one thread is cut otherwise; a dot product is cut in two.
# For this program: one thread is part of the pins, although few networks would show a difference in their products:
#   the penalty in the loss is a dot product of all weights of a layer, and (200, 200) has 40,000; the loss decides
#   when training stops.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  numpy==2.4.6 threadpoolctl==3.6.0 || { echo "NEEDS a package index"; exit 2; }
OPENBLAS_CORETYPE=Haswell OPENBLAS_NUM_THREADS=2 "$folder/venv/bin/python" - <<'END'
import platform
import sys

if platform.machine() != "x86_64" or " avx2" not in open("/proc/cpuinfo").read():
    print("NEEDS x86-64 with AVX2")
    sys.exit(2)
import numpy as np
from threadpoolctl import threadpool_limits

generator = np.random.default_rng(0)
A, B = generator.normal(size=(1000, 1000)), generator.normal(size=(1000, 1000))
C, D = generator.normal(size=(2000, 300)), generator.normal(size=(300, 10))
x = generator.normal(size=(20, 10_001))
# what, whether the bits are stated to change, how it is computed (several vectors: one sum may agree by luck)
products = (
    ("(1000, 1000) @ (1000, 1000)", False, lambda: A @ B),
    ("(2000, 300) @ (300, 10)", True, lambda: C @ D),
    ("dot of 10,000", False, lambda: np.array([np.dot(row[:10_000], row[:10_000]) for row in x])),
    ("dot of 10,001", True, lambda: np.array([np.dot(row, row) for row in x])),
    ("norm of 10,001", True, lambda: np.array([np.linalg.norm(row) for row in x])),
)
as_stated = True
for name, stated, compute in products:
    with threadpool_limits(1):
        alone = compute()
    with threadpool_limits(2):
        together = compute()
    changed = not np.array_equal(alone, together)
    print(f"{name:30} {'other bits' if changed else 'the same bits'} with two threads")
    as_stated &= changed == stated
sys.exit(not as_stated)
END
