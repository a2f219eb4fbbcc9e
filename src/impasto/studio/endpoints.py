"""The studio's API: few endpoints with plain inputs, for programs. See `docs/api.md`."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from impasto.batch.looks import usual_axes
from impasto.errors import ImageError, SettingsError
from impasto.gallery.names import PREFIX
from impasto.images import Picture
from impasto.studio.atelier import Atelier, clear
from impasto.studio.clips import Painted
from impasto.studio.engine import Order
from impasto.studio.exploring import Looks
from impasto.studio.many import Pairs
from impasto.studio.pictures import file_input
from impasto.studio.regions import Regions

_NOTHING = "nothing was painted in the time that a work may take"


class _Endpoints:
    """What programs may ask for."""

    def __init__(self, atelier: Atelier) -> None:
        self.atelier = atelier

    def styles(self) -> list[dict[str, str]]:
        """Return the styles that have names."""
        return [
            {"name": style.name, "kind": style.kind, "description": style.description}
            for style in self.atelier.styles()
        ]

    def stylize(self, request: gr.Request, *said: Any) -> tuple[str, Any]:  # noqa: ANN401
        """Paint a picture, and return the file and its recipe."""
        return self._answer(deque(self._pictures(request, self._order(*said)), maxlen=1).pop())

    def paint(self, request: gr.Request, *said: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
        """Paint a picture, with previews while it forms; the last answer is the result."""
        for last in self._pictures(request, self._order(*said)):
            yield self.atelier.shelf.preview(last), None
        yield self._answer(last)

    def compose(self, request: gr.Request, *said: Any) -> tuple[str, Any]:  # noqa: ANN401
        """Paint a picture with masks: of what stays, and one for each style; return as stylize."""
        content, styles, names, settings, keep, masks = said
        checked = self.atelier.uploads.picture(keep, "mask") if keep else None
        parts = [self.atelier.uploads.picture(path, "mask") for path in masks or []]
        count = len(_styles(styles, names))
        if len(parts) > count:
            raise SettingsError(f"there are {len(parts)} masks for {count} styles: leave some out")
        # Styles without a mask take what the others leave.
        regions = Regions(checked, (*parts, *[None] * (count - len(parts))))
        order = self._order(content, styles, names, settings, regions)
        return self._answer(deque(self._pictures(request, order), maxlen=1).pop())

    def plan(self, request: gr.Request, *said: Any) -> Any:  # noqa: ANN401
        """Return what painting would take: seconds, bytes, and in words."""
        order = self._order(*said)
        plan = self.atelier.engine.plan(self.atelier.who(request), order)
        return {"seconds": plan.seconds, "bytes": plan.bytes, "lines": plan.lines()}

    def explore(self, request: gr.Request, *said: Any) -> tuple[str, Any]:  # noqa: ANN401
        """Paint a picture small in many ways; return a .zip file, and what each is."""
        *picture, vary = said
        order = self._order(*picture)
        axes = _axes(vary) if vary else usual_axes(order.settings)
        work = Looks(self.atelier, order, order.settings, axes)
        self._finish(request, work.painted)
        if not work.made:
            raise ImageError(_NOTHING)
        return str(work.zipped()), work.listed()

    def _order(
        self,
        content: str | None,
        styles: list[str] | None,
        names: str | None,
        settings: dict[str, Any] | None,
        regions: Regions | None = None,
    ) -> Order:
        return self.atelier.order(content, _styles(styles, names), settings or {}, regions)

    def _finish(self, request: gr.Request, items: Callable[[], Iterator[Any]]) -> None:
        job = self.atelier.engine.start(self.atelier.who(request), items)
        for _ in self.atelier.watched(request, job):
            pass

    def _answer(self, picture: Picture) -> tuple[str, Any]:
        """Return the file of a result, and its recipe."""
        name = f"{picture.name or 'painted'}.png"
        return self.atelier.shelf.saved(picture, name), json.loads(json.dumps(picture.recipe))

    def _pictures(self, request: gr.Request, order: Order) -> Iterator[Picture]:
        """Yield pictures that get better, at least one; the last is the result."""
        atelier = self.atelier
        job = atelier.engine.start(atelier.who(request), lambda: atelier.engine.steps(order))
        seen = 0
        for _ in atelier.watched(request, job):
            if job.latest is not None and job.made > seen:
                seen = job.made
                yield job.latest.picture
        if job.latest is None:
            raise ImageError(_NOTHING)
        if job.made > seen:
            yield job.latest.picture

    def video(
        self,
        request: gr.Request,
        clip: str | None,
        styles: list[str] | None,
        names: str | None,
        strength: float | None,
        stability: float | None,
        size: float | None,
    ) -> str:
        """Paint a video, and return the file."""
        if strength is None or stability is None or size is None:
            raise SettingsError("strength, stability and size are numbers")
        atelier = self.atelier
        source = atelier.uploads.clip(clip)
        target = atelier.shelf.place() / f"{source.stem}-painted.mp4"
        chosen = [{"path": path, "weight": 1.0} for path in atelier.found(_styles(styles, names))]
        work = Painted(atelier, source, chosen, strength, stability, int(size), target)
        self._finish(request, work.frames)
        if not target.is_file():
            raise ImageError(_NOTHING)
        return str(target)

    def batch(
        self,
        request: gr.Request,
        contents: list[str] | None,
        styles: list[str] | None,
        names: str | None,
        settings: dict[str, Any] | None,
    ) -> tuple[str, str]:
        """Paint every content in every style; return a .zip file and a report."""
        atelier = self.atelier
        paths = atelier.found(_styles(styles, names))
        values = settings or {}
        if isinstance(values, dict):  # else the engine says what they are
            values = {"method": "fast", **values}
        work = Pairs(atelier, contents or [], paths, values)
        self._finish(request, work.outcomes)
        if not work.done:
            raise ImageError(_NOTHING)
        return str(work.zipped()), work.report()


def add_endpoints(atelier: Atelier) -> None:
    """Add the API to the page that is being laid out; nothing of it is seen."""
    does = _Endpoints(atelier)
    with gr.Row(visible=False):
        content = file_input(label="content")
        contents = file_input(label="contents", file_count="multiple")
        styles = file_input(label="styles", file_count="multiple")
        names = gr.Textbox("", label="style_names")
        settings, vary = gr.JSON({}, label="settings"), gr.JSON({}, label="vary")
        keep = file_input(label="keep")
        masks = file_input(label="masks", file_count="multiple")
        clip = file_input(label="clip")
        strength = gr.Number(1.0, label="strength")
        stability = gr.Number(0.9, label="stability")
        size = gr.Number(640, label="size", precision=0)
        result, recipe = gr.File(label="result"), gr.JSON(label="recipe")
        report, listed = gr.Textbox(label="report"), gr.JSON(label="styles")
        planned, looks = gr.JSON(label="plan"), gr.JSON(label="looks")
        button = gr.Button()
    picture = [content, styles, names, settings]
    table: list[tuple[Any, list[Any], list[Any], str]] = [
        (does.styles, [], [listed], "styles"),
        (does.stylize, picture, [result, recipe], "stylize"),
        (does.paint, picture, [result, recipe], "paint"),
        (does.compose, [*picture, keep, masks], [result, recipe], "compose"),
        (does.plan, picture, [planned], "plan"),
        (does.explore, [*picture, vary], [result, looks], "explore"),
        (does.video, [clip, styles, names, strength, stability, size], [result], "video"),
        (does.batch, [contents, styles, names, settings], [result, report], "batch"),
    ]
    for function, inputs, outputs, name in table:
        button.click(
            clear(function),
            inputs,
            outputs,
            api_name=name,
            api_description=function.__doc__,
            concurrency_limit=None,
        )


def _styles(files: list[str] | None, names: str | None) -> list[str]:
    """Return uploaded styles and those named, as `Atelier.order` takes them."""
    named = [name.strip().removeprefix(PREFIX) for name in (names or "").split(",")]
    return [*(files or []), *(PREFIX + name for name in named if name)]


def _axes(vary: object) -> dict[str, list[Any]]:
    """Return what is to be varied, as `vary` takes it."""
    if not isinstance(vary, dict) or not all(isinstance(each, list) for each in vary.values()):
        raise SettingsError('vary is names of settings and lists of values: {"strength": [0.5, 1]}')
    return vary
