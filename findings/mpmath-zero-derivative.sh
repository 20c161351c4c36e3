#!/usr/bin/env bash
# mpmath says in ordinary floats that every derivative is 0, and that 1 + 1/2 + 1/3 + ... is 9.46.
#
# One would expect: mpmath.fp, the context of Python floats, differentiates to seven or eight digits; a divergent
#   series ends in an error or in infinity.
# What happens: fp.diff(fp.sin, 1.0) is 0.0, so is that of exp, and fp.taylor(fp.exp, 0, 3) is [1, 0, 0, 0]; with a
#   step, h=1e-6, it is right to ten digits. mp.nsum of 1/k to infinity is 9.46338209894103, of k it is 11325, and
#   of a series that is 1 up to 1000 and then 0 it is 150, all without a word.
# Seen with: mpmath 1.4.1, and 1.3.0 alike. Why: diff takes a step for twice the digits and raises the precision for
#   it, which floats do not have: 1 + h is 1. nsum extrapolates from the first terms and prints its best guess.
# For this program: derivatives in floats are taken by a step in the imaginary direction, differences only with
#   mpmath's own numbers of 40 digits.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  mpmath==1.4.1 || { echo "NEEDS a package index"; exit 2; }
"$folder/venv/bin/python" - <<'END'
import sys

from mpmath import fp, inf, mp

derivatives = [fp.diff(fp.sin, 1.0), fp.diff(fp.exp, 1.0), fp.diff(lambda x: x * x, 3.0)]
series = [mp.nsum(lambda k: 1 / k, [1, inf]), mp.nsum(lambda k: k, [1, inf])]
finite = mp.nsum(lambda k: 1 if k <= 1000 else 0, [1, inf])
print("fp.diff of sin, exp, square:", derivatives, "; fp.taylor of exp:", fp.taylor(fp.exp, 0, 3))
print("with h:", fp.diff(fp.sin, 1.0, h=1e-6), "; with mp:", mp.diff(mp.sin, 1))
print("nsum of 1/k:", series[0], "; of k:", series[1], "; of a thousand ones:", finite)
sys.exit(not (derivatives == [0, 0, 0] and all(value < 20_000 for value in series) and finite == 150))
END
