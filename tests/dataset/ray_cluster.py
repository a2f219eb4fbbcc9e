"""A cluster of two nodes on this machine stylizes a data set; one of its workers is killed.

Run by the tests: FOLDER OUT STYLES…; prints how many workers were killed, and what failed. The
example for Ray is in the same cluster, as to start one takes seconds: PHOTOS STYLE OUTPUT in
the environment's EXAMPLE, a line each.
"""

import os
import runpy
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path

import ray
from ray.cluster_utils import Cluster

from impasto.dataset import DatasetOptions, stylize_dataset
from impasto.dataset.engines import _without_reports, open_engine

EXAMPLE = Path(__file__).parents[2] / "examples" / "batch_ray.py"
KILLED: list[int] = []


def is_ours(process: int) -> bool:
    """Tell whether a process descends from this one: others on the machine have clusters too."""
    while process > 1:
        if process == os.getpid():
            return True
        # After the name, which may hold anything but is in parentheses: state, parent.
        status = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2]
        process = int(status.split()[1])
    return False


def kill_one(out: Path, count: int) -> None:
    """Kill a worker of this cluster when so many results are there."""
    while len(list(out.glob("*.png"))) < count:
        time.sleep(0.01)
    for place in Path("/proc").glob("[0-9]*"):
        try:
            name = (place / "cmdline").read_bytes().split(b"\0")[0].decode()
            ours = is_ours(int(place.name))
        except OSError:
            continue
        if ours and name.startswith("ray::MapWorker"):
            os.kill(int(place.name), signal.SIGKILL)
            KILLED.append(int(place.name))
            return


if __name__ == "__main__":
    folder, out, *styles = map(Path, sys.argv[1:])
    with _without_reports():
        cluster = Cluster(initialize_head=True, head_node_args={"include_log_monitor": False})
        cluster.add_node()
    ray.init(address=cluster.address, log_to_driver=False)
    ray.init = partial(ray.init, ignore_reinit_error=True)
    sys.argv = [str(EXAMPLE), *os.environ["EXAMPLE"].splitlines()]
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    threading.Thread(target=kill_one, args=(out, 20), daemon=True).start()
    failed = stylize_dataset(folder, styles, out, DatasetOptions(), open_engine("ray"), 2)
    nodes = len(cluster.list_all_nodes())  # type: ignore[no-untyped-call]
    sys.stdout.write(f"nodes {nodes} killed {len(KILLED)} failed {len(failed)}\n")
    ray.shutdown()
    cluster.shutdown()  # type: ignore[no-untyped-call]
