"""Exploring a wide space over several seeds: the table, the figure, and the space proposed for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from experiments import dataset, explore
from report import bundle, cache, figures, publish
from report.cache import Cache, Inputs, Snapshot
from report.config import load, load_space
from report.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from experiments.explore import Row
    from experiments.record import Space
    from report.console import Console

TABLE, FIGURE = "explore.csv", "explore.pdf"
MOST = 200_000  # networks: days of training


def run(
    console: Console,
    *,
    config: Path,
    space: Path | None,
    data: Path | None,
    out: Path,
    seeds: int,
    jobs: int | None,
    scheduler: str | None,
) -> str:
    """Train every setting of a space with every seed; leave table and figure in `out`.

    The configuration names the data and the first of the seeds; what an earlier run trained in `out` is found
    again. Without a space it is `experiments.explore.WIDE`, with the address of a Dask scheduler its workers
    train. Returns the proposed table ``[search]``, with a comment that says where it comes from.
    """
    settings = load(config)
    wide = load_space(space) if space else explore.WIDE
    if (networks := wide.size * seeds) > MOST:
        raise InputError(
            f"The space with {seeds} seeds asks for {networks:,} networks, more than {MOST:,}.",
            "Take fewer values for some hyper-parameters, or fewer --seeds.",
        )
    inputs = Inputs(settings, data or settings.data_path, quick=False, pdf=False)
    with publish.locked(out):
        read = dataset.load(inputs.data, index_column=settings.index_column)
        for remark in read.remarks:
            console.warn(f"{remark}.")
        keys = {"fits": Snapshot(inputs).key("fits")}
        kept = Cache(out / cache.FOLDER, inputs, keys, console, force=False)
        tried = len(wide.settings(len(read.X_train)))
        console.note(f"Exploring in {out}: {tried:,} settings, {seeds} seed{'s' * (seeds != 1)} each.")
        try:
            with console.stage("explore"):
                rows = explore.explore(
                    wide,
                    *(read.X_train, read.y_train, read.X_dev, read.y_dev),
                    seeds=[(settings.seed + i) % 2**32 for i in range(seeds)],
                    jobs=jobs,
                    store=kept.store("fits"),
                    progress=console.progress,
                    scheduler=scheduler,
                )
        except KeyboardInterrupt:
            console.note("What was trained is kept: the same command goes on from there.")
            raise
        total = len(read.y_dev)
        bundle.write(out / TABLE, bundle.as_csv([row.as_csv() for row in rows]))
        default = rows[explore.default_place(rows)]
        bundle.write(out / FIGURE, figures.exploration([_drawn(row) for row in rows], _drawn(default), total))
        for name, row in (("best", rows[0]), ("default", default)):
            console.note(f"   {name}: {_told(row, total)}")
        console.note(f"Done: {out / TABLE} and {FIGURE}; the space proposed for report.toml follows.")
    return _proposal(rows, wide, seeds)


def _proposal(rows: Sequence[Row], wide: Space, seeds: int) -> str:
    """Return the proposed table, with what to know about it as comments."""
    return (
        f"# From {len(rows):,} settings with {seeds} seed{'s' * (seeds != 1)} each. They were compared on the"
        " development set:\n# what the report says on selection does not know of that.\n"
        f"{explore.propose(rows, wide)}"
    )


def _drawn(row: Row) -> dict[str, Any]:
    """Return what the figure shows of a row."""
    return {
        **row.setting.printed(),
        "dev_correct": row.dev.mean,
        "lowest": row.dev.lowest,
        "highest": row.dev.highest,
    }


def _told(row: Row, total: int) -> str:
    """Describe a setting and its score in words."""
    setting = ", ".join(f"{name}={text}" for name, text in row.setting.printed().items())
    return f"{row.dev.mean:.1f} of {total} right ({row.dev.lowest} to {row.dev.highest}), {setting}"
