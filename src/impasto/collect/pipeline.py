"""What becomes of each item: fetched ahead, several hosts at once, and decided on in its turn."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from datetime import datetime, timezone
from functools import partial
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import imagehash
from anyio.from_thread import BlockingPortal, start_blocking_portal
from httpx import Headers, Response
from PIL import Image

from impasto.collect.addresses import Guard, host_and_port, site
from impasto.collect.http_client import HttpClient
from impasto.collect.items import CollectOptions, CrawlItem, RejectedError
from impasto.collect.pages import read_page, robots_tags
from impasto.collect.search_results import read_answer
from impasto.collect.state_db import StateDB
from impasto.errors import ImageError
from impasto.images import open_picture, output_name
from impasto.images.decoding import open_image
from impasto.images.formats import sniff
from impasto.images.metadata import orientation_of
from impasto.images.reading import most_pixels, one_clear_error

WINDOW, AHEAD = 32, 8  # items to look ahead; requests, each to another host, that are in memory
MOST_PIXELS = 100_000_000  # that are decoded: a small file may hold gigabytes of one color
_RAISED = "IMPASTO_MAX_PIXELS raises the limit"
_REMOVED = "one that was removed by hand"
_Judged = tuple[list[CrawlItem], dict[str, Any]]


class Pipeline:
    """Decides what comes into a folder: hosts are asked ahead, but responses wait their turn."""

    def __init__(self, db: StateDB, guard: Guard, options: CollectOptions) -> None:
        self._db, self._options = db, options
        self._client = HttpClient(guard, options.delay, options.timeout)
        sites = {site(item.url) for item in db.select("page IS NULL")}
        self._stays: Callable[[str], bool] = lambda url: options.any_site or site(url) in sites
        hashed = db.select("phash IS NOT NULL")
        self._hashes = {item.id: int(str(item.phash), 16) for item in hashed}
        self._visited = len(db.select("outcome = 'visited' AND NOT pending"))
        self._requests: dict[int, tuple[str, Future[Response]]] = {}

    def run(self) -> Iterator[CrawlItem]:
        """Let item after item have its turn, and yield what became of it."""
        kept = len(self._db.select("file IS NOT NULL"))
        turns = "pending ORDER BY place, id LIMIT ?"
        with start_blocking_portal() as portal, portal.wrap_async_context_manager(self._client):
            try:
                while kept < self._options.limit and (window := self._db.select(turns, WINDOW)):
                    settled = self._settle(window, portal)
                    kept += settled.file is not None and window[0].file is None
                    if settled.replaced:
                        self._db.tidy()
                    yield settled
                    if request := self._requests.pop(settled.id, None):
                        request[1].cancel()
            finally:
                for _, waiting in self._requests.values():
                    waiting.cancel()

    def _settle(self, window: Sequence[CrawlItem], portal: BlockingPortal) -> CrawlItem:
        """Decide what becomes of the first item, and write it down before anybody hears of it."""
        item, headers, found, changes = window[0], Headers(), list[CrawlItem](), dict[str, Any]()
        try:
            self._check(item)
            response = self._response(window, portal)
            headers = response.headers
            found, changes = self._judged(item, response)
        except RejectedError as error:
            if item.file is None:  # else what is gone or broken today was a picture once
                changes = {"outcome": error.reason, "detail": error.detail}
        if changes:
            changes |= {"etag": headers.get("etag"), "modified": headers.get("last-modified")}
        with self._db.base:
            self._db.add(found, item)
            settled = self._db.update(item, pending=0, **changes)
        self._visited += settled.outcome == "visited"
        if changes and settled.outcome != "visited":
            self._db.record(settled)
        return settled if changes or not item.file else settled._replace(outcome="again")

    def _check(self, item: CrawlItem) -> None:
        """Raise RejectedError for an item that need not even be fetched."""
        if item.kind in ("page", "api") and self._visited >= self._options.pages:
            raise RejectedError("pages", f"{self._options.pages} pages have been read")
        if item.source != "web" and item.kind == "picture" and not item.file:
            _check_license(item.license, self._options)
            if item.width and item.height:
                _check_shape(item.width, item.height, self._options)

    def _response(self, window: Sequence[CrawlItem], portal: BlockingPortal) -> Response:
        """Return the response to the first of some items, while other hosts are asked as well."""
        head = window[0].id
        while head not in self._requests or not self._requests[head][1].done():
            busy = {host: each for host, each in self._requests.values() if not each.done()}
            for item in window:
                host = host_and_port(item.url)[0]
                ahead = len(self._requests) < AHEAD and host not in busy
                if item.id not in self._requests and (ahead or item.id == head):
                    busy[host] = portal.start_task_soon(self._fetch, item)
                    self._requests[item.id] = host, busy[host]
            wait(busy.values(), return_when=FIRST_COMPLETED)
        return self._requests[head][1].result()

    async def _fetch(self, item: CrawlItem) -> Response:
        self._check(item)
        marks = {"if-none-match": item.etag, "if-modified-since": item.modified}
        # Some servers put file names into their marks; a header can hold ASCII only.
        conditions = {name: mark for name, mark in marks.items() if mark and mark.isascii()}
        limit, robots = partial(_limit, item.kind, self._options), item.kind != "api"
        # What was given may be a picture, which may be anywhere; a page is rejected when read.
        stays = self._stays if item.kind == "page" and item.page is not None else bool
        return await self._client.fetch(item.url, limit, conditions, stays=stays, robots=robots)

    def _judged(self, item: CrawlItem, response: Response) -> _Judged:
        """Return what a response leads to, and what changes of its item."""
        if response.status_code == 304:
            return [], {}
        data, tags = response.content, response.headers.get_list("x-robots-tag")
        if item.kind == "api":
            return read_answer(data, item.url, item.source), {"outcome": "visited"}
        if picture_type(data) is None:
            return self._read(item, response, tags), {"outcome": "visited"}
        if not robots_tags(*tags)[0]:
            raise RejectedError("index", f"X-Robots-Tag: {', '.join(tags)}")
        sha256 = hashlib.sha256(data).hexdigest()
        for same in self._db.select("sha256 = ?", sha256):
            if same.id == item.id:
                return [], {}
            raise RejectedError("duplicate", f"the same file as {same.file or _REMOVED}")
        _check_license(item.license, self._options)
        return [], self._kept(item, data, sha256)

    def _read(self, item: CrawlItem, response: Response, tags: Sequence[str]) -> list[CrawlItem]:
        url, kind = str(response.url), response.headers.get("content-type", "")
        if item.kind == "picture" or item.depth > self._options.depth:
            raise RejectedError("content", f"not a picture, though linked as one ({kind[:40]})")
        if not self._stays(url):
            raise RejectedError("site", f"a page of another site ({url})")
        self._check(item._replace(kind="page"))
        follow = item.depth < self._options.depth
        return [
            found._replace(depth=item.depth + (found.kind != "picture"))
            for found in read_page(response.content, url, kind, tags)
            if found.kind != "page" or (follow and self._stays(found.url))
        ]

    def _kept(self, item: CrawlItem, data: bytes, sha256: str) -> dict[str, Any]:
        """Write a picture into the folder, and return what changes of its item."""
        known = _inspected(data, self._options)
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
    page = announced in ("text/html", "application/xhtml+xml")
    if kind != "picture" and (page or (not announced and head.lstrip()[:1] == b"<")):
        return options.max_page_bytes
    raise RejectedError("content", f"neither picture nor page ({type[:40] or 'no type'})")


def picture_type(head: bytes) -> str | None:
    """Tell a picture's type by its first bytes; None: impasto reads no such pictures."""
    kind = sniff(head)
    return "jpg" if kind == "JPEG" else kind and kind.lower()


def _inspected(data: bytes, options: CollectOptions) -> dict[str, Any]:
    """Return what is known of a picture (width and height upright), if it is whole and wanted."""
    kind = str(picture_type(data))
    if kind not in options.types:
        raise RejectedError("type", f"a picture of type {kind}")
    try:
        with one_clear_error("the picture"), open_image(data) as image:
            width, height = image.size
            if kind in ("jpg", "tiff", "png", "webp") and orientation_of(image) >= 5:
                width, height = height, width  # it lies on its side
        _check_shape(width, height, options)
        return {"type": kind, "width": width, "height": height, "phash": perceptual_hash(data)}
    except ImageError as error:
        if isinstance(error.__cause__, Image.DecompressionBombError):
            raise RejectedError("pixels", f"far too many to be decoded: {_RAISED}") from error
        raise RejectedError("broken", "damaged, cut off or of an unknown kind") from error


def _check_shape(width: int, height: int, options: CollectOptions) -> None:
    faults = {
        "pixels": width * height > most_pixels(MOST_PIXELS),
        "size": min(width, height) < options.min_size or max(width, height) > options.max_size,
        "aspect": not options.aspect[0] <= width / height <= options.aspect[1],
    }
    for reason in filter(faults.get, faults):
        raised = f": {_RAISED}" if reason == "pixels" else ""
        raise RejectedError(reason, f"{width} x {height} pixels{raised}")


def _check_license(license: str | None, options: CollectOptions) -> None:
    if options.license is not None and license not in options.license:
        raise RejectedError("license", license or "no license is named")


def perceptual_hash(data: bytes) -> str:
    """Return 64 bits, in hexadecimal, that size, compression and brightness hardly change."""
    # Decoding small is quick for a JPEG, and still reads it to its end.
    return str(imagehash.phash(open_picture(data, max_size=256).filled().to_pil()))
