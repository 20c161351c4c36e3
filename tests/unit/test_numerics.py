"""The numeric pins: where they are set, where not, and what the audit finds."""

import json
import os
from dataclasses import replace

import pytest

from experiments import numerics
from experiments.record import Space
from report import notebook

HASWELL = numerics.Machine(
    architecture="x86_64",
    libc="glibc",
    flags=frozenset({"sse2", "avx2", "fma"}),
    openblas={"numpy": "0.3.31.188.0", "scipy": "0.3.30"},
    numpy_loaded=False,
)
PINNABLE = numerics.obstacles(numerics.detect()) == ()


def test_the_wide_loops_are_named_as_every_numpy_names_them():
    """Numpy 2.4 knows four levels by new names and older releases by others; all are switched off."""
    named = numerics.KERNELS["NPY_DISABLE_CPU_FEATURES"].split()

    assert {"X86_V4", "AVX512_ICL", "AVX512_SPR"} <= {*named}  # numpy 2.4
    assert {"AVX512F", "AVX512CD", "AVX512_SKX", "AVX512_CLX", "AVX512_CNL", "AVX512_ICL"} <= {*named}  # 1.26


def test_a_variable_that_was_set_is_overridden_and_reported():
    """Kernels and threads are pinned over the environment; what that held is told, by later calls too."""
    environ = {"OPENBLAS_CORETYPE": "SkylakeX", "OMP_NUM_THREADS": "4", "NPY_ENABLE_CPU_FEATURES": "X86_V4"}
    replaced = dict(environ)

    first = numerics.pin(environ, HASWELL)
    second = numerics.pin(environ, HASWELL)

    assert first.overridden == replaced
    assert first.obstacles == ()
    assert first == second
    assert environ["OPENBLAS_CORETYPE"] == "Haswell"
    assert environ["OPENBLAS_NUM_THREADS"] == environ["OMP_NUM_THREADS"] == environ["MKL_NUM_THREADS"] == "1"
    assert "NPY_ENABLE_CPU_FEATURES" not in environ


@pytest.mark.parametrize(
    ("before", "loaded", "reason"),
    [
        (
            {numerics.KEEP: "1", "OMP_NUM_THREADS": "4"},
            False,
            "REPORT_KEEP_ENV keeps the environment as it was",
        ),
        ({}, True, "numpy was loaded before the pins could be set"),
    ],
)
def test_nothing_is_set_on_request_or_too_late(before, loaded, reason):
    """With REPORT_KEEP_ENV=1, or once numpy is loaded, nothing is set, and the reason is given."""
    environ = dict(before)

    pins = numerics.pin(environ, replace(HASWELL, numpy_loaded=loaded))

    assert environ == before
    assert pins.obstacles == (reason,)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"flags": frozenset({"sse2", "avx", "fma"})}, "does not show avx2"),
        ({"flags": frozenset({"avx2"})}, "does not show fma"),
        ({"architecture": "aarch64", "flags": frozenset()}, "this machine is aarch64"),
        ({"libc": ""}, "the C library is unknown"),
        ({"openblas": {"numpy": "0.3.34"}}, "OpenBLAS 0.3.34"),
        ({"openblas": {"numpy": "0.3.34.188.0"}}, "OpenBLAS 0.3.34.188.0"),
        ({"openblas": {"scipy": "0.3.33.12.0"}}, "OpenBLAS 0.3.33.12.0"),
        ({"openblas": {"numpy": "0.3.21"}}, "OpenBLAS 0.3.21"),
        ({"openblas": {"numpy": ""}}, "does not tell which OpenBLAS"),  # MKL, Accelerate
        ({"openblas": {"numpy": "3.9.0"}}, "does not tell which OpenBLAS"),  # the interface alone
    ],
)
def test_kernels_are_not_forced_where_they_could_crash(changes, words):
    """An unsafe machine gets the thread pins alone, loses an inherited kernel, and the reason is told."""
    environ = {"OPENBLAS_CORETYPE": "Haswell"}

    pins = numerics.pin(environ, replace(HASWELL, **changes))

    assert len(pins.obstacles) == 1
    assert words in pins.obstacles[0]
    assert "OPENBLAS_CORETYPE" not in environ
    assert pins.overridden == {"OPENBLAS_CORETYPE": "Haswell"}
    assert environ["OPENBLAS_NUM_THREADS"] == "1"


AUDIT = "import json; from experiments import numerics; numerics.pin(); print(json.dumps(numerics.audit()))"


@pytest.mark.skipif(not PINNABLE, reason="this machine cannot be pinned")
def test_the_audit_finds_the_pins_in_the_loaded_libraries(python):
    """After a pin over hostile settings every BLAS runs Haswell on one thread, numpy stays at AVX2."""
    found = json.loads(python(AUDIT, OPENBLAS_CORETYPE="Nehalem", OMP_NUM_THREADS="4"))

    kernels = {(entry["package"], entry["architecture"], entry["threads"]) for entry in found["blas"]}
    assert kernels == {("numpy", "Haswell", 1), ("scipy", "Haswell", 1)}
    assert (found["pinned"], found["reasons"], found["simd"]) == (True, [], "X86_V3")
    assert found["overridden"] == {"OPENBLAS_CORETYPE": "Nehalem", "OMP_NUM_THREADS": "4"}
    pinned, overridden = numerics.sentences(found)
    assert pinned.startswith("The arithmetic is pinned (BLAS: Haswell kernels, one thread")
    assert "OPENBLAS_CORETYPE=Nehalem" in overridden


@pytest.mark.skipif(not PINNABLE, reason="this machine cannot be pinned")
@pytest.mark.parametrize(
    ("variables", "reason"),
    [
        ({"OPENBLAS_CORETYPE": "Nehalem"}, "numpy's openblas runs Nehalem kernels on 1 thread"),
        ({"OPENBLAS_NUM_THREADS": "2"}, "Haswell kernels on 2 threads"),
        (
            {"NPY_DISABLE_CPU_FEATURES": f"X86_V3 {numerics.KERNELS['NPY_DISABLE_CPU_FEATURES']}"},
            "numpy runs baseline loops instead of X86_V3",
        ),
    ],
)
def test_the_audit_says_when_one_pin_is_off(variables, reason, python):
    """Other kernels, two threads or other loops of numpy's are found out, whatever else is right."""
    pins = numerics.THREADS | numerics.KERNELS | {numerics.KEEP: "1"}

    found = json.loads(python(AUDIT, **(pins | variables)))

    assert found["pinned"] is False
    assert reason in " ".join(found["reasons"])
    assert numerics.sentences(found)[0].startswith("Not pinned: REPORT_KEEP_ENV keeps")


def test_the_audit_heeds_what_was_refused(monkeypatch):
    """With OpenBLAS 0.3.34 nothing is pinned, even if it chose kernels of the same name by itself."""
    newest = replace(HASWELL, openblas={"numpy": "0.3.34", "scipy": "0.3.30"})
    monkeypatch.setattr(numerics, "detect", lambda: newest)

    for name in (*numerics.KERNELS, numerics.RECORD):  # pinning as there would leave other tests unpinned
        monkeypatch.setenv(name, os.environ[name])

    found = numerics.audit()

    assert found["pinned"] is False
    assert found["reasons"][0].startswith("numpy carries OpenBLAS 0.3.34")
    assert "Not pinned: numpy carries OpenBLAS 0.3.34" in numerics.sentences(found)[0]


def test_arm64_is_told_what_is_equal_there():
    """On arm64 the sentence says which parts of a fit round alike; of macOS's own BLAS nothing is known."""
    blas = [{"package": "numpy", "library": "openblas", "architecture": "neoversen1", "threads": 1}]
    found = {"pinned": False, "reasons": ["why"], "overridden": {}, "machine": "aarch64", "blas": blas}
    [linux] = numerics.sentences(found)
    [accelerate] = numerics.sentences(found | {"machine": "arm64", "blas": []})

    assert "the product of the output layer and its gradient do not" in linux
    assert accelerate.endswith("How numbers differ with another BLAS than OpenBLAS was not measured.")


@pytest.fixture(scope="module")
def cell():
    """Return the notebook's first code cell."""
    made = notebook.build(0, Space(), 100, stand_in=False)
    return next(cell.source for cell in made.cells if cell.cell_type == "code")


def test_the_notebook_pins_like_the_command(cell, python):
    """The first cell pins what `pin` pins; where kernels must not be forced, the threads alone."""
    names = [*numerics.THREADS, *numerics.KERNELS]
    look = f"import os; print(sorted((name, os.environ.get(name, '')) for name in {names}))"
    command = python(f"from experiments import numerics; numerics.pin(); {look}")

    assert python(f"{cell}\n{look}").splitlines()[-1] == command.strip()
    careful = cell.replace("tested = range(23, 33)", "tested = range(0)")
    assert careful != cell
    words, found = python(f"{careful}\n{look}").splitlines()
    assert words.startswith("On this computer the last digits")
    assert dict(eval(found)) == {**dict.fromkeys(numerics.KERNELS, ""), **numerics.THREADS}


@pytest.mark.parametrize(
    ("before", "variables", "words"),
    [
        ("import numpy", {}, "On this computer the last digits"),
        ("", {"REPORT_KEEP_ENV": "1"}, "On this computer the last digits"),
        ("import numpy", {**numerics.THREADS, **numerics.KERNELS}, "" if PINNABLE else "This computer"),
    ],
    ids=["numpy is loaded", "the environment is kept", "pinned from outside"],
)
def test_the_notebook_says_when_nothing_is_pinned(before, variables, words, cell, python):
    """One line on stdout where the pins are not in force, and none where the kernel was started with them."""
    told = python(f"{before}\n{cell}", **variables)

    assert told.startswith(words)
    assert bool(told) == bool(words)
