"""What all requests share: engine, uploads, runs and history, and what a request asks of them."""

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import wait
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from impasto.errors import ImageError, SettingsError
from impasto.gallery.names import PREFIX, list_styles
from impasto.gallery.names import Style as ListedStyle
from impasto.images import open_picture, output_name
from impasto.settings import FIELDS, Settings
from impasto.settings.choices import LEAST_SIZE
from impasto.settings.declaration import check_known
from impasto.studio import works
from impasto.studio.bodies import PaintBody, PlainStyleBody, RunBody, StyleBody, VideoBody
from impasto.studio.engine import Engine, Order, Style, is_network, settings_for
from impasto.studio.history import History
from impasto.studio.options import StudioOptions
from impasto.studio.runs import StudioRun
from impasto.studio.store import LimitError, Store, Visitor
from impasto.studio.turns import BusyError
from impasto.stylizers import for_many_sizes

#: Photographs to begin with: names in `skimage.data`, and what they show.
EXAMPLES = {"coffee": "A cup of coffee", "chelsea": "A cat", "astronaut": "An astronaut"}
#: Longest side of what is painted at once, on a tap, in pixels.
QUICK = 1024
#: Runs of a visitor that may wait or work at once, and that are remembered; pictures of one batch.
_MOST_ALIVE, _MOST_RUNS, _MOST_PAIRS = 16, 60, 200


class Studio:
    """Everything behind the requests; `folder`, for uploads and results, goes with the studio."""

    def __init__(self, options: StudioOptions, folder: Path) -> None:
        self.options, self.folder = options, folder
        self.engine = Engine(options)
        self.store = Store(folder / "kept", options.lasting, options.max_size)
        self.history = History(options.folder)
        #: The last camera's frame of each visitor that is not answered yet.
        self.frames: dict[str, object] = {}
        self.watching: Counter[str] = Counter()  # streams of events, by visitor

    def warm_up(self) -> None:
        """Load what the first visitor would wait for; what is missing is told to those who ask."""
        fast = for_many_sizes(Settings(method="fast"))
        for settings in (fast, Settings(size=64, steps=(1,), min_size=64)):
            with suppress(BusyError):  # a line of one
                self.engine.turns.submit("", partial(self.engine.sample, 256, settings))

    def close(self, seconds: float) -> None:
        """End everything that waits or works; runs may take so long for the step at hand."""
        self.engine.turns.close()
        wait([run.job for run in self.store.close() if isinstance(run, StudioRun)], seconds)

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
        content = self.store.file(visitor, body.content, "picture")
        styles = self.named(visitor, body.styles)
        masks = tuple(self._mask(visitor, each.mask) for each in body.styles)
        settings = settings_for(styles, self._settings(body.settings, body.styles))
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

    def named(self, visitor: Visitor, said: Sequence[PlainStyleBody]) -> tuple[Style, ...]:
        """Return the styles of a request; ImpastoError: there is no such style."""
        return tuple(self._style(visitor, each) for each in said)

    def _style(self, visitor: Visitor, said: PlainStyleBody) -> Style:
        if (said.name is None) == (said.file is None):
            raise SettingsError("a style has a name, or is the id of an upload")
        if said.file is not None:
            file = self.store.file(visitor, said.file, "picture", "network")
            return Style(file.name, file.path)
        if said.name not in self.styles:
            raise ImageError(f"there is no style {said.name!r}: choose one of the list")
        return Style(str(said.name), f"{PREFIX}{said.name}")

    def _mask(self, visitor: Visitor, id: str | None) -> Path | None:
        return self.store.file(visitor, id, "picture").path if id else None

    def _settings(self, values: dict[str, Any], styles: Sequence[StyleBody] = ()) -> Settings:
        return self.engine.checked(Settings.from_dict(_weighted(values, styles)))

    def start(self, visitor: Visitor, body: RunBody) -> StudioRun:
        """Begin a run; ImpastoError: something is missing or does not fit; or too many run."""
        self.engine.turns.drop_unwanted()
        if sum(run.busy for run in self.store.of(visitor.who, StudioRun)) >= _MOST_ALIVE:
            raise LimitError("you have too many jobs here: wait until one is done, or stop some")
        with self.store.new_folder(visitor, StudioRun, _MOST_RUNS) as folder:
            run = StudioRun(folder, visitor, body.kind)
            run.begin(self.engine.turns, self._work(run, body), 60 * self.options.minutes)
            return self.store.keep(run)

    def _work(self, run: StudioRun, body: RunBody) -> Callable[[], None]:
        """Return what a run will do, and note in the run what it makes."""
        visitor, engine = run.visitor, self.engine
        if body.kind == "picture":
            order, keeper = self.order(visitor, body), self.keeper(visitor)
            content, *styles = order.names
            run.name = output_name(content, [Path(name).stem for name in styles])
            run.facts = {"size": None, "history": None}
            return partial(works.paint_one, run, engine, order, self.history, keeper)
        if body.kind == "explore":
            order = self.order(visitor, body)
            variants = works.variants(engine, order, body.vary)
            run.type, run.total = "application/zip", len(variants)
            return partial(works.paint_variants, run, order, variants)
        if body.kind == "batch":
            contents = [self.store.file(visitor, id, "picture") for id in body.contents]
            named = self.named(visitor, body.styles)
            way = {} if body.settings.get("quality") else {"method": "fast"}
            settings = for_many_sizes(self._settings({**way, **body.settings}))
            settings.check_one_style()
            run.type, run.total = "application/zip", len(contents) * len(named)
            if run.total > _MOST_PAIRS:
                many = f"{run.total} pictures are too many"
                raise ImageError(f"{many}: at most {_MOST_PAIRS} are painted at once")
            return partial(works.paint_batch, run, engine, contents, named, settings)
        if body.kind == "video":
            return self._video(run, body)
        (style,) = self.named(visitor, [body.style])
        minutes = min(body.minutes, max(0.1, self.options.minutes - 1))
        run.type, run.total = "application/octet-stream", round(60 * minutes)
        run.facts = {"style": {"file": None}}
        networks = (self.folder if self.options.public else self.history.folder) / "tuned"
        return partial(works.tune, run, style, minutes, networks, self.store)

    def _video(self, run: StudioRun, body: VideoBody) -> Callable[[], None]:
        from impasto.video.options import video_settings

        clip = self.store.file(run.visitor, body.clip, "clip")
        styles = self.named(run.visitor, body.styles)
        masks = tuple(self._mask(run.visitor, each.mask) for each in body.styles)
        for name in body.settings:
            check_known(name, FIELDS)  # others of a video name files
        sources = [each.source for each in styles]
        own = min(max(clip.facts["width"], clip.facts["height"], LEAST_SIZE), self.options.max_size)
        values = {**_weighted(body.settings, body.styles)}
        values["size"] = values.get("size") or own
        if any(map(is_network, styles)):
            values |= {"method": "fast", "quality": None}
        settings = self.engine.checked(video_settings(sources, **values)[0])
        settings = Order(clip, styles, settings, masks=masks).masked(settings)
        asked = {**values, "method": settings.method, "masks": settings.masks}
        asked["stability"] = body.stability
        run.type, run.name = "video/mp4", f"{Path(clip.name).stem}-painted"
        return partial(works.paint_video, run, clip.path, sources, asked)

    def opened(self, visitor: Visitor, id: str) -> dict[str, Any]:
        """Make files again of what a kept result was made of, and return what to ask for."""
        entry = self.history.get(self.keeper(visitor), id)

        def put(file: str, name: str) -> dict[str, Any]:
            facts: dict[str, Any] = {"kind": "network"}
            if not is_network(Style(name, file)):
                picture = open_picture(entry.path(file))
                facts = {"kind": "picture", "width": picture.width, "height": picture.height}
            made = self.store.put(visitor, entry.path(file), name, facts)
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


def _weighted(values: dict[str, Any], styles: Sequence[StyleBody]) -> dict[str, Any]:
    """Return settings with the weights of styles, where these differ."""
    weights = [each.weight for each in styles]
    return {"style_weights": weights, **values} if len(set(weights)) > 1 else values
