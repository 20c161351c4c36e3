#!/usr/bin/env bash
# SymPy prints a symbol called "local" as a calligraphic "lo", and "that" as t with a hat.
#
# One would expect: a name of several letters is printed as it is; only Greek letters and what follows an underscore
#   are treated specially.
# What happens: a name that ends in a modifier (hat, bar, dot, cal, scr, avg, norm, prime, ...) is cut before it:
#   local is \mathcal{lo}, numerical \mathcal{numeri}, optical \mathcal{opti}, what \hat{w}, that \hat{t}, rebar
#   \bar{re}, savg \left\langle{s}\right\rangle. total, global and normal are left alone.
# Seen with: SymPy 1.14; modifiers are documented (xhat), that they cut words is not. A LaTeX name in the symbol
#   itself, Symbol(r"\mathrm{local}"), is printed as it is.
# For this program: names come from one list and are printed by a printer of its own that knows no modifiers.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  sympy==1.14.0 || { echo "NEEDS a package index"; exit 2; }
"$folder/venv/bin/python" - <<'END'
import sys

from sympy import Symbol, latex

stated = {
    "local": r"\mathcal{lo}",
    "numerical": r"\mathcal{numeri}",
    "what": r"\hat{w}",
    "that": r"\hat{t}",
    "rebar": r"\bar{re}",
    "savg": r"\left\langle{s}\right\rangle",
    "total": "total",
    "global": "global",
}
seen = {name: latex(Symbol(name)) for name in stated}
for name, printed in seen.items():
    print(f"{name:10} {printed}")
sys.exit(seen != stated)
END
