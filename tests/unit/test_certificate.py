"""The certificate: the same counts under other kernels, or the truth about it."""

import numpy as np
from sklearn.neural_network import MLPClassifier

from experiments import certificate


def test_every_set_that_the_cpu_has_is_run_and_agrees_with_scikit_learn():
    """Counts and margin under the pinned kernels are those of a fit in this process."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2))
    y = np.where(X[:, 0] + X[:, 1] > 0, "b", "a")
    setting = {"hidden_layer_sizes": (5,), "max_iter": 5, "random_state": 0}

    rows = certificate.certify({"default": setting}, X[:30], y[:30], X[30:], y[30:])

    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MLPClassifier(**setting).fit(X[:30], y[:30])
    probabilities = model.predict_proba(X[30:])
    assert [row["kernels"] for row in rows] == ["Haswell, AVX2", "Nehalem, SSE4.2", "SkylakeX, AVX-512"]
    ours = rows[0]["models"]["default"]
    assert ours["train"] == int((model.predict(X[:30]) == y[:30]).sum())
    assert ours["dev"] == int((model.predict(X[30:]) == y[30:]).sum())
    assert np.isclose(ours["margin"], np.abs(probabilities[:, 0] - 0.5).min())


def test_a_set_that_the_cpu_lacks_is_not_run(monkeypatch):
    """Forcing AVX-512 where it is missing would crash: the row says None instead."""
    monkeypatch.setattr(certificate, "look", lambda: type("Machine", (), {"flags": frozenset({"sse4_2"})}))
    X = np.array([[0.0], [1.0], [2.0], [3.0]])
    y = np.array([0, 0, 1, 1])

    rows = certificate.certify({"m": {"max_iter": 1, "random_state": 0}}, X, y, X, y)

    assert [row["models"] is None for row in rows] == [True, False, True]
