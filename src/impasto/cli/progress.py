"""Progress bars: how far the work is, and the time left."""

import math
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from rich import progress as rich_progress
from rich.console import Console
from rich.markup import escape

if TYPE_CHECKING:
    from impasto.runs import State

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

    def follow(self, state: "State") -> None:
        """Bring the bar to a state; an octave twice as large has four times the work."""
        work = [4.0**octave * steps for octave, steps in enumerate(state.steps)]
        before = sum(work[: state.octave - 1])
        self.show(
            before + 4.0 ** (state.octave - 1) * state.step,
            total=sum(work),
            visible=True,
            octave=f"{state.octave}/{state.octaves}",
            size=f"{state.size[0]}x{state.size[1]}",
            step=f"{state.step}/{state.steps[state.octave - 1]}",
            loss="none" if math.isnan(state.loss) else f"{state.loss:.4g}",
        )
