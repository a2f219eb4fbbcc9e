"""What all pages of the studio share."""

from __future__ import annotations

import functools
import inspect
import logging
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from impasto.errors import ImageError, ImpastoError
from impasto.gallery.names import PREFIX, Style, find_style, list_styles
from impasto.images import Picture, Source
from impasto.studio.engine import Engine, Order, Step
from impasto.studio.history import Entry, History
from impasto.studio.options import StudioOptions
from impasto.studio.pictures import Shelf
from impasto.studio.regions import Regions
from impasto.studio.turns import Job
from impasto.studio.uploads import Uploads

_LOG = logging.getLogger(__name__)
#: Seconds that the step at hand may take when the studio closes.
_CLOSING = 10.0
_AGAIN = 0.1
#: Seconds between two previews.
_EVERY = 0.5
#: Of events that no program sees, and of those that show no progress either.
PRIVATE: dict[str, Any] = {"api_visibility": "private"}
HIDDEN: dict[str, Any] = {**PRIVATE, "show_progress": "hidden"}
#: Of events that work for long.
WORK: dict[str, Any] = {**HIDDEN, "concurrency_limit": None}


class Atelier:
    """Engine, history, uploads and running works of a studio."""

    def __init__(self, options: StudioOptions) -> None:
        self.options = options
        self._folder = tempfile.TemporaryDirectory(
            prefix="impasto-studio-", ignore_cleanup_errors=True
        )
        self.folder = Path(self._folder.name)
        self.engine = Engine(options)
        self.history = History(options.history)
        self.uploads = Uploads(options.max_upload, self.folder)
        self.shelf = Shelf(self.folder, options.lasting)
        self._running: dict[Job[Any], tuple[str, str]] = {}

    def close(self) -> None:
        """End all works, and delete all temporary files."""
        for job in list(self._running):
            job.stop()
        # A process that ends while it computes aborts.
        self.engine.turns.close(_CLOSING)
        end = time.monotonic() + _CLOSING
        while self.folder.exists() and time.monotonic() < end:
            # Those who watched a work may still put its result there.
            shutil.rmtree(self.folder, ignore_errors=True)
            time.sleep(_AGAIN)
        self._folder.cleanup()

    def visitor(self, request: gr.Request, token: str) -> str:
        """Return whose history it is: of one who has logged in, or of a browser, by its token."""
        if not self.options.public:
            return ""
        if request.username:
            return f"user {request.username}"
        if not token:
            raise ImageError("nothing is kept for a browser that has not begun: reload the page")
        return f"token {token}"

    def keep(self, request: gr.Request, token: str, picture: Picture, order: Order) -> Entry:
        """Keep a result in the history, or raise ImageError."""
        made_of = order.content, order.styles, order.settings, order.regions
        return self.history.add(self.visitor(request, token), picture, *made_of)

    def who(self, request: gr.Request) -> str:
        """Return whose turn a work takes: not the session's, which programs name as they like."""
        host = request.client.host if request.client else ""
        return str(request.username or host or request.session_hash)

    def styles(self) -> list[Style]:
        """Return the styles that visitors may name: strangers not those of the user's folders."""
        return [each for each in list_styles() if not (each.kind == "own" and self.options.public)]

    def order(
        self,
        content: str | None,
        styles: Sequence[str],
        values: dict[str, Any],
        regions: Regions | None = None,
    ) -> Order:
        """Return what is to be painted, or raise ImpastoError if something is missing."""
        settings = self.engine.settings(values)
        checked = self.uploads.picture(content)
        paths = [Path(path) for path in self.found(styles)]
        if not (paths or settings.row.one_style):
            raise ImageError("choose a style first")
        order = Order(checked, tuple(paths), settings, regions or Regions())
        _ = order.whole  # refuses what does not fit
        return order

    def found(self, styles: Sequence[str]) -> list[str]:
        """Return the files of styles: uploads checked, those named found."""
        return [
            str(self._named(style) if name else self.uploads.picture(style, "style"))
            for style, name in ((each, each.startswith(PREFIX)) for each in styles)
        ]

    def _named(self, style: str) -> Source:
        name = style.removeprefix(PREFIX)
        if self.options.public and name not in {e.name.removeprefix(PREFIX) for e in self.styles()}:
            raise ImageError(f"there is no style {name!r}")
        return find_style(style)

    def fetched(self, address: str) -> Path:
        """Fetch a picture from the web, or raise CollectError: not public, or too large."""
        from impasto.collect import fetch_public

        place = self.shelf.place() / "fetched"
        place.write_bytes(fetch_public(address.strip(), self.uploads.bytes))
        return place

    def watched(self, request: gr.Request, job: Job[Any], page: str = "") -> Iterator[None]:
        """Watch a work of a page, which `stop` can end meanwhile."""
        self._running[job] = str(request.session_hash), page
        try:
            yield from job.watch(_EVERY)
        finally:
            job.stop()
            del self._running[job]

    def stop(self, request: gr.Request, page: str) -> None:
        """End a visitor's works of a page; what they have made stays."""
        for job, whose in list(self._running.items()):
            if whose == (str(request.session_hash), page):
                job.stop()

    def stoppable(
        self, works: Sequence[Any], page: str, cancel: gr.Button, status: gr.Markdown
    ) -> None:
        """Connect the button that ends works of a page; it goes also when one fails."""

        def stop(request: gr.Request) -> None:
            self.stop(request, page)

        cancel.click(stop, None, None, queue=False, **PRIVATE)
        for work in works:
            work.failure(
                lambda: (gr.Button(visible=False), "That did not work."),
                None,
                [cancel, status],
                **HIDDEN,
            )


def waiting(job: Job[Any]) -> str:
    """Return what a page says of a work that has made nothing yet."""
    return f"Waiting: {job.ahead} before you." if job.ahead else "Beginning …"


def progress(job: Job[Step]) -> str:
    """Return what a page says of a painting that forms."""
    if job.latest is None:
        return waiting(job)
    state = job.latest.state
    left = state.seconds / state.done * (state.planned - state.done)
    return (
        f"Step {state.done} of {state.planned}, {state.size[0]} × {state.size[1]} pixels, "
        f"about {max(1, round(left))} s left."
    )


def clear(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Turn errors of a handler, a function or a generator, into messages for the visitor."""
    if inspect.isgeneratorfunction(handler):

        @functools.wraps(handler)
        def generating(*arguments: Any) -> Iterator[Any]:  # noqa: ANN401
            try:
                yield from handler(*arguments)
            except Exception as error:
                raise _told(error) from error

        return generating

    @functools.wraps(handler)
    def answering(*arguments: Any) -> Any:  # noqa: ANN401
        try:
            return handler(*arguments)
        except Exception as error:
            raise _told(error) from error

    return answering


def _told(error: Exception) -> gr.Error:
    if isinstance(error, gr.Error):
        return error
    if isinstance(error, ImpastoError):
        text = str(error)
        return gr.Error(text[:1].upper() + text[1:], print_exception=False)
    if isinstance(error, FileNotFoundError):  # uploads and results go after an hour
        return gr.Error("A picture of this page is gone: choose it again", print_exception=False)
    _LOG.error("a work failed", exc_info=error)
    return gr.Error("Something went wrong here; the studio's log says what.", print_exception=False)
