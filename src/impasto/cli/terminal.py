"""The terminal: what is printed there, and the signals that end a command as Ctrl-C does.

Lines hold whatever the console can show, and nothing that commands it.
"""

import os
import re
import signal
import stat
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import TextIO

from impasto.weights.catalogue import WeightsFile

#: Control characters, line separators, marks that turn the direction, and undecodable bytes.
_BAD = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SPELLINGS = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}
#: Ctrl-C, `kill` (also `docker stop`, systemd), a terminal that is closed.
ENDING = [getattr(signal, n) for n in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, n)]
#: Seconds in which further signals are part of the first: a terminal that closes sends several.
_ONE_WISH = 3.0


def escaped(text: object) -> str:
    r"""Return a text as one line whose control characters are spelled: ESC as `\u001b`."""
    return _BAD.sub(lambda m: _SPELLINGS.get(m[0], f"\\u{ord(m[0]):04x}"), str(text))


def echo(*lines: object, file: TextIO | None = None) -> None:
    """Print lines, each of them escaped: names of files and recipes may hold anything."""
    print(*map(escaped, lines), sep="\n", file=file, flush=True)


def say(message: str, quiet: bool = False) -> None:
    """Print a line for the person at the terminal, aside from the output; if nobody reads, fine."""
    with suppress(OSError, ValueError):  # a reader of our lines may have been ended before us
        if not quiet:
            echo(message, file=sys.stderr)


def announce(file: WeightsFile, target: Path) -> None:
    """Say what is about to be downloaded."""
    echo(
        f"downloading {file.filename}: {file.size}, {file.license}, from {file.source}, {file.url}",
        file=sys.stderr,
    )


def replace_unprintable() -> None:
    """Let a console whose encoding lacks a character show `?` in its place."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Raise KeyboardInterrupt, with the number of the signal, when one of `ENDING` comes.

    Those that the caller has this program ignore (`nohup`) stay ignored. When one has come the
    program ends with the block: Python would wait for its threads, while another signal kills it.
    Outside the main thread nothing changes.
    """
    came: list[tuple[float, int]] = []  # when, and which

    def end(number: int, _frame: FrameType | None) -> None:
        _leave_closed_terminal()
        came.append((time.monotonic(), number))
        if len(came) == 1 or came[-1][0] - came[-2][0] >= _ONE_WISH:
            raise KeyboardInterrupt(number)

    with _handled(end):
        try:
            yield
        except BaseException as left:  # compiled modules make an ImportError of a KeyboardInterrupt
            if not came:
                raise
            status = left.code if isinstance(left, SystemExit) else 128 + came[0][1]
            if not isinstance(left, SystemExit):
                say("stopped")
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    stream.flush()
            os._exit(int(status or 0))


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Let no signal undo what is being saved."""
    with _handled(lambda _number, _frame: _leave_closed_terminal()):
        yield


def status_of(interrupt: KeyboardInterrupt) -> int:
    """Return the exit status of a command that a signal ended, as shells have it: 128 + number."""
    number: int = interrupt.args[0] if interrupt.args else signal.SIGINT
    return 128 + number


@contextmanager
def _handled(handler: "signal._HANDLER") -> Iterator[None]:
    main = threading.current_thread() is threading.main_thread()
    before = {each: signal.getsignal(each) for each in ENDING if main}
    taken = {each: old for each, old in before.items() if old not in (signal.SIG_IGN, None)}
    for each in taken:
        signal.signal(each, handler)
    try:
        yield
    finally:
        for each, old in taken.items():
            signal.signal(each, old)


def _leave_closed_terminal() -> None:
    """Write to nowhere instead of to a terminal that is gone, where each line would be an error."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            number = stream.fileno()
            if stat.S_ISCHR(os.fstat(number).st_mode) and not os.isatty(number):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, number)
                os.close(nowhere)
