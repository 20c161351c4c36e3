"""The report's own search, by today's trainer and by the former one, which was written in numpy.

The former one is taken from this project's history, and each runs in a process of its own, on the same data.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.exhaustive import OURS, named
from benchmarks.measurement import Row, Target, say
from benchmarks.processes import ROOT, Sample, run, timed

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMER = "former trainer"
COMMIT = "f939fe3c8e5468065bb40ef563d3dc2cf6f9f4d1"  # the last one with it
SEARCH = """\
import json, sys
from benchmarks.processes import timed
from experiments import dataset, search
place, settings, seed = json.loads(sys.argv[1])
data = dataset.load(__import__("pathlib").Path(place))
for setting in settings:
    setting["hidden_layer_sizes"] = tuple(setting["hidden_layer_sizes"])
with timed() as taken:
    found = search.run(settings, data.X_train, data.y_train, data.X_dev, data.y_dev, seeds=[seed])
print(json.dumps({**taken, "found": [[each.dev, each.digest] for each in found]}))
"""


def ours(house: str) -> dict[str, Any]:
    """Search the space of a copy of the project by today's trainer."""
    from experiments import dataset, search  # noqa: PLC0415 - after the pins
    from report import config  # noqa: PLC0415

    configured, data = config.load(Path(house, "report.toml")), dataset.load(Path(house, "data"))
    settings = configured.search.settings(len(data.X_train))
    arrays = data.X_train, data.y_train, data.X_dev, data.y_dev
    with timed() as taken:
        outcomes = search.run(settings, *arrays, seeds=[configured.seed])
    names = ("hidden_layer_sizes", "batch_size", "activation", "solver")
    return {
        **taken,
        "seed": configured.seed,
        "settings": [each.setting.parameters() for each in outcomes],
        "found": {named(each.setting.parameters(), each.seed): [each.dev, each.digest] for each in outcomes},
        "epochs": [[*(getattr(each.setting, name) for name in names), each.epochs] for each in outcomes],
    }


def before(house: Path, ours: Sample, place: Path) -> Sample | None:
    """Search the same space by the former trainer; None where the history is not there."""
    if not place.exists():
        packed = subprocess.run(
            ["git", "archive", COMMIT, "experiments", "benchmarks"],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
        if packed.returncode:
            say(f"no {FORMER}: this copy has not the history of the project")
            return None
        with tarfile.open(fileobj=BytesIO(packed.stdout)) as archive:
            archive.extractall(place, filter="data")
    order = json.dumps([str(house / "data"), ours.answer["settings"], ours.answer["seed"]])
    sample = run([sys.executable, "-c", SEARCH, order], place, environ={"PYTHONPATH": ""}, memory=True)
    answer = json.loads(sample.answer)
    answer["found"] = dict(zip(ours.answer["found"], answer["found"], strict=True))
    say(f"{FORMER}: {answer['seconds']:.1f} s, CPU {answer['cpu']:.1f} s, {sample.memory:.0f} MiB")
    return replace(sample, wall=answer["seconds"], cpu=answer["cpu"], answer=answer)


def rows(name: str, today: Sequence[Sample], former: Sequence[Sample]) -> list[Row]:
    """Compare the two trainers."""
    sides, pairs = {FORMER: former, OURS: today}, list(zip(former, today, strict=True))
    equal = sum(a.answer["found"][key] == found for a, b in pairs for key, found in b.answer["found"].items())
    all_of_them = sum(len(b.answer["found"]) for _, b in pairs)
    note = f"{equal} of {all_of_them} networks have the same bits; commit {COMMIT[:7]}"
    cpu, memory = [a.cpu / b.cpu for a, b in pairs], [b.memory / a.memory for a, b in pairs]
    return [
        Row(name, f"{FORMER} / {OURS}, CPU time", cpu, Target(3, at_least=True), sides, note),
        Row(name, f"{OURS} / {FORMER}, peak memory", memory, Target(0.6)),
    ]
