"""`verify` against running the notebook by hand: time and memory.

    python -m benchmarks.verify [--runs N] [--quick] [--json FILE]

By hand is `jupyter nbconvert --execute` on the submission's notebook beside the data, which repeats the
search and nothing else. `verify` repeats it by its own trainer, derives problem 1 again and sets every page
again. The submission is the sample in build/; with --quick a small one is built first.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import project
from benchmarks.measurement import Found, Row, program, ratio, say, turns
from benchmarks.processes import ROOT, Sample, run

if TYPE_CHECKING:
    import argparse

WHOLE, FAST, HAND = "verify", "verify --fast", "notebook by hand"
CHANGED = 1  # the sample is older than the program; the work is the same


def measure(options: argparse.Namespace) -> Found:
    """Run all three, turn by turn."""
    project.need("jupyter")
    with tempfile.TemporaryDirectory(prefix="verify-") as folder:
        room = Path(folder)
        house = project.copied(room / "house")
        out = room / "out"
        if options.quick:
            project.shrink(house)
            project.ours(house, "--out", out)
        else:
            shutil.copytree(ROOT / "build", out)
        hand = project.job(room / "hand", house, out)
        sides: dict[str, list[Sample]] = {WHOLE: [], FAST: [], HAND: []}
        for _ in turns(options):
            for name, samples in sides.items():
                if name == HAND:
                    sample = run(project.NBCONVERT.split(), hand, environ=project.path(), memory=True)
                else:
                    command = [*name.split(), str(out / "submission.pdf")]
                    sample = project.ours(house, *command, memory=True, codes=(0, CHANGED))
                samples.append(sample)
                say(f"{name}: {sample.wall:.1f} s, CPU {sample.cpu:.1f} s, {sample.memory:.0f} MiB")
    rows = [ratio("submission", (HAND, name), sides) for name in (WHOLE, FAST)]
    memory = [a.memory / b.memory for a, b in zip(sides[WHOLE], sides[HAND], strict=True)]
    rows.append(Row("submission", f"{WHOLE} / {HAND}, peak memory", memory, sides=sides))
    return Found(rows)


if __name__ == "__main__":
    program(__doc__ or "", measure, runs=2)
