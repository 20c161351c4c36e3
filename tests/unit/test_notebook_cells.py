"""What the notebook's cells do, run one by one without a kernel: how it reads, ranks and chooses."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.record import HYPER_PARAMETERS, Space
from report import notebook

CELLS = {
    cell.source.partition("\n")[0].lstrip("# "): cell.source
    for cell in notebook.build(3, Space(), 100, stand_in=False).cells
    if cell.cell_type == "code"
}
READ, RANK = CELLS["Setup: the data"], CELLS["Question 2(b): rank the settings"]
CHOOSE = CELLS["Question 2(b): choose the best setting that can be reproduced"]
X = np.array([[1.0, 2.0], [3.0, 4.0]])
# One hidden layer each: units, what it has right in the search, and with the inputs moved; epochs likewise.
SETTINGS = (
    (3, 7, (7, 7, 7), 5, (5, 5, 5)),
    (9, 9, (9, 4, 9), 5, (5, 5, 5)),  # its score moves
    (5, 8, (8, 8, 8), 5, (5, 5, 6)),  # its epochs move
    (4, 7, (7, 7, 7), 5, (5, 5, 5)),
    (2, 8, (8, 8, 8), 5, (5, 5, 5)),  # of those that stay the best; fewer weights than the one above
)


def chosen(settings, refuse=0):
    """Rank and choose, with networks whose results are known; those of `refuse` units overflow when moved."""
    units = {each[0]: each for each in settings}

    class Network:
        def __init__(self, random_state, hidden_layer_sizes, **_):
            assert random_state == 3
            self.known = units[hidden_layer_sizes[0]]

        def fit(self, inputs, _):
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


@pytest.mark.parametrize(
    ("settings", "refuse", "place", "passed_over", "told"),
    [
        (
            *(SETTINGS, 0, 4, {1: [9, 9, 4, 9]}),
            ["8 of 10 correct, the best score I can reproduce. Settings with it: 2."],
        ),
        (
            *(SETTINGS[:4], 0, 0, {1: [9, 9, 4, 9], 2: [8, 8, 8, 8]}),
            [
                "Passed over: 2 with a higher score, the highest 9.",
                "When the inputs move, that one has 4 to 9.",
            ],
        ),
        # its refits count as nothing right
        (SETTINGS, 2, 0, {1: [9, 9, 4, 9], 4: [8, 0, 0, 0], 2: [8, 8, 8, 8]}, []),
        (
            *(SETTINGS[1:3], 0, 0, {0: [9, 9, 4, 9], 1: [8, 8, 8, 8]}),
            ["No setting keeps its score when the inputs move"],
        ),
    ],
    ids=["the first that stays", "a higher score is told", "overflow when moved", "nothing stays"],
)
def test_the_first_setting_that_stays_is_chosen(settings, refuse, place, passed_over, told, capsys):
    """Down the ranking, what moves in score or epochs is passed over; if all does, the first is reported."""
    scope = chosen(settings, refuse)

    assert scope["place"] == place
    assert [(other["place"], other["dev"]) for other in scope["passed_over"]] == [*passed_over.items()]
    said = capsys.readouterr().out
    assert all(words in said for words in told)


def test_a_missing_file_is_one_sentence(tmp_path, monkeypatch):
    """It names the file and both places that were searched."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")

    with pytest.raises(FileNotFoundError) as caught:
        exec(READ, {"Path": Path, "pd": pd, "np": np})

    assert str(caught.value) == f"trnX-3d.csv is neither in {tmp_path}/here nor in {tmp_path}/data."


@pytest.mark.parametrize(
    ("inputs", "labels", "values", "classes"),
    [
        ("1,2\n3,4\n", "0\n1\n", [[1, 2], [3, 4]], [0, 1]),
        ("a, b\n1, 2\n3,4e-1\n", "y\n -1\n+1\n", [[1, 2], [3, 0.4]], [-1, 1]),
        ("1,2\n3,4\n", "yes\n NA \n", [[1, 2], [3, 4]], ["yes", "NA"]),
    ],
)
def test_files_are_read_with_and_without_a_header(inputs, labels, values, classes, tmp_path, monkeypatch):
    """Files in ../data: a first row that is no numbers is a header; labels are numbers if all of them are."""
    data, here = tmp_path / "data", tmp_path / "here"
    data.mkdir()
    here.mkdir()
    for name, text in (("trnX", inputs), ("devX", inputs), ("trnY", labels), ("devY", labels)):
        (data / f"{name}-3d.csv").write_text(text, encoding="utf-8")
    monkeypatch.chdir(here)

    scope = {"Path": Path, "pd": pd, "np": np}
    exec(READ, scope)

    assert scope["X_train"].tolist() == values
    assert scope["y_dev"].tolist() == classes
