"""Paint the pairs in each word of `--quality` and by the known networks, and judge the results.

Usage: python -m benchmarks.quality --judge JUDGE.py --data FOLDER [--quick]

JUDGE.py defines judge(content, style, output) -> dict, and vgg19, gram, relative, load and STYLE
for the style distance by layer; FOLDER has pairs.csv (content,style). Each pair is painted at 512
pixels by the command in a process of its own, so the seconds hold everything: starting Python,
importing, reading, painting, saving. best is VGG-19: `--encoder vgg19` is the same.
"""

import importlib.util
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.measuring import impasto, options, progress, seconds, table

from impasto.settings.methods import QUALITIES

WAYS = ("draft", "good", "best", "adain", "microast", "magenta")
#: What stands beside the ways, as if it were their result.
_PHOTO = "the photo itself"
#: The judge's names, where ours are others.
_NAMES = {"dirt": "background noise"}


def load_module(path: Path) -> Any:  # noqa: ANN401 (a module of another project)
    """Import the judge's file."""
    spec = importlib.util.spec_from_file_location("judge", path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def options_of(way: str) -> tuple[str, str]:
    """Return the options of the command for a way to paint."""
    return ("--quality" if way in QUALITIES else "--method", way)


class Layers:
    """The style distance of each layer, as the judge's mean has it."""

    def __init__(self, judge: Any, style: Path) -> None:  # noqa: ANN401
        self.judge = judge
        self.wanted = self._grams(style)

    def __call__(self, output: Path) -> dict[str, float]:
        """Return the distance of each layer of a picture."""
        made = self._grams(output)
        return {name: self.judge.relative(made[name], gram) for name, gram in self.wanted.items()}

    def _grams(self, path: Path) -> dict[str, Any]:
        features = self.judge.vgg19(self.judge.load(str(path)))
        return {name: self.judge.gram(features[name]) for name in self.judge.STYLE}


def main() -> None:
    """Paint, judge and print a table of the means, and one of the pairs."""
    given = options(__doc__)
    judge = load_module(given.judge)
    ways = WAYS[:1] if given.quick else WAYS
    found: dict[str, list[dict[str, float]]] = {way: [] for way in (*ways, _PHOTO)}
    times: dict[str, list[float]] = {way: [] for way in ways}
    pairs = given.pairs()
    with tempfile.TemporaryDirectory() as folder:
        for number, (content, style) in enumerate(pairs):
            progress(f"quality: {content.stem} × {style.stem}, {number + 1} of {len(pairs)}")
            outputs, layers = {_PHOTO: content}, Layers(judge, style)
            for way in ways:
                outputs[way] = Path(folder) / f"{way}.png"
                words = ("--size", 64 if given.quick else 512, *options_of(way))
                files = ("stylize", content, style, "-o", outputs[way], "-f", "-q")
                times[way].append(impasto(*files, *words).seconds)
            for way, output in outputs.items():
                paths = map(str, (content, style, output))
                found[way].append(judge.judge(*paths) | layers(output))
    names = list(found[ways[0]][0])
    rows = []
    for way, numbers in found.items():
        means = [f"{fmean(each[name] for each in numbers):.3f}" for name in names]
        rows.append([way, *means, seconds(times[way]) if way in times else ""])
    title = f"Means of all pairs ({len(pairs)}), and the median of the whole command."
    table(title, ["way", *(_NAMES.get(each, each) for each in names), "a picture"], rows)
    by_pair(pairs, ways, found)


def by_pair(
    pairs: Sequence[tuple[Path, Path]],
    ways: Sequence[str],
    found: Mapping[str, Sequence[Mapping[str, float]]],
) -> None:
    """Print style and content of each pair."""
    rows = []
    for number, (content, style) in enumerate(pairs):
        cells = (
            f"{found[w][number]['style']:.3f} / {found[w][number]['content']:.3f}" for w in ways
        )
        rows.append([f"{content.stem} × {style.stem}", *cells])
    table("Style / content of each pair.", ["", *ways], rows)


if __name__ == "__main__":
    main()
