"""What all parts share: their options, pairs of pictures, commands that are measured, tables."""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

#: Bytes of a unit of `ru_maxrss`.
_UNIT = 1 if sys.platform == "darwin" else 1024


class Options(NamedTuple):
    """Of a part: the judge's file, the folder of pictures, how often, and whether to rehearse."""

    judge: Path
    data: Path
    rounds: int
    quick: bool

    def pairs(self) -> list[tuple[Path, Path]]:
        """Return contents and styles of `pairs.csv`; to rehearse, the first alone."""
        with (self.data / "pairs.csv").open(encoding="utf-8", newline="") as file:
            rows = [
                (self.data / row["content"], self.data / row["style"])
                for row in csv.DictReader(file)
            ]
        return rows[:1] if self.quick else rows


class Measured(NamedTuple):
    """A command that has ended."""

    seconds: float
    peak: int  # bytes, resident, of its largest process
    said: str  # on both of its streams


def parser(about: str | None) -> argparse.ArgumentParser:
    """Return what reads the options that all parts have."""
    made = argparse.ArgumentParser(description=(about or "").partition("\n")[0])
    for name in ("judge", "data"):
        made.add_argument(f"--{name}", type=Path, required=True)
    made.add_argument("--rounds", type=int, default=3)
    made.add_argument("--quick", action="store_true", help="small, and once, to rehearse")
    return made


def options(about: str | None) -> Options:
    """Read the command line of a part."""
    given = parser(about).parse_args()
    rounds = 1 if given.quick else given.rounds
    return Options(given.judge.absolute(), given.data.absolute(), rounds, given.quick)


def run(*command: object) -> Measured:
    """Run a command to its end and measure it; a failure ends this program with what it said.

    The system counts a process's memory from before it becomes another program: its peak is no less
    than what this process has, which therefore has to be small.
    """
    begun = time.perf_counter()
    words = [str(word) for word in command]
    with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
        process = subprocess.Popen(words, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        text = said.read()
    if process.returncode:
        raise SystemExit(f"{' '.join(words[1:])}\n{text}")
    return Measured(seconds, usage.ru_maxrss * _UNIT, text)


def impasto(*words: object) -> Measured:
    """Run a command of impasto."""
    return run(sys.executable, "-m", "impasto", *words)


def one_run(photo: Path, style: Path, again: int = 0, **settings: object) -> dict[str, Any]:
    """Return what `benchmarks.one_run` says, and the peak of its memory."""
    words = (photo, style, json.dumps(settings), repr(time.time()), again)
    made = run(sys.executable, "-m", "benchmarks.one_run", *words)
    lines = made.said.splitlines()
    found: dict[str, Any] = json.loads(next(line for line in reversed(lines) if line[:1] == "{"))
    return {**found, "peak": made.peak}


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table with a sentence above it."""
    print(f"{title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(flush=True)


def progress(text: str) -> None:
    """Say what is being done, to whoever watches."""
    print(text, file=sys.stderr, flush=True)


def seconds(values: Iterable[float]) -> str:
    """Return the median in words: `41 ms`, `0.62 s`, `11.2 s`."""
    middle = statistics.median(values)
    if middle < 0.2:
        return f"{1e3 * middle:.0f} ms"
    return f"{middle:.2f} s" if middle < 2 else f"{middle:.1f} s"


def memory(size: float) -> str:
    """Return bytes in words."""
    return f"{size / 2**30:.2f} GiB"
