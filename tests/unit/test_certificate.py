"""The robustness certificate: the same models under other kernels, told apart and told honestly."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from experiments import certificate, numerics
from experiments.certificate import certify, holds, possible
from experiments.errors import SearchError

GENERATOR = np.random.default_rng(9)
X = GENERATOR.standard_normal((120, 3))
Y = np.where(X[:, 0] > X[:, 1] * X[:, 2], 1, -1)
DATA = (X[:80], Y[:80], X[80:], Y[80:])
MODELS = {
    "default": {"random_state": 0, "hidden_layer_sizes": (50,), "batch_size": 32},
    "best": {"random_state": 0, "hidden_layer_sizes": (20, 10), "activation": "tanh", "batch_size": 32},
}
HASWELL = numerics.Machine(
    architecture="x86_64",
    libc="glibc",
    flags=frozenset({"sse4_2", "avx2", "fma"}),
    blas={"numpy": ("scipy-openblas", "0.3.31")},
    numpy_loaded=False,
)


@pytest.fixture(scope="module")
def rows():
    """Certify the two models."""
    return certify(MODELS, *DATA)


def test_every_model_is_fitted_under_every_kernel_set_of_this_cpu(rows):
    """Each process runs the kernels that it was asked to run, by the libraries' own account."""
    expected = {"Haswell": "X86_V3", "Nehalem": "baseline", "SkylakeX": "X86_V4"}
    names = [kernels.name for kernels in possible(numerics.detect()) if kernels]

    assert [(model, name) for model in MODELS for name in names] == [(row.model, row.kernels) for row in rows]
    for row in rows:
        assert row.simd.startswith("AVX512") or row.simd == expected[row.kernels]


def test_the_pinned_row_is_scikit_learns(rows):
    """Under the pinned kernels counts, epochs, margin and loss are those of a fit in this process."""
    for row in (row for row in rows if row.kernels == "Haswell"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            network = MLPClassifier(**MODELS[row.model]).fit(*DATA[:2])
        chances = network.predict_proba(DATA[2])

        assert (row.epochs, row.loss) == (network.n_iter_, network.loss_)
        assert row.train == round(network.score(*DATA[:2]) * 80)
        assert row.dev == round(network.score(*DATA[2:]) * 40)
        assert row.margin == pytest.approx(np.abs(2 * chances[:, 1] - 1).min())


def test_kernels_really_differ(rows):
    """Other kernels leave other bits in the weights, so equal counts mean something."""
    assert len({row.digest for row in rows if row.model == "default"}) == len(possible(numerics.detect()))


def test_counts_that_differ_do_not_hold():
    """One flipped sample, in either set and of either network, is enough; another margin is not."""
    best, default = {"train": 70, "dev": 35, "margin": 1e-3}, {"train": 66, "dev": 30, "margin": 0.1}

    assert holds([{"default": default, "best": best}, {"default": default, "best": best | {"margin": 2e-3}}])
    for other in ({"dev": 34}, {"train": 71}):
        assert not holds([{"default": default, "best": best}, {"default": default, "best": best | other}])
        assert not holds([{"default": default, "best": best}, {"default": default | other, "best": best}])


def test_only_kernels_that_the_cpu_can_run_are_forced():
    """A CPU without AVX-512 gets two sets, a machine that cannot be pinned runs as it is."""
    assert ["Haswell", "Nehalem"] == [kernels.name for kernels in possible(HASWELL)]
    assert possible(replace(HASWELL, architecture="aarch64")) == (None,)
    assert possible(replace(HASWELL, flags=HASWELL.flags | certificate.AVX512))[-1].name == "SkylakeX"


def test_a_machine_that_cannot_be_pinned_has_one_row_for_each_model(monkeypatch):
    """There the models are fitted once, with the kernels that the libraries choose."""
    monkeypatch.setattr(numerics, "look", lambda: replace(HASWELL, architecture="aarch64"))

    assert [row.model for row in certify(MODELS, *DATA)] == ["default", "best"]


def test_work_beside_the_processes_is_done_and_its_error_told(rows):
    """What this process does meanwhile leaves the rows as they are, and does not fail in silence."""
    done = []

    assert certify(MODELS, *DATA, jobs=2, beside=lambda: done.append("learned")) == rows
    assert ["learned"] == done
    with pytest.raises(ZeroDivisionError):
        certify(MODELS, *DATA, jobs=2, beside=lambda: 1 / 0)


def test_a_process_that_dies_is_told():
    """A model that cannot be fitted ends in a sentence, not in a missing row."""
    with pytest.raises(SearchError, match="process with Haswell kernels died"):
        certify({"default": {"solver": "none"}}, *DATA)
