"""A search on a real cluster that fails: no workers, other kernels, all workers or the scheduler gone."""

import contextlib
import sqlite3
import time

import numpy as np
import pytest

from experiments import cluster, search
from experiments.errors import SearchError
from experiments.record import Setting
from experiments.store import FILE

pytestmark = pytest.mark.slow
GENERATOR = np.random.default_rng(8)
X = GENERATOR.standard_normal((200, 3))
Y = np.where(X[:, 0] > X[:, 1] * X[:, 2], 1, -1)
DATA = (X[:150], Y[:150], X[150:], Y[150:])
SETTINGS = [
    Setting(layers, activation, solver, rate)
    for layers in ((20,), (10, 10))
    for activation in ("relu", "tanh")
    for solver in ("adam", "sgd")
    for rate in (0.001, 0.003, 0.01, 0.03)
]


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    """Wait for slow machines when a worker is to come, and briefly for one that never will."""
    monkeypatch.setattr(cluster, "ANSWER", 40.0)


def test_a_cluster_without_workers_is_told(cluster_here, monkeypatch):
    """A scheduler alone cannot train anything, and the sentence says how to start workers."""
    monkeypatch.setattr(cluster, "ANSWER", 2.0)

    told = f"has no workers: start some with 'dask worker {cluster_here.address}'"
    with pytest.raises(SearchError, match=told):
        search.run(SETTINGS, *DATA, scheduler=cluster_here.address)


@pytest.mark.parametrize("gone", ["worker", "scheduler"])
def test_a_cluster_that_goes_away_in_the_middle_is_told(gone, cluster_here, tmp_path, monkeypatch):
    """When the last worker or the scheduler dies, the search ends soon, and what was finished is kept."""
    monkeypatch.setattr(cluster, "PATIENCE", 2.0)
    monkeypatch.setattr(cluster, "ANSWER", 15.0)
    told = {"worker": "has lost all its workers", "scheduler": f"{cluster_here.address} is gone"}

    def strike(done, _total):
        if done:  # not while the worker has yet to come
            cluster_here.kill({"worker": worker, "scheduler": cluster_here.scheduler}[gone])

    here = {"scheduler": cluster_here.address, "store": tmp_path}
    with cluster_here.worker() as worker, pytest.raises(SearchError, match=told[gone]):
        search.run(SETTINGS, *DATA, seeds=(0, 1), progress=strike, **here)

    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as base:
        [[kept]] = base.execute("SELECT COUNT(*) FROM fits")
    assert 0 < kept < 2 * len(SETTINGS)


def test_results_that_are_lost_with_the_last_worker_are_told(cluster_here, monkeypatch):
    """What was computed but not yet fetched when the last worker died is not waited for without end."""
    monkeypatch.setattr(cluster, "PATIENCE", 2.0)
    with cluster_here.worker() as worker, cluster.connected(cluster_here.address) as client:
        monkeypatch.setattr(cluster, "ANSWER", 2.0)
        found = cluster.results(client, dict, [()] * 8, 1)
        assert {"data": 1} == next(found)
        while {state.status for state in client.futures.values()} != {"finished"}:
            time.sleep(0.1)
        cluster_here.kill(worker)

        with pytest.raises(SearchError, match="has lost all its workers"):
            list(found)


def test_a_worker_with_other_kernels_is_refused(cluster_here):
    """A worker that was started without the pins computes other bits, and is told from the others."""
    with (
        cluster_here.worker(OPENBLAS_CORETYPE="Nehalem"),
        pytest.raises(SearchError, match="computes with other kernels or versions"),
    ):
        search.run(SETTINGS[:1], *DATA, scheduler=cluster_here.address)
