"""Distill VGG-19 into the pocket encoder.

    python -m impasto.training.encoder --photos FOLDER --paintings FOLDER --teacher FILE

needs only torch, numpy, pillow and safetensors, runs on CPU and CUDA, and goes on where it stopped
when it is started again with the same output folder. `impasto train encoder` is the same.

A batch is, in turn, photographs and paintings that were cropped, blended, recolored and disturbed;
or half-stylized pictures with the styles they are on their way to. All of them teach features and
Gram matrices, the latter also the direction of the pixel gradient.
"""

import argparse
import math
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from impasto.errors import ImpastoError, SettingsError, WeightsError
from impasto.training.checkpoints import load_checkpoint, save_checkpoint
from impasto.training.distillation import Distillation
from impasto.training.journal import Journal
from impasto.training.options import EncoderOptions
from impasto.training.student import Student
from impasto.weights.atomic import replacing

CHECKPOINT, POCKET, LOG = "checkpoint.safetensors", "pocket.safetensors", "log.csv"


def train(options: EncoderOptions, *, report_every: int = 100) -> Iterator[dict[str, float]]:
    """Train, or go on training, in a folder.

    Writes `checkpoint.safetensors`, `log.csv`, `log.svg` and `pocket.safetensors` there at every
    report; what was done since the last one is done again by the next call, to the same end (on
    the CPU to the same bytes).

    Args:
        options: Everything it depends on; `output` is the folder.
        report_every: Steps between two reports.

    Yields:
        A line of the log at every report.

    Raises:
        SettingsError: The folder holds a training with other options.
        WeightsError: The folder cannot be written to, the teacher or the checkpoint not read, or
            the losses left all bounds.
    """
    folder = Path(options.output)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / POCKET):  # not after a hundred steps
            raise _WritableError
    except _WritableError:
        pass
    except OSError as error:
        raise _no_place(folder, error) from error
    training = Distillation(options)
    if (folder / CHECKPOINT).is_file():
        training.restore(load_checkpoint(folder / CHECKPOINT))
    journal = Journal(folder / LOG, training.step)
    before, begun = training.spent, time.monotonic()
    while training.step < options.steps:
        losses = _advance(training, report_every, begun + 60 * (options.minutes or math.inf))
        training.spent = before + (time.monotonic() - begun) / 60
        held = {f"held {name}": value for name, value in training.measure().items()}
        line = {"step": training.step, "minutes": training.spent, **losses, **held}
        _keep(training, journal, line, folder)
        yield line
        if 0 < options.minutes <= training.spent - before:
            return


def _advance(training: Distillation, report_every: int, deadline: float) -> dict[str, float]:
    """Take steps to the next report; return the mean losses."""
    sums: dict[str, list[Tensor]] = {"features": [], "grams": [], "gradient": []}
    while True:
        for name, value in training.advance().items():
            sums[name].append(value)
        over = training.step == training.options.steps or time.monotonic() >= deadline
        if over or training.step % report_every == 0:
            break
    means = {name: float(torch.stack(v).mean()) if v else math.nan for name, v in sums.items()}
    if not math.isfinite(means["features"]):
        raise WeightsError(
            f"the losses left all bounds before step {training.step}: choose a smaller rate"
        )
    return means


def _keep(training: Distillation, journal: Journal, line: dict[str, float], folder: Path) -> None:
    """Write all files; the checkpoint last, so that it never claims more than there is."""
    try:
        journal.add(**line)
        save_pocket(training.student, folder / POCKET, training.step)
        save_checkpoint(folder / CHECKPOINT, training.checkpoint())
    except OSError as error:
        raise _no_place(folder, error) from error


class _WritableError(Exception):
    """A trial write worked; it ends the writing before anything is put in place."""


def _no_place(folder: Path, error: OSError) -> WeightsError:
    reason = error.strerror or error
    return WeightsError(
        f"{folder} cannot be written to ({reason}): make room or name another output folder; the "
        "same command goes on from the last report"
    )


def save_pocket(student: Student, path: Path, step: int) -> None:
    """Write what `Pocket` reads: kernels and biases in float16.

    Raises:
        OSError: It cannot be written.
    """
    tensors = {name: tensor.half().contiguous() for name, tensor in student.folded().items()}
    content = save(tensors, {"architecture": "pocket", "steps": str(step)})
    with replacing(path) as part:
        part.write_bytes(content)


def described(line: Mapping[str, float]) -> str:
    """Return a line of the log in words."""
    return "  ".join(f"{name} {value:.4g}" for name, value in line.items())


def main() -> None:
    """Read the options from the command line and train."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for each in fields(EncoderOptions):
        parser.add_argument(
            f"--{each.name}",
            type=type(each.default),
            default=each.default,
            help=f"{each.metadata['help']} [{each.default}]",
        )
    try:
        for line in train(EncoderOptions(**vars(parser.parse_args()))):
            print(described(line), flush=True)  # noqa: T201
    except SettingsError as error:
        parser.error(str(error))
    except ImpastoError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
