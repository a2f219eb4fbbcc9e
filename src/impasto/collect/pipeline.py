"""What becomes of each item: the decisions, in the order of the items' turns."""

import hashlib
import os
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from httpx import Response

from impasto.collect.http_client import HttpClient, save
from impasto.collect.items import CrawlItem, RejectedError
from impasto.collect.options import CollectOptions
from impasto.collect.pages import read_page
from impasto.collect.pictures import check_license, check_shape, inspect, picture_type
from impasto.collect.robots import robots_tags
from impasto.collect.search_results import read_answer
from impasto.collect.state_db import StateDB
from impasto.collect.urls import site
from impasto.images import output_name

_DIGITS = (8, 16, 64)
"""Of the hash in a file's name: as many as make it unique."""
_LONGEST_STEM = 60
_REMOVED = "one that was removed by hand"
_PAGES = ("text/html", "application/xhtml+xml")


class Pipeline:
    """Decides what comes into a folder."""

    def __init__(self, db: StateDB, options: CollectOptions) -> None:
        self._db = db
        self._options = options
        self._sites = {site(item.url) for item in db.select("page IS NULL")}
        hashed = db.select("phash IS NOT NULL")
        self._hashes = {item.id: int(str(item.phash), 16) for item in hashed}
        self._visited = len(db.select("outcome = 'visited' AND NOT pending"))
        self.kept = len(db.select("file IS NOT NULL"))

    async def fetch(self, client: HttpClient, item: CrawlItem) -> Response:
        """Fetch an item as its kind needs it; raise RejectedError if it cannot be had."""
        marks = {"if-none-match": item.etag, "if-modified-since": item.modified}
        limit = partial(_limit, item.kind, self._options)
        return await client.fetch(
            item.url,
            partial(save, self._db.part_of(item), limit),
            # What was given may be a picture, which may be anywhere; a page is rejected when read.
            stays=self._stays if item.kind == "page" and item.page is not None else bool,
            # Some servers put file names into their marks; a header can hold ASCII only.
            conditions={name: mark for name, mark in marks.items() if mark and mark.isascii()},
            robots=item.kind != "api",
        )

    def _stays(self, url: str) -> bool:
        return self._options.any_site or site(url) in self._sites

    def precheck(self, item: CrawlItem) -> RejectedError | None:
        """Return why an item need not even be fetched."""
        try:
            if item.kind in ("page", "api"):
                self._check_pages()
            if item.source != "web" and item.kind == "picture" and not item.file:
                check_license(item.license, self._options)
                if item.width and item.height:
                    check_shape(item.width, item.height, self._options)
        except RejectedError as error:
            return error
        return None

    def _check_pages(self) -> None:
        if self._visited >= self._options.pages:
            raise RejectedError("pages", f"{self._options.pages} pages have been read")

    def settle(self, item: CrawlItem, fetch: Callable[[], Response]) -> CrawlItem:
        """Decide what becomes of an item, and write it down before anybody hears of it."""
        response = None
        try:
            if error := self.precheck(item):
                raise error
            response = fetch()
            if response.status_code == 304:
                return self._unchanged(item)
            data = self._db.part_of(item).read_bytes()
            if item.kind == "api":
                return self._visit(item, response, read_answer(data, item.url, item.source))
            if picture_type(data) is not None:
                return self._take(item, response, data)
            return self._visit(item, response, self._read(item, response, data))
        except RejectedError as error:
            if item.file is not None:  # what is gone or broken today was a picture once
                return self._unchanged(item)
            rejected = self._done(item, response, error.reason, detail=error.detail)
            self._db.record(rejected)
            return rejected

    def _unchanged(self, item: CrawlItem) -> CrawlItem:
        self._visited += item.outcome == "visited"
        with self._db.base:
            unchanged = self._db.update(item, pending=0)
        return unchanged._replace(outcome="again") if item.file else unchanged

    def _done(
        self,
        item: CrawlItem,
        response: Response | None,
        outcome: str,
        **changes: Any,  # noqa: ANN401 (columns of several types)
    ) -> CrawlItem:
        headers = response.headers if response else {}
        changes |= {"etag": headers.get("etag"), "modified": headers.get("last-modified")}
        with self._db.base:
            return self._db.update(item, pending=0, outcome=outcome, **changes)

    def _read(self, item: CrawlItem, response: Response, data: bytes) -> list[CrawlItem]:
        """Return what a page leads to."""
        url, kind = str(response.url), response.headers.get("content-type", "")
        if item.kind == "picture" or item.depth > self._options.depth:
            raise RejectedError("content", f"not a picture, though linked as one ({kind[:40]})")
        if not self._stays(url):
            raise RejectedError("site", f"a page of another site ({url})")
        self._check_pages()
        tags = response.headers.get_list("x-robots-tag")
        follow = item.depth < self._options.depth
        return [
            found._replace(depth=item.depth + (found.kind != "picture"))
            for found in read_page(data, url, kind, tags)
            if found.kind != "page" or (follow and self._stays(found.url))
        ]

    def _visit(self, item: CrawlItem, response: Response, found: list[CrawlItem]) -> CrawlItem:
        self._visited += 1
        with self._db.base:
            self._db.add(found, item)
            return self._done(item, response, "visited")

    def _take(self, item: CrawlItem, response: Response, data: bytes) -> CrawlItem:
        tags = response.headers.get_list("x-robots-tag")
        if not robots_tags(*tags)[0]:
            raise RejectedError("index", f"X-Robots-Tag: {', '.join(tags)}")
        sha256 = hashlib.sha256(data).hexdigest()
        for same in self._db.select("sha256 = ?", sha256):
            if same.id == item.id:
                return self._unchanged(item)
            raise RejectedError("duplicate", f"the same file as {same.file or _REMOVED}")
        check_license(item.license, self._options)
        inspected = inspect(data, self._options)
        phash = int(inspected["phash"], 16)
        for near, known in self._hashes.items():
            if (known ^ phash).bit_count() <= self._options.near and near != item.id:
                (other,) = self._db.select("id = ?", near)
                raise RejectedError("near-duplicate", f"like {other.file or _REMOVED}")
        self._hashes[item.id] = phash
        return self._keep(item, response, sha256=sha256, bytes=len(data), **inspected)

    def _keep(self, item: CrawlItem, response: Response, **known: Any) -> CrawlItem:  # noqa: ANN401
        part = self._db.part_of(item)
        with part.open("rb+") as file:  # Windows syncs only what is open for writing
            os.fsync(file.fileno())
        name = self._name(item, known["sha256"], known["type"])
        known["time"] = datetime.now(timezone.utc).isoformat(timespec="seconds")
        # The row first: a file whose row is there gets its name when the run goes on.
        kept = self._done(item, response, "kept", file=name, replaced=item.file, **known)
        part.replace(self._db.folder / name)
        self.kept += item.file is None
        if item.file is not None:
            self._db.remove_replaced()
        self._db.record(kept)
        return kept

    def _name(self, item: CrawlItem, sha256: str, suffix: str) -> str:
        """Return a name that nothing in the folder has."""
        last = unquote(PurePosixPath(urlsplit(item.url).path).name)
        stem = output_name(last, [])[:_LONGEST_STEM].rstrip("-_. ") or "picture"
        for digits in _DIGITS:
            name = f"{stem}-{sha256[:digits]}.{suffix}"
            if not (self._db.folder / name).exists():
                break
        return name


def _limit(kind: str, options: CollectOptions, head: bytes, type: str) -> int:
    """Return how many bytes a response may have, told by its first ones and the announced type."""
    if kind == "api":
        return options.max_page_bytes
    if not head:
        raise RejectedError("broken", "an empty file")
    if picture_type(head) is not None:
        return options.max_bytes
    announced = type.partition(";")[0].strip().lower()
    if kind != "picture" and (announced in _PAGES or (not announced and head.lstrip()[:1] == b"<")):
        return options.max_page_bytes
    raise RejectedError("content", f"neither picture nor page ({type[:40] or 'no type'})")
