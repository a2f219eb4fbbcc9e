"""The loop of every training: in pieces, with a log and a checkpoint that agree with each other."""

import argparse
import math
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from impasto.errors import ImpastoError, SettingsError, WeightsError
from impasto.training.export import save_half
from impasto.training.options import OptionsT
from impasto.training.reports import Journal
from impasto.training.trainer import Trainer

CHECKPOINT, LOG = "checkpoint.safetensors", "log.csv"


def train(
    trainer_type: type[Trainer[OptionsT]], options: OptionsT, *, report_every: float | None = None
) -> Iterator[dict[str, float]]:
    """Begin or resume a training in a folder.

    Writes `checkpoint.safetensors`, `log.csv`, `log.svg` (with matplotlib) and the product there at
    every report. What was done after the last one is done again by the next call, to the same end
    (on the CPU to the same bytes, unless the clock says when it ends).

    Args:
        trainer_type: What is trained.
        options: Everything it depends on; they name the folder.
        report_every: Steps between two reports, at most; None: as the trainer says.

    Yields:
        A row of the log at every report.

    Raises:
        SettingsError: The folder holds a training with other options, or the output exists.
        WeightsError: The folder cannot be written to, a file of weights or the checkpoint cannot
            be read, or the losses left all bounds.
    """
    trainer, folder = trainer_type(options), options.folder
    with _writing(folder):  # find out now, not after a hundred steps
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    trainer.start(folder / CHECKPOINT)
    journal, begun = Journal(folder / LOG, trainer.step), trainer.spent
    done = trainer.progress() >= 1
    if done:
        _write(trainer)  # some of it may have been removed
    while not done:
        losses = _advance(trainer, report_every or trainer.report_every, begun)
        done = trainer.progress() >= 1  # before the clock counts the report
        row = {"step": trainer.step, "minutes": trainer.spent, **losses}
        row |= {f"held {name}": value for name, value in trainer.measure().items()}
        with _writing(folder):
            journal.add(**row)
        _write(trainer)
        yield row
        if 0 < options.minutes <= row["minutes"] - begun:
            return


def _advance(trainer: Trainer[Any], report_every: float, begun: float) -> dict[str, float]:
    """Take steps until the next report; return the mean losses."""
    end = begun + (trainer.options.minutes or math.inf)
    end = min(end, trainer.spent + trainer.report_minutes)
    values: dict[str, list[Tensor]] = defaultdict(list)
    while True:
        for name, value in trainer.advance().items():
            values[name].append(value)
        over = trainer.progress() >= 1 or trainer.spent >= end
        if over or trainer.step % report_every == 0:
            break
    means = {name: float(torch.stack(each).mean()) for name, each in values.items()}
    if not all(map(math.isfinite, means.values())) or means.get("outliers") == 1:
        raise WeightsError(
            f"the losses left all bounds before step {trainer.step}: choose a smaller rate "
            "and another output folder"
        )
    return means


def _write(trainer: Trainer[Any]) -> None:
    """Write everything but the log; the checkpoint never claims more than is there."""
    folder = trainer.options.folder
    with _writing(folder):
        save_half(trainer.result(), trainer.architecture, folder / trainer.product, trainer.step)
        trainer.save(folder / CHECKPOINT)
        trainer.report()


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    """Say clearly that a folder cannot be written to."""
    try:
        yield
    except OSError as error:
        raise WeightsError(
            f"{folder} cannot be written to ({error.strerror or error}): make room or name another "
            "output folder; the same command resumes at the last report"
        ) from error


def described(row: Mapping[str, float]) -> str:
    """Return a row of the log as text."""
    return "  ".join(f"{name} {value:.4g}" for name, value in row.items())


def run_as_program(
    trainer_type: type[Trainer[OptionsT]], options_type: type[OptionsT], description: str | None
) -> None:
    """Train with options from the command line, with no package needed but torch.

    Args:
        trainer_type: What is trained.
        options_type: Its options.
        description: A text whose first line is shown as the help.
    """
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    for each in fields(options_type):
        default: Any = each.default
        help_text = f"{each.metadata['help']} [{default}]"
        parser.add_argument(f"--{each.name}", type=type(default), default=default, help=help_text)
    try:
        for row in train(trainer_type, options_type(**vars(parser.parse_args()))):
            print(described(row), flush=True)  # noqa: T201
    except SettingsError as error:
        parser.error(str(error))
    except ImpastoError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
