"""What `stylize` and `reproduce` share: paint a job, show how it goes, lose nothing."""

import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import typer

from impasto import api
from impasto.api import Forecasting, Stylizer
from impasto.cli.inputs import Job
from impasto.cli.memory import reuse_freed_memory
from impasto.cli.options import INTERRUPTED
from impasto.cli.progress import Progress, tuning
from impasto.errors import ImpastoError, SettingsError
from impasto.records import Records
from impasto.settings import Settings
from impasto.states import State
from impasto.weights import WeightsFile, fetch, find

#: Longest side in pixels from which on a run says beforehand what it will take.
_LARGE = 1024


def say_plan(job: Job) -> None:
    """Print what a job would take of time and memory."""
    if job.settings.one_pass:
        raise SettingsError(f"{job.settings.method} paints in one pass: there is nothing to plan")
    stylizer = api.stylizer(job.styles, job.settings)
    assert isinstance(stylizer, Forecasting)
    for line in stylizer.forecast(job.content).lines():
        print(line)


def paint(
    job: Job, records: Records, *, force: bool, quiet: bool, started: float, resume: bool = False
) -> State:
    """Paint a job, save the result and the records, and print where they are.

    A time limit counts from `started`, or from the end of a download. Whatever ends the run early,
    what was painted until then is saved first.
    """
    if resume and job.settings.one_pass:
        raise SettingsError(f"{job.settings.method} paints in one pass: leave --resume out")
    if prepare(job.settings, quiet, job.check_pictures):
        started = time.monotonic()
    stylizer = api.stylizer(job.styles, job.settings)
    say(stylizer.describe(), quiet)
    state, ending = _work(_states(stylizer, job, quiet, started, resume), records, quiet)
    with _uninterrupted():
        if ending is not None:
            say(f"stopped after {state.done} of {state.planned} steps; saving what there is")
        elif job.settings.time is not None and not state.steps[-1]:
            say(_what_time_was_short_for(state, job), quiet)
        paths = job.save(state.picture, force=force)
        paths += records.save(state, job.protected)
        for path in paths:
            print(path, file=sys.stderr if job.output is None else sys.stdout)
    if isinstance(ending, KeyboardInterrupt):
        raise typer.Exit(INTERRUPTED)
    if ending is not None:
        raise ending
    return state


def _states(
    stylizer: Stylizer, job: Job, quiet: bool, started: float, resume: bool
) -> Iterator[State]:
    """Begin a run; a long one says beforehand what it takes, and is saved if it may be resumed."""
    if isinstance(stylizer, Forecasting):
        if job.settings.size > _LARGE and job.settings.time is None and not quiet:
            with suppress(ImpastoError):  # the run itself will say what is wrong
                for line in stylizer.forecast(job.content).lines():
                    say(line)
        checkpoint = job.checkpoint if resume else None
        return stylizer.iterate(job.content, started=started, checkpoint=checkpoint)
    return stylizer.iterate(job.content, started=started)


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

    needed: Sequence[str] = () if settings.weights is not None else settings.encoders
    if settings.one_pass and settings.weights is None:
        from impasto.fast.methods import needed_files

        needed = needed_files(settings)
    missing = [name for name in needed if find(name) is None]
    if settings.tune:
        from impasto.fast.tuned import show_tunings

        show_tunings(partial(_tuning, quiet=quiet), announce)
    elif not missing:
        return False
    check()
    if not settings.one_pass:
        from impasto.networks import check_encoders
        from impasto.optimize.objective import layers_of

        check_encoders(settings.encoders, layers_of(settings), settings.pooling)
    for name in missing:
        fetch(name, on_download=announce)
    return bool(missing)


@contextmanager
def _tuning(name: str, minutes: float, *, quiet: bool) -> Iterator[Callable[[float], object]]:
    text = f"learning {name}: {minutes:g} minutes, but only once; after Ctrl-C it can be resumed"
    say(text, quiet)
    with tuning(name, minutes, quiet) as show:
        yield show


def _what_time_was_short_for(state: State, job: Job) -> str:
    if max(state.size) < max(state.picture.size):
        return f"no time for more than {state.size[0]}x{state.size[1]} pixels: enlarged"
    return f"no time for {job.settings.encoders[-1]}: painted without it"


def _work(
    states: Iterator[State], records: Records, quiet: bool
) -> tuple[State, BaseException | None]:
    """Go through the states; return the last, and what ended the run early."""
    state = None
    try:
        with Progress(quiet) as progress:
            for state in states:
                progress.show(state)
                records.add(state)
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
