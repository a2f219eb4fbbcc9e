"""How quickly the studio answers, alone and with eight visitors at once.

Usage: python -m benchmarks.studio --judge JUDGE.py --data FOLDER [--quick] [--minutes 1]

Seconds from the command to the address that it serves, from an upload to its answer, and of a
picture that is painted at once (512 pixels, the style read before). Then many visitors who upload,
paint, watch runs, and delete, over and over: requests, failures, the server's memory (resident) at
the start, in the middle and at the end, and how long the slowest request and the slowest run took.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from benchmarks.measuring import Options, memory, parser, progress, seconds, table


@contextmanager
def studio(folder: Path) -> Iterator[tuple[str, int]]:
    """Run a studio; yield its address and its process's number."""
    command = [sys.executable, "-m", "impasto", "studio", "--history", str(folder / "history")]
    home = {"IMPASTO_HOME": str(folder / "home")}
    with subprocess.Popen(
        command, env={**os.environ, **home}, stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        try:
            yield program.stdout.readline().strip(), program.pid
        finally:
            program.terminate()


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


class Soak:
    """Many visitors who do what visitors do, until the time is over."""

    def __init__(self, address: str, photo: Path, server: int) -> None:
        self.address, self.photo, self.server = address, photo, server
        self.took: list[float] = []
        self.watched: list[float] = []
        self.failures: list[str] = []

    def run(self, visitors: int, minutes: float) -> None:
        """Let them, and print what was seen."""
        end = time.monotonic() + 60 * minutes
        peaks = [_memory(self.server)]
        threads = [
            threading.Thread(target=self._visit, args=(number, end)) for number in range(visitors)
        ]
        for thread in threads:
            thread.start()
        time.sleep(30 * minutes)
        peaks.append(_memory(self.server))
        for thread in threads:
            thread.join()
        peaks.append(_memory(self.server))
        rows = [
            ["requests; failures of requests and runs", f"{len(self.took)}, {len(self.failures)}"]
        ]
        rows += [
            ["a request, median", seconds(self.took)],
            ["the slowest", f"{max(self.took):.1f} s"],
        ]
        rows += [
            ["runs", str(len(self.watched))],
            ["the slowest run", f"{max(self.watched):.1f} s"],
        ]
        said = ", ".join(map(memory, peaks))
        rows += [["the server's memory at the start, in the middle, at the end", said]]
        rows += [
            [each, f"{self.failures.count(each)} failed"] for each in sorted(set(self.failures))
        ]
        table(f"{visitors} visitors for {60 * minutes:.0f} seconds.", ["", ""], rows)

    def _visit(self, number: int, end: float) -> None:
        with httpx.Client(base_url=self.address, timeout=120) as client:
            turn = number
            while time.monotonic() < end:
                turn += 1
                try:
                    self._once(client, turn)
                except (httpx.HTTPError, KeyError, ValueError) as error:
                    self.failures.append(f"{type(error).__name__}: {error}")

    def _once(self, client: httpx.Client, turn: int) -> None:
        files = {"file": self.photo.read_bytes()}
        id = self._ask(client, "POST", "api/files", files=files).json()["id"]
        style = [{"name": ("waves", "mosaic", "strokes")[turn % 3]}]
        body = {"content": id, "styles": style}
        quick = {"size": 256, "strength": 0.5 + turn % 6 / 10}
        for _ in range(3):
            self._ask(client, "POST", "api/paint", json={**body, "settings": quick})
        slow = {"size": 64, "min_size": 64, "steps": [10]} if turn % 2 else {"method": "fast"}
        run = {"kind": "picture", **body, "settings": {**quick, **slow}}
        begun = time.monotonic()
        state = self._ask(client, "POST", "api/runs", json=run).json()
        with client.stream("GET", f"api/runs/{state['id']}/events") as events:
            said = [line for line in events.iter_lines() if line.startswith("data: ")]
        self.watched.append(time.monotonic() - begun)
        state = json.loads(said[-1].removeprefix("data: "))
        if state["state"] != "done":
            raise ValueError(state["message"])
        self._ask(client, "GET", state["result"])
        self._ask(client, "GET", "api/history")
        for gone in (f"history/{state['history']}", f"runs/{state['id']}", f"files/{id}"):
            self._ask(client, "DELETE", f"api/{gone}")

    def _ask(
        self,
        client: httpx.Client,
        method: str,
        path: str,
        **sent: Any,  # noqa: ANN401
    ) -> httpx.Response:
        begun = time.monotonic()
        answer = client.request(method, path, **sent)
        self.took.append(time.monotonic() - begun)
        return answer.raise_for_status()


def _memory(process: int) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(1024 * float(line.split()[1]) for line in lines if line.startswith("VmRSS"))


def main() -> None:
    """Measure and print."""
    reader = parser(__doc__)
    reader.add_argument("--minutes", type=float, default=1.0)
    words = reader.parse_args()
    given = Options(words.judge, words.data, words.rounds, words.quick)
    photo, _ = given.pairs()[0]
    progress("the studio")
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, studio(Path(folder)) as (address, server):
        there = time.perf_counter() - begun
        upload, first, *others = visit(address, photo, 1.0, 2 if given.quick else 6)
        rows = [
            ["from the command to its address", seconds([there])],
            ["upload", seconds([upload])],
        ]
        rows += [["first picture at once, 512 pixels", seconds([first])]]
        table("Alone.", ["", ""], [*rows, ["the next ones", seconds(others)]])
        visitors, minutes = (2, 0.05) if given.quick else (8, words.minutes)
        Soak(address, photo, server).run(visitors, minutes)


if __name__ == "__main__":
    main()
