"""How far the numbers of 2(b) can be trusted: curves, other seeds, what choosing the best of many adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import numerics, robustness, search, trainer
from experiments.assessment import Assessment, Curve, Optimism, Seeds
from experiments.record import rank

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from sklearn.neural_network import MLPClassifier

    from experiments.assessment import Certificate, Choice
    from experiments.record import Search
    from experiments.robustness import Trial
    from experiments.store import Outcome

SEEDS = 20
LEVEL = 0.95
CHUNK = 250  # bootstrap rounds at once: bounds the memory


def learning(trial: Trial, places: Mapping[str, int]) -> tuple[dict[str, Curve], dict[str, Outcome]]:
    """Train networks, looking at the development set after each epoch; all by the places' names."""
    data, names = trial.data, list(places)
    accuracy: list[dict[int, float]] = [{} for _ in names]  # by the epoch

    def look(number: int, network: MLPClassifier) -> None:
        accuracy[number][network.n_iter_] = float(np.mean(network.predict(data.X_dev) == data.y_dev))

    settings = [trial.settings[place].parameters(trial.seed) for place in places.values()]
    networks = trainer.fit_many(settings, data.X_train, data.y_train, look)
    curves = {
        name: Curve(tuple(map(float, network.loss_curve_)), tuple(seen.values()))
        for name, network, seen in zip(names, networks, accuracy, strict=True)
    }
    samples = search.Data(data.X_train, data.y_train, data.X_dev, data.y_dev)
    fits = [search.Fit(trial.settings[place], trial.seed) for place in places.values()]
    outcomes = map(search.outcome, fits, networks, [samples] * len(fits))
    return curves, dict(zip(names, outcomes, strict=True))


def spread_over_seeds(trial: Trial, places: Mapping[str, int]) -> Seeds:
    """Train default and best with several seeds, the report's first."""
    seeds = [(trial.seed + i) % 2**32 for i in range(SEEDS)]
    outcomes = trial.run(list(places.values()), trial.data.X_train, seeds=seeds)
    return Seeds(
        {
            name: tuple(outcome.dev for outcome in outcomes[i * SEEDS : (i + 1) * SEEDS])
            for i, name in enumerate(places)
        }
    )


def optimism(trial: Trial, found: Search, choice: Choice, predicted: NDArray[Any]) -> Optimism:
    """Estimate what choosing the best adds to its score, from predictions (settings, development samples)."""
    data = trial.data
    # A network that scikit-learn refused has none right; settings that the rule passes over win no draw.
    counts = np.array(found.epochs) > 0
    counts[[other.place for other in choice.passed_over if other.place != choice.place]] = False
    right = (predicted == data.y_dev) & counts[:, None]
    return bootstrap(right, trial.weights, default=trial.default, seed=trial.seed)


def bootstrap(
    right: NDArray[np.bool_], sizes: Sequence[int], *, default: int, seed: int, rounds: int = 2000
) -> Optimism:
    """Estimate how optimistic the best of many settings is, from what each has right (settings, samples).

    Each round draws as many samples as there are, with replacement; the setting that wins on them, by the
    report's own rule with `sizes` for ties, is scored on the samples that were not drawn. These were not seen
    when it was selected, so its score there is not optimistic by selection (B. Efron, J. Am. Stat. Assoc. 78
    (1983) 316-331). With fewer than two samples no round leaves any out: a ValueError.
    """
    samples = right.shape[1]
    order = rank([0] * len(right), sizes)  # by the rule for ties alone: the first of the highest then wins
    hits = right[order].astype(np.float64)
    home = order.index(default)
    champion = int(np.argmax(hits.sum(axis=1)))
    generator = np.random.default_rng(seed)
    rows: list[NDArray[np.float64]] = []
    for start in range(0, rounds, CHUNK):
        draws = generator.integers(samples, size=(min(CHUNK, rounds - start), samples))
        times = np.stack([np.bincount(draw, minlength=samples) for draw in draws]).astype(np.float64)
        winner = np.argmax(hits @ times.T, axis=0)
        drawn = np.einsum("ij,ij->i", hits[winner], times) / samples
        out = times == 0
        left = out.sum(axis=1)
        with np.errstate(invalid="ignore"):
            theirs = (hits[winner] * out).sum(axis=1) / left
            defaults = (hits[home] * out).sum(axis=1) / left
        rows.append(np.column_stack((winner, drawn, theirs, defaults))[left > 0])
    winner, drawn, theirs, defaults = np.concatenate(rows).T
    if not len(winner):
        raise ValueError("the bootstrap needs at least two samples")
    low, high = np.percentile(theirs - defaults, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return Optimism(
        rounds=len(winner),
        selected=float(drawn.mean()),
        left_out=float(theirs.mean()),
        gain=float((theirs - defaults).mean()),
        gain_low=float(low),
        gain_high=float(high),
        winners=len(np.unique(winner)),
        kept=float(np.mean(winner == champion)),
    )


def assess(
    trial: Trial,
    found: Search,
    choice: Choice,
    predicted: NDArray[Any],
    certificate: Certificate | None = None,
) -> Assessment:
    """Compute what the pages say beside the numbers; a given certificate is used as it is."""
    places = {"default": trial.default, "best": choice.place}
    curves, outcomes = learning(trial, places)
    best = predicted[choice.place]
    return Assessment(
        curves=curves,
        epochs={name: len(curve.loss) for name, curve in curves.items()},
        converged={name: outcome.converged for name, outcome in outcomes.items()},
        predicted=tuple(best.tolist()),
        wrong=int(np.sum(best != trial.data.y_dev)),
        seeds=spread_over_seeds(trial, places),
        selection=optimism(trial, found, choice, predicted),
        certificate=certificate or robustness.certify(trial, found, choice),
        environment={**numerics.audit(), "fallback": trainer.fallback_reason()},
    )
