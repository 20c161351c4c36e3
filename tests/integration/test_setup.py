"""The system's packages, found, told and brought; `make setup` and `make clean` in a copy of the project."""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from report import ROOT, system
from report.errors import LatexError
from report.system import PACKAGES, Package

TOOLS = ("cat", "env", "find", "flock", "git", "grep", "make", "mkdir", "rm", "sh", "tail", "touch", "true")
VERSION = "{}.{}".format(*sys.version_info[:2])
STAMP = f".venv/complete-{VERSION}"
CLONE = "mein Entwürfe"
TEX = [package for package in PACKAGES if package.purpose == "pdf"]
RIGHT = "echo; echo 'Latexmk, John Collins, 7 Apr. 2024. Version 4.86a'"
WRONG = "echo 'usage: latexmk [-c] [-p] filename'; exit 2"
FINDS_ALL = 'for name; do echo "/usr/share/texmf/$name"; done'
FINDS_ALL_BUT_BOOKTABS = 'for name; do [ $name = booktabs.sty ] || echo "/texmf/$name"; done; exit 1'


@pytest.fixture
def path(tmp_path, monkeypatch):
    """Make a folder that is searched for programs before an equally empty second one, and no other."""
    folder = tmp_path / "first"
    folder.mkdir()
    (tmp_path / "second").mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{tmp_path / 'second'}")
    return folder


def program(folder, name, script):
    """Put an executable into a folder."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


def with_tex(path, kpsewhich=FINDS_ALL):
    """Let the machine have LaTeX."""
    program(path, "latexmk", RIGHT)
    program(path, "pdflatex", "")
    program(path, "kpsewhich", kpsewhich)


def missing(packages=TEX):
    """Name what is missing."""
    return [name for names in system.missing(packages).values() for name in names]


def test_all_is_missing_on_an_empty_machine(path):
    """Without any program every program and LaTeX package is missing; a message names the first few."""
    assert {"latexmk", "pdflatex", "kpsewhich", "tgpagella.sty", "amsmath.sty", "hyperref.sty"} <= {
        *missing()
    }
    texts = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "templates").glob("*.tex"))
    loaded = ",".join(re.findall(r"^\\usepackage.*?\{([\w,]+)\}", texts, re.MULTILINE)).split(",")
    assert {f"{style}.sty" for style in loaded} == {name for name in missing() if name.endswith(".sty")}

    with pytest.raises(LatexError, match=r"not installed: latexmk, pdflatex, .* and \d+ more\.$"):
        system.latexmk()


def test_a_complete_machine_and_one_that_lacks_a_style(path):
    """With the programs and all styles the PDF can be made; one that is not found comes with its package."""
    with_tex(path)
    assert [] == missing()
    assert path / "latexmk" == system.latexmk()

    with_tex(path, FINDS_ALL_BUT_BOOKTABS)
    (package,) = system.missing(TEX)
    assert ["booktabs.sty"] == missing()
    assert "texlive-latex-recommended" == package.debian


@pytest.mark.parametrize("script", [WRONG, "exit 0", "printf '\\377\\376'"])
def test_another_latexmk_is_passed_over(path, script):
    """A program of that name that is not John Collins's counts as missing, and is named."""
    with_tex(path)
    wrong = program(path, "latexmk", script)

    told = f"not installed: latexmk ({wrong} is another program of that name)"
    assert told == system.told(system.missing(TEX))
    right = program(path.parent / "second", "latexmk", RIGHT)
    assert (right, "4.86a") == system.find_latexmk()


def test_hint_gives_a_command_for_each_system():
    """The hint has a command for each system, on macOS TeX's own; what a system lacks is left out."""
    packages = [
        Package("pdf", "tex-gyre", "texlive-tex-gyre", "tex-gyre", ("tgpagella.sty",), ""),
        Package("speed", "gcc libc6-dev", "gcc", "", ("cc",), ""),
        Package("tests", "git", "git", "git", ("git",), ""),
    ]

    assert (
        "Debian, Ubuntu:  sudo apt-get install --yes --no-install-recommends tex-gyre gcc libc6-dev git\n"
        "Fedora:          sudo dnf install texlive-tex-gyre gcc git\n"
        "macOS:           brew install git\n"
        "macOS:           brew install --cask basictex, and in a new terminal:"
        " sudo tlmgr update --self && sudo tlmgr install tex-gyre"
    ) == system.install_hint(packages)


@pytest.fixture
def install(path, tmp_path):
    """Return a function that installs as make does: in a copy, by a Python without packages."""
    clone = tmp_path / "clone"
    (clone / "report").mkdir(parents=True)
    for name in ("__init__.py", "console.py", "errors.py", "process.py", "system.py"):
        shutil.copy(ROOT / "report" / name, clone / "report")
    for tool in ("cat", "chmod", "env"):
        (path / tool).symlink_to(str(shutil.which(tool, path="/usr/bin:/bin")))

    def run(*arguments):
        return subprocess.run(
            [sys.executable, "-S", *(arguments or ("-m", "report.system", "pdf"))],
            cwd=clone,
            env={"PATH": str(path), "LC_ALL": "C.UTF-8"},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    return run


@pytest.mark.parametrize("allowed", [False, True])
def test_what_cannot_be_installed_is_told(allowed, install, path):
    """One message has the commands, behind the log of an apt-get that failed; the set-up goes on."""
    if allowed:
        program(path, "apt-get", "echo 'E: Unable to fetch'; exit 100")
        program(path, "sudo", 'shift; exec "$@"')
        program(path, "true", "")

    run = install()

    assert 0 == run.returncode
    *before, warning, debian, _, _ = run.stderr.splitlines()
    told = "WARNING Needed, but not installed: latexmk, pdflatex, kpsewhich, amsmath.sty and 23 more."
    wanted = "latexmk, texlive-latex-recommended, tex-gyre, texlive-fonts-recommended"
    assert told == warning
    assert debian.startswith("Debian, Ubuntu:  sudo apt-get install ")
    assert debian.endswith(wanted.replace(",", ""))
    log = f"WARNING apt-get could not install {wanted}: see build/.apt.log."
    assert before[-1:] == ([log] if allowed else [])


def test_what_is_missing_comes_through_apt(install, path, tmp_path):
    """What is missing, and nothing else, is installed where that is allowed; what apt says goes to a log."""
    with_tex(path)
    (path / "latexmk").unlink()
    (path / "latexmk.new").write_text(f"#!/bin/sh\n{RIGHT}\n")
    new = f"cat '{path}/latexmk.new' > '{path}/latexmk'; chmod 755 '{path}/latexmk'"
    program(path, "apt-get", f'echo "apt-get $* $DEBIAN_FRONTEND"; [ $1 = update ] || {{ {new}; }}')
    program(path, "sudo", 'shift; exec "$@"')
    program(path, "true", "")

    run = install()

    assert [
        "apt-get update noninteractive",
        "apt-get install --yes --no-install-recommends latexmk -o DPkg::Lock::Timeout=600 noninteractive",
    ] == (tmp_path / "clone" / "build" / ".apt.log").read_text().splitlines()
    assert run.stderr.startswith("-> system packages: latexmk (")
    assert "WARNING" not in run.stderr


def test_python_without_ensurepip_is_told(install):
    """Debian's python3 without python3-venv, and no right to install it: one error with all commands."""
    without = "import importlib.util, sys; importlib.util.find_spec = lambda name: None"

    run = install("-c", f"{without}; from report import system; sys.exit(system.main(['venv']))")

    assert 2 == run.returncode
    assert [
        f"ERROR This Python ({sys.executable}) cannot make .venv: not installed: ensurepip.",
        f"TIP Debian, Ubuntu:  sudo apt-get install --yes --no-install-recommends python{VERSION}-venv",
    ] == run.stderr.splitlines()[:2]


def test_what_only_saves_time_is_not_asked_for(install):
    """An optional package that cannot be installed is passed over in silence."""
    package = "system.Package('speed', 'gcc', 'gcc', '', ('cc',), '')"

    run = install("-c", f"from report import system; system.PACKAGES = ({package},); system.main(['speed'])")

    assert (0, "") == (run.returncode, run.stderr)


# make, for real; the lock files are empty


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """Make a machine without apt-get, sudo and LaTeX, copy the project there, and run `make setup`."""
    machine = tmp_path_factory.mktemp("machine")
    path, clone = machine / "bin", machine / CLONE
    path.mkdir()
    for tool in TOOLS:
        (path / tool).symlink_to(shutil.which(tool))
    program(path, "python3", f'exec "{sys.executable}" "$@"')
    shutil.copytree(ROOT / "report", clone / "report", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Makefile", ".gitignore"):
        shutil.copy(ROOT / name, clone)
    (clone / "requirements.txt").write_text("# nothing\n")
    (clone / "requirements-dev.txt").write_text("# nothing more\n")
    shutil.copytree(ROOT / "templates", clone / "templates", ignore=shutil.ignore_patterns("__pycache__"))
    run = make(clone, path, "setup")
    assert (run.returncode, (clone / STAMP).exists()) == (0, True), run.stderr
    assert f"-> Python packages: requirements.txt into .venv, for Python {VERSION}\n" in run.stderr
    return machine


@pytest.fixture
def machine(prepared, tmp_path):
    """Copy the prepared machine's folder of programs."""
    return Path(shutil.copytree(prepared / "bin", tmp_path / "bin", symlinks=True))


@pytest.fixture
def clone(prepared, tmp_path):
    """Copy the prepared machine's project, after its set-up."""
    return Path(shutil.copytree(prepared / CLONE, tmp_path / CLONE, symlinks=True))


def make(clone, machine, target):
    """Run a target with only the machine's programs."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PYTHON"))}
    return subprocess.run(
        ["make", target],
        cwd=clone,
        env=environ | {"PATH": str(machine), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "happening",
    ["echo '# a new lock' > requirements.txt", f"rm {STAMP}", f"mv {STAMP} .venv/complete-3.10"],
    ids=["changed lock", "killed set-up", "upgraded system"],
)
def test_venv_is_made_from_scratch_when_it_must(happening, clone, machine):
    """A changed lock, a half-made .venv and another Python each lead to a new .venv, once."""
    with_tex(machine)
    (clone / ".venv" / "left behind").touch()
    subprocess.run(["sh", "-c", happening], cwd=clone, check=True)

    made = make(clone, machine, "setup")
    again = make(clone, machine, "setup")

    assert f"-> Python packages: requirements.txt into .venv, for Python {VERSION}\n" == made.stderr
    assert not (clone / ".venv" / "left behind").exists()
    assert ("", "") == (again.stdout, again.stderr)


@pytest.mark.slow
def test_what_tests_need_is_added(clone, machine):
    """The packages of the tests are added to the same .venv, and a set-up for the report is still done."""
    with_tex(machine)
    (clone / ".venv" / "left behind").touch()

    made = make(clone, machine, "lint")
    again = make(clone, machine, "setup")

    assert made.stderr.startswith("-> Python packages: requirements-dev.txt into .venv")
    assert (clone / ".venv" / "left behind").exists()
    assert "" == again.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lock", "logged"),
    [
        (f"./no-such-wheel.whl --hash=sha256:{64 * '0'}\n", "no-such-wheel.whl"),
        ("six==1.17.0\n", "--require-hashes"),  # a package without a hash is not installed
    ],
)
def test_packages_that_cannot_be_had_are_one_sentence(lock, logged, clone, machine):
    """When pip fails, one sentence gives the reason and the log, and nothing counts as installed."""
    (clone / "requirements-dev.txt").write_text(lock)

    failed = make(clone, machine, "lint")

    assert "ERROR pip could not install the packages of requirements-dev.txt for Python 3." in failed.stderr
    assert "Traceback" not in failed.stderr
    assert logged in (clone / "build" / ".setup.log").read_text()
    assert not [*(clone / ".venv").glob("complete*")]


@pytest.mark.slow
def test_a_linked_environment_is_not_emptied(clone, machine):
    """Where .venv is a link to an outdated environment, one sentence says so, and it stays whole."""
    elsewhere = clone.with_name("elsewhere")
    (clone / ".venv").rename(elsewhere)
    (clone / ".venv").symlink_to(elsewhere)
    os.utime(clone / "requirements.txt")

    run = make(clone, machine, "setup")
    assert (run.returncode, (elsewhere / "bin" / "python").exists()) == (2, True)
    assert "ERROR .venv is a link, and what it leads to would be emptied." in run.stderr


@pytest.mark.slow
def test_no_suitable_python_is_one_sentence(clone, machine):
    """A machine whose only Python is too old gets one sentence, and nothing else happens."""
    shutil.rmtree(clone / ".venv")
    program(machine, "python3", "exit 1")  # as 3.9 answers the question for 3.11

    run = make(clone, machine, "report")

    assert run.stderr.startswith("ERROR No Python 3.11 or newer here.\nTIP ")
    assert 3 == len(run.stderr.splitlines())  # the third is make's


@pytest.mark.slow
def test_two_setups_at_once_do_not_meet(clone, machine):
    """A second set-up waits for the first, says so, and then has nothing left to do."""
    with_tex(machine)
    folder = os.open(clone, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)

    second = subprocess.Popen(
        ["make", "setup"],
        cwd=clone,
        env=os.environ | {"PATH": str(machine)},
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert second.stderr is not None
    told = second.stderr.readline()
    waiting = second.poll() is None
    os.close(folder)

    assert waiting
    assert "Another set-up is at work in this folder: waiting for it.\n" == told
    assert ("", 0) == (second.communicate(timeout=60)[1], second.returncode)


@pytest.mark.slow
def test_clean_removes_by_products_and_nothing_of_a_person(clone, machine):
    """Caches, environments and what a build leaves go; data, notes, even files that a person ignores stay."""
    person = [
        "data/data.tgz",
        "data/trnX-3d.csv",
        "notes.txt",
        "build/my notes.txt",
        ".idea/x.xml",
        "own.log",
    ]
    ours = [
        *(".venv/x", ".venv-bench/x", ".pytest_cache/x", ".mypy_cache/x", ".ruff_cache/x", ".hypothesis/x"),
        *("report/__pycache__/x.pyc", "build/failed/submission.tex", "build/timings.json", "build/.store/x"),
        *("build/submission.aux", "build/submission.log"),
    ]
    commit = "git init -q && git add . && git -c user.name=x -c user.email=x commit -qm x"
    subprocess.run(["sh", "-c", commit], cwd=clone, check=True)
    (clone / ".git" / "info" / "exclude").write_text(".idea/\n*.log\n")
    listed = subprocess.run(
        ["git", "ls-files"], cwd=clone, stdout=subprocess.PIPE, encoding="utf-8", check=True
    )
    tracked = set(listed.stdout.splitlines())
    for name in (*person, *ours):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        (clone / name).write_text("x")

    run = make(clone, machine, "clean")

    left = {str(file.relative_to(clone)) for file in clone.rglob("*") if file.is_file()}
    assert ("", 0) == (run.stderr, run.returncode)
    assert {*tracked, *person} == {name for name in left if not name.startswith(".git/")}
