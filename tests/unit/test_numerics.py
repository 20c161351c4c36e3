"""The numeric pins: where they are set, where not, and what the audit finds."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from experiments import numerics

ROOT = Path(__file__).parents[2]
HASWELL = numerics.Machine(
    architecture="x86_64",
    libc="glibc",
    flags=frozenset({"sse2", "avx2", "fma"}),
    blas={"numpy": ("scipy-openblas", "0.3.31.188.0"), "scipy": ("scipy-openblas", "0.3.30")},
    numpy_loaded=False,
)


def machine(**changes):
    """Return the Haswell machine with some of its features changed."""
    return numerics.Machine(**{**vars(HASWELL), **changes})


def run(code, **variables):
    """Run `code` in a fresh interpreter whose environment holds no numeric setting but `variables`."""
    inherited = {*numerics.THREADS, *numerics.KERNELS, numerics.KEEP, numerics.RECORD}
    clean = {name: value for name, value in os.environ.items() if name not in inherited}
    done = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", code],
        cwd=ROOT,
        env=clean | variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_all_pins_are_set_where_the_cpu_can_take_them():
    """On an x86-64 machine with AVX2 kernels, SIMD level and threads are all pinned."""
    environ = {}

    pins = numerics.pin(environ, HASWELL)

    assert pins.obstacles == ()
    assert environ["OPENBLAS_CORETYPE"] == "Haswell"
    assert environ["NPY_DISABLE_CPU_FEATURES"] == "X86_V4 AVX512_ICL AVX512_SPR"
    assert environ["OPENBLAS_NUM_THREADS"] == environ["OMP_NUM_THREADS"] == environ["MKL_NUM_THREADS"] == "1"


def test_a_variable_that_was_set_is_overridden_and_reported():
    """The pins win over the environment, and what they replaced is told, by later calls too."""
    environ = {"OPENBLAS_CORETYPE": "SkylakeX", "OMP_NUM_THREADS": "4", "NPY_ENABLE_CPU_FEATURES": "X86_V4"}
    replaced = dict(environ)

    first = numerics.pin(environ, HASWELL)
    second = numerics.pin(environ, HASWELL)

    assert first.overridden == replaced
    assert first == second
    assert environ["OMP_NUM_THREADS"] == "1"
    assert "NPY_ENABLE_CPU_FEATURES" not in environ


def test_the_environment_is_kept_on_request():
    """With REPORT_KEEP_ENV=1 nothing is set and the reason is given."""
    environ = {numerics.KEEP: "1", "OMP_NUM_THREADS": "4"}
    before = dict(environ)

    pins = numerics.pin(environ, HASWELL)

    assert environ == before
    assert pins.obstacles == ("REPORT_KEEP_ENV keeps the environment as it was",)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"flags": frozenset({"sse2", "avx", "fma"})}, "does not show avx2"),
        ({"flags": frozenset({"avx2"})}, "does not show fma"),
        ({"architecture": "aarch64", "flags": frozenset()}, "this machine is aarch64"),
        ({"libc": ""}, "the C library is unknown"),
        ({"blas": {"numpy": ("scipy-openblas", "0.3.34")}}, "OpenBLAS 0.3.34"),
        ({"blas": {"numpy": ("scipy-openblas", "0.3.34.188.0")}}, "OpenBLAS 0.3.34.188.0"),
        ({"blas": {"scipy": ("scipy-openblas", "0.3.33.12.0")}}, "OpenBLAS 0.3.33.12.0"),
        ({"blas": {"numpy": ("scipy-openblas", "0.3.21")}}, "OpenBLAS 0.3.21"),
        ({"blas": {"numpy": ("mkl", "2025.1")}}, "does not tell which OpenBLAS"),
        ({"blas": {"numpy": ("", "")}}, "does not tell which OpenBLAS"),
    ],
)
def test_kernels_are_not_forced_where_they_could_crash(changes, words):
    """An unsafe machine gets the thread pins alone, loses an inherited kernel, and the reason is told."""
    environ = {"OPENBLAS_CORETYPE": "Haswell"}

    pins = numerics.pin(environ, machine(**changes))

    assert len(pins.obstacles) == 1
    assert words in pins.obstacles[0]
    assert "OPENBLAS_CORETYPE" not in environ
    assert pins.overridden == {"OPENBLAS_CORETYPE": "Haswell"}
    assert environ["OPENBLAS_NUM_THREADS"] == "1"


def test_nothing_is_set_once_numpy_is_loaded():
    """Pins that come too late for this process are not given to its children either."""
    environ = {}

    pins = numerics.pin(environ, machine(numpy_loaded=True))

    assert environ == {}
    assert pins.obstacles == ("numpy was loaded before the pins could be set",)


def test_looking_at_the_machine_loads_no_numpy():
    """The gates are read from text files, and soon enough to stand before everything else."""
    code = (
        "import sys, time; from experiments import numerics; start = time.perf_counter(); numerics.pin();"
        "print('numpy' in sys.modules, time.perf_counter() - start < 0.25)"
    )

    assert run(code).split() == ["False", "True"]


AUDIT = "import json; from experiments import numerics; print(json.dumps(numerics.audit(numerics.pin())))"


@pytest.mark.skipif(numerics.obstacles(numerics.look()) != (), reason="this machine cannot be pinned")
def test_the_audit_finds_the_pins_in_the_loaded_libraries():
    """After a pin over hostile settings every BLAS runs Haswell on one thread, numpy stays at AVX2."""
    found = json.loads(run(AUDIT, OPENBLAS_CORETYPE="Nehalem", OMP_NUM_THREADS="4"))

    kernels = {(entry["package"], entry["architecture"], entry["threads"]) for entry in found["blas"]}
    assert kernels == {("numpy", "Haswell", 1), ("scipy", "Haswell", 1)}
    assert (found["pinned"], found["reasons"], found["simd"]) == (True, [], "X86_V3")
    assert found["overridden"] == {"OPENBLAS_CORETYPE": "Nehalem", "OMP_NUM_THREADS": "4"}
    assert numerics.sentences(found)[0].startswith("Pinned: every BLAS runs Haswell kernels")
    assert "OPENBLAS_CORETYPE=Nehalem" in numerics.sentences(found)[1]


def test_the_audit_says_when_other_kernels_run():
    """A kept environment with another kernel is found out, whatever the variables say."""
    found = json.loads(run(AUDIT, REPORT_KEEP_ENV="1", OPENBLAS_CORETYPE="Nehalem"))

    assert found["pinned"] is False
    assert "numpy's openblas runs Nehalem kernels" in " ".join(found["reasons"])
    assert numerics.sentences(found)[0].startswith("Not pinned: REPORT_KEEP_ENV keeps")


@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"OPENBLAS_NUM_THREADS": "2"}, "Haswell kernels on 2 threads"),
        ({"NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR"}, "baseline instead of X86_V3"),
    ],
)
def test_the_audit_says_when_one_pin_is_off(variables, reason):
    """The right kernels on two threads, or with other loops of numpy's, are not pinned."""
    pins = {**numerics.THREADS, **numerics.KERNELS}

    found = json.loads(run(AUDIT, REPORT_KEEP_ENV="1", **(pins | variables)))

    assert found["pinned"] is False
    assert reason in " ".join(found["reasons"])


def test_the_notebook_cell_pins_like_the_command():
    """The first cell's ten lines leave the same variables as `pin`, and print nothing."""
    code = (
        "import os; from experiments import numerics; exec(numerics.notebook_cell());"
        "found = {name: os.environ.get(name) for name in {**numerics.THREADS, **numerics.KERNELS}};"
        "expected = numerics.pin(dict(os.environ)).applied; print(found == expected)"
    )

    assert numerics.notebook_cell().count("\n") <= 10
    assert run(code) == f"{numerics.obstacles(numerics.look()) == ()}\n"


def test_the_notebook_cell_warns_when_numpy_is_loaded():
    """In a kernel that has numpy already, the cell prints a line on stdout and goes on."""
    code = "import numpy; from experiments import numerics; exec(numerics.notebook_cell())"

    assert "numpy was loaded before this cell" in run(code)


def test_the_notebook_cell_is_silent_in_a_pinned_kernel():
    """A kernel started by a pinned command needs nothing, loaded numpy or not."""
    code = "import numpy; from experiments import numerics; exec(numerics.notebook_cell()); print('end')"

    assert run(code, **numerics.THREADS, **numerics.KERNELS) == "end\n"
