"""What the program prints: whatever the console can show, and nothing that commands it."""

import re
import sys
from io import TextIOWrapper
from typing import TextIO

#: Control characters, line separators, marks that turn the direction, and undecodable bytes.
_COMMANDING = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
_SPELLINGS = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def escaped(text: object) -> str:
    r"""Return a text as one line whose control characters are spelled: ESC as `\u001b`."""
    return _COMMANDING.sub(
        lambda found: _SPELLINGS.get(found[0], f"\\u{ord(found[0]):04x}"), str(text)
    )


def echo(*lines: object, file: TextIO | None = None) -> None:
    """Print lines, each of them escaped: names of files and recipes may hold anything.

    Args:
        *lines: Text, or paths.
        file: `sys.stderr`; None: `sys.stdout`.
    """
    print(*map(escaped, lines), sep="\n", file=file, flush=True)


def replace_unprintable() -> None:
    """Let a console whose encoding lacks a character show `?` in its place."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
