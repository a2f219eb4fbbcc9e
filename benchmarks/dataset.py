"""How many pictures a second a data set is stylized at.

Usage: python -m benchmarks.dataset --photos FOLDER --styles FOLDER [--count 10000] [--size 224]
           [--engines local,ray] [--nodes 0] [--kills 0]

Makes a data set of crops of photographs, stylizes it, and prints pictures a second with start and
end, those between the first tenth and the last, and memory of all processes at the peak. With
`--nodes`, Ray runs on a cluster of so many nodes of one core each (its memory is not counted), else
as it finds the machine. With `--kills`, kills everything that often at moments by chance and goes
on, and compares the results with an unbroken run's, byte for byte.
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image


def make(photos: Path, folder: Path, count: int, size: int) -> None:
    """Write crops of photographs."""
    dice, paths = random.Random(0), sorted(photos.glob("*.jpg"))
    folder.mkdir()
    for number in range(count):
        with Image.open(paths[number % len(paths)]) as image:
            side = dice.randint(min(image.size) // 2, min(image.size))
            left = dice.randint(0, image.width - side)
            top = dice.randint(0, image.height - side)
            crop = image.convert("RGB").crop((left, top, left + side, top + side))
        crop.resize((size, size)).save(folder / f"{number:05}.jpg", quality=90)


def memory(group: int) -> float:
    """Return megabytes that a group of processes has of its own."""
    total = 0
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(place.name)) == group:
                lines = (place / "smaps_rollup").read_text().splitlines()
                total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        except (OSError, StopIteration):
            continue
    return total / 1024


def run(command: list[str], kill_after: float | None = None) -> tuple[float, float]:
    """Run a command; return seconds and the peak of memory."""
    begun, peak = time.perf_counter(), [0.0]
    quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    program = subprocess.Popen(command, start_new_session=True, **quiet)
    over = threading.Event()

    def look() -> None:
        while not over.wait(1):
            peak[0] = max(peak[0], memory(program.pid))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        program.wait(kill_after)
    except subprocess.TimeoutExpired:
        os.killpg(program.pid, signal.SIGKILL)
        program.wait()
    over.set()
    thread.join()
    return time.perf_counter() - begun, peak[0]


@contextmanager
def cluster(nodes: int) -> Iterator[str]:
    """Run a Ray cluster on this machine, each node with one core; yield its address."""
    if not nodes:
        yield ""
        return
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    for _ in range(nodes - 1):
        made.add_node(num_cpus=1)
    try:
        yield str(made.address)
    finally:
        made.shutdown()  # type: ignore[no-untyped-call]


def digest(folder: Path) -> str:
    """Return what is in a stylized data set, but for the times."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*.jpg")):
        whole.update(path.name.encode() + path.read_bytes())
    lines = (folder / "manifest.csv").read_text().splitlines()
    whole.update("\n".join(line.rpartition(",")[0] for line in lines).encode())
    return whole.hexdigest()


def started(folder: Path) -> float:
    """Return pictures a second between the tenth part of the files and the last."""
    times = sorted(path.stat().st_mtime for path in folder.glob("*.jpg"))
    begun = len(times) // 10
    return (len(times) - begun) / max(1e-9, times[-1] - times[begun])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name in ("photos", "styles"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--engines", default="local")
    parser.add_argument("--nodes", type=int, default=0)
    parser.add_argument("--kills", type=int, default=0)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="impasto-"))
    make(arguments.photos, folder / "photos", arguments.count, arguments.size)
    begin = [sys.executable, "-m", "impasto", "dataset", str(folder / "photos")]
    begin += [str(arguments.styles), "--quiet", "-o"]
    seconds, results = 0.0, []
    for turn, engine in enumerate(arguments.engines.split(",")):
        out = folder / f"{engine}-{turn}"
        command = [*begin, str(out), "--engine", engine]
        with cluster(arguments.nodes if engine == "ray" else 0) as address:
            seconds, peak = run([*command, *(["--address", address] if address else [])])
        rate = arguments.count / seconds
        print(
            f"{engine}: {rate:.1f} pictures a second ({seconds:.0f} s), once started "
            f"{started(out):.1f}; {peak:.0f} MB",
            flush=True,
        )
        results.append(digest(out))
    dice, out = random.Random(), folder / "killed"
    for _ in range(arguments.kills):
        run([*begin, str(out)], dice.uniform(0.2, 1.2) * seconds / (arguments.kills + 1))
        print(f"killed at {len(list(out.glob('*.jpg')))}", flush=True)
    if arguments.kills:
        run([*begin, str(out)])
        results.append(digest(out))
    print("all the same" if len(set(results)) == 1 else "NOT the same")


if __name__ == "__main__":
    main()
