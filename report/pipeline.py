"""The stages of a build, in order: derive, measure, search, study, draw, typeset, compile, bundle."""

from __future__ import annotations

import contextlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from report import config, home, publish, results, sources, store
from report.errors import InputError
from report.freshness import why
from report.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from experiments.dataset import Dataset
    from report.console import Console
    from report.sources import Inputs
    from report.verify.fresh import Fresh

T = TypeVar("T")


def build(
    *,
    config_path: Path,
    data: Path | None,
    out: Path,
    jobs: int | None,
    quick: bool,
    force: bool,
    pdf: bool,
    console: Console,
) -> None:
    """Make the submission in `out`.

    Parameters
    ----------
    config_path : Path
        report.toml.
    data : Path or None
        The data's folder or archive; None for the configuration's.
    out : Path
        The build's folder.
    jobs : int or None
        Processes at once; None for one per CPU.
    quick : bool
        A small search; the PDF says so on its first page.
    force : bool
        Make everything again.
    pdf : bool
        Whether to run LaTeX.
    console : Console
        Told what happens.
    """
    settings = config.load(config_path)
    if quick:
        settings = replace(settings, search=settings.search.small())
    inputs = sources.Inputs(settings, data or settings.data_path, quick=quick, pdf=pdf)
    product = out / "submission.pdf" if pdf else out
    with publish.locked(out):
        keys = sources.keys(inputs)
        reason = "asked for with --force" if force else publish.stale(out, keys["build"])
        if not reason:
            console.note(f"Nothing changed: {product} is up to date.")
            return
        console.note(f"Building in {out}: {reason}.")
        home.replace(out / store.FOLDER / "matplotlib")
        # heavy, and only needed when there is something to do
        from report import stages  # noqa: PLC0415

        workers = jobs or os.cpu_count() or 1
        kept = Store(out / store.FOLDER, keys, lambda: sources.keys(inputs), console, force=force)
        with publish.folder(out, console) as work:
            data_read = stages.read(inputs)
            for remark in data_read.remarks:
                console.warn(f"{remark}.")
            derived = kept.made("derive", results.Derived, lambda: stages.derive(inputs))
            measured = kept.made(
                "measure",
                results.Measured,
                lambda: stages.measure(inputs, data_read, work, workers, console),
            )
            searched = kept.made(
                "search",
                results.Searched,
                lambda: stages.search(inputs, data_read, kept.shelf("fits"), workers, console),
            )
            stages.compare(inputs, data_read, measured, searched)
            studied = kept.made(
                "study",
                dict[str, Any],
                lambda: stages.study(inputs, data_read, measured, searched, workers),
            )
            drawn = kept.made(
                "draw", stages.Drawn, lambda: stages.draw(inputs, data_read, derived, measured, studied)
            )
            with console.stage("typeset"):
                pages = stages.typeset(inputs, data_read, derived, measured, studied, drawn, work)
            with (
                console.stage("compile"),
                beside(partial(_expected, inputs, data_read), when=pdf) as expected,
            ):
                system = stages.compile_pages(inputs, work, pages, None if force else kept.folder)
            with console.stage("bundle"):
                stages.bundle(inputs, data_read, keys, work)
            if expected:
                with console.stage("self-check"):
                    from report.verify.self_check import self_check  # noqa: PLC0415

                    checked = self_check(work, settings.report.zip_name, expected.result())
                console.note(f"   {checked}")
            if changed := why(keys["build"], sources.keys(inputs)["build"]):
                raise InputError(f"While the build ran, {changed}.", "Run it again.")
            publish.put_in_place(work, out, keys["build"], system)
        publish.write_timings(out, console.timings)
        console.note(f"Done: {product}")


@contextlib.contextmanager
def beside(task: Callable[[], T], *, when: bool) -> Iterator[Future[T] | None]:
    """Do a task beside what is done meanwhile, where one of the two only waits for another program."""
    if not when:
        yield None
        return
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(task)


def _expected(inputs: Inputs, data: Dataset) -> Fresh:
    """Load the self-check, and give what it must find."""
    from report.verify import self_check  # noqa: PLC0415 - pypdf

    return self_check.expected(inputs, data)
