#!/usr/bin/env bash
# SQLite forgets the sign of -0.0, turns NaN into NULL, keeps 15 digits of a float in a text column; and a count
# from numpy is stored as a blob that is larger than every number.
#
# One would expect: a REAL column gives back the double that was put in; a numpy integer is stored as an integer, or
#   refused as other foreign types are.
# What happens: -0.0 comes back from a REAL column as 0.0 (a column without a type keeps it), NaN as None from all.
#   Of 2000 doubles cast to text and back 9 in 10 differ. np.int64(3) is bound as its eight bytes: typeof says blob,
#   ORDER BY puts it above 500, and n > 1000 finds it. np.float64 is stored as a number.
# Seen with: Python's sqlite3 with SQLite 3.40.1, numpy 2.4.6. Why: REAL columns keep whole numbers as integers to
#   save space, and an integer has no -0; sqlite3 takes whatever offers its bytes, and numpy's scalars do.
# For this program: bits of weights are never kept as columns; counts are made int() before they leave numpy.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  numpy==2.4.6 || { echo "NEEDS a package index"; exit 2; }
"$folder/venv/bin/python" - <<'END'
import math
import random
import sqlite3
import sys

import numpy as np

base = sqlite3.connect(":memory:")
base.execute("create table numbers (r real, free)")
base.executemany("insert into numbers values (?, ?)", [(-0.0, -0.0), (math.nan, math.nan)])
(real, free), (lost, _) = base.execute("select * from numbers").fetchall()
print(sqlite3.sqlite_version, "-0.0 from REAL:", real, "from a column without type:", free, "; NaN:", lost)

generator = random.Random(0)
values = [generator.random() for _ in range(2000)]
cast = "select cast(cast(? as text) as real)"
changed = sum(base.execute(cast, (value,)).fetchone()[0] != value for value in values)
print("doubles changed by text and back:", changed, "of 2000")

base.execute("create table counts (n integer, origin text)")
base.executemany("insert into counts values (?, ?)", [(500, "int"), (np.int64(3), "numpy"), (np.float64(4), "float64")])
rows = base.execute("select origin, typeof(n), n > 1000 from counts order by n desc").fetchall()
print("largest first, with n > 1000:", rows)
sign = math.copysign(1, real), math.copysign(1, free)
stated = [("numpy", "blob", 1), ("int", "integer", 0), ("float64", "integer", 0)]
sys.exit(not (sign == (1, -1) and lost is None and changed > 1500 and rows == stated))
END
