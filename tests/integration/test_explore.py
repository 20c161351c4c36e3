"""The explore command as a person runs it: table, figure and proposal; kills, workers and clusters."""

import contextlib
import csv
import os
import signal
import sqlite3
import time

import pytest

from experiments.record import Setting
from experiments.store import FILE
from report import config

SEEDS = 4  # from 5 on, which the configuration names
SPACE = """\
[search]
hidden_layer_sizes = [[4], [5, 3]]
activation = ["relu", "tanh"]
solver = ["adam", "sgd"]
learning_rate_init = [0.001, 0.01]
batch_size = [16, 300]
"""
# Refuses to write again what is there.
ONCE = """\
CREATE TRIGGER once BEFORE INSERT ON fits WHEN EXISTS (SELECT 1 FROM fits WHERE key = NEW.key)
BEGIN SELECT RAISE(ABORT, 'trained again'); END
"""
NETWORKS = SEEDS * (2 * 2 * 2 * 2 * 2 + 1)  # the default is added


@pytest.fixture(scope="module")
def arguments(unbuilt, tmp_path_factory):
    """Give the command line for a small space and the tiny data, but for the folder."""
    space = tmp_path_factory.mktemp("space") / "space.toml"
    space.write_text(SPACE, encoding="utf-8")
    return ["explore", "--config", unbuilt.config, "--space", space, "--seeds", str(SEEDS)]


@pytest.fixture(scope="module")
def explored(arguments, command, tmp_path_factory):
    """Explore undisturbed with one process; give the folder and what was printed."""
    out = tmp_path_factory.mktemp("explored") / "out"
    done = command(*arguments, "--out", out, "--jobs", "1")
    assert done.returncode == 0, done.stderr
    return out, done.stdout


def kept(out):
    """Return the networks that are kept, in the order of their keys."""
    for file in out.glob(f".kept/fits-*/{FILE}"):
        with (
            contextlib.suppress(sqlite3.OperationalError),  # no table yet
            contextlib.closing(sqlite3.connect(file)) as base,
        ):
            return base.execute("SELECT * FROM fits ORDER BY key").fetchall()
    return []


def made(out):
    """Return all that explore left: the bytes of its files, and what it keeps of each network."""
    files = {path.name: path.read_bytes() for path in out.iterdir() if path.is_file()}
    assert files.pop(".lock") == b""
    return {**files, "kept": kept(out)}


def await_first(run, out):
    """Await the first networks that a run keeps."""
    while not kept(out) and run.process.poll() is None:
        time.sleep(0.002)


def test_a_table_and_a_space_for_report_toml_are_left(explored, unbuilt, tmp_path):
    """explore.csv has every setting once, the best first; what is printed can be the table [search]."""
    with (explored[0] / "explore.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    head, _, _ = unbuilt.config.read_text(encoding="utf-8").partition("[search]")
    (tmp_path / "report.toml").write_text(head + explored[1], encoding="utf-8")

    proposed = config.load(tmp_path / "report.toml").search

    assert len({tuple(row.values())[:5] for row in rows}) == len(rows) == NETWORKS // SEEDS
    key = [(-float(row["dev_mean"]), int(row["weights"])) for row in rows]
    assert key == sorted(key)
    assert tuple(rows[0].values())[:5] in {tuple(s.printed().values()) for s in proposed.settings(60)}
    assert proposed.holds(Setting().clipped(60))


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_ended_early_is_taken_up(number, explored, arguments, command, unbuilt, tmp_path):
    """Killed or interrupted in the middle, the next run trains the rest only and leaves the same bytes."""
    for attempt in range(20):  # one of them is met in the middle
        out = tmp_path / str(attempt)
        line = [*arguments, "--out", out, "--jobs", "1"]
        with unbuilt.started(*line) as run:
            await_first(run, out)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(run.process.pid, number)
            code, told = run.ended()
        early = kept(out)
        if len(early) < NETWORKS:
            break
    assert 0 < len(early) < NETWORKS
    if number == signal.SIGINT:
        assert code == 130
        assert told.endswith("the same command goes on from there.\nInterrupted.\n")
        assert "Traceback" not in told

    (file,) = out.glob(f".kept/fits-*/{FILE}")
    with contextlib.closing(sqlite3.connect(file)) as base:
        base.execute(ONCE)
    done = command(*line)

    assert (done.returncode, done.stdout) == (0, explored[1]), done.stderr
    assert made(out) == made(explored[0])


@pytest.mark.slow
def test_a_cluster_leaves_the_same_bytes_though_a_worker_dies(
    cluster_here, explored, arguments, unbuilt, tmp_path
):
    """With two Dask workers, one killed when the first networks are there, all is as on one machine."""
    out = tmp_path / "out"
    line = [*arguments, "--out", out, "--scheduler", cluster_here.address]
    with cluster_here.worker() as victim, cluster_here.worker(), unbuilt.started(*line) as run:
        await_first(run, out)
        cluster_here.kill(victim)
        struck = len(kept(out))
        code, told = run.ended()

    assert (code, told.count(explored[1])) == (0, 1), told
    assert 0 < struck < NETWORKS
    assert made(out) == made(explored[0])
