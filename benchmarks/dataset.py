"""How many pictures a second a data set is stylized at.

Usage: python -m benchmarks.dataset --judge JUDGE.py --data FOLDER [--quick]

Crops of the photographs in FOLDER, 224×224, JPEG to JPEG, each in one of FOLDER's paintings by
chance; the whole command, and once all processes are at work.
"""

import random
import tempfile
from pathlib import Path

from benchmarks.measuring import impasto, options, progress, seconds, table
from PIL import Image

from impasto.machine import cores

SIZE = 224


def make(photos: Path, folder: Path, count: int) -> None:
    """Write crops of photographs."""
    dice, paths = random.Random(0), sorted(photos.glob("*.jpg"))
    folder.mkdir()
    for number in range(count):
        with Image.open(paths[number % len(paths)]) as image:
            side = dice.randint(min(image.size) // 2, min(image.size))
            left = dice.randint(0, image.width - side)
            top = dice.randint(0, image.height - side)
            crop = image.convert("RGB").crop((left, top, left + side, top + side))
        crop.resize((SIZE, SIZE)).save(folder / f"{number:05}.jpg", quality=90)


def started(folder: Path) -> float:
    """Return pictures a second between the tenth part of the files and the last."""
    times = sorted(path.stat().st_mtime for path in folder.glob("*.jpg"))
    begun = len(times) // 10
    return (len(times) - 1 - begun) / max(1e-9, times[-1] - times[begun])


def main() -> None:
    """Measure and print."""
    given = options(__doc__)
    count = 20 if given.quick else 2000
    paintings = given.data / "paintings"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make(given.data / "photos", folder / "photos", count)
        progress(f"a data set of {count} pictures")
        out = folder / "stylized"
        took = impasto("dataset", folder / "photos", paintings, "-q", "-o", out).seconds
        rate = started(out)
    row = [str(count), str(len(list(paintings.glob("*.jpg")))), seconds([took])]
    row += [f"{each:.1f} pictures a second" for each in (count / took, rate, rate / cores())]
    head = ["pictures", "styles", "whole command", "with start and end", "once started", "a core"]
    table(f"{SIZE}×{SIZE} pixels, one pass, a process for each of {cores()} cores.", head, [row])


if __name__ == "__main__":
    main()
