"""Interrupts and kills of real stages: no process is left behind, and the old build stays whole."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from report.process import interruptible, raise_swallowed_interrupt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Project

pytestmark = pytest.mark.tex

# For each stage: what is forgotten so that it runs, and what is told when it begins.
STAGES = {
    "measure": (("derive", "measure", "search", "study"), "Building in"),  # and all beside it
    "derive": (("derive", "search", "study"), "measure: unchanged"),
    "search": (("search", "study"), "derive: unchanged"),
    "study": (("study",), "search: unchanged"),
    "typeset": ((), "draw: unchanged"),
    "compile": ((), "-> typeset"),
}


@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=str)
def test_stopped(
    stage: str,
    number: signal.Signals,
    project: Project,
    tiny_build: Project,
    alive: Callable[[Path], list[str]],
) -> None:
    """Stopped in any stage, a build leaves no process, and the old build whole; the next one mends it."""
    forgotten, told = STAGES[stage]
    for name in forgotten:
        (project.out / ".kept" / f"{name}.json").unlink()
    (project.out / "search.csv").unlink()
    with project.started("--jobs", "2") as build:  # whose workers must go, too
        build.until(told)
        time.sleep(0.3)  # into that stage, or the next one; a build takes seconds
        if number == signal.SIGKILL:
            build.process.kill()
        else:
            os.killpg(build.process.pid, number)  # as a terminal does: the whole group
        code, words = build.ended()

    assert code == (130 if number == signal.SIGINT else -number), words
    assert "Traceback" not in words
    assert alive(project.root) == []
    left = {name: digest for name, digest in tiny_build.products().items() if name != "search.csv"}
    assert project.products() == left
    done = project.run()
    assert done.returncode == 0, done.stderr
    assert project.products() == tiny_build.products()


def test_an_interrupt_that_a_library_swallows_is_heeded() -> None:
    """scikit-learn takes Ctrl-C for "train no longer"; the half-trained network is not taken for a result."""
    with interruptible():
        raise_swallowed_interrupt()  # none so far
        with contextlib.suppress(KeyboardInterrupt):  # as the library does
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(1)
        with pytest.raises(KeyboardInterrupt):
            raise_swallowed_interrupt()

    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
