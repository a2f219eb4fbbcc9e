"""The loop of every training: in pieces, with a log and a checkpoint that agree with each other."""

import argparse
import csv
import math
import sys
import tempfile
from collections import defaultdict
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from impasto.errors import ImpastoError, MissingExtraError, SettingsError, WeightsError
from impasto.files import replacing, working_alone
from impasto.training.export import save_half
from impasto.training.options import OptionsT
from impasto.training.trainer import Trainer

CHECKPOINT, LOG = "checkpoint.safetensors", "log.csv"
_FIRST_MINUTES = 1.0  # until the first report, at most: from then on there is a network to look at


def train(
    trainer_type: type[Trainer[OptionsT]], options: OptionsT, *, report_every: float | None = None
) -> Iterator[tuple[float, dict[str, float]]]:
    """Begin or resume a training in a folder, which the options name.

    Writes `checkpoint.safetensors`, `log.csv`, `log.svg` (with matplotlib) and the product there at
    every report, the first after a minute at most, and after `report_every` steps at most. What was
    done after the last one is done again by the next call, to the same end (on the CPU to the same
    bytes, unless the clock says when it ends). Yields after every step how much is over, from 0 to
    1, and a row of the log, empty where there is no report.

    A folder of a training with other options is a `SettingsError`, as is an output that exists; one
    that another is working in is an `ImpastoError`; a file that cannot be written or read is a
    `WeightsError`, as are losses out of all bounds.
    """
    trainer, folder = trainer_type(options), options.folder
    with _writing(folder):  # find out now, not after a hundred steps
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    with working_alone(folder):
        trainer.start(folder / CHECKPOINT)
        # Rows after the checkpoint are of an attempt that was given up.
        rows = [row for row in read_log(folder / LOG) if row["step"] <= trainer.step]
        begun, done = trainer.spent, trainer.progress() >= 1
        if done:
            _write(trainer)  # some of it may have been removed
        while not done:
            soon = trainer.report_minutes if rows else min(trainer.report_minutes, _FIRST_MINUTES)
            losses = yield from _advance(trainer, report_every or trainer.report_every, begun, soon)
            done = trainer.progress() >= 1  # before the clock counts the report
            row = {"step": trainer.step, "minutes": trainer.spent, **losses}
            row |= {f"held {name}": value for name, value in trainer.measure().items()}
            rows.append(row)
            with _writing(folder):
                write_log(rows, folder / LOG)
            _write(trainer)
            yield trainer.progress(), row
            if 0 < options.minutes <= row["minutes"] - begun:
                return


def _advance(
    trainer: Trainer[Any], report_every: float, begun: float, minutes: float
) -> Generator[tuple[float, dict[str, float]], None, dict[str, float]]:
    """Take steps until the next report, in so many minutes at most; return the mean losses."""
    limit = trainer.options.minutes
    end = min(begun + (limit or math.inf), trainer.spent + minutes)
    values: dict[str, list[Tensor]] = defaultdict(list)
    while True:
        for name, value in trainer.advance().items():
            values[name].append(value)
        if trainer.progress() >= 1 or trainer.spent >= end or trainer.step % report_every == 0:
            break
        yield max(trainer.progress(), (trainer.spent - begun) / limit if limit else 0.0), {}
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
    try:
        yield
    except OSError as error:
        raise WeightsError(
            f"{folder} cannot be written to ({error.strerror or error}): make room or name another "
            "output folder; the same command resumes at the last report"
        ) from error


def read_log(path: Path) -> list[dict[str, float]]:
    """Return the rows of a log; none, where there is no file."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def write_log(rows: Sequence[Mapping[str, float]], path: Path) -> None:
    """Write a log in CSV, and its curves as SVG beside it where matplotlib is installed."""
    # The rows of an earlier version may have fewer columns.
    names = list(dict.fromkeys(name for row in rows for name in row))
    with replacing(path) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, names, "nan")
        writer.writeheader()
        writer.writerows({n: f"{value:.6g}" for n, value in row.items()} for row in rows)
    curves = {name: [row.get(name, math.nan) for row in rows] for name in names}
    steps, _ = curves.pop("step"), curves.pop("minutes")
    with suppress(ImportError, MissingExtraError):
        from impasto.records import save_plot

        axes, svg = ("step", "loss"), path.with_suffix(".svg")
        save_plot(curves, svg, axes=axes, at=steps, logarithmic=True, overwrite=True)


def described(row: Mapping[str, float]) -> str:
    """Return a row of the log as text."""
    return "  ".join(f"{name} {value:.4g}" for name, value in row.items())


def run_as_program(
    trainer_type: type[Trainer[OptionsT]], options_type: type[OptionsT], description: str | None
) -> None:
    """Train with options from the command line, whose help is the first line of the description."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    for each in fields(options_type):
        default: Any = each.default
        help_text = f"{each.metadata['help']} [{default}]"
        parser.add_argument(f"--{each.name}", type=type(default), default=default, help=help_text)
    try:
        for _, row in train(trainer_type, options_type(**vars(parser.parse_args()))):
            if row:
                print(described(row), flush=True)  # noqa: T201
    except SettingsError as error:
        parser.error(str(error))
    except ImpastoError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
