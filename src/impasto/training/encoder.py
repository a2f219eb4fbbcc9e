"""Distill VGG-19 into the pocket encoder.

    python -m impasto.training.encoder --photos FOLDER --paintings FOLDER --teacher FILE

needs only torch, numpy, pillow and safetensors, runs on CPU and CUDA, and goes on where it stopped
when it is started again with the same output folder. `impasto train encoder` is the same.

A batch is, in turn, photographs and paintings that were cropped, blended, recolored and disturbed;
or half-stylized pictures with the styles they are on their way to. All of them teach features and
Gram matrices, the latter also the direction of the pixel gradient.
"""

from collections.abc import Iterator

from impasto.training import runs
from impasto.training.distillation import Distillation
from impasto.training.options import EncoderOptions

POCKET = "pocket.safetensors"


def train(options: EncoderOptions, *, report_every: int = 100) -> Iterator[dict[str, float]]:
    """Train, or go on training, the encoder in a folder: see `impasto.training.runs.train`."""
    return runs.train(options, Distillation, POCKET, report_every)


if __name__ == "__main__":
    runs.run_as_program(EncoderOptions, train, (__doc__ or "").partition("\n")[0])
