"""What runs the workers: a process for each core of one machine, or actors of Ray on many."""

import json
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from typing import Any

from impasto.batch.running import as_done
from impasto.dataset.painting import DatasetStylizer, Job, Row
from impasto.dataset.plan import SHARD, Task
from impasto.dataset.shards import painted_shard
from impasto.dataset.stores import open_store
from impasto.errors import ImpastoError, MissingExtraError, SettingsError
from impasto.fast.sessions import limit_threads
from impasto.machine import cores

#: job, groups of tasks, workers (None: one a core) -> rows.
Engine = Callable[[Job, Iterable[list[Task]], "int | None"], Iterator[Row]]
#: Files that a worker has in hand at once: one is read or written while another is painted.
_IN_HAND = 2
#: Seconds after which a signal to a group of processes has reached all.
_LATER = 0.3


class Worker:
    """Does groups of tasks; each process, or actor of a cluster, has one."""

    def __init__(self, job: Job) -> None:
        self.source, self.target = open_store(job.source), open_store(job.target)
        self.stylizer = DatasetStylizer(job)

    def __call__(self, tasks: Sequence[Task]) -> list[Row]:
        """Do some tasks: read, paint, write; a failure is a row too."""
        with ThreadPoolExecutor(_IN_HAND) as threads:
            return [row for rows in threads.map(self._done, tasks) for row in rows]

    def _done(self, task: Task) -> list[Row]:
        members: list[Row] = []

        def make() -> tuple[bytes, bool]:
            most = self.stylizer.options.max_bytes
            content, painted = self.source.read(task.source, most), False
            if task.source.endswith(SHARD):
                content, rows = painted_shard(task.source, content, self.stylizer)
                members.extend(rows)
            else:
                beside = self.source.read(task.beside, most) if task.beside else None
                content, painted = self.stylizer.made(task, content, beside)
            self.target.write(task.path, content)
            return content, painted

        row, made = self.stylizer.attempt(task, make)
        return [row] if made is None else [*members, row]


_WORKER: Worker


def open_engine(name: str, address: str | None = None) -> Engine:
    """Return what runs the workers: `local`, or `ray` on a cluster, at an address `host:port`."""
    if name not in ("local", "ray"):
        raise SettingsError(f"engine is local or ray; not {name}")
    if name == "ray" and find_spec("ray") is None:
        raise MissingExtraError("engine ray", "scale")
    return local if name == "local" else partial(on_ray, address=address)


def local(job: Job, groups: Iterable[list[Task]], workers: int | None = None) -> Iterator[Row]:
    """Do all tasks on this machine; a worker that was killed is an `ImpastoError`."""
    count, spawning = workers or cores(), multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(count, spawning, initializer=_begin, initargs=(job,))
    try:
        for rows in as_done(pool, _work, groups, count):
            yield from rows
    except BrokenProcessPool as error:
        # What ended the worker may be on its way to this process too: it says so better.
        time.sleep(_LATER)
        raise ImpastoError(
            "a worker was killed, perhaps for want of memory: start again with fewer --workers; "
            "it resumes where it stopped"
        ) from error


def _begin(job: Job) -> None:
    global _WORKER
    # Ctrl-C and a closed terminal are the main process's matter: what a worker has in hand is
    # finished. SIGTERM stays: with it the pool ends workers when one of them was killed.
    for name in {"SIGINT", "SIGHUP"} & set(dir(signal)):
        signal.signal(getattr(signal, name), signal.SIG_IGN)
    os.environ["OMP_NUM_THREADS"] = "1"
    limit_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _WORKER = Worker(job)


def _end_with_parent() -> None:
    """End this process when the main one is killed, which would leave it waiting for ever."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


def _work(group: list[Task]) -> list[Row]:
    return _WORKER(group)


class Actor:
    """A worker on a node of a cluster; it writes results, and rows go back."""

    def __init__(self, job: Job) -> None:
        limit_threads(1)
        self._worker = Worker(job)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Do the groups of a batch."""
        groups = [[Task(*task) for task in json.loads(text)] for text in batch["tasks"]]
        return {"row": [json.dumps(row) for group in groups for row in self._worker(group)]}


@contextmanager
def _without_reports() -> Iterator[None]:
    """Keep Ray from starting the process that is its dashboard, or else reports its usage.

    Even where that is switched off it asks the network which cloud this is.
    """
    from ray._private import node

    starts: Any = node.Node
    real = starts.start_api_server
    starts.start_api_server = lambda *_, **__: None
    try:
        yield
    finally:
        starts.start_api_server = real


def on_ray(
    job: Job, groups: Iterable[list[Task]], workers: int | None = None, address: str | None = None
) -> Iterator[Row]:
    """Do all tasks on a Ray cluster, from whose nodes the folders of the job can be reached.

    Ray starts an actor that is lost anew, and gives it the group that it had: its files are
    written once more, the same bytes, and each row comes once. Without an address, the cluster is
    the one that is running, or one of this machine.
    """
    import ray

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    if not ray.is_initialized():
        quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        with _without_reports():
            ray.init(address=address, include_dashboard=False, **quiet)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
    count = workers or max(1, int(resources.get("CPU", 1)))
    items = [{"tasks": json.dumps(group)} for group in groups]
    if not items:
        return
    done = ray.data.from_items(items, override_num_blocks=len(items)).map_batches(
        Actor,
        fn_constructor_args=(job,),
        batch_size=1,
        num_cpus=1,
        compute=ray.data.ActorPoolStrategy(size=min(count, len(items))),
    )
    yield from (Row(*json.loads(batch["row"])) for batch in done.iter_rows())
