"""The best setting that another machine finds, too: the rule that chooses it, and the proof that it stays."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from experiments import numerics, search, trainer, workers
from experiments.assessment import Certificate, Choice, Line, Reached
from experiments.errors import SearchError
from experiments.record import PassedOver, Setting, all_weights, rank

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from experiments.dataset import Dataset
    from experiments.record import Search


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

    def run(
        self, places: Sequence[int], X: NDArray[Any], seeds: Sequence[int] | None = None
    ) -> tuple[search.Outcome, ...]:
        """Train some settings on the inputs X."""
        return search.run(
            [self.settings[place].parameters() for place in places],
            X,
            self.data.y_train,
            self.data.X_dev,
            self.data.y_dev,
            seeds=seeds or [self.seed],
            jobs=self.jobs,
            store=self.store,
        )

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

    Parameters
    ----------
    trial
        The search.
    found
        What its settings reached.

    Returns
    -------
    Choice
        The notebook's, bit for bit. If no setting keeps its result, the first of the ranking.
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
    """Return the place of the setting that the rule reports, once it is known what it passes over."""
    ranking, skipped = rank(found.dev, trial.weights), {other.place for other in passed_over}
    return next((place for place in ranking if place not in skipped), ranking[0])


@dataclass(frozen=True)
class Arithmetic:
    """How numbers are computed: OpenBLAS's kernels, numpy's loops, threads."""

    kernels: str
    switched_off: str  # of numpy's loops
    needs: frozenset[str]  # features of the CPU
    threads: int = 1


AVX2 = frozenset({"avx2", "fma"})
AVX512 = AVX2 | {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}
WIDE = numerics.KERNELS["NPY_DISABLE_CPU_FEATURES"]
PINNED = Arithmetic("Haswell", WIDE, AVX2)
ARITHMETICS = (
    PINNED,
    Arithmetic("Haswell", WIDE, AVX2, threads=4),
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
    """See whether the reported setting stays the best where numbers round otherwise.

    All settings are trained once with their inputs moved up. Those that move and whose count reaches the
    reported one's could overtake it: they are trained, with default and best, on all nudged inputs, and by
    scikit-learn in processes that run other kernels.

    Raises
    ------
    SearchError
        If a process dies.
    """
    here = [Reached(dev, epochs) for dev, epochs in zip(found.dev, found.epochs, strict=True)]
    moved = nudged(trial.data.X_train, trial.seed)
    up = trial.reached(range(len(here)), moved["up"])
    unsteady = {place for place, reached in enumerate(here) if up[place] != reached}
    highest = {place: max(here[place].dev, up[place].dev) for place in unsteady}
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
        moved=len(unsteady),
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
    """Train settings by scikit-learn in processes that compute otherwise than this one."""
    pinned = numerics.audit()["pinned"]
    wanted = [each for each in possible(numerics.detect()) if not (pinned and each == PINNED)]
    work = pickle.dumps((trial, places))
    running: list[subprocess.Popen[bytes]] = []
    with ThreadPoolExecutor(trial.jobs) as pool:
        try:
            return list(pool.map(partial(_forced, work, running), wanted))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in running:
                process.kill()
            raise


def _forced(work: bytes, running: list[subprocess.Popen[bytes]], arithmetic: Arithmetic) -> Line:
    """Train settings in a process that computes so."""
    environ = os.environ | dict.fromkeys(numerics.THREADS, str(arithmetic.threads))
    environ |= {numerics.KEEP: "1", "OPENBLAS_CORETYPE": arithmetic.kernels}
    environ["NPY_DISABLE_CPU_FEATURES"] = arithmetic.switched_off
    with subprocess.Popen(
        [sys.executable, "-m", "experiments.robustness", str(os.getpid()), str(arithmetic.threads)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environ,
        cwd=Path(__file__).parents[1],
    ) as process:
        running.append(process)
        said, complained = process.communicate(work)
    if code := process.returncode:
        last_line = complained.decode().strip().rpartition("\n")[2]
        end = signal.Signals(-code).name if code < 0 else last_line
        raise SearchError(f"The process with {arithmetic.kernels} kernels died ({end}): run it again.")
    return msgspec.json.decode(said, type=Line)


def _answer(threads: int) -> None:
    """Train what stdin holds, by scikit-learn, and write what came out to stdout as JSON."""
    threadpool_limits(threads)  # may be more than there are cores
    trial, places = pickle.load(sys.stdin.buffer)  # noqa: S301 - from `_forced` alone
    data, settings = trial.data, [trial.settings[place] for place in places]

    def reach(setting: Setting, X: NDArray[Any]) -> Reached:
        try:
            network = MLPClassifier(**setting.parameters(trial.seed)).fit(X, data.y_train)
        except ValueError:  # its weights overflow
            return Reached(0, 0)
        return Reached(int(np.count_nonzero(network.predict(data.X_dev) == data.y_dev)), int(network.n_iter_))

    with trainer.quiet():
        reached = [reach(setting, data.X_train) for setting in settings]
        moved = nudged(data.X_train, trial.seed).values()
        ranks = [
            (-each.dev, trial.weights[place], place) for each, place in zip(reached, places, strict=True)
        ]
        above = [number for number in range(2, len(places)) if ranks[number] < ranks[1]]
        overtaken = any(all(reach(settings[n], X) == reached[n] for X in moved) for n in above)
    line = _line(_name(numerics.audit()), reached, stays=not overtaken)
    sys.stdout.buffer.write(msgspec.json.encode(line))


if __name__ == "__main__":
    workers.end_with(int(sys.argv[1]))
    _answer(int(sys.argv[2]))
