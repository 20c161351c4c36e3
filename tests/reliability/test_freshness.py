"""Nothing is made again without need, nothing is kept that is no longer true, and the reason is told."""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
from typing import TYPE_CHECKING

import pytest

from report import freshness, publish

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Project

pytestmark = pytest.mark.tex

HEAVY = {
    "numpy",
    "scipy",
    "sklearn",
    "pandas",
    "sympy",
    "mpmath",
    "matplotlib",
    "jinja2",
    "nbclient",
    "pypdf",
}
SLOWEST = 0.3  # seconds
KEYS = """
import json, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from experiments.numerics import pin
from report import config, sources
pin()
settings = config.load(Path({root!r}) / "report.toml")
print(json.dumps(sources.keys(sources.Inputs(settings, settings.data_path, quick=False, pdf=True))))
"""
STAGES = {"derive", "measure", "search", "study", "draw", "build"}


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


def made(told: str) -> dict[str, str]:
    """Read from what a build tells which stages ran, each with its reason."""
    return dict(re.findall(r"^-> (\w+)(?:: (.*))? \([\d.]+ s\)$", told, re.MULTILINE))


def test_nothing_changed_nothing_done(project: Project) -> None:
    """A second run says that all is up to date, leaves every file alone and takes 0.3 s at most.

    Time is what processors spent on it, so that a busy machine does not count: the run waits for nothing.
    """
    before = {path: path.stat().st_mtime_ns for path in project.out.rglob("*")}

    seconds = []
    for _ in range(5):
        began = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = project.run()
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(ended.ru_utime - began.ru_utime + ended.ru_stime - began.ru_stime)
        assert (done.returncode, done.stdout) == (0, "")
        assert done.stderr == f"Nothing changed: {project.out}/submission.pdf is up to date.\n"

    assert min(seconds) < SLOWEST
    assert {path: path.stat().st_mtime_ns for path in project.out.rglob("*")} == before


def test_it_is_decided_before_anything_heavy_is_imported(project: Project) -> None:
    """No package but the standard library is loaded to find out that nothing changed."""
    done = subprocess.run(
        [*project.command()[:1], "-X", "importtime", *project.command()[1:]],
        env=project.environ,
        capture_output=True,
        encoding="utf-8",
        check=True,
    )

    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines()}
    assert "report" in loaded
    assert not loaded & HEAVY


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
        {"measure", "search", "study", "draw", "build"},
        "trnX-3d.csv changed",
    ),
    "the search": (
        lambda p: p.edit("report.toml", "[[4]]", "[[5]]"),
        {"measure", "search", "study", "draw", "build"},
        "the search space changed",
    ),
    "an experiment": (
        lambda p: p.append("experiments/problem2.py", "#\n"),
        {"measure", "search", "study", "draw", "build"},
        "experiments/problem2.py changed",
    ),
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
        assert reason in freshness.why(before[stage], after[stage]) or reason == "report.toml changed"


@pytest.mark.parametrize(
    ("environ", "concerned", "names"),
    [
        (
            {"REPORT_KEEP_ENV": "1"},
            {"measure", "search", "study", "draw", "build"},
            ["$REPORT_KEEP_ENV", "$OMP_NUM_THREADS"],
        ),
        (
            {"OPENBLAS_CORETYPE": "Prescott"},
            {"measure", "search", "study", "draw", "build"},
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
        ("scikit_learn", {"measure", "search", "study", "draw", "build"}),
        ("threadpoolctl", {"measure", "search", "study", "draw", "build"}),
        ("matplotlib", {"measure", "search", "study", "draw", "build"}),
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
    assert all(freshness.why(before[stage], after[stage]) == told for stage in concerned)


@pytest.mark.slow
def test_a_quick_build_is_another(project: Project, original: Project) -> None:
    """A search that was made small with --quick is never taken for the whole one."""
    project.edit("report.toml", "[[4]]", "[[4], [5], [6]]")
    settings = []
    for arguments in (["--quick"], []):
        done = project.run(*arguments)
        assert done.returncode == 0, done.stderr
        settings.append(len((project.out / "search.csv").read_text().splitlines()) - 1)

    assert settings == [2 + 1, 3 + 1]  # and the default setting


def test_a_changed_template_makes_the_pages_again(project: Project) -> None:
    """New words in a template are in the PDF after seconds: nothing is derived or measured again."""
    project.append("templates/1e.tex", "\nA sentence that nobody wrote before.\n")

    done = project.run()

    assert done.returncode == 0, done.stderr
    assert f"Building in {project.out}: templates/1e.tex changed." in done.stderr
    assert made(done.stderr).keys() == {"typeset", "compile", "bundle"}
    assert done.stderr.count("unchanged, reused") == 5
    assert "A sentence that nobody wrote before." in project.shown().replace("\n", " ")


def test_another_seed_makes_all_again(project: Project) -> None:
    """What depends on the seed is derived and measured again, and each stage says why."""
    project.append("report.toml", "\n[experiment]\nseed = 7\n")

    done = project.run()

    assert done.returncode == 0, done.stderr
    numbers = ("derive", "measure", "search", "study")
    assert [made(done.stderr)[stage] for stage in numbers] == ["the seed changed"] * 4
    assert json.loads((project.out / "results.json").read_text())["seed"] == 7


def outputs(project: Project) -> list[str]:
    """Name each file that a build answers for."""
    return sorted(project.products())


def test_each_output_is_watched(project: Project) -> None:
    """An output that is deleted, or changed in one byte, is noticed, whichever it is."""
    key = keys(project)["build"]
    assert publish.stale(project.out, key) == ""

    for name in outputs(project):
        file = project.out / name
        content = file.read_bytes()
        file.unlink()
        assert publish.stale(project.out, key) == f"{name} is missing"
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert publish.stale(project.out, key) == f"{name} was changed"
        file.write_bytes(content)
        os.utime(file, (0, 0))
        assert publish.stale(project.out, key) == ""


def test_a_lost_output_is_made_again(project: Project, original: Project) -> None:
    """A file that somebody deleted, or wrote into, is there again after the next run, as it was."""
    (project.out / "search.csv").unlink()
    (project.out / "submission.zip").write_bytes(b"x")

    done = project.run()

    assert done.returncode == 0, done.stderr
    assert made(done.stderr).keys() == {"typeset", "compile", "bundle"}
    assert project.products() == original.products()


def test_a_style_of_tex_counts(project: Project) -> None:
    """A style file that TeX read, and that the system has replaced since, makes the build stale."""
    note = project.out / publish.STAMPS
    stamps = json.loads(note.read_text())
    styles = [path for path in stamps["system"] if path.endswith("/booktabs.sty")]
    assert len(styles) == 1
    stamps["system"][styles[0]] = "1 1"
    note.write_text(json.dumps(stamps))

    assert publish.stale(project.out, stamps["key"]) == f"{styles[0]} changed"


def test_a_damaged_note_counts_as_none(project: Project) -> None:
    """Whatever stands in the note of what was built, a run is no worse off than without it."""
    key = keys(project)["build"]
    for damage in (b"", b"{", b"[]", b"null", b'{"key": 1}', b'{"key": {}, "outputs": []}', b"\xff"):
        (project.out / publish.STAMPS).write_bytes(damage)

        assert publish.stale(project.out, key) == "what the build there was made from is not known"

    assert publish.stale(project.out / "elsewhere", key) == "there is no build yet"


def test_a_damaged_kept_result_is_not_used(project: Project, original: Project) -> None:
    """A kept result of which one digit was changed is computed again."""
    kept = project.out / ".kept" / "study.json"
    text = kept.read_text(encoding="utf-8")
    kept.write_text(text[:-40] + text[-40:].replace("0", "1", 1) + " ", encoding="utf-8")
    (project.out / "search.csv").unlink()

    done = project.run()

    assert done.returncode == 0, done.stderr
    assert made(done.stderr)["study"] == "nothing kept from before"
    assert "derive" not in made(done.stderr)
    assert project.products() == original.products()


def test_a_notebook_that_counts_otherwise_is_caught(project: Project, original: Project) -> None:
    """Our own search is reused, and its counts are still compared with those of the notebook run anew."""
    project.edit("templates/homework03.py", '"epochs": model.n_iter_}', '"epochs": model.n_iter_ + 1}')

    done = project.run()

    assert done.returncode == 4, done.stderr
    assert made(done.stderr).keys() == {"measure"}
    assert re.search(
        r"ERROR Two trainers disagree on \{.*\}: the notebook counts \d+ \(epochs\), ours", done.stderr
    )
    assert project.products() == original.products()


@pytest.mark.slow
def test_force_makes_everything_again(project: Project, original: Project) -> None:
    """--force derives and measures anew, though nothing has changed, and ends with the same bytes."""
    done = project.run("--force")

    assert done.returncode == 0, done.stderr
    assert set(made(done.stderr)) >= {"derive", "measure", "search", "study", "typeset", "compile", "bundle"}
    assert made(done.stderr)["measure"] == "asked for with --force"
    assert project.products() == original.products()


def test_a_change_during_the_build_is_no_part_of_it(project: Project, original: Project) -> None:
    """A file that changes while the build runs ends it: half old and half new would be nobody's."""
    (project.out / "search.csv").unlink()
    with project.started() as build:
        build.until("-> typeset")  # its templates have been read
        project.append("templates/1e.tex", "% more\n")
        code, told = build.ended()

    assert code == 2, told
    assert "ERROR While the build ran, templates/1e.tex changed.\nTIP Run it again.\n" in told
    assert "submission.pdf is still the old one" in told
    left = {name: digest for name, digest in original.products().items() if name != "search.csv"}
    assert project.products() == left
