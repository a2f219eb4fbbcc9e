"""What commands share that paint: paint a job, show how far the work is, lose nothing."""

import ctypes
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import typer
from rich import progress as rich_progress
from rich.console import Console
from rich.markup import escape

from impasto.cli.inputs import Job
from impasto.cli.outputs import Outputs
from impasto.cli.terminal import announce, echo, say, status_of, uninterrupted
from impasto.errors import ImpastoError, SettingsError
from impasto.images import Picture
from impasto.machine import free_memory
from impasto.runs import Run, State
from impasto.settings import Settings
from impasto.settings.encoders import ENCODERS
from impasto.stylizers import stylizer
from impasto.weights.catalogue import WeightsFile
from impasto.weights.fetching import show_downloads

#: Longest side in pixels from which on a run says beforehand what it will take.
_LARGE = 1024
#: What a run takes at the most, kept pieces included, of what its encoder takes.
_SPARE = 1.5
#: Names of options in glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3


def paint(
    job: Job, outputs: Outputs, *, quiet: bool, started: float, plan: bool = False
) -> Picture | None:
    """Paint a job, save what it leaves behind, and print where that is.

    A time limit counts from `started`, when the command began, or from the end of a download.
    Whatever ends the run early, what was painted until then is saved first. With `plan` it only
    prints how much time and memory it would take. None is returned where nothing was painted.
    """
    settings = job.settings
    if outputs.resume and not settings.method_row.steps:
        raise SettingsError(f"{settings.method} paints in one pass: leave --resume out")
    if plan and settings.tune:
        raise SettingsError("a plan does not cover tuning: leave --plan or --tune out")
    downloads = prepare(settings, quiet, job.check_pictures)
    made = stylizer(job.styles, settings)
    if outputs.resume and not plan:
        finished = outputs.finished(made.settings, job.content, job.styles)
        if finished is not None:
            say(f"{finished} is finished: nothing is left to resume")
            echo(finished)
            return None
    run = made.run(job.content, started=time.monotonic() if downloads else started)
    if plan:
        echo(*run.plan.lines())
        return None
    say(made.describe(), quiet)
    slow = settings.method_row.steps and settings.size_limit >= _LARGE and settings.time is None
    if slow and not quiet:
        with suppress(ImpastoError):  # the run itself will say what is wrong
            for line in run.plan.lines():
                say(line)
    return _painted(run, settings, outputs, quiet)


def _painted(run: Run, settings: Settings, outputs: Outputs, quiet: bool) -> Picture:
    """Go through a run and save what it leaves behind, whatever ends it."""
    state, ending = _watch(run, outputs, quiet)
    with uninterrupted():
        picture = run.picture
        if ending is not None:
            say(f"stopped after {state.done} of {state.planned} steps; saving what there is")
        elif settings.time is not None and not state.steps[-1]:
            enlarged = max(state.size) < max(picture.size)
            size = f"more than {state.size[0]}x{state.size[1]} pixels: enlarged"
            encoder = f"{settings.encoders[-1]}: painted without it"
            say(f"no time for {size if enlarged else encoder}", quiet)
        for note in run.notes:
            say(note)
        saved = outputs.save(picture, state, run, whole=ending is None)
    for path in saved:
        echo(path, file=sys.stderr if outputs.target is None else sys.stdout)
    if ending is None:
        return picture
    if outputs.has_checkpoint:
        say("the same command resumes it")
    if isinstance(ending, KeyboardInterrupt):
        raise typer.Exit(status_of(ending))
    raise ending


def _watch(run: Run, outputs: Outputs, quiet: bool) -> tuple[State, BaseException | None]:
    """Go through a run; return the last state, and what ended it early."""
    state = None
    try:
        outputs.restore(run)
        if outputs.has_checkpoint:
            say("resuming where it was stopped", quiet)
        with RunBar(quiet) as bar:
            for state in run:
                bar.follow(state)
                outputs.add(state, run)
    except (KeyboardInterrupt, ImpastoError, MemoryError, RuntimeError) as ending:
        if state is None:
            raise
        return state, ending
    assert state is not None
    return state, None


def prepare(
    settings: Settings, quiet: bool, check: Callable[[], None] = lambda: None
) -> list[WeightsFile]:
    """Prepare the process for painting: keep freed memory, show downloads and tunings.

    Before each of those, `check` is called, which raises what is wrong with the pictures. The
    files that are downloaded will be added to the list that is returned.
    """
    _keep_freed_memory(settings)
    downloads: list[WeightsFile] = []

    def tell(file: WeightsFile, target: Path) -> None:
        check()
        downloads.append(file)
        if not quiet:
            announce(file, target)

    @contextmanager
    def show(name: str, minutes: float) -> Iterator[Callable[[float], object]]:
        check()
        once = "but only once; after Ctrl-C it can be resumed"
        say(f"learning {name}: {minutes:g} minutes, {once}", quiet)
        with tuning(name, minutes, quiet) as told:
            yield told

    show_downloads(tell)
    if settings.tune:
        from impasto.fast.tuned import show_tunings

        show_tunings(show)
    return downloads


def _keep_freed_memory(settings: Settings) -> None:
    """Keep the memory that a step of an optimization frees for the next one.

    glibc returns each large piece at once, and the system fills it with zeros when it is asked for
    again: a third of the time of large pictures. Kept pieces take up to a quarter more memory:
    where that may be short, and on other systems, nothing changes.
    """
    rows = [ENCODERS[name] for name in settings.encoders if name in ENCODERS]
    most = max((max(row.bytes_per_pixel.values()) for row in rows), default=0)
    needed, free = _SPARE * most * settings.size_limit**2, free_memory() or 0.0
    if not settings.method_row.steps or settings.memory or needed > free or sys.platform != "linux":
        return
    libc: Any = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):  # before glibc 2.35 so much is refused
        libc.mallopt(_MMAP_THRESHOLD, 1 << 30) or libc.mallopt(_MMAP_THRESHOLD, 32 << 20)
        libc.mallopt(_TRIM_THRESHOLD, (1 << 31) - 1)


ItemT = TypeVar("ItemT")


class Bar(rich_progress.Progress):
    """A bar between two texts, on the error stream; nothing if that is no terminal, or if quiet.

    The fields stand in the texts as `{task.fields[…]}`. Of a total of None nobody knows the end.
    """

    def __init__(
        self,
        left: str,
        right: str,
        total: float | None,
        quiet: bool = False,
        **fields: Any,  # noqa: ANN401
    ) -> None:
        console = Console(stderr=True)
        texts = [rich_progress.TextColumn(text) for text in (left, right) if text]
        super().__init__(
            texts[0],
            rich_progress.BarColumn(bar_width=None),
            *texts[1:],
            rich_progress.TimeRemainingColumn(),
            console=console,
            redirect_stdout=sys.stdout.isatty(),  # else it would go to the error stream
            disable=quiet or not console.is_terminal,
            transient=True,
        )
        self._task = self.add_task("", total=total, **fields)

    def show(self, completed: float, **fields: Any) -> None:  # noqa: ANN401
        """Bring the bar and its texts to where the work is."""
        self.update(self._task, completed=completed, **fields)


def counted(items: Iterable[ItemT], total: int, quiet: bool = False) -> Iterator[ItemT]:
    """Yield items and show how many of all pictures are done."""
    with Bar("{task.completed}/{task.total} pictures", "", total, quiet) as bar:
        for done, item in enumerate(items, 1):
            bar.show(done)
            yield item


@contextmanager
def tuning(name: str, minutes: float, quiet: bool = False) -> Iterator[Callable[[float], None]]:
    """Show how far a style is learned; yields what is told how many minutes that took so far.

    It takes `minutes` in all; 0: nobody knows.
    """
    with Bar(f"learning {escape(name)}", "", minutes or None, quiet) as bar:
        yield lambda spent: bar.show(min(spent, minutes or spent))


class RunBar(Bar):
    """The bar of a run: octave, step and loss."""

    def __init__(self, quiet: bool = False) -> None:
        left = "octave {task.fields[octave]} ({task.fields[size]})"
        right = "step {task.fields[step]}  loss {task.fields[loss]}"
        super().__init__(left, right, None, quiet, octave="", size="", step="", loss="")
        self.update(self._task, visible=False)  # until the first step

    def follow(self, state: State) -> None:
        """Bring the bar to a state; an octave twice as large has four times the work."""
        work = [4.0**octave * steps for octave, steps in enumerate(state.steps)]
        self.show(
            sum(work[: state.octave - 1]) + 4.0 ** (state.octave - 1) * state.step,
            total=sum(work),
            visible=True,
            octave=f"{state.octave}/{state.octaves}",
            size=f"{state.size[0]}x{state.size[1]}",
            step=f"{state.step}/{state.steps[state.octave - 1]}",
            loss="none" if math.isnan(state.loss) else f"{state.loss:.4g}",
        )
