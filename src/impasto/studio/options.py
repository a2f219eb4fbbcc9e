"""How the studio is run."""

from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

from impasto.errors import SettingsError
from impasto.settings.declaration import checked, option, plain_types

_option = partial(option, group="")
_listed = partial(_option, None, items=str, repeated=True)


@dataclass(frozen=True)
class StudioOptions:
    """Everything that `impasto studio` can be told; SettingsError: something is out of range."""

    host: str = _option("127.0.0.1", "Address to listen at; 0.0.0.0 is open to the network.")
    port: int = _option(7860, "Port; if it is taken, the next free one.", least=0, most=65535)
    #: None: everybody who reaches the page.
    auth: tuple[str, ...] | None = _listed("Who may come in. Repeatable.", metavar="USER:PASSWORD")
    max_size: int = _option(2048, "Longest side of results, in pixels.", least=64, most=16384)
    max_upload: float = _option(50.0, "Megabytes of an upload.", above=0)
    queue: int = _option(32, "Jobs that may wait.", least=1)
    #: What has been painted by then is the result.
    minutes: float = _option(10.0, "That a job may take.", above=0)
    public: bool = _option(False, "For strangers: each sees only their own results.")
    history: str | None = _option(
        None, "Folder that results are kept in.", shown="the user's data", metavar="FOLDER"
    )
    root_path: str = _option("", "Path that a proxy serves it below: /impasto.", metavar="PATH")
    #: Besides those of this machine; a public studio may have any.
    name: tuple[str, ...] | None = _listed(
        "Host name that the page has, behind a proxy. Repeatable.", metavar="NAME"
    )

    def __post_init__(self) -> None:
        kinds = plain_types(StudioOptions)
        for each in fields(self):
            value = checked(each, getattr(self, each.name), kinds[each.name])
            object.__setattr__(self, each.name, value)
        if not all(user and word for user, _, word in (e.partition(":") for e in self.auth or ())):
            raise SettingsError("auth is user:password")
        if self.root_path[:1] not in ("", "/"):
            raise SettingsError("root_path begins with /, like /impasto")

    @property
    def folder(self) -> Path:
        """Where results are kept."""
        if self.history is not None:
            return Path(self.history)
        from platformdirs import user_data_path

        return user_data_path("impasto", appauthor=False) / "studio"

    @property
    def local(self) -> bool:
        """Whether only this machine reaches it, but for a proxy."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    @property
    def lasting(self) -> float:
        """Seconds that uploads and results are kept: an hour after the longest job."""
        return 3600 + 60 * self.minutes
