"""A real Dask cluster on this machine, for the tests that need one."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from report import ROOT


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
        kill(process)


@pytest.fixture
def cluster_here(tmp_path):
    """Run a scheduler without workers; give its address and process, and functions that run and kill one."""
    file = tmp_path / "scheduler.json"
    place = ("--scheduler-file", str(file), "--host", "127.0.0.1", "--port", "0")
    options = ("--no-dashboard", "--idle-timeout", "120")
    with running("distributed.cli.dask_scheduler", *place, *options) as scheduler:
        address = _address(file, scheduler)

        def worker(**variables):
            options = ("--nthreads", "1", "--no-dashboard", "--death-timeout", "60")
            return running("distributed.cli.dask_worker", address, *options, **variables)

        yield SimpleNamespace(address=address, scheduler=scheduler, worker=worker, kill=kill)


def _address(file, scheduler):
    """Await the whole of a scheduler's file: it is there before its content is."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
            return json.loads(file.read_text())["address"]
        assert scheduler.poll() is None, "the scheduler ended"
        time.sleep(0.1)
    pytest.fail("the scheduler told no address within two minutes")
