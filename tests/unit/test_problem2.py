"""Problem 2 as data: the space of the search, the reported values, the rule that breaks ties."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import ParameterGrid
from sklearn.neural_network import MLPClassifier

from experiments import setting
from experiments.problem2 import (
    best_row,
    printed,
    ranking,
    search_rows,
    space,
    values,
)
from experiments.setting import HYPER_PARAMETERS

SEARCH: dict[str, list[Any]] = {
    "hidden_layer_sizes": [(100,), (7, 5)],
    "activation": ["tanh", "relu"],
    "solver": ["sgd", "adam"],
    "learning_rate_init": [0.01, 0.001],
    "batch_size": [200, 16],
}
POINT = {"activation": ("relu",), "batch_size": (16,), "learning_rate_init": (0.01,), "solver": ("sgd",)}
ONE = {**SEARCH, "hidden_layer_sizes": [(100,)], "solver": ["adam"], "learning_rate_init": [0.001]}
# What the notebook prints: four settings, of which the last three are tied.
RECORD = {
    "2a": {"train": 1100, "dev": 470},
    "2b": {
        "train": 1180,
        "dev": 489,
        "params": {
            "hidden_layer_sizes": [50, 50],
            "activation": "tanh",
            "solver": "sgd",
            "learning_rate_init": 0.03,
            "batch_size": 32,
        },
        "tied": 3,
    },
    "total": {"train": 1257, "dev": 540},
    "search": {
        "train": [1100, 1170, 1180, 1190],
        "dev": [470, 489, 489, 489],
        "epochs": [200, 31, 200, 47],
        "converged": [0, 1, 0, 1],
    },
}


def changed(**changes: Any) -> dict[str, Any]:
    """Give the search with some lists replaced."""
    return {**SEARCH, **changes}


def test_the_order_is_that_of_scikit_learn() -> None:
    """Within an architecture the settings come in the order in which GridSearchCV walks the same grid."""
    made = space(SEARCH, n_train=1000)

    expected = [
        {"hidden_layer_sizes": layers, **point}
        for layers in SEARCH["hidden_layer_sizes"]
        for point in ParameterGrid({name: SEARCH[name] for name in HYPER_PARAMETERS[1:]})
    ]
    assert expected == list(made.settings())
    assert made.default is None


def test_large_batches_are_clipped_and_duplicates_dropped() -> None:
    """A batch above the number of samples is all samples, tried once, at the place of the first."""
    made = space(changed(batch_size=[200, 16, 60, 100]), n_train=60)

    assert made.grid["batch_size"] == (60, 16)


def test_repeated_values_are_tried_once() -> None:
    """A value that a list holds twice gives no setting twice, in any of the five lists."""
    doubled = space({name: [*tried, *tried] for name, tried in SEARCH.items()}, n_train=1000)

    assert list(space(SEARCH, n_train=1000).settings()) == list(doubled.settings())


@pytest.mark.parametrize(
    "lacking",
    [
        {"hidden_layer_sizes": [(99,), (100, 100)]},
        {"activation": ["tanh"]},
        {"solver": ["sgd"]},
        {"learning_rate_init": [0.01]},
        {"batch_size": [16]},
    ],
)
def test_the_default_setting_is_added_where_it_lacks(lacking: dict[str, list[Any]]) -> None:
    """If any of the five lists lacks the default value, scikit-learn's default is tried first of all."""
    made = space(changed(**lacking), n_train=1000)

    default = MLPClassifier().get_params()
    expected = {name: default[name] for name in HYPER_PARAMETERS} | {"batch_size": min(200, 1000)}
    settings = list(made.settings())
    assert expected == settings[0]
    assert settings.count(expected) == 1
    assert len(settings) == 1 + 2**4 * len(next(iter(lacking.values())))


def test_the_default_batch_is_clipped_like_all() -> None:
    """With fewer samples than 200 the default's batch is all of them, as scikit-learn's "auto" has it."""
    assert space(changed(batch_size=[16]), n_train=60).default is not None
    assert space(changed(batch_size=[300]), n_train=60).default is None
    assert next(space(changed(batch_size=[16]), n_train=60).settings())["batch_size"] == 60


def test_the_default_is_not_added_twice() -> None:
    """A space that holds the default setting is left as it is."""
    settings = list(space(ONE, n_train=1000).settings())

    assert [(s["activation"], s["batch_size"]) for s in settings] == [
        ("tanh", 200),
        ("tanh", 16),
        ("relu", 200),
        ("relu", 16),
    ]


def test_accuracies_are_counts_printed_with_four_decimals() -> None:
    """Each accuracy is k/n, with k and n beside it and four decimals as printed."""
    found = values(RECORD)

    for key, count, decimal in [
        ("2a.train.accuracy", Fraction(1100, 1257), "0.8751"),
        ("2a.dev.accuracy", Fraction(470, 540), "0.8704"),
        ("2b.train.accuracy", Fraction(1180, 1257), "0.9387"),
        ("2b.dev.accuracy", Fraction(489, 540), "0.9056"),
    ]:
        value = found[key]
        assert (value.question, value.printed) == (key[:2], decimal)
        assert Fraction(value.correct, value.total) == count
        assert value.value == pytest.approx(float(count), rel=0, abs=1e-15)


@pytest.mark.parametrize(
    ("best", "decimal"), [(489, "+0.0352"), (470, "+0.0000"), (471, "+0.0019"), (540, "+0.1296")]
)
def test_the_gain_has_its_sign(best: int, decimal: str) -> None:
    """The difference of best and default is printed with its sign, also when there is none."""
    gain = values({**RECORD, "2b": {**RECORD["2b"], "dev": best}})["2b.gain"]

    assert (gain.printed, gain.correct, gain.total) == (decimal, best - 470, 540)


def test_a_loss_would_show() -> None:
    """A best setting below the default, which must not be, would be printed as what it is."""
    assert values({**RECORD, "2b": {**RECORD["2b"], "dev": 460}})["2b.gain"].printed == "-0.0185"


def test_parameters_are_printed_as_python_has_them() -> None:
    """The five hyper-parameters are reported together as an object, and each by itself."""
    found = values(RECORD)

    assert found["2b.params"].value == RECORD["2b"]["params"]
    assert found["2b.params"].printed == (
        "hidden_layer_sizes=(50, 50), activation=tanh, solver=sgd, learning_rate_init=0.03, batch_size=32"
    )
    assert found["2b.params.hidden_layer_sizes"].printed == "(50, 50)"
    assert found["2b.params.learning_rate_init"].value == 0.03


def test_values_are_of_json_types() -> None:
    """What goes into results.json has the question, the value, what is printed, and counts if any."""
    found = values(RECORD)

    assert found["2a.dev.accuracy"].as_json() == {
        "question": "2a",
        "value": 470 / 540,
        "printed": "0.8704",
        "correct": 470,
        "total": 540,
    }
    assert found["2b.params.solver"].as_json() == {"question": "2b", "value": "sgd", "printed": "sgd"}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((100,), "(100,)"),
        ([50, 50], "(50, 50)"),
        (0.0001, "0.0001"),
        (1e-05, "1e-05"),
        (200, "200"),
        ("relu", "relu"),
    ],
)
def test_a_hyper_parameter_is_printed_plainly(value: Any, text: str) -> None:
    """Layer sizes are a tuple, numbers the shortest decimal, words bare."""
    assert text == printed(value)


def test_search_rows_follow_the_grid() -> None:
    """Row i of search.csv is setting i with its counts, its epochs and whether it converged."""
    rows = search_rows(space(ONE, n_train=1000), RECORD)

    assert len(rows) == 4
    assert rows[1] == {
        "hidden_layer_sizes": "(100,)",
        "activation": "tanh",
        "solver": "adam",
        "learning_rate_init": "0.001",
        "batch_size": "16",
        "train_correct": 1170,
        "dev_correct": 489,
        "epochs": 31,
        "converged": True,
    }
    assert [row["converged"] for row in rows] == [False, True, False, True]


def test_a_record_of_another_space_is_refused() -> None:
    """Counts for more or fewer settings than the space has cannot be matched silently."""
    with pytest.raises(ValueError, match=re.escape("zip() argument")):
        search_rows(space(SEARCH, n_train=1000), RECORD)


def test_the_best_row_is_the_chosen_setting() -> None:
    """The chosen setting is given as a row of the search, as printed."""
    assert best_row(RECORD) == {
        "hidden_layer_sizes": "(50, 50)",
        "activation": "tanh",
        "solver": "sgd",
        "learning_rate_init": "0.03",
        "batch_size": "32",
        "dev_correct": 489,
    }


@pytest.mark.parametrize(
    ("dev", "order"),
    [
        ([5, 7, 6, 4], [1, 2, 0, 3]),  # more samples correct
        ([7, 7, 7, 7], [1, 2, 3, 0]),  # fewer weights, then grid order
        ([7, 6, 7, 7], [2, 3, 0, 1]),
        ([7, 6, 6, 7], [3, 0, 1, 2]),
    ],
)
def test_ties_go_to_fewer_weights_then_to_grid_order(dev: list[int], order: list[int]) -> None:
    """More dev samples correct wins, then the network with fewer weights, then the earlier setting."""
    four = replace(space(ONE, n_train=1000), layers=((9,), (4,), (4,), (2, 8)), grid=POINT)

    weights, found = ranking(four, {"search": {"dev": dev}}, n_features=3, n_classes=2)

    assert weights == [4 * 9 + 10, 4 * 4 + 5, 4 * 4 + 5, 4 * 2 + 3 * 8 + 9]
    assert order == found


@pytest.mark.parametrize("n_classes", [2, 3])
def test_weights_are_those_of_the_fitted_network(n_classes: int) -> None:
    """The number of weights and biases is that of scikit-learn's network, for two classes and for more."""
    generator = np.random.default_rng(0)
    X, y = generator.normal(size=(30, 5)), np.arange(30) % n_classes
    with pytest.warns(ConvergenceWarning):
        networks = [MLPClassifier(layers, max_iter=1).fit(X, y) for layers in SEARCH["hidden_layer_sizes"]]
    two = replace(space(SEARCH, n_train=1000), grid=POINT)

    weights, _ = ranking(two, {"search": {"dev": [1, 1]}}, n_features=5, n_classes=n_classes)

    expected = [sum(array.size for array in (*net.coefs_, *net.intercepts_)) for net in networks]
    assert expected == weights


def test_the_defaults_are_those_of_scikit_learn() -> None:
    """What a setting leaves out, and what the gain is measured against, is what scikit-learn would take."""
    theirs = MLPClassifier().get_params()
    found = setting.default(1000)

    assert {name: theirs[name] for name in HYPER_PARAMETERS} | {"batch_size": 200} == found
    assert setting.default(60)["batch_size"] == 60
