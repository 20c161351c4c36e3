#!/usr/bin/env bash
# A matrix product over more than 256 terms is not summed from left to right.
#
# One would expect: each element of A @ B is one running sum over its K terms; if OpenBLAS cuts long sums for its
#   cache at 256 terms, then into the first 256 and the rest.
# What happens: with the Haswell kernels, 257 terms are summed as 128 and 129, 500 as 252 and 248, 1257 as 256, 256,
#   256, 244 and 245, each piece from zero, the pieces added in order. While at least 512 terms are left, 256 are
#   taken; between 256 and 512 the rest is halved, rounded up to a multiple of four. Adding the products of the
#   pieces gives every bit.
# Seen with: numpy 2.4.6 with OpenBLAS 0.3.31, x86-64. Why: OpenBLAS' GEMM_Q is 256 for this kernel, and its driver
#   halves the last piece so that none is very short. Other kernels cut elsewhere: SkylakeX does not cut 512 at all.
# For this program: a trainer that is to have scikit-learn's bits must cut where OpenBLAS cuts, as soon as a batch
#   or a layer has more than 256; so experiments/trainer/kernel.c halves too.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  numpy==2.4.6 || { echo "NEEDS a package index"; exit 2; }
OPENBLAS_CORETYPE=Haswell OPENBLAS_NUM_THREADS=1 "$folder/venv/bin/python" - <<'END'
import platform
import sys

if platform.machine() != "x86_64" or " avx2" not in open("/proc/cpuinfo").read():
    print("NEEDS x86-64 with AVX2")
    sys.exit(2)
import numpy as np


def pieces(terms):
    while terms:
        take = 256 if terms >= 512 else (terms // 2 + 3) // 4 * 4 if terms > 256 else terms
        yield take
        terms -= take


def in_pieces(A, B, sizes):
    total, start = 0, 0
    for size in sizes:
        total = total + A[:, start : start + size] @ B[start : start + size]
        start += size
    return total


generator = np.random.default_rng(0)
as_stated = True
for terms in (256, 257, 300, 500, 512, 513, 600, 1000, 1257):
    A, B = generator.normal(size=(64, terms)), generator.normal(size=(terms, 50))
    cut, naive = list(pieces(terms)), [256, terms - 256] if terms > 256 else [terms]
    equal = np.array_equal(in_pieces(A, B, cut), A @ B)
    print(f"{terms:5} terms as {cut}: {'every bit' if equal else 'OTHER BITS'}", end="")
    other = np.count_nonzero(in_pieces(A, B, naive) != A @ B)
    print(f"; as {naive}: {other} of {A.shape[0] * B.shape[1]} elements differ")
    as_stated &= equal and (other > 0) == (naive != cut)
sys.exit(not as_stated)
END
