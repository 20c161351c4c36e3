"""The same weights on an emulated CPU, with qemu's user mode; the notebook on releases two years old."""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import nbformat
import pytest

from experiments import numerics
from experiments.record import MIME

pytestmark = pytest.mark.slow

QEMU = shutil.which("qemu-x86_64")
REQUIRED = os.environ.get("CI") == "true" or os.environ.get("REPORT_REQUIRE_QEMU") == "1"

# Six networks of the kinds that the report searches, by scikit-learn and by ours: all that they hold.
FITS = """
import hashlib, json, sys
from experiments import numerics
numerics.pin()
sys.path.insert(0, "tests/unit")
import test_trainer as t
def digest(state):
    return hashlib.sha256(repr(state).encode()).hexdigest()
settings = [
    setting for first, layers in enumerate(((50,), (20, 12)))  # adam, then sgd
    for setting in t.kinds(hidden_layer_sizes=layers, batch_size=32, max_iter=8)[first:6:2]
]
found = numerics.audit()
print(json.dumps({
    "alone": [digest(state) for state in t.states(settings)],
    "together": [digest(t.state(network)) for network in t.trainer.fit_many(settings, t.X, t.Y)],
    "kernels": sorted({entry["architecture"] for entry in found["blas"]}), "simd": found["simd"],
}))
"""


@pytest.fixture(scope="module")
def here(python):
    """Train the networks on this CPU with the pins."""
    if refused := numerics.obstacles(numerics.detect()):
        pytest.skip(f"this machine cannot be pinned: {'; '.join(refused)}")
    return json.loads(python(FITS))


@pytest.mark.parametrize("cpu", ["Haswell", "EPYC-Rome"])
def test_an_emulated_cpu_finds_the_same_weights(cpu, here, python):
    """An Intel and an AMD CPU, both without AVX-512, give the bits of this one."""
    if QEMU is None and REQUIRED:
        pytest.fail("qemu is missing, so no other CPU can be tried: apt-get install qemu-user.")
    if QEMU is None:
        pytest.skip("qemu is missing: apt-get install qemu-user")

    assert len(set(here["alone"])) == 6
    assert here == json.loads(python(FITS, QEMU, "-cpu", cpu))


def test_unpinned_runs_can_differ(here, python):
    """A CPU with wider registers than AVX2 gives other bits unless it is pinned: no pin is for show."""
    unpinned = json.loads(python(FITS, **{numerics.KEEP: "1"}))
    if unpinned["kernels"] == here["kernels"] and unpinned["simd"] == here["simd"]:
        pytest.skip("vacuous here: this CPU runs the pinned kernels by itself")

    assert unpinned["alone"] != here["alone"]
    assert unpinned["alone"] == unpinned["together"]


# A machine that was last updated two years ago

LOCK = Path(__file__).with_name("old-releases.txt")
# Before 2.4 numpy had other names for its wide loops: the notebook's first cell knows these, too.
WIDE = """
from numpy._core._multiarray_umath import __cpu_features__ as found
print(found["AVX2"], [name for name in ("AVX512F", "AVX512CD", "AVX512_SKX", "AVX512_ICL") if found[name]])
"""


@pytest.fixture
def old_kernel(tmp_path, clean_environ):
    """Install the old releases into a virtual environment; give a folder where Jupyter finds its kernel."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "--only-binary", ":all:", "--require-hashes", "-r", LOCK],
        env=clean_environ,
        check=True,
    )
    subprocess.run(
        [python, "-m", "ipykernel", "install", "--prefix", tmp_path], env=clean_environ, check=True
    )
    return tmp_path / "share" / "jupyter"


@pytest.mark.tex
@pytest.mark.skipif(sys.version_info >= (3, 14), reason="releases that old know no newer Python")
def test_old_releases_give_the_same_counts(old_kernel, tiny_build, tmp_path, clean_environ):
    """The notebook runs without a word on stderr, pinned, to the same counts in every setting."""
    new = nbformat.read(tiny_build.out / "homework03.ipynb", as_version=4)
    more = nbformat.from_dict({**new, "cells": [*new.cells, nbformat.v4.new_code_cell(WIDE)]})
    nbformat.write(more, tmp_path / "old.ipynb")
    shutil.copytree(tiny_build.data, tmp_path, dirs_exist_ok=True)

    private = {"IPYTHONDIR": str(tmp_path), "JUPYTER_CONFIG_DIR": str(tmp_path)}
    environ = {**clean_environ, **private, "JUPYTER_PATH": str(old_kernel)}
    execute = Path(sys.executable).with_name("jupyter-execute")
    subprocess.run([execute, "--inplace", "old.ipynb"], cwd=tmp_path, env=environ, check=True)

    *cells, loops = nbformat.read(tmp_path / "old.ipynb", as_version=4).cells
    assert [output.text for output in loops.outputs] == ["True []\n"]
    records = []
    for made in (cells, new.cells):
        outputs = [output for cell in made for output in cell.get("outputs", [])]
        assert {output.get("name", "stdout") for output in outputs} == {"stdout"}
        records.append(outputs[-1].data[MIME])
    locked = dict(re.findall(r"^([\w-]+)==([\w.]+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE))
    versions = records[0].pop("versions")
    assert {name: versions[name] for name in ("numpy", "pandas", "scikit-learn")} == {
        name: locked[name] for name in ("numpy", "pandas", "scikit-learn")
    }
    assert versions != records[1].pop("versions")
    assert records[0] == records[1]
