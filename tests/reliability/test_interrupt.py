"""Ctrl-C, and a polite kill: over within a second, nothing left behind, what was finished is kept."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import warnings
from typing import TYPE_CHECKING

import pytest
from report.interrupt import heeded

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Project

pytestmark = pytest.mark.tex

# For each stage: what is forgotten so that it runs, what is told when it begins, what is reused afterwards.
STAGES = {
    "derive": (("derive", "measure", "search", "study"), "Building in", ()),
    "measure": (("measure", "search", "study"), "derive: unchanged", ("derive",)),
    "search": (("search", "study"), "measure: unchanged", ("derive", "measure")),
    "study": (("study",), "search: unchanged", ("derive", "measure", "search")),
    "typeset": ((), "study: unchanged", ("derive", "measure", "search", "study")),
    "compile": ((), "-> typeset", ("derive", "measure", "search", "study")),
}
QUICK = ("measure", "compile")


@pytest.mark.parametrize(
    ("stage", "number"),
    [
        *((stage, signal.SIGINT) for stage in QUICK),
        *(
            pytest.param(stage, number, marks=pytest.mark.slow)
            for stage in STAGES
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
            if (stage, number) not in {(quick, signal.SIGINT) for quick in QUICK}
        ),
    ],
    ids=str,
)
def test_interrupted(
    stage: str,
    number: signal.Signals,
    project: Project,
    original: Project,
    alive: Callable[[Path], list[str]],
    stopwatch: Callable[[], Callable[[], float]],
) -> None:
    """In every stage: exit code 130 within a second, no process left, the old build whole, the rest kept."""
    forgotten, told, _ = STAGES[stage]
    for name in forgotten:
        (project.out / ".kept" / f"{name}.json").unlink()
    (project.out / "search.csv").unlink()
    seconds = json.loads((original.out / "timings.json").read_text())[stage]
    with project.started("--jobs", "2") as build:  # whose workers must go, too
        build.until(told)
        time.sleep(seconds / 2)

        watch = stopwatch()
        os.killpg(build.process.pid, number)  # as a terminal does: the whole group
        code, words = build.ended()
        took = watch()

    assert code == 130, words
    assert words.endswith("Interrupted.\n")
    assert "Traceback" not in words
    assert "Error" not in words
    assert took < 1
    assert alive(project.root) == []
    left = {name: digest for name, digest in original.products().items() if name != "search.csv"}
    assert project.products() == left


def test_what_was_finished_is_kept(project: Project, original: Project) -> None:
    """After an interrupt the next run takes up what earlier stages had made, and ends with the same bytes."""
    (project.out / "search.csv").unlink()
    with project.started() as build:
        build.until("-> typeset")
        build.process.send_signal(signal.SIGINT)
        assert build.ended()[0] == 130
    assert (project.out / "failed" / "reason.txt").read_text() == "KeyboardInterrupt\n"

    done = project.run()

    assert done.returncode == 0, done.stderr
    assert done.stderr.count("unchanged, reused") == 5
    assert project.products() == original.products()
    assert not (project.out / "failed").exists()


def test_an_interrupt_that_a_library_swallows_is_heeded() -> None:
    """scikit-learn takes Ctrl-C for "train no longer"; the half-trained network is not taken for a result."""

    def fit() -> str:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=1)
        return "half-trained"

    with pytest.warns(UserWarning, match="interrupted"), pytest.raises(KeyboardInterrupt), heeded():
        fit()

    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


SWALLOWING = """
import os, signal, sys, threading, time
sys.path.insert(0, {root!r})
import numpy as np
from experiments.trainer import fit_many
X = np.random.default_rng(0).normal(size=(2000, 3))
threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    setting = {{"max_iter": 10**6, "n_iter_no_change": 10**6, "random_state": 0, "early_stopping": True}}
    fit_many([setting], X, X[:, 0] > 0)
except KeyboardInterrupt:
    print("heeded")
"""


def test_a_network_that_was_interrupted_is_none(original: Project) -> None:
    """Where scikit-learn itself trains, an interrupt ends the search and no short-trained network is kept."""
    code = SWALLOWING.format(root=str(original.root))

    done = subprocess.run(
        [*original.command()[:1], "-c", code], capture_output=True, encoding="utf-8", timeout=60, check=False
    )

    assert done.stdout == "heeded\n", done.stderr
