"""Train a network of one style.

    python -m impasto.training.style --photos FOLDER --painting FILE --output painting.onnx

needs only torch, numpy, pillow and safetensors, runs on CPU and CUDA, and goes on where it stopped
when it is started again with the same output. Where there is no onnx to write painting.onnx with,
`impasto export` makes it of painting.training/painter.safetensors. `impasto train style` is the
same and says in the end how good it is; `impasto stylize --method painting.onnx` paints with it.
"""

import math
from collections.abc import Iterator
from pathlib import Path

from impasto.errors import SettingsError
from impasto.training import runs
from impasto.training.one_style import OneStyle
from impasto.training.options import StyleOptions
from impasto.training.sheets import sheet
from impasto.weights.atomic import replacing

PAINTER, PREVIEW, PREVIEWS = "painter.safetensors", "preview.jpg", "previews"


def train(options: StyleOptions, **reports: float) -> Iterator[dict[str, float]]:
    """Train, or go on training, a network: see `trained`.

    Raises:
        SettingsError: There is a file where the network shall be, and no training beside it.
    """
    check_output(options)
    yield from trained(OneStyle(options), **reports)


def trained(
    training: OneStyle, report_every: float = math.inf, report_minutes: float = 1.0
) -> Iterator[dict[str, float]]:
    """Go through a training: see `impasto.training.runs.train`.

    At every report, once a minute and in the end, `preview.jpg` shows held-out photographs and
    what has become of them, `previews` keeps all of these, and the network is written.
    """
    options = training.options
    lines = runs.train(options, lambda _: training, PAINTER, report_every, report_minutes)
    for line in lines:
        _write(training)
        yield line
    if _is_stale(options):  # stopped just before it was written, or it was removed
        _write(training)


def _is_stale(options: StyleOptions) -> bool:
    network, source = Path(options.output), options.folder / PAINTER
    return not network.is_file() or network.stat().st_mtime < source.stat().st_mtime


def _write(training: OneStyle) -> None:
    """Save what it paints now, and the network."""
    options = training.options
    try:
        _show(training)
    except OSError as error:
        raise runs.no_place(options.folder, error) from error
    _export(options)


def _show(training: OneStyle) -> None:
    """Save what it paints now."""
    folder, picture = training.options.folder, sheet([training.shown, training.painted()])
    (folder / PREVIEWS).mkdir(exist_ok=True)
    for name in (PREVIEW, f"{PREVIEWS}/{training.step:06}.jpg"):
        with replacing(folder / name) as part:
            picture.save(part, "JPEG", quality=90)


def check_output(options: StyleOptions) -> None:
    """Refuse to replace a network that no training beside it can have written.

    Raises:
        SettingsError: There is one.
    """
    network = Path(options.output)
    if network.exists() and not options.folder.exists():
        raise SettingsError(f"{network} exists already: remove it or name another output")


def _export(options: StyleOptions) -> None:
    try:
        from impasto.training.export import export
    except ImportError:
        return  # a bare machine: `impasto export` does it elsewhere
    export(options.folder / PAINTER, Path(options.output))


if __name__ == "__main__":
    runs.run_as_program(StyleOptions, train, (__doc__ or "").partition("\n")[0])
