"""Exploring: a table over seeds in a stable order, the proposed space, and what is refused."""

import tomllib

import numpy as np
import pytest

from experiments import search
from experiments.assessment import Spread
from experiments.record import Setting, Space
from report import cli, exploration

GENERATOR = np.random.default_rng(5)
X = GENERATOR.standard_normal((60, 3))
Y = np.where(X[:, 0] > X[:, 1] * X[:, 2], 1, -1)
DATA = (X[:40], Y[:40], X[40:], Y[40:])
SPACE = Space(((5,), (3, 3)), ("relu", "tanh"), ("sgd", "adam"), (0.1,), (40, 400))


def test_rows_are_means_over_seeds_best_first():
    """Each setting has one row, with mean and spread; ties go to fewer weights, then to grid order."""
    rows = exploration.explore(SPACE, *DATA, seeds=(0, 1, 2), jobs=1)
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
    in_file, counts = rows[0].as_csv(), expected[0][-1]
    assert in_file["dev_mean"] == f"{np.mean(counts):.2f}"
    assert in_file["dev_deviation"] == f"{np.std(counts, ddof=1):.2f}"
    assert (in_file["dev_lowest"], in_file["dev_highest"]) == (min(counts), max(counts))


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


@pytest.mark.parametrize(
    ("space", "sentence"),
    [
        ("", "the table [search] is missing or empty."),
        ("[search]\nsolver = []\n", "search.solver must be a list with one item or more, not an empty list."),
        ('[search]\nsolver = ["lbfgs"]\n', "search.solver, item 1, must be adam or sgd, not the text"),
        ("[search]\nalpha = [0.1]\n", "unknown key search.alpha."),
        ("[search]\nsolver = [adam]\n", "line 2, column 11: not TOML: Invalid value."),
        (None, "does not exist.\nTIP Name a file with --space FILE."),
    ],
)
def test_a_space_that_cannot_be_explored(space, sentence, command, unbuilt, tmp_path):
    """The file and the key are named, nothing is trained and nothing is written."""
    file = tmp_path / "space.toml"
    if space is not None:
        file.write_text(space, encoding="utf-8")

    done = command("explore", "--config", unbuilt.config, "--space", file, "--out", tmp_path / "out")

    assert done.returncode == 2
    assert done.stderr.startswith(f"ERROR {file}")
    assert sentence in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--seeds", "1000000"], 2, "asks for 2,100,000,000 networks, more than 200,000."),
        (["--out", cli.ROOT / "tests" / "explored"], 2, "holds the program's own files."),
        (["--scheduler", "tcp://127.0.0.1:1"], 5, "The scheduler tcp://127.0.0.1:1 does not answer: check"),
        (["--scheduler", "nonsense"], 5, "The scheduler nonsense does not answer: check that it runs"),
    ],
)
def test_what_cannot_be_asked_for(arguments, code, told, command, unbuilt, tmp_path, monkeypatch):
    """Too many networks, the program's own folder, and a scheduler that is none are refused at once."""
    monkeypatch.setattr("experiments.cluster.ANSWER", 1.0)

    done = command(*("explore", "--config", unbuilt.config, "--out", tmp_path / "out"), *arguments)

    assert done.returncode == code
    assert told in done.stderr


def test_the_wide_space_is_wide():
    """What is explored by default has thousands of distinct settings, and the default setting among them."""
    settings = exploration.WIDE.settings(1257)

    assert len(settings) == len(set(settings)) == 10 * 3 * 2 * 7 * 5
    assert Setting((100,), "relu", "adam", 0.001, 200) in settings
