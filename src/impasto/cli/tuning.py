"""Tuning on the way, with a bar."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from impasto.cli.progress import tuning
from impasto.fast.tuned import Watch, show_tunings
from impasto.weights.downloading import OnDownload


def watch_tunings(quiet: bool, announce: OnDownload) -> None:
    """Show how far it is whenever the network is tuned to a style.

    Args:
        quiet: Show nothing.
        announce: Told of a download.
    """
    show_tunings(partial(_shown, quiet=quiet), announce)


@contextmanager
def _shown(name: str, minutes: float, *, quiet: bool) -> Iterator[Watch]:
    if not quiet:
        said = f"learning {name}: {minutes:g} minutes, but only once; after Ctrl-C it resumes"
        print(said, file=sys.stderr)
    with tuning(name, minutes, quiet) as show:
        yield show
