"""Two exhaustive searches of one space: what they took, and whether each bit of each network is equal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from benchmarks.measurement import Row, Target, ratio

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.processes import Sample

OURS, THEIRS = "ours", "GridSearchCV"


def compared(name: str, sides: Mapping[str, Sequence[Sample]], target: Target | None = None) -> list[Row]:
    """Give the rows of a comparison.

    Parameters
    ----------
    name : str
        What was searched.
    sides : mapping
        `THEIRS` and `OURS`, run by run; ``answer["found"]`` gives for each network (as `named`) its correct
        dev samples and the hash of its weights.
    target : Target, optional
        Of the ratio of wall times.
    """
    theirs, ours = ([sample.answer["found"] for sample in sides[who]] for who in (THEIRS, OURS))
    pairs = [
        (both, we.get(key, [None, None]))
        for they, we in zip(theirs, ours, strict=True)
        for key, both in they.items()
    ]
    equal = sum(they == we for they, we in pairs)
    counts = sum(they[0] == we[0] for they, we in pairs)
    note = f"{counts} of {len(pairs)} dev counts equal; best of each run: {bests(sides[OURS])} correct"
    cpu = [they.cpu / we.cpu for they, we in zip(sides[THEIRS], sides[OURS], strict=True)]
    return [
        ratio(name, (THEIRS, OURS), sides, target=target, note=note),
        Row(name, f"{THEIRS} / {OURS}, CPU time", cpu),
        Row(
            name,
            "share of networks with equal bits",
            [equal / len(pairs)],
            Target(1, at_least=True),
            note=f"{equal} of {len(pairs)}, all runs together",
        ),
    ]


def named(setting: Mapping[str, Any], seed: int) -> str:
    """Give a network one name, whoever trains it."""
    return json.dumps([sorted((name, str(value)) for name, value in setting.items()), seed])


def best(search: Sample) -> int:
    """Give the best dev count of a search."""
    return int(max(dev for dev, _ in search.answer["found"].values()))


def bests(searches: Sequence[Sample]) -> str:
    """Tell the best dev count of each search."""
    return ", ".join(str(best(search)) for search in searches)
