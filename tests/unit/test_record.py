"""Problem 2 as typed values: the space of the search, the reported values, the rule that breaks ties."""

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
    Search,
    Setting,
    Space,
    rank,
    search_rows,
    values,
)

SPACE = Space(((100,), (7, 5)), ("tanh", "relu"), ("sgd", "adam"), (0.01, 0.001), (200, 16))
ONE = structs.replace(SPACE, hidden_layer_sizes=((100,),), solver=("adam",), learning_rate_init=(0.001,))
# What a notebook found: four settings, of which the last three are tied.
RECORD = Record(
    default=Counts(1100, 470),
    best=Counts(1180, 489),
    params=Setting((50, 50), "tanh", "sgd", 0.03, 32),
    total=Counts(1257, 540),
    tied=3,
    search=Search(
        (1100, 1170, 1180, 1190), (470, 489, 489, 489), (200, 31, 200, 47), (False, True, False, True)
    ),
    versions={},
)


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


@pytest.mark.parametrize(("best", "decimal"), [(470, "+0.0000"), (460, "-0.0185")])
def test_the_gain_has_its_sign(best, decimal):
    """The difference of best and default is printed with its sign: none, or a loss, would show."""
    gain = values(structs.replace(RECORD, best=Counts(1180, best)))["2b.gain"]

    assert (gain.printed, gain.correct, gain.total) == (decimal, best - 470, 540)


def test_parameters_are_printed_as_python_has_them():
    """Together they are one line; a layer alone has its comma, and a rate is as short as can be."""
    assert values(RECORD)["2b.params"].printed == (
        "hidden_layer_sizes=(50, 50), activation=tanh, solver=sgd, learning_rate_init=0.03, batch_size=32"
    )
    printed = Setting((100,), learning_rate_init=1e-05).printed()
    assert (printed["hidden_layer_sizes"], printed["learning_rate_init"]) == ("(100,)", "1e-05")


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
    with pytest.raises(ValueError, match=re.escape("zip() argument")):
        search_rows(settings[1:], record.search)


@pytest.mark.parametrize(
    ("part", "wrong", "says"),
    [
        ("best", "489", "Expected `int`, got `str` - at `$.best.dev`"),
        ("search", [1, 2, 3], "the columns of the search differ in length - at `$.search`"),
    ],
)
def test_a_record_of_another_shape_is_refused_with_its_place(part, wrong, says):
    """A record that was changed is refused, and the message names the place."""
    printed = to_builtins(RECORD)

    with pytest.raises(msgspec.ValidationError, match=re.escape(says)):
        msgspec.convert(printed | {part: printed[part] | {"dev": wrong}}, Record)


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
