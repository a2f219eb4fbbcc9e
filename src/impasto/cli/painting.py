"""What `stylize` and `reproduce` share: paint a job, show how it goes, lose nothing."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import typer

from impasto.checkpoints import Checkpoint
from impasto.cli.inputs import Job
from impasto.cli.memory import reuse_freed_memory
from impasto.cli.options import INTERRUPTED
from impasto.cli.progress import Progress, tuning
from impasto.errors import ImpastoError, SettingsError
from impasto.images import Picture
from impasto.records import Records
from impasto.runs import Run, State
from impasto.settings import Settings
from impasto.stylizers import missing_weights, stylizer
from impasto.weights import WeightsFile, fetch

#: Longest side in pixels from which on a run says beforehand what it will take.
_LARGE = 1024


def say_plan(job: Job) -> None:
    """Print what a job would take of time and memory."""
    if job.settings.tune:
        raise SettingsError("a plan does not cover tuning: leave --plan or --tune out")
    for line in stylizer(job.styles, job.settings).run(job.content).plan.lines():
        print(line)


def paint(
    job: Job, records: Records, *, force: bool, quiet: bool, started: float, resume: bool = False
) -> Picture:
    """Paint a job, save the result and the records, and print where they are.

    A time limit counts from `started`, or from the end of a download. Whatever ends the run early,
    what was painted until then is saved first.
    """
    settings = job.settings
    if resume and not settings.row.steps:
        raise SettingsError(f"{settings.method} paints in one pass: leave --resume out")
    if prepare(settings, quiet, job.check_pictures):
        started = time.monotonic()
    painter = stylizer(job.styles, settings)
    say(painter.describe(), quiet)
    run = painter.run(job.content, started=started)
    if settings.row.steps and settings.size > _LARGE and settings.time is None:
        _say_plan_of(run, quiet)
    checkpoint = Checkpoint(job.checkpoint, run) if resume else None
    state, ending = _watch(run, records, checkpoint, quiet)
    with _uninterrupted():
        picture = run.picture
        if ending is not None:
            say(f"stopped after {state.done} of {state.planned} steps; saving what there is")
        elif settings.time is not None and not state.steps[-1]:
            say(_what_time_was_short_for(state, picture, job), quiet)
        paths = job.save(picture, force=force)
        paths += records.save(state, run, job.protected)
        for path in paths:
            print(path, file=sys.stderr if job.output is None else sys.stdout)
    if ending is not None:
        raise typer.Exit(INTERRUPTED) if isinstance(ending, KeyboardInterrupt) else ending
    return picture


def _say_plan_of(run: Run, quiet: bool) -> None:
    with suppress(ImpastoError):  # the run itself will say what is wrong
        for line in () if quiet else run.plan.lines():
            say(line)


def say(message: str, quiet: bool = False) -> None:
    """Print a line for the person at the terminal, aside from the output."""
    if not quiet:
        print(message, file=sys.stderr, flush=True)


def prepare(settings: Settings, quiet: bool, check: Callable[[], None] = lambda: None) -> bool:
    """Prepare the process for painting; return whether weights were downloaded, or may be.

    Before a download, `check` raises what is wrong with the pictures.
    """
    reuse_freed_memory(settings)

    def announce(file: WeightsFile, _: Path) -> None:
        say(f"downloading {file.filename}: {file.size}, {file.license}, {file.url}", quiet)

    missing = missing_weights(settings)
    if settings.tune:
        from impasto.fast.tuned import show_tunings

        show_tunings(partial(_tuning, quiet=quiet), announce)
    elif not missing:
        return False
    check()
    for name in missing:
        fetch(name, on_download=announce)
    return bool(missing)


@contextmanager
def _tuning(name: str, minutes: float, *, quiet: bool) -> Iterator[Callable[[float], object]]:
    text = f"learning {name}: {minutes:g} minutes, but only once; after Ctrl-C it can be resumed"
    say(text, quiet)
    with tuning(name, minutes, quiet) as show:
        yield show


def _what_time_was_short_for(state: State, picture: Picture, job: Job) -> str:
    if max(state.size) < max(picture.size):
        return f"no time for more than {state.size[0]}x{state.size[1]} pixels: enlarged"
    return f"no time for {job.settings.encoders[-1]}: painted without it"


def _watch(
    run: Run, records: Records, checkpoint: Checkpoint | None, quiet: bool
) -> tuple[State, BaseException | None]:
    """Go through a run; return the last state, and what ended it early."""
    state = None
    try:
        if checkpoint is not None:
            checkpoint.restore()
        with Progress(quiet) as progress:
            for state in run:
                progress.show(state)
                records.add(state, run)
                if checkpoint is not None:
                    checkpoint.save_if_due()
        if checkpoint is not None:
            checkpoint.remove()
    except (KeyboardInterrupt, ImpastoError, MemoryError, RuntimeError) as ending:
        if state is None:
            raise
        return state, ending
    assert state is not None
    return state, None


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Let a second Ctrl-C, from an impatient finger, not undo what the first one saves."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
