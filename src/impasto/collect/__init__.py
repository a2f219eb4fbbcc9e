"""Pictures from the web: politely, safely, each once, with where they come from and whose they are.

Importing it loads nothing heavy; httpx, selectolax, protego and imagehash (extra `collect`) are
imported when something is collected.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from impasto.collect.collecting import Network, collect, search
    from impasto.collect.events import Event, Refused, Taken, Visited
    from impasto.collect.folders import LOG, MANIFEST
    from impasto.collect.guard import Guard, fetch_public
    from impasto.collect.options import CollectOptions
    from impasto.collect.refusals import REASONS
    from impasto.collect.searches import SOURCES

_HOME = {
    "CollectOptions": "options",
    "Event": "events",
    "Guard": "guard",
    "LOG": "folders",
    "MANIFEST": "folders",
    "Network": "collecting",
    "REASONS": "refusals",
    "Refused": "events",
    "SOURCES": "searches",
    "Taken": "events",
    "Visited": "events",
    "collect": "collecting",
    "fetch_public": "guard",
    "search": "collecting",
}

__all__ = [
    "LOG",
    "MANIFEST",
    "REASONS",
    "SOURCES",
    "CollectOptions",
    "Event",
    "Guard",
    "Network",
    "Refused",
    "Taken",
    "Visited",
    "collect",
    "fetch_public",
    "search",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'impasto.collect' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"impasto.collect.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
