"""Process groups end with the block, or the process, that guards them; workers leave Ctrl-C to others."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time

import pytest

from experiments import workers
from report.process import group_guard

# A leader that is gone at once, and a process that it leaves behind: only its group can be killed.
GROUP = ["/bin/sh", "-c", "sleep 600 & exit 0"]
HOLDER = f"""\
import subprocess, sys, time
from report.process import group_guard

with group_guard() as guard:
    leader = subprocess.Popen({GROUP!r}, start_new_session=True)
    guard(leader.pid)
    leader.wait()
    print(leader.pid, flush=True)
    time.sleep(600)
"""


def ends(group: int) -> bool:
    """Tell whether nothing of a process group is left in the end."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    os.killpg(group, signal.SIGKILL)
    return False


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM])
def test_a_group_ends_with_a_holder_that_is_killed(way: signal.Signals) -> None:
    """Killed without a chance to tidy up, the holder takes the group along, though its leader is gone."""
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        group = int(holder.stdout.readline())
        os.killpg(group, 0)  # it is there

        holder.send_signal(way)

    assert ends(group)


def test_a_group_ends_with_the_block() -> None:
    """When the block is done, nothing of the group is left."""
    with group_guard() as guard, subprocess.Popen(GROUP, start_new_session=True) as leader:
        guard(leader.pid)
        leader.wait()

    assert ends(leader.pid)


def test_a_worker_is_not_meant_by_an_interrupt() -> None:
    """It leads a group of its own from its first moment on: a terminal sends Ctrl-C to ours."""
    with workers.process() as call:
        assert call(os.getpgrp) == call(os.getpid) != os.getpgrp()


ORDER = pickle.dumps((abs, (bytes(1000),)))


@pytest.mark.parametrize(
    "given", [b"", ORDER[:1], ORDER[:-1], b"cnosuchmodule\nf\n."], ids=["none", "begun", "cut", "unreadable"]
)
def test_a_worker_ends_where_it_gets_no_order(given: bytes) -> None:
    """Whoever gives orders may be killed in the middle of one, or know a module that the worker lacks."""
    code = "from experiments import workers; workers.serve()"

    done = subprocess.run([sys.executable, "-c", code], input=given, check=False, timeout=60)

    assert done.returncode == 1
