"""Killed at any moment, without a chance to tidy up: the next run ends as if nothing had happened."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Project

pytestmark = pytest.mark.tex

# Lists what the program does to files, and kills it just before the operation asked for.
SUICIDE = """\
import atexit, json, os, sys

EVENTS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "subprocess.Popen"}
if sys.orig_argv[1:2] and sys.orig_argv[1].endswith("generate_report.py"):
    done, last = [], int(os.environ["KILL_BEFORE"])

    def look(event, arguments):
        writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        if writes or event in EVENTS:
            done.append([event, *(str(argument) for argument in arguments[:2])])
            if len(done) - 1 == last:
                os.kill(os.getpid(), 9)

    sys.addaudithook(look)
    atexit.register(lambda: json.dump(done, open(os.environ["OPERATIONS"], "w")))
"""


def interrupted(project: Project, folder: Path, before: int = -1) -> list[list[str]]:
    """Run the program until just before an operation on a file; without one to its end, and list them."""
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(SUICIDE)
    listed = folder / "operations"
    environ = {"PYTHONPATH": str(folder / "site"), "KILL_BEFORE": str(before), "OPERATIONS": str(listed)}
    done = project.run(environ=environ)
    assert done.returncode == (0 if before < 0 else -signal.SIGKILL), done.stderr
    found: list[list[str]] = json.loads(listed.read_text()) if before < 0 else []
    return found


def forget(project: Project, *stages: str) -> None:
    """Make a build stale, as if the named stages had never been made."""
    (project.out / "search.csv").unlink()
    for stage in stages:
        (project.out / ".kept" / f"{stage}.json").unlink()


def mended(project: Project, original: Project) -> None:
    """Run once more, and compare with the build that was never disturbed."""
    done = project.run()

    assert done.returncode == 0, done.stderr
    assert project.products() == original.products()
    assert not (project.out / "failed").exists()
    assert {path.name for path in project.out.glob(".*")} == {".kept", ".lock", ".stamps.json"}


def killed_in(project: Project, stage: str, seconds: float = 0.0) -> None:
    """Run until some time after a stage has begun, which the stage before it tells; then kill it."""
    with project.started("--jobs", "2") as build:  # whose workers must go, too
        build.until(stage)
        time.sleep(seconds)
        build.process.kill()
        build.ended()


# For each stage: what is forgotten so that it runs, and what is told when it begins.
STAGES = {
    "derive": (("derive", "measure", "search", "study"), "Building in"),
    "measure": (("measure", "search", "study"), "derive: unchanged"),
    "search": (("search", "study"), "measure: unchanged"),
    "study": (("study",), "search: unchanged"),
    "typeset": ((), "study: unchanged"),
    "compile": ((), "-> typeset"),
}
QUICK = [("measure", 0.5), ("search", 0.3), ("study", 0.3), ("compile", 0.4)]
SLOW = [
    (stage, (moment + 0.5) / moments)
    for stage, moments in {
        "derive": 5,
        "measure": 8,
        "search": 3,
        "study": 6,
        "typeset": 2,
        "compile": 4,
    }.items()
    for moment in range(moments)
]


@pytest.mark.parametrize(
    ("stage", "share"),
    [*QUICK, *(pytest.param(*moment, marks=pytest.mark.slow) for moment in SLOW)],
    ids=lambda value: value if isinstance(value, str) else f"{100 * value:.0f}%",
)
def test_killed_at_work(
    stage: str, share: float, project: Project, original: Project, alive: Callable[[Path], list[str]]
) -> None:
    """A build that was killed leaves no process behind, and the next one ends with the same bytes."""
    forgotten, told = STAGES[stage]
    seconds = json.loads((original.out / "timings.json").read_text())[stage]
    forget(project, *forgotten)

    killed_in(project, told, share * seconds)

    assert alive(project.root) == []
    mended(project, original)


@pytest.fixture(scope="module")
def operations(original: Project, tmp_path_factory: pytest.TempPathFactory) -> list[list[str]]:
    """List all that a build of the pages does to files."""
    folder = tmp_path_factory.mktemp("listed")
    project = original.copy(folder / "project")
    forget(project)
    return interrupted(project, folder)


@pytest.mark.parametrize("share", [0.3, 0.99])
def test_killed_while_it_is_put_in_place(
    share: float, project: Project, original: Project, operations: list[list[str]], tmp_path: Path
) -> None:
    """Killed between two of the files that are put in place, a build is mended by the next one."""
    placing = [
        place
        for place, (event, what, to) in enumerate(operations)
        if event == "os.rename" and "/.work/" in what and "/.work/" not in to
    ]
    assert len(placing) == len(original.products())
    assert operations[placing[-1]][2].endswith("/manifest.json")
    forget(project)

    interrupted(project, tmp_path, placing[int(share * len(placing))])

    mended(project, original)


@pytest.mark.slow
@pytest.mark.parametrize("moment", range(25))
def test_killed_at_any_operation(
    moment: int, project: Project, original: Project, operations: list[list[str]], tmp_path: Path
) -> None:
    """At every tenth or so of the operations on files, from the first to the last."""
    forget(project)

    interrupted(project, tmp_path, moment * (len(operations) - 1) // 24)

    mended(project, original)
