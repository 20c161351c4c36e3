"""A build, stage by stage: read, derive, measure, search, study, draw, typeset, compile, bundle."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from experiments import assessment
from report import cache, config, publish, results
from report.cache import Cache, Inputs, Snapshot
from report.errors import InputError
from report.process import keep_font_list

if TYPE_CHECKING:
    from pathlib import Path

    from report.console import Console


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
        keys = Snapshot(inputs).keys()
        reason = "asked for with --force" if request.force else publish.stale(out, keys["build"])
        if not reason:
            console.note(f"Nothing changed: {product} is up to date.")
            return
        console.note(f"Building in {out}: {reason}.")
        keep_font_list(out / cache.FOLDER / "matplotlib")
        if stages is None:
            from report import stages  # noqa: PLC0415
        kept = Cache(out / cache.FOLDER, inputs, keys, console, force=request.force)
        with publish.folder(out, console) as work:
            system = _run(inputs, kept, work, request.jobs or os.cpu_count() or 1, console, stages)
            if changed := cache.why(keys["build"], Snapshot(inputs).key("build")):
                raise InputError(f"While the build ran, {changed}.", "Run it again.")
            publish.put_in_place(work, out, keys["build"], system)
        publish.write_timings(out, console.timings)
        console.note(f"Done: {product}")


def _run(
    inputs: Inputs, kept: Cache, work: Path, jobs: int, console: Console, stages: Any
) -> tuple[str, ...]:
    """Run the stages in the folder `work`; return the files of the system that TeX read."""
    data = stages.read(inputs)
    for remark in data.remarks:
        console.warn(f"{remark}.")
    derived = kept.made("derive", results.Derived, lambda: stages.derive(inputs))
    measured = kept.made(
        "measure", results.Measured, lambda: stages.measure(inputs, data, work, jobs, console)
    )
    searched = kept.made(
        "search",
        results.Searched,
        lambda: stages.search(inputs, data, kept.store("fits"), jobs, console),
    )
    stages.compare(inputs, data, measured, searched)
    studied = kept.made(
        "study",
        assessment.Assessment,
        lambda: stages.study(inputs, data, searched, kept.store("fits"), jobs),
    )
    drawn = kept.made("draw", dict[str, bytes], lambda: stages.draw(inputs, data, derived, measured, studied))
    with console.stage("typeset"):
        pages = stages.typeset(inputs, data, derived, measured, studied, drawn, work)
    with console.stage("compile"):
        system: tuple[str, ...] = stages.compile_pages(
            inputs, work, pages, None if kept.force else kept.folder, console
        )
    with console.stage("bundle"):
        stages.bundle(inputs, data, kept.keys, work)
    return system
