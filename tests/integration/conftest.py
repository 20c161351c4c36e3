"""A real Dask cluster on this machine, for the tests that need one."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Cluster:
    """A scheduler's address and process, and a way to start and to kill workers."""

    address: str
    scheduler: subprocess.Popen[bytes]

    def worker(self, **variables):
        """Run a worker with one thread, its nanny in the same session; `variables` are added to its world."""
        options = ("--nthreads", "1", "--no-dashboard", "--death-timeout", "60")
        return running("distributed.cli.dask_worker", self.address, *options, **variables)

    @staticmethod
    def kill(process):
        """Kill a process and all that it started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


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
        Cluster.kill(process)


@pytest.fixture
def cluster_here(tmp_path):
    """Run a scheduler, to which no worker belongs yet."""
    file = tmp_path / "scheduler.json"
    place = ("--scheduler-file", str(file), "--host", "127.0.0.1", "--port", "0")
    with running(
        "distributed.cli.dask_scheduler", *place, "--no-dashboard", "--idle-timeout", "120"
    ) as process:
        yield Cluster(_address(file, process), process)


def _address(file, scheduler):
    """Await the whole of a scheduler's file: it is there before its content is."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            return json.loads(file.read_text())["address"]
        assert scheduler.poll() is None, "the scheduler ended"
        time.sleep(0.1)
    pytest.fail("the scheduler told no address within two minutes")
