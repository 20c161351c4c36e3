"""Tasks on a Dask cluster, whose workers are watched."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import time
from typing import TYPE_CHECKING, Any, TypeVar

from experiments.errors import SearchError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")  # a task
D = TypeVar("D")  # the data
R = TypeVar("R")  # a result

ANSWER = 10.0  # seconds within which a scheduler must answer, and a first worker join
PATIENCE = 60.0  # seconds without any worker after which a search gives up
GONE = "The scheduler {} is gone: start it and run it again; what was finished is kept."


@contextlib.contextmanager
def connected(scheduler: str) -> Iterator[Any]:
    """Return a client of a cluster that has at least one worker, or say what is missing."""
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
        yield client
    except TimeoutError as error:
        raise SearchError(
            f"The scheduler {scheduler} has no workers: start some with 'dask worker {scheduler}'."
        ) from error
    finally:
        client.close(timeout=ANSWER)


def results(client: Any, function: Callable[[T, D], R], tasks: Sequence[T], data: D) -> Iterator[R]:
    """Yield ``function(task, data)`` for all tasks as they are done, to be started in this order.

    A task whose worker dies is done again by another one. The data travel once to each worker, and are made
    anew if all workers that held them are gone. A SearchError says that the scheduler or the last worker is
    lost, or that a worker fails for good.
    """
    address = client.scheduler.address
    done: queue.SimpleQueue[Any] = queue.SimpleQueue()
    shared = client.submit(_itself, data, pure=False)
    futures = client.map(function, tasks, data=shared, pure=False)
    for each in futures:
        each.add_done_callback(done.put)
    seen = time.monotonic()
    left = len(futures)
    while left:
        future: Any = None
        try:
            future = done.get(timeout=1)
            result: R = future.result(timeout=ANSWER)
        except (queue.Empty, TimeoutError):
            seen = _watched(client, address, seen)
            if future:  # its worker died with the result: it is computed again, if there is another one
                done.put(future)
            continue
        except (Exception, asyncio.CancelledError) as error:
            raise _told(error, address) from error
        left, seen = left - 1, time.monotonic()
        yield result


def _itself(data: D) -> D:
    """Return the data: the result of a task can be computed again, unlike scattered data."""
    return data


def _watched(client: Any, address: str, seen: float) -> float:
    """Return when a worker was seen last."""
    try:
        # Asked for each time: what the client itself notes every two seconds lists no workers.
        workers = client.nthreads() if client.status == "running" else None
    except (OSError, RuntimeError, AttributeError, asyncio.CancelledError):
        workers = None
    if workers is None:
        raise SearchError(GONE.format(address))
    if workers:
        return time.monotonic()
    if time.monotonic() - seen > PATIENCE:
        raise SearchError(
            f"The scheduler {address} has lost all its workers: start some and run it again; what was"
            " finished is kept."
        )
    return seen


def _told(error: BaseException, scheduler: str) -> BaseException:
    """Describe an error of the cluster; any other is a bug of the program and is left as it is."""
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
    if "Cancelled" in name:  # as all tasks are without a scheduler
        return SearchError(GONE.format(scheduler))
    if isinstance(error, OSError) or name == "CommClosedError":
        return SearchError(
            f"The cluster at {scheduler} failed ({name}): run it again; what was finished is kept."
        )
    return error
