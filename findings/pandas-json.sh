#!/usr/bin/env bash
# pandas reads 92 of 100 doubles wrong from JSON and writes none of them right; from CSV it reads them right since
# 3.1.
#
# One would expect: a number written with 17 digits comes back as it was, in both formats; or is inexact in both.
# What happens: of 100,000 uniform doubles, written as Python writes them, read_csv gets all (pandas 3.0.6 and older
#   got 36,110 wrong by a last bit), read_json gets 92,199 wrong, of numbers with three decimals still 13,768.
#   precise_float=True reads all right. to_json writes ten decimals: none of the 100,000 survives.
# Seen with: pandas 3.1.1; read_csv became exact in 3.1.0, with float_precision deprecated. Why: read_json has a
#   parser of its own, ujson's, that multiplies by powers of ten.
# For this program: one wrong last bit in the inputs is enough to change what a chaotic setting learns. The notebook
#   reads the files as text and converts with Python's float, so any pandas will do; results.json is read by json.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  pandas==3.1.1 || { echo "NEEDS a package index"; exit 2; }
"$folder/venv/bin/python" -W ignore - <<'END'
import io
import json
import sys

import numpy as np
import pandas as pd

generator = np.random.default_rng(0)
seen = {}
for name, exact in (
    ("uniform", generator.uniform(size=100_000)),
    ("three decimals", generator.normal(size=100_000).round(3)),
):
    texts = [repr(value) for value in exact.tolist()]
    csv, array = "x\n" + "\n".join(texts), "[" + ",".join(texts) + "]"
    written = json.loads(pd.Series(exact).to_json(orient="values"))
    found = {
        "read_csv": pd.read_csv(io.StringIO(csv))["x"],
        "read_json": pd.read_json(io.StringIO(array), typ="series"),
        "precise_float": pd.read_json(io.StringIO(array), typ="series", precise_float=True),
        "to_json": written,
    }
    seen[name] = {way: int(np.count_nonzero(np.asarray(values) != exact)) for way, values in found.items()}
    print(f"{name:15} wrong of 100,000: {seen[name]}")
uniform = seen["uniform"]
stated = uniform["read_csv"] == uniform["precise_float"] == 0 and uniform["to_json"] == 100_000
sys.exit(not (stated and uniform["read_json"] > 80_000 and seen["three decimals"]["read_json"] > 10_000))
END
