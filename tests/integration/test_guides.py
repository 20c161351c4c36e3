"""README, CONTRIBUTING and docs/: every shell command in them is run, and every worked example followed."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import textwrap
from pathlib import Path

import pytest

from report import ROOT, cli

GUIDES = sorted(
    str(path.relative_to(ROOT))
    for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("data/*.md"))
)
PINS = {"OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
KINDS = {"make", "python", ".venv/bin/python", ".venv-bench/bin/python", "eval", "dask"}


def blocks(guide, language):
    """Return the fenced blocks of a guide that are in a language."""
    text = (ROOT / guide).read_text(encoding="utf-8")
    found = re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(block) for block in found]


def shell(beginning):
    """Return every shell command of all guides that begins with some words, without its comment."""
    lines = (line for guide in GUIDES for block in blocks(guide, "sh") for line in block.splitlines())
    bare = (shlex.join(shlex.split(line, comments=True)) for line in lines)
    return sorted({line for line in bare if line.startswith(beginning)})


def run(*words):
    """Run a command that must succeed; give what it printed."""
    done = subprocess.run(words, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_command_is_of_a_kind_that_is_run_here():
    """No guide shows a shell command that no test here runs, and blocks say what language they are."""
    for guide in GUIDES:
        fences = re.findall(r"^ *```(.*)$", (ROOT / guide).read_text(encoding="utf-8"), re.MULTILINE)
        assert all(fences[::2]), guide
    assert {line.split()[0] for line in shell("")} == KINDS


@pytest.mark.parametrize("line", shell("make"))
def test_make_knows_what_the_guides_tell_to_make(line):
    """Each target that a guide names is there, with something to do; CI runs them for real."""
    assert run(*shlex.split(line), "--dry-run").strip()


@pytest.mark.slow
@pytest.mark.parametrize("line", shell(".venv-bench/bin/python"))
def test_a_benchmark_is_tried_out_as_told(line):
    """The programs that the guide names need no peer, and measure something."""
    assert re.search(r"\d", run(sys.executable, *shlex.split(line)[1:]))


@pytest.mark.slow
@pytest.mark.parametrize("line", shell(".venv/bin/python"))
def test_the_tests_that_the_guides_name_are_there(line):
    """Each way to run a part of the tests finds some."""
    run(sys.executable, *shlex.split(line)[1:], "--collect-only", "--quiet", "-p", "no:cacheprovider")


def test_the_readme_shows_every_option():
    """The README's command line names each command with all of its options, and no others."""
    usage = "".join(blocks("README.md", "text")).replace("\n     ", " ").replace("[build]", "build")
    shown = {
        line.split()[2]: set(re.findall(r"--[a-z-]+", line)) for line in usage.splitlines() if line.strip()
    }
    known = {
        name: {option for option in command.options if option.startswith("-")}
        for name, command in cli.COMMANDS.items()
    }

    assert shown == known


@pytest.mark.slow
def test_a_cluster_is_started_as_told(cluster_here):
    """The lines for a worker make one that computes with the pins of a build."""
    lines = next(block for block in blocks("docs/outputs.md", "sh") if "dask worker" in block)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {name: text for name, text in os.environ.items() if name not in PINS} | {"PATH": path}
    command = ["bash", "-c", lines.replace("tcp://host:8786", cluster_here.address)]
    worker = subprocess.Popen(
        command, cwd=ROOT, env=environ, stderr=subprocess.DEVNULL, start_new_session=True
    )

    from distributed import Client

    try:
        with Client(cluster_here.address) as client:
            client.wait_for_workers(1, timeout=60)
            (pins,) = client.run(lambda: dict(os.environ)).values()
    finally:
        cluster_here.kill(worker)

    assert {name: pins.get(name) for name in PINS} == PINS


@pytest.fixture(scope="module")
def workshop(unbuilt, tmp_path_factory):
    """Apply the guides' examples in their order to a copy of the program, and build the tiny submission."""
    made = unbuilt.copy(tmp_path_factory.mktemp("workshop") / "project")
    module = "\n\n".join(["from __future__ import annotations", *blocks("docs/checks.md", "python")])
    (made.root / "derivations" / "other_weight.py").write_text(module, encoding="utf-8")
    (made.root / "templates" / "1g.tex").write_text(blocks("docs/checks.md", "latex")[0], encoding="utf-8")
    for patch in blocks("CONTRIBUTING.md", "diff"):
        apply = ["git", "apply", "--unsafe-paths", "-"]
        subprocess.run(apply, cwd=made.root, input=patch, encoding="utf-8", check=True)
    done = made.run("build")
    assert done.returncode == 0, done.stderr
    return made


@pytest.mark.slow
def test_the_worked_examples(workshop, pdf_pages):
    """A question, a check, a figure and a hyper-parameter, added as told, are in a report that verifies."""
    out = workshop.out
    ledger = {row["id"]: row for row in json.loads((out / "ledger.json").read_text())["checks"]}
    values = json.loads((out / "results.json").read_text())["values"]
    text = " ".join(" ".join(pdf_pages(out / "submission.pdf")).split())

    assert "The backpropagation algorithm 14 points" in text
    assert "1(g) The other weight" in text
    assert "1g" in json.loads((out / "pages.json").read_text())
    assert ledger["1g.expand"]["passed"]
    assert ledger["1a.memoryless"]["points"] == 3
    assert "How long the" in text
    assert (out / "figures" / "epochs.pdf").is_file()
    assert values["2b.params"]["value"]["alpha"] == 0.0001


@pytest.mark.slow
def test_the_commands_of_the_guides(workshop):
    """Each command line that a guide shows does its work, on files with the names that it shows.

    Among them is `verify` for Gradescope, to which the added question is one of the quantities.
    """
    shutil.copy2(workshop.out / "submission.pdf", workshop.root)
    (workshop.root / "Downloads").mkdir()
    for place in (workshop.root, workshop.root / "Downloads"):
        with tarfile.open(place / "data.tgz", "w:gz") as archive:
            archive.add(workshop.data, "data")
    lines = shell("python generate_report.py")
    assert len(lines) >= 3

    for line in lines:
        done = workshop.run(*shlex.split(line.replace("~", str(workshop.root)))[2:])
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    tests = json.loads((workshop.root / "gradescope.json").read_text())["tests"]
    assert [test["score"] for test in tests if "1(g)" in test["name"]] == [2]
