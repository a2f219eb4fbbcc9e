"""All cores of one machine: a process for each, which reads, paints and writes."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    Future,
    ProcessPoolExecutor,
    wait,
)
from concurrent.futures.process import BrokenProcessPool
from itertools import islice

from impasto.dataset.painting import Row
from impasto.dataset.plan import Task
from impasto.dataset.running import Job, Worker
from impasto.errors import ImpastoError
from impasto.fast.sessions import limit_threads
from impasto.machine import cores

#: Groups that wait for each worker: memory stays bounded.
_WAITING = 2
_WORKER: Worker


def local(job: Job, groups: Iterable[list[Task]], workers: int | None = None) -> Iterator[Row]:
    """Do all tasks on this machine.

    Args:
        job: What to work on.
        groups: The tasks, in groups.
        workers: Processes; None: as many as there are cores.

    Raises:
        ImpastoError: A worker was killed.
    """
    count, left = workers or cores(), iter(groups)
    running: set[Future[list[Row]]] = set()
    pool = ProcessPoolExecutor(
        count, multiprocessing.get_context("spawn"), initializer=_begin, initargs=(job,)
    )
    try:
        while True:
            for group in islice(left, count * _WAITING - len(running)):
                running.add(pool.submit(_work, group))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield from future.result()
    except BrokenProcessPool as error:
        raise ImpastoError(
            "a worker was killed, perhaps for want of memory: start again with fewer --workers; "
            "it resumes where it stopped"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin(job: Job) -> None:
    global _WORKER
    # Ctrl-C is the main process's matter: what a worker has in hand is finished.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ["OMP_NUM_THREADS"] = "1"
    limit_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _WORKER = Worker(job)


def _end_with_parent() -> None:
    """End this process when the main one is killed, which would leave it waiting for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(group: list[Task]) -> list[Row]:
    return _WORKER(group)
