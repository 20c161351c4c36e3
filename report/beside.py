"""Derivations, search and study, begun in a process of low priority while the notebook runs.

They need nothing of the notebook. What the process finishes is kept, network by network and stage by stage;
the build makes the rest, at its own priority, and says what is wrong where something is.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from report.cache import ROOT, Cache
from report.console import Console
from report.process import group_guard

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from experiments.dataset import Dataset

LOWEST = 19  # the nicest that a process can be to others


@contextlib.contextmanager
def begun(stages: Sequence[str], data: Dataset, kept: Cache, jobs: int) -> Iterator[None]:
    """Begin in another process the stages that need no result of the notebook, which runs within."""
    before = {stage: kept.written(stage) for stage in stages}
    inputs = replace(kept.inputs, data=kept.inputs.data.absolute())  # the process works in another folder
    with tempfile.TemporaryFile() as order:  # a pipe would keep the notebook waiting for its reader
        pickle.dump((kept.folder.resolve(), inputs, kept.keys, kept.force, data, jobs), order)
        order.seek(0)
        with (
            group_guard() as guard,  # there first: nothing comes between the process and what ends it
            subprocess.Popen(
                [sys.executable, "-m", "report.beside"],
                cwd=ROOT,
                stdin=order,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            ) as process,
        ):
            try:
                guard(process.pid)
                yield
            finally:
                os.killpg(process.pid, signal.SIGKILL)
    kept.fresh.update(stage for stage in stages if kept.written(stage) != before[stage])


def _main() -> None:
    os.nice(LOWEST)
    with contextlib.suppress(OSError):  # where the system gives each session the same share
        Path("/proc/self/autogroup").write_text(str(LOWEST), encoding="ascii")
    folder, inputs, keys, force, data, jobs = pickle.load(sys.stdin.buffer)  # noqa: S301 - from `begun`
    from report import pipeline, stages  # noqa: PLC0415 - heavy, and only once this process is nice

    kept = Cache(folder, inputs, keys, Console(StringIO(), colour=False, live=False), force=force)
    pipeline.independent(data, kept, replace(kept, force=False).store("fits"), jobs, stages)


if __name__ == "__main__":
    _main()
