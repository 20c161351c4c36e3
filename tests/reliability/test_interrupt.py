"""Interrupts and kills: no process is left behind, and the old build stays whole."""

import contextlib
import io
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from experiments import workers
from report import process
from report.console import Console
from report.process import group_guard, interruptible

# For each stage: what is forgotten so that it runs, and where it is held: at which call of which function of
# the program, and with what beside it.
STAGES = {
    "measure": ("derive measure search study", "progress 3"),  # in a thread; kernel, and a process beside it
    "derive": ("derive search study", "require 20"),
    "search": ("search study fits-*", "progress 3"),  # workers train
    "study": ("study", "_by_scikit_learn 1"),  # processes run other kernels
    "typeset": ("", "page 3"),
    "compile": ("", "pdflatex"),  # latexmk, which has started this one
}
# Holds the program at that call: it opens a pipe, and waits there for words that never come.
HOLD = """\
import os, sys, threading

if sys.orig_argv[1].endswith("generate_report.py") and " " in os.environ["HELD_AT"]:
    name, left = os.environ["HELD_AT"].split()
    left = [None] * int(left)

    def look(frame, event, _):
        code = frame.f_code
        if event == "call" and code.co_name == name and code.co_filename.startswith(os.environ["ROOT"]):
            if left and not left.pop() and not left:
                open(os.environ["PIPE"]).read()

    sys.setprofile(look)
    threading.setprofile(look)
"""
PDFLATEX = '#!/bin/sh\nread _ < "$PIPE"\n'


def held(project, place, folder):
    """Return the project as it will stop at a place, where a pipe in the folder is opened to read."""
    environ = {"PYTHONPATH": str(folder), "HELD_AT": place, "PIPE": str(folder / "pipe")}
    (folder / "sitecustomize.py").write_text(HOLD)
    os.mkfifo(folder / "pipe")
    if place == "pdflatex":
        (folder / place).write_text(PDFLATEX)
        (folder / place).chmod(0o755)
        environ["PATH"] = f"{folder}:{os.environ['PATH']}"
    return replace(project, environ={**project.environ, **environ, "ROOT": str(project.root)})


def await_reader(pipe, build):
    """Wait until somebody has opened a pipe to read; return its other end."""
    while True:
        with contextlib.suppress(OSError):
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        assert build.process.poll() is None, build.ended()[1]
        time.sleep(0.05)


@pytest.mark.tex
@pytest.mark.slow
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=str)
def test_stopped(stage, number, project, tiny_build, tmp_path, alive):
    """Stopped in any stage, a build leaves no process, and the old build whole; the next one mends it."""
    forgotten, place = STAGES[stage]
    for name in forgotten.split():
        (kept,) = (project.out / ".kept").glob(name if "*" in name else f"{name}.json")
        shutil.rmtree(kept) if kept.is_dir() else kept.unlink()
    (project.out / "search.csv").unlink()
    (tmp_path / "held").mkdir()
    with held(project, place, tmp_path / "held").started("--jobs", "2") as build:
        pipe = await_reader(tmp_path / "held" / "pipe", build)
        if number == signal.SIGKILL:
            build.process.kill()
        else:
            os.killpg(build.process.pid, number)  # as a terminal does: the whole group
        code, words = build.ended()
        os.close(pipe)

    assert code == (130 if number == signal.SIGINT else -number), words
    assert "Traceback" not in words
    if number == signal.SIGINT:
        assert re.search(rf"^-> {stage}\b.*\(failed after", words, re.MULTILINE), words
    assert alive(project.root) == []
    left = {name: digest for name, digest in tiny_build.products().items() if name != "search.csv"}
    assert project.products() == left
    done = project.run()
    assert done.returncode == 0, done.stderr
    assert project.products() == tiny_build.products()


def test_an_interrupt_that_a_library_swallows_ends_the_stage(monkeypatch):
    """scikit-learn takes Ctrl-C for "train no longer"; the half-trained network is not taken for a result."""
    monkeypatch.setattr(process, "_came", [])  # later tests in this process are not interrupted
    console = Console(io.StringIO(), colour=False, live=False)
    with interruptible():
        with console.stage("undisturbed"):
            pass
        with (
            pytest.raises(KeyboardInterrupt),
            console.stage("search"),
            contextlib.suppress(KeyboardInterrupt),  # as the library does
        ):
            signal.raise_signal(signal.SIGINT)

    assert list(console.timings) == ["undisturbed"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


# Processes that work for others

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


def ends(group):
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
def test_a_group_ends_with_a_holder_that_is_killed(way):
    """Killed without a chance to tidy up, the holder takes the group along, though its leader is gone."""
    with subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        group = int(holder.stdout.readline())
        os.killpg(group, 0)  # it is there

        holder.send_signal(way)

    assert ends(group)


def test_a_group_ends_with_the_block():
    """When the block is done, nothing of the group is left."""
    with group_guard() as guard, subprocess.Popen(GROUP, start_new_session=True) as leader:
        guard(leader.pid)
        leader.wait()

    assert ends(leader.pid)


def test_a_worker_is_not_meant_by_an_interrupt():
    """It leads a group of its own from its first moment on: a terminal sends Ctrl-C to ours."""
    with workers.process() as call:
        assert call(os.getpgrp) == call(os.getpid) != os.getpgrp()


ORDER = pickle.dumps((abs, (bytes(1000),)))


@pytest.mark.parametrize(
    "given", [b"", ORDER[:1], ORDER[:-1], b"cnosuchmodule\nf\n."], ids=["none", "begun", "cut", "unreadable"]
)
def test_a_worker_ends_where_it_gets_no_order(given):
    """Whoever gives orders may be killed in the middle of one, or know a module that the worker lacks."""
    code = "from experiments import workers; workers.serve()"

    done = subprocess.run([sys.executable, "-c", code], input=given, check=False, timeout=60)

    assert done.returncode == 1
