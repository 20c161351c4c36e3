"""What a stage's result depends on, and the results that are kept while none of it changed."""

from __future__ import annotations

import io
import json
import random
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import Struct

from report import cache, config
from report.cache import Cache, Inputs, Snapshot
from report.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Project

ROOT = Path(__file__).resolve().parents[2]
KEYS = """
import json, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from experiments.numerics import pin
from report import config
from report.cache import Inputs, Snapshot
pin()
settings = config.load(Path({root!r}) / "report.toml")
print(json.dumps(Snapshot(Inputs(settings, settings.data_path, quick=False, pdf=True)).keys()))
"""
LOADED = """
import importlib, json, sys
sys.path.insert(0, ".")
for name in sys.argv[1:]:
    importlib.import_module(name)
ours = [module for name, module in sys.modules.items() if name.partition(".")[0] in {parts}]
print(json.dumps([module.__file__ for module in ours]))
""".replace("{parts}", repr(cache.PARTS))
STAGES = {"derive", "measure", "search", "study", "draw", "build"}
NUMBERS = {"measure", "search", "study", "draw", "build"}
HEAVY = (
    "numpy",
    "scipy",
    "sklearn",
    "pandas",
    "sympy",
    "mpmath",
    "matplotlib",
    "jinja2",
    "nbclient",
    "pikepdf",
)


@pytest.fixture
def project(unbuilt: Project, tmp_path: Path) -> Project:
    """Copy the program, with nothing built, for one test."""
    return unbuilt.copy(tmp_path / "project")


def keys(project: Project, **environ: str) -> dict[str, dict[str, str]]:
    """Ask a copy of the program for the key of each stage, in a process of its own."""
    code = KEYS.format(root=str(project.root))
    done = subprocess.run(
        [*project.command()[:1], "-c", code],
        env={**project.environ, **environ},
        capture_output=True,
        check=True,
    )
    found: dict[str, dict[str, str]] = json.loads(done.stdout)
    return {stage: found[stage] for stage in STAGES}


CHANGES = {
    "a template": (lambda p: p.append("templates/1e.tex", "% more\n"), {"build"}, "templates/1e.tex changed"),
    "a new template": (lambda p: p.append("templates/new.tex", "x"), {"build"}, "templates/new.tex is new"),
    "the author": (lambda p: p.edit("report.toml", "Ada", "Eda"), {"build"}, "report.toml changed"),
    "a comment": (lambda p: p.append("report.toml", "# x\n"), {"build"}, "report.toml changed"),
    "the assembly line": (lambda p: p.append("report/pages.py", "#\n"), {"build"}, "report/pages.py changed"),
    "another file beside the data": (
        lambda p: p.append("data/more.csv", "1\n"),
        {"build"},
        "further data files changed",
    ),
    "a derivation": (
        lambda p: p.append("derivations/rnn.py", "#\n"),
        {"derive", "draw", "build"},
        "derivations/rnn.py changed",
    ),
    "the data": (
        lambda p: p.edit("data/trnX-3d.csv", "\n", "0\n"),
        NUMBERS,
        "trnX-3d.csv changed",
    ),
    "the search": (
        lambda p: p.edit("report.toml", "[[4]]", "[[5]]"),
        NUMBERS,
        "the search space changed",
    ),
    "the schema": (
        lambda p: p.append("experiments/record.py", "#\n"),
        NUMBERS,
        "experiments/record.py changed",
    ),
    "the kernel": (
        lambda p: p.append("experiments/trainer/kernel.c", "//\n"),
        {"search", "study", "draw", "build"},
        "experiments/trainer/kernel.c changed",
    ),
    "searching on a cluster": (lambda p: p.append("experiments/cluster.py", "#\n"), set(), ""),
    "exploring": (lambda p: p.append("experiments/explore.py", "#\n"), set(), ""),
    "verifying": (lambda p: p.append("report/verify/command.py", "#\n"), set(), ""),
    "the notebook": (
        lambda p: p.append("templates/homework03.py", "#\n"),
        {"measure", "draw", "build"},
        "templates/homework03.py changed",
    ),
    "a figure": (
        lambda p: p.append("report/figures/style.py", "#\n"),
        {"draw", "build"},
        "report/figures/style.py changed",
    ),
    "the seed": (lambda p: p.append("report.toml", "[experiment]\nseed = 1\n"), STAGES, "the seed changed"),
    "the stages": (lambda p: p.append("report/stages.py", "#\n"), STAGES, "report/stages.py changed"),
}


@pytest.mark.parametrize(("change", "concerned", "reason"), CHANGES.values(), ids=CHANGES)
def test_a_change_concerns_what_depends_on_it(
    change: Callable[[Project], None], concerned: set[str], reason: str, project: Project
) -> None:
    """Whatever an author, a maintainer or the course may change makes exactly its own stages stale."""
    before = keys(project)
    change(project)
    after = keys(project)

    assert {stage for stage in after if before[stage] != after[stage]} == concerned
    for stage in concerned:
        assert reason in cache.why(before[stage], after[stage]) or reason == "report.toml changed"


@pytest.mark.parametrize(
    ("environ", "concerned", "names"),
    [
        (
            {"REPORT_KEEP_ENV": "1"},
            NUMBERS,
            ["$REPORT_KEEP_ENV", "$OMP_NUM_THREADS"],
        ),
        (
            {"OPENBLAS_CORETYPE": "Prescott"},
            NUMBERS,
            ["$REPORT_OVERRIDDEN"],
        ),
        ({"PATH": "/nowhere"}, {"build"}, ["latexmk", "pdflatex"]),
        ({"LANG": "xx", "USER": "xx", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"}, set(), []),
    ],
)
def test_the_machine_is_part_of_the_key(
    environ: dict[str, str], concerned: set[str], names: list[str], project: Project
) -> None:
    """Pins and TeX count, a person's language and name do not."""
    before, after = keys(project), keys(project, **environ)

    assert {stage for stage in after if before[stage] != after[stage]} == concerned
    assert all(before[stage].get(name) != after[stage].get(name) for stage in concerned for name in names)


@pytest.mark.parametrize(
    ("package", "concerned"),
    [
        ("sympy", {"derive", "draw", "build"}),
        ("scikit_learn", NUMBERS),
        ("threadpoolctl", NUMBERS),
        ("matplotlib", {"measure", "draw", "build"}),
        ("jinja2", {"build"}),
        ("pytest", set()),
    ],
)
def test_the_version_of_a_package_counts(
    package: str, concerned: set[str], project: Project, tmp_path: Path
) -> None:
    """Another version of a package makes stale what it helped to make; a tool of the tests nothing."""
    (tmp_path / "site" / f"{package}-99.9.dist-info").mkdir(parents=True)

    before, after = keys(project), keys(project, PYTHONPATH=str(tmp_path / "site"))

    assert {stage for stage in after if before[stage] != after[stage]} == concerned
    told = f"{package.replace('_', '-')}'s version changed"
    assert all(cache.why(before[stage], after[stage]) == told for stage in concerned)


def test_every_module_that_a_stage_loads_is_in_its_key(project: Project) -> None:
    """What the imports say is what Python loads: no module that a stage runs is missing in its key."""
    snapshot = Snapshot(Inputs(config.load(ROOT / "report.toml"), ROOT / "data", quick=False, pdf=True))
    for name, stage in cache.STAGES.items():
        done = subprocess.run(
            [sys.executable, "-c", LOADED, *stage.modules], cwd=ROOT, capture_output=True, check=True
        )
        loaded = {Path(file) for file in json.loads(done.stdout)}
        assert loaded <= set(snapshot.code(name)), name


def test_nothing_heavy_is_loaded_to_learn_that_nothing_changed() -> None:
    """The modules that decide whether to build load no package but msgspec; nor does --help."""
    for arguments in (["-c", "import report.pipeline"], ["generate_report.py", "--help"]):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", *arguments],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
        assert "report" in loaded
        assert loaded.isdisjoint(HEAVY)


class Made(Struct):
    """A result."""

    text: str
    numbers: tuple[float, ...]


MADE = Made("ü\n", (0.1, 2.0, 1e300))


@pytest.fixture
def kept(tmp_path: Path) -> Callable[..., Cache]:
    """Return a function that makes a cache of a small project."""
    (tmp_path / "report.toml").write_text(
        '[author]\nname = "A"\n[course]\ntitle = "T"\nhomework = "H"\ndue = "D"\n'
    )

    def make(*, force: bool = False, seed: str = "0") -> Cache:
        inputs = Inputs(config.load(tmp_path / "report.toml"), tmp_path, quick=False, pdf=True)
        now = Snapshot(inputs).keys()
        now["derive"] |= {"the seed": seed}
        return Cache(
            tmp_path / "kept", inputs, now, Console(io.StringIO(), colour=False, live=False), force=force
        )

    return make


def refuse() -> Made:
    """Fail where a kept result should have been found."""
    raise AssertionError


def test_a_result_comes_back_as_it_was_made(kept: Callable[..., Cache]) -> None:
    """A result is made once, then found again as it was; --force makes it again."""
    assert kept().made("derive", Made, lambda: MADE) == MADE
    assert kept().made("derive", Made, refuse) == MADE
    with pytest.raises(AssertionError):
        kept(force=True).made("derive", Made, refuse)


def test_what_changed_meanwhile_is_not_kept(kept: Callable[..., Cache]) -> None:
    """A result is kept only if nothing that it depends on changed while it was made."""
    assert kept(seed="1").made("derive", Made, lambda: MADE) == MADE  # the configuration says 0
    with pytest.raises(AssertionError):
        kept().made("derive", Made, refuse)


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Cut, lengthen or change a file as a crash, a bad disk or an editor might."""
    place = chance.randrange(len(content) + 1)
    ways: list[Callable[[], bytes]] = [
        lambda: content[:place],
        lambda: content[place:],
        lambda: content[:place] + chance.randbytes(chance.randint(1, 9)) + content[place:],
        lambda: content[:place] + bytes(len(content) - place),  # what some file systems leave after a crash
        lambda: content.replace(b"0", b"1", 1),
        lambda: content.replace(b"\n", b"\r\n"),
        lambda: content[:place] + bytes([chance.randrange(256)]) + content[place + 1 :],
        lambda: b"",
        lambda: content + content,
    ]
    return chance.choice(ways)()


@pytest.mark.parametrize("number", [300, pytest.param(5000, marks=pytest.mark.slow)])
def test_a_damaged_result_is_none(number: int, kept: Callable[..., Cache]) -> None:
    """Whatever happens to its file, a kept result is what was made, or is made again."""
    chance, cached = random.Random(0), kept()
    cached.made("derive", Made, lambda: MADE)
    file = cached.folder / "derive.json"
    whole, again = file.read_bytes(), Made("again", ())

    for _ in range(number):
        file.write_bytes(damaged(whole, chance))
        untouched = file.read_bytes() == whole
        assert cached.made("derive", Made, lambda: again) == (MADE if untouched else again)


def test_what_other_code_kept_piece_by_piece_is_removed(kept: Callable[..., Cache]) -> None:
    """What a search keeps, network by network, is gone when the code that trained it changes, or by force."""
    found: list[Any] = []
    for code, force in (("1", False), ("1", False), ("2", False), ("2", True)):
        cached = kept(force=force)
        cached.keys["fits"]["code"] = code
        folder = cached.store("fits")
        found.append((folder / "network").exists())
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "network").write_text("")

    assert found == [False, True, False, False]
    assert len(list(cached.folder.iterdir())) == 1
