"""How long a picture takes, side by side with the known one-pass networks, all in one run.

Usage: python -m benchmarks.speed --judge JUDGE.py --data FOLDER [--rounds 3] [--quick]

The whole command as a user types it, each word of `--quality` and each known network in turn; a
picture of one pass once everything is loaded and the style is read; a step of the optimization by
encoder. Each in a process of its own; medians. VGG-19 is timed once at 1024 pixels.
"""

import statistics
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measuring import (
    Measured,
    Options,
    impasto,
    memory,
    one_run,
    options,
    progress,
    seconds,
    table,
)
from benchmarks.quality import WAYS, options_of


def commands(given: Options) -> None:
    """Time the whole command in each way; they take turns."""
    content, style = given.pairs()[0]
    size = 64 if given.quick else 512
    found: dict[str, list[Measured]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(given.rounds):
            for way, runs in found.items():
                progress(f"speed: {way}, round {number + 1} of {given.rounds}")
                words = ("stylize", content, style, "-f", "-q", "--size", size, *options_of(way))
                runs.append(impasto(*words, "-o", Path(folder) / "made.png"))
    middles = {way: statistics.median(run.seconds for run in runs) for way, runs in found.items()}
    rows = []
    for way, runs in found.items():
        took = [run.seconds for run in runs]
        ratio = f"{middles[way] / middles['magenta']:.1f} times"
        peak = memory(statistics.median(run.peak for run in runs))
        rows.append([way, seconds(took), seconds([min(took)]), seconds([max(took)]), ratio, peak])
    title = f"The whole command, {content.stem} × {style.stem} at {size} pixels."
    table(title, ["way", "median", "least", "most", "beside magenta", "memory"], rows)


def passes(given: Options) -> None:
    """Time one pass, the style read before, in each way; they take turns."""
    content, style = given.pairs()[0]
    size = 64 if given.quick else 640
    ways: dict[str, dict[str, Any]] = {
        f"fast, {runtime}": {"method": "fast", "runtime": runtime}
        for runtime in ("openvino", "onnxruntime")
    }
    ways |= {name: {"method": name} for name in ("adain", "microast", "magenta")}
    found: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(given.rounds):
        for name, settings in ways.items():
            progress(f"one pass: {name}, round {number + 1} of {given.rounds}")
            again = one_run(content, style, 7, size=size, **settings)["again"]
            found[name].append(statistics.median(again[1:]))
    rates = {name: 1 / statistics.median(took) for name, took in found.items()}
    rows = [[n, seconds(found[n]), f"{rate:.1f} pictures a second"] for n, rate in rates.items()]
    title = f"One pass at {size} pixels, everything loaded and the style read before."
    table(title, ["way", "from picture to picture", ""], rows)


def steps(given: Options) -> None:
    """Time a step of the optimization with each encoder."""
    content, style = given.pairs()[0]
    sizes = (64,) if given.quick else (512, 1024)
    rows = []
    for size in sizes:
        middles = {}
        for encoder in ("pocket", "vgg19"):
            progress(f"a step: {encoder}, {size} pixels")
            rounds = 1 if (encoder, size) == ("vgg19", 1024) else given.rounds
            asked: dict[str, Any] = {"size": size, "min_size": size, "steps": [8]}
            runs = [
                one_run(content, style, encoder=encoder, **asked)["steps"] for _ in range(rounds)
            ]
            middles[encoder] = statistics.median(map(statistics.median, runs))
        times = f"{middles['vgg19'] / middles['pocket']:.1f} times"
        rows.append([f"{size} pixels", *(seconds([each]) for each in middles.values()), times])
    table("A step of the optimization.", ["", "pocket", "VGG-19", "VGG-19 takes"], rows)


def main() -> None:
    """Time all and print tables."""
    given = options(__doc__)
    commands(given)
    passes(given)
    steps(given)


if __name__ == "__main__":
    main()
