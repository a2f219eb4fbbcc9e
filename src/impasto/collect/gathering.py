"""One folder and what becomes of each item: the decisions, in the order of the items' turns."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from impasto.collect.asking import Answer
from impasto.collect.entries import Item, Kept, Lead
from impasto.collect.events import Event, Refused, Taken, Visited
from impasto.collect.folders import LOG, MANIFEST, append, remove_leftovers
from impasto.collect.inspecting import (
    Hashes,
    Look,
    check_license,
    check_shape,
    inspect,
    picture_type,
)
from impasto.collect.lanes import Result
from impasto.collect.ledger import Ledger
from impasto.collect.licenses import license_name
from impasto.collect.options import CollectOptions
from impasto.collect.pages import read_page
from impasto.collect.refusals import RefusalError
from impasto.collect.robots import may_take
from impasto.collect.searches import read_answer
from impasto.collect.urls import site
from impasto.images import output_name

_DIGITS = (8, 16, 64)
"""Of the hash in a file's name: as many as make it the only one."""
_LONGEST_STEM = 60


class Gathering:
    """What is in a folder, and what may come in.

    Args:
        folder: Where the pictures go.
        ledger: Its database.
        options: What is wanted.
    """

    def __init__(self, folder: Path, ledger: Ledger, options: CollectOptions) -> None:
        self._folder = folder
        self._ledger = ledger
        self._options = options
        self._sites = {site(url) for url in ledger.starts()}
        self._hashes = Hashes(options.near)
        self._removed = Hashes(options.near)
        self._visited = ledger.visited()
        self.count = 0
        for kept in ledger.pictures():
            self._remember(kept)
        for item, phash in ledger.removed():
            self._removed.add(item, int(phash, 16))

    def _remember(self, kept: Kept) -> None:
        self._hashes.add(kept.item, int(kept.phash, 16))
        self.count = self._hashes.count()

    def stays(self, url: str) -> bool:
        """Tell whether a page may be asked for."""
        return self._options.any_site or site(url) in self._sites

    def refusal(self, item: Item) -> RefusalError | None:
        """Return why an item need not even be asked for."""
        lead = item.lead
        try:
            if lead.kind in ("page", "api") and self._visited >= self._options.pages:
                raise RefusalError("pages", f"{self._options.pages} pages have been read")
            if lead.source != "web" and lead.kind == "picture" and item.outcome != "kept":
                check_license(lead.license, self._options)
                if lead.width and lead.height:
                    check_shape(lead.width, lead.height, self._options)
        except RefusalError as error:
            return error
        return None

    def settle(self, item: Item, result: Result) -> Iterator[Event]:
        """Decide what becomes of an item, and write it down before anybody hears of it."""
        try:
            if isinstance(result, RefusalError):
                raise result
            if result.status == 304:
                yield self._unchanged(item)
            elif item.lead.kind == "api":
                yield self._read_api(item, result)
            elif self._is_picture(result):
                yield self._take(item, result)
            else:
                yield self._visit(item, result)
        except RefusalError as error:
            yield self._refuse(item, error, result)

    def _unchanged(self, item: Item) -> Event:
        with self._ledger:
            self._ledger.settle_unchanged(item)
        kept = self._ledger.picture_of(item.id)
        if kept is not None:
            return Taken(item.lead.url, self._folder / kept.file, again=True)
        if item.outcome == "visited":
            self._visited += 1
            return Visited(item.lead.url)
        return Refused(item.lead.url, item.lead.page, item.outcome or "content", "as before")

    def _refuse(self, item: Item, error: RefusalError, result: Result) -> Event:
        kept = self._ledger.picture_of(item.id)
        if kept is not None:  # what is gone or broken today was a picture once
            return self._unchanged(item)
        marks = (result.etag, result.modified) if isinstance(result, Answer) else (None, None)
        with self._ledger:
            self._ledger.settle(item, error.reason, error.detail, marks)
        refused = Refused(item.lead.url, item.lead.page, error.reason, error.detail)
        append(self._folder / LOG, [vars(refused)])
        return refused

    @staticmethod
    def _is_picture(answer: Answer) -> bool:
        with answer.path.open("rb") as file:
            return picture_type(file.read(64)) is not None

    def _read_api(self, item: Item, answer: Answer) -> Event:
        leads = read_answer(answer.path.read_bytes(), item.lead.url, item.lead.source)
        return self._settle_page(item, answer, leads)

    def _visit(self, item: Item, answer: Answer) -> Event:
        lead, options = item.lead, self._options
        if lead.kind == "picture" or lead.depth > options.depth:
            raise RefusalError("content", f"no picture, though linked as one ({answer.type[:40]})")
        if not self.stays(answer.url):
            raise RefusalError("site", f"a page of another site ({answer.url})")
        if self._visited >= options.pages:
            raise RefusalError("pages", f"{options.pages} pages have been read")
        page = read_page(answer.path.read_bytes(), answer.url, answer.type, answer.tags)
        leads = []
        for found in page.found:
            deeper = found.kind != "picture"
            if found.kind == "page" and (lead.depth >= options.depth or not self.stays(found.url)):
                continue
            leads.append(
                Lead(
                    url=found.url,
                    kind=found.kind,
                    depth=lead.depth + deeper,
                    page=answer.url,
                    title=found.title or page.title,
                    author=page.author,
                    license=license_name(None, page.license_url) or page.license_url,
                    license_url=page.license_url,
                )
            )
        return self._settle_page(item, answer, leads)

    def _settle_page(self, item: Item, answer: Answer, leads: list[Lead]) -> Event:
        with self._ledger:
            self._ledger.add(leads, item)
            self._ledger.settle(item, "visited", None, (answer.etag, answer.modified))
        self._visited += 1
        return Visited(item.lead.url)

    def _take(self, item: Item, answer: Answer) -> Event:
        if not may_take(answer.tags):
            raise RefusalError("index", f"X-Robots-Tag: {', '.join(sorted(answer.tags))}")
        there = self._ledger.picture_with(answer.sha256)
        if there is not None and there.item == item.id:
            return self._unchanged(item)
        if there is not None:
            raise RefusalError("duplicate", f"the same file as {there.file}")
        if self._ledger.was_removed(answer.sha256):
            raise RefusalError("duplicate", "the same file as one that was removed by hand")
        check_license(item.lead.license, self._options)
        look = inspect(answer.path, self._options)
        near = self._hashes.nearest(look.phash, item.id)
        if near is not None:
            like = self._ledger.picture_of(near)
            raise RefusalError("near-duplicate", f"like {like.file if like else 'another'}")
        if self._removed.nearest(look.phash, item.id) is not None:
            raise RefusalError("near-duplicate", "like one that was removed by hand")
        return self._keep(item, answer, look)

    def _keep(self, item: Item, answer: Answer, look: Look) -> Event:
        kept = Kept(
            item=item.id,
            file=self._name(item, answer.sha256, look.type),
            sha256=answer.sha256,
            phash=f"{look.phash:016x}",
            width=look.width,
            height=look.height,
            bytes=answer.bytes,
            type=look.type,
            time=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        )
        with answer.path.open("rb+") as file:  # Windows writes out only what is open for writing
            os.fsync(file.fileno())
        # The line first: a file whose line is there gets its name when the run goes on.
        with self._ledger:
            self._ledger.keep(kept)
            self._ledger.settle(item, "kept", None, (answer.etag, answer.modified))
        answer.path.replace(self._folder / kept.file)
        remove_leftovers(self._folder, self._ledger)
        append(self._folder / MANIFEST, self._ledger.lines(item.id))
        self._remember(kept)
        return Taken(item.lead.url, self._folder / kept.file)

    def _name(self, item: Item, sha256: str, suffix: str) -> str:
        """Return a name that nothing in the folder has."""
        last = unquote(PurePosixPath(urlsplit(item.lead.url).path).name)
        stem = output_name(last, [])[:_LONGEST_STEM].rstrip("-_. ") or "picture"
        names = [f"{stem}-{sha256[:digits]}.{suffix}" for digits in _DIGITS]
        free = (
            n for n in names if not self._ledger.has_file(n) and not (self._folder / n).exists()
        )
        return next(free, names[-1])
