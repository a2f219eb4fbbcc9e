"""Many machines: the same worker as an actor of Ray Data."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from typing import Any

from impasto.dataset.painting import Row
from impasto.dataset.plan import Task
from impasto.dataset.running import Job, Worker
from impasto.errors import MissingExtraError
from impasto.fast.sessions import limit_threads


class Actor:
    """A worker on a node; results are written by it, rows go back.

    Args:
        job: What it works on; its folders have to be reachable from all nodes.
    """

    def __init__(self, job: Job) -> None:
        limit_threads(1)
        self._worker = Worker(job)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Do the groups of a batch."""
        groups = [[Task(*task) for task in json.loads(text)] for text in batch["tasks"]]
        return {"row": [json.dumps(row) for group in groups for row in self._worker(group)]}


class RayEngine:
    """Does tasks on a Ray cluster.

    Args:
        address: Of the cluster; None: the one that is running, or one of this machine.

    Raises:
        MissingExtraError: Ray is not installed.
    """

    def __init__(self, address: str | None = None) -> None:
        try:
            import ray  # noqa: F401
        except ImportError as error:
            raise MissingExtraError("engine ray", "scale") from error
        self.address = address

    def __call__(
        self, job: Job, groups: Iterable[list[Task]], workers: int | None = None
    ) -> Iterator[Row]:
        """Yield the rows of all tasks, as they are done.

        Ray starts an actor that is lost anew, and gives it the group that it had: its files are
        written once more, the same bytes, and each row comes once.
        """
        import ray

        logging.getLogger("ray.data").setLevel(logging.ERROR)
        if not ray.is_initialized():
            ray.init(
                address=self.address,
                log_to_driver=False,
                logging_level=logging.ERROR,
                include_dashboard=False,
            )
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
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
        for batch in done.iter_rows():
            yield Row(*json.loads(batch["row"]))
