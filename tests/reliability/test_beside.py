"""What is begun while the notebook runs: kept where it is finished, ended with it, never waited for."""

from __future__ import annotations

import contextlib
import io
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from experiments import dataset
from report import cache, config, pipeline
from report.cache import Cache, Inputs, Snapshot
from report.console import Console
from report.results import Derived, Ledger


@pytest.fixture
def kept(tmp_path: Path) -> Cache:
    """Return an empty cache of this program's own report."""
    settings = config.load(cache.ROOT / "report.toml")
    inputs = Inputs(settings, settings.data_path, quick=False, pdf=True)
    console = Console(io.StringIO(), colour=False, live=False)
    return Cache(tmp_path / "kept", inputs, Snapshot(inputs).keys(), console)


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_what_is_not_finished_is_left_to_the_build(error: type[BaseException] | None, kept: Cache) -> None:
    """A notebook that ends at once, or fails, ends the process, too: nothing is waited for."""
    with (
        contextlib.nullcontext() if error is None else pytest.raises(error),
        pipeline.beside(dataset.load(kept.inputs.data), kept, 2),
    ):
        if error:
            raise error

    assert kept.reason("derive") == "nothing kept from before"


@pytest.mark.slow
def test_data_may_be_named_from_any_folder(
    kept: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is finished is found by the build, also of data in a folder below the user's own.

    The session of whoever builds keeps its priority.
    """
    shares = Path("/proc/self/autogroup")
    share = shares.read_text(encoding="ascii") if shares.exists() else ""
    shutil.copytree(kept.inputs.data, tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    config = replace(kept.inputs.config, search=kept.inputs.config.search.small())
    inputs = Inputs(config, Path("mine"), quick=True, pdf=True)
    below = replace(kept, inputs=inputs, keys=Snapshot(inputs).keys())
    ledger = Ledger(schema=1, seed=0, sympy="", mpmath="", checks=(), exemptions=())
    below.made("derive", Derived, lambda: Derived({}, {}, {}, ledger))  # comes first, and takes long
    with pipeline.beside(dataset.load(Path("mine")), below, 2):
        last = time.monotonic() + 300  # a busy machine gives the nicest process little
        while below.reason("search") and time.monotonic() < last:
            time.sleep(0.1)

    assert below.reason("search") == ""
    assert share == (shares.read_text(encoding="ascii") if shares.exists() else "")
