"""What the notebook's cells do, run one by one without a kernel: how it reads, ranks and chooses."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from experiments.record import HYPER_PARAMETERS, Space
from report import notebook

if TYPE_CHECKING:
    from collections.abc import Callable

CELLS = {
    cell.source.partition("\n")[0].lstrip("# "): cell.source
    for cell in notebook.build(3, Space(), 100, stand_in=False).cells
    if cell.cell_type == "code"
}
READ, RANK = CELLS["Setup: the data"], CELLS["Question 2(b): rank the settings"]
CHOOSE = CELLS["Question 2(b): choose the best setting that can be reproduced"]
X = np.array([[1.0, 2.0], [3.0, 4.0]])
DIRECTIONS = ("up", "down", "at random")
# One hidden layer each: units, what it has right in the search, and with the inputs moved; epochs likewise.
SETTINGS = (
    (3, 7, (7, 7, 7), 5, (5, 5, 5)),
    (9, 9, (9, 4, 9), 5, (5, 5, 5)),  # its score moves
    (5, 8, (8, 8, 8), 5, (5, 5, 6)),  # its epochs move
    (4, 7, (7, 7, 7), 5, (5, 5, 5)),
    (2, 8, (8, 8, 8), 5, (5, 5, 5)),  # of those that stay the best; fewer weights than the one above
)


def chosen(settings: Any, refuse: int = 0) -> dict[str, Any]:
    """Rank and choose, with networks whose results are known; those of `refuse` units overflow when moved."""
    units = {each[0]: each for each in settings}

    class Network:
        def __init__(self, random_state: int, hidden_layer_sizes: tuple[int], **_: Any) -> None:
            assert random_state == 3
            self.known = units[hidden_layer_sizes[0]]

        def fit(self, inputs: Any, _: Any) -> Any:
            if self.known[0] == refuse:
                raise ValueError("Solver produced non-finite parameter weights.")
            up = (inputs > X).all()
            self.moved = 0 if up else 1 if (inputs < X).all() else 2
            assert (np.abs(inputs - X) <= np.spacing(X)).all()
            assert (inputs != X).all()
            self.n_iter_ = self.known[4][self.moved]
            return self

    columns = dict.fromkeys(HYPER_PARAMETERS[1:], 1)
    table = pd.DataFrame(
        [
            {"hidden_layer_sizes": (each[0],), "dev": each[1], "epochs": each[3], **columns}
            for each in settings
        ]
    ).assign(train=10, converged=True)
    scope = {
        "np": np,
        "pd": pd,
        "pairwise": pairwise,
        "SEED": 3,
        "results": [table],
        "X": X,
        "X_train": X,
        "y_train": [0, 1],
        "X_dev": X,
        "y_dev": range(10),
        "NAMES": HYPER_PARAMETERS,
        "MLPClassifier": Network,
        "delayed": lambda function: function,
        "Parallel": lambda n_jobs: list,
        "correct": lambda model, *_: model.known[2][model.moved],
    }
    exec(RANK, scope)
    exec(CHOOSE, scope)
    return scope


def test_the_first_setting_that_stays_is_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    """Down the ranking: what moves in score or epochs is passed over; a higher score among it is told."""
    scope = chosen(SETTINGS)

    assert scope["place"] == 4
    assert scope["passed_over"] == [{"place": 1, "dev": [9, 9, 4, 9]}]
    assert "8 of 10 correct, the best score I can reproduce. Settings with it: 2." in capsys.readouterr().out


def test_what_was_passed_over_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """One sentence with how many scored higher, the highest score, and between what it moves."""
    scope = chosen(SETTINGS[:4])

    told = capsys.readouterr().out
    assert scope["place"] == 0
    assert [other["place"] for other in scope["passed_over"]] == [1, 2]
    assert "Passed over: 2 with a higher score, the highest 9." in told
    assert "When the inputs move, that one has 4 to 9." in told


def test_a_network_that_overflows_when_its_inputs_move_is_passed_over() -> None:
    """Its refits count as nothing right."""
    scope = chosen(SETTINGS, refuse=2)

    assert scope["place"] == 0
    assert scope["passed_over"][1:] == [{"place": 4, "dev": [8, 0, 0, 0]}, {"place": 2, "dev": [8, 8, 8, 8]}]


def test_if_nothing_stays_the_first_is_chosen_and_it_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """Then no score can be reproduced, which the notebook says."""
    scope = chosen(SETTINGS[1:3])

    assert scope["place"] == 0
    assert "No setting keeps its score when the inputs move" in capsys.readouterr().out


def test_a_missing_file_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the file and both places that were searched."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    with pytest.raises(FileNotFoundError) as caught:
        exec(READ, {"Path": Path, "pd": pd, "np": np})

    assert str(caught.value) == f"trnX-3d.csv is neither in {tmp_path}/here nor in {tmp_path}/data."


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., SimpleNamespace]:
    """Return a function that reads four files of the given texts."""

    def read(inputs: str, labels: str) -> SimpleNamespace:
        for name, text in (("trnX", inputs), ("devX", inputs), ("trnY", labels), ("devY", labels)):
            (tmp_path / f"{name}-3d.csv").write_text(text, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        scope: dict[str, Any] = {"Path": Path, "pd": pd, "np": np}
        exec(READ, scope)
        return SimpleNamespace(**scope)

    return read


@pytest.mark.parametrize(
    ("inputs", "labels", "values", "classes"),
    [
        ("1,2\n3,4\n", "0\n1\n", [[1, 2], [3, 4]], [0, 1]),
        ("a, b\n1, 2\n3,4e-1\n", "y\n -1\n+1\n", [[1, 2], [3, 0.4]], [-1, 1]),
        ("1,2\n3,4\n", "yes\n NA \n", [[1, 2], [3, 4]], ["yes", "NA"]),
    ],
)
def test_files_are_read_with_and_without_a_header(
    inputs: str, labels: str, values: Any, classes: Any, written: Callable[..., SimpleNamespace]
) -> None:
    """A first row that is no numbers is a header, in all files; labels are numbers if all of them are."""
    found = written(inputs, labels)

    assert found.X_train.tolist() == values
    assert found.y_dev.tolist() == classes
