"""`impasto batch`: every content in every style."""

import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto.cli import completion
from impasto.cli.options import Quiet, argument, own, stopping, with_settings
from impasto.cli.terminal import echo
from impasto.errors import ImageError

if TYPE_CHECKING:
    from impasto.batch import Outcome


@with_settings
def batch(
    contents: list[str] = argument(
        ..., "Pictures to paint: files, folders, patterns. They come first."
    ),
    *,
    styles: list[str] | None = own(
        None,
        "What to paint like: files, folders, patterns, names, up to the next option.",
        *("--styles", "-s"),
        metavar="STYLE…",
        autocompletion=completion.styles,
    ),
    output: Path = own(..., "Folder for the results.", "--output", "-o", metavar="FOLDER"),
    form: str = own("jpg", "Of the results: jpg, png, webp, tif …", "--format", metavar="NAME"),
    workers: int | None = own(
        None, "Pictures at once. \\[by the cores and the method]", min=1, more=True
    ),
    fresh: bool = own(False, "Make everything again, not only what is missing.", "--fresh"),
    quiet: Quiet = False,
    options: dict[str, Any],
) -> None:
    """Paint every content in every style, into a folder with a sheet of all results.

    Run again, it makes only what is missing or has changed.

    Example: impasto batch photos -s paintings -o painted --method fast
    """
    from impasto.batch import Batch
    from impasto.batch.painting import reason_of
    from impasto.cli.options import say
    from impasto.cli.painting import prepare
    from impasto.cli.progress import counted
    from impasto.settings import Settings

    work = Batch(contents, styles or [], output, Settings(**options), form)
    prepare(work.settings, quiet)
    _ = work.looks  # what is to be tuned is tuned now, before another bar is shown
    for error in work.bad.values():
        say(f"a style is left out: {reason_of(error)}")
    outcomes = []

    def stopped() -> str:
        # Those in progress were finished after the last outcome that was seen.
        made = sum((output / pair.name).is_file() for pair in work.pairs)
        there = f"{made} of {len(work.pairs)} are there"
        return f"stopped: {there}; the same command continues"

    with stopping(stopped):
        for outcome in counted(work.paint(workers, fresh=fresh), len(work.pairs), quiet):
            outcomes.append(outcome)
        failed = _report(outcomes)
        for path in work.save_sheets(outcomes):
            echo(path)
    if failed:
        raise ImageError(f"{failed} of {len(outcomes)} pictures failed: see above")


def _report(outcomes: list["Outcome"]) -> int:
    """Print what became of all pictures; return how many failed."""
    failed = [each for each in outcomes if each.error is not None]
    again = sum(each.again for each in outcomes)
    kept = f", {again} were there already" if again else ""
    made = len(outcomes) - len(failed) - again
    echo(f"{made} painted{kept}, {len(failed)} failed", file=sys.stderr)
    reasons = defaultdict(list)
    for each in failed:
        reasons[each.error].append(each.pair.name)
    for error, names in reasons.items():
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        echo(f"  {names[0]}{more}: {error}", file=sys.stderr)
    return len(failed)
