#!/usr/bin/env bash
# In which order numpy and pandas put ties depends on the CPU, from five elements on.
#
# One would expect: the default sort is "not stable" in theory, but deterministic, the same on every machine, and
#   stable for up to 16 elements, where it is an insertion sort.
# What happens: on a CPU with AVX2 argsort reorders ties among as few as five numbers (50 of 200 arrays); with
#   numpy's loops for AVX2 switched off none of 200 arrays of 5, 8 or 16 is reordered. pandas' sort_values inherits
#   it: the same tables of 8 rows come out in another order in most cases.
# Seen with: numpy 2.4.6, pandas 3.1.1, x86-64; since numpy 1.25 (AVX-512) and 2.0 (AVX2), which sort with vector
#   instructions. Sorted values are the same; it is the order of rows that is not.
# For this program: settings often tie at the top, and the first of a table is what a person reads; so every sort of
#   the notebook and the report says kind="stable".

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  numpy==2.4.6 pandas==3.1.1 || { echo "NEEDS a package index"; exit 2; }
cat > "$folder/order.py" <<'END'
import numpy as np
import pandas as pd

for size in (5, 8, 16):
    reordered = 0
    for seed in range(200):
        values = np.random.default_rng(seed).integers(0, 4, size).astype(float)
        reordered += not np.array_equal(np.argsort(values), np.argsort(values, kind="stable"))
    print(reordered, end=" ")
tables = [pd.DataFrame({"dev": np.random.default_rng(seed).integers(0, 4, 8)}, dtype=float) for seed in range(200)]
print(sum(list(t.sort_values("dev").index) != list(t.sort_values("dev", kind="stable").index) for t in tables))
END
grep -qs ' avx2' /proc/cpuinfo || { echo "NEEDS x86-64 with AVX2"; exit 2; }
with=$("$folder/venv/bin/python" "$folder/order.py")
without=$(NPY_DISABLE_CPU_FEATURES="X86_V3 X86_V4 AVX512_ICL AVX512_SPR" \
  "$folder/venv/bin/python" -W ignore "$folder/order.py")
echo "reordered ties, of 200 each: arrays of 5, of 8, of 16; tables of 8 rows"
echo "AVX2 on:  $with"
echo "AVX2 off: $without"
[ "$without" = "0 0 0 0" ] && [ "${with%% *}" -gt 0 ] && [ "${with##* }" -gt 0 ]
