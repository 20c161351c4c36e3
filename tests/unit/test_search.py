"""The search, its store, and a wide one over seeds: the same results whatever the workers and the history."""

import contextlib
import hashlib
import os
import random
import resource
import sqlite3
import tomllib
import warnings

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from experiments import search, store, trainer
from experiments.assessment import Spread
from experiments.errors import SearchError
from experiments.record import Setting, Space
from experiments.store import FILE, Outcome, Store
from report import cli, exploration

GENERATOR = np.random.default_rng(3)
X = GENERATOR.standard_normal((90, 3))
Y = np.where(X[:, 0] * X[:, 1] + 0.4 * X[:, 2] > 0, 1, -1)
DATA = (X[:60], Y[:60], X[60:], Y[60:])
SETTINGS = tuple(
    Setting(layers, activation, solver, rate, 60)
    for layers in ((6,), (5, 4))
    for activation in ("relu", "tanh")
    for solver in ("adam", "sgd")
    for rate in (0.01, 0.1)
)
WILD = Setting((4, 4), "identity", "sgd", 1e80, 60)


@pytest.fixture(scope="module")
def expected():
    """Fit every setting with two seeds by scikit-learn alone."""
    found = []
    for setting in SETTINGS:
        for seed in (0, 5):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                network = MLPClassifier(**setting.parameters(seed)).fit(*DATA[:2])
            weights = b"".join(array.tobytes() for array in network.coefs_ + network.intercepts_)
            found.append(
                Outcome(
                    setting,
                    seed,
                    train=round(network.score(*DATA[:2]) * 60),
                    dev=round(network.score(*DATA[2:]) * 30),
                    epochs=network.n_iter_,
                    converged=not any("Maximum iterations" in str(warning.message) for warning in caught),
                    predicted=b"".join(bytes([int(label == 1), 0]) for label in network.predict(DATA[2])),
                    digest=hashlib.sha256(weights).hexdigest()[:12],
                )
            )
    return tuple(found)


@pytest.fixture
def trained(monkeypatch):
    """Count the networks that are really trained in this process."""
    counted, fit = [], trainer.fit

    def counting(setting, *arguments):
        counted.append(setting)
        return fit(setting, *arguments)

    monkeypatch.setattr(trainer, "fit", counting)
    return counted


@pytest.mark.parametrize(("jobs", "missing"), [(1, ""), (2, ""), (2, "there is no C compiler (cc)")])
def test_outcomes_are_scikit_learns_in_the_order_asked(jobs, missing, expected, monkeypatch):
    """Counts, epochs, convergence and predictions equal plain scikit-learn's, also without the kernel."""
    monkeypatch.setattr(trainer, "fallback_reason", lambda: missing)

    assert expected == search.run(SETTINGS, *DATA, seeds=(0, 5), jobs=jobs)
    assert expected[::-1] == search.run(SETTINGS[::-1], *DATA, seeds=(5, 0), jobs=jobs)


def test_nothing_is_trained_twice(tmp_path, trained, expected):
    """Equal settings have one network; a second run trains nothing, a larger one only what is new."""
    found = search.run(SETTINGS[:10] * 2, *DATA, seeds=(0,), store=tmp_path)
    assert found[:10] == found[10:]
    assert len(trained) == 10

    outcomes = search.run(SETTINGS, *DATA, seeds=(0, 5), store=tmp_path)

    assert len(trained) == 10 + 22
    assert expected == outcomes == search.run(SETTINGS, *DATA, seeds=(0, 5), store=tmp_path)
    assert len(trained) == 32


def test_other_data_or_kernels_find_nothing_in_the_store(tmp_path, monkeypatch):
    """One changed number, another shape or type of the same bytes, another version: another entry."""
    array = np.arange(6.0).reshape(2, 3)
    outcome = Outcome(SETTINGS[0], 0, 3, 2, 9, True, b"\0\0", "abc")

    def found(array, setting=SETTINGS[0], seed=0):
        with contextlib.closing(Store(tmp_path, array)) as kept:
            return kept.load(setting, seed)

    with contextlib.closing(Store(tmp_path, array)) as kept:
        kept.save(outcome)

    assert found(array) == outcome
    for other in (array.reshape(3, 2), array.view(np.int64), array + 1e-12):
        assert found(other) is None
    assert found(array, SETTINGS[1]) is found(array, seed=1) is None
    monkeypatch.setattr(store, "in_force", lambda: {"blas": "another"})
    assert found(array) is None


@pytest.mark.parametrize(
    "number", [pytest.param(150, id="quick"), pytest.param(5000, id="full", marks=pytest.mark.slow)]
)
def test_a_damaged_file_is_read_as_it_was_or_not_at_all(number, tmp_path, damaged):
    """Cut, overwritten, changed in a byte, one entry in the place of another: each is whole or missing."""
    chance, folder = random.Random(0), tmp_path / "store"
    outcomes = [Outcome(setting, 0, 3, 2, 9, True, os.urandom(60), "abc") for setting in SETTINGS]
    with contextlib.closing(Store(folder, X)) as kept:
        for outcome in outcomes:
            kept.save(outcome)
    whole = (folder / FILE).read_bytes()
    # The format of the file, and the name of a column: for SQLite faults of the question, not of the file.
    contents = [whole[:at] + b"\xed" + whole[at + 1 :] for at in (47, whole.index(b"mark BLOB"))]
    with contextlib.closing(sqlite3.connect(folder / FILE)) as base, base:
        base.execute("UPDATE fits SET (mark, entry) = (SELECT mark, entry FROM fits LIMIT 1)")
    contents += [(folder / FILE).read_bytes(), b"", *(damaged(whole, chance) for _ in range(number))]
    missing = 0
    for content in contents:
        (folder / FILE).write_bytes(content)
        with contextlib.closing(Store(folder, X)) as kept:
            found = [kept.load(outcome.setting, 0) for outcome in outcomes]
            assert all(one is None or one == other for one, other in zip(found, outcomes, strict=True))
            missing += found.count(None)
            kept.save(outcomes[0])
            assert kept.load(SETTINGS[0], 0) == outcomes[0]
    assert missing > number


def test_a_full_disk_loses_nothing(tmp_path, trained):
    """When no more bytes are taken, one sentence says so, and the next run finds what was written before."""
    search.run(SETTINGS[:1], *DATA)  # the kernel is compiled before
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, former[1]))
    try:
        with pytest.raises(SearchError, match=r"cannot be written \(.*free some space"):
            search.run(SETTINGS, *DATA, seeds=range(20), store=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)

    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as base:
        [[kept]] = base.execute("SELECT COUNT(*) FROM fits")
    assert kept
    trained.clear()
    search.run(SETTINGS, *DATA, seeds=range(20), store=tmp_path)
    assert len(trained) == 320 - kept


def test_a_store_that_cannot_be_made_is_told(tmp_path):
    """A file in the place of the store's folder, a folder in the place of its file: named."""
    (tmp_path / "store").write_text("")
    (tmp_path / FILE).mkdir()

    for folder, why in ((tmp_path / "store", "File exists"), (tmp_path, "unable to open database file")):
        with pytest.raises(SearchError, match=rf"store .*{FILE} cannot be written \({why}\)"):
            search.run(SETTINGS, *DATA, store=folder)


def test_a_network_that_diverges_is_told_and_counts_nothing(expected):
    """scikit-learn's refusal of one setting is its outcome; the others are not touched by it."""
    wild, other = search.run([WILD, SETTINGS[0]], *DATA)

    assert (wild.dev, wild.train, wild.predictions.tolist()) == (0, 0, [0] * 30)
    assert "non-finite" in wild.failed
    assert other == expected[0]


def test_many_classes_are_told_apart():
    """Predictions are places in the sorted labels, also where there are more than a byte can count."""
    labels = np.arange(600) % 300 - 50
    data = np.ascontiguousarray(np.random.default_rng(0).standard_normal((600, 2)))

    (outcome,) = search.run([Setting((5,))], data, labels, data, labels)

    network = MLPClassifier((5,), random_state=0)
    with trainer.quiet():
        assert (outcome.predictions - 50.0).tolist() == network.fit(data, labels).predict(data).tolist()


def test_progress_ends_at_the_whole():
    """The work done grows with every network and ends at the work there is."""
    seen = []

    search.run(SETTINGS, *DATA, progress=lambda done, total: seen.append((done, total)))

    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == pytest.approx(seen[-1][1])
    assert len(seen) == len(SETTINGS)


def test_work_is_divided_evenly():
    """For any number of workers all networks are in one task each, none much dearer than its share."""
    costs = {
        search.Fit(setting, seed): search.cost(setting, 60, 3, 2)
        for setting in SETTINGS
        for seed in range(30)
    }
    for share in (sum(costs.values()) / parts for parts in (1, 7, 100)):
        tasks = list(search.divide(costs, costs, share))

        assert [fit for task in tasks for fit in task] == list(costs)
        assert max(sum(costs[fit] for fit in task) for task in tasks) <= share * (1 + 1e-9)


# --- exploring: a table over seeds in a stable order, the proposed space, and what is refused
SPACE = Space(((5,), (3, 3)), ("relu", "tanh"), ("sgd", "adam"), (0.1,), (60, 400))


def test_rows_are_means_over_seeds_best_first():
    """Each setting has one row, with mean and spread; ties go to fewer weights, then to grid order."""
    rows = exploration.explore(SPACE, *DATA, seeds=(0, 1, 2), jobs=1)
    settings = SPACE.settings(60)

    assert len(rows) == len(settings) == 8 + 1  # clipped batches are one, the default is added
    for row in rows:
        outcomes = [search.run([row.setting], *DATA, seeds=(seed,), jobs=1)[0] for seed in (0, 1, 2)]
        assert row.dev.counts == tuple(outcome.dev for outcome in outcomes)
        assert row.size == {(5,): 26, (3, 3): 28, (100,): 501}[row.setting.hidden_layer_sizes]
    assert Setting((4,)).weights(3, 3) == (3 + 1) * 4 + (4 + 1) * 3
    order = [(-sum(row.dev.counts), row.size, settings.index(row.setting)) for row in rows]
    assert order == sorted(order)
    in_file, counts = rows[0].as_csv(), rows[0].dev.counts
    assert in_file["dev_mean"] == f"{np.mean(counts):.2f}"
    assert in_file["dev_deviation"] == f"{np.std(counts, ddof=1):.2f}"
    assert (in_file["dev_lowest"], in_file["dev_highest"]) == (min(counts), max(counts))
    assert Spread((7,)).deviation == 0


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


def test_the_proposal_says_if_nothing_is_better_than_the_default():
    """A smaller network that is only as good is not better; the values of all settings are then proposed."""
    rows = [row(1, hidden_layer_sizes=(50,)), row(1), row(2, solver="sgd")]

    proposed = exploration.propose(rows)

    assert proposed.startswith("# No setting was better than the default.\n[search]\n")
    found = tomllib.loads(proposed)["search"]
    assert (found["hidden_layer_sizes"], found["solver"]) == ([[50], [100]], ["adam", "sgd"])
    assert exploration.propose([row(0, solver="sgd"), *rows]).startswith("[search]")


def test_the_proposal_for_few_samples_has_no_batch_twice():
    """The default's batch is clipped to the samples like all others, so that no two sizes train alike."""
    rows = [row(0, batch_size=24, activation="tanh"), row(1, batch_size=24)]

    proposed = tomllib.loads(exploration.propose(rows))["search"]

    assert (proposed["activation"], proposed["batch_size"]) == (["relu", "tanh"], [24])


def test_a_network_that_diverges_is_counted_as_refused():
    """A setting whose weights overflow has a row that says for how many seeds."""
    wild = Space(((4, 4),), ("identity",), ("sgd",), (1e80,), (60,))

    rows = exploration.explore(wild, *DATA, seeds=(0, 1), jobs=1)

    assert [(row.failed, row.dev.mean) for row in rows if row.setting.solver == "sgd"] == [(2, 0)]
    assert [row.failed for row in rows if row.setting.solver == "adam"] == [0]


OURS = cli.ROOT / "tests" / "explored"


@pytest.mark.parametrize(
    ("space", "arguments", "code", "told"),
    [
        ("", (), 2, "{space}: the table [search] is missing or empty."),
        ("[search]\nalpha = [0.1]\n", (), 2, "{space}, line 2: unknown key search.alpha."),
        ("[search]\nsolver = [adam]\n", (), 2, "{space}, line 2, column 11: not TOML: Invalid value."),
        (None, (), 2, "{space} does not exist.\nTIP Name a file with --space FILE."),
        (None, ("--seeds", "1000000"), 2, "The space with 1000000 seeds asks for 2,100,000,000 networks,"),
        (None, ("--out", OURS), 2, f"{OURS} holds the program's own files."),
        (None, ("--scheduler", "tcp://127.0.0.1:1"), 5, "The scheduler tcp://127.0.0.1:1 does not answer: "),
        (None, ("--scheduler", "nonsense"), 5, "The scheduler nonsense does not answer: check that it runs"),
    ],
)
def test_what_cannot_be_explored(space, arguments, code, told, command, unbuilt, tmp_path, monkeypatch):
    """A bad space, too many networks, the program's own folder and a scheduler that is none are refused."""
    monkeypatch.setattr("experiments.cluster.ANSWER", 1.0)
    file, out = tmp_path / "space.toml", tmp_path / "out"
    if space is not None:
        file.write_text(space, encoding="utf-8")

    done = command("explore", "--config", unbuilt.config, "--out", out, *(arguments or ("--space", file)))

    assert done.returncode == code
    assert f"ERROR {told.format(space=file)}" in done.stderr
    assert code == 5 or not out.exists()


def test_the_wide_space_is_wide():
    """What is explored by default has thousands of distinct settings, and the default setting among them."""
    settings = exploration.WIDE.settings(1257)

    assert len(settings) == len(set(settings)) == 10 * 3 * 2 * 7 * 5
    assert Setting((100,), "relu", "adam", 0.001, 200) in settings
