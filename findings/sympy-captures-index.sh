#!/usr/bin/env bash
# Substituting k into a SymPy sum over k makes it the sum of k^2.
#
# One would expect: the summation index is bound, so SymPy renames it before a k from outside comes in, or refuses.
# What happens: Sum(x*k, (k, 1, n)).subs(x, k) is Sum(k**2, (k, 1, n)), and at n = 3 that is 14 instead of 6*k.
#   Product, Integral, Lambda and xreplace do the same. Only substituting for the index itself is understood:
#   subs(k, 3) changes nothing.
# Seen with: SymPy 1.14. Why: subs goes into the summand before it looks at the limits.
# For this program: indices of sums and of the things put into them have different names in derivations/notation.py,
#   and each printed formula is evaluated again by a program that does not use subs.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  sympy==1.14.0 || { echo "NEEDS a package index"; exit 2; }
"$folder/venv/bin/python" - <<'END'
import sys

import sympy as sp

k, n, x, y = sp.symbols("k n x y")
substituted = sp.Sum(x * k, (k, 1, n)).subs(x, k)
replaced = sp.Sum(x * k, (k, 1, n)).xreplace({x: k})
integral = sp.Integral(x * k, (k, 1, n)).subs(x, k)
right = sp.Sum(x * k, (k, 1, n)).doit().subs(x, k)
print("subs   ", substituted, "= at n = 3:", substituted.subs(n, 3).doit(), "; summed first:", right.subs(n, 3))
print("xreplace", replaced, "; integral", integral)
print("Lambda ", sp.Lambda(k, x * k).subs(x, k), "; bound index", sp.Sum(k, (k, 1, n)).subs(k, 3))
captured = sp.Sum(k**2, (k, 1, n))
sys.exit(not (substituted == replaced == captured and captured.subs(n, 3).doit() == 14 and right.subs(n, 3) == 6 * k))
END
