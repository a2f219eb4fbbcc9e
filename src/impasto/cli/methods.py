"""`impasto methods`: what paints, whose it is, and how fast here."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from impasto.cli.options import own
from impasto.cli.terminal import echo

if TYPE_CHECKING:
    from impasto.settings.methods import Method

#: Width and height that are timed, passes that count, and passes before.
TIMED, PASSES, WARM = (512, 384), 3, 1


def methods(
    timed: bool = own(True, "Measure how long 512x384 pixels take here.", "--time/--no-time"),
) -> None:
    """List methods and encoders: paper, license, size, speed here, and whether files are there.

    A path of a .safetensors or .onnx network of one style is a method too. Methods that take steps
    are guided by an encoder.

    Example: impasto methods
    """
    from impasto.settings.encoders import ENCODERS
    from impasto.settings.methods import METHODS

    for row in METHODS.values():
        _show(row.name, row.sentence, _facts(row, timed))
    for encoder in ENCODERS.values():
        files = _files([encoder.file]) if encoder.file else iter(())
        _show(f"encoder {encoder.name}", encoder.sentence, files)


def _show(name: str, sentence: str, facts: Iterator[tuple[str, str]]) -> None:
    echo(f"{name}: {sentence}")
    for title, said in facts:
        echo(f"  {title:<9}{said}")


def _facts(row: Method, timed: bool) -> Iterator[tuple[str, str]]:
    from impasto.settings import Settings
    from impasto.stylizers import needed_weights
    from impasto.weights import find

    if row.paper:
        yield "paper", row.paper
    files = needed_weights(Settings(method=row.name)) if row.files else []
    if files:
        yield from _files(files)
    if timed and not row.steps and all(find(file) for file in files):
        yield "speed", _speed(row.name)


def _files(names: list[str]) -> Iterator[tuple[str, str]]:
    """Yield whose files are needed, and whether they are here."""
    from impasto.weights import CATALOGUE, find

    files = {name: find(name) for name in names}
    catalogued = {file.group: file for file in CATALOGUE.values()}
    yield "license", "; ".join(dict.fromkeys(catalogued[name].license for name in names))
    missing = [name for name, path in files.items() if path is None]
    if missing:
        home = catalogued[missing[0]].source
        yield "files", f"not here: downloaded from {home} on first use"
        return
    size = sum(path.stat().st_size for path in files.values() if path is not None)
    yield "files", f"here, {size / 1e6:.1f} MB"


def _speed(name: str) -> str:
    """Return milliseconds of a pass, the style read before."""
    from impasto.errors import ImpastoError
    from impasto.gallery import open_style
    from impasto.stylizers import stylizer

    try:
        painter = stylizer(open_style("strokes", 256), method=name, size=max(TIMED))
    except ImpastoError as error:
        return str(error)
    content = open_style("mosaic", max(TIMED)).resized(TIMED)
    times = []
    for _ in range(WARM + PASSES):
        begun = time.perf_counter()
        _ = painter.run(content).pixels
        times.append(time.perf_counter() - begun)
    milliseconds = 1e3 * statistics.median(times[WARM:])
    return f"{milliseconds:.0f} ms at {TIMED[0]}x{TIMED[1]}, {painter.describe()}"
