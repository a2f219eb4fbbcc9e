"""What all requests share: engine, uploads, runs and history, and what a request asks of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from impasto.errors import ImageError, SettingsError
from impasto.gallery.names import PREFIX, list_styles
from impasto.gallery.names import Style as NamedStyle
from impasto.images import open_picture
from impasto.settings import Settings
from impasto.studio.bodies import (
    BatchBody,
    ExploreBody,
    PaintBody,
    PictureBody,
    RunBody,
    StyleBody,
    VideoBody,
)
from impasto.studio.engine import Engine, Order, Style, name_of
from impasto.studio.files import Files
from impasto.studio.history import History
from impasto.studio.options import StudioOptions
from impasto.studio.regions import Regions
from impasto.studio.runs import Runs, StudioRun
from impasto.studio.tuning import TuneWork
from impasto.studio.works import (
    BatchWork,
    ExploreWork,
    PictureWork,
    VideoWork,
    Work,
)

#: Photographs to begin with: names in `skimage.data`, and what they show.
EXAMPLES = {"coffee": "A cup of coffee", "chelsea": "A cat", "astronaut": "An astronaut"}
#: Longest side of what is painted at once, on a tap.
QUICK = 1024


@dataclass(frozen=True)
class Visitor:
    """Who asks: whose files and results they see, and whose turn and limits it is."""

    id: str
    who: str


class Studio:
    """Everything behind the requests.

    Args:
        options: Of the studio.
        folder: For uploads and results; it is deleted with the studio.
    """

    def __init__(self, options: StudioOptions, folder: Path) -> None:
        self.options, self.folder = options, folder
        self.engine = Engine(options)
        self.files = Files(folder, options.max_size, options.lasting)
        self.runs = Runs(self.engine, folder, options.lasting)
        self.history = History(options.history)

    def close(self, seconds: float) -> None:
        """End all runs."""
        self.runs.close(seconds)

    def keeper(self, visitor: Visitor) -> str:
        """Return whose history it is: strangers have one each, a household has one."""
        return visitor.id if self.options.public else ""

    @property
    def styles(self) -> dict[str, NamedStyle]:
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

    def order(self, visitor: Visitor, body: PaintBody, **values: Any) -> Order:  # noqa: ANN401
        """Return what is to be painted.

        Args:
            visitor: Who asks.
            body: What they ask for.
            **values: Settings that count whatever they say.

        Raises:
            ImpastoError: Something is missing or does not fit.
        """
        content = self.files.picture(visitor.id, body.content)
        styles = self.named(visitor, body.styles)
        masks = [self._mask(visitor, each.mask) if each.mask else None for each in body.styles]
        keep = self._mask(visitor, body.keep) if body.keep else None
        settings = self._settings({**body.settings, **values}, body.styles)
        order = Order(content, styles, settings, Regions(keep, tuple(masks)))
        _ = order.whole  # refuses what does not fit
        return order

    def start(self, visitor: Visitor, body: RunBody) -> StudioRun:
        """Begin a run.

        Raises:
            ImpastoError: Something is missing or does not fit, or there are too many.
        """
        make = partial(self._work, visitor, body)
        return self.runs.start(visitor.id, visitor.who, make)

    def opened(self, visitor: Visitor, id: str) -> dict[str, Any]:
        """Make files again of what a kept result was made of, and return what to ask for.

        Raises:
            GoneError: It is not in the history.
        """
        entry = self.history.get(self.keeper(visitor), id)

        def put(path: Path, name: str) -> dict[str, Any]:
            picture = open_picture(path)
            facts = {"kind": "picture", "width": picture.width, "height": picture.height}
            return self.files.put(visitor.id, visitor.who, path, name, facts).described()

        masks = entry.regions.files
        styles: list[dict[str, Any]] = []
        for number, (path, name) in enumerate(zip(entry.styles, entry.names[1:], strict=True), 1):
            named = entry.named[number - 1]
            style: dict[str, Any] = {"name": named} if named else {"file": put(path, name)}
            if f"mask-{number}" in masks:
                style["mask"] = put(masks[f"mask-{number}"], "mask")["id"]
            styles.append(style)
        keep = put(masks["keep"], "mask")["id"] if "keep" in masks else None
        content = put(entry.content, entry.names[0])
        settings = entry.changed()
        return {"content": content, "styles": styles, "keep": keep, "settings": settings}

    def _work(self, visitor: Visitor, body: RunBody, folder: Path) -> Work:
        if isinstance(body, PictureBody):
            order, keeper = self.order(visitor, body), self.keeper(visitor)
            return PictureWork(folder, self.engine, order, self.history, keeper)
        if isinstance(body, ExploreBody):
            return ExploreWork(folder, self.engine, self.order(visitor, body), body.vary)
        if isinstance(body, BatchBody):
            contents = [self.files.picture(visitor.id, id) for id in body.contents]
            styles = self.named(visitor, body.styles)
            settings = self._settings({"method": "fast", **body.settings}, ())
            return BatchWork(folder, self.engine, contents, styles, settings)
        if isinstance(body, VideoBody):
            return self._video(visitor, body, folder)
        (style,) = self.named(visitor, [body.style])

        def keep(network: Path) -> str:
            name, facts = name_of(style), {"kind": "network"}
            return self.files.put(visitor.id, visitor.who, network, name, facts).id

        return TuneWork(folder, style, min(body.minutes, max(0.1, self.options.minutes - 1)), keep)

    def _video(self, visitor: Visitor, body: VideoBody, folder: Path) -> Work:
        clip = self.files.get(visitor.id, body.clip)
        if clip.facts["kind"] != "clip":
            raise ImageError(f"{clip.name} is not a video: choose a video")
        styles = self.named(visitor, body.styles)
        settings = self._settings({"method": "fast", **body.settings}, body.styles)
        plain = Settings().to_dict()
        asked = {name: v for name, v in settings.to_dict().items() if v != plain[name]}
        asked |= {"method": settings.method, "stability": body.stability}
        if "size" in body.settings:
            asked["size"] = settings.size
        return VideoWork(folder, clip, styles, asked)

    def named(self, visitor: Visitor, said: Sequence[StyleBody]) -> tuple[Style, ...]:
        """Return the styles of a request.

        Raises:
            ImpastoError: There is no such style.
        """
        found: list[Style] = []
        for each in said:
            if (each.name is None) == (each.file is None):
                raise SettingsError("a style has a name, or is the id of an upload")
            if each.file is not None:
                file = self.files.get(visitor.id, each.file)
                if file.facts["kind"] == "clip":
                    raise ImageError(f"{file.name} is not a picture: choose a picture")
                found.append(file)
            elif each.name in self.styles:
                found.append(PREFIX + each.name)
            else:
                raise ImageError(f"there is no style {each.name!r}: choose one of the list")
        return tuple(found)

    def _mask(self, visitor: Visitor, id: str) -> Path:
        return self.files.picture(visitor.id, id).path

    def _settings(self, values: dict[str, Any], styles: Sequence[StyleBody]) -> Settings:
        weights = [each.weight for each in styles]
        if len(set(weights)) > 1 and "style_weights" not in values:
            values = {**values, "style_weights": weights}
        return self.engine.settings(values)
