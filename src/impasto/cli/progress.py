"""The progress bar of a run: octave, step, loss and time left."""

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from rich import progress as rich_progress
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from impasto.runs import State

ItemT = TypeVar("ItemT")


def _bar(left: str, right: str, quiet: bool) -> rich_progress.Progress:
    """Return a bar between two texts, shown on a terminal's error stream unless quiet."""
    console = Console(stderr=True)
    texts = [rich_progress.TextColumn(text) for text in (left, right) if text]
    return rich_progress.Progress(
        texts[0],
        rich_progress.BarColumn(bar_width=None),
        *texts[1:],
        rich_progress.TimeRemainingColumn(),
        console=console,
        redirect_stdout=sys.stdout.isatty(),  # else it would go to the error stream
        disable=quiet or not console.is_terminal,
        transient=True,
    )


def counted(items: Iterable[ItemT], total: int, quiet: bool = False) -> Iterator[ItemT]:
    """Yield items and show how many of all pictures are done."""
    with _bar("{task.completed}/{task.total} pictures", "", quiet) as bar:
        task = bar.add_task("", total=total)
        for item in items:
            bar.advance(task)
            yield item


@contextmanager
def collecting(limit: int, quiet: bool = False) -> Iterator[Callable[[int, int, int], None]]:
    """Show how many pictures are kept; yields what is told that, the rejected, and the pages."""
    left, right = "{task.completed} of at most {task.total} pictures", "{task.fields[others]}"
    with _bar(left, right, quiet) as bar:
        task = bar.add_task("", total=limit, others="")

        def show(kept: int, rejected: int, pages: int) -> None:
            bar.update(task, completed=kept, others=f"{rejected} left out  {pages} pages")

        yield show


@contextmanager
def framing(total: int | None, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """Show how many frames are done, how many a second; yields what is told how many there are."""
    left, right = "{task.completed} of {task.fields[whole]} frames", "{task.fields[rate]}"
    with _bar(left, right, quiet) as bar:
        whole = "about " + str(total) if total else "?"
        task = bar.add_task("", total=total, whole=whole, rate="")

        def show(done: int) -> None:
            bar.update(task, completed=done)
            speed = bar.tasks[0].speed
            bar.update(task, rate=f"{speed:.1f} a second" if speed else "")

        yield show


@contextmanager
def tuning(name: str, minutes: float, quiet: bool = False) -> Iterator[Callable[[float], None]]:
    """Show how far a style is learned; yields what is told how many minutes that took so far.

    It takes `minutes` in all; 0: nobody knows.
    """
    with _bar(f"learning {escape(name)}", "", quiet) as bar:
        task = bar.add_task("", total=minutes or None)
        yield lambda spent: bar.update(task, completed=min(spent, minutes or spent))


@contextmanager
def training() -> Iterator[Callable[[float], None]]:
    """Show how far a training is; yields what is told which part of it is over, from 0 to 1."""
    with _bar("training", "{task.percentage:.0f} %", quiet=False) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda over: bar.update(task, completed=over)


class Progress:
    """A bar on the terminal's error stream; nothing where that is not a terminal, or when quiet."""

    def __init__(self, quiet: bool = False) -> None:
        self._bar = _bar(
            "octave {task.fields[octave]} ({task.fields[size]})",
            "step {task.fields[step]}  loss {task.fields[loss]}",
            quiet,
        )
        self._task: rich_progress.TaskID | None = None

    def __enter__(self) -> "Progress":
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def show(self, state: "State") -> None:
        """Bring the bar to a state."""
        done, total = _work(state)
        texts: dict[str, Any] = {
            "octave": f"{state.octave}/{state.octaves}",
            "size": f"{state.size[0]}x{state.size[1]}",
            "step": f"{state.step}/{state.steps[state.octave - 1]}",
            "loss": "none" if math.isnan(state.loss) else f"{state.loss:.4g}",
        }
        if self._task is None:
            self._task = self._bar.add_task("", total=total, completed=0, **texts)
        self._bar.update(self._task, total=total, completed=done, **texts)


def _work(state: "State") -> tuple[float, float]:
    """Return the work done and in all; an octave twice as large has four times the work."""
    cost = [float(4**octave) for octave in range(state.octaves)]
    total = sum(c * n for c, n in zip(cost, state.steps, strict=True))
    before = sum(c * n for c, n in zip(cost[: state.octave - 1], state.steps, strict=False))
    return before + cost[state.octave - 1] * state.step, total
