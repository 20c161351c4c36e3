#!/usr/bin/env bash
# SymPy gives a sum from 1 to -3 two values: -(0 - 1 - 2) = 3 when it simplifies, 0 when it computes.
#
# One would expect: a sum whose upper bound lies below the lower one is empty: 0, and a product 1, everywhere.
# What happens: Sum(k, (k, 1, -3)).doit() and .evalf() give 3, Product(j, (j, 5, 2)).doit() gives 1/12, the
#   reciprocal of what was left out; lambdify of the same sum, and mpmath's nsum and nprod, give 0, 0 and 1.
# Seen with: SymPy 1.14, mpmath 1.3. Why: SymPy follows Karr's convention, under which sums over adjoining ranges
#   always add up; lambdify makes a loop over Python's range. Only one step below the bound do both agree.
# For this program: the general form of question 1(c) has a product from k + 1 to t, empty for k = t, where both
#   agree; its own evaluation in derivations/ never relies on bounds that lie further apart.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  sympy==1.14.0 || { echo "NEEDS a package index"; exit 2; }
"$folder/venv/bin/python" - <<'END'
import sys

import mpmath
import sympy as sp

j, k, n = sp.symbols("j k n")
seen = {
    "sum, doit": sp.Sum(k, (k, 1, -3)).doit(),
    "sum, evalf": sp.Sum(k, (k, 1, -3)).evalf(),
    "sum, lambdify": sp.lambdify(n, sp.Sum(k, (k, 1, n)))(-3),
    "sum, mpmath": mpmath.nsum(lambda x: x, [1, -3]),
    "product, doit": sp.Product(j, (j, 5, 2)).doit(),
    "product, mpmath": mpmath.nprod(lambda x: x, [5, 2]),
    "one below, doit": sp.Sum(k, (k, 1, 0)).doit(),
}
for name, value in seen.items():
    print(f"{name:16} {value}")
sys.exit([float(value) for value in seen.values()] != [3, 3, 0, 0, 1 / 12, 1, 0])
END
