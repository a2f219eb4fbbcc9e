"""Train the any-style network of `--method fast`.

    python -m impasto.training.fast --photos FOLDER --paintings FOLDER --teacher FILE

needs only torch, numpy, pillow and safetensors, runs on CPU and CUDA, and goes on where it stopped
when it is started again with the same output folder. `impasto train fast` is the same, and
`impasto export` makes of the result what `--method fast` runs.
"""

from collections.abc import Iterator

from impasto.training import runs
from impasto.training.any_style import Painting
from impasto.training.options import FastOptions

PAINTER = "painter.safetensors"


def train(options: FastOptions, *, report_every: int = 100) -> Iterator[dict[str, float]]:
    """Train, or go on training, the network in a folder: see `impasto.training.runs.train`."""
    return runs.train(options, Painting, PAINTER, report_every)


if __name__ == "__main__":
    runs.run_as_program(FastOptions, train, (__doc__ or "").partition("\n")[0])
