"""The search: every setting, the same results whatever the workers, the order, the history."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from experiments import search, store, trainer, workload
from experiments.errors import SearchError, SpaceError
from experiments.store import Store
from experiments.trainer import kernel

ROOT = Path(__file__).parents[2]
GENERATOR = np.random.default_rng(3)
X = GENERATOR.standard_normal((90, 3))
Y = np.where(X[:, 0] * X[:, 1] + 0.4 * X[:, 2] > 0, 1, -1)
DATA = (X[:60], Y[:60], X[60:], Y[60:])
SETTINGS = tuple(
    {"hidden_layer_sizes": layers, "activation": activation, "solver": solver}
    | {"learning_rate_init": rate, "batch_size": 60}
    for layers in ((6,), (5, 4))
    for activation in ("relu", "tanh")
    for solver in ("adam", "sgd")
    for rate in (0.01, 0.1)
)


def told(outcomes):
    """Return outcomes as plain values."""
    names = ("seed", "train", "dev", "epochs", "converged", "digest", "failed")
    return [
        (dict(o.setting), o.predictions.tolist(), *(getattr(o, name) for name in names)) for o in outcomes
    ]


@pytest.fixture(scope="module")
def expected():
    """Fit every setting with two seeds by scikit-learn alone."""
    found = []
    for setting in SETTINGS:
        for seed in (0, 5):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                network = MLPClassifier(**setting, random_state=seed).fit(*DATA[:2])
            predicted, weights = network.predict(DATA[2]), network.coefs_ + network.intercepts_
            found.append(
                (
                    setting,
                    [int(label == 1) for label in predicted],
                    seed,
                    round(network.score(*DATA[:2]) * 60),
                    round(network.score(*DATA[2:]) * 30),
                    network.n_iter_,
                    not any("Maximum iterations" in str(warning.message) for warning in caught),
                    hashlib.sha256(b"".join(a.tobytes() for a in weights)).hexdigest()[:12],
                    "",
                )
            )
    return found


@pytest.fixture
def trained(monkeypatch):
    """Count the fits that are really trained in this process."""
    counted = []

    def work(number, task, data):
        counted.extend(task.fits)
        return workload.work(number, task, data)

    monkeypatch.setattr(search, "work", work)
    return counted


def test_outcomes_are_scikit_learns_in_the_order_asked(expected):
    """Counts, epochs, convergence and predictions of every setting and seed equal plain scikit-learn's."""
    assert expected == told(search.run(SETTINGS, *DATA, seeds=(0, 5), jobs=1))


def test_workers_and_order_change_nothing(expected):
    """Two worker processes and a reversed list give the same outcomes."""
    backwards = search.run(SETTINGS[::-1], *DATA, seeds=(5, 0), jobs=2)

    assert expected == told(backwards)[::-1]


UNPINNED = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
import test_search as t
alone, together = (t.told(t.search.run(t.SETTINGS[::3], *t.DATA, jobs=jobs)) for jobs in (1, 2))
print(alone == together, max(b["threads"] for b in t.search.in_force()["blas"]))
"""


def test_workers_change_nothing_without_the_pins_either(clean_environ):
    """In an environment that is kept, workers split their sums over as many threads as one process does."""
    code = UNPINNED.format(root=str(ROOT), tests=str(Path(__file__).parent))
    environ = clean_environ | {"REPORT_KEEP_ENV": "1", "OPENBLAS_NUM_THREADS": "2"}

    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False
    )

    assert (done.stderr, done.stdout) == ("", "True 2\n")


TRACKED = """
import os
from joblib.externals.loky.backend import resource_tracker
from multiprocessing import resource_tracker as of_python
from experiments import search
from tests.unit.test_search import DATA, SETTINGS
search.run(SETTINGS, *DATA, jobs=2)
for tracker in (resource_tracker, of_python):
    process = f"/proc/{tracker._resource_tracker._pid}"
    blocked = next(line.split()[1] for line in open(f"{process}/status") if line.startswith("SigBlk"))
    print(int(blocked, 16) & 1, "PYTHONWARNINGS=ignore" in open(f"{process}/environ").read())
print(os.environ.get("PYTHONWARNINGS"))
"""


def test_what_clears_away_behind_workers_is_deaf_and_silent(clean_environ):
    """The trackers of a pool live through a hang-up (bit 1 of the mask) and complain of nothing."""
    done = subprocess.run(
        [sys.executable, "-c", TRACKED],
        cwd=ROOT,
        env=clean_environ,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )

    assert (done.stderr, done.stdout) == ("", "1 True\n1 True\nNone\n")


def test_plain_scikit_learn_takes_over_where_the_kernel_cannot_be_had(expected, monkeypatch):
    """A machine without the kernel gets the same outcomes from scikit-learn itself."""
    monkeypatch.setattr(trainer, "fallback_reason", lambda: "there is no C compiler (cc)")
    monkeypatch.setattr(kernel, "train", None)

    assert expected == told(search.run(SETTINGS, *DATA, seeds=(0, 5), jobs=1))


def test_what_is_stored_is_not_trained_again(tmp_path, trained, expected):
    """A second run trains nothing, a larger one only what is new, and all outcomes are the same."""
    search.run(SETTINGS[:10], *DATA, seeds=(0,), jobs=1, store=tmp_path)
    assert len(trained) == 10

    outcomes = search.run(SETTINGS, *DATA, seeds=(0, 5), jobs=1, store=tmp_path)

    assert len(trained) == 10 + 22
    assert expected == told(outcomes)
    assert expected == told(search.run(SETTINGS, *DATA, seeds=(0, 5), jobs=1, store=tmp_path))
    assert len(trained) == 32


def test_other_data_find_nothing_in_the_store(tmp_path, trained):
    """One changed number in the data makes every entry another one."""
    search.run(SETTINGS[:2], *DATA, jobs=1, store=tmp_path)
    changed = DATA[2].copy()
    changed[0, 0] += 1e-12

    search.run(SETTINGS[:2], *DATA[:2], changed, DATA[3], jobs=1, store=tmp_path)

    assert len(trained) == 4


def test_the_same_bytes_in_another_shape_are_other_data(tmp_path):
    """Two features of three samples are not three features of two, nor floats the integers of their bits."""
    array = np.arange(6.0).reshape(2, 3)
    for other in (array.reshape(3, 2), array.view(np.int64)):
        Store(tmp_path, array).save(outcome([1]))

        assert Store(tmp_path, other).load(SETTINGS[0], 0) is None
        assert Store(tmp_path, array).load(SETTINGS[0], 0) is not None


def test_other_kernels_find_nothing_in_the_store(tmp_path, monkeypatch):
    """What was trained with other kernels or versions is trained again."""
    Store(tmp_path, X).save(outcome([1]))
    monkeypatch.setattr(store, "in_force", lambda: {"blas": "another"})

    assert Store(tmp_path, X).load(SETTINGS[0], 0) is None


def test_an_outcome_comes_back_as_it_was_kept(tmp_path):
    """Also with more classes than a byte can count, and after a save that the disk cut off."""
    shelf = Store(tmp_path, X)
    shelf.save(outcome([0, 299, 65_535]))

    with pytest.MonkeyPatch.context() as disk:
        disk.setattr(Path, "write_bytes", half_written)
        with pytest.raises(SearchError, match="free some space"):
            shelf.save(outcome([7]))

    found = shelf.load(SETTINGS[0], 0)
    assert found.predictions.tolist() == [0, 299, 65_535]
    assert (found.train, found.dev, found.epochs, found.converged, found.digest) == (3, 2, 9, True, "abc")


def outcome(predictions):
    """Give an outcome of the first setting, made up."""
    return store.Outcome(SETTINGS[0], 0, 3, 2, 9, True, np.array(predictions, dtype=np.uint16), "abc")


def half_written(path, content):
    """Write half of a file, and find the disk full."""
    with path.open("wb") as file:
        file.write(content[: len(content) // 2])
    raise OSError(errno.ENOSPC, "No space left on device")


def test_the_way_a_number_is_written_does_not_matter(tmp_path, trained):
    """A list for a tuple, an integer for a float, a numpy number: the same setting, trained once."""
    ways = [
        {"hidden_layer_sizes": (5,), "learning_rate_init": 1.0, "batch_size": 16},
        {"hidden_layer_sizes": [5], "learning_rate_init": 1, "batch_size": np.int64(16)},
        {"hidden_layer_sizes": 5, "learning_rate_init": np.float64(1), "batch_size": 16},
    ]

    outcomes = search.run(ways, *DATA, jobs=1, store=tmp_path)

    assert len(trained) == 1
    assert len({outcome.dev for outcome in outcomes}) == 1


@pytest.mark.parametrize("damage", ["truncated", "flipped", "swapped", "empty"])
def test_a_damaged_entry_is_trained_again(tmp_path, trained, damage, expected):
    """Half a file, a flipped bit, another entry's content or nothing at all: noticed, and mended."""
    search.run(SETTINGS, *DATA, jobs=1, store=tmp_path)
    entries = sorted(tmp_path.glob("*/*.json"))
    whole = entries[0].read_bytes()
    content = {
        "truncated": whole[: len(whole) // 2],
        "flipped": whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:],
        "swapped": entries[1].read_bytes(),
        "empty": b"",
    }
    entries[0].write_bytes(content[damage])
    trained.clear()

    outcomes = search.run(SETTINGS, *DATA, jobs=1, store=tmp_path)

    assert len(trained) == 1
    assert expected[::2] == told(outcomes)
    assert entries[0].read_bytes() == whole


KILLED = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
import test_search as t
t.search.run(t.SETTINGS, *t.DATA, seeds=range(12), jobs=2, store=Path({store!r}))
"""


def test_a_killed_search_goes_on_where_it_was(tmp_path, trained, expected):
    """After kill -9 in the middle, only the rest is trained, and the outcomes are scikit-learn's."""
    code = KILLED.format(root=str(ROOT), tests=str(Path(__file__).parent), store=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", code], start_new_session=True) as process:
        deadline = time.monotonic() + 60
        while len(list(tmp_path.glob("*/*.json"))) < 8 and time.monotonic() < deadline:
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
    kept = len(list(tmp_path.glob("*/*.json")))
    assert 8 <= kept < 192

    resumed = search.run(SETTINGS, *DATA, seeds=range(12), jobs=1, store=tmp_path)

    assert len(trained) == 192 - kept
    assert expected == [outcome for outcome in told(resumed) if outcome[2] in (0, 5)]


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch):
    """When the disk fills up, one sentence says so, and what was written before is found by the next run."""
    write = Path.write_bytes

    def fill_up(self, content):
        if len(list(tmp_path.glob("*/*.json"))) == 5:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(self, content)

    monkeypatch.setattr(Path, "write_bytes", fill_up)

    with pytest.raises(SearchError, match=r"cannot be written \(No space left on device\): free some space"):
        search.run(SETTINGS, *DATA, jobs=1, store=tmp_path)

    assert len(list(tmp_path.glob("*/*.json"))) == 5
    assert list(tmp_path.glob("*/*.part")) == []


def test_a_store_that_cannot_be_made_is_told(tmp_path):
    """A file in the place of the store's folder is named."""
    (tmp_path / "store").write_text("")

    with pytest.raises(SearchError, match=r"store .*store cannot be written \(File exists\)"):
        search.run(SETTINGS, *DATA, jobs=1, store=tmp_path / "store")


def test_what_a_killed_run_left_half_written_is_swept_away(tmp_path):
    """A part of an entry that is older than an hour is removed, a fresh one is left to its writer."""
    folder = tmp_path / "ab"
    folder.mkdir()
    (folder / "old.1.part").write_text("")
    os.utime(folder / "old.1.part", (0, 0))
    (folder / "new.2.part").write_text("")

    search.run(SETTINGS[:1], *DATA, jobs=1, store=tmp_path)

    assert [path.name for path in folder.glob("*.part")] == ["new.2.part"]


def deadly(marker, times):
    """Return work that kills its own process as long as `marker` counts fewer than `times` deaths."""

    def work(number, task, data):
        import os
        from pathlib import Path

        from experiments import workload

        if number == 1 and len(deaths := Path(marker).read_text()) < times:
            Path(marker).write_text(deaths + "x")
            os.kill(os.getpid(), 9)
        return workload.work(number, task, data)

    return work


def test_the_death_of_a_worker_is_survived(tmp_path, monkeypatch, expected):
    """A worker process that is killed costs time, not results."""
    marker = tmp_path / "deaths"
    marker.write_text("")
    monkeypatch.setattr(search, "work", deadly(str(marker), times=1))

    outcomes = search.run(SETTINGS, *DATA, seeds=(0, 5), jobs=2)

    assert marker.read_text() == "x"
    assert expected == told(outcomes)


def test_workers_that_die_again_and_again_are_told(tmp_path, monkeypatch):
    """After three deaths the search ends with a sentence, and what was finished is kept."""
    marker = tmp_path / "deaths"
    marker.write_text("")
    monkeypatch.setattr(search, "work", deadly(str(marker), times=99))

    with pytest.raises(SearchError, match="Worker processes died 3 times"):
        search.run(SETTINGS, *DATA, seeds=(0, 5), jobs=2, store=tmp_path / "store")


def test_a_worker_with_other_kernels_is_refused(monkeypatch):
    """Outcomes computed with other versions or pins than this process has are not taken."""
    monkeypatch.setattr(search, "in_force", lambda: {"simd": "another", "blas": []})

    with pytest.raises(SearchError, match="computes with other kernels or versions"):
        search.run(SETTINGS[:1], *DATA, jobs=1)


def test_a_network_that_diverges_is_told_and_counts_nothing():
    """scikit-learn's refusal of one setting is its outcome; the others are not touched by it."""
    wild = {
        "solver": "sgd",
        "activation": "identity",
        "learning_rate_init": 1e80,
        "hidden_layer_sizes": (4, 4),
    }

    outcomes = search.run([wild, SETTINGS[0]], *DATA, jobs=1)

    assert (outcomes[0].dev, outcomes[0].train) == (0, 0)
    assert "non-finite" in outcomes[0].failed
    assert told(outcomes)[1] == told(search.run(SETTINGS[:1], *DATA, jobs=1))[0]


def test_progress_ends_at_the_whole():
    """The work done grows with every task and ends at the work there is."""
    seen = []

    search.run(SETTINGS, *DATA, jobs=1, progress=lambda done, total: seen.append((done, total)))

    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == pytest.approx(seen[-1][1])
    assert len(seen) > 2


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ([], "The search space is empty"),
        ([{"solver": "lbfgs"}], "Setting 1 of the search space has the solver 'lbfgs': only sgd and adam"),
        ([{}, {"alpha": 1.0}], "Setting 2 of the search space holds alpha, but only"),
        ([{"learning_rate_init": -0.1}], "refused by scikit-learn: The 'learning_rate_init' parameter"),
        ([{"activation": "swish"}], "refused by scikit-learn: The 'activation' parameter"),
        ([{"batch_size": 0}], "refused by scikit-learn: The 'batch_size' parameter"),
        ([{"learning_rate_init": float("nan")}], "refused by scikit-learn: The 'learning_rate_init'"),
        ([{"hidden_layer_sizes": (10, 0)}], "each layer needs a whole number of units, at least 1"),
        ([{"hidden_layer_sizes": (1.5,)}], "each layer needs a whole number of units, at least 1"),
        ([{"hidden_layer_sizes": "100"}], "refused by scikit-learn: The 'hidden_layer_sizes' parameter"),
    ],
)
def test_an_impossible_space_is_refused_in_one_sentence(settings, words):
    """Before anything is trained the setting is named, with what is wrong in it."""
    with pytest.raises(SpaceError) as refusal:
        search.run(settings, *DATA)

    assert words in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_batches_larger_than_the_data_are_the_data():
    """Settings whose batches are clipped to the same size can share a stack."""
    clipped = {
        workload.shape({"hidden_layer_sizes": 5, "batch_size": size}, 60) for size in (60, 200, "auto")
    }

    assert clipped == {((5,), 60)}


def test_tasks_cover_every_fit_once_and_the_longest_come_first():
    """Whatever the number of workers, each fit is in exactly one task, and tasks are sorted by cost."""
    fits = [workload.Fit(setting, seed) for seed in range(30) for setting in SETTINGS]
    for workers in (1, 2, 7, 64):
        tasks = workload.divide(fits, 60, 3, 1, workers)

        assert sorted(id(fit) for task in tasks for fit in task.fits) == sorted(map(id, fits))
        assert [task.cost for task in tasks] == sorted((task.cost for task in tasks), reverse=True)
        assert len(tasks) >= min(3 * workers, 60)
