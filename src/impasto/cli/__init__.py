"""The command line: it parses, calls and prints; all work is done below it."""

import os

# Read when torch is loaded: threads that spin while they wait make any busy program slow both.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

from impasto.cli.app import main

__all__ = ["main"]
