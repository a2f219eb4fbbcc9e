"""How every training goes on: in pieces, with a log and a checkpoint that tell no more than is."""

import argparse
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors.torch import save
from torch import Tensor

from impasto.errors import ImpastoError, SettingsError, WeightsError
from impasto.files import replacing
from impasto.training.checkpoints import Checkpoint, load_checkpoint, save_checkpoint
from impasto.training.journal import Journal
from impasto.training.options import OptionsT

CHECKPOINT, LOG = "checkpoint.safetensors", "log.csv"


class Training(Protocol):
    """Networks, pictures and optimizers, one step after the other."""

    step: int
    spent: float
    losses: Sequence[str]

    def begin(self) -> None:
        """Take over the trained file that the options name, if they do."""
        ...

    def advance(self) -> dict[str, Tensor]:
        """Take one step and return its losses, some of `losses`: tensors ()."""
        ...

    def progress(self) -> float:
        """Return how much is over, from 0 to 1."""
        ...

    def measure(self) -> dict[str, float]:
        """Return errors on pictures that were held out."""
        ...

    def checkpoint(self) -> Checkpoint:
        """Return the whole state."""
        ...

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go on from a state."""
        ...

    def result(self) -> tuple[dict[str, Tensor], str]:
        """Return what is trained: tensors by name, and the name of their architecture."""
        ...


def train(
    options: OptionsT,
    begin: Callable[[OptionsT], Training],
    product: str,
    report_every: float = 100,
    report_minutes: float = math.inf,
) -> Iterator[dict[str, float]]:
    """Train, or go on training, in a folder.

    Writes `checkpoint.safetensors`, `log.csv`, `log.svg` and the product there at every report;
    what was done since the last one is done again by the next call, to the same end (on the CPU to
    the same bytes, unless the clock says when it ends).

    Args:
        options: Everything it depends on; `output` is the folder.
        begin: Makes the training.
        product: Name of the file of what is trained.
        report_every: Steps between two reports at most.
        report_minutes: And minutes.

    Yields:
        A line of the log at every report.

    Raises:
        SettingsError: The folder holds a training with other options.
        WeightsError: The folder cannot be written to, a file of weights or the checkpoint not
            read, or the losses left all bounds.
    """
    folder = options.folder
    _check_writable(folder, product)
    training = begin(options)
    if (folder / CHECKPOINT).is_file():
        training.restore(load_checkpoint(folder / CHECKPOINT))
    else:
        training.begin()
    journal = Journal(folder / LOG, training.step)
    before, begun = training.spent, time.monotonic()
    end = begun + 60 * (options.minutes or math.inf)
    while training.progress() < 1:
        deadline = min(end, time.monotonic() + 60 * report_minutes)
        losses = _advance(training, report_every, deadline)
        training.spent = before + (time.monotonic() - begun) / 60
        held = {f"held {name}": value for name, value in training.measure().items()}
        line = {"step": training.step, "minutes": training.spent, **losses, **held}
        _keep(training, journal, line, folder / product)
        yield line
        if 0 < options.minutes <= training.spent - before:
            return


def _check_writable(folder: Path, product: str) -> None:
    """Refuse a folder that cannot be written to now, not after a hundred steps."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / product):
            raise _WritableError
    except _WritableError:
        pass
    except OSError as error:
        raise no_place(folder, error) from error


def _advance(training: Training, report_every: float, deadline: float) -> dict[str, float]:
    """Take steps to the next report; return the mean losses."""
    sums: dict[str, list[Tensor]] = {name: [] for name in training.losses}
    while True:
        for name, value in training.advance().items():
            sums[name].append(value)
        over = training.progress() >= 1 or time.monotonic() >= deadline
        if over or training.step % report_every == 0:
            break
    means = {name: float(torch.stack(v).mean()) if v else math.nan for name, v in sums.items()}
    finite = all(math.isfinite(means[name]) for name, values in sums.items() if values)
    if not finite or means.get("outliers") == 1:
        raise WeightsError(
            f"the losses left all bounds before step {training.step}: choose a smaller rate "
            "and another output folder"
        )
    return means


def _keep(training: Training, journal: Journal, line: dict[str, float], product: Path) -> None:
    """Write all files; the checkpoint last, so that it never claims more than there is."""
    try:
        journal.add(**line)
        save_half(*training.result(), product, training.step)
        save_checkpoint(product.parent / CHECKPOINT, training.checkpoint())
    except OSError as error:
        raise no_place(product.parent, error) from error


class _WritableError(Exception):
    """A trial write worked; it ends the writing before anything is put in place."""


def no_place(folder: Path, error: OSError) -> WeightsError:
    """Return what is said where a training cannot write."""
    reason = error.strerror or error
    return WeightsError(
        f"{folder} cannot be written to ({reason}): make room or name another output folder; the "
        "same command goes on from the last report"
    )


def save_half(parameters: Mapping[str, Tensor], architecture: str, path: Path, step: int) -> None:
    """Write parameters in float16.

    Raises:
        OSError: It cannot be written.
    """
    tensors = {name: tensor.half().cpu().contiguous() for name, tensor in parameters.items()}
    content = save(tensors, {"architecture": architecture, "steps": str(step)})
    with replacing(path) as part:
        part.write_bytes(content)


def described(line: Mapping[str, float]) -> str:
    """Return a line of the log in words."""
    there = {name: value for name, value in line.items() if not math.isnan(value)}
    return "  ".join(f"{name} {value:.4g}" for name, value in there.items())


def run_as_program(
    kind: type[OptionsT],
    training: Callable[[OptionsT], Iterator[dict[str, float]]],
    description: str,
) -> None:
    """Read the options from the command line and train, where there is nothing but torch.

    Args:
        kind: Of options.
        training: From options to lines of the log.
        description: One line.
    """
    parser = argparse.ArgumentParser(description=description)
    for each in fields(kind):
        default: Any = each.default
        help_text = f"{each.metadata['help']} [{default}]"
        parser.add_argument(f"--{each.name}", type=type(default), default=default, help=help_text)
    try:
        for line in training(kind(**vars(parser.parse_args()))):
            print(described(line), flush=True)  # noqa: T201
    except SettingsError as error:
        parser.error(str(error))
    except ImpastoError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
