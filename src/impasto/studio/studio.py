"""What all requests share: engine, uploads, runs and history, and what a request asks of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

from impasto.errors import ImageError, SettingsError
from impasto.gallery.names import PREFIX, list_styles
from impasto.gallery.names import Style as ListedStyle
from impasto.images import open_picture
from impasto.settings import Settings
from impasto.settings.choices import LEAST_SIZE
from impasto.studio.bodies import (
    BatchBody,
    ExploreBody,
    PaintBody,
    PictureBody,
    PlainStyleBody,
    RunBody,
    StyleBody,
    VideoBody,
)
from impasto.studio.engine import Engine, Order, Style
from impasto.studio.history import History
from impasto.studio.options import StudioOptions
from impasto.studio.runs import StudioRun
from impasto.studio.store import File, Files, LimitError, Store, Visitor
from impasto.studio.turns import Ticket
from impasto.studio.works import BatchRun, ExploreRun, PictureRun, TuneRun, VideoRun
from impasto.stylizers import for_many_sizes

#: Photographs to begin with: names in `skimage.data`, and what they show.
EXAMPLES = {"coffee": "A cup of coffee", "chelsea": "A cat", "astronaut": "An astronaut"}
#: Longest side of what is painted at once, on a tap.
QUICK = 1024
#: Runs of a visitor that may wait or work at once, and that are remembered.
_MOST_ALIVE, _MOST_RUNS = 16, 60


class Studio:
    """Everything behind the requests; `folder`, for uploads and results, goes with the studio.

    Attributes:
        threads: In which requests and runs wait for their turn: more than may wait.
        frames: The last camera's frame of each visitor that is not answered yet.
        watching: How many streams of events each visitor has.
    """

    def __init__(self, options: StudioOptions, folder: Path) -> None:
        self.options, self.folder = options, folder
        self.engine = Engine(options)
        self.store = Store(folder / "kept", options.lasting)
        self.files = Files(self.store, options.max_size)
        self.history = History(options.folder)
        self.threads = ThreadPoolExecutor(options.queue + 8)
        self.frames: dict[str, Ticket] = {}
        self.watching: Counter[str] = Counter()

    def close(self, seconds: float) -> None:
        """End everything that waits or works; runs may take so long for the step at hand."""
        self.engine.turns.close()
        runs = self.store.close()
        wait([run.work for run in runs if isinstance(run, StudioRun)], seconds)
        self.threads.shutdown(wait=False, cancel_futures=True)

    def keeper(self, visitor: Visitor) -> str:
        """Return whose history it is: strangers have one each, a household has one."""
        return visitor.id if self.options.public else ""

    @property
    def styles(self) -> dict[str, ListedStyle]:
        """The styles that visitors may name: strangers not those of the owner's folders."""
        return {s.name: s for s in list_styles() if not (s.kind == "own" and self.options.public)}

    @cached_property
    def examples(self) -> dict[str, Path]:
        """Photographs to begin with, by name."""
        import skimage.data

        paths = {}
        for name in EXAMPLES:
            picture = open_picture(getattr(skimage.data, name)(), max_size=QUICK)
            paths[name] = picture.save(self.folder / f"{name}.jpg", overwrite=True)
        return paths

    def order(self, visitor: Visitor, body: PaintBody) -> Order:
        """Return what is to be painted; ImpastoError: something is missing or does not fit."""
        content = self.files.picture(visitor, body.content)
        styles = self.named(visitor, body.styles)
        masks = self._masks(visitor, body.styles)
        settings = self._settings(body.settings, body.styles)
        if settings.size is None:  # the content's own
            longest = max(content.facts["width"], content.facts["height"], LEAST_SIZE)
            size = min(longest, settings.size_limit, self.options.max_size)
            settings = settings.updated(size=size)
        order = Order(content, styles, settings, self._mask(visitor, body.keep), masks)
        order.masked(settings)  # refuses what does not fit
        return order

    def quick(self, visitor: Visitor, body: PaintBody) -> Order:
        """Return what is to be painted in one pass, or in one for each region."""
        settings = {**body.settings, "method": "fast"}
        order = self.order(visitor, body.model_copy(update={"settings": settings}))
        size = min(order.settings.size_limit, QUICK)
        return replace(order, settings=for_many_sizes(order.settings.updated(size=size)))

    def start(self, visitor: Visitor, body: RunBody) -> StudioRun:
        """Begin a run; ImpastoError: something is missing or does not fit; or too many run."""
        if sum(run.busy for run in self.store.of(visitor.who, StudioRun)) >= _MOST_ALIVE:
            raise LimitError("you have too many jobs here: wait until one is done, or stop some")
        self.store.make_room(visitor, StudioRun, _MOST_RUNS)
        with self.store.new_folder() as folder:
            run = self._made(visitor, body, folder)
            run.begin(self.engine.turns, self.threads, 60 * self.options.minutes)
            return self.store.keep(run)

    def opened(self, visitor: Visitor, id: str) -> dict[str, Any]:
        """Make files again of what a kept result was made of, and return what to ask for."""
        entry = self.history.get(self.keeper(visitor), id)

        def put(file: str, name: str) -> dict[str, Any]:
            picture = open_picture(entry.path(file))
            facts = {"kind": "picture", "width": picture.width, "height": picture.height}
            made = self.files.put(visitor, entry.path(file), name, facts)
            undo.callback(self.store.remove, made)
            return made.described()

        with ExitStack() as undo:  # all of them, or none
            styles: list[dict[str, Any]] = []
            for named, file, name in zip(entry.named, entry.styles, entry.names[1:], strict=True):
                styles.append({"name": named} if named else {"file": put(file, name)["id"]})
            for style, mask in zip(styles, entry.regions.get("styles", ()), strict=False):
                style |= {"mask": put(mask, "mask")["id"]} if mask else {}
            for style, weight in zip(styles, entry.settings["style_weights"] or (), strict=False):
                style["weight"] = weight
            keep = put(entry.regions["keep"], "mask")["id"] if entry.regions.get("keep") else None
            content = put(entry.content, entry.names[0])
            undo.pop_all()
        return {"content": content, "styles": styles, "keep": keep, "settings": entry.changed()}

    def _made(self, visitor: Visitor, body: RunBody, folder: Path) -> StudioRun:
        if isinstance(body, PictureBody):
            order, keeper = self.order(visitor, body), self.keeper(visitor)
            return PictureRun(folder, visitor, self.engine, order, self.history, keeper)
        if isinstance(body, ExploreBody):
            return ExploreRun(folder, visitor, self.engine, self.order(visitor, body), body.vary)
        if isinstance(body, BatchBody):
            contents = [self.files.picture(visitor, id) for id in body.contents]
            styles = self.named(visitor, body.styles)
            settings = for_many_sizes(self._settings({"method": "fast", **body.settings}, ()))
            return BatchRun(folder, visitor, self.engine, contents, styles, settings)
        if isinstance(body, VideoBody):
            return self._video(visitor, body, folder)
        (style,) = self.named(visitor, [body.style])
        minutes = min(body.minutes, max(0.1, self.options.minutes - 1))
        networks = (self.folder if self.options.public else self.history.folder) / "tuned"

        def keep(network: Path) -> File:
            return self.files.put(visitor, network, style.name, {"kind": "network"})

        return TuneRun(folder, visitor, style, minutes, networks, keep)

    def _video(self, visitor: Visitor, body: VideoBody, folder: Path) -> StudioRun:
        clip = self.store.get(visitor, body.clip, File)
        if clip.facts["kind"] != "clip":
            raise ImageError(f"{clip.name} is not a video: choose a video")
        styles = self.named(visitor, body.styles)
        settings = self._settings({"method": "fast", **body.settings}, body.styles)
        masks = self._masks(visitor, body.styles)
        settings = Order(clip, styles, settings, masks=masks).masked(settings)
        plain = Settings().to_dict()
        asked = {name: v for name, v in settings.to_dict().items() if v != plain[name]}
        asked |= {"method": settings.method, "stability": body.stability}
        if "size" in body.settings:
            asked["size"] = settings.size
        return VideoRun(folder, visitor, clip, styles, asked)

    def named(self, visitor: Visitor, said: Sequence[PlainStyleBody]) -> tuple[Style, ...]:
        """Return the styles of a request; ImpastoError: there is no such style."""
        return tuple(self._style(visitor, each) for each in said)

    def _style(self, visitor: Visitor, said: PlainStyleBody) -> Style:
        if (said.name is None) == (said.file is None):
            raise SettingsError("a style has a name, or is the id of an upload")
        if said.file is not None:
            file = self.store.get(visitor, said.file, File)
            if file.facts["kind"] == "clip":
                raise ImageError(f"{file.name} is not a picture: choose a picture")
            return Style(file.name, file.path)
        if said.name not in self.styles:
            raise ImageError(f"there is no style {said.name!r}: choose one of the list")
        return Style(str(said.name), f"{PREFIX}{said.name}")

    def _masks(self, visitor: Visitor, styles: Sequence[StyleBody]) -> tuple[Path | None, ...]:
        return tuple(self._mask(visitor, each.mask) for each in styles)

    def _mask(self, visitor: Visitor, id: str | None) -> Path | None:
        return self.files.picture(visitor, id).path if id else None

    def _settings(self, values: dict[str, Any], styles: Sequence[StyleBody]) -> Settings:
        weights = [each.weight for each in styles]
        if len(set(weights)) > 1 and "style_weights" not in values:
            values = {**values, "style_weights": weights}
        return self.engine.settings(values)
