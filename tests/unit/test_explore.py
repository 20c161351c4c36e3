"""Exploring: a table over seeds in a stable order, and a space to paste into report.toml."""

import tomllib

import numpy as np
import pytest
from msgspec import convert

from experiments import search
from experiments.assessment import Spread
from experiments.record import Setting, Space
from report import config, exploration

GENERATOR = np.random.default_rng(5)
X = GENERATOR.standard_normal((60, 3))
Y = np.where(X[:, 0] > X[:, 1] * X[:, 2], 1, -1)
DATA = (X[:40], Y[:40], X[40:], Y[40:])
SPACE = Space(((5,), (3, 3)), ("relu", "tanh"), ("sgd", "adam"), (0.1,), (40, 400))


@pytest.fixture(scope="module")
def rows():
    """Explore the small space with three seeds."""
    return exploration.explore(SPACE, *DATA, seeds=(0, 1, 2), jobs=1)


def test_rows_are_means_over_seeds_best_first(rows):
    """Each setting has one row; ties in the mean go to fewer weights, then to grid order."""
    settings = SPACE.settings(40)
    found = {}
    for number, setting in enumerate(settings):
        counts = [search.run([setting], *DATA, seeds=(seed,), jobs=1)[0].dev for seed in (0, 1, 2)]
        weights = {(5,): 26, (3, 3): 28, (100,): 501}[setting.hidden_layer_sizes]
        found[str(setting)] = (-sum(counts) / 3, weights, number, counts)

    expected = sorted(found.values())
    assert [list(row.dev.counts) for row in rows] == [counts for *_, counts in expected]
    assert [row.size for row in rows] == [weights for _, weights, _, _ in expected]
    assert len(rows) == len(settings) == 8 + 1  # clipped batches are one, the default is added


def test_a_row_of_the_file_holds_mean_and_spread(rows):
    """explore.csv has the five hyper-parameters, then what the seeds gave."""
    row = rows[0].as_csv()

    counts = rows[0].dev.counts
    assert row["dev_mean"] == f"{np.mean(counts):.2f}"
    assert row["dev_deviation"] == f"{np.std(counts, ddof=1):.2f}"
    assert (row["dev_lowest"], row["dev_highest"]) == (min(counts), max(counts))
    assert list(row)[:5] == ["hidden_layer_sizes", "activation", "solver", "learning_rate_init", "batch_size"]


def test_the_proposal_can_be_pasted(rows, tmp_path):
    """The proposed table is a valid part of report.toml and holds the default and the best setting."""
    text = exploration.propose(rows)

    proposed = convert(tomllib.loads(text)["search"], Space)
    assert proposed.holds(Setting())
    assert proposed.holds(rows[0].setting)
    path = tmp_path / "report.toml"
    path.write_text(BASE + text, encoding="utf-8")
    assert config.load(path)


BASE = """\
[author]
name = "A"
id = "a1"
collaborators = "none"
[course]
title = "T"
homework = "H"
due = "2023-11-14"
"""


def row(place, **changed):
    """Make up a row that is the better the lower its place."""
    return exploration.Row(Setting(**changed), 1, *[Spread((100 - place,))] * 3, converged=1, failed=0)


def test_the_proposal_takes_what_is_better_than_the_default():
    """Values come from the settings above the default, but for one that would make the space too large."""
    rows = [
        row(0, learning_rate_init=0.03, hidden_layer_sizes=(50, 50)),
        row(1, batch_size=32, activation="tanh"),
        row(2, hidden_layer_sizes=(7,), learning_rate_init=0.3),
        row(3, activation="relu", solver="sgd"),
        row(4),
        row(5, learning_rate_init=0.5),
    ]

    proposed = tomllib.loads(exploration.propose(rows, 32))["search"]

    assert proposed == {
        "hidden_layer_sizes": [[100], [50, 50]],
        "activation": ["relu", "tanh"],
        "solver": ["adam", "sgd"],
        "learning_rate_init": [0.001, 0.03],
        "batch_size": [32, 200],
    }


def test_a_network_that_diverges_is_counted_as_refused():
    """A setting whose weights overflow has a row that says for how many seeds."""
    wild = Space(((4, 4),), ("identity",), ("sgd",), (1e80,), (40,))

    rows = exploration.explore(wild, *DATA, seeds=(0, 1), jobs=1)

    assert [(row.failed, row.dev.mean) for row in rows if row.setting.solver == "sgd"] == [(2, 0)]
    assert [row.failed for row in rows if row.setting.solver == "adam"] == [0]
