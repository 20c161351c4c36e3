"""The lockstep trainer: indistinguishable from scikit-learn, fit by fit and bit by bit."""

import os
import subprocess
import sys
import warnings
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.neural_network import MLPClassifier

from experiments import layers, lockstep, numerics

ROOT = Path(__file__).parents[2]
GENERATOR = np.random.default_rng(7)
X = GENERATOR.standard_normal((83, 3)) @ np.diag([0.4, 5.0, 0.1])
BINARY = np.where(X[:, 0] + 0.3 * GENERATOR.standard_normal(83) > 0, 1, -1)
THREE = np.array(["c", "a", "b"])[np.argmax(X @ GENERATOR.standard_normal((3, 3)), axis=1)]


def by_scikit_learn(setting, X=X, y=BINARY):
    """Fit with scikit-learn, whose warnings (convergence, batch size, overflow) are expected."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return MLPClassifier(**setting).fit(X, y)


def state(network):
    """Return everything that a fitted network holds, as plain comparable values."""

    def plain(value):
        if isinstance(value, np.ndarray):
            return value.shape, value.dtype.str, value.tolist()
        if isinstance(value, list | tuple):
            return [plain(item) for item in value]
        if isinstance(value, np.random.RandomState):
            return plain(value.get_state()[1:3])
        if hasattr(value, "__dict__"):
            return type(value).__name__, {name: plain(item) for name, item in vars(value).items()}
        return type(value).__name__, value

    # The initial weights that scikit-learn keeps for early stopping, and all else: nothing is left out.
    return {name: plain(value) for name, value in vars(network).items()}


def grid(**values):
    """Return every combination of the values as a setting with a seed."""
    return [
        dict(zip(values, point, strict=True)) | {"random_state": 0} for point in product(*values.values())
    ]


FREE = {
    "activation": ["relu", "tanh", "logistic", "identity"],
    "solver": ["adam", "sgd"],
    "learning_rate_init": [0.001, 0.01, 0.03],
}


@pytest.mark.parametrize("hidden_layer_sizes", [(50,), (1,), (7, 4), (20, 20), (6, 5, 3), 9], ids=str)
@pytest.mark.parametrize("batch_size", [9, 32, 41, 83, 200, "auto"])
def test_every_fit_of_a_grid_is_scikit_learns(hidden_layer_sizes, batch_size):
    """864 fits: activations, solvers, rates; last batches short, of one sample, whole; larger ones."""
    chosen = grid(**FREE, hidden_layer_sizes=[hidden_layer_sizes], batch_size=[batch_size], max_iter=[3])

    expected = [state(by_scikit_learn(setting)) for setting in chosen]

    assert expected == [state(network) for network in lockstep.fit_many(chosen, X, BINARY)]


@pytest.mark.parametrize("hidden_layer_sizes", [(10,), (8, 8)], ids=str)
def test_every_multi_class_fit_is_scikit_learns(hidden_layer_sizes):
    """Softmax outputs and labels that are words."""
    chosen = grid(**FREE, hidden_layer_sizes=[hidden_layer_sizes], batch_size=[32], max_iter=[5])

    expected = [state(by_scikit_learn(setting, y=THREE)) for setting in chosen]

    assert expected == [state(network) for network in lockstep.fit_many(chosen, X, THREE)]


@pytest.mark.slow
@pytest.mark.parametrize("hidden_layer_sizes", [(50,), (100,), (50, 50), (100, 100), (30, 20, 10)], ids=str)
@pytest.mark.parametrize("batch_size", [32, 200])
def test_full_training_is_scikit_learns(hidden_layer_sizes, batch_size):
    """240 fits on the report's own data and at full length, each until scikit-learn's rule stops it."""
    data = [np.loadtxt(ROOT / "data" / f"trn{name}-3d.csv", delimiter=",") for name in "XY"]
    chosen = grid(**FREE, hidden_layer_sizes=[hidden_layer_sizes], batch_size=[batch_size])

    expected = [state(by_scikit_learn(setting, *data)) for setting in chosen]

    assert expected == [state(network) for network in lockstep.fit_many(chosen, *data)]


def test_networks_stop_at_their_own_epochs():
    """Each network ends when its own rule fires, is told as converged then, and not at max_iter."""
    chosen = grid(
        hidden_layer_sizes=[(12,)],
        solver=["adam", "sgd"],
        learning_rate_init=[0.001, 0.02, 0.2, 0.5],
        tol=[1e-2, 1e-3],
        n_iter_no_change=[2, 5],
        max_iter=[40],
    )

    networks = lockstep.fit_many(chosen, X, BINARY)

    expected = [by_scikit_learn(setting) for setting in chosen]
    assert [state(network) for network in expected] == [state(network) for network in networks]
    epochs = {network.n_iter_ for network in networks}
    assert len(epochs) > 8
    for setting, network in zip(chosen, networks, strict=True):
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            MLPClassifier(**setting).fit(X, BINARY)
        assert lockstep.converged(network) is not any("Maximum iterations" in str(w.message) for w in warned)


def test_a_rule_that_fires_in_the_last_epoch_counts_as_converged():
    """scikit-learn warns of no lack of convergence where the rule ends training just at max_iter."""
    setting = {"hidden_layer_sizes": (5,), "tol": 1e-2, "n_iter_no_change": 2, "random_state": 0}
    epochs = by_scikit_learn(setting).n_iter_
    assert epochs < 200

    last, before = lockstep.fit_many(
        [setting | {"max_iter": epochs}, setting | {"max_iter": epochs - 1}], X, BINARY
    )

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        MLPClassifier(**setting, max_iter=epochs).fit(X, BINARY)
    assert (last.n_iter_, lockstep.converged(last)) == (epochs, True)
    assert (before.n_iter_, lockstep.converged(before)) == (epochs - 1, False)


def test_the_batch_that_scikit_learn_chooses_is_taken():
    """Of more samples than the 200 of its default batch, "auto" takes 200 at a time."""
    data = np.random.default_rng(1).standard_normal((330, 2))
    setting = {"hidden_layer_sizes": (4,), "batch_size": "auto", "random_state": 3, "max_iter": 3}

    (network,) = lockstep.fit_many([setting], data, data[:, 0] > data[:, 1])

    assert state(network) == state(by_scikit_learn(setting, data, data[:, 0] > data[:, 1]))


@pytest.mark.parametrize("y", [BINARY, THREE], ids=["binary", "multi-class"])
def test_outputs_that_are_certain_are_scored_as_scikit_learn_does(y):
    """Probabilities of exactly 0 and 1, some of them for wrong answers, give finite and equal losses."""
    chosen = grid(hidden_layer_sizes=[(8,)], solver=["adam", "sgd"], batch_size=[32], max_iter=[3])

    expected = [by_scikit_learn(setting, X * 1e4, y) for setting in chosen]

    assert all(np.isin([0, 1], network.predict_proba(X * 1e4)).all() for network in expected)
    found = lockstep.fit_many(chosen, X * 1e4, y)
    assert [state(network) for network in expected] == [state(network) for network in found]


def test_seeds_share_a_stack():
    """Networks with other initial weights and other shuffles train side by side unharmed."""
    chosen = [
        {"hidden_layer_sizes": (5,), "random_state": seed, "solver": solver, "max_iter": 6, "batch_size": 20}
        for seed in range(12)
        for solver in ("sgd", "adam")
    ]

    expected = [state(by_scikit_learn(setting)) for setting in chosen]

    assert expected == [state(network) for network in lockstep.fit_many(chosen, X, BINARY)]


def test_the_width_of_a_stack_changes_nothing(monkeypatch):
    """One at a time or many, with lanes taken over at different epochs: the same networks."""
    chosen = grid(**FREE, hidden_layer_sizes=[(6,)], tol=[1e-2], n_iter_no_change=[2], max_iter=[30])
    expected = [state(network) for network in lockstep.fit_many(chosen, X, BINARY)]

    for width in (1, 2, 7):
        monkeypatch.setattr(lockstep, "width", lambda _, width=width: width)

        assert expected == [state(network) for network in lockstep.fit_many(chosen, X, BINARY)]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    samples=st.integers(5, 60),
    features=st.integers(1, 9),
    classes=st.integers(2, 5),
    hidden=st.lists(st.integers(1, 23), min_size=1, max_size=3).map(tuple),
    batch=st.integers(1, 70),
    seed=st.integers(0, 2**32 - 1),
    alpha=st.sampled_from([0.0, 1e-4, 1.0]),
)
def test_any_shape_is_trained_as_scikit_learn_does(samples, features, classes, hidden, batch, seed, alpha):
    """Random numbers of samples, features, classes, units and layers, any batch size and penalty."""
    generator = np.random.default_rng(seed)
    data = generator.standard_normal((samples, features))
    labels = generator.permutation(np.arange(samples) % classes)
    chosen = [
        {"hidden_layer_sizes": hidden, "batch_size": batch, "random_state": seed, "max_iter": 2}
        | {"alpha": alpha, "activation": activation, "solver": solver, "learning_rate_init": 0.01}
        for activation, solver in product(FREE["activation"], FREE["solver"])
    ]

    expected = [state(by_scikit_learn(setting, data, labels)) for setting in chosen]

    assert expected == [state(network) for network in lockstep.fit_many(chosen, data, labels)]


# All kernels that the wheels hold, with what the CPU needs for them.
KERNELS = {
    "Katmai": set(),
    "Nehalem": {"sse4_2"},
    "Sandybridge": {"avx"},
    "Haswell": {"avx2", "fma"},
    "SkylakeX": {"avx512f", "avx512dq", "avx512bw", "avx512vl"},
}
ASKED_FOR = {"Katmai": "Prescott"}  # the one that OpenBLAS knows by another name
UNDER_A_KERNEL = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
import test_lockstep as t
from threadpoolctl import threadpool_info
print({{pool.get("architecture") for pool in threadpool_info() if pool["user_api"] == "blas"}})
chosen = [s for h in [(50,), (20, 12)] for b in (9, 32)
          for s in t.grid(**t.FREE, hidden_layer_sizes=[h], batch_size=[b], max_iter=[2])]
expected = [t.state(t.by_scikit_learn(setting)) for setting in chosen]
found = [t.state(network) for network in t.lockstep.fit_many(chosen, t.X, t.BINARY)]
print(sum(e == f for e, f in zip(expected, found)), "of", len(chosen))
"""


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_bits_agree_under_every_blas_kernel(kernel):
    """Whatever kernels OpenBLAS runs and however far numpy's loops go, 96 fits equal scikit-learn's."""
    if missing := KERNELS[kernel] - numerics.look().flags:
        pytest.skip(f"this CPU lacks {', '.join(sorted(missing))}")
    pinned = {*numerics.THREADS, *numerics.KERNELS}
    clean = {name: value for name, value in os.environ.items() if name not in pinned}

    done = subprocess.run(
        [sys.executable, "-c", UNDER_A_KERNEL.format(root=str(ROOT), tests=str(Path(__file__).parent))],
        cwd=ROOT,
        env=clean | {"OPENBLAS_CORETYPE": ASKED_FOR.get(kernel, kernel), "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == ""
    assert done.stdout == f"{{'{kernel}'}}\n96 of 96\n"


def test_a_network_that_diverges_fails_as_in_scikit_learn():
    """Weights beyond all bounds raise scikit-learn's own error, and only for that setting."""
    good, bad = {"random_state": 0, "max_iter": 3}, {"random_state": 0, "max_iter": 3}
    bad |= {
        "solver": "sgd",
        "activation": "identity",
        "learning_rate_init": 1e80,
        "hidden_layer_sizes": (4, 4),
    }

    with pytest.raises(ValueError, match="non-finite") as expected:
        by_scikit_learn(bad)
    with pytest.raises(ValueError, match="non-finite") as found:
        lockstep.fit_many([good, bad], X, BINARY)

    assert str(expected.value) == str(found.value)
    outcomes = dict(lockstep.fits([good, bad], X, BINARY))
    assert state(outcomes[0]) == state(by_scikit_learn(good))
    assert isinstance(outcomes[1], ValueError)


@pytest.mark.parametrize(
    ("setting", "data"),
    [
        ({"solver": "lbfgs"}, X),
        ({"early_stopping": True}, X),
        ({"learning_rate": "adaptive", "solver": "sgd"}, X),
        ({"shuffle": False}, X),
        ({"nesterovs_momentum": False, "solver": "sgd"}, X),
        ({}, X.astype(np.float32)),
        ({}, np.asfortranarray(X)),
    ],
    ids=[
        "lbfgs",
        "early stopping",
        "adaptive rate",
        "no shuffling",
        "no Nesterov momentum",
        "float32",
        "columns first",
    ],
)
def test_what_no_stack_can_train_is_left_to_scikit_learn(setting, data):
    """Settings and data outside the trainer's reach give scikit-learn's networks all the same."""
    setting = setting | {"random_state": 4, "max_iter": 5, "hidden_layer_sizes": (6,)}

    expected = state(by_scikit_learn(setting, data))

    assert expected == state(lockstep.fit_many([setting], data, BINARY)[0])


def test_other_constants_of_the_solvers_are_obeyed():
    """Momentum, decay rates, epsilon and penalty may be other than the defaults, each beside the defaults."""
    chosen = [
        {"solver": solver, **constant, "random_state": np.int64(1), "max_iter": 4}
        for solver, constant in (
            ("sgd", {}),
            ("sgd", {"momentum": 0.5}),
            ("adam", {}),
            ("adam", {"beta_1": 0.8}),
            ("adam", {"beta_2": 0.99}),
            ("adam", {"epsilon": 1e-6}),
            ("adam", {"alpha": 0.3}),
        )
    ]

    expected = [state(by_scikit_learn(setting)) for setting in chosen]

    assert expected == [state(network) for network in lockstep.fit_many(chosen, X, BINARY)]


def test_a_network_can_be_trained_further():
    """partial_fit goes on from where lockstep stopped exactly as from scikit-learn's own fit."""
    for solver in ("adam", "sgd"):
        setting = {"solver": solver, "random_state": 2, "max_iter": 3}
        expected = by_scikit_learn(setting).partial_fit(X, BINARY)

        assert state(expected) == state(lockstep.fit_many([setting], X, BINARY)[0].partial_fit(X, BINARY))


def test_a_setting_that_scikit_learn_refuses_is_refused():
    """A value outside scikit-learn's range raises scikit-learn's error."""
    with pytest.raises(ValueError, match="learning_rate_init"):
        lockstep.fit_many([{"learning_rate_init": -1.0, "random_state": 0}], X, BINARY)


def test_a_callback_sees_every_epoch():
    """The network at each epoch is the one that scikit-learn gives for so many epochs."""
    chosen = grid(hidden_layer_sizes=[(6,)], solver=["adam", "sgd"], max_iter=[4], learning_rate_init=[0.05])
    seen = []

    def note(index, network):
        seen.append((index, network.n_iter_, network.predict_proba(X).tolist()))

    lockstep.fit_many(chosen, X, BINARY, callback=note)

    expected = [
        (index, epochs, by_scikit_learn(setting | {"max_iter": epochs}).predict_proba(X).tolist())
        for index, setting in enumerate(chosen)
        for epochs in (1, 2, 3, 4)
    ]
    assert expected == sorted(seen)


def test_a_callback_cannot_be_promised_to_other_settings():
    """A setting that scikit-learn fits alone is refused together with a callback."""
    with pytest.raises(ValueError, match="no callback is possible"):
        lockstep.fit_many([{"solver": "lbfgs"}], X, BINARY, callback=print)


def test_the_probe_is_content_here():
    """On this machine, with these versions, the trainer may be used."""
    assert lockstep.probe() == ""


def test_the_probe_finds_a_difference_in_the_last_bit(monkeypatch):
    """An activation that is off by one unit in the last place is enough for a refusal."""

    def off(Z):
        np.nextafter(np.tanh(Z), 2, out=Z)

    monkeypatch.setitem(layers.ACTIVATIONS, "tanh", (off, layers.tanh_derivative))

    assert "differ on this machine" in lockstep.probe()


@pytest.mark.parametrize("part", ["coefs_", "intercepts_"])
def test_the_last_bit_of_each_parameter_is_compared(part):
    """Networks that differ in one weight or one bias alone are not the same."""
    setting = {"hidden_layer_sizes": (4,), "random_state": 0, "max_iter": 3}
    one, other = by_scikit_learn(setting), by_scikit_learn(setting)

    array = getattr(other, part)[1]
    array.flat[-1] = np.nextafter(array.flat[-1], 2)

    assert not lockstep.same_bits(one, other)


def test_the_last_bit_of_a_loss_is_compared():
    """Networks with the same weights and another loss are not the same: it decides when training stops."""
    setting = {"hidden_layer_sizes": (4,), "random_state": 0, "max_iter": 3}
    one, other = by_scikit_learn(setting), by_scikit_learn(setting)
    assert lockstep.same_bits(one, other)

    other.loss_curve_[1] = np.nextafter(other.loss_curve_[1], 2)

    assert not lockstep.same_bits(one, other)


def test_the_probe_survives_another_scikit_learn(monkeypatch):
    """Where the internals that the trainer builds on are gone, the probe says so and nothing is raised."""
    monkeypatch.delattr("sklearn.neural_network._multilayer_perceptron.BaseMultilayerPerceptron._initialize")

    assert "does not fit this scikit-learn (AttributeError" in lockstep.probe()
