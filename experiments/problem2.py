"""Problem 2: the answers (a) and (b) as data, from the record that the executed notebook printed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from experiments.selection import parameters, rank
from experiments.setting import DEFAULTS, HYPER_PARAMETERS, default

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


@dataclass(frozen=True)
class Space:
    """The settings of the search, in the order in which the notebook tries them.

    Attributes
    ----------
    layers : tuple of tuples
        The architectures; one cell of the notebook searches each.
    grid : mapping
        The values of the other hyper-parameters, by name, in the order in which scikit-learn walks them.
    default : mapping or None
        The one-point grid of the default setting, where the space lacks it; it is tried first.
    """

    layers: tuple[tuple[int, ...], ...]
    grid: Mapping[str, tuple[Any, ...]]
    default: Mapping[str, tuple[Any, ...]] | None

    def settings(self) -> Iterator[dict[str, Any]]:
        """Give every setting as `MLPClassifier` parameters, in grid order, without the seed."""
        if self.default is not None:
            yield from _walk({"hidden_layer_sizes": (DEFAULTS["hidden_layer_sizes"],), **self.default})
        for layers in self.layers:
            yield from _walk({"hidden_layer_sizes": (layers,), **self.grid})


def space(search: Mapping[str, Sequence[Any]], n_train: int) -> Space:
    """Make the space of the report's search.

    Parameters
    ----------
    search : mapping
        The values to try for each of the hyper-parameters.
    n_train : int
        The number of training samples: larger batches are clipped to it, duplicates dropped.
    """
    clipped = {**search, "batch_size": [min(size, n_train) for size in search["batch_size"]]}
    values = {name: tuple(dict.fromkeys(map(_hashable, clipped[name]))) for name in sorted(HYPER_PARAMETERS)}
    usual = default(n_train)
    present = all(usual[name] in tried for name, tried in values.items())
    layers = values.pop("hidden_layer_sizes")
    return Space(layers, values, None if present else {name: (usual[name],) for name in values})


@dataclass(frozen=True)
class Value:
    """One reported value.

    Attributes
    ----------
    key, question : str
        For example ``2a.dev.accuracy`` and ``2a``.
    value : object
        The value itself, of a type that JSON has.
    printed : str
        Exactly what the page shows.
    correct, total : int or None
        The count that an accuracy stands for.
    """

    key: str
    question: str
    value: Any
    printed: str
    correct: int | None = None
    total: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the entry of results.json."""
        counts = {} if self.correct is None else {"correct": self.correct, "total": self.total}
        return {"question": self.question, "value": self.value, "printed": self.printed, **counts}


def values(record: Mapping[str, Any]) -> dict[str, Value]:
    """Give all that is reported for 2(a) and 2(b), by key.

    Parameters
    ----------
    record : mapping
        The notebook's JSON line: counts of correct answers, totals, the best setting.
    """
    found = [
        _accuracy(question, part, record[question][part], record["total"][part])
        for question in ("2a", "2b")
        for part in ("train", "dev")
    ]
    more, total = record["2b"]["dev"] - record["2a"]["dev"], record["total"]["dev"]
    found.append(Value("2b.gain", "2b", more / total, f"{more / total:+.4f}", more, total))
    params = {name: record["2b"]["params"][name] for name in HYPER_PARAMETERS}
    found.append(
        Value("2b.params", "2b", params, ", ".join(f"{n}={printed(value)}" for n, value in params.items()))
    )
    found += [Value(f"2b.params.{name}", "2b", value, printed(value)) for name, value in params.items()]
    return {value.key: value for value in found}


def search_rows(space: Space, record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the rows of search.csv: each setting in grid order with its counts, epochs and convergence."""
    found = record["search"]
    columns = zip(found["train"], found["dev"], found["epochs"], found["converged"], strict=True)
    return [
        {
            **{name: printed(setting[name]) for name in HYPER_PARAMETERS},
            "train_correct": train,
            "dev_correct": dev,
            "epochs": epochs,
            "converged": bool(converged),
        }
        for setting, (train, dev, epochs, converged) in zip(space.settings(), columns, strict=True)
    ]


def best_row(record: Mapping[str, Any]) -> dict[str, Any]:
    """Give the chosen setting as a row of the search: hyper-parameters as printed, and its score."""
    params = record["2b"]["params"]
    return {**{name: printed(params[name]) for name in HYPER_PARAMETERS}, "dev_correct": record["2b"]["dev"]}


def ranking(
    space: Space, record: Mapping[str, Any], n_features: int, n_classes: int
) -> tuple[list[int], list[int]]:
    """Rank the settings: more dev samples correct, then fewer weights, then grid order.

    Returns
    -------
    weights : list of int
        The number of weights and biases of each setting's network, in grid order.
    order : list of int
        Indices of the settings, the best first.
    """
    weights = [
        parameters(setting["hidden_layer_sizes"], n_features, n_classes) for setting in space.settings()
    ]
    return weights, rank(record["search"]["dev"], weights)


def printed(value: Any) -> str:
    """Print a hyper-parameter the way Python code would have it: a tuple for layer sizes, a bare word."""
    return str(tuple(value)) if isinstance(value, list | tuple) else str(value)


def _accuracy(question: str, part: str, correct: int, total: int) -> Value:
    key = f"{question}.{part}.accuracy"
    return Value(key, question, correct / total, f"{correct / total:.4f}", correct, total)


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _walk(grid: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Walk a grid as scikit-learn's ParameterGrid does: names sorted, the last varies fastest."""
    names = sorted(grid)
    for values in product(*(grid[name] for name in names)):
        setting = dict(zip(names, values, strict=True))
        yield {name: setting[name] for name in HYPER_PARAMETERS}
