"""The command line: it parses, calls and prints; all work is done below it."""

import os

from impasto.cli.terminal import ended_by_signals

# Read when torch is loaded: threads that spin while they wait make any busy program slow both.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

__all__ = ["main"]


def main() -> None:
    """Run the command of `sys.argv`; a signal ends it with one line, even while it is imported."""
    with ended_by_signals():
        from impasto.cli.app import run

        run()
