"""Which settings can be reproduced? A figure of all, with inputs moved by one unit in the last place.

`python -m benchmarks.reproducibility` trains the space of report.toml four times, with the inputs as they
are and moved up, down and at random. It writes docs/numbers.svg: for each setting the largest difference of
its last training loss, and of its count of correct development samples.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from experiments import numerics

numerics.pin()

import numpy as np  # noqa: E402 - nothing may load numpy before the pins
from matplotlib.figure import Figure  # noqa: E402

from experiments import dataset, trainer  # noqa: E402
from experiments.robustness import nudged  # noqa: E402
from report import config  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from experiments.dataset import Dataset
    from experiments.record import Setting

ROOT = Path(__file__).resolve().parents[1]
FIGURE = ROOT / "docs" / "numbers.svg"
CALM, CHAOTIC = "#0072B2", "#D55E00"


def results(
    settings: Sequence[Setting], data: Dataset, X: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
    """Train all settings on X: a row for each, with its last loss, correct development samples and epochs."""
    rows = np.zeros((len(settings), 3))
    with trainer.quiet():
        parameters = [setting.parameters(seed) for setting in settings]
        for place, network in trainer.fits(parameters, X, data.y_train):
            if not isinstance(network, ValueError):
                right = np.count_nonzero(network.predict(data.X_dev) == data.y_dev)
                rows[place] = network.loss_, right, network.n_iter_
    return rows


def draw(loss: NDArray[np.float64], dev: NDArray[np.float64], moved: NDArray[np.bool_]) -> Figure:
    """Draw a dot for each setting."""
    figure = Figure(figsize=(6.4, 3.0), layout="constrained")
    axis = figure.subplots()
    shown = np.maximum(loss, 1e-17)  # stands for none
    for part, colour, mark, name in (
        (~moved, CALM, "o", "keeps its score"),
        (moved, CHAOTIC, "^", "does not"),
    ):
        axis.semilogx(
            shown[part], dev[part], mark, ms=4, mfc="none", mec=colour, label=f"{name}: {part.sum()}"
        )
    axis.set_xlabel("largest difference of the last training loss")
    axis.set_ylabel("of correct dev samples")
    axis.legend(title="setting, inputs moved by one ulp", frameon=False)
    axis.spines[["top", "right"]].set_visible(False)
    return figure


def main() -> int:
    """Train, draw, and print the table."""
    settings_file = config.load(ROOT / "report.toml")
    data, seed = dataset.load(settings_file.data_path), settings_file.seed
    settings = settings_file.search.settings(len(data.X_train))
    here = results(settings, data, data.X_train, seed)
    others = np.array([results(settings, data, X, seed) for X in nudged(data.X_train, seed).values()])
    difference = np.abs(others - here).max(axis=0)
    moved = (difference[:, 1:] > 0).any(axis=1)
    draw(difference[:, 0], difference[:, 1], moved).savefig(FIGURE, metadata={"Date": None})
    print(f"{len(settings)} settings, {moved.sum()} do not keep their score or epochs.")
    print(f"Loss differences: calm up to {difference[~moved, 0].max():.1e}, the others from", end=" ")
    print(f"{difference[moved, 0].min():.1e}." if moved.any() else "none.")
    for place in np.flatnonzero(moved):
        counts = [int(here[place, 1]), *others[:, place, 1].astype(int).tolist()]
        print(*settings[place].printed().values(), *counts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
