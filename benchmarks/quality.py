"""Paint the pairs that comparisons use in one way or several, and judge the results.

Usage: python benchmarks/quality.py --judge JUDGE.py --data FOLDER [--pairs 0,1,2] [-o FOLDER]
           [--ways draft,good,best,vgg19,adain] [impasto options]

JUDGE.py defines judge(content, style, output) -> dict, and vgg19, gram, relative, load and STYLE
for the style distance by layer; FOLDER has pairs.csv (content,style). A way is a word of
`--quality`, an encoder or a method. Each pair is painted by the command in a process of its own, so
the seconds hold everything: starting Python, importing, reading, painting, saving. Pictures have
512 pixels unless the options name a --size.
"""

import argparse
import csv
import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import fmean, median
from tempfile import mkdtemp
from typing import Any

from impasto.settings.encoders import ENCODERS
from impasto.settings.methods import QUALITIES


def load_module(path: Path) -> Any:  # noqa: ANN401 (a module of another project)
    """Import the judge's file."""
    spec = importlib.util.spec_from_file_location("judge", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_judge(path: Path) -> Callable[[str, str, str], dict[str, float]]:
    """Import the judge from its file."""
    function: Callable[[str, str, str], dict[str, float]] = load_module(path).judge
    return function


def options_of(way: str) -> list[str]:
    """Return the options of the command for a way to paint; "": the default."""
    if not way:
        return []
    kind = "quality" if way in QUALITIES else "encoder" if way in ENCODERS else "method"
    return [f"--{kind}", way]


def layers_of(judge: Any, style: str, output: str) -> dict[str, float]:  # noqa: ANN401
    """Return the style distance of each layer."""
    made, wanted = (judge.vgg19(judge.load(path)) for path in (output, style))
    return {
        name: judge.relative(judge.gram(made[name]), judge.gram(wanted[name]))
        for name in judge.STYLE
    }


def line(name: str, numbers: Mapping[str, float], seconds: float) -> str:
    """Return a line of a table."""
    values = " | ".join(f"{value:.3f}" for value in numbers.values())
    return f"| {name} | {values} | {seconds:.1f} |"


def painted(paths: Sequence[str], output: Path, options: Sequence[str]) -> float:
    """Paint one pair and return the seconds of the command."""
    command = [sys.executable, "-m", "impasto", "stylize", *paths, "-f", "-q"]
    command += ["--size", "512", *options]
    start = time.perf_counter()
    subprocess.run([*command, "-o", str(output)], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    """Paint, judge and print a table of the pairs, and one of the means."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pairs", default="")
    parser.add_argument("--ways", default="")
    parser.add_argument("-o", "--output", type=Path, default=None)
    arguments, options = parser.parse_known_args()
    judge = load_module(arguments.judge)
    folder = arguments.output or Path(mkdtemp(prefix="impasto-"))
    with (arguments.data / "pairs.csv").open() as file:
        pairs = [(row["content"], row["style"]) for row in csv.DictReader(file)]
    wanted = [int(i) for i in arguments.pairs.split(",") if i] or range(len(pairs))
    means: list[str] = []
    for way in arguments.ways.split(","):
        found: list[dict[str, float]] = []
        times = []
        (folder / way).mkdir(parents=True, exist_ok=True)
        for content, style in (pairs[i] for i in wanted):
            name = f"{Path(content).stem} × {Path(style).stem}"
            output = folder / way / f"{name}.png"
            paths = [str(arguments.data / content), str(arguments.data / style)]
            times.append(painted(paths, output, [*options, *options_of(way)]))
            numbers = judge.judge(*paths, str(output)) | layers_of(judge, paths[1], str(output))
            if not found and not means:
                print(f"| | {' | '.join(numbers)} | seconds |\n|---|{'---|' * (len(numbers) + 1)}")
            found.append(numbers)
            print(line(f"{name} {way}".strip(), numbers, times[-1]), flush=True)
        mean = {each: fmean(numbers[each] for numbers in found) for each in found[0]}
        means.append(line(f"**{way or 'default'}**, mean", mean, median(times)))
    print(*means, f"pictures in {folder}", sep="\n")


if __name__ == "__main__":
    main()
