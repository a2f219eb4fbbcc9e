"""Paint the pairs that comparisons use and judge them.

Usage: python benchmarks/quality.py --judge JUDGE.py --data FOLDER [--pairs 0,1,2] [-o FOLDER]
           [impasto options]

JUDGE.py defines judge(content, style, output) -> dict; FOLDER has pairs.csv (content,style). Each
pair is painted by the command in a process of its own, so the seconds hold everything: starting
Python, importing, reading, painting, saving.
"""

import argparse
import csv
import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from types import ModuleType


def load_module(path: Path) -> ModuleType:
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


def main() -> None:
    """Paint, judge and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--judge", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pairs", default="")
    parser.add_argument("-o", "--output", type=Path, default=None)
    arguments, options = parser.parse_known_args()
    judge = load_judge(arguments.judge)
    folder = arguments.output or Path(mkdtemp(prefix="impasto-"))
    folder.mkdir(parents=True, exist_ok=True)
    with (arguments.data / "pairs.csv").open() as file:
        pairs = [(row["content"], row["style"]) for row in csv.DictReader(file)]
    wanted = [int(i) for i in arguments.pairs.split(",") if i] or range(len(pairs))
    print("| content × style | style | content | patches | ssim | background noise | seconds |")
    print("|---|---|---|---|---|---|---|")
    for content, style in (pairs[i] for i in wanted):
        name = f"{Path(content).stem} × {Path(style).stem}"
        output = folder / f"{name}.png"
        paths = [str(arguments.data / content), str(arguments.data / style)]
        command = [sys.executable, "-m", "impasto", "stylize", *paths, "-f", "-q", *options]
        start = time.perf_counter()
        subprocess.run([*command, "-o", str(output)], check=True, stdout=subprocess.DEVNULL)
        seconds = time.perf_counter() - start
        found = judge(paths[0], paths[1], str(output))
        values = " | ".join(f"{value:.3f}" for value in found.values())
        print(f"| {name} | {values} | {seconds:.1f} |", flush=True)
    print(f"pictures in {folder}")


if __name__ == "__main__":
    main()
