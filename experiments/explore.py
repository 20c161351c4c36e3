"""A wide search outside the report, over several seeds, from which an author chooses the report's space."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from msgspec import structs

from experiments import search
from experiments.assessment import Spread
from experiments.record import Setting, Space, rank

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


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
        rows.append(
            Row(
                setting=setting,
                size=setting.weights(features, classes),
                dev=Spread(tuple(outcome.dev for outcome in mine)),
                train=Spread(tuple(outcome.train for outcome in mine)),
                epochs=Spread(tuple(outcome.epochs for outcome in mine)),
                converged=sum(outcome.converged for outcome in mine),
                failed=sum(bool(outcome.failed) for outcome in mine),
            )
        )
    order = rank([row.dev.mean for row in rows], [row.size for row in rows])
    return tuple(rows[place] for place in order)


def default_place(rows: Sequence[Row]) -> int:
    """Find the row of scikit-learn's default setting, whose batch may be clipped to few samples."""
    usual = Setting().clipped(max(row.setting.batch_size for row in rows))
    return next(place for place, row in enumerate(rows) if row.setting == usual)


def propose(rows: Sequence[Row], space: Space, largest: int = LARGEST) -> str:
    """Propose a space for the report: a table ``[search]``, ready to paste into report.toml.

    It grows from the default setting, so that the gain over it cannot be negative: the values of the best
    setting are added, then those of the second, and so on down to the default itself (to the last, if none is
    better than the default); a setting whose values would make more than `largest` settings is left out.
    """
    chosen: dict[str, set[Any]] = {name: {value} for name, value in structs.asdict(Setting()).items()}
    for row in rows[: default_place(rows)] or rows:
        wider = {name: chosen[name] | {getattr(row.setting, name)} for name in chosen}
        if math.prod(len(options) for options in wider.values()) <= largest:
            chosen = wider
    lines = ["[search]"]
    for name, options in chosen.items():
        numbers = all(isinstance(value, int | float) for value in options)
        order = sorted(options) if numbers else dict.fromkeys([*getattr(space, name), *sorted(options)])
        ordered = [value for value in order if value in options]
        lines.append(f"{name} = [{', '.join(_toml(value) for value in ordered)}]")
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    """Write one value as TOML has it."""
    if isinstance(value, tuple):
        return f"[{', '.join(str(size) for size in value)}]"
    return f'"{value}"' if isinstance(value, str) else repr(value)
