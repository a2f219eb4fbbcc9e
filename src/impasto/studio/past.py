"""The history: what was painted, to be looked at, taken up again, or deleted."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import gradio as gr

from impasto.errors import ImageError
from impasto.studio.atelier import HIDDEN, Atelier, clear
from impasto.studio.history import Entry
from impasto.studio.painting import PaintPage


class HistoryPage:
    """The page of kept results."""

    def __init__(
        self, atelier: Atelier, token: gr.BrowserState, painting: PaintPage, tabs: gr.Tabs
    ) -> None:
        self.atelier, self.token, self.painting, self.tabs = atelier, token, painting, tabs
        self.names = gr.State([])
        self.name = gr.State("")
        with gr.Row():
            with gr.Column(scale=6, min_width=320):
                self.gallery = gr.Gallery(
                    label="Your pictures, the newest first",
                    columns=4,
                    fit_columns=False,
                    height=520,
                    object_fit="contain",
                    allow_preview=False,
                    interactive=False,
                    buttons=[],
                    elem_id="history",
                )
            with gr.Column(scale=5, min_width=320):
                self.slider = gr.ImageSlider(
                    label="Before and after", type="filepath", interactive=False, max_height=400
                )
                self.title = gr.Markdown("Choose a picture.")
                with gr.Row():
                    self.same = gr.Button(
                        "Same again with …", interactive=False, size="md", min_width=130
                    )
                    self.use = gr.Button(
                        "Use as content", interactive=False, size="md", min_width=130
                    )
                    self.save = gr.DownloadButton(
                        "Save", interactive=False, size="md", min_width=130
                    )
                    self.away = gr.Button(
                        "Delete", variant="stop", interactive=False, size="md", min_width=130
                    )
                self.animation = gr.Image(
                    label="Animation", type="filepath", format="webp", buttons=["download"]
                )
                self.plot = gr.Image(label="Losses", type="filepath", buttons=["download"])

    def connect(self, shown: gr.Tab) -> None:
        """Connect the controls."""
        listed = [self.gallery, self.names]
        buttons = [self.same, self.use, self.save, self.away]
        details = [self.name, self.slider, self.title, *buttons, self.animation, self.plot]
        shown.select(clear(self._list), self.token, listed, **HIDDEN)
        self.gallery.select(clear(self._show), [self.token, self.names], details, **HIDDEN)
        self.away.click(clear(self._delete), [self.token, self.name], details, **HIDDEN).then(
            clear(self._list), self.token, listed, **HIDDEN
        )
        painting = self.painting
        outputs = [self.tabs, *painting.inputs]
        self.same.click(clear(self._again), [self.token, self.name], outputs, **HIDDEN)
        self.use.click(
            clear(self._use), [self.token, self.name], [self.tabs, painting.content], **HIDDEN
        )

    def _entries(self, request: gr.Request, token: str) -> list[Entry]:
        return self.atelier.history.entries(self.atelier.visitor(request, token))

    def _entry(self, request: gr.Request, token: str, name: str) -> Entry:
        return self.atelier.history.get(self.atelier.visitor(request, token), name)

    def _list(self, request: gr.Request, token: str) -> tuple[list[tuple[str, str]], list[str]]:
        shown, names = [], []
        for each in self._entries(request, token):
            with suppress(ImageError, OSError):  # a damaged one, which the others do not wait for
                shown.append((self.atelier.shelf.thumbnail(each.thumbnail), each.title))
                names.append(each.name)
        return shown, names

    def _show(
        self, request: gr.Request, token: str, names: list[str], event: gr.SelectData
    ) -> list[Any]:
        if not 0 <= int(event.index) < len(names):
            raise ImageError("this result is not in the history any more")
        entry = self._entry(request, token, names[int(event.index)])
        shelf = self.atelier.shelf
        return [
            entry.name,
            (shelf.small(entry.content), shelf.small(entry.result)),
            f"**{entry.title}**, {entry.settings['size']} pixels, {entry.settings['method']}",
            *(gr.Button(interactive=True), gr.Button(interactive=True)),
            gr.DownloadButton(value=shelf.copied(entry.result), interactive=True),
            gr.Button(interactive=True),
            *(shelf.copied(p) if p.is_file() else None for p in (entry.animation, entry.plot)),
        ]

    def _delete(self, request: gr.Request, token: str, name: str) -> list[Any]:
        self.atelier.history.delete(self.atelier.visitor(request, token), name)
        off: dict[str, Any] = {"interactive": False}
        return [
            *("", None, "Deleted."),
            *(gr.Button(**off), gr.Button(**off), gr.DownloadButton(value=None, **off)),
            *(gr.Button(**off), None, None),
        ]

    def _again(self, request: gr.Request, token: str, name: str) -> dict[Any, Any]:
        """Put content, styles and settings of a result back onto the page that paints."""
        entry = self._entry(request, token, name)
        sources = [entry.content, *entry.styles]
        copied = {source: Path(self.atelier.shelf.copied(source)) for source in sources}
        return {self.tabs: gr.Tabs(selected="paint"), **self.painting.fill(entry, copied)}

    def _use(self, request: gr.Request, token: str, name: str) -> tuple[Any, str]:
        entry = self._entry(request, token, name)
        return gr.Tabs(selected="paint"), self.atelier.shelf.copied(entry.result)
