"""How quickly the studio answers, alone and with eight visitors at once.

Usage: python -m benchmarks.studio [--visitors 8] [--asked 20]

Seconds from the command to the page, from an upload to its answer, and of a picture that is
painted at once (512 pixels, the style read before); then many visitors, each asking for many
pictures: how long they take, and how the server's memory grows.
"""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import skimage.data
from PIL import Image


@contextmanager
def studio(folder: Path) -> Iterator[tuple[str, int]]:
    """Run a studio; yield its address and its process's number."""
    command = [sys.executable, "-m", "impasto", "studio", "--history", str(folder / "history")]
    home = {"IMPASTO_HOME": str(folder / "home")}
    with subprocess.Popen(
        command, env={**os.environ, **home}, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        yield program.stdout.readline().strip(), program.pid
        program.send_signal(signal.SIGINT)


def visit(address: str, photo: Path, strength: float, asked: int) -> list[float]:
    """Upload a photograph and ask for it painted; return the seconds of each request."""
    took = []
    with httpx.Client(base_url=address, timeout=120) as client:
        begun = time.perf_counter()
        upload = client.post("api/files", files={"file": photo.read_bytes()}).raise_for_status()
        took.append(time.perf_counter() - begun)
        settings = {"size": 512, "strength": strength}
        body = {"content": upload.json()["id"], "styles": [{"name": "waves"}], "settings": settings}
        for _ in range(asked):
            begun = time.perf_counter()
            client.post("api/paint", json=body).raise_for_status()
            took.append(time.perf_counter() - begun)
    return took


def crowd(address: str, photo: Path, server: int, visitors: int, asked: int) -> None:
    """Print how long many visitors take, and what memory the server needs."""
    took: list[float] = []

    def one(number: int) -> None:
        took.extend(visit(address, photo, 0.5 + number / 20, asked)[1:])

    before = _memory(server)
    threads = [threading.Thread(target=one, args=(number,)) for number in range(visitors)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f"{len(took)} answers, memory {before:.0f} to {_memory(server):.0f} MB")
    print(f"an answer takes {statistics.median(took):.2f} s (median), {max(took):.2f} at most")


def _memory(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--visitors", type=int, default=8)
    parser.add_argument("--asked", type=int, default=20)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="impasto-"))
    photo = folder / "photo.jpg"
    Image.fromarray(skimage.data.astronaut()).save(photo)
    begun = time.perf_counter()
    with studio(folder) as (address, server):
        there = time.perf_counter() - begun
        upload, first, *others = visit(address, photo, 1.0, 6)
        quick = statistics.median(others)
        print(f"page {there:.1f} s, upload {upload:.2f} s, first {first:.2f} s, then {quick:.2f} s")
        for _ in range(2):
            crowd(address, photo, server, arguments.visitors, arguments.asked)


if __name__ == "__main__":
    main()
