"""The best setting that another machine finds, too: the rule that chooses it, and its certificate."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from experiments import numerics, search, trainer, workers
from experiments.assessment import Certificate, Choice, Line, Reached
from experiments.record import PassedOver, Setting, all_weights, rank

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from numpy.typing import NDArray

    from experiments.dataset import Dataset
    from experiments.record import Search
    from experiments.store import Outcome
    from experiments.workers import Call


@dataclass(frozen=True, eq=False)
class Trial:
    """The settings of a search, to be trained again: with other inputs, other seeds, other arithmetic."""

    data: Dataset
    settings: Sequence[Setting]
    seed: int
    jobs: int = 1
    store: Path | None = None  # where what was trained is kept

    @property
    def default(self) -> int:
        """The place of the default setting."""
        return self.settings.index(Setting().clipped(len(self.data.X_train)))

    @property
    def weights(self) -> list[int]:
        """The number of weights of each setting's network."""
        return all_weights(self.settings, self.data.X_train.shape[1], len(self.data.classes))

    def run(self, places: Sequence[int], X: NDArray[Any], **options: Any) -> tuple[Outcome, ...]:
        """Train some settings on the inputs X; the options are those of `search.run`."""
        data, settings = self.data, [self.settings[place] for place in places]
        options = {"seeds": [self.seed], "jobs": self.jobs, "store": self.store, **options}
        return search.run(settings, X, data.y_train, data.X_dev, data.y_dev, **options)

    def reached(self, places: Sequence[int], X: NDArray[Any]) -> list[Reached]:
        """Train some settings on the inputs X, and count."""
        return [Reached(outcome.dev, outcome.epochs) for outcome in self.run(places, X)]


def nudged(X: NDArray[Any], seed: int) -> dict[str, NDArray[Any]]:
    """Move all inputs by one unit in the last place: up, down, and at random up or down."""
    up, down = np.nextafter(X, np.inf), np.nextafter(X, -np.inf)
    mixed = np.where(np.random.RandomState(seed).rand(*X.shape) < 0.5, up, down)
    return {"up": up, "down": down, "at random": mixed}


def choose(trial: Trial, found: Search) -> Choice:
    """Apply the rule: the first of the ranking that keeps count and epochs when the inputs are nudged.

    The choice is the notebook's, bit for bit. If no setting keeps its result, it is the first of the ranking.
    """
    ranking = rank(found.dev, trial.weights)
    moved = nudged(trial.data.X_train, trial.seed).values()
    passed_over: list[PassedOver] = []
    for place in ranking:
        again = [trial.reached([place], X)[0] for X in moved]
        if set(again) == {Reached(found.dev[place], found.epochs[place])}:
            return Choice(place, tuple(passed_over))
        passed_over.append(PassedOver(place, (found.dev[place], *(each.dev for each in again))))
    return Choice(ranking[0], tuple(passed_over))


def reported(trial: Trial, found: Search, passed_over: Sequence[PassedOver]) -> int:
    """Return the place of the setting that the rule reports, given what it passes over."""
    ranking, skipped = rank(found.dev, trial.weights), {other.place for other in passed_over}
    return next((place for place in ranking if place not in skipped), ranking[0])


@dataclass(frozen=True)
class Arithmetic:
    """How numbers are computed: OpenBLAS's kernels and numpy's loops."""

    kernels: str
    switched_off: str  # of numpy's loops
    needs: frozenset[str]  # features of the CPU


AVX2 = frozenset({"avx2", "fma"})
AVX512 = AVX2 | {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}
WIDE = numerics.KERNELS["NPY_DISABLE_CPU_FEATURES"]
PINNED = Arithmetic("Haswell", WIDE, AVX2)
THREADS = 4
REACH = 0.05  # of the development samples: settings that score less are not tried
ARITHMETICS = (
    PINNED,
    Arithmetic("SkylakeX", "", AVX512),
    Arithmetic("Sandybridge", WIDE, AVX2),
    Arithmetic("Nehalem", f"X86_V3 {WIDE}", frozenset({"sse4_2"})),  # no FMA
)


def possible(machine: numerics.Machine) -> tuple[Arithmetic, ...]:
    """List what can be forced on a machine."""
    if numerics.obstacles(machine):
        return ()
    return tuple(each for each in ARITHMETICS if each.needs <= machine.flags)


def certify(trial: Trial, found: Search, choice: Choice) -> Certificate:
    """Test whether the reported setting stays the best where numbers round differently.

    All settings within reach of the reported one are trained once with their inputs moved up. Those that move
    and whose count reaches the reported one's could overtake it: they are trained, with default and best, on
    all nudged inputs, and by scikit-learn on more threads and in processes that run other kernels.
    """
    here = [Reached(dev, epochs) for dev, epochs in zip(found.dev, found.epochs, strict=True)]
    moved = nudged(trial.data.X_train, trial.seed)
    floor = here[choice.place].dev - REACH * len(trial.data.y_dev)
    near = [place for place, reached in enumerate(here) if reached.dev >= floor]
    up = dict(zip(near, trial.reached(near, moved["up"]), strict=True))
    highest = {place: max(here[place].dev, up[place].dev) for place in near if up[place] != here[place]}
    unsteady = len(highest)
    highest |= {other.place: max(other.dev) for other in choice.passed_over}
    rivals = sorted(
        place for place, dev in highest.items() if dev >= here[choice.place].dev and place != choice.place
    )
    places = [trial.default, choice.place, *rivals]
    lines = [_line(_name(numerics.audit()), [here[place] for place in places], stays=True)]
    for name, X in moved.items():
        lines.append(_line(f"inputs moved {name}", trial.reached(places, X), stays=choice.reproducible))
    lines += _elsewhere(trial, places)
    return Certificate(
        lines=tuple(lines),
        rivals=tuple(rivals),
        near=len(near),
        moved=unsteady,
        obstacle="; ".join(numerics.obstacles(numerics.detect())),
    )


def _line(arithmetic: str, reached: Sequence[Reached], *, stays: bool) -> Line:
    default, best, *rivals = reached
    return Line(arithmetic, default, best, tuple(rivals), stays)


def _name(environment: Mapping[str, Any]) -> str:
    """Name the arithmetic that an audit found."""
    kernels = sorted({entry["architecture"] for entry in environment["blas"]}) or ["unknown"]
    threads = max((entry["threads"] for entry in environment["blas"]), default=1)
    return f"{'/'.join(kernels)}, {environment['simd']}, {threads} thread{'s' * (threads != 1)}"


def _elsewhere(trial: Trial, places: list[int]) -> list[Line]:
    """Train settings by scikit-learn on more threads, and in processes that run other kernels."""
    pinned = numerics.audit()["pinned"]
    wanted = [each for each in possible(numerics.detect()) if not (pinned and each == PINNED)]
    with contextlib.ExitStack() as ending:
        pool = ending.enter_context(ThreadPoolExecutor(trial.jobs))
        forced = pool.map(
            lambda call: call(_by_scikit_learn, trial, places),
            [ending.enter_context(_process(each)) for each in wanted],
        )
        with threadpool_limits(THREADS):  # may be more than there are cores
            return [_by_scikit_learn(trial, places), *forced]


def _process(arithmetic: Arithmetic) -> AbstractContextManager[Call]:
    """Start a process that runs other kernels."""
    kernels = {"OPENBLAS_CORETYPE": arithmetic.kernels, "NPY_DISABLE_CPU_FEATURES": arithmetic.switched_off}
    name = f"The process with {arithmetic.kernels} kernels"
    return workers.process(name, {**numerics.THREADS, numerics.KEEP: "1", **kernels})


def _by_scikit_learn(trial: Trial, places: Sequence[int]) -> Line:
    """Train settings as numbers are computed in this process, and apply the rule to them.

    Of the rivals those alone are trained with their inputs moved that rank above the best setting here.
    """

    def reach(place: int, X: NDArray[Any]) -> Reached:
        data, parameters = trial.data, trial.settings[place].parameters(trial.seed)
        try:
            network = MLPClassifier(**parameters).fit(X, data.y_train)
        except ValueError:  # its weights overflow
            return Reached(0, 0)
        return Reached(int(np.count_nonzero(network.predict(data.X_dev) == data.y_dev)), int(network.n_iter_))

    with trainer.quiet():
        found = [reach(place, trial.data.X_train) for place in places]
        moved = nudged(trial.data.X_train, trial.seed).values()
        order = [(-each.dev, trial.weights[p], p) for each, p in zip(found, places, strict=True)]
        above = [number for number in range(2, len(places)) if order[number] < order[1]]
        overtaken = any(all(reach(places[number], X) == found[number] for X in moved) for number in above)
    return _line(_name(numerics.audit()), found, stays=not overtaken)
