"""What a stage's result depends on; results kept while none of it changed, or begun beside the notebook."""

import io
import json
import random
import shutil
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import Struct

from experiments import dataset
from report import ROOT, cache, config, pipeline
from report.cache import Cache, Inputs, Snapshot
from report.console import Console
from report.results import Derived, Ledger

# Asks a copy of the program for the keys of all stages, as it is and after each of some edits by itself.
KEYS = """
import json, sys
from pathlib import Path
sys.path.insert(0, str(Path.cwd()))
from experiments.numerics import pin
from report import config
from report.cache import Inputs, Snapshot

pin()

def keys():
    settings = config.load(Path("report.toml").absolute())
    return Snapshot(Inputs(settings, settings.data_path, quick=False, pdf=True)).keys()

found = [keys()]
for name, old, new in json.load(sys.stdin):
    file = Path(name)
    before = file.read_bytes() if file.exists() else None
    text = (before or b"").decode()
    assert old in text, name
    file.write_text(text.replace(old, new, 1) if old else text + new)
    found.append(keys())
    file.unlink() if before is None else file.write_bytes(before)
print(json.dumps(found))
"""
# Which of our modules the stages load: each in a process that has loaded no other stage's.
LOADED = """
import json, multiprocessing, sys
import jinja2, matplotlib.figure, mpmath, nbclient, jupytext, pandas, scipy.stats, sympy
import sklearn.model_selection, sklearn.neural_network
from experiments import numerics
from report import cache
mine = set(sys.modules)

def load(modules):
    for name in [name for name in mine if name.partition(".")[0] in cache.PARTS]:
        del sys.modules[name]
    for name in modules:
        __import__(name)
    ours = [module for name, module in sys.modules.items() if name.partition(".")[0] in cache.PARTS]
    return [module.__file__ for module in ours]

with multiprocessing.get_context("fork").Pool(1, maxtasksperchild=1) as pool:
    stages = {name: pool.apply(load, [stage.modules]) for name, stage in cache.STAGES.items()}
print(json.dumps(stages))
"""
STAGES = {"derive", "measure", "search", "study", "draw", "build"}
NUMBERS = {"measure", "search", "study", "draw", "build"}
HEAVY = {
    *("numpy", "scipy", "sklearn", "pandas", "sympy", "mpmath"),
    *("matplotlib", "jinja2", "nbclient", "pikepdf"),
}


def keys(project, *edits, **environ):
    """Ask for the key of each stage, in a process of its own: as all is now, then after each edit."""
    done = subprocess.run(
        [sys.executable, "-c", KEYS],
        cwd=project.root,
        env={**project.environ, **environ},
        input=json.dumps(edits).encode(),
        capture_output=True,
        check=True,
    )
    return [{stage: found[stage] for stage in STAGES} for found in json.loads(done.stdout)]


# A file, what is replaced in it by what (appended, if nothing is replaced); the stages concerned; the reason,
# if it is not that the file changed.
CHANGES = (
    ("templates/1e.tex", "", "% more\n", {"build"}, ""),
    ("templates/new.tex", "", "x", {"build"}, "templates/new.tex is new"),
    ("report.toml", "Ada", "Eda", {"build"}, ""),
    ("report.toml", "", "# x\n", {"build"}, ""),
    ("report/pages.py", "", "#\n", {"build"}, ""),
    ("data/more.csv", "", "1\n", {"build"}, "further data files changed"),
    ("derivations/rnn.py", "", "#\n", {"derive", "draw", "build"}, ""),
    ("data/trnX-3d.csv", "\n", "0\n", NUMBERS, "trnX-3d.csv changed"),
    ("report.toml", "[8]]", "[9]]", NUMBERS, "the search space changed"),
    ("experiments/record.py", "", "#\n", NUMBERS, ""),
    ("experiments/trainer/kernel.c", "", "//\n", NUMBERS - {"measure"}, ""),
    ("experiments/cluster.py", "", "#\n", set(), ""),
    ("report/exploration.py", "", "#\n", set(), ""),
    ("report/verify/command.py", "", "#\n", set(), ""),
    ("templates/homework03.py", "", "#\n", {"measure", "draw", "build"}, ""),
    ("report/figures/style.py", "", "#\n", {"draw", "build"}, ""),
    ("report.toml", "seed = 5", "seed = 6", STAGES, "the seed changed"),
    ("report/stages.py", "", "#\n", STAGES, ""),
    # another version of a package, that of a tool of the tests last
    ("sympy-99.9.dist-info", "", "", {"derive", "draw", "build"}, "sympy's version changed"),
    ("scikit_learn-99.9.dist-info", "", "", NUMBERS, "scikit-learn's version changed"),
    ("threadpoolctl-99.9.dist-info", "", "", NUMBERS, "threadpoolctl's version changed"),
    ("matplotlib-99.9.dist-info", "", "", {"measure", "draw", "build"}, "matplotlib's version changed"),
    ("jinja2-99.9.dist-info", "", "", {"build"}, "jinja2's version changed"),
    ("pytest-99.9.dist-info", "", "", set(), ""),
)


@pytest.fixture(scope="module")
def place(unbuilt, tmp_path_factory):
    """Copy the program, with nothing built, for all tests of keys."""
    return unbuilt.copy(tmp_path_factory.mktemp("keys") / "project")


@pytest.fixture(scope="module")
def found(place):
    """Return the keys as all is, then after each change."""
    return keys(place, *(change[:3] for change in CHANGES))


def test_a_change_concerns_what_depends_on_it(found):
    """Whatever an author, a maintainer or the course may change makes exactly its own stages stale."""
    before, *others = found

    for (file, _, new, concerned, reason), after in zip(CHANGES, others, strict=True):
        assert {stage for stage in STAGES if before[stage] != after[stage]} == concerned, (file, new)
        told = {stage: cache.why(before[stage], after[stage]) for stage in concerned}
        if reason or file != "report.toml":
            assert all((reason or f"{file} changed") in words for words in told.values()), (told, reason)


@pytest.mark.parametrize(
    ("environ", "concerned", "names"),
    [
        ({"REPORT_KEEP_ENV": "1"}, NUMBERS, ["$REPORT_KEEP_ENV", "$OMP_NUM_THREADS"]),
        ({"OPENBLAS_CORETYPE": "Prescott"}, NUMBERS, ["$REPORT_OVERRIDDEN"]),
        ({"PATH": "/nowhere"}, {"build"}, ["latexmk", "pdflatex"]),
        ({"LANG": "xx", "USER": "xx", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"}, set(), []),
    ],
)
def test_the_machine_is_part_of_the_key(environ, concerned, names, place, found):
    """Pins and TeX count, a person's language and name do not."""
    before, (now,) = found[0], keys(place, **environ)

    assert {stage for stage in STAGES if before[stage] != now[stage]} == concerned
    assert all(before[stage].get(name) != now[stage].get(name) for stage in concerned for name in names)


@pytest.fixture
def kept(tmp_path):
    """Return a function that opens a cache, empty at first, of this program's own report."""
    settings = config.load(ROOT / "report.toml")
    inputs = Inputs(settings, settings.data_path, quick=False, pdf=True)
    console = Console(io.StringIO(), colour=False, live=False)
    return lambda: Cache(tmp_path / "kept", inputs, Snapshot(inputs).keys(), console)


def test_every_module_that_a_stage_loads_is_in_its_key(kept, python):
    """What the imports say is what Python loads: no module that a stage runs is missing in its key."""
    snapshot = Snapshot(kept().inputs)

    for name, loaded in json.loads(python(LOADED)).items():
        assert {Path(file) for file in loaded} <= set(snapshot.code(name)), name


def test_nothing_heavy_is_loaded_to_learn_that_nothing_changed(python):
    """The modules that decide whether to build load no package but msgspec; nor does --help."""
    listed = "import atexit, runpy, sys; atexit.register(lambda: print(*sys.modules))"
    asked = "sys.argv[1:] = ['--help']; runpy.run_path('generate_report.py', run_name='__main__')"
    for work in ("import report.pipeline", asked):
        loaded = {name.partition(".")[0] for name in python(f"{listed}; {work}").split()}
        assert "report" in loaded
        assert loaded.isdisjoint(HEAVY)


class Made(Struct):
    """A result."""

    text: str
    numbers: tuple[float, ...]


MADE = Made("ü\n", (0.1, 2.0, 1e300))


def refuse():
    """Fail where a kept result should have been found."""
    raise AssertionError


def test_what_changed_meanwhile_is_not_kept(kept):
    """A result is found again as it was made, unless something that it depends on changed meanwhile."""
    changed = kept()
    changed.keys["derive"]["the seed"] = "another"
    assert changed.made("derive", Made, lambda: MADE) == MADE
    with pytest.raises(AssertionError):
        changed.made("derive", Made, refuse)
    assert kept().made("derive", Made, lambda: MADE) == MADE
    assert kept().made("derive", Made, refuse) == MADE


@pytest.mark.parametrize("number", [100, pytest.param(2000, marks=pytest.mark.slow)])
def test_a_damaged_result_is_none(number, kept, damaged):
    """Whatever happens to its file, a kept result is what was made, or is made again."""
    chance, cached = random.Random(0), kept()
    cached.made("derive", Made, lambda: MADE)
    file = cached.folder / "derive.json"
    whole, again = file.read_bytes(), Made("again", ())

    for _ in range(number):
        file.write_bytes(damaged(whole, chance))
        untouched = file.read_bytes() == whole
        assert cached.made("derive", Made, lambda: again) == (MADE if untouched else again)


def test_what_other_code_kept_piece_by_piece_is_removed(kept):
    """What a search keeps, network by network, is gone when the code that trained it changes."""
    found = []
    for code in ("1", "1", "2"):
        cached = kept()
        cached.keys["fits"]["code"] = code
        folder = cached.store("fits")
        found.append((folder / "network").exists())
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "network").write_text("")

    assert found == [False, True, False]
    assert len(list(cached.folder.iterdir())) == 1


# What is begun beside the notebook


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_what_is_not_finished_is_left_to_the_build(error, kept):
    """A notebook that ends at once, or fails, ends the process, too: nothing is waited for."""
    with (
        nullcontext() if error is None else pytest.raises(error),
        pipeline.beside(dataset.load(kept().inputs.data), kept(), 2),
    ):
        if error:
            raise error

    assert kept().reason("derive") == "nothing kept from before"


@pytest.mark.slow
def test_data_may_be_named_from_any_folder(kept, tmp_path, monkeypatch):
    """What is finished is found by the build, also of data in a folder below the user's own.

    The session of whoever builds keeps its priority.
    """
    shares = Path("/proc/self/autogroup")
    share = shares.read_text(encoding="ascii") if shares.exists() else ""
    empty = kept()
    shutil.copytree(empty.inputs.data, tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    small = replace(empty.inputs.config, search=empty.inputs.config.search.small())
    inputs = Inputs(small, Path("mine"), quick=True, pdf=True)
    below = replace(empty, inputs=inputs, keys=Snapshot(inputs).keys())
    ledger = Ledger(schema=1, seed=0, sympy="", mpmath="", checks=(), exemptions=())
    below.made("derive", Derived, lambda: Derived({}, {}, {}, ledger))  # comes first, and takes long
    with pipeline.beside(dataset.load(Path("mine")), below, 2):
        last = time.monotonic() + 300  # a busy machine gives the nicest process little
        while below.reason("search") and time.monotonic() < last:
            time.sleep(0.1)

    assert below.reason("search") == ""
    assert share == (shares.read_text(encoding="ascii") if shares.exists() else "")
