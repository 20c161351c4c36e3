"""The same weights on another CPU: an emulated one, with qemu's user mode."""

import json
import os
import shutil

import pytest

from experiments import numerics

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
