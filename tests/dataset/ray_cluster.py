"""A cluster of two nodes on this machine stylizes a data set; one of its workers is killed.

Run by the tests: FOLDER OUT STYLES…; prints how many workers were killed, and what failed.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import ray
from ray.cluster_utils import Cluster

from impasto.dataset import DatasetOptions, stylize_dataset
from impasto.dataset.engines import open_engine

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
        time.sleep(0.05)
    for place in Path("/proc").glob("[0-9]*"):
        try:
            name = (place / "cmdline").read_bytes().split(b"\0")[0].decode()
            ours = is_ours(int(place.name))
        except OSError:
            continue
        if ours and name.startswith("ray::") and "Actor" in name:
            os.kill(int(place.name), signal.SIGKILL)
            KILLED.append(int(place.name))
            return


if __name__ == "__main__":
    folder, out, *styles = map(Path, sys.argv[1:])
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    cluster.add_node(num_cpus=1)
    ray.init(address=cluster.address, log_to_driver=False)
    killer = threading.Thread(target=kill_one, args=(out, 40), daemon=True)
    killer.start()
    failed = stylize_dataset(folder, styles, out, DatasetOptions(), open_engine("ray"), 2)
    nodes = len(cluster.list_all_nodes())  # type: ignore[no-untyped-call]
    sys.stdout.write(f"nodes {nodes} killed {len(KILLED)} failed {len(failed)}\n")
    ray.shutdown()
    cluster.shutdown()  # type: ignore[no-untyped-call]
