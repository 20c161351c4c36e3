"""The notebook: how it is made, reads, ranks and chooses, and the list of fonts that its kernel finds."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import ParameterGrid
from sklearn.neural_network import MLPClassifier

from experiments.dataset import FILE_NAMES
from experiments.record import HYPER_PARAMETERS, Setting, Space
from report import ROOT, notebook
from report.config import QUESTIONS
from report.errors import CheckError

GRID = {
    "activation": ["tanh"],
    "batch_size": [16, 60],
    "learning_rate_init": [1e-05, 0.5],
    "solver": ["sgd", "adam"],
}
SPACE = Space(hidden_layer_sizes=((8,), (6, 4)), **{name: tuple(tried) for name, tried in GRID.items()})
WITH_DEFAULT = Space(hidden_layer_sizes=((8,), (100,)), batch_size=(16, 200))
SECTIONS = {"setup": "Setup", "2a": "Question 2(a)", "2b": "Question 2(b)", "summary": "Summary"}


def made(**changes):
    """Build the notebook of a small space."""
    choices = {"seed": 7, "space": SPACE, "samples": 60, "stand_in": False, **changes}
    return notebook.build(**choices)


def code(made, tag=""):
    """Give the sources of the code cells, of those with a tag."""
    cells = [cell for cell in made.cells if cell.cell_type == "code"]
    return [cell.source for cell in cells if not tag or tag in cell.metadata.tags]


def test_every_code_cell_says_its_question():
    """A first-line comment, a tag and the heading above name the same question, cell by cell."""
    section = ""
    for cell in made().cells:
        tag = cell.metadata["tags"][0]
        if cell.cell_type == "markdown":
            heading = re.search(r"^## (.*?):?(?= |$).*$", cell.source, re.MULTILINE)
            section = heading.group() if heading else section
            continue
        assert cell.source.startswith(f"# {SECTIONS[tag]}"), cell.source
        assert section.startswith(f"## {SECTIONS[tag]}"), (section, cell.source)


def test_questions_are_fenced_for_course_tools():
    """Each question of problem 2 begins and ends with the comment that grading tools look for."""
    text = "\n".join(cell.source for cell in made().cells if cell.cell_type == "markdown")
    marks = re.findall(r"<!-- \w+ QUESTION -->|^## Question 2\(\w\)", text, re.MULTILINE)

    begin, end = "<!-- BEGIN QUESTION -->", "<!-- END QUESTION -->"
    assert marks == [begin, "## Question 2(a)", end, begin, "## Question 2(b)", end]
    assert [question for question in QUESTIONS if question.startswith("2")] == ["2a", "2b"]


def test_the_notebook_is_valid_and_not_yet_run():
    """Before it runs it holds no output and no count; cells say something, under ids that never change."""
    nbformat.validate(nbformat.from_dict(json.loads(notebook.dump(made(stand_in=True)))))
    assert made().metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    for cell in made().cells:
        assert cell.source.strip()
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)
    ids = [cell["id"] for cell in made().cells]
    assert len(set(ids)) == len(ids)
    assert ids[0] == "title-1"
    assert all(re.fullmatch(r"(title|setup|2a|2b|summary)-\d+", each) for each in ids)
    assert notebook.dump(made()) == notebook.dump(made())


def test_seed_and_grid_are_put_in():
    """The author's seed and values to try, in the layout of the source and as literals that say the same."""
    [seed], [grid] = code(made(seed=4294967295), "parameters"), code(made(), "grid")

    assert "\nSEED = 4294967295\n" in seed
    assert grid == (
        "# Question 2(b): the values to try\n"
        "GRID = {\n"
        '    "activation": ["tanh"],\n'
        '    "batch_size": [16, 60],\n'
        '    "learning_rate_init": [1e-05, 0.5],\n'
        '    "solver": ["sgd", "adam"],\n'
        "}"
    )


def test_each_architecture_has_a_cell_of_its_own():
    """One search cell per architecture, in order; a default outside the grid is tried by a first one."""
    first, *others = code(made(), "each-architecture")

    assert others == [
        "# Question 2(b): the search, hidden layers (8,)\nsearch((8,))",
        "# Question 2(b): the search, hidden layers (6, 4)\nsearch((6, 4))",
    ]
    assert first.splitlines()[0] == "# Question 2(b): the search, hidden layers (100,), the default setting"
    layers, grid = (ast.literal_eval(each) for each in ast.parse(first).body[0].value.args)
    default = MLPClassifier().get_params()
    assert layers == default["hidden_layer_sizes"]
    assert grid == {name: [default[name]] for name in GRID} | {"batch_size": [60]}
    assert len(code(made(space=WITH_DEFAULT), "each-architecture")) == 2


def test_large_architectures_are_split_by_activation_in_grid_order():
    """An architecture with many weights gets a cell per activation; all cells together walk the grid."""
    layers, activations = ((100,), (100, 100)), ("tanh", "relu", "logistic")
    space = Space(layers, activations, ("sgd", "adam"), (0.1, 0.001), (16, 60))
    [grid], cells = (code(made(space=space), tag) for tag in ("grid", "each-architecture"))
    walked = []

    def search(layers, grid=None):
        points = ParameterGrid(grid or scope["GRID"])
        walked.extend(Setting(hidden_layer_sizes=layers, **point) for point in points)

    scope = {"search": search}
    for cell in (grid, *cells):
        exec(cell, scope)
    assert walked == list(space.settings(60))
    assert len(cells) == 1 + 3


def test_the_stand_in_is_said():
    """With stand-in data a cell below the title says so, with the course's data none does."""
    notice = made(stand_in=True).cells[1]

    assert (notice.cell_type, "Stand-in data" in notice.source) == ("markdown", True)
    assert "stand-in" not in json.dumps(made())


def test_a_notebook_needs_four_packages():
    """Besides the standard library and IPython itself, four packages are imported, after the numeric pins."""
    imported = {
        name: number
        for number, source in reversed([*enumerate(code(made()))])
        for name in re.findall(r"^(?:import|from) (\w+)", source, re.MULTILINE)
    }

    others = imported.keys() - sys.stdlib_module_names
    assert others == {"IPython", "matplotlib", "numpy", "pandas", "sklearn"}
    assert "OPENBLAS_CORETYPE" in code(made())[0]
    assert imported["numpy"] == 1


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Put a copy in the place of the notebook's source."""
    copy = shutil.copy(notebook.SOURCE, tmp_path)
    monkeypatch.setattr(notebook, "SOURCE", Path(copy))
    return Path(copy)


@pytest.mark.parametrize("count", [0, 2])
def test_a_source_without_its_place_is_refused(count, source):
    """If the source sets the seed not at all, or twice, the build says so instead of guessing."""
    source.write_text(source.read_text().replace("SEED = 0\n", "SEED = 0\n" * count))

    with pytest.raises(CheckError, match=r"homework03\.py: the cell that sets SEED"):
        made()


@pytest.mark.parametrize("comment", ["# copy the data", "# !touch pwned", "# mkdir x", "# %cd ..", "# ls"])
def test_a_comment_that_looks_like_a_command_stays_one(comment, source):
    """What stands behind a number sign in a code cell is neither run nor a syntax error."""
    source.write_text(f'{source.read_text()}\n# %% tags=["2b"]\n# Question 2(b): more\n{comment}\n')

    assert made().cells[-1].source.splitlines()[-1] == comment


CELLS = {source.partition("\n")[0].lstrip("# "): source for source in code(made(seed=3, space=Space()))}
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
    units = {each[0]: each for each in settings}  # the networks of known results

    class Network:
        def __init__(self, random_state, hidden_layer_sizes, **_):
            assert random_state == 3
            self.known = units[hidden_layer_sizes[0]]

        def fit(self, inputs, _):
            if self.known[0] == refuse:  # it overflows when moved
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

    assert scope["place"] == place
    assert [(other["place"], other["dev"]) for other in scope["passed_over"]] == [*passed_over.items()]
    said = capsys.readouterr().out
    assert all(words in said for words in told)


def test_the_data_are_read_from_a_folder_beside(tmp_path, monkeypatch):
    """With a header or none, NA a word like others; a file in neither place is a sentence that names both."""
    data, here, scope = tmp_path / "data", tmp_path / "here", {"Path": Path, "pd": pd, "np": np}
    data.mkdir()
    here.mkdir()
    monkeypatch.chdir(here)
    with pytest.raises(FileNotFoundError) as caught:
        exec(READ, scope)
    assert str(caught.value) == f"trnX-3d.csv is neither in {here} nor in {data}."

    for name in FILE_NAMES:
        text = "a, b\n1, 2\n3,4e-1\n" if "X" in name else "y\n yes \nNA\n"
        (data / name).write_text(text, encoding="utf-8")
    exec(READ, scope)
    assert scope["X_train"].tolist() == [[1, 2], [3, 0.4]]
    assert scope["y_dev"].tolist() == ["yes", "NA"]


# matplotlib tells of a new list after five seconds; here at once, as if to make one took that long.
SLOW_MACHINE = """
import sys, threading
from pathlib import Path

timer = threading.Timer
threading.Timer = lambda seconds, *rest: timer(0, *rest)
from report.process import keep_font_list
keep_font_list(Path(sys.argv[1], "build"))
from report.kernel import _environment
private = Path(sys.argv[1], "kernel")
private.mkdir()
_environment(private, 1)
"""
IN_THE_NOTEBOOK = """
from matplotlib import font_manager, get_cachedir

assert font_manager.fontManager.ttflist
print(get_cachedir())
"""


def test_the_list_of_fonts_is_there_when_the_notebook_begins(tmp_path):
    """On a machine without the list it is made in silence, before the kernel, which makes none of its own."""
    environ = os.environ | {
        "MPLCONFIGDIR": str(tmp_path / "home"),
        "PYTHONPATH": str(ROOT),
    }

    made = subprocess.run(
        [sys.executable, "-c", SLOW_MACHINE, tmp_path], env=environ, capture_output=True, check=True
    )
    (fonts,) = (tmp_path / "kernel").glob("fontlist-*.json")
    before = fonts.stat().st_mtime_ns
    environ["MPLCONFIGDIR"] = str(tmp_path / "kernel")
    used = subprocess.run(
        [sys.executable, "-c", IN_THE_NOTEBOOK], env=environ, capture_output=True, check=True
    )

    assert (b"", b"") == (made.stdout, made.stderr)
    assert f"{tmp_path}/kernel\n".encode() == used.stdout
    assert before == fonts.stat().st_mtime_ns
