"""Measure what the artist's controls promise: strength, the same look at every size, the plan.

Usage: python -m benchmarks.controls strength|sizes|plan --judge JUDGE.py --data FOLDER
           [--pair 0] [--sizes 512,1024] [-o FOLDER] [impasto options]

    strength  The judge's style distance at strength 0.05, 0.5 and 0.95, and the middle over the
              geometric mean of the ends, which should be near 1.
    sizes     The style distance at 512 pixels of the results at each size, and at their own scale:
              Gram matrices over all crops of 512 pixels, against those of the style as large as
              the result; beside it the first result enlarged.
    plan      Seconds and memory, forecast and taken, each size in a process of its own.

JUDGE.py and FOLDER are as in `quality.py`. Options of impasto are passed on; for
plan, pairs of a name and a value.
"""

import argparse
import csv
import json
import math
import subprocess
import sys
from pathlib import Path
from tempfile import mkdtemp
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from benchmarks.quality import load_module
from PIL import Image

STRENGTHS = (0.05, 0.5, 0.95)
CROP = 512
FORECAST = """
import json, resource, sys, time
import impasto
from impasto.optimize import IterativeStylizer
content, style, options, output = *sys.argv[1:3], json.loads(sys.argv[3]), sys.argv[4]
stylizer = IterativeStylizer(style, **options)
plan = stylizer.run(content).plan
started = time.monotonic()
stylizer(content).save(output, overwrite=True)
took = time.monotonic() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
size = "×".join(map(str, plan.stages[-1].size))
print(f"| {size} | {plan.seconds:.1f} | {took:.1f} | {plan.seconds / took:.2f} "
      f"| {plan.bytes / 2**30:.2f} | {peak / 2**30:.2f} | {plan.where} |")
"""


class Task(NamedTuple):
    """What is painted, how large, where to, and with which options of impasto."""

    content: Path
    style: Path
    sizes: list[int]
    folder: Path
    options: list[str]


def main() -> None:
    """Measure what is named and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("what", choices=["strength", "sizes", "plan"])
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pair", type=int, default=0)
    parser.add_argument("--sizes", default="512,1024")
    parser.add_argument("-o", "--output", type=Path, default=None)
    arguments, options = parser.parse_known_args()
    folder = arguments.output or Path(mkdtemp(prefix="impasto-"))
    folder.mkdir(parents=True, exist_ok=True)
    with (arguments.data / "pairs.csv").open() as file:
        pair = list(csv.DictReader(file))[arguments.pair]
    content, style = (arguments.data / pair[role] for role in ("content", "style"))
    sizes = [int(size) for size in arguments.sizes.split(",")]
    task = Task(content, style, sizes, folder, options)
    print(f"{content.stem} × {style.stem} {' '.join(options)}")
    if arguments.what == "plan":  # without the judge: what a process takes counts for its children
        plan(task)
    else:
        measure = strength if arguments.what == "strength" else same_look
        measure(task, load_module(arguments.judge))
    print(f"pictures in {folder}")


def painted(task: Task, name: str, *options: str) -> Path:
    """Paint by the command, in a process of its own."""
    output = task.folder / name
    command = [sys.executable, "-m", "impasto", "stylize", str(task.content), str(task.style)]
    command += ["-f", "-q", *task.options, *options, "-o", str(output)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return output


def strength(task: Task, judge: ModuleType) -> None:
    """Print the style distance at three strengths, for each size."""
    print("| size | 0.05 | 0.5 | 0.95 | middle / geometric mean |")
    print("|---|---|---|---|---|")
    for size in task.sizes:
        found = []
        for each in STRENGTHS:
            asked = ("--size", str(size), "--strength", str(each))
            output = painted(task, f"strength-{size}-{each}.png", *asked)
            found.append(judge.judge(str(task.content), str(task.style), str(output))["style"])
        words = " | ".join(f"{value:.3f}" for value in found)
        print(f"| {size} | {words} | {found[1] / math.sqrt(found[0] * found[2]):.2f} |", flush=True)


def same_look(task: Task, judge: ModuleType) -> None:
    """Print the style distance at one scale and at each result's own."""
    print("| size | at 512 | at its own scale | the first enlarged |")
    print("|---|---|---|---|")
    first = None
    for size in task.sizes:
        output = painted(task, f"size-{size}.png", "--size", str(size))
        small = judge.judge(str(task.content), str(task.style), str(output))["style"]
        picture = Image.open(output).convert("RGB")
        first = first or picture
        brush = resized(Image.open(task.style).convert("RGB"), size)
        wanted = crops_grams(judge, brush)
        own, enlarged = (
            native(judge, each, wanted)
            for each in (picture, first.resize(picture.size, Image.Resampling.LANCZOS))
        )
        print(f"| {size} | {small:.3f} | {own:.3f} | {enlarged:.3f} |", flush=True)


def resized(picture: Image.Image, side: int) -> Image.Image:
    """Return a picture with this longest side."""
    scale = side / max(picture.size)
    width, height = (round(n * scale) for n in picture.size)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def crops_grams(judge: ModuleType, picture: Image.Image) -> list[Any]:
    """Return the judge's Gram matrices, their mean over crops that cover the picture."""
    import torch

    pixels = np.asarray(picture, np.float32) / 255
    grams: list[list[Any]] = []
    for top, left in ((t, s) for t in starts(picture.height) for s in starts(picture.width)):
        crop = torch.from_numpy(pixels[top : top + CROP, left : left + CROP].copy())
        with torch.no_grad():
            features = judge.vgg19(crop.permute(2, 0, 1)[None])
        grams.append([judge.gram(features[name]) for name in judge.STYLE])
    return [sum(layer) / len(grams) for layer in zip(*grams, strict=True)]


def starts(length: int) -> list[int]:
    """Return where crops begin that cover a length evenly."""
    count = math.ceil(length / CROP)
    return [round(i * (length - CROP) / (count - 1)) for i in range(count)] if count > 1 else [0]


def native(judge: ModuleType, picture: Image.Image, wanted: list[Any]) -> float:
    """Return the style distance of a picture's crops to Gram matrices."""
    found = crops_grams(judge, picture)
    return float(np.mean([judge.relative(g, a) for g, a in zip(found, wanted, strict=True)]))


def plan(task: Task) -> None:
    """Print what was forecast, and what it took."""
    words = iter(option.removeprefix("--").replace("-", "_") for option in task.options)
    keywords: dict[str, Any] = dict(zip(words, words, strict=True))
    print("| size | forecast, s | taken, s | ratio | forecast, GiB | taken, GiB | where |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for size in task.sizes:
        asked = json.dumps(keywords | {"size": size})
        paths = [str(each) for each in (task.content, task.style)]
        output = str(task.folder / f"plan-{size}.png")
        child = [sys.executable, "-c", FORECAST, *paths, asked, output]
        subprocess.run(child, check=True)


if __name__ == "__main__":
    main()
