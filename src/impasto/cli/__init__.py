"""The command line: it parses, calls and prints; all work is done below it."""

from impasto.cli.app import main

__all__ = ["main"]
