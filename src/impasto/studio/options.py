"""How the studio is run."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from pathlib import Path

from impasto.errors import SettingsError

#: Largest longest side that `max_size` allows.
LARGEST = 16384


def history_folder() -> Path:
    """Return where results are kept if nothing is said."""
    from platformdirs import user_data_path

    return user_data_path("impasto", appauthor=False) / "studio"


@dataclass(frozen=True)
class StudioOptions:
    """Everything that `impasto studio` can be told.

    Attributes:
        host: Address to listen at; 127.0.0.1 is this machine only.
        port: Where to begin to look for a free port; 0: any.
        auth: User and password pairs; none: everybody who reaches the page may use it.
        max_size: Longest side of results, in pixels.
        max_upload: Megabytes of an upload.
        queue: Jobs of visitors that may wait.
        minutes: That a job may take; what it has painted by then is its result.
        public: Whether visitors are strangers to each other: each sees only their own results,
            which are deleted after a while.
        history: Folder that results are kept in.
        root_path: Path below which a proxy serves the studio, `/impasto`, if it passes that on.
        names: Host names that the page may have besides those of this machine; a public studio may
            have any.

    Raises:
        SettingsError: Something is out of range.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    auth: tuple[tuple[str, str], ...] = ()
    max_size: int = 2048
    max_upload: float = 50.0
    queue: int = 32
    minutes: float = 10.0
    public: bool = False
    history: Path = field(default_factory=history_folder)
    root_path: str = ""
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        rules = {
            "port is from 0 to 65535": 0 <= self.port <= 65535,
            f"max-size is from 64 to {LARGEST}": 64 <= self.max_size <= LARGEST,
            "max-upload is above 0": self.max_upload > 0,
            "queue is at least 1": self.queue >= 1,
            "minutes is above 0": self.minutes > 0,
            "auth is user:password": all(user and word for user, word in self.auth),
            "root-path begins with /, like /impasto": self.root_path[:1] in ("", "/"),
        }
        for rule, kept in rules.items():
            if not kept:
                raise SettingsError(rule)

    @property
    def local(self) -> bool:
        """Whether only this machine reaches it, but for a proxy."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def lasting(self) -> float:
        """Seconds that uploads and results are kept: an hour after the longest job."""
        return 3600 + 60 * self.minutes
