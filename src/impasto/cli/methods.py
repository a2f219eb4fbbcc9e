"""`impasto methods`: what paints, whose it is, and how fast here."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from impasto.cli.options import own

if TYPE_CHECKING:
    from impasto.fast.methods import Row

#: Width and height that are timed, passes that count, and passes before.
TIMED, PASSES, WARM = (512, 384), 3, 1


def methods(
    timed: bool = own(True, "Measure how long 512x384 pixels take here.", "--time/--no-time"),
) -> None:
    """List the methods of one pass: paper, license, size, speed here, and whether files are there.

    A path of a .safetensors or .onnx network of one style is a method too; `optimize` and
    `fast+optimize` take as many steps as one likes.

    Example: impasto methods
    """
    from impasto.fast.methods import ROWS

    for name, row in ROWS.items():
        print(f"{name}: {row.title}")
        for title, said in _facts(name, row, timed):
            print(f"  {title:<9}{said}", flush=True)


def _facts(name: str, row: Row, timed: bool) -> Iterator[tuple[str, str]]:
    from impasto.weights import CATALOGUE, find

    yield "paper", row.paper
    files = {file: find(file) for file in row.needed()}
    catalogued = {file.group: file for file in CATALOGUE.values()}
    yield "license", "; ".join(dict.fromkeys(catalogued[file].license for file in files))
    missing = [file for file, path in files.items() if path is None]
    if missing:
        home = catalogued[missing[0]].source
        yield "files", f"not here: downloaded from {home} on first use"
        return
    size = sum(path.stat().st_size for path in files.values() if path is not None)
    yield "files", f"here, {size / 1e6:.1f} MB"
    if timed:
        yield "speed", _speed(name)


def _speed(name: str) -> str:
    """Return milliseconds of a pass, the style read before."""
    from impasto.errors import MissingExtraError
    from impasto.fast import FastStylizer
    from impasto.gallery import draw
    from impasto.images import Picture

    try:
        stylizer = FastStylizer(draw("strokes", 256), method=name, size=max(TIMED))
    except MissingExtraError as error:
        return str(error)
    content: Picture = draw("mosaic", max(TIMED)).resized(TIMED)
    times = []
    for _ in range(WARM + PASSES):
        begun = time.perf_counter()
        stylizer.paint(content)
        times.append(time.perf_counter() - begun)
    milliseconds = 1e3 * statistics.median(times[WARM:])
    return f"{milliseconds:.0f} ms at {TIMED[0]}x{TIMED[1]}, {stylizer.network.machine}"
