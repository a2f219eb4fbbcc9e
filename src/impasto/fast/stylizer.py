"""The stylizer of one pass: reads its styles once, then takes content after content."""

from __future__ import annotations

import time
from copy import copy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from impasto import images
from impasto.errors import SettingsError
from impasto.fast.network import MOST_STYLE, StyleCode, check_memory, named, network_for
from impasto.fast.sessions import Array
from impasto.fast.shot import Shot
from impasto.fast.tuned import find_styles, is_network, network_settings
from impasto.flow import blend_frames
from impasto.images import Identity, Picture, Source, Sources, fitted_size, open_for_role
from impasto.recipes import make_recipe
from impasto.runs import Memory, Plan, Reference, Run, Stage, State
from impasto.settings import FIELDS, Settings
from impasto.settings.methods import load

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from impasto.settings.typed import Options

#: Settings whose other values leave the styles as they were read.
_LIGHT = ("strength", "style_weights", "seed", "bits", "keep_exif", "keep_gps")
#: Longest side of the picture that is timed for a plan; seconds a million pixels take to save.
_PROBE, _FINISH = 256, 0.35


class FastStylizer:
    """Paints any content in the style of its pictures in one pass of a network.

    Several threads may use one stylizer at once. It never imports torch.

    Args:
        style: One style picture or several: path, bytes, PIL image, array or `Picture`.
        settings: All options at once, or None for the defaults; the method is one of one pass.
        **options: Single options, by the names of `Settings`.

    Raises:
        SettingsError: An option that does not exist or does not fit.
        ImageError: A style picture that cannot be read.
        MissingExtraError: The runtime is not installed.
        WeightsError: The network's files are damaged.

    Examples:
        >>> quick = FastStylizer("starry_night.jpg")
        >>> quick("harbour.jpg").size
        (512, 341)
    """

    def __init__(
        self, style: Sources = (), settings: Settings | None = None, **options: Unpack[Options]
    ) -> None:
        self.settings = (settings or Settings(method="fast")).updated(**options)
        if self.settings.row.steps:
            raise SettingsError(f"FastStylizer paints in one pass, not by {self.settings.method}")
        self._read_styles(style)

    def _read_styles(self, style: Sources) -> None:
        """Read styles, or open the network that was tuned to the one."""
        self._sources = find_styles(style, self.settings)
        self._shares = self.settings.normalized_style_weights(len(self._sources))
        settings = network_settings(self._sources, self.settings)
        self.network = network_for(settings)
        longest = round(self.settings.size * self.settings.style_scale)
        self._longest = max(images.LEAST_PICTURE, longest)
        # A network that scales styles itself gets them as they are.
        most = min(self._longest, MOST_STYLE) if self._takes("style_scale") else MOST_STYLE
        self.styles: list[Picture] = []
        opened = [open_for_role(s, "style", most) for s in self._sources if not is_network(s)]
        self._gray_styles = [images.is_gray(each.filled().pixels) for each in opened]
        if settings.row.one_style:
            self.identities = [images.identify(each) for each in self._sources]
        else:
            self.identities = list(map(images.identify_opened, opened, self._sources))
            self.styles = [images.rotate_tile(each, self.settings) for each in opened]
        matches = bool(self.settings.color_mode.recolor_style)
        self._codes = [] if matches else self._read(self.styles)
        self._code = None if matches else self.network.mixed(self._codes, self._shares)
        self._matched: tuple[Array, list[StyleCode]] | None = None

    def _takes(self, option: str) -> bool:
        return self.settings.row.takes(option, FIELDS[option].metadata["group"])

    def __call__(self, content: Source) -> Picture:
        """Stylize a content picture and return the result, with its recipe.

        Raises:
            ImageError: The content cannot be read, or is too small.
            ImpastoError: It would not fit into memory.
        """
        return self.run(content).finish()

    def run(
        self, content: Source, *, reference: Reference | None = None, started: float | None = None
    ) -> OnePassRun:
        """Begin a run of one step; see `impasto.runs.Stylizer`."""
        return OnePassRun(self, content, reference, started)

    def changed(self, **options: Unpack[Options]) -> FastStylizer:
        """Return a stylizer of the same styles with other settings; see `impasto.runs.Stylizer`."""
        settings = self.settings.updated(**options)
        changed = {n for n in FIELDS if getattr(settings, n) != getattr(self.settings, n)}
        light = changed.issubset(_LIGHT)
        return self._with(settings) if light else FastStylizer(self._sources, settings)

    def at_size(self, size: int) -> FastStylizer:
        """Return one that paints at another size, its styles as they were read; see `Stylizer`."""
        return self._with(self.settings.updated(size=size))

    def _with(self, settings: Settings) -> FastStylizer:
        other = copy(self)
        other.settings = settings
        other._shares = settings.normalized_style_weights(len(self._shares))
        if self._codes and other._shares != self._shares:
            other._code = self.network.mixed(self._codes, other._shares)
        return other

    def with_styles(self, style: Sources) -> FastStylizer:
        """Return a stylizer of other styles that shares the network; see `Stylizer`."""
        other = copy(self)
        other._read_styles(style)
        return other

    def describe(self) -> str:
        """Return with what and where it computes: `MicroAST, onnxruntime on CPU`."""
        return f"{self.network.title}, {self.network.machine}"

    @property
    def weights(self) -> list[dict[str, str]]:
        """Names and SHA-256 of the files that it paints with, and of one's own that was tuned."""
        begun = self.settings.weights if self.settings.tune else None
        return self.network.named + ([named(Path(begun))] if begun else [])

    def paint(self, content: Picture) -> Array:
        """Return the stylized pixels of a picture as large as it is: (H, W, 3) in [0, 1]."""
        return self._painted(content, self._code_for(content))

    def paint_frame(self, content: Picture, reference: Reference) -> tuple[Array, Memory]:
        """Return the stylized pixels of a frame of a video, and what the next frame needs.

        The statistics that a network gives each picture for itself are the shot's, the noise that
        strokes grow from moves along, and what was painted stays where the flow can be trusted.
        """
        before, kept = reference.frames.get(1), dict(reference.memory)
        mixture = np.array([self.settings.strength, *self._shares])
        if before is None or "first" not in kept:
            kept = {"first": content.pixels, "mixture": mixture}
        first, earlier = kept.pop("first"), kept.pop("mixture")
        same = Shot(kept)
        changed = np.abs(mixture - earlier).max()
        if changed:
            kept.pop("statistics", None)  # of recolored frames, so of the mixture before
        shot, code = Shot(kept), self._code_for(Picture(first), keep=True)
        if before is not None:
            shot.move(before.flow, before.trust)
        painted = self._painted(content, code, shot)
        if before is not None and self.settings.strength:
            # An earlier frame of another mixture says only what noise to leave out, and that is
            # found by painting this one in that mixture too.
            alike = painted
            if changed:
                same.move(before.flow, before.trust)
                strength, *shares = map(float, earlier)
                weights = tuple(shares) if len(shares) > 1 else None
                other = self._with(self.settings.updated(strength=strength, style_weights=weights))
                alike = other._painted(content, other._code_for(Picture(first), keep=True), same)
            motion = before.painted, before.flow, before.trust
            steady = blend_frames(alike, *motion, reference.stability)
            part = np.float32(max(0.0, 1 - changed))
            painted = (painted + part * (steady - alike)).clip(0, 1) if changed else steady
        return painted, {**shot.kept, "first": first, "mixture": mixture}

    def _painted(self, content: Picture, code: StyleCode, shot: Shot | None = None) -> Array:
        pixels = content.filled().pixels
        if self.settings.strength == 0:
            return pixels
        painted = self.network.paint(content, code, self.settings.strength, shot)
        return images.final_colors(painted, pixels, self.settings, self._gray_styles)

    def _code_for(self, content: Picture, *, keep: bool = False) -> StyleCode:
        """Return the code of the styles, if need be in a content's colors; keep it for frames."""
        mode = self.settings.color_mode
        if not mode.recolor_style:
            return self._code
        if self._matched is None or self._matched[0] is not content.pixels:
            recolor, amount = load(mode.recolor_style), self.settings.color_amount
            recolored = [
                recolor(style.pixels, content.pixels, style.alpha, content.alpha, amount)
                for style in self.styles
            ]
            pairs = zip(self.styles, recolored, strict=True)
            codes = self._read([replace(style, pixels=pixels) for style, pixels in pairs])
            if not keep:
                return self.network.mixed(codes, self._shares)
            self._matched = content.pixels, codes
        return self.network.mixed(self._matched[1], self._shares)

    def _read(self, styles: list[Picture]) -> list[StyleCode]:
        return [self.network.read(style, self._longest) for style in styles]

    def recipe(self, content: Identity) -> dict[str, Any]:
        """Return how to make a picture of a content again: no folders, nothing automatic."""
        settings = self.settings
        names: dict[str, Any] = {}
        if settings.weights is not None:
            names["weights"] = Path(settings.weights).name
        if settings.row.one_style:
            names["method"] = Path(settings.method).name
        if self._takes("runtime"):
            names["runtime"] = self.network.runtime
        return make_recipe(
            settings.updated(**names),
            {"content": content, "styles": self.identities},
            weights=self.weights,
            runtime=self.network.machine,
        )


class OnePassRun(Run):
    """One content on its way through a network, in one step; see `FastStylizer.run`."""

    def __init__(
        self,
        stylizer: FastStylizer,
        content: Source,
        reference: Reference | None,
        started: float | None,
    ) -> None:
        self._started = time.monotonic() if started is None else started
        self._stylizer, self._reference = stylizer, reference
        settings = stylizer.settings
        source = images.read_source(content)
        opened = open_for_role(source, "content", settings.size, settings)
        self._identify = partial(images.identify_opened, opened, source)  # frames are never asked
        size = fitted_size(opened.size, settings.size)
        self._bytes = check_memory(size, stylizer.network.bytes_per_pixel)
        self._content = opened.resized(size)
        self._pixels: Array | None = None
        self._memory: Memory = {}

    def __next__(self) -> State:
        """Paint, and return the one state there is."""
        if self._pixels is not None:
            raise StopIteration
        if self._reference is None:
            self._pixels = self._stylizer.paint(self._content)
        else:
            self._pixels, self._memory = self._stylizer.paint_frame(self._content, self._reference)
        size, seconds = self._content.size, time.monotonic() - self._started
        return State(octave=1, octaves=1, step=1, steps=(1,), done=1, size=size, seconds=seconds)

    @property
    def plan(self) -> Plan:
        """Size, memory and seconds, told after a small picture was timed."""
        size, network = self._content.size, self._stylizer.network
        small = self._content.resized(fitted_size(size, min(_PROBE, max(size))))
        self._stylizer.paint(small)
        begun = time.monotonic()
        self._stylizer.paint(small)
        rate = (time.monotonic() - begun) / (small.width * small.height)
        seconds = (rate + _FINISH / 1e6) * size[0] * size[1]
        return Plan((Stage(size, 1, network.title),), self._bytes, seconds, network.machine)

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
            recipe=self._stylizer.recipe(self._identify()),
        )

    @property
    def memory(self) -> Memory:
        """What the next frame of a video needs."""
        return self._memory
