"""The stages of a build, in order: configure, derive, measure, study, draw, typeset, compile, bundle."""

from __future__ import annotations

import contextlib
import importlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from report import config, home, publish, sources, store
from report.errors import InputError
from report.freshness import why
from report.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from report.console import Console


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
            derived = kept.made("derive", lambda: stages.derive(inputs))
            measured = kept.made(
                "measure",
                lambda: stages.measure(inputs, data_read, work, workers, console),
            )
            studied = kept.made(
                "study",
                lambda: stages.study(inputs, data_read, measured, kept.shelf("fits"), workers, console),
            )
            drawn = kept.made("draw", lambda: stages.draw(inputs, data_read, derived, measured, studied))
            with console.stage("typeset"):
                pages = stages.typeset(inputs, data_read, derived, measured, studied, drawn, work)
            with console.stage("compile"), loading("report.verify.self_check"):
                system = stages.compile_pages(inputs, work, pages, None if force else kept.folder)
            with console.stage("bundle"):
                stages.bundle(inputs, data_read, keys, work)
            if pdf:
                with console.stage("self-check"):
                    from report.verify.self_check import self_check  # noqa: PLC0415

                    checked = self_check(work, inputs, data_read)
                console.note(f"   {checked}")
            if changed := why(keys["build"], sources.keys(inputs)["build"]):
                raise InputError(f"While the build ran, {changed}.", "Run it again.")
            publish.put_in_place(work, out, keys["build"], system)
        publish.write_timings(out, console.timings)
        console.note(f"Done: {product}")


@contextlib.contextmanager
def loading(module: str) -> Iterator[None]:
    """Import a module beside what is done meanwhile: another program, for which this one only waits."""
    with ThreadPoolExecutor(1) as beside:
        beside.submit(importlib.import_module, module)
        yield
