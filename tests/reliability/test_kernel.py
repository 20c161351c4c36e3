"""A notebook that fails is kept, with its place marked; its kernel takes nothing along and leaves none."""

import importlib
import re
import sys

import nbformat
import pytest

from report import kernel
from report.errors import CheckError, MachineError


def notebook(*sources):
    """Make a notebook of code cells, each answering question 2(a), after a cell of words."""
    words = nbformat.v4.new_markdown_cell("# Words", id="words")
    cells = [
        nbformat.v4.new_code_cell(f"# Question 2(a): {text}", id=f"c{n}") for n, text in enumerate(sources)
    ]
    return nbformat.v4.new_notebook(cells=[words, *cells])


@pytest.fixture
def execute(tmp_path, monkeypatch):
    """Give a function that executes a notebook in a folder of its own."""
    room = tmp_path / "scratch" / "room"
    room.mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def run(made):
        kernel.execute(made, room, 1, lambda *_: None)

    return run


def texts(made):
    """Give all that the cells printed."""
    outputs = [out for cell in made.cells for out in cell.get("outputs", [])]
    return "".join(out.text for out in outputs if out.output_type == "stream")


WORKERS = "Parallel(2)(d(exec)('import os; os.kill(os.getpid(), 9)') for _ in range(2))"
FAILURES = {
    "an exception": (
        "raise ValueError('\\x1b[31mred\\x1b[0m \\x1b]8;;http://x\\x07link' + '\\none\\ntwo' * 500)",
        CheckError,
        "ValueError: red link",
    ),
    "no memory": ("raise MemoryError", MachineError, "MemoryError"),
    "a full disk": ("raise OSError(28, 'No space left on device')", MachineError, r"OSError: \[Errno 28\]"),
    "a dead kernel": ("import os\nos.kill(os.getpid(), 9)", MachineError, "the kernel died"),
    "a crash": (
        "import os\nos.write(2, b'Fatal: no more\\n'); os.abort()",
        MachineError,
        "the kernel died, saying “Fatal: no more”",
    ),
    "a worker that is killed": (
        f"from joblib import Parallel, delayed as d\n{WORKERS}",
        MachineError,
        "TerminatedWorkerError",
    ),
}
QUICK = ("an exception", "a full disk", "a crash")


@pytest.mark.parametrize(
    ("source", "kind", "reason"),
    [
        pytest.param(*case, id=name, marks=() if name in QUICK else pytest.mark.slow)
        for name, case in FAILURES.items()
    ],
)
def test_a_cell_that_fails(source, kind, reason, execute):
    """The message names the question; the notebook gets a banner, and an anchor at the cell."""
    made = notebook("fine\nprint('before')", f"broken\n{source}", "after\nprint('after')")

    with pytest.raises(kind) as caught:
        execute(made)

    assert re.match(rf"^Question 2\(a\): broken: the notebook stopped: {reason}.*\.$", str(caught.value))
    assert "\x1b" not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [cell.id for cell in made.cells] == ["banner", "words", "c0", "failed", "c1", "c2"]
    assert "[the cell “Question 2(a): broken”](#failed)" in made.cells[0].source
    assert '<a id="failed"></a>' in made.cells[3].source
    assert texts(made) == "before\n"
    assert "\x1b" not in nbformat.writes(made).replace("\\u001b", "\x1b").split('"source"')[0]
    nbformat.validate(made)


def test_a_failure_names_its_line(execute, tmp_path, monkeypatch):
    """The line at which a cell stopped is told as a line of the notebook's source."""
    source = tmp_path / "homework03.py"
    source.write_text("# %%\n# Question 2(a): broken\nx = 0\ny = 1 / x\n", encoding="utf-8")
    monkeypatch.setattr(kernel, "SOURCE", source)

    with pytest.raises(CheckError, match=r"stopped at templates/homework03\.py, line 4: ZeroDivisionError"):
        execute(notebook("broken\nx = 0\ny = 1 / x"))


def test_a_cell_that_never_ends(execute, monkeypatch):
    """A cell that takes too long is ended and named."""
    monkeypatch.setattr(kernel, "CELL_TIMEOUT", 1)

    with pytest.raises(MachineError, match=r"^Question 2\(a\): endless: .*: no answer within 1 s\.$"):
        execute(notebook("endless\nwhile True: pass"))


def test_a_kernel_that_is_not_installed(monkeypatch):
    """Where ipykernel lacks, the module does, too: the message is that of any other package."""
    monkeypatch.setitem(sys.modules, "ipykernel", None)
    monkeypatch.delitem(sys.modules, "report.kernel")

    with pytest.raises(ModuleNotFoundError, match="ipykernel"):
        importlib.import_module("report.kernel")


def test_the_kernel_is_clean(execute, tmp_path, monkeypatch):
    """No personal setting of Python, Jupyter or matplotlib reaches it; what is printed is one output."""
    home = tmp_path / "home"
    startup = home / ".ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "x.py").write_text("print('startup')")
    (home / ".config" / "matplotlib").mkdir(parents=True)
    (home / ".config" / "matplotlib" / "matplotlibrc").write_text("lines.linewidth: 77\n")
    for name, value in {
        "HOME": str(home),
        "PYTHONPATH": str(home),
        "PYTHONOPTIMIZE": "2",
        "PYTHONWARNINGS": "error",
        "MPLBACKEND": "nosuch",
        "IPYTHONDIR": str(home / ".ipython"),
    }.items():
        monkeypatch.setenv(name, value)
    made = notebook(
        "look\nimport sys, os, time\nimport matplotlib as mpl\n"
        "print(mpl.rcParams['lines.linewidth'], __debug__, os.getcwd() in sys.path or '' in sys.path)\n"
        "sys.stdout.flush(); time.sleep(0.3)\n"
        f"print({str(home)!r} in sys.path, sys.flags.utf8_mode, os.listdir())"
    )

    execute(made)

    (output,) = made.cells[1].outputs
    assert output.text == "1.5 True True\nFalse 1 []\n"


@pytest.mark.slow
def test_a_long_folder_is_no_obstacle(execute, tmp_path, monkeypatch):
    """Where the name of the folder for temporary files is too long for sockets, the network serves."""
    folder = tmp_path / ("long " * 20)
    folder.mkdir()
    monkeypatch.setattr(kernel.tempfile, "tempdir", str(folder))
    made = notebook("print\nprint('done')")

    execute(made)

    assert texts(made) == "done\n"
    assert list(folder.iterdir()) == []
