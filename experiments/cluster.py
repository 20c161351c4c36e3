"""A search on a Dask cluster: joblib hands the tasks out, and a watch is kept on the cluster."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from typing import TYPE_CHECKING, Any

from joblib import Parallel, delayed, parallel_config
from joblib._dask import DaskDistributedBackend

from experiments.errors import SearchError
from experiments.workload import work

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from experiments.workload import Data, Report, Task

ANSWER = 10.0  # seconds in which a scheduler has to answer, and a first worker to be there
PATIENCE = 60.0  # seconds without any worker after which a search gives up
ATTEMPTS = 3  # at handing out data that have been lost with their workers
END = object()


def cores(scheduler: str) -> int:
    """Count the threads of a cluster's workers, of which at least one has to be there.

    Raises
    ------
    SearchError
        If the scheduler does not answer, or there is no worker.
    """
    client = _connected(scheduler)
    try:
        return sum(client.nthreads().values())
    finally:
        client.close(timeout=ANSWER)


def spread(tasks: Mapping[int, Task], data: Data, scheduler: str) -> Generator[Report]:
    """Yield the reports of tasks done on a cluster, as they come in.

    A task whose worker dies is done again by another one. The data travel once to each worker.

    Parameters
    ----------
    tasks
        By number, to be started in this order.
    data
        The samples.
    scheduler
        The address, such as ``tcp://host:8786``.

    Raises
    ------
    SearchError
        If the scheduler does not answer or goes away, there is no worker, or a worker fails for good.
    """
    client = _connected(scheduler)
    left = dict(tasks)
    losses = 0
    try:
        watch = _watch(client, scheduler)
        while left:
            reports: queue.SimpleQueue[Any] = queue.SimpleQueue()
            threading.Thread(target=_run, args=(dict(left), data, client, reports), daemon=True).start()
            for report in _received(reports, watch):
                if not isinstance(report, BaseException):
                    del left[report.number]
                    yield report
                elif "Cancelled" in type(report).__name__ and losses < ATTEMPTS:
                    losses += (
                        1  # the only workers that held the data have died: hand out data and the rest anew
                    )
                    break
                else:
                    raise _told(report, scheduler) from report
    finally:
        client.close(timeout=ANSWER)


def _received(reports: queue.SimpleQueue[Any], watch: Iterator[None]) -> Iterator[Any]:
    """Yield what comes in, up to END, and look at the cluster while nothing does."""
    while True:
        try:
            report = reports.get(timeout=1)
        except queue.Empty:
            next(watch)
            continue
        if report is END:
            return
        yield report


def _connected(scheduler: str) -> Any:
    """Return a client of a cluster that has at least one worker."""
    try:
        from distributed import Client  # noqa: PLC0415 - an extra, needed here only
    except ImportError as error:
        raise SearchError("A cluster needs the package distributed: pip install distributed.") from error
    try:
        client: Any = Client(scheduler, timeout=ANSWER, set_as_default=False)
    except (OSError, ValueError, AssertionError) as error:  # the last: its own thread did not start in time
        raise SearchError(
            f"The scheduler {scheduler} does not answer: check that it runs and that the address is right."
        ) from error
    try:
        client.wait_for_workers(1, timeout=ANSWER)
    except OSError as error:
        client.close()
        raise SearchError(
            f"The scheduler {scheduler} has no workers: start some with 'dask worker {scheduler}'."
        ) from error
    return client


class _Backend(DaskDistributedBackend):  # type: ignore[misc]
    """joblib's backend for Dask, which sends the tasks out even if the cluster has a single core yet.

    Parameters
    ----------
    client
        Of the cluster.
    data
        Sent to all workers that are there; those that come later fetch them from another one.
    """

    def __init__(self, client: Any, data: Data) -> None:
        super().__init__(client=client)
        # Under a key of their own each time: a worker that was fetching them from one that died forgets the
        # key after it has come again, and waits for ever for what the scheduler takes it to have.
        futures = client.scatter([data], broadcast=True, hash=False)
        self._scatter, self.data_futures = [data], {id(data): futures[0]}

    def effective_n_jobs(self, n_jobs: int) -> int:
        """Return the cluster's cores, but at least two: with one, joblib would work in this very process."""
        cores: int = super().effective_n_jobs(n_jobs)
        return max(2, cores)


def _run(tasks: Mapping[int, Task], data: Data, client: Any, reports: queue.SimpleQueue[Any]) -> None:
    """Put every report, and at last END or the error that ended it all, into the queue."""
    try:
        client.wait_for_workers(1)  # the thread that waits for us gives up in time
        with parallel_config(backend=_Backend(client, data)):
            parallel = Parallel(n_jobs=-1, return_as="generator_unordered", batch_size=1, pre_dispatch="all")
            for report in parallel(delayed(work)(number, task, data) for number, task in tasks.items()):
                reports.put(report)
        reports.put(END)
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - carried over to the thread that waits
        reports.put(error)


def _watch(client: Any, scheduler: str) -> Iterator[None]:
    """Look at the cluster each time it is asked for its next value."""
    seen = time.monotonic()
    while True:
        try:
            # Asked for each time: what the client itself notes every two seconds lists no workers.
            workers = client.nthreads()
        except (OSError, RuntimeError, AttributeError, asyncio.CancelledError) as error:
            raise SearchError(
                f"The scheduler {scheduler} is gone: start it and run it again; what was finished is kept."
            ) from error
        if workers:
            seen = time.monotonic()
        elif time.monotonic() - seen > PATIENCE:
            raise SearchError(
                f"The scheduler {scheduler} has lost all its workers: start some and run it again; what was"
                " finished is kept."
            )
        yield


def _told(error: BaseException, scheduler: str) -> BaseException:
    """Put an error of the cluster into words; any other is a bug of ours and stays as it is."""
    name = type(error).__name__
    if name == "KilledWorker":
        return SearchError(
            f"A task has killed one worker of {scheduler} after another: look at a worker's log (is there"
            " enough memory?) and run it again; what was finished is kept."
        )
    if isinstance(error, ModuleNotFoundError):
        return SearchError(
            f"A worker of {scheduler} lacks the module {error.name}: start the workers in this folder, with"
            " this Python environment."
        )
    if isinstance(error, OSError) or name in ("CancelledError", "CommClosedError", "TimeoutError"):
        return SearchError(
            f"The cluster at {scheduler} failed ({name}): run it again; what was finished is kept."
        )
    return error
