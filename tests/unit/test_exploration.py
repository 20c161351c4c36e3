"""What the explore command refuses: one sentence that says what is wrong, and an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from experiments.record import Setting
from report import cli, exploration

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize(
    ("space", "sentence"),
    [
        ("", "the table [search] is missing or empty."),
        ("[search]\nsolver = []\n", "search.solver must be a list with one item or more, not an empty list."),
        ('[search]\nsolver = ["lbfgs"]\n', "search.solver, item 1, must be adam or sgd, not the text"),
        ("[search]\nalpha = [0.1]\n", "unknown key search.alpha."),
        ("[search]\nsolver = [adam]\n", "line 2, column 11: not TOML: Invalid value."),
        (None, "does not exist.\nTIP Name a file with --space FILE."),
    ],
)
def test_a_space_that_cannot_be_explored(
    space: str | None,
    sentence: str,
    command: Callable[..., subprocess.CompletedProcess[str]],
    tiny_project: Path,
    tmp_path: Path,
) -> None:
    """The file and the key are named, nothing is trained and nothing is written."""
    file = tmp_path / "space.toml"
    if space is not None:
        file.write_text(space, encoding="utf-8")

    done = command(
        "explore", "--config", tiny_project / "report.toml", "--space", file, "--out", tmp_path / "out"
    )

    assert done.returncode == 2
    assert done.stderr.startswith(f"ERROR {file}")
    assert sentence in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--seeds", "1000000"], 2, "asks for 2,100,000,000 networks, more than 200,000."),
        (["--out", cli.ROOT / "tests" / "explored"], 2, "holds the program's own files."),
        (["--scheduler", "tcp://127.0.0.1:1"], 5, "The scheduler tcp://127.0.0.1:1 does not answer: check"),
        (["--scheduler", "nonsense"], 5, "The scheduler nonsense does not answer: check that it runs"),
    ],
)
def test_what_cannot_be_asked_for(
    arguments: list[str | Path],
    code: int,
    told: str,
    command: Callable[..., subprocess.CompletedProcess[str]],
    tiny_project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Too many networks, the program's own folder, and a scheduler that is none are refused at once."""
    monkeypatch.setattr("experiments.cluster.ANSWER", 1.0)

    done = command(
        *("explore", "--config", tiny_project / "report.toml", "--out", tmp_path / "out"), *arguments
    )

    assert done.returncode == code
    assert told in done.stderr


def test_the_wide_space_is_wide() -> None:
    """What is explored by default has thousands of distinct settings, and the default setting among them."""
    settings = exploration.WIDE.settings(1257)

    assert len(settings) == len(set(settings)) == 10 * 3 * 2 * 7 * 5
    assert Setting((100,), "relu", "adam", 0.001, 200) in settings
