"""The stylizer of one pass: reads its styles once, then takes content after content."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from impasto import images
from impasto.composition import Composition, compose, mask_identities
from impasto.errors import SettingsError
from impasto.fast.network import MOST_STYLE, check_memory, named, network_for
from impasto.fast.sessions import Array
from impasto.fast.style_mixture import StyleMixture
from impasto.fast.tuned import is_network, network_settings
from impasto.gallery.names import read_styles
from impasto.images import Identity, Picture, Source, Sources, fitted_size, open_for_role
from impasto.recipes import make_recipe
from impasto.runs import Carried, OwnSize, Plan, Reference, Run, Stage, State
from impasto.settings import FIELDS, Settings
from impasto.settings.declaration import load
from impasto.settings.typed import Options

if TYPE_CHECKING:
    from typing_extensions import Unpack

#: Settings whose other values leave the styles as they were read.
_WITHOUT_REREADING = ("strength", "style_weights", "seed", "bits", "keep_exif", "keep_gps")
#: Longest side of the picture that is timed for a plan; seconds a million pixels take to save.
_PROBE, _FINISH = 256, 0.35
#: Bytes of memory a pixel that blending takes, for each region, and for each one's frame before.
_COMPOSED, _REGION, _BEFORE = 68, 8, 26


class FastStylizer(OwnSize):
    """Paints any content in the style of its pictures in one pass of a network.

    Several threads may use one stylizer at once. It never imports torch. Arguments and errors are
    those of `impasto.stylizer`; the method is one of one pass, `fast` by default.

    Examples:
        >>> quick = FastStylizer("starry_night.jpg")
        >>> quick("harbour.jpg").size
        (96, 64)
    """

    def __init__(
        self, style: Sources = (), settings: Settings | None = None, **options: Unpack[Options]
    ) -> None:
        self.settings = (settings or Settings(method="fast")).updated(**options)
        if self.settings.method_row.steps:
            raise SettingsError(f"FastStylizer paints in one pass, not by {self.settings.method}")
        self._read_styles(style)

    def _read_styles(self, style: Sources) -> None:
        """Read the styles, or open the network tuned to the one; with masks for each alone."""
        given = images.source_list(style)
        if self.settings.masks and len(given) > 1:
            self._read_apart(given)
            return
        self._sources = read_styles(given)
        if self._sources and self.settings.method_row.one_style:
            raise SettingsError(f"{self.settings.method} has its style within: give no style")
        self._shares = self.settings.normalized_style_weights(len(self._sources))
        settings = network_settings(self._sources, self.settings)
        self.network = network_for(settings)
        longest = round(self.settings.size_limit * self.settings.style_scale)
        longest = max(images.LEAST_PICTURE, longest)
        # A network that scales styles itself gets them as they are.
        most = min(longest, MOST_STYLE) if self._takes("style_scale") else MOST_STYLE
        opened = [open_for_role(s, "style", most) for s in self._sources if not is_network(s)]
        grays = [images.is_gray(each.filled().pixels) for each in opened]
        if settings.method_row.one_style:
            self.identities = [images.identify(each) for each in self._sources]
            styles: list[Picture] = []
        else:
            self.identities = list(map(images.identify_opened, opened, self._sources))
            styles = [images.rotate_tile(each, self.settings) for each in opened]
        how = grays, self._shares, longest
        self._mixtures = [StyleMixture(self.network, self.settings, styles, *how)]

    def _read_apart(self, styles: Sequence[Source]) -> None:
        self._shares = self.settings.normalized_style_weights(len(styles))
        alone = self.settings.updated(masks=None, style_weights=None)
        each = [FastStylizer(style, alone) for style in styles]
        self._sources = [source for one in each for source in one._sources]
        self.network = max((one.network for one in each), key=lambda n: n.bytes_per_pixel)
        self.identities = [identity for one in each for identity in one.identities]
        self._mixtures = [mixture for one in each for mixture in one._mixtures]

    def _takes(self, option: str) -> bool:
        return self.settings.method_row.takes(option, FIELDS[option].metadata["group"])

    def run(
        self, content: Source, *, reference: Reference | None = None, started: float | None = None
    ) -> OnePassRun:
        """Begin a run of one step; see `impasto.runs.Stylizer`."""
        source = images.read_source(content)
        stylizer = self if self.settings.size else self.sized(source)
        started = time.monotonic() if started is None else started
        return OnePassRun(stylizer, source, reference, started)

    def changed(self, **options: Unpack[Options]) -> FastStylizer:
        """Return a stylizer of the same styles with other settings; see `impasto.runs.Stylizer`."""
        settings = self.settings.updated(**options)
        changed = {n for n in FIELDS if getattr(settings, n) != getattr(self.settings, n)}
        light = changed.issubset(_WITHOUT_REREADING)
        if light:
            return self._with(settings)
        made: FastStylizer = load(settings.method_row.factory)(self._sources, settings)
        return made

    def at_size(self, size: int) -> FastStylizer:
        """Return one that paints at another size, its styles as they were read; see `Stylizer`."""
        return self._with(self.settings.updated(size=size))

    def _with(self, settings: Settings) -> FastStylizer:
        other = copy(self)
        other.settings, other._sized = settings, {}
        other._shares = settings.normalized_style_weights(len(self._shares))
        mixed = settings, other._shares
        if settings.masks:  # each mixture is of one style
            mixed = settings.updated(style_weights=None), [1.0]
        other._mixtures = [each.with_settings(*mixed) for each in self._mixtures]
        return other

    def with_styles(self, style: Sources) -> FastStylizer:
        """Return a stylizer of other styles that shares the network; see `Stylizer`."""
        other = copy(self)
        other._sized = {}
        other._read_styles(style)
        return other

    def describe(self) -> str:
        """Return with what and where it computes: `MicroAST, onnxruntime on CPU`."""
        return f"{self.network.title}, {self.network.machine}"

    @property
    def weights(self) -> list[dict[str, str]]:
        """Names and SHA-256 of the files that it paints with, and of one's own that was tuned."""
        begun = self.settings.weights if self.settings.tune else None
        files = {file["sha256"]: file for each in self._mixtures for file in each.network.named}
        return [*files.values(), *([named(Path(begun))] if begun else [])]

    def compose(self, content: Picture, reference: Reference | None = None) -> Composition:
        """Return the composition of a content of final size; see `impasto.composition.compose`."""
        return compose(self.settings, content, len(self._sources), reference)

    def paint(self, content: Picture, composition: Composition | None = None) -> Array:
        """Return the stylized pixels of a picture as large as it is: (H, W, 3) in [0, 1].

        Its composition is read as the settings say, unless it is given.
        """
        composition = composition or self.compose(content)
        pairs = zip(self._mixtures, composition.regions, strict=True)
        painted = (mixture.paint(content, where) for mixture, where in pairs)
        return composition.blended(content.filled().pixels, painted, self._shares)

    def paint_frame(
        self, content: Picture, reference: Reference, composition: Composition
    ) -> tuple[Array, Carried]:
        """Return the stylized pixels of a frame of a video, and what the next frame needs.

        With regions, each style has its own earlier frames, painted in it alone: so no style leaks
        into the region of another, nor the photograph where it is no longer kept.
        """
        if not self._composes:
            return self._mixtures[0].paint_frame(content, reference)
        carried, painted = dict(composition.carried), []
        before = reference.frames.get(1)
        for number, mixture in enumerate(self._mixtures):
            prefix, known = f"style {number} ", reference.carried.items()
            own = {k.removeprefix(prefix): each for k, each in known if k.startswith(prefix)}
            frames = {1: replace(before, painted=own.pop("painted"))} if before and own else {}
            follows = Reference(frames, own, reference.stability)
            pixels, left = mixture.paint_frame(content, follows, composition.regions[number])
            carried |= {f"{prefix}{k}": each for k, each in {**left, "painted": pixels}.items()}
            painted.append(pixels)
        return composition.blended(content.filled().pixels, painted, self._shares), carried

    @property
    def _composes(self) -> bool:
        return bool(self.settings.masks or self.settings.keep)

    def recipe(self, content: Identity, masks: Mapping[str, Any]) -> dict[str, Any]:
        """Return the recipe of a picture: no folders, no automatic values."""
        settings = self.settings
        if self._takes("runtime"):
            settings = settings.updated(runtime=self.network.runtime)
        return make_recipe(
            settings,
            {"content": content, "styles": self.identities, **masks},
            weights=self.weights,
            runtime=self.network.machine,
        )


class OnePassRun(Run):
    """One content on its way through a network, in one step; see `FastStylizer.run`."""

    def __init__(
        self, stylizer: FastStylizer, source: Source, reference: Reference | None, started: float
    ) -> None:
        self._stylizer, self._reference, self._started = stylizer, reference, started
        settings = stylizer.settings
        opened = open_for_role(source, "content", settings.size_limit, settings)
        self._identify = partial(images.identify_opened, opened, source)  # frames are never asked
        self._masks = {} if reference else mask_identities(settings)  # as they are now
        size = fitted_size(opened.size, settings.size_limit)
        region = _REGION + (_BEFORE if reference else 0)
        composing = _COMPOSED + region * len(stylizer._mixtures) if stylizer._composes else 0
        self._bytes = check_memory(size, stylizer.network.bytes_per_pixel + composing)
        self._content = opened.resized(size)
        begun = time.monotonic()
        self._composition = stylizer.compose(self._content, reference)
        self._composing = time.monotonic() - begun
        self._pixels: Array | None = None
        self._carried: Carried = {}

    def __next__(self) -> State:
        if self._pixels is not None:
            raise StopIteration
        if self._reference is None:
            self._pixels = self._stylizer.paint(self._content, self._composition)
        else:
            self._pixels, self._carried = self._stylizer.paint_frame(
                self._content, self._reference, self._composition
            )
        size, seconds = self._content.size, time.monotonic() - self._started
        return State(octave=1, octaves=1, step=1, steps=(1,), done=1, size=size, seconds=seconds)

    @property
    def plan(self) -> Plan:
        """Size, memory and seconds, told after a small picture was timed."""
        size, network = self._content.size, self._stylizer.network
        small = self._content.resized(fitted_size(size, min(_PROBE, max(size))))
        seconds = 0.0
        for mixture in self._stylizer._mixtures:
            mixture.paint(small)
            begun = time.monotonic()
            mixture.paint(small)
            seconds += time.monotonic() - begun
        rate = seconds / (small.width * small.height)
        seconds = self._composing + (rate + _FINISH / 1e6) * size[0] * size[1]
        stages = [Stage(size, 0, network.title)] * len(self._stylizer._mixtures)
        return Plan(stages, self._bytes, seconds, network.machine)

    @property
    def pixels(self) -> Array:
        """(H, W, 3) in [0, 1], the stylized pixels."""
        if self._pixels is None:
            next(self)
        assert self._pixels is not None
        return self._pixels

    @property
    def picture(self) -> Picture:
        """The stylized picture, with its recipe."""
        settings = self._stylizer.settings
        return replace(
            self._content,
            pixels=self.pixels,
            bits=settings.bits or self._content.bits,
            exif=self._content.exif if settings.keep_exif else None,
            recipe=self._stylizer.recipe(self._identify(), self._masks),
        )

    @property
    def carried(self) -> Carried:
        """What the next frame of a video needs."""
        return self._carried

    @property
    def notes(self) -> Sequence[str]:
        """How many faces are kept."""
        return self._composition.notes
