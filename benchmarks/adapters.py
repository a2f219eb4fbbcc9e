"""Time the known systems behind `--method` against their references, taking turns.

Usage: python -m benchmarks.adapters --weights FOLDER [--rounds 9]

References are `benchmarks.references`: plain torch in float32, and LiteRT called directly for
Magenta, with the size its files have (384x384; our adapter is asked for the same). All others at
512x384. Each contestant has a process of its own, since torch and OpenVINO slow each other down;
styles are read before. Medians of calls that take turns.
"""

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.float32]
Painter = Callable[[Pixels], Pixels]
REFERENCES = {"adain": "AdaIN", "microast": "MicroAST", "wct": "WCT", "magenta": "Magenta"}
#: The network of one style, by its file.
SINGLE = "wave_per_style.safetensors"
RUNTIMES = ("onnxruntime", "openvino")
#: Of torch.
THREADS = 2


def reference(method: str, style: Pixels, weights: Path) -> Painter:
    """Return an independent evaluation of the same files."""
    import torch
    from benchmarks import references

    from impasto.images import Picture

    torch.set_num_threads(THREADS)
    torch.set_grad_enabled(False)
    if method == SINGLE:
        return references.Johnson(weights / SINGLE)
    kind: Callable[[Path], references.Method] = getattr(references, REFERENCES[method])
    return kind(weights)(Picture(style))


def ours(method: str, runtime: str, style: Pixels, weights: Path) -> Painter:
    """Return our adapter."""
    from impasto import Settings
    from impasto.fast import FastStylizer
    from impasto.images import Picture

    single = method == SINGLE
    name = str(weights / SINGLE) if single else method
    options = {} if method == "magenta" else {"runtime": runtime}
    settings = Settings.from_dict({"method": name, "size": max(style.shape), **options})
    stylizer = FastStylizer([] if single else Picture(style), settings)
    return lambda pixels: stylizer.paint(Picture(pixels))


def contestant(line: Connection, method: str, runtime: str, weights: Path) -> None:
    """Answer each call with the seconds that it took.

    Args:
        line: To who calls.
        method: Of `REFERENCES`, or `SINGLE`.
        runtime: `reference`, or one of ours.
        weights: Folder of trained files.
    """
    size = (384, 384) if method == "magenta" else (384, 512)
    random = np.random.default_rng(0)
    content, style = (random.random((*size, 3), dtype=np.float32) for _ in range(2))
    if runtime == "reference":
        paint = reference(method, style, weights)
    else:
        paint = ours(method, runtime, style, weights)
    paint(content)
    while line.recv():
        begun = time.perf_counter()
        paint(content)
        line.send(time.perf_counter() - begun)


def main() -> None:
    """Time and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--methods", default=",".join([*REFERENCES, SINGLE]))
    arguments = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    print("| method | reference ms | ours ms |\n|---|---|---|")
    for method in arguments.methods.split(","):
        ways = ("reference", *(("litert",) if method == "magenta" else RUNTIMES))
        lines, workers = {}, []
        for way in ways:
            lines[way], other = context.Pipe()
            given = (other, method, way, arguments.weights)
            workers.append(context.Process(target=contestant, args=given, daemon=True))
            workers[-1].start()
            other.close()  # so that the end of who answers is heard of
        times: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(arguments.rounds + 2):
            for way, line in lines.items():
                line.send(True)
                seconds = line.recv()
                if number > 1:
                    times[way].append(1e3 * seconds)
        for line in lines.values():
            line.send(False)
        medians = {way: statistics.median(values) for way, values in times.items()}
        whole = medians["reference"]
        others = [
            f"{way} {ms:.1f} = 1/{whole / ms:.2f}"
            for way, ms in medians.items()
            if way != "reference"
        ]
        print(f"| {method} | {whole:.1f} | {', '.join(others)} |", flush=True)


if __name__ == "__main__":
    main()
