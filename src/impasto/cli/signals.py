"""Signals that ask the program to end: each ends a command as Ctrl-C does."""

import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

#: Ctrl-C, `kill` (also `docker stop`, systemd), a terminal that is closed.
ENDING = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
#: Seconds in which further signals are part of the first: a terminal that closes sends several.
_ONE_WISH = 3.0


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Raise KeyboardInterrupt, with the number of the signal, when one of `ENDING` comes.

    Those that the caller has this program ignore (`nohup`) stay ignored. Outside the main thread
    nothing changes.
    """
    last = -_ONE_WISH

    def end(number: int, _frame: FrameType | None) -> None:
        nonlocal last
        _leave_closed_terminal()
        again, last = time.monotonic() - last < _ONE_WISH, time.monotonic()
        if not again:
            raise KeyboardInterrupt(number)

    with _handled(end):
        yield


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
