"""What is searched in these measurements: the shipped data, two sets of scikit-learn, and their spaces."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from benchmarks.processes import ROOT

if TYPE_CHECKING:
    from experiments.record import Setting
    from experiments.search import Data

PART, PLAIN, SMALL = "part", "plain", "small"
# What a space puts in the place of the report's own values.
SPACES: dict[str, dict[str, list[Any]]] = {
    PART: {"hidden_layer_sizes": [[50], [50, 50]], "learning_rate_init": [0.03]},
    PLAIN: {"hidden_layer_sizes": [[50]], "learning_rate_init": [0.03]},
    SMALL: {
        "hidden_layer_sizes": [[50], [50, 50]],
        "learning_rate_init": [0.01, 0.1],
        "batch_size": [200],
    },
}
QUICK: dict[str, list[Any]] = {
    "hidden_layer_sizes": [[50]],
    "activation": ["relu"],
    "learning_rate_init": [0.01, 0.1],
}


def data(name: str) -> Data:
    """Give a training and a development set; those of scikit-learn are split 7 to 3 and standardised."""
    import sklearn.datasets  # noqa: PLC0415 - after the pins, as all of numpy
    from sklearn.model_selection import train_test_split  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    from experiments import dataset  # noqa: PLC0415
    from experiments.search import Data  # noqa: PLC0415

    if name == "shipped":
        shipped = dataset.load(ROOT / "data")
        return Data(shipped.X_train, shipped.y_train, shipped.X_dev, shipped.y_dev)
    X, y = getattr(sklearn.datasets, f"load_{name}")(return_X_y=True)
    X_train, X_dev, y_train, y_dev = train_test_split(X, y, test_size=0.3, random_state=0, stratify=y)
    scaler = StandardScaler().fit(X_train)
    return Data(scaler.transform(X_train), y_train, scaler.transform(X_dev), y_dev)


def values(space: str, *, quick: bool) -> dict[str, list[Any]]:
    """Give the values of a space as scikit-learn takes them."""
    lists = tomllib.loads((ROOT / "report.toml").read_text(encoding="utf-8"))["search"]
    lists |= SPACES[space] | (QUICK if quick else {})
    return {name: [tuple(v) if isinstance(v, list) else v for v in given] for name, given in lists.items()}


def settings(space: str, *, quick: bool) -> list[Setting]:
    """List the settings of a space."""
    from sklearn.model_selection import ParameterGrid  # noqa: PLC0415

    from experiments.record import Setting  # noqa: PLC0415

    return [Setting(**values) for values in ParameterGrid(values(space, quick=quick))]


def joined(name: str) -> tuple[Any, Any, Any]:
    """Give both sets as one, and the fold that tells them apart."""
    import numpy as np  # noqa: PLC0415
    from sklearn.model_selection import PredefinedSplit  # noqa: PLC0415

    sets = data(name)
    X, y = np.concatenate((sets.X_train, sets.X_dev)), np.concatenate((sets.y_train, sets.y_dev))
    return X, y, PredefinedSplit(np.repeat([-1, 0], [len(sets.X_train), len(sets.X_dev)]))


def count(network: Any, X: Any, y: Any) -> float:
    """Count what a network has right."""
    return float((network.predict(X) == y).sum())
