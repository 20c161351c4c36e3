"""Problem 2 as typed values: the space of the search, the reported values, the table of all settings."""

import re

import pytest
from msgspec import structs
from sklearn.neural_network import MLPClassifier

from experiments.record import (
    HYPER_PARAMETERS,
    Counts,
    PassedOver,
    Record,
    Search,
    Setting,
    Space,
    search_rows,
    values,
)

SPACE = Space(((100,),), ("tanh", "relu"), ("adam",), (0.001,), (200, 16))
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


def test_the_default_is_not_added_twice():
    """A space that holds the default setting is left as it is, also where its batch is clipped."""
    tried = [(setting.activation, setting.batch_size) for setting in SPACE.settings(1000)]

    assert tried == [("tanh", 200), ("tanh", 16), ("relu", 200), ("relu", 16)]
    assert len(structs.replace(SPACE, batch_size=(300,)).settings(60)) == 2


def test_a_small_search_holds_two_values_of_each():
    """A search for trying things out takes the first two values of every list."""
    wide = structs.replace(SPACE, learning_rate_init=(0.1, 0.01, 0.001))

    assert structs.replace(SPACE, learning_rate_init=(0.1, 0.01)) == wide.small()
    assert wide.size == 12


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
    settings = SPACE.settings(1000)
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


def test_the_defaults_are_those_of_scikit_learn():
    """What a setting leaves out is what scikit-learn would take, its "auto" batch written as a number."""
    theirs = MLPClassifier().get_params()

    assert {name: theirs[name] for name in HYPER_PARAMETERS} | {"batch_size": 200} == Setting().parameters()
    assert Setting().parameters(7)["random_state"] == 7
    assert Setting().clipped(60).batch_size == 60
