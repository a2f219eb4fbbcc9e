"""Pictures from the web: politely, safely, each one once, with its source and its license.

Importing this loads nothing heavy; the packages of the extra `collect` are imported on first use.
"""

from impasto.collect.crawl import collect, fetch_public, search
from impasto.collect.guard import Guard
from impasto.collect.items import LOG, MANIFEST, REASONS, CrawlItem
from impasto.collect.options import CollectOptions
from impasto.collect.search_results import SOURCES

__all__ = [
    "LOG",
    "MANIFEST",
    "REASONS",
    "SOURCES",
    "CollectOptions",
    "CrawlItem",
    "Guard",
    "collect",
    "fetch_public",
    "search",
]
