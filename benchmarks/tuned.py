"""What tuning to one style brings, by steps.

Usage: python -m benchmarks.tuned --data FOLDER --judge JUDGE.py [--pairs 4] [--steps 72,360,1080]
           [--output FOLDER]

For each of the first pairs the any-style network is fitted to the style, once for each number of
steps, and paints the content; beside it what it paints untuned. Networks are kept in the folder;
those that are there are only measured.
"""

import argparse
import csv
import tempfile
import time
from pathlib import Path

import numpy as np
from benchmarks.quality import load_judge

from impasto.fast import FastStylizer
from impasto.fast.tuned import fitted

#: The judge's names of what is shown, and ours.
_MEASURED = {
    **{name: name for name in ("style", "content", "patches", "ssim")},
    "dirt": "background noise",
}


def network_of(style: Path, steps: int, folder: Path) -> Path:
    """Return the network tuned to a style in so many steps, and say how long that took."""
    path = folder / f"{style.stem}-{steps}.onnx"
    if not path.is_file():
        begun = time.monotonic()
        for _ in fitted({"painting": style, "output": path, "minutes": 0, "steps": steps}):
            pass
        print(f"{path.name}: {(time.monotonic() - begun) / 60:.1f} minutes", flush=True)
    return path


def main() -> None:
    """Tune, paint, judge, and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=4)
    parser.add_argument("--steps", default="72,360,1080")
    parser.add_argument("--output", type=Path, default=Path(tempfile.gettempdir()) / "tuned")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    judge = load_judge(arguments.judge)
    with (arguments.data / "pairs.csv").open(newline="") as file:
        pairs = list(csv.DictReader(file))[: arguments.pairs]
    rows: dict[str, list[list[float]]] = {}
    for pair in pairs:
        content, style = (arguments.data / pair[name] for name in ("content", "style"))
        stylizers: dict[str, FastStylizer] = {
            "any style": FastStylizer(style, runtime="onnxruntime", size=512, tune=0)
        }
        for steps in map(int, arguments.steps.split(",")):
            network = network_of(style, steps, arguments.output)
            stylizers[f"{steps} steps"] = FastStylizer(network, runtime="onnxruntime", size=512)
        for name, stylizer in stylizers.items():
            path = arguments.output / f"{content.stem}-{style.stem}-{name}.png"
            stylizer(content).save(path, overwrite=True)
            measured = judge(str(content), str(style), str(path))
            rows.setdefault(name, []).append([measured[each] for each in _MEASURED])
            print(f"{content.stem} x {style.stem}, {name}: {measured}", flush=True)
    print(f"\n| | {' | '.join(_MEASURED.values())} |\n|---|{'---|' * len(_MEASURED)}")
    for name, found in rows.items():
        print(f"| {name} | {' | '.join(f'{each:.3f}' for each in np.mean(found, 0))} |")


if __name__ == "__main__":
    main()
