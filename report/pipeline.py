"""A build, stage by stage: read, measure, derive, search, study, draw, typeset, compile, bundle."""

from __future__ import annotations

import contextlib
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from experiments import workers
from experiments.assessment import Assessment
from report import cache, config, publish, results
from report.cache import Cache, Inputs, Snapshot
from report.console import Console
from report.errors import InputError
from report.process import keep_font_list

if TYPE_CHECKING:
    from collections.abc import Iterator

    from experiments.dataset import Dataset

INDEPENDENT = ("derive", "search", "study")  # of the notebook
LOWEST = 19  # the nicest that a process can be to others


@dataclass(frozen=True)
class Request:
    """What the command line asks for."""

    config: Path  # report.toml
    data: Path | None  # the data's folder or archive; None for the configuration's
    out: Path  # the build's folder
    jobs: int | None = None  # how much runs at once; None for one per CPU
    quick: bool = False  # a small search; the PDF says so on its first page
    force: bool = False  # make everything again
    pdf: bool = True  # whether to run LaTeX


def build(request: Request, console: Console, stages: Any = None) -> None:
    """Make the submission; `stages` do the work, by default `report.stages`, loaded when there is some."""
    settings = config.load(request.config)
    if request.quick:
        settings = replace(settings, search=settings.search.small())
    inputs = Inputs(settings, request.data or settings.data_path, quick=request.quick, pdf=request.pdf)
    out, product = request.out, request.out / "submission.pdf" if request.pdf else request.out
    with publish.locked(out):
        publish.refuse_others(out, settings.report.zip_name)
        keys = Snapshot(inputs).keys()
        reason = "asked for with --force" if request.force else publish.stale(out, keys["build"])
        if not reason:
            console.note(f"Nothing changed: {product} is up to date.")
            return
        console.note(f"Building in {out}: {reason}.")
        if request.force:
            shutil.rmtree(out / cache.FOLDER, ignore_errors=True)
        keep_font_list(out / cache.FOLDER / "matplotlib")
        kept = Cache(out / cache.FOLDER, inputs, keys, console)
        with publish.folder(out, console) as work:
            system = _run(kept, work, request.jobs or os.cpu_count() or 1, stages)
            if changed := cache.why(keys["build"], Snapshot(inputs).key("build")):
                raise InputError(f"While the build ran, {changed}.", "Run it again.")
            removed = publish.put_in_place(work, out, keys["build"], system)
        publish.write_timings(out, console.timings)
        if removed:
            console.note(f"Removed, since they belong to an earlier build: {', '.join(removed)}.")
        console.note(f"Done: {product}")


def _run(kept: Cache, work: Path, jobs: int, stages: Any = None) -> tuple[str, ...]:
    """Run the stages in the folder `work`; return the files of the system that TeX read."""
    helped = stages is None and jobs > 1  # other stages may be such as no other process has
    if stages is None:
        from report import stages  # noqa: PLC0415
    inputs, console = kept.inputs, kept.console
    data = stages.read(inputs)
    for remark in data.remarks:
        console.warn(f"{remark}.")
    fits = kept.store("fits")
    with contextlib.ExitStack() as ending:
        if helped and kept.reason("measure") and any(map(kept.reason, INDEPENDENT)):
            console.note(f"-- begun beside the notebook: {', '.join(INDEPENDENT)}")
            ending.enter_context(beside(data, kept, jobs))
        measured = kept.made(
            "measure", results.Measured, lambda: stages.measure(inputs, data, work, jobs, console)
        )
    derived, searched, studied = independent(data, kept, fits, jobs, stages)
    stages.compare(inputs, data, measured, searched)
    drawn = kept.made("draw", dict[str, bytes], lambda: stages.draw(inputs, data, derived, measured, studied))
    with console.stage("typeset"):
        pages = stages.typeset(inputs, data, derived, measured, studied, drawn, work)
    with console.stage("compile"):
        system: tuple[str, ...] = stages.compile_pages(inputs, work, pages, kept.folder, console)
    with console.stage("bundle"):
        stages.bundle(inputs, data, kept.keys, work)
    return system


def independent(
    data: Dataset, kept: Cache, fits: Path, jobs: int, stages: Any
) -> tuple[results.Derived, results.Searched, Assessment]:
    """Make what needs no result of the notebook: derivations, our own search, and the study of it."""
    inputs, console = kept.inputs, kept.console
    derived = kept.made("derive", results.Derived, lambda: stages.derive(inputs))
    searched = kept.made("search", results.Searched, lambda: stages.search(inputs, data, fits, jobs, console))
    studied = kept.made("study", Assessment, lambda: stages.study(inputs, data, searched, fits, jobs))
    return derived, searched, studied


@contextlib.contextmanager
def beside(data: Dataset, kept: Cache, jobs: int) -> Iterator[None]:
    """Begin what is independent of the notebook, which runs within, in a process of low priority.

    What the process finishes is kept, network by network and stage by stage; the build makes the rest, at its
    own priority, and says what is wrong where something is.
    """
    inputs = replace(kept.inputs, data=kept.inputs.data.absolute())  # the process works in another folder
    with ThreadPoolExecutor(1) as waiting, workers.process(session=True) as call:
        waiting.submit(call, _in_low_priority, data, kept.folder.resolve(), inputs, dict(kept.keys), jobs)
        yield


def _in_low_priority(
    data: Dataset, folder: Path, inputs: Inputs, keys: dict[str, cache.Key], jobs: int
) -> None:
    os.nice(LOWEST)
    with contextlib.suppress(OSError):  # where the system gives each session, as this one, the same share
        Path("/proc/self/autogroup").write_text(str(LOWEST), encoding="ascii")
    from report import stages  # noqa: PLC0415 - heavy, and only once this process is nice

    kept = Cache(folder, inputs, keys, Console(StringIO(), colour=False, live=False))
    independent(data, kept, kept.store("fits"), jobs, stages)
