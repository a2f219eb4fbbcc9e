"""Pictures from the web: politely, safely, each one once, with its source and its license.

Importing this loads nothing heavy; the packages of the extra `collect` are imported on first use.
"""

from impasto.collect.crawl import collect, fetch_public, search
from impasto.collect.items import LOG, MANIFEST, Event, Rejected, Taken, Visited
from impasto.collect.network import Guard, Network
from impasto.collect.options import CollectOptions
from impasto.collect.rejections import REASONS
from impasto.collect.search_results import SOURCES

__all__ = [
    "LOG",
    "MANIFEST",
    "REASONS",
    "SOURCES",
    "CollectOptions",
    "Event",
    "Guard",
    "Network",
    "Rejected",
    "Taken",
    "Visited",
    "collect",
    "fetch_public",
    "search",
]
