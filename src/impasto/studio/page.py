"""The studio's pages, put together."""

from __future__ import annotations

import secrets

import gradio as gr

from impasto.errors import ImageError
from impasto.studio.atelier import HIDDEN, PRIVATE, Atelier
from impasto.studio.camera import CameraPage
from impasto.studio.clips import VideoPage
from impasto.studio.endpoints import add_endpoints
from impasto.studio.exploring import ExplorePage
from impasto.studio.looks import BEGIN, SWITCH
from impasto.studio.many import BatchPage
from impasto.studio.painting import PaintPage
from impasto.studio.past import HistoryPage

#: Seconds between two looks for uploads to delete.
_SWEEP = 300
_STORED = "impasto-visitor"


def make_page(atelier: Atelier) -> gr.Blocks:
    """Lay out all pages."""
    page: gr.Blocks
    cache = (_SWEEP, round(atelier.options.lasting))
    with gr.Blocks(title="impasto", analytics_enabled=False, delete_cache=cache) as page:
        with gr.Row(elem_id="title"):
            gr.HTML("<h1>impasto</h1><p>Any picture, painted like any artwork.</p>")
            switch = gr.Button("Light / dark", size="sm", scale=0, min_width=110)
        switch.click(None, None, None, js=SWITCH, **PRIVATE)
        token = gr.BrowserState("", storage_key=_STORED, secret=_secret(atelier))
        with gr.Tabs() as tabs:
            with gr.Tab("Picture", id="paint"):
                painting = PaintPage(atelier, token)
            with gr.Tab("Explore", id="explore") as looked:
                ExplorePage(atelier, painting, tabs).connect(looked)
            with gr.Tab("Video", id="video"):
                video = VideoPage(atelier)
            with gr.Tab("Many pictures", id="many"):
                many = BatchPage(atelier)
            with gr.Tab("Camera", id="camera"):
                camera = CameraPage(atelier)
            with gr.Tab("History", id="history") as shown:
                HistoryPage(atelier, token, painting, tabs).connect(shown)
        galleries = [each.styles.gallery for each in (painting, video, many, camera)]
        # Drawing them takes a moment the first time: the page is there before.
        page.load(
            lambda: [painting.styles.thumbnails()] * len(galleries),
            None,
            galleries,
            **HIDDEN,
        )
        # Not before: until then the browser needs the processor for the page itself.
        page.load(atelier.engine.warm_up, None, None, **HIDDEN)
        page.load(_token, token, token, js=BEGIN, **HIDDEN)
        add_endpoints(atelier)
    return page


def _token(token: str) -> str:
    """Give a browser that comes for the first time a name that nobody can guess."""
    return token or secrets.token_urlsafe(32)


def _secret(atelier: Atelier) -> str:
    """Return what browsers' tokens are encrypted with, the same after a restart."""
    path = atelier.options.history / "secret"
    try:
        return path.read_text("utf-8")
    except OSError:
        made = secrets.token_urlsafe(24)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(made, "utf-8")
    except OSError as error:
        reason = error.strerror or error
        raise ImageError(f"the history in {path.parent} cannot be written: {reason}") from error
    return made
