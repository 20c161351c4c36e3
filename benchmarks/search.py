"""Searches of other sets and with several seeds, against scikit-learn's searches and Optuna.

    python -m benchmarks.search [--runs N] [--quick] [--json FILE]

GridSearchCV and our search train every setting with every seed on every core; GridSearchCV's scorer counts
dev samples and hashes the weights, and both must be ours, bit for bit, network by network. (The report's
own search, with one seed, is compared by `benchmarks.submission`.) Successive halving (HalvingGridSearchCV
over max_iter) and Optuna (TPE with a successive-halving pruner, a process on each core) choose among the same
settings and seeds and stop trainings early, with the CPU time that our exhaustive search took: Optuna
uses it up, halving begins no further round when half of it is gone. Then the best counts of correct dev
samples are compared, of networks trained to their end; halving may also keep one from its last rung. Each run
takes other seeds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks import early, problems
from benchmarks.exhaustive import OURS, THEIRS, best, bests, compared, named
from benchmarks.measurement import Found, Row, Target, program, say, side, turns
from benchmarks.processes import timed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping, Sequence

    from benchmarks.processes import Sample

HALVING, OPTUNA = "HalvingGridSearchCV", "Optuna"
WHY = {
    OPTUNA: "; Optuna trains epoch by epoch (partial_fit), which shuffles otherwise: its networks are other"
    " draws of the same settings, and among few networks luck decides"
}


class Case(NamedTuple):
    """What is searched, with so many seeds at once, and how many times faster ours should be."""

    data: str
    space: str
    seeds: int
    target: Target | None = None


CASES = {
    "shipped, 5 seeds": Case("shipped", problems.PLAIN, 5, Target(10, at_least=True)),
    "breast_cancer, one seed": Case("breast_cancer", problems.SMALL, 1, Target(3, at_least=True)),
    "digits, one seed": Case("digits", problems.SMALL, 1, Target(3, at_least=True)),
}


def measure(options: argparse.Namespace) -> Found:
    """Compare case by case, turn by turn."""
    taken: dict[str, dict[str, list[Sample]]] = {name: {} for name in CASES}
    for number in turns(options):
        for name, case in CASES.items():
            seeds = [number * case.seeds + place for place in range(case.seeds)]
            what = {"data": case.data, "space": case.space, "seeds": seeds, "quick": options.quick}
            for who in (THEIRS, OURS):
                _take(name, who, taken[name], what)
            budget = taken[name][OURS][-1].cpu
            for who in (HALVING, OPTUNA):
                _take(name, who, taken[name], {**what, "budget": budget})
    rows: list[Row] = []
    for name, sides in taken.items():
        rows += compared(name, {who: sides[who] for who in (THEIRS, OURS)}, CASES[name].target)
        rows += [_ahead(name, who, sides[OURS], sides[who]) for who in (HALVING, OPTUNA)]
    return Found(rows, facts={name: _told(case.space, quick=options.quick) for name, case in CASES.items()})


def _told(space: str, *, quick: bool) -> str:
    """Spell a space out."""
    lists = "; ".join(f"{name} {values}" for name, values in problems.values(space, quick=quick).items())
    return f"{len(problems.settings(space, quick=quick))} settings: {lists}"


def _take(name: str, who: str, sides: dict[str, list[Sample]], what: Mapping[str, Any]) -> None:
    """Run one side once."""
    sample = side("search", who, **what)
    sides.setdefault(who, []).append(sample)
    found = sample.answer["best"] if "best" in sample.answer else best(sample)
    say(f"{name}, {who}: {sample.wall:.1f} s, CPU {sample.cpu:.1f} s, best {found}")


def _ahead(name: str, who: str, ours: Sequence[Sample], theirs: Sequence[Sample]) -> Row:
    """Tell how much better our best network is than a peer's, run by run."""
    found = ", ".join(f"{sample.answer['best']} ({sample.answer['did']})" for sample in theirs)
    return Row(
        name,
        f"best dev count, {OURS} - {who}, at equal CPU time",
        [best(we) - they.answer["best"] for we, they in zip(ours, theirs, strict=True)],
        Target(0, at_least=True),
        {OURS: ours, who: theirs},
        note=f"{bests(ours)} against {found}{WHY.get(who, '')}",
    )


def grid_search(data: str, space: str, seeds: Sequence[int], *, quick: bool) -> dict[str, Any]:
    """Train by GridSearchCV over all cores, one search for each seed."""
    from sklearn.model_selection import GridSearchCV  # noqa: PLC0415 - after the pins, as all of numpy
    from sklearn.neural_network import MLPClassifier  # noqa: PLC0415

    X, y, fold = problems.joined(data)
    values, found = problems.values(space, quick=quick), {}
    with timed() as taken:
        for seed in seeds:
            search = GridSearchCV(
                MLPClassifier(random_state=seed), values, scoring=_score, refit=False, cv=fold, n_jobs=-1
            )
            results = search.fit(X, y).cv_results_
            columns = (results[name] for name in ("params", "mean_test_dev", "mean_test_bits"))
            for setting, dev, bits in zip(*columns, strict=True):
                found[named(setting, seed)] = [int(dev), f"{int(bits):012x}"]
    return {**taken, "found": found}


def our_search(data: str, space: str, seeds: Sequence[int], *, quick: bool) -> dict[str, Any]:
    """Train by our search, all seeds at once."""
    from experiments import search  # noqa: PLC0415

    arrays, settings = problems.data(data), problems.settings(space, quick=quick)
    with timed() as taken:
        outcomes = search.run(settings, *arrays, seeds=seeds)
    found = {named(o.setting.parameters(), o.seed): [o.dev, o.digest] for o in outcomes}
    return {**taken, "found": found}


def _score(network: Any, X: Any, y: Any) -> dict[str, float]:
    """Count what is right, and hash the weights: 48 bits, which a float64 holds exactly."""
    from experiments import trainer  # noqa: PLC0415

    return {"dev": problems.count(network, X, y), "bits": float(int(trainer.digest(network), 16))}


SIDES: dict[str, Callable[..., Any]] = {
    THEIRS: grid_search,
    OURS: our_search,
    HALVING: early.halving,
    OPTUNA: early.optuna,
}

if __name__ == "__main__":
    program(__doc__ or "", measure, SIDES, runs=2)
