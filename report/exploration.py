"""Exploring a wide space over several seeds, from which an author chooses the report's own."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec import structs

from experiments import dataset, search
from experiments.assessment import Spread
from experiments.record import Setting, Space, rank
from report import bundle, cache, figures, publish
from report.cache import Cache, Inputs, Snapshot
from report.config import load, load_space
from report.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from report.console import Console

TABLE, FIGURE = "explore.csv", "explore.pdf"
MOST = 200_000  # networks: days of training
LARGEST = 300  # settings in a proposed space: what the notebook searches in a few minutes
# The default space to explore: 2100 settings, from far below the defaults to far above.
WIDE = Space(
    hidden_layer_sizes=(
        *((25,), (50,), (100,), (200,)),
        *((25, 25), (50, 25), (50, 50), (100, 50), (100, 100)),
        (50, 50, 50),
    ),
    activation=("relu", "tanh", "logistic"),
    solver=("adam", "sgd"),
    learning_rate_init=(0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3),
    batch_size=(16, 32, 64, 128, 200),
)


def run(
    console: Console,
    *,
    config: Path,
    space: Path | None,
    data: Path | None,
    out: Path,
    seeds: int,
    jobs: int | None,
    scheduler: str | None,
) -> str:
    """Train every setting of a space with every seed; leave table and figure in `out`.

    The configuration names the data and the first of the seeds; what an earlier run trained in `out` is found
    again. Without a space it is `WIDE`, with the address of a Dask scheduler its workers
    train. Returns the proposed table ``[search]``, with a comment that says where it comes from.
    """
    settings = load(config)
    wide = load_space(space) if space else WIDE
    if (networks := wide.size * seeds) > MOST:
        raise InputError(
            f"The space with {seeds} seeds asks for {networks:,} networks, more than {MOST:,}.",
            "Take fewer values for some hyper-parameters, or fewer --seeds.",
        )
    inputs = Inputs(settings, data or settings.data_path, quick=False, pdf=False)
    with publish.locked(out):
        read = dataset.load(inputs.data, index_column=settings.index_column)
        for remark in read.remarks:
            console.warn(f"{remark}.")
        keys = {"fits": Snapshot(inputs).key("fits")}
        kept = Cache(out / cache.FOLDER, inputs, keys, console)
        tried, several = len(wide.settings(len(read.X_train))), f"{seeds} seed{'s' * (seeds != 1)} each"
        console.note(f"Exploring in {out}: {tried:,} settings, {several}.")
        try:
            with console.stage("explore"):
                rows = explore(
                    wide,
                    *(read.X_train, read.y_train, read.X_dev, read.y_dev),
                    seeds=[(settings.seed + i) % 2**32 for i in range(seeds)],
                    jobs=jobs,
                    store=kept.store("fits"),
                    progress=console.progress,
                    scheduler=scheduler,
                )
        except KeyboardInterrupt:
            console.note("What was trained is kept: the same command goes on from there.")
            raise
        total, default = len(read.y_dev), rows[default_place(rows)]
        bundle.write(out / TABLE, bundle.as_csv([row.as_csv() for row in rows]))
        drawn = figures.exploration([row.drawn() for row in rows], default.drawn(), total)
        bundle.write(out / FIGURE, drawn)
        for name, row in (("best", rows[0]), ("default", default)):
            setting = ", ".join(f"{key}={text}" for key, text in row.setting.printed().items())
            right = f"{row.dev.mean:.1f} of {total} right ({row.dev.lowest} to {row.dev.highest})"
            console.note(f"   {name}: {right}, {setting}")
        console.note(f"Done: {out / TABLE} and {FIGURE}; the space proposed for report.toml follows.")
    return (
        f"# From {len(rows):,} settings with {several}. They were compared on the development set:\n"
        f"# what the report says on selection does not know of that.\n{propose(rows)}"
    )


@dataclass(frozen=True)
class Row:
    """One setting over all seeds."""

    setting: Setting
    size: int  # weights and biases of its network
    dev: Spread  # samples right in each set
    train: Spread
    epochs: Spread
    converged: int  # for how many seeds training ended by its own rule
    failed: int  # for how many scikit-learn refused the outcome, which counts as no correct answer

    def drawn(self) -> dict[str, Any]:
        """Return what the figure shows."""
        dev = self.dev
        counts = {"dev_correct": dev.mean, "lowest": dev.lowest, "highest": dev.highest}
        return self.setting.printed() | counts

    def as_csv(self) -> dict[str, Any]:
        """Return the row of explore.csv."""
        return self.setting.printed() | {
            "weights": self.size,
            "dev_mean": f"{self.dev.mean:.2f}",
            "dev_deviation": f"{self.dev.deviation:.2f}",
            "dev_lowest": self.dev.lowest,
            "dev_highest": self.dev.highest,
            "train_mean": f"{self.train.mean:.2f}",
            "epochs_mean": f"{self.epochs.mean:.1f}",
            "converged": self.converged,
            "failed": self.failed,
        }


def explore(
    space: Space,
    X_train: NDArray[Any],
    y_train: NDArray[Any],
    X_dev: NDArray[Any],
    y_dev: NDArray[Any],
    *,
    seeds: Sequence[int],
    **options: Any,
) -> tuple[Row, ...]:
    """Train every setting of a space with every seed, as `experiments.search.run` does with the same options.

    The rows are ranked: more dev samples right on average, then fewer weights, then grid order.
    """
    settings = space.settings(len(X_train))
    outcomes = search.run(settings, X_train, y_train, X_dev, y_dev, seeds=seeds, **options)
    features, classes = X_train.shape[1], len(set(y_train.tolist()))
    rows = []
    for number, setting in enumerate(settings):
        mine = outcomes[number * len(seeds) : (number + 1) * len(seeds)]
        dev, train, epochs = (
            Spread(tuple(getattr(each, name) for each in mine)) for name in ("dev", "train", "epochs")
        )
        ended, refused = sum(each.converged for each in mine), sum(bool(each.failed) for each in mine)
        rows.append(Row(setting, setting.weights(features, classes), dev, train, epochs, ended, refused))
    order = rank([row.dev.mean for row in rows], [row.size for row in rows])
    return tuple(rows[place] for place in order)


def default_place(rows: Sequence[Row]) -> int:
    """Find the row of scikit-learn's default setting, whose batch may be clipped to few samples."""
    usual = Setting().clipped(max(row.setting.batch_size for row in rows))
    return next(place for place, row in enumerate(rows) if row.setting == usual)


def propose(rows: Sequence[Row], largest: int = LARGEST) -> str:
    """Propose a space for the report: a table ``[search]``, ready to paste into report.toml.

    It grows from the default setting, so that the gain over it cannot be negative: the values of the settings
    with a higher mean are added (of all settings, if none has), the best first; a setting whose values would
    make more than `largest` settings is left out.
    """
    default = rows[default_place(rows)]
    better = [row for row in rows if row.dev.mean > default.dev.mean]
    chosen: dict[str, set[Any]] = {name: {value} for name, value in structs.asdict(default.setting).items()}
    for row in better or rows:
        wider = {name: chosen[name] | {getattr(row.setting, name)} for name in chosen}
        if math.prod(len(options) for options in wider.values()) <= largest:
            chosen = wider
    # Numbers by size, words in order, few layers before many; a list of TOML is written as one of JSON.
    ordered = {name: sorted(options, key=_size) for name, options in chosen.items()}
    head = ["[search]"] if better else ["# No setting was better than the default.", "[search]"]
    return "\n".join([*head, *(f"{name} = {json.dumps(each)}" for name, each in ordered.items()), ""])


def _size(value: Any) -> Any:
    return (len(value), value) if isinstance(value, tuple) else value
