#!/usr/bin/env bash
# Saving one figure twice gives two files: layouts begin where the last drawing left off.
#
# One would expect: savefig of an unchanged figure, without dates, writes the same bytes each time.
# What happens: without a layout engine and with a plain "constrained" it does; "tight" writes another file the
#   second time, "constrained" too where there is a colorbar, and "compressed" with one still moves at its fifth.
# Seen with: matplotlib 3.11.2, PDF, SVG and PNG alike. Why: the engine moves the axes from where they are and takes
#   text sizes from the drawing before; the difference is some hundredths of a millimetre.
# For this program: a figure is drawn once, in a Figure of its own, and saved once; whoever shows it on a screen
#   first gets another file.

set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check \
  matplotlib==3.11.2 || { echo "NEEDS a package index"; exit 2; }
"$folder/venv/bin/python" -W ignore - <<'END'
import io
import sys

import numpy as np
from matplotlib.figure import Figure


def saves(layout, *, colorbar):
    figure = Figure(figsize=(4, 3), layout=layout)
    generator = np.random.default_rng(0)
    axes = figure.subplots(1, 2)
    for axis in axes:
        axis.plot(generator.normal(size=20).cumsum())
        axis.set(xlabel="epochs", ylabel="loss", title="a title")
        axis.tick_params(axis="x", rotation=60)
    if colorbar:
        figure.colorbar(axes[0].imshow(np.eye(3)), ax=axes)
    files = []
    for _ in range(6):
        file = io.BytesIO()
        figure.savefig(file, format="pdf", metadata={"CreationDate": None})
        files.append(file.getvalue())
    return [files.index(data) for data in files]


stated = {(None, False): 1, (None, True): 1, ("constrained", False): 1, ("tight", False): 2, ("constrained", True): 2}
as_stated = True
for (layout, colorbar), different in stated.items():
    found = saves(layout, colorbar=colorbar)
    print(f"layout={layout!s:12} colorbar={colorbar!s:5} saves equal to the one of number {found}")
    as_stated &= len(set(found)) == different
found = saves("compressed", colorbar=True)
print(f"layout=compressed   colorbar=True  saves equal to the one of number {found}")
sys.exit(not (as_stated and len(set(found)) >= 3))
END
