"""What becomes of each item: fetched ahead, several hosts at once, and decided on in its turn."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime, timezone
from functools import partial
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from anyio.from_thread import start_blocking_portal
from httpx import Headers, Response

from impasto.collect.addresses import Guard, host_and_port, site
from impasto.collect.http_client import HttpClient
from impasto.collect.items import CrawlItem, RejectedError
from impasto.collect.options import CollectOptions
from impasto.collect.pages import read_page, robots_tags
from impasto.collect.pictures import check_license, check_shape, inspect, picture_type
from impasto.collect.search_results import read_answer
from impasto.collect.state_db import StateDB
from impasto.images import output_name

HOSTS_AT_ONCE = 4
WINDOW = 32  # items to look ahead
MOST_HELD = 8  # responses that are under way or wait for their turn, in memory
_REMOVED = "one that was removed by hand"
_PAGES = ("text/html", "application/xhtml+xml")


class Pipeline:
    """Decides what comes into a folder.

    What is kept must not depend on which host is quick. So several hosts are asked ahead of the
    items' turns, each one request after the other, and responses wait for theirs.
    """

    def __init__(self, db: StateDB, options: CollectOptions) -> None:
        self._db, self._options = db, options
        self._sites = {site(item.url) for item in db.select("page IS NULL")}
        hashed = db.select("phash IS NOT NULL")
        self._hashes = {item.id: int(str(item.phash), 16) for item in hashed}
        self._visited = len(db.select("outcome = 'visited' AND NOT pending"))
        self._requests: dict[int, tuple[str, Future[Response]]] = {}

    def run(self, guard: Guard) -> Iterator[CrawlItem]:
        """Let item after item have its turn, and yield what became of it."""
        client = HttpClient(guard, self._options.delay, self._options.timeout)
        kept = len(self._db.select("file IS NOT NULL"))
        turns = "pending ORDER BY place, id LIMIT ?"
        with start_blocking_portal() as portal, portal.wrap_async_context_manager(client):
            start = partial(portal.start_task_soon, self._fetch, client)
            try:
                while kept < self._options.limit and (window := self._db.select(turns, WINDOW)):
                    head = window[0]
                    settled = self._settle(head, partial(self._response, window, start))
                    kept += settled.file is not None and head.file is None
                    yield settled
                    if head.id in self._requests:
                        self._requests.pop(head.id)[1].cancel()
            finally:
                for _, request in self._requests.values():
                    request.cancel()

    def _response(
        self, window: Sequence[CrawlItem], start: Callable[[CrawlItem], Future[Response]]
    ) -> Response:
        """Return the response to the first of some items, while other hosts are asked as well."""
        for item in window:
            host = host_and_port(item.url)[0]
            busy = [each for each, request in self._requests.values() if not request.done()]
            room = len(self._requests) < MOST_HELD and len(busy) < HOSTS_AT_ONCE
            ahead = room and host not in busy and not self._unwanted(item)
            if item.id not in self._requests and (item is window[0] or ahead):
                self._requests[item.id] = host, start(item)
        return self._requests[window[0].id][1].result()

    async def _fetch(self, client: HttpClient, item: CrawlItem) -> Response:
        marks = {"if-none-match": item.etag, "if-modified-since": item.modified}
        return await client.fetch(
            item.url,
            partial(_limit, item.kind, self._options),
            # What was given may be a picture, which may be anywhere; a page is rejected when read.
            stays=self._stays if item.kind == "page" and item.page is not None else bool,
            # Some servers put file names into their marks; a header can hold ASCII only.
            conditions={name: mark for name, mark in marks.items() if mark and mark.isascii()},
            robots=item.kind != "api",
        )

    def _stays(self, url: str) -> bool:
        return self._options.any_site or site(url) in self._sites

    def _unwanted(self, item: CrawlItem) -> RejectedError | None:
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

    def _settle(self, item: CrawlItem, fetch: Callable[[], Response]) -> CrawlItem:
        """Decide what becomes of an item, and write it down before anybody hears of it."""
        found: list[CrawlItem] = []
        changes: dict[str, Any] = {}  # none: it is as it was
        headers = Headers()
        try:
            if error := self._unwanted(item):
                raise error
            fetched = fetch()
            headers = fetched.headers
            if fetched.status_code != 304:
                found, changes = self._judged(item, fetched)
        except RejectedError as error:
            if item.file is None:  # what is gone or broken today was a picture once
                changes = {"outcome": error.reason, "detail": error.detail}
        if changes:
            changes |= {"etag": headers.get("etag"), "modified": headers.get("last-modified")}
        return self._written(item, found, changes)

    def _written(
        self, item: CrawlItem, found: Sequence[CrawlItem], changes: Mapping[str, Any]
    ) -> CrawlItem:
        with self._db.base:
            self._db.add(found, item)
            settled = self._db.update(item, pending=0, **changes)
        self._visited += settled.outcome == "visited"
        if not changes:
            return settled._replace(outcome="again") if item.file else settled
        if settled.outcome != "visited":
            self._db.record(settled)
        if settled.replaced:
            self._db.tidy()
        return settled

    def _judged(self, item: CrawlItem, fetched: Response) -> tuple[list[CrawlItem], dict[str, Any]]:
        """Return what an answer leads to, and what changes of its item."""
        if item.kind == "api":
            return read_answer(fetched.content, item.url, item.source), {"outcome": "visited"}
        tags = fetched.headers.get_list("x-robots-tag")
        if picture_type(fetched.content) is None:
            return self._read(item, fetched, tags), {"outcome": "visited"}
        if not robots_tags(*tags)[0]:
            raise RejectedError("index", f"X-Robots-Tag: {', '.join(tags)}")
        sha256 = hashlib.sha256(fetched.content).hexdigest()
        for same in self._db.select("sha256 = ?", sha256):
            if same.id == item.id:
                return [], {}
            raise RejectedError("duplicate", f"the same file as {same.file or _REMOVED}")
        return [], self._kept(item, fetched.content, sha256)

    def _read(self, item: CrawlItem, fetched: Response, tags: Sequence[str]) -> list[CrawlItem]:
        """Return what a page leads to."""
        url, kind = str(fetched.url), fetched.headers.get("content-type", "")
        if item.kind == "picture" or item.depth > self._options.depth:
            raise RejectedError("content", f"not a picture, though linked as one ({kind[:40]})")
        if not self._stays(url):
            raise RejectedError("site", f"a page of another site ({url})")
        self._check_pages()
        follow = item.depth < self._options.depth
        return [
            found._replace(depth=item.depth + (found.kind != "picture"))
            for found in read_page(fetched.content, url, kind, tags)
            if found.kind != "page" or (follow and self._stays(found.url))
        ]

    def _kept(self, item: CrawlItem, data: bytes, sha256: str) -> dict[str, Any]:
        """Write a picture into the folder, and return what changes of its item."""
        check_license(item.license, self._options)
        known = inspect(data, self._options)
        phash = int(known["phash"], 16)
        for near, other in self._hashes.items():
            if (other ^ phash).bit_count() <= self._options.near and near != item.id:
                (like,) = self._db.select("id = ?", near)
                raise RejectedError("near-duplicate", f"like {like.file or _REMOVED}")
        self._hashes[item.id] = phash
        last = unquote(PurePosixPath(urlsplit(item.url).path).name)
        stem = output_name(last, [])[:60].rstrip("-_. ") or "picture"
        for digits in (8, 16, 64):  # of the hash, as many as make the name unique
            name = f"{stem}-{sha256[:digits]}.{known['type']}"
            path = self._db.folder / name
            # A run that was killed may have left the same picture.
            if not path.exists() or path.read_bytes() == data:
                break
        self._db.write(name, data)
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        known |= {"file": name, "sha256": sha256, "bytes": len(data), "time": now}
        return {"outcome": "kept", "replaced": item.file, **known}


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
