"""The report's search, by scikit-learn's GridSearchCV and in lockstep: time, ratio, equality of every bit.

    python benchmarks/search.py [--runs 3] [--seeds 1] [--quick] [--json FILE]

Both sides train every setting of report.toml on every core with the same numeric pins, each in a fresh
process that starts its own workers, and turn by turn, so that whatever else this machine does falls on both.
GridSearchCV's scorer counts dev samples and hashes the weights; both are compared with lockstep's for every
setting and seed.

Where the rest of the time goes is measured too: a bare loop of the BLAS calls and element-wise passes that
the steps consist of, with nothing around it, and of these the products and tanh, expit, sqrt alone.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
import tomllib
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from experiments import portable  # noqa: E402 - found by the line above

PINS = portable.pin()  # before numpy

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    """Measure turn by turn, compare, and print what was found."""
    options = _options()
    if options.side:
        print(json.dumps(SIDES[options.side](options)))
        return
    rows: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
    for run in range(options.runs):
        for side in SIDES:
            rows[side].append(_measured(side, options))
            wall, cpu = rows[side][-1]["seconds"], rows[side][-1]["cpu_seconds"]
            print(f"run {run + 1}, {side}: {wall:.1f} s, {cpu:.1f} s of all cores", file=sys.stderr)
    found = _comparison(rows, options)
    text = json.dumps(found, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")
    sys.exit(found["equal_bits"] != found["fits"])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=3, help="how often each side is measured")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds each setting is trained with")
    parser.add_argument(
        "--quick", action="store_true", help="a twelfth of the space, to try the benchmark out"
    )
    parser.add_argument("--json", type=Path, help="write the result to this file too")
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    return parser.parse_args()


def _measured(side: str, options: argparse.Namespace) -> dict[str, Any]:
    """Run one side in a fresh process; add the time that all its processes computed."""
    command = [sys.executable, __file__, "--side", side, "--seeds", str(options.seeds)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command + ["--quick"] * options.quick,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONWARNINGS": "ignore"},
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    row: dict[str, Any] = json.loads(done.stdout)
    row["cpu_seconds"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return row


def _space(options: argparse.Namespace) -> dict[str, list[Any]]:
    values = tomllib.loads((ROOT / "report.toml").read_text(encoding="utf-8"))["search"]
    if options.quick:
        values |= {"hidden_layer_sizes": [[50], [100, 100]], "activation": ["relu"], "solver": ["adam"]}
    return {
        name: [tuple(v) if isinstance(v, list) else v for v in options] for name, options in values.items()
    }


def _data() -> Any:
    from experiments import dataset  # noqa: PLC0415 - after the pins, as all of numpy

    return dataset.load(ROOT / "data")


def grid_search(options: argparse.Namespace) -> dict[str, Any]:
    """Train by GridSearchCV over all cores, one search for each seed."""
    import numpy as np  # noqa: PLC0415
    from sklearn.model_selection import GridSearchCV, PredefinedSplit  # noqa: PLC0415
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    data, space = _data(), _space(options)
    X, y = np.concatenate((data.X_train, data.X_dev)), np.concatenate((data.y_train, data.y_dev))
    fold = PredefinedSplit(np.repeat([-1, 0], [len(data.X_train), len(data.X_dev)]))
    found = {}
    started = time.perf_counter()
    for seed in range(options.seeds):
        search = GridSearchCV(
            MLPClassifier(random_state=seed), space, scoring=_score, refit=False, cv=fold, n_jobs=-1
        )
        results = search.fit(X, y).cv_results_
        for setting, dev, bits in zip(
            results["params"], results["mean_test_dev"], results["mean_test_bits"], strict=True
        ):
            found[_name(setting, seed)] = [int(dev), f"{int(bits):012x}"]
    return {"seconds": time.perf_counter() - started, "found": found}


def _score(network: Any, X: Any, y: Any) -> dict[str, float]:
    """Count what is right, and hash the weights: 48 bits, which a float64 holds exactly."""
    from experiments import lockstep  # noqa: PLC0415

    return {"dev": float((network.predict(X) == y).sum()), "bits": float(int(lockstep.digest(network), 16))}


def lockstep_search(options: argparse.Namespace) -> dict[str, Any]:
    """Train by our search, all seeds at once."""
    from sklearn.model_selection import ParameterGrid  # noqa: PLC0415

    from experiments import search  # noqa: PLC0415

    data, settings = _data(), list(ParameterGrid(_space(options)))
    started = time.perf_counter()
    outcomes = search.run(
        settings, data.X_train, data.y_train, data.X_dev, data.y_dev, seeds=range(options.seeds)
    )
    seconds = time.perf_counter() - started
    found = {_name(o.setting, o.seed): [o.dev, o.digest] for o in outcomes}
    names = ("hidden_layer_sizes", "batch_size", "activation", "solver")
    epochs = [[*(outcome.setting[name] for name in names), outcome.epochs] for outcome in outcomes]
    return {"seconds": seconds, "found": found, "epochs": epochs}


SIDES: dict[str, Callable[[argparse.Namespace], dict[str, Any]]] = {
    "GridSearchCV": grid_search,
    "lockstep": lockstep_search,
}


def _name(setting: dict[str, Any], seed: int) -> str:
    return json.dumps([sorted((name, str(value)) for name, value in setting.items()), seed])


def _comparison(rows: dict[str, list[dict[str, Any]]], options: argparse.Namespace) -> dict[str, Any]:
    """Put times, ratios, equality and the arithmetic limit together."""
    theirs, ours = rows["GridSearchCV"], rows["lockstep"]
    reference, found = theirs[0]["found"], ours[0]["found"]
    cores = len(os.sched_getaffinity(0))
    bare, products = _limits(ours[0]["epochs"])
    mine = statistics.median(row["cpu_seconds"] for row in ours)
    return {
        "settings": len(reference) // options.seeds,
        "seeds": options.seeds,
        "fits": len(reference),
        "equal_counts": sum(found.get(name, [None])[0] == dev for name, (dev, _) in reference.items()),
        "equal_bits": sum(found.get(name) == both for name, both in reference.items()),
        "seconds": {side: _range([row["seconds"] for row in rows[side]]) for side in rows},
        "ratio": _range([a["seconds"] / b["seconds"] for a, b in zip(theirs, ours, strict=True)]),
        "cpu_seconds": {side: _range([row["cpu_seconds"] for row in rows[side]]) for side in rows},
        "cpu_ratio": _range([a["cpu_seconds"] / b["cpu_seconds"] for a, b in zip(theirs, ours, strict=True)]),
        "arithmetic": {
            "bare_loop_cpu_seconds": round(bare, 2),
            "products_and_functions_cpu_seconds": round(products, 2),
            "share_of_lockstep_in_bare_loop": round(bare / mine, 3),
            "share_of_lockstep_in_products_and_functions": round(products / mine, 3),
        },
        "conditions": {
            "cores": cores,
            "cpu": platform.machine(),
            "load": round(os.getloadavg()[0], 2),
            "pins": portable.sentences(portable.audit(PINS))[0],
        },
    }


def _range(values: list[float]) -> dict[str, float]:
    return {
        "min": round(min(values), 2),
        "median": round(statistics.median(values), 2),
        "max": round(max(values), 2),
    }


def _limits(epochs: list[list[Any]]) -> tuple[float, float]:
    """Return seconds of one core for the bare loop, and for its products and functions alone."""
    data = _data()
    samples, features = data.X_train.shape
    kinds: Counter[tuple[Any, ...]] = Counter()
    for layers, batch, activation, solver, count in epochs:
        kinds[tuple(layers), min(batch, samples), activation, solver] += count
    bare = products = 0.0
    for (layers, batch, activation, solver), count in kinds.items():
        for size, steps in ((batch, samples // batch), (samples % batch, 1)):
            if size:
                whole, part = _step_seconds((features, *layers, 1), size, activation, solver)
                bare, products = bare + whole * steps * count, products + part * steps * count
    return bare, products


def _step_seconds(units: tuple[int, ...], size: int, activation: str, solver: str) -> tuple[float, float]:
    """Time the arithmetic of one step of one network, in a stack of ten, as plain calls on fixed arrays."""
    import numpy as np  # noqa: PLC0415
    from scipy.special import expit  # noqa: PLC0415

    networks = 10
    generator = np.random.default_rng(0)

    def array(*shape: int) -> Any:
        return generator.random((networks, *shape))

    heavy: list[Callable[[], Any]] = []
    light: list[Callable[[], Any]] = []
    A = [array(size, width) for width in units]
    for (fan_in, fan_out), below, above in zip(pairwise(units), A[:-1], A[1:], strict=True):
        weights, bias, gradient, upward = (
            array(fan_in, fan_out),
            array(1, fan_out),
            array(fan_in, fan_out),
            array(size, fan_in),
        )
        heavy += [
            lambda below=below, weights=weights, above=above: np.matmul(below, weights, out=above),
            lambda below=below, above=above, gradient=gradient: np.matmul(
                below.transpose(0, 2, 1), above, out=gradient
            ),
        ]
        light += [
            lambda above=above, bias=bias: np.add(above, bias, out=above),
            lambda above=above, bias=bias: np.add.reduce(above, axis=1, out=bias[:, 0]),
        ]
        if below is not A[0]:
            if fan_out > 1:
                heavy.append(lambda a=above, w=weights, u=upward: np.matmul(a, w.transpose(0, 2, 1), out=u))
            else:
                light.append(lambda a=above, w=weights, u=upward: np.multiply(a, w.transpose(0, 2, 1), out=u))
            other = array(size, fan_in)
            if activation == "relu":
                light += [
                    lambda b=below: np.maximum(b, 0, out=b),
                    lambda b=below, u=upward: np.multiply(u, b != 0, out=u),
                ]
            else:
                function = np.tanh if activation == "tanh" else expit
                heavy.append(lambda b=below, o=other, f=function: f(b, out=o))
                light += [
                    lambda b=below, o=other: np.multiply(b, b, out=o),
                    lambda o=other: np.subtract(1, o, out=o),
                    lambda u=upward, o=other: np.multiply(u, o, out=u),
                ]
    parameters = sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(units))
    p, g, m, v, t = (array(parameters) for _ in range(5))
    passes = 7 if solver == "sgd" else 11
    heavy += [lambda: np.sqrt(v, out=t), lambda: np.divide(g, v, out=t)] * (solver == "adam")
    light += [lambda: np.multiply(m, 0.9, out=m), lambda: np.add(p, t, out=p)] * (passes // 2)

    def seconds(calls: list[Callable[[], Any]]) -> float:
        taken = []
        for _ in range(7):
            started = time.thread_time()
            for _ in range(5):
                for call in calls:
                    call()
            taken.append(time.thread_time() - started)
        return min(taken) / 5 / networks

    both = seconds(heavy + light)
    return both, min(both, seconds(heavy))


if __name__ == "__main__":
    main()
