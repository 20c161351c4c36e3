"""A search on a real cluster: a Dask scheduler and its workers, one of which is killed in the middle."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from experiments import cluster, search
from experiments.errors import SearchError

ROOT = Path(__file__).parents[2]
GENERATOR = np.random.default_rng(8)
X = GENERATOR.standard_normal((200, 3))
Y = np.where(X[:, 0] > X[:, 1] * X[:, 2], 1, -1)
DATA = (X[:150], Y[:150], X[150:], Y[150:])
SETTINGS = [
    {"hidden_layer_sizes": layers, "activation": activation, "solver": solver, "learning_rate_init": rate}
    for layers in ((20,), (10, 10))
    for activation in ("relu", "tanh")
    for solver in ("adam", "sgd")
    for rate in (0.001, 0.003, 0.01, 0.03)
]
SEEDS = (0, 1)


@contextlib.contextmanager
def running(*arguments, **variables):
    """Run a module of distributed in a session of its own and end all of it at last."""
    process = subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        kill(process)


def kill(process):
    """Kill a process and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def worker(address, **variables):
    """Run a worker with one thread, its nanny in the same session."""
    options = ("--nthreads", "1", "--no-dashboard", "--death-timeout", "60")
    return running("distributed.cli.dask_worker", address, *options, **variables)


@pytest.fixture
def scheduler(tmp_path):
    """Run a scheduler and give its address."""
    file = tmp_path / "scheduler.json"
    arguments = (
        "--scheduler-file",
        str(file),
        "--host",
        "127.0.0.1",
        "--port",
        "0",
        "--no-dashboard",
        "--idle-timeout",
        "120",
    )
    with running("distributed.cli.dask_scheduler", *arguments):
        deadline = time.monotonic() + 60
        while not file.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        yield json.loads(file.read_text())["address"]


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Wait for slow machines when a worker is to come, and briefly for one that never will."""
    monkeypatch.setattr(cluster, "ANSWER", 40.0)


def entries(store):
    """Return name and content of every entry of a store."""
    return {path.name: path.read_bytes() for path in store.glob("*/*.json")}


def test_a_cluster_gives_the_same_bytes_though_a_worker_dies(scheduler, tmp_path):
    """Two workers, one killed when the first outcomes are there: every entry as on one machine."""
    search.run(SETTINGS, *DATA, seeds=SEEDS, jobs=1, store=tmp_path / "here")
    with worker(scheduler) as victim, worker(scheduler):

        def strike(done, total):
            if victim.poll() is None and done < total:
                kill(victim)
                struck.append(done / total)

        struck = []
        outcomes = search.run(
            SETTINGS, *DATA, seeds=SEEDS, store=tmp_path / "there", scheduler=scheduler, progress=strike
        )

    assert len(struck) == 1
    assert len(outcomes) == len(SETTINGS) * len(SEEDS)
    assert entries(tmp_path / "here") == entries(tmp_path / "there")


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch):
    """Nobody listens at the address: one sentence, soon."""
    monkeypatch.setattr(cluster, "ANSWER", 1.0)

    with pytest.raises(SearchError, match=r"scheduler tcp://127\.0\.0\.1:1 does not answer"):
        search.run(SETTINGS, *DATA, scheduler="tcp://127.0.0.1:1")


def test_an_address_that_is_none_is_told():
    """Something that is no address is told the same way."""
    with pytest.raises(SearchError, match="does not answer"):
        search.run(SETTINGS, *DATA, scheduler="nonsense://x")


def test_a_cluster_without_workers_is_told(scheduler, monkeypatch):
    """A scheduler alone cannot train anything, and the sentence says how to start workers."""
    monkeypatch.setattr(cluster, "ANSWER", 2.0)

    with pytest.raises(SearchError, match=f"has no workers: start some with 'dask worker {scheduler}'"):
        search.run(SETTINGS, *DATA, scheduler=scheduler)


def test_a_cluster_that_loses_all_workers_is_told(scheduler, tmp_path, monkeypatch):
    """When the last worker is gone for good the search ends, and what was finished is kept."""
    monkeypatch.setattr(cluster, "PATIENCE", 2.0)
    with worker(scheduler) as victim, pytest.raises(SearchError, match="has lost all its workers"):
        search.run(
            SETTINGS,
            *DATA,
            seeds=SEEDS,
            store=tmp_path,
            scheduler=scheduler,
            progress=lambda _done, _total: kill(victim),
        )

    assert 0 < len(entries(tmp_path)) < len(SETTINGS) * len(SEEDS)


def test_a_worker_with_other_kernels_is_refused(scheduler):
    """A worker that was started without the pins computes other bits, and is told from the others."""
    with (
        worker(scheduler, OPENBLAS_CORETYPE="Nehalem"),
        pytest.raises(SearchError, match="computes with other kernels or versions"),
    ):
        search.run(SETTINGS[:1], *DATA, scheduler=scheduler)
