"""The compiled trainer: indistinguishable from scikit-learn, fit by fit and bit by bit."""

import shutil
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import product

import joblib
import numpy as np
import pytest
from sklearn.neural_network import MLPClassifier

from experiments import numerics, trainer
from experiments.robustness import possible
from experiments.trainer import kernel

SOURCES = sorted(kernel.SOURCE.parent.glob("*.[ch]"))
GENERATOR = np.random.default_rng(7)
X = GENERATOR.standard_normal((83, 3)) @ np.diag([0.4, 5.0, 0.1])
Y = np.where(X[:, 0] + 0.3 * GENERATOR.standard_normal(83) > 0, 1, -1)
ACTIVATIONS, SOLVERS = ("relu", "tanh", "logistic", "identity"), ("adam", "sgd")


def by_scikit_learn(setting, X=X, y=Y):
    """Fit with scikit-learn, whose warnings (convergence, batch size, overflow) are expected."""
    with warnings.catch_warnings(action="ignore"):
        try:
            return MLPClassifier(**setting).fit(X, y)
        except ValueError as refusal:  # weights beyond all bounds
            return refusal


def states(settings, X=X, y=Y):
    """Return all that scikit-learn's network of each setting holds."""
    return [state(by_scikit_learn(setting, X, y)) for setting in settings]


def state(network):
    """Return a hash of everything that a fitted network holds, or why there is none."""
    return str(network) if isinstance(network, ValueError) else joblib.hash(network)


def kinds(**setting):
    """Return a setting with every activation and solver."""
    setting = {"learning_rate_init": 0.01, "random_state": 1, **setting}
    return [{"activation": a, "solver": s, **setting} for a, s in product(ACTIVATIONS, SOLVERS)]


def made(samples, features, classes):
    """Make up numbers around 1, and labels; those of three classes are words."""
    generator = np.random.default_rng(samples + features + classes)
    data = np.ascontiguousarray(generator.standard_normal((samples, features)))
    labels = generator.permutation(np.arange(samples) % classes)
    return data, np.array(["c", "a", "b"])[labels] if classes == 3 else labels


# Samples, features, classes; hidden layers; batch: each fits all activations and solvers.
CASES = {
    "short last batch": ((83, 3, 2), (50,), 32),
    "batches of an odd number, a last one of one": ((83, 3, 2), (7, 4), 41),
    "one sample at a time": ((11, 3, 3), (5, 6), 1),
    "one feature": ((83, 1, 2), (20, 13, 20), 20),
    "one unit": ((83, 4, 2), (1,), 32),
    "one unit between others": ((60, 5, 3), (9, 1, 2), 30),
    "two and three units": ((61, 2, 2), (3, 2, 3), 200),
    "sums in two blocks": ((61, 300, 3), (270, 33), 61),
    "a long batch": ((601, 5, 2), (17, 9), 600),
    "certain and wrong": ((60, 4, 2), (8,), 30),
    "one of three, certain and wrong": ((60, 4, 3), (8,), 30),
    "five layers, a penalty": ((83, 5, 4), (12, 11, 10, 9, 8), 9),
    "sixty classes": ((180, 13, 60), (26,), 64),
}


def case(name):
    """Return data and settings of a case."""
    shape, layers, batch = CASES[name]
    data, labels = made(*shape)
    alpha = 0.3 if "penalty" in name else 1e-4
    settings = kinds(hidden_layer_sizes=layers, batch_size=batch, max_iter=2, alpha=alpha)
    return data * (1e4 if "certain" in name else 1), labels, settings


@cache
def expected(name):
    """Return what scikit-learn makes of a case."""
    data, labels, settings = case(name)
    return states(settings, data, labels)


@pytest.mark.parametrize("name", CASES)
def test_every_fit_is_scikit_learns(name):
    """Weights, losses, optimizer, generator, counters: all that eight networks hold is equal."""
    data, labels, settings = case(name)

    assert expected(name) == [state(network) for network in trainer.fit_many(settings, data, labels)]


CONSTANTS = {
    "alpha": [0, 1e-4, 1],
    "momentum": [0.9, 0.5],
    "beta_1": [0.9, 0.8],
    "beta_2": [0.999, 0.99],
    "epsilon": [1e-8, 1e-6],
}


@pytest.mark.parametrize(
    "count", [pytest.param(40, id="quick"), pytest.param(1500, id="full", marks=pytest.mark.slow)]
)
def test_any_shape_is_trained_as_scikit_learn_does(count):
    """Drawn numbers of samples, features, classes, units and layers, batch, the solvers' constants, seed."""
    generator = np.random.default_rng(count)
    for _ in range(count):
        samples, features = int(generator.integers(5, 130)), int(generator.choice([1, 2, 3, 4, 9, 64, 400]))
        data, labels = made(samples, features, int(generator.integers(2, min(samples, 60))))
        setting = {
            "hidden_layer_sizes": tuple(map(int, generator.integers(1, 40, generator.integers(1, 6)))),
            **{name: float(generator.choice(values)) for name, values in CONSTANTS.items()},
            "activation": str(generator.choice(ACTIVATIONS)),
            "solver": str(generator.choice(SOLVERS)),
            "learning_rate_init": float(10 ** generator.uniform(-4, -1)),
            "batch_size": int(generator.integers(1, samples + 9)),
            "random_state": generator.integers(2**32),
            "max_iter": 2,
        }

        with trainer.quiet():
            ((_, network),) = trainer.fits([setting], data, labels, jobs=1)
        assert states([setting], data, labels) == [state(network)], setting


WILD = {"solver": "sgd", "activation": "identity", "learning_rate_init": 1e80, "hidden_layer_sizes": (4, 4)}


@pytest.mark.parametrize("epochs", [1, 12])
def test_rates_that_may_diverge_end_as_in_scikit_learn(epochs):
    """From a rate that learns to one that overflows: the same networks, or scikit-learn's own refusal."""
    settings = [
        {**WILD, "activation": activation, "learning_rate_init": float(10**power), "random_state": 0}
        | {"max_iter": epochs, "batch_size": 20}
        for activation in ACTIVATIONS
        for power in (0, 1, 2, 3, 5, 20, 80, 150)
    ]

    with trainer.quiet():
        found = dict(trainer.fits(settings, X, Y))

    assert states(settings) == [state(found[place]) for place in range(len(settings))]


def test_the_first_refused_setting_raises():
    """What scikit-learn raises for weights that overflow is raised."""
    with pytest.raises(ValueError, match="non-finite"):
        trainer.fit_many([{"random_state": 0, "max_iter": 2}, {**WILD, "random_state": 0}], X, Y)


OTHERS = [
    ({"solver": "lbfgs"}, X),
    ({"early_stopping": True}, X),
    ({"learning_rate": "adaptive", "solver": "sgd"}, X),
    ({"shuffle": False}, X),
    ({"nesterovs_momentum": False, "solver": "sgd"}, X),
    ({"hidden_layer_sizes": (2,) * 16}, X),
    ({}, X.astype(np.float32)),
    ({}, np.asfortranarray(X)),
]


@pytest.mark.parametrize(("setting", "data"), OTHERS, ids=str)
def test_what_the_kernel_does_not_take_is_left_to_scikit_learn(setting, data, monkeypatch):
    """Settings and data outside the kernel's reach give scikit-learn's networks all the same."""
    setting = {"random_state": 4, "max_iter": 5, "hidden_layer_sizes": (6,), **setting}
    monkeypatch.setattr(kernel, "train", None)

    assert states([setting], data) == [state(*trainer.fit_many([setting], data, Y))]


def test_nothing_that_the_kernel_can_do_is_left_to_scikit_learn(monkeypatch):
    """All settings of a report's search are the kernel's."""
    monkeypatch.setattr(MLPClassifier, "_backprop", None)

    assert len(trainer.fit_many(kinds(hidden_layer_sizes=9, max_iter=2), X, Y)) == 8


@pytest.mark.parametrize("reason", ["", "there is no C compiler (cc)"], ids=["kernel", "scikit-learn"])
def test_a_callback_sees_every_epoch(reason, monkeypatch):
    """The network at each epoch is the one that scikit-learn gives for so many epochs, whoever trains."""
    monkeypatch.setattr(trainer, "fallback_reason", lambda: reason)
    settings = [{"hidden_layer_sizes": (6,), "solver": s, "max_iter": 4, "random_state": 0} for s in SOLVERS]
    seen = []

    trainer.fit_many(settings, X, Y, lambda i, n: seen.append((i, n.n_iter_, n.predict_proba(X).tolist())))

    assert sorted(seen) == [
        (place, epochs, by_scikit_learn(setting | {"max_iter": epochs}).predict_proba(X).tolist())
        for place, setting in enumerate(settings)
        for epochs in (1, 2, 3, 4)
    ]


INTERRUPTED = """
import itertools, os, signal
from experiments import numerics
numerics.pin()
import numpy as np
from sklearn.neural_network import MLPClassifier
from experiments import trainer
epochs, ends, came = itertools.count(), MLPClassifier._update_no_improvement_count, []
def interrupt(*_):
    if not came:
        came.append(True)
        raise KeyboardInterrupt
signal.signal(signal.SIGINT, interrupt)
def counted(*arguments):
    if next(epochs) >= {epoch} and not came:  # again where Python missed it, never where it was swallowed
        os.kill(os.getpid(), signal.SIGINT)
    return ends(*arguments)
MLPClassifier._update_no_improvement_count = counted
X = np.random.default_rng(0).normal(size=(2000, 3))
endless = dict(max_iter=10**6, n_iter_no_change=10**6, random_state=0, {more})
try:
    trainer.fit_many([endless] * 4, X, X[:, 0] > 0)
except KeyboardInterrupt:
    print("heeded")
"""


@pytest.mark.parametrize(
    ("epoch", "more"),
    [(5, ""), (60, ""), (60, "early_stopping=True")],
    ids=["probe", "kernel", "scikit-learn"],
)
def test_an_interrupt_ends_training(epoch, more, python):
    """A Ctrl-C ends what would train for days, and no network that was trained in part comes back."""
    assert python(INTERRUPTED.format(epoch=epoch, more=more)) == "heeded\n"


def test_the_probe_survives_another_scikit_learn(monkeypatch):
    """Where the internals that the trainer builds on are gone, the probe says so and nothing is raised."""
    monkeypatch.delattr("sklearn.neural_network._multilayer_perceptron.BaseMultilayerPerceptron._initialize")

    assert "does not fit this scikit-learn (AttributeError" in trainer.probe()


UNDER_A_KERNEL = """
import sys
sys.path.insert(0, "tests/unit")
import test_trainer as t
print(t.trainer.fallback_reason())
print(t.trainer.probe())
settings = t.kinds(hidden_layer_sizes=(20, 12), batch_size=32, max_iter=2)
print(t.states(settings) == [t.state(network) for network in t.trainer.fit_many(settings, t.X, t.Y)])
"""


@pytest.mark.parametrize(
    "blas",
    [
        pytest.param(each.kernels, marks=() if each.kernels in ("Haswell", "Nehalem") else pytest.mark.slow)
        for each in possible(numerics.detect())
    ],
)
def test_other_kernels_are_noticed(blas, python):
    """Under kernels that sum in another order scikit-learn trains; and the probe alone would see it, too."""
    pins = numerics.THREADS | numerics.KERNELS | {"OPENBLAS_CORETYPE": blas, numerics.KEEP: "1"}

    reason, probed, same = python(UNDER_A_KERNEL, **pins).splitlines()

    assert same == "True"
    if blas == "Haswell":
        assert (reason, probed) == ("", "")
    else:
        assert blas in reason
        assert "differ on this machine" in probed


@pytest.fixture
def source(tmp_path, monkeypatch):
    """Return a copy of the kernel's source for one test, which compiles it quickly."""
    monkeypatch.setattr(kernel, "FLAGS", (*kernel.FLAGS, "-O0"))
    monkeypatch.setattr(kernel, "WIDER", ())
    for file in SOURCES:
        shutil.copy(file, tmp_path)
    return tmp_path / kernel.SOURCE.name


def test_without_a_compiler_the_reason_is_said(source, tmp_path, monkeypatch):
    """No compiler, one that fails, another numpy: a sentence each, and nothing is kept."""
    monkeypatch.setenv("CC", str(tmp_path / "none"))
    with pytest.raises(kernel.NoKernelError, match="there is no C compiler"):
        kernel.load(source)
    (tmp_path / "cut").write_text('#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done; echo >"$2"; exit 9\n')
    (tmp_path / "cut").chmod(0o755)
    monkeypatch.setenv("CC", str(tmp_path / "cut"))
    with pytest.raises(kernel.NoKernelError, match="it ended with 9"):
        kernel.load(source)
    monkeypatch.delenv("CC")
    source.write_text("no C", encoding="utf-8")
    with pytest.raises(kernel.NoKernelError, match=r"the C compiler cannot build it: .*kernel\.c:1"):
        kernel.load(source)
    assert list((tmp_path / "__pycache__").iterdir()) == []
    monkeypatch.setattr(kernel, "CENTRES", (1, 2, 3))
    with pytest.raises(kernel.NoKernelError, match="another tanh"):
        kernel.load(source)


def test_the_kernel_is_compiled_once(source, tmp_path, monkeypatch):
    """It is found again by source and flags, and compiled anew when one of them changes."""
    first = kernel.load(source)
    (kept,) = (tmp_path / "__pycache__").glob("*.so")
    written = kept.stat().st_mtime_ns
    kernel.load.cache_clear()

    assert kernel.load(source) is not first
    assert kept.stat().st_mtime_ns == written
    kernel.load.cache_clear()
    kept.unlink()  # never written in place: it is loaded
    kept.write_bytes(b"damaged")
    assert kernel.load(source).room
    kernel.load.cache_clear()
    monkeypatch.setattr(kernel, "FLAGS", (*kernel.FLAGS, "-g"))
    kernel.load(source)
    assert len(list((tmp_path / "__pycache__").iterdir())) == 2


def test_a_folder_that_takes_no_file_costs_time_only(source, tmp_path, monkeypatch):
    """Where nothing can be kept the kernel is compiled for this process, and nothing is left elsewhere."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "__pycache__").write_text("a file in its place")

    assert kernel.load(source).room
    assert not list(tmp_path.glob("kernel-*"))


def test_threads_that_compile_at_once_do_not_disturb_each_other(source, tmp_path):
    """The threads of a cluster's worker all want the kernel first, and each gets it whole."""
    together = threading.Barrier(4)

    def wanted(_):
        together.wait()
        return kernel.load(source)

    with ThreadPoolExecutor(4) as pool:
        assert all(library.room for library in pool.map(wanted, range(4)))
    assert len(list((tmp_path / "__pycache__").iterdir())) == 1


def differs(library):
    """Tell whether the probe or a case finds a difference between a kernel and scikit-learn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "load", lambda: library)
        return trainer.probe() or any(
            expected(name) != [state(network) for network in trainer.fit_many(settings, data, labels)]
            for name, (data, labels, settings) in ((name, case(name)) for name in CASES)
        )


def compiled(folder, old="", new="", *flags, wider=kernel.WIDER):
    """Compile the kernel with one place of its source changed, for vectors of eight or of four."""
    texts = {file.name: file.read_text(encoding="utf-8") for file in SOURCES}
    assert sum(text.count(old) for text in texts.values()) == 1 or not old, old
    for name, text in texts.items():
        (folder / name).write_text(text.replace(old, new) if old else text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "FLAGS", (*kernel.FLAGS, *flags))
        patch.setattr(kernel, "WIDER", wider)
        return kernel.load.__wrapped__(folder / kernel.SOURCE.name)


@pytest.mark.slow
@pytest.mark.parametrize("flag", ["-O0", "-O1", "-O2", "-march=native", "-mtune=znver3"])
@pytest.mark.parametrize("compiler", ["gcc", *filter(shutil.which, ["clang"])])
def test_no_compiler_and_no_optimisation_decides_a_bit(flag, compiler, tmp_path, monkeypatch):
    """Gcc, and clang where it is, from no optimisation to all that this CPU can do: the same networks."""
    monkeypatch.setenv("CC", compiler)

    assert not differs(compiled(tmp_path, "", "", flag))


def test_narrow_vectors_decide_no_bit(tmp_path):
    """With four numbers in a vector, as where the CPU has no more, every case is scikit-learn's."""
    assert not differs(compiled(tmp_path, wider=()))


# One operation, order, bound or constant of the kernel, and what is put in its place.
BREAKAGES = [
    # tanh and exp
    ("| ((ints)x & (long)SIGN)", ""),
    ("_mm256_set1_pd(512), _CMP_NLT_UQ", "_mm256_set1_pd(800), _CMP_NLT_UQ"),
    ("0x1.1111167a4d017p-7", "0x1.12p-7"),
    ("tail + r)", "r)"),
    # products
    ("case BIAS: return x + aside;", "case BIAS: return x;"),
    ("x * (all(1) - aside * aside)", "x - x * (aside * aside)"),
    ("sum[r][j] = fused(a, b[j], sum[r][j]);", "sum[r][j] = a * b[j] + sum[r][j];"),
    ("(s[0] + s[1]) + (s[2] + s[3])", "(s[0] + s[2]) + (s[1] + s[3])"),
    ("#define DEEP 256", "#define DEEP 128"),
    ("(left / 2 + 3) / 4 * 4", "left / 2"),
    ("one_column ? p.a_column == 1 : p.transposed", "p.transposed"),
    # sums
    (
        "((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]))",
        "r[0] + r[1] + r[2] + r[3] + r[4] + r[5] + r[6] + r[7]",
    ),
    ("if (above == 1) b->gradient[n->biases[l]] = pairwise(delta, rows);\n    else ", ""),
    # the loss
    ("log(b->Y[i] ? p : 1 - p)", "log(b->Y[i] ? p : p)"),
    ("total += (of_data", "total = (of_data"),
    # the step
    ("if (i < b->penalised) g = g + t * all(n->alpha);", ""),
    ("(rows & (rows - 1)) == 0", "1"),
    ("m * b1 + g * c1", "m * b1 + (g - m) * c1"),
    ("t + (m * momentum - g)", "t + m"),
    # order and generator
    ("i = n->samples - 1; i > 0", "i = n->samples - 1; i > 1"),
]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(*each, marks=pytest.mark.slow if place % 8 else ())
        for place, each in enumerate(BREAKAGES)
    ],
)
def test_the_probe_sees_a_breakage(old, new, tmp_path, monkeypatch):
    """One changed operation, order, bound or constant, and scikit-learn would train."""
    library = compiled(tmp_path, old, new, "-O1", wider=())
    monkeypatch.setattr(kernel, "load", lambda: library)

    assert "differ on this machine" in trainer.probe()
