"""Verify within a grader's box: ten minutes of half a CPU and 768 MB, on the submission that is shipped."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 600 * 0.5  # of CPU time: ten minutes of half a CPU
MEMORY = 768 * 10**6  # bytes


@pytest.mark.slow
@pytest.mark.tex
@pytest.mark.parametrize("mode", [[], ["--fast"]], ids=["all settings", "fast"])
def test_verify_fits_a_graders_box(mode: list[str], clean_environ: dict[str, str]) -> None:
    """One core, CPU time and peak memory of all processes together within the limits, and all matches."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    core = min(os.sched_getaffinity(0))
    process = subprocess.Popen(
        [sys.executable, ROOT / "generate_report.py", "verify", ROOT / "build" / "submission.pdf", *mode],
        env=clean_environ,
        stdout=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),  # noqa: PLW1509 - no threads here
    )
    peak = 0
    while process.poll() is None:
        peak = max(peak, memory(process.pid))
        time.sleep(0.2)
    told, _ = process.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert 0 == process.returncode, told
    assert spent < SECONDS
    assert peak < MEMORY


def memory(process: int) -> int:
    """Give the bytes that a process and all its descendants occupy, what they share counted once."""
    total = 0
    with contextlib.suppress(psutil.Error):  # it has just ended
        parent = psutil.Process(process)
        for each in (parent, *parent.children(recursive=True)):
            with contextlib.suppress(psutil.Error):
                total += each.memory_full_info().pss
    return total
