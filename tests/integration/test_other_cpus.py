"""The same weights on another CPU: an emulated one, with qemu's user mode."""

import json
import os
import shutil

import pytest

from experiments import numerics

pytestmark = pytest.mark.slow

QEMU = shutil.which("qemu-x86_64")
REQUIRED = os.environ.get("CI") == "true" or os.environ.get("REPORT_REQUIRE_QEMU") == "1"

# Six networks of the kinds that the report searches, by scikit-learn and side by side; bits of their weights.
FITS = """
import hashlib, json, warnings
from experiments import numerics
numerics.pin()
import numpy as np
from sklearn.neural_network import MLPClassifier
from experiments import trainer
warnings.simplefilter("ignore")
generator = np.random.default_rng(1)
X = generator.standard_normal((97, 3)) @ np.diag([0.4, 5.0, 0.1])
y = np.where(X[:, 0] > X[:, 1] * X[:, 2], 1, -1)
settings = [
    {"hidden_layer_sizes": layers, "activation": activation, "solver": solver, "batch_size": 32,
     "learning_rate_init": 0.01, "random_state": 0, "max_iter": 8}
    for layers in ((50,), (20, 12)) for activation, solver in
    (("relu", "adam"), ("tanh", "sgd"), ("logistic", "adam"))
]
def bits(network):
    arrays = network.coefs_ + network.intercepts_ + [np.array(network.loss_curve_)]
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()[:16]
found = numerics.audit()
print(json.dumps({
    "alone": [bits(MLPClassifier(**setting).fit(X, y)) for setting in settings],
    "together": [bits(network) for network in trainer.fit_many(settings, X, y)],
    "kernels": sorted({entry["architecture"] for entry in found["blas"]}), "simd": found["simd"],
}))
"""


@pytest.fixture(scope="module")
def here(python):
    """Train the networks on this CPU with the pins."""
    if refused := numerics.obstacles(numerics.detect()):
        pytest.skip(f"this machine cannot be pinned: {'; '.join(refused)}")
    return json.loads(python(FITS))


def test_the_pinned_kernels_run_here(here):
    """The reference of this module is what it says: pinned kernels, our trainer equal to scikit-learn."""
    assert (here["kernels"], here["simd"]) == (["Haswell"], "X86_V3")
    assert here["alone"] == here["together"]
    assert len(set(here["alone"])) == 6


@pytest.mark.parametrize("cpu", ["Haswell", "EPYC-Rome"])
def test_an_emulated_cpu_finds_the_same_weights(cpu, here, python):
    """An Intel and an AMD CPU, both without AVX-512, give the bits of this one."""
    if QEMU is None and REQUIRED:
        pytest.fail("qemu is missing, so no other CPU can be tried: apt-get install qemu-user.")
    if QEMU is None:
        pytest.skip("qemu is missing: apt-get install qemu-user")

    assert here == json.loads(python(FITS, QEMU, "-cpu", cpu))


def test_unpinned_runs_can_differ(here, python):
    """A CPU with wider registers than AVX2 gives other bits unless it is pinned: no pin is for show."""
    unpinned = json.loads(python(FITS, **{numerics.KEEP: "1"}))
    if unpinned["kernels"] == here["kernels"] and unpinned["simd"] == here["simd"]:
        pytest.skip("vacuous here: this CPU runs the pinned kernels by itself")

    assert unpinned["alone"] != here["alone"]
    assert unpinned["alone"] == unpinned["together"]
