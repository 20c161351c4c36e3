"""Interrupts, kills and faults at any moment of a build: one sentence, and the last good build stays whole.

The assembly line is the real one; its stages take no time (assembly.py), but for those at the end.
"""

import json
import os
import resource
import shutil
import signal
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from report import ROOT, publish

STAGES = ("derive", "measure", "search", "study", "draw", "typeset", "compile", "bundle")
ASSEMBLY = Path(__file__).with_name("assembly.py")
ANEW = ("--force", "--text", "new")
TOML = '[author]\nname = "Ada"\n[course]\ntitle = "T"\nhomework = "H"\ndue = "D"\n'
NOTES = {".kept", ".lock", ".stamps.json"}
# Lists what the program does to files, and kills it just before the operation asked for.
SUICIDE = """\
import atexit, json, os, sys

EVENTS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link"}
if sys.orig_argv[1:2] and sys.orig_argv[1].endswith("generate_report.py"):
    done, last = [], int(os.environ["KILL_BEFORE"])

    def look(event, arguments):
        writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        if writes or event in EVENTS:
            done.append([event, *(str(argument) for argument in arguments[:2])])
            if len(done) - 1 == last:
                os.kill(os.getpid(), 9)

    sys.addaudithook(look)
    atexit.register(lambda: json.dump(done, open(os.environ["OPERATIONS"], "w")))
"""


def last_words(done):
    """Return the error that a run ended with, after checking that there is just one and no traceback."""
    assert "Traceback" not in done.stderr, done.stderr
    (error,) = [line for line in done.stderr.splitlines() if line.startswith("ERROR ")]
    return error.removeprefix("ERROR ")


@pytest.fixture(scope="module")
def built(unbuilt, tmp_path_factory):
    """Build once, undisturbed, with stages that take no time."""
    line = replace(unbuilt, root=tmp_path_factory.mktemp("assembly") / "built")
    line.data.mkdir(parents=True)
    line.config.write_text(TOML)
    start = f"import runpy\nrunpy.run_path({str(ASSEMBLY)!r}, run_name='__main__')\n"
    (line.root / "generate_report.py").write_text(start)
    done = line.run()
    assert done.returncode == 0, done.stderr
    return line


@pytest.fixture(scope="module")
def fresh(built):
    """Return what the next build makes where nothing was built before."""
    line = built.copy(built.root.with_name("fresh"))
    shutil.rmtree(line.out)
    assert line.run("--text", "new").returncode == 0
    return line.published()


@pytest.fixture
def line(built, tmp_path):
    """Copy the build for one test."""
    return built.copy(tmp_path / "project")


def test_nothing_changed_nothing_done(line):
    """A second run says that all is up to date, and leaves every file alone."""
    before = {path: path.stat().st_mtime_ns for path in line.root.rglob("*")}

    done = line.run()

    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"Nothing changed: {line.out}/submission.pdf is up to date.\n"
    assert {path: path.stat().st_mtime_ns for path in line.root.rglob("*")} == before


def test_force_makes_everything_again(line):
    """Every stage runs though nothing has changed; without --force none would, and none does afterwards."""
    done = line.run("--force")

    ran = [line.split()[1].rstrip(":") for line in done.stderr.splitlines() if line.startswith("-> ")]
    assert sorted(ran) == sorted(STAGES)
    assert line.run().stderr.startswith("Nothing changed")


@pytest.mark.parametrize(("stage", "number"), [("measure", signal.SIGINT), ("compile", signal.SIGTERM)])
def test_interrupted(stage, number, line, fresh):
    """An interrupt ends a build with 130, the old one whole, and what was finished kept.

    Each of the real stages is interrupted in test_interrupt.py.
    """
    before = line.published()
    with line.started(*ANEW, "--hang", stage) as build:
        build.until(f"in {stage}\n")
        os.killpg(build.process.pid, number)  # as a terminal does: the whole group
        code, words = build.ended()

    assert code == 130, words
    assert words.endswith("Interrupted.\n")
    assert "Traceback" not in words
    assert line.published() == before
    assert (line.out / "failed" / "reason.txt").read_text() == "KeyboardInterrupt\n"
    assert_mended(line, fresh)


def assert_mended(line, fresh):
    """Run once more, and compare with a build that was never disturbed."""
    done = line.run(*ANEW)

    assert done.returncode == 0, done.stderr
    assert line.published() == fresh
    assert not (line.out / "failed").exists()
    assert {path.name for path in line.out.glob(".*")} == NOTES


def killed_before(line, site, operation=-1):
    """Run until just before an operation on a file; without one to its end, and list them."""
    site.mkdir()
    (site / "sitecustomize.py").write_text(SUICIDE)
    listed = site / "operations"
    environ = {"PYTHONPATH": str(site), "KILL_BEFORE": str(operation), "OPERATIONS": str(listed)}
    done = line.run(*ANEW, environ=environ)
    assert done.returncode == (0 if operation < 0 else -signal.SIGKILL), done.stderr
    return json.loads(listed.read_text()) if operation < 0 else []


@pytest.mark.parametrize("moments", [3, pytest.param(40, marks=pytest.mark.slow)])
def test_killed_at_any_operation(moments, built, fresh, tmp_path):
    """Killed between any two operations on files, a build is whole, or is mended by the next one."""
    before = built.published()
    listing = built.copy(tmp_path / "listing")
    operations = killed_before(listing, tmp_path / "site")
    placed = [
        each[2]
        for each in operations
        if each[0] == "os.rename" and "/.work-" in each[1] and "/.work-" not in each[2]
    ]
    assert placed[-1].endswith("/manifest.json")
    assert len(placed) == len(listing.published())

    for moment in range(moments):
        place = tmp_path / str(moment)
        line = built.copy(place / "project")
        killed_before(line, place / "site", moment * (len(operations) - 1) // (moments - 1))
        assert line.published().keys() >= before.keys()  # no file was away for a moment
        assert line.run("--text", "new").returncode == 0
        assert line.published() in (before, fresh)
        assert_mended(line, fresh)


def test_each_output_is_watched(line):
    """An output that is gone or changed is told, or a file of TeX's, or what a kill left; a date is not."""
    out, note = line.out, line.out / publish.STAMPS
    stamps = json.loads(note.read_text())
    for name in ("submission.pdf", "parts/1a.tex", "manifest.json"):
        content = (out / name).read_bytes()

        (out / name).unlink()
        assert publish.stale(out, stamps["key"]) == f"{name} is missing"
        (out / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert publish.stale(out, stamps["key"]) == f"{name} was changed"
        (out / name).write_bytes(content)
        os.utime(out / name, (0, 0))
        assert publish.stale(out, stamps["key"]) == ""

    note.write_text(json.dumps(stamps | {"system": {"/etc/hostname": "1 1"}}))
    assert publish.stale(out, stamps["key"]) == "/etc/hostname changed"
    note.write_text(json.dumps(stamps | {"key": {}}))
    assert "cut off" in publish.stale(out, stamps["key"])


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"[]", b"null", b'{"key": 1}', b'{"key": {}, "outputs": []}', b"\xff"]
)
def test_a_damaged_note_counts_as_none(damage, line):
    """Whatever stands in the note of what was built, a run is no worse off than without it."""
    key = json.loads((line.out / publish.STAMPS).read_text())["key"]
    (line.out / publish.STAMPS).write_bytes(damage)

    assert publish.stale(line.out, key) != ""


def test_what_no_build_made_is_not_overwritten(line, fresh):
    """In a clone the manifest tells what a build made; without note and manifest a file is spared."""
    (line.out / publish.STAMPS).unlink()
    assert line.run("--text", "new").returncode == 0
    assert line.published() == fresh

    (line.out / publish.STAMPS).unlink()
    (line.out / "manifest.json").write_text('{"name": "another program\'s"}')
    done = line.run("--text", "newer")

    told = f"{line.out}/submission.pdf would be overwritten, and no build is known to have made it."
    assert last_words(done) == told
    assert done.returncode == 2
    assert {name for name, content in line.published().items() if fresh[name] != content} == {"manifest.json"}


def test_a_change_during_the_build_is_no_part_of_it(line):
    """A file that changes while the build runs ends it: half old and half new would be nobody's."""
    before = line.published()

    done = line.run(*ANEW, "--edit")

    assert last_words(done) == "While the build ran, further data files changed."
    assert "submission.pdf is still the old one" in done.stderr
    assert done.returncode == 2
    assert line.published() == before


def test_two_builds_at_once(line):
    """The second build in a folder is refused at once."""
    with line.started(*ANEW, "--hang", "measure") as first:
        first.until("in measure\n")
        second = line.run()

        assert last_words(second) == f"Another run is at work in {line.out}."
        assert second.returncode == 5


@pytest.fixture
def mounted(line, secluded):
    """Return a function that builds where file systems are mounted, for that build alone."""
    return lambda prepare: secluded(line.command(*ANEW), line.out, prepare, line.environ)


ROOMS = [60, *(pytest.param(room, marks=pytest.mark.slow) for room in (0, 4, 20, 150, 300, 400))]


@pytest.mark.parametrize("room", ROOMS)
def test_a_full_disk(room, line, built, tmp_path, mounted):
    """A disk that is full, at whatever moment, is called so; what was there before is whole."""
    shutil.copytree(line.out, tmp_path / "kept")
    blocks = sum(-(-path.stat().st_size // 4096) + 1 for path in line.out.rglob("*")) + 1

    done = mounted(
        f'mount -t tmpfs -o size={4 * blocks + room}k none "$OUT"\ncp -a "{tmp_path}/kept/." "$OUT"'
    )

    assert last_words(done).startswith("The disk is full")
    assert "Free some space" in done.stderr
    assert done.returncode == 5
    assert line.published() == built.published()


def test_a_folder_that_is_read_only(line, built, mounted):
    """It is refused at once."""
    done = mounted('mount --bind "$OUT" "$OUT"\nmount -o remount,bind,ro "$OUT"')

    assert last_words(done).startswith(f"The file system is read-only: {line.out}")
    assert done.returncode == 5
    assert "->" not in done.stderr
    assert line.published() == built.published()


def test_a_folder_in_the_place_of_a_file(line, built):
    """If one output cannot be replaced, it is named, and none is."""
    file = line.out / "results.json"
    file.unlink()
    file.mkdir()
    (file / "mine").write_text("x")
    (line.out / "homework03.ipynb").unlink()  # its place is taken before, and free again

    done = line.run(*ANEW)

    assert last_words(done) == f"{file} cannot be replaced: Is a directory."
    assert "submission.pdf is still the old one" in done.stderr
    assert done.returncode == 5
    (file / "mine").unlink()
    gone = {"results.json", "homework03.ipynb"}
    assert line.published() == {n: content for n, content in built.published().items() if n not in gone}


# The real stages


# MiB of address space: too little for the interpreter's packages, a thread, a library, or the kernel.
SCARCE = (60, 120, 350, 420, 600, 900, 1200)


@pytest.mark.tex
@pytest.mark.slow
@pytest.mark.parametrize("size", SCARCE)
def test_a_limit_on_memory(size, project, tiny_build):
    """With too little memory a build ends with 5 and says so, or does with what there is."""
    (project.out / ".kept" / "measure.json").unlink()
    (project.out / "search.csv").unlink()
    left = {name: digest for name, digest in tiny_build.products().items() if name != "search.csv"}

    done = project.run(preexec_fn=partial(resource.setrlimit, resource.RLIMIT_AS, (size * 2**20,) * 2))

    if done.returncode:
        assert "memory" in last_words(done).lower() or "kernel died" in last_words(done)
        assert done.returncode == 5
        assert len(done.stderr.splitlines()) < 12
        assert project.products() == left
    else:
        assert project.products() == tiny_build.products()


@pytest.mark.tex
@pytest.mark.slow
def test_neither_network_nor_home(project, secluded, tiny_build):
    """After the set-up nothing is fetched, not even from this machine, and no home folder is needed."""
    (project.out / ".kept" / "measure.json").unlink()
    (project.out / "search.csv").unlink()

    environ = {**project.environ, "HOME": "/dev/null/no"}
    prepare = "unset MPLCONFIGDIR XDG_CACHE_HOME XDG_CONFIG_HOME"
    done = secluded(project.command(), project.out, prepare, environ, network=False)

    assert done.returncode == 0, done.stderr
    assert "atplotlib" not in done.stderr
    assert project.products() == tiny_build.products()


@pytest.mark.tex
def test_no_latex(project, tiny_build, without_latex):
    """Without LaTeX everything else is made and kept apart, and the commands that install it are told."""
    project.append("templates/1e.tex", "% more\n")

    done = project.run(environ=without_latex)

    assert "latexmk" in last_words(done)
    assert "sudo apt-get install" in done.stderr
    assert done.returncode == 3
    failed = {path.name for path in (project.out / "failed").iterdir()}
    assert {"submission.tex", "homework03.ipynb", "results.json", "reason.txt"} <= failed
    assert project.products() == tiny_build.products()


@pytest.mark.parametrize(
    ("out", "told"),
    [
        ("templates", "/templates holds the program's own files."),
        ("", " holds the program's own files."),
        ("report.toml", "/report.toml is a file, not a folder."),
        ("report.toml/out", "/report.toml is a file, not a folder."),
    ],
)
def test_a_folder_that_is_none(out, told, command):
    """A build goes where builds may go, never over the program itself."""
    done = command("--out", ROOT / out)

    assert last_words(done) == f"{ROOT}{told}"
    assert done.returncode == 2
