"""Paint the pairs with the known fast networks and with ours, judge them all and time them.

Usage: python -m benchmarks.peers --judge JUDGE.py --data FOLDER --weights FOLDER [--pairs 0,1]
           [-o FOLDER] [--rounds 15] [--size 512]

WEIGHTS has adain_decoder, vgg19_normalised_to_conv4_1, microast and wct_16x_… as safetensors and
Magenta's TFLite pair; `benchmarks.references` evaluates them. Times are medians of calls that take
turns, at 512x384, the style read before; torch in the same process slows OpenVINO down, so
`impasto methods` is fairer to speed.
"""

import argparse
import csv
import statistics
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import torch
from benchmarks.quality import load_judge
from benchmarks.references import WCT, AdaIN, Magenta, Method, MicroAST, Painter

from impasto import Settings, open_picture
from impasto.fast import FastStylizer
from impasto.images import Picture, fitted_size


def ours(runtime: str, size: int) -> Method:
    """Return our own network in a runtime."""

    def read(style: Picture) -> Painter:
        settings = Settings.from_dict({"method": "fast", "runtime": runtime, "size": size})
        stylizer = FastStylizer(style, settings)
        return lambda pixels: stylizer.paint(Picture(pixels))

    return read


def timed(painters: Mapping[str, Painter], rounds: int) -> dict[str, float]:
    """Return the median milliseconds of each painter at 512x384; they take turns."""
    pixels = np.random.default_rng(0).random((384, 512, 3), dtype=np.float32)
    times: dict[str, list[float]] = {name: [] for name in painters}
    for number in range(rounds + 2):
        for name, paint in painters.items():
            start = time.perf_counter()
            paint(pixels)
            if number > 1:
                times[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in times.items()}


@torch.no_grad()
def main() -> None:
    """Paint, judge, time and print tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name in ("judge", "data", "weights"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--pairs", default="")
    parser.add_argument("-o", "--output", type=Path, default=None)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--runtimes", default="onnxruntime,openvino")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    judge = load_judge(arguments.judge)
    folder = arguments.output or Path(mkdtemp(prefix="impasto-"))
    folder.mkdir(parents=True, exist_ok=True)
    runtimes = [name for name in arguments.runtimes.split(",") if name]
    methods: dict[str, Method] = {
        f"impasto {name}": ours(name, arguments.size) for name in runtimes
    }
    for kind in (AdaIN, MicroAST, Magenta, WCT):
        methods[kind.__name__] = kind(arguments.weights)
    with (arguments.data / "pairs.csv").open() as file:
        pairs = [(row["content"], row["style"]) for row in csv.DictReader(file)]
    wanted = [int(i) for i in arguments.pairs.split(",") if i] or range(len(pairs))
    found: dict[str, list[dict[str, float]]] = {name: [] for name in methods}
    for content_name, style_name in (pairs[i] for i in wanted):
        content_path, style_path = arguments.data / content_name, arguments.data / style_name
        content, style = (
            p.resized(fitted_size(p.size, arguments.size))
            for p in map(open_picture, (content_path, style_path))
        )
        painters = {name: method(style) for name, method in methods.items()}
        for name, paint in painters.items():
            path = folder / f"{content_path.stem} × {style_path.stem} {name}.png"
            Picture(np.clip(paint(content.pixels), 0, 1)).save(path, overwrite=True)
            measures = judge(str(content_path), str(style_path), str(path))
            found[name].append(measures)
            print(content_path.stem, style_path.stem, name, measures, flush=True)
    speed = timed(painters, arguments.rounds)
    names = list(found[next(iter(found))][0])
    print(f"| mean of {len(list(wanted))} pairs | {' | '.join(names)} | ms at 512x384 |")
    print("|---" * (len(names) + 2) + "|")
    for name, rows in found.items():
        means = [f"{statistics.mean(row[each] for row in rows):.3f}" for each in names]
        print(f"| {name} | {' | '.join(means)} | {speed[name]:.1f} |")
    print(f"pictures in {folder}")


if __name__ == "__main__":
    main()
