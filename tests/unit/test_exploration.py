"""What the explore command refuses: one sentence that says what is wrong, and an exit code."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from experiments import explore
from experiments.record import Setting
from report import cli
from report.console import Console

if TYPE_CHECKING:
    from pathlib import Path


def run(*argv: str | Path) -> tuple[int, str]:
    """Run a command line; its exit code and what it told."""
    stream = io.StringIO()
    code = cli.main([str(word) for word in argv], Console(stream, colour=False, live=False))
    return code, stream.getvalue()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "there is nothing in the table search, or no such table."),
        ("[search]\n", "there is nothing in the table search, or no such table."),
        ("[search]\nsolver = []\n", "search.solver must be a list with one item or more, not an empty list."),
        (
            '[search]\nsolver = ["lbfgs"]\n',
            "search.solver, item 1, must be adam or sgd, not the text 'lbfgs'.",
        ),
        (
            "[search]\nlearning_rate_init = [-0.1]\n",
            "search.learning_rate_init, item 1, must be a positive finite number, not -0.1.",
        ),
        (
            "[search]\nhidden_layer_sizes = [[10, 0]]\n",
            "search.hidden_layer_sizes, item 1, must be a list of 1 to 5 layer sizes from 1 to 10000, not a",
        ),
        ("[search]\nbatch_size = [0]\n", "search.batch_size, item 1, must be a whole number from 1 to"),
        ("[search]\nalpha = [0.1]\n", "unknown key search.alpha."),
        ("[search]\nsolver = [adam]\n", "line 2, column 11: not TOML: Invalid value."),
    ],
)
def test_a_space_that_cannot_be_explored(
    text: str, sentence: str, tiny_project: Path, tmp_path: Path
) -> None:
    """The file and the key are named, nothing is trained and nothing is written."""
    file = tmp_path / "space.toml"
    file.write_text(text, encoding="utf-8")

    code, told = run(
        *("explore", "--config", tiny_project / "report.toml"), "--space", file, "--out", tmp_path / "out"
    )

    assert code == 2
    first = told.splitlines()[0]
    assert first.startswith(f"ERROR {file}")
    assert sentence in first
    assert not (tmp_path / "out").exists()


def test_a_space_that_is_not_there(tiny_project: Path, tmp_path: Path) -> None:
    """The option that names the file is told."""
    code, told = run(
        *("explore", "--config", tiny_project / "report.toml"),
        *("--space", tmp_path / "none.toml", "--out", tmp_path / "out"),
    )

    expected = f"ERROR {tmp_path / 'none.toml'} does not exist.\nTIP Name a file with --space FILE.\n"
    assert (code, told) == (2, expected)


def test_more_networks_than_anybody_could_wait_for(tiny_project: Path, tmp_path: Path) -> None:
    """So many seeds that the number of networks goes beyond all bounds are refused at once."""
    code, told = run(
        *("explore", "--config", tiny_project / "report.toml"),
        "--seeds",
        "1000000",
        "--out",
        tmp_path / "out",
    )

    assert code == 2
    assert "asks for 2,100,000,000 networks, more than 200,000." in told


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense"])
def test_a_scheduler_that_does_not_answer(
    address: str, tiny_project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is named, and the exit code is that of a machine that failed."""
    monkeypatch.setattr("experiments.cluster.ANSWER", 1.0)

    code, told = run(
        *("explore", "--config", tiny_project / "report.toml"),
        *("--scheduler", address, "--out", tmp_path / "out"),
    )

    assert code == 5
    assert told.splitlines()[-1] == (
        f"ERROR The scheduler {address} does not answer: check that it runs and that the address is right."
    )


def test_a_folder_of_the_program_is_no_place_to_explore(tiny_project: Path) -> None:
    """Table and figure are not strewn among the program's own files."""
    code, told = run(
        "explore", "--config", tiny_project / "report.toml", "--out", cli.ROOT / "tests" / "explored"
    )

    assert code == 2
    assert "holds the program's own files." in told


def test_the_wide_space_is_wide() -> None:
    """What is explored by default has thousands of distinct settings, and the default setting among them."""
    settings = explore.WIDE.settings(1257)

    assert len(settings) == len(set(settings)) == 10 * 3 * 2 * 7 * 5
    assert Setting((100,), "relu", "adam", 0.001, 200) in settings
