"""The frame of the benchmarks: what is measured, how it is told, and that one failure does not end it all."""

import argparse
import json
import re

import pytest

from benchmarks import __main__ as runner
from benchmarks import arithmetic, exhaustive, figure, measurement, page, submission
from benchmarks.measurement import Target
from benchmarks.processes import Look, Sample
from report import ROOT


def test_a_ratio_is_taken_run_by_run_and_its_median_meets_the_target():
    """The ratio of each run is the peer's wall time over ours; the median is compared with the target."""
    sides = {
        "peer": [Sample(6, 7), Sample(8, 9), Sample(5, 6)],
        "ours": [Sample(2, 3, memory=100), Sample(4, 5, memory=200), Sample(1, 2, memory=150)],
    }

    ratio = measurement.ratio("a job", ("peer", "ours"), sides, target=Target(2.5, at_least=True)).as_json()

    assert {"min": 2.0, "median": 3.0, "max": 5.0, "runs": 3} == ratio["value"]
    assert ratio["target"]["met"] is True
    assert {"min": 2, "median": 3, "max": 5, "runs": 3} == ratio["sides"]["ours"]["cpu"]
    assert {"min": 100, "median": 150, "max": 200, "runs": 3} == ratio["sides"]["ours"]["memory"]
    assert "memory" not in ratio["sides"]["peer"]


def test_the_page_and_its_figure_are_made_from_the_results_alone():
    """What docs/ holds is what the kept results make, each time anew."""
    results = json.loads((ROOT / "benchmarks" / "results.json").read_text())

    assert (ROOT / "docs" / "benchmarks.md").read_text() == page.page(results)
    assert b"<svg" in figure.drawn(results) == figure.drawn(results)


@pytest.mark.slow
def test_a_sample_counts_all_that_a_command_starts(python, tmp_path):
    """The time of a process that outlives its parent counts, and it is awaited."""
    burn = "import time\nwhile time.process_time() < 0.5: pass\nopen('done', 'w').close()"
    leave = (
        f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {burn!r}], stdout=-3, stderr=-3)"
    )

    sample = python(
        "import sys\n"
        "from benchmarks.processes import run\n"
        f"from pathlib import Path\n"
        f"print(run([sys.executable, '-c', {leave!r}], Path({str(tmp_path)!r})).cpu)"
    )

    assert float(sample) >= 0.5
    assert (tmp_path / "done").exists()


@pytest.mark.slow
def test_both_times_are_of_the_same_stretch(python):
    """What was computed before does not count; what a child computes meanwhile does, awaited or not."""
    burn = "import time\nwhile time.process_time() < 0.4: pass\nprint(flush=True)\ntime.sleep({wait})"
    start = "subprocess.Popen([sys.executable, '-c', {burn!r}], stdout=subprocess.PIPE)"
    awaited, running = (start.format(burn=burn.format(wait=wait)) for wait in (0, 20))

    said = python(
        "import subprocess, sys, time\n"
        "from benchmarks.processes import timed\n"
        "while time.process_time() < 3: pass\n"
        "with timed() as taken:\n"
        f"    {awaited}.communicate()\n"
        f"    other = {running}\n"
        "    other.stdout.readline()\n"
        "other.kill()\n"
        "print(taken['seconds'], taken['cpu'])"
    )

    seconds, cpu = map(float, said.split())
    assert 0.78 <= cpu < 2.5  # the clock of a process that still runs ticks every 10 ms
    assert seconds >= 0.8


def test_a_stretch_of_a_run_has_its_own_time():
    """Between two moments counts what was computed then, reckoned between the looks on either side."""
    looks = [Look(100, 3, 0), Look(110, 23, 0), Look(120, 23, 0), Look(130, 28, 0)]

    sample = Sample(30, 25, looks=looks)

    assert 10 == pytest.approx(sample.between(102, 107))
    assert 10 + 2 == pytest.approx(sample.between(105, 124))
    assert 25 == pytest.approx(sample.between(0, 1000))


@pytest.mark.slow
def test_a_command_is_looked_at_while_it_runs(python):
    """The looks see when a command computes and how much memory it and its children hold."""
    burn = "import time; held = bytearray(64 << 20)\nwhile time.process_time() < 1: pass\ntime.sleep(3)"

    said = python(
        "import sys\n"
        "from benchmarks.processes import run\n"
        f"sample = run(['sh', '-c', '\"$0\" -c \"$1\"; true', sys.executable, {burn!r}], memory=True)\n"
        "last = sample.looks[-1].time\n"
        "print(sample.between(0, last), sample.between(last - 0.6, last), sample.memory)"
    )

    whole, end, memory = map(float, said.split())
    assert 0.7 < whole < 2
    assert end < 0.1
    assert 64 < memory < 200


def test_a_network_of_other_bits_is_counted():
    """Of two searches each network is compared: its dev count, and its bits."""
    theirs = [Sample(6, 12, answer={"found": {"a": [5, "00"], "b": [7, "01"]}})]
    ours = [Sample(2, 4, answer={"found": {"a": [5, "00"], "b": [7, "02"]}})]

    wall, cpu, bits = exhaustive.compared("a set", {"GridSearchCV": theirs, "ours": ours})

    assert ([3], [3], [0.5]) == (wall.values, cpu.values, bits.values)
    assert "2 of 2 dev counts equal; best of each run: 7 correct" == wall.note
    assert not bits.target.met(bits.values[0])


def test_the_notebook_has_what_the_measurement_of_its_search_needs():
    """The scorer to which a line is added, and the calls by which the cells of the search are known."""
    source = (ROOT / "templates" / "homework03.py").read_text()

    assert 1 == source.count(submission.SCORER)
    assert 1 == source.count(submission.CALLS)
    assert "NAMES = [" in source


def test_a_curve_goes_through_the_medians():
    """Each point of a curve is a median, and all that was measured of it stands beside."""
    samples = {1: [Sample(2, 3), Sample(4, 5), Sample(9, 9)], 10: [Sample(20, 30)]}
    walls = {size: [sample.wall for sample in some] for size, some in samples.items()}

    found = measurement.curve("cost", "ours", ("n", "s"), walls, samples)

    assert ([1, 10], [4, 20]) == (found["x"], found["y"])
    assert {"min": 2, "median": 4, "max": 9, "runs": 3} == found["values"][0] == found["taken"][0]["wall"]
    assert {"min": 3, "median": 5, "max": 9, "runs": 3} == found["taken"][0]["cpu"]


def test_nothing_is_repeated_that_would_not_end_in_time(monkeypatch):
    """The first run is always done; another one only if runs as long as those before it still fit."""
    now = [0.0]
    monkeypatch.setattr(measurement.time, "perf_counter", lambda: now[0])

    for left, runs in ((-60.0, 1), (2.5, 2), (60.0, 4)):
        done = 0
        for _ in measurement.turns(argparse.Namespace(runs=4, left=left)):
            done += 1
            now[0] += 1.0
        assert runs == done


def test_a_command_that_takes_too_long_is_ended(python):
    """A time limit ends the command with all below it, and the error says so."""
    said = python(
        "from benchmarks.processes import run, RunError\n"
        "try:\n    run(['sh', '-c', 'sleep 9999; true'], seconds=0.5)\n"
        "except RunError as error:\n    print(error)"
    )

    assert "sh -c sleep 9999; true: no end within 0 s" == said.strip()


def test_peers_are_measured_with_the_products_own_versions():
    """Every package that the peers share with the product and its tests is locked to one version in both."""
    ours, theirs = (
        dict(re.findall(r"^([\w.-]+)==(\S+) (?:;.*)?\\$", (ROOT / name).read_text(), re.MULTILINE))
        for name in ("requirements-dev.txt", "requirements-bench.txt")
    )

    shared = ours.keys() & theirs.keys()
    assert {"numpy", "scipy", "scikit-learn", "joblib", "sympy", "nbclient", "distributed"} <= shared
    assert {name: ours[name] for name in shared} == {name: theirs[name] for name in shared}


PROGRAM = '''"""A program."""
from benchmarks.measurement import Found, Row, program
def measure(options):
    {body}
program(__doc__, measure)
'''


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Put two programs in the place of the real ones: the first fails, the second finds something."""
    package = tmp_path / "benchmarks"
    package.mkdir()
    for file in (ROOT / "benchmarks").glob("*.py"):
        (package / file.name).symlink_to(file)
    for name in ("experiments", "report"):
        (tmp_path / name).symlink_to(ROOT / name)
    (package / "broken.py").write_text(PROGRAM.format(body="raise SystemExit('no peer here.')"))
    (package / "sound.py").write_text(PROGRAM.format(body="return Found([Row('a', 'b', [1.5])])"))
    monkeypatch.setattr(runner, "ROOT", tmp_path)
    monkeypatch.setattr(runner, "PROGRAMS", {"broken": 0, "sound": 0})
    return tmp_path


def test_a_program_that_fails_is_told_and_the_rest_goes_on(programs, capsys):
    """The runner ends with 1, names the failure and its reason, and still gives what the others found."""
    code = runner.main(["--quick", "--only", "broken", "sound", "--out", str(programs / "out")])

    said = capsys.readouterr()
    results = json.loads((programs / "out" / "results.json").read_text())
    assert 1 == code
    assert "no peer here." == results["broken"]["failed"]
    assert 1.5 == results["sound"]["rows"][0]["value"]["median"]
    assert results["sound"]["conditions"]["quick"] is True
    assert "broken  FAILED: no peer here." in said.out
    assert re.search(r"^sound +a: b +1\.5 *$", said.out, re.MULTILINE)
    assert "`benchmarks.broken` failed: no peer here." in (programs / "out" / "benchmarks.md").read_text()
    assert (programs / "out" / "benchmarks.svg").is_file()


def test_what_is_not_measured_anew_is_kept_from_the_same_machine(programs):
    """A run of some programs keeps the others' results, but none of another machine or other versions."""
    (programs / "docs").mkdir()
    file = programs / "benchmarks" / "results.json"
    file.unlink(missing_ok=True)
    here = measurement.conditions()
    same = {"title": "broken", "rows": [], "curves": [], "facts": {}, "conditions": here, "seconds": 1.0}
    same["conditions"] |= {"load before": 0.5, "quick": False}

    file.write_text(json.dumps({"broken": same}))
    assert 0 == runner.main(["--only", "sound"])
    assert ["broken", "sound"] == list(json.loads(file.read_text()))

    file.write_text(json.dumps({"broken": {**same, "conditions": {**here, "cpu": "another"}}}))
    assert 0 == runner.main(["--only", "sound"])
    assert ["sound"] == list(json.loads(file.read_text()))
    assert "another" not in (programs / "docs" / "benchmarks.md").read_text()


@pytest.mark.slow
def test_every_program_of_the_runner_is_there_and_tells_its_options(python):
    """Each program that the runner names can be started, also where no peer is installed."""
    for name in runner.PROGRAMS:
        started = f"runpy.run_module('benchmarks.{name}', run_name='__main__')"
        assert "--quick" in python(f"import runpy, sys; sys.argv[1:] = ['--help']; {started}")


def test_the_limit_counts_products_functions_and_roots():
    """A network of 3 features, layers of 50 and 20 units, 10 samples in batches of 4, 2 epochs, by hand."""
    each = {"product": 1.0, "tanh": 100.0, "logistic": 10_000.0, "root and quotient": 1e6}

    found = arithmetic.seconds([(50, 20), 4, "tanh", "adam", 2], 10, 3, each)

    products = 3 * (3 * 50 + 50 * 20 + 20) - 3 * 50
    parameters = 3 * 50 + 50 + 50 * 20 + 20 + 20 + 1
    assert found == 2 * (10 * (products + 70 * 100 + 10_000) + 3 * parameters * 1e6)
    assert arithmetic.seconds([(50, 20), 4, "relu", "sgd", 2], 10, 3, each) == 20 * (products + 10_000)
