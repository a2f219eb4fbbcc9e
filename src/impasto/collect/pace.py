"""Time between requests: none to a host before its turn, and a busy host is left alone."""

from __future__ import annotations

import threading
import time
from email.utils import parsedate_to_datetime


class StoppedError(Exception):
    """The run is over; nothing more is to be asked."""


class Clock:
    """The time, and waiting, which ends at once when the run does."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def now(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait.

        Raises:
            StoppedError: The run was stopped.
        """
        if self._stopped.wait(max(seconds, 0.0)):
            raise StoppedError

    def check(self) -> None:
        """Raise StoppedError if the run was stopped."""
        if self._stopped.is_set():
            raise StoppedError

    def stop(self) -> None:
        """End all waiting, now and later."""
        self._stopped.set()


class Pace:
    """When each host may be asked next.

    Args:
        clock: What to wait with.
    """

    #: Hosts that are remembered; those asked longest ago are forgotten first.
    MOST_HOSTS = 4096

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next: dict[str, float] = {}
        self._closed: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, host: str, delay: float) -> None:
        """Wait for the turn of a request, and take it.

        Args:
            host: Who is asked.
            delay: Seconds from this request to the next.
        """
        with self._lock:
            now = self._clock.now()
            turn = max(now, self._next.pop(host, now))
            self._remember(self._next, host, turn + delay)
        if turn > now:
            self._clock.sleep(turn - now)

    def rest(self, host: str, seconds: float) -> None:
        """Let nobody ask a host for some seconds."""
        with self._lock:
            self._next[host] = max(self._next.get(host, 0.0), self._clock.now() + seconds)

    def close(self, host: str, seconds: float) -> None:
        """Note that a host is to be left alone for longer than anybody waits."""
        with self._lock:
            self._remember(self._closed, host, self._clock.now() + seconds)

    def closed(self, host: str) -> float:
        """Return for how many seconds a host is still to be left alone; 0: it may be asked."""
        with self._lock:
            return max(self._closed.get(host, 0.0) - self._clock.now(), 0.0)

    def _remember(self, moments: dict[str, float], host: str, moment: float) -> None:
        moments[host] = moment
        if len(moments) > self.MOST_HOSTS:
            del moments[next(iter(moments))]


def retry_after(header: str | None, wall: float | None = None) -> float | None:
    """Return the seconds that a `Retry-After` asks for; None if it says nothing of use.

    Args:
        header: A number of seconds or a date.
        wall: The time of day, in seconds; None: now.
    """
    text = (header or "").strip()
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
    return max(moment - (time.time() if wall is None else wall), 0.0)
