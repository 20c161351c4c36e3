"""Problem 2 as typed values: the space of the search, the reported values, the rule that breaks ties."""

import json
import re

import msgspec
import pytest
from msgspec import structs, to_builtins
from sklearn.neural_network import MLPClassifier

from experiments.record import (
    HYPER_PARAMETERS,
    Counts,
    PassedOver,
    Record,
    Setting,
    Space,
    rank,
    search_rows,
    values,
)

SPACE = Space(((100,), (7, 5)), ("tanh", "relu"), ("sgd", "adam"), (0.01, 0.001), (200, 16))
ONE = structs.replace(SPACE, hidden_layer_sizes=((100,),), solver=("adam",), learning_rate_init=(0.001,))
# What a notebook prints: four settings, of which the last three are tied.
PRINTED = {
    "default": {"train": 1100, "dev": 470},
    "best": {"train": 1180, "dev": 489},
    "params": {
        "hidden_layer_sizes": [50, 50],
        "activation": "tanh",
        "solver": "sgd",
        "learning_rate_init": 0.03,
        "batch_size": 32,
    },
    "total": {"train": 1257, "dev": 540},
    "tied": 3,
    "search": {
        "train": [1100, 1170, 1180, 1190],
        "dev": [470, 489, 489, 489],
        "epochs": [200, 31, 200, 47],
        "converged": [False, True, False, True],
    },
    "versions": {},
}
RECORD = msgspec.json.decode(json.dumps(PRINTED), type=Record)


def test_no_value_is_tried_twice():
    """A batch above the number of samples is all samples; a value that a list holds twice adds no setting."""
    doubled = Space(*(tried * 2 for tried in structs.astuple(SPACE)))

    assert structs.replace(SPACE, batch_size=(200, 16, 60, 100)).clipped(60).batch_size == (60, 16)
    assert SPACE.settings(1000) == doubled.settings(1000)


@pytest.mark.parametrize(
    ("name", "tried"),
    [("hidden_layer_sizes", ((99,), (100, 100))), ("solver", ("sgd",)), ("batch_size", (16,))],
)
@pytest.mark.parametrize("samples", [1000, 60])
def test_the_default_setting_is_added_where_it_lacks(name, tried, samples):
    """If any list lacks the default value, the default setting, clipped, is tried first of all, once."""
    settings = structs.replace(SPACE, **{name: tried}).settings(samples)

    expected = Setting((100,), "relu", "adam", 0.001, min(200, samples))
    assert expected == settings[0]
    assert settings.count(expected) == 1
    assert len(settings) == 1 + 2**4 * len(tried)


def test_the_default_is_not_added_twice():
    """A space that holds the default setting is left as it is, also where its batch is clipped."""
    tried = [(setting.activation, setting.batch_size) for setting in ONE.settings(1000)]

    assert tried == [("tanh", 200), ("tanh", 16), ("relu", 200), ("relu", 16)]
    assert len(structs.replace(ONE, batch_size=(300,)).settings(60)) == 2


def test_a_small_search_holds_two_values_of_each():
    """A search for trying things out takes the first two values of every list."""
    wide = structs.replace(SPACE, learning_rate_init=(0.1, 0.01, 0.001))

    assert structs.replace(SPACE, learning_rate_init=(0.1, 0.01)) == wide.small()
    assert wide.size == 48


@pytest.mark.parametrize(
    ("key", "correct", "total", "decimal"),
    [
        ("2a.train.accuracy", 1100, 1257, "0.8751"),
        ("2a.dev.accuracy", 470, 540, "0.8704"),
        ("2b.train.accuracy", 1180, 1257, "0.9387"),
        ("2b.dev.accuracy", 489, 540, "0.9056"),
    ],
)
def test_accuracies_are_counts_printed_with_four_decimals(key, correct, total, decimal):
    """Each accuracy is k/n, with k and n beside it and four decimals as printed."""
    value = values(RECORD)[key]

    assert (value.question, value.correct, value.total, value.printed) == (key[:2], correct, total, decimal)
    assert value.value == pytest.approx(correct / total, rel=0, abs=1e-15)


@pytest.mark.parametrize(("best", "decimal"), [(489, "+0.0352"), (470, "+0.0000"), (460, "-0.0185")])
def test_the_gain_has_its_sign(best, decimal):
    """The difference of best and default is printed with its sign: none, or a loss, would show."""
    gain = values(structs.replace(RECORD, best=Counts(1180, best)))["2b.gain"]

    assert (gain.printed, gain.correct, gain.total) == (decimal, best - 470, 540)


def test_parameters_are_reported_together_and_one_by_one():
    """The hyper-parameters are an object of JSON, printed as Python has them, and each a value by itself."""
    found = values(RECORD)

    assert found["2b.params"].value == PRINTED["params"]
    assert found["2b.params"].printed == (
        "hidden_layer_sizes=(50, 50), activation=tanh, solver=sgd, learning_rate_init=0.03, batch_size=32"
    )
    assert found["2b.params.hidden_layer_sizes"].printed == "(50, 50)"
    assert found["2b.params.learning_rate_init"].value == 0.03
    assert to_builtins(found["2b.params.solver"]) == {"question": "2b", "value": "sgd", "printed": "sgd"}
    assert Setting((100,), learning_rate_init=1e-05).printed()["hidden_layer_sizes"] == "(100,)"
    assert Setting(learning_rate_init=1e-05).printed()["learning_rate_init"] == "1e-05"


def test_search_rows_follow_the_grid():
    """Row i of search.csv is setting i with its counts, its epochs and whether it converged."""
    rows = search_rows(ONE.settings(1000), RECORD.search)

    assert [*rows[1]] == [*HYPER_PARAMETERS, "train_correct", "dev_correct", "epochs", "converged"]
    assert [*rows[1].values()] == ["(100,)", "tanh", "adam", "0.001", "16", 1170, 489, 31, True]
    with pytest.raises(ValueError, match=re.escape("zip() argument")):
        search_rows(SPACE.settings(1000), RECORD.search)


def test_the_last_column_holds_what_was_trained_again():
    """The reported setting keeps its count three times, what is passed over has others, the rest is empty."""
    settings = ONE.settings(1000)
    record = structs.replace(
        RECORD, params=settings[2], passed_over=(PassedOver(place=1, dev=(489, 480, 489, 470)),)
    )

    rows = search_rows(settings, record.search, record.refits(settings))

    assert [row["dev_correct_when_nudged"] for row in rows] == ["", "480 489 470", "489 489 489", ""]
    assert record.reproducible
    everything = tuple(PassedOver(place, (489, 1, 2, 3)) for place in range(4))
    nothing = structs.replace(record, passed_over=everything)
    assert not nothing.reproducible
    assert nothing.refits(settings)[2] == (1, 2, 3)


@pytest.mark.parametrize(
    ("part", "wrong", "says"),
    [
        ("best", "489", "Expected `int`, got `str` - at `$.best.dev`"),
        ("search", [1, 2, 3], "the columns of the search differ in length - at `$.search`"),
    ],
)
def test_a_record_of_another_shape_is_refused_with_its_place(part, wrong, says):
    """A record that was changed is refused, and the message names the place."""
    changed = {**PRINTED, part: {**PRINTED[part], "dev": wrong}}

    with pytest.raises(msgspec.ValidationError, match=re.escape(says)):
        msgspec.json.decode(json.dumps(changed), type=Record)


@pytest.mark.parametrize(
    ("dev", "order"),
    [
        ([5, 7, 6, 4], [1, 2, 0, 3]),  # more samples right
        ([7, 7, 7, 7], [1, 2, 3, 0]),  # fewer weights, then grid order
        ([7, 6, 7, 7], [2, 3, 0, 1]),
        ([7, 6, 6, 7], [3, 0, 1, 2]),
    ],
)
def test_ties_go_to_fewer_weights_then_to_grid_order(dev, order):
    """More dev samples right wins, then the network with fewer weights, then the earlier setting."""
    weights = [Setting(layers).weights(3, 2) for layers in ((9,), (4,), (4,), (2, 8))]

    assert weights == [4 * 9 + 10, 4 * 4 + 5, 4 * 4 + 5, 4 * 2 + 3 * 8 + 9]
    assert Setting((4,)).weights(3, 3) == (3 + 1) * 4 + (4 + 1) * 3
    assert order == rank(dev, weights)


def test_the_defaults_are_those_of_scikit_learn():
    """What a setting leaves out is what scikit-learn would take, its "auto" batch written as a number."""
    theirs = MLPClassifier().get_params()

    assert {name: theirs[name] for name in HYPER_PARAMETERS} | {"batch_size": 200} == Setting().parameters()
    assert Setting().parameters(7)["random_state"] == 7
    assert Setting().clipped(60).batch_size == 60
