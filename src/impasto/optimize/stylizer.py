"""The iterative stylizer: optimize the pixels against the statistics of a perceptual network."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING

from impasto.errors import SettingsError
from impasto.gallery.names import read_styles
from impasto.images import (
    LEAST_PICTURE,
    Identity,
    Picture,
    Source,
    Sources,
    identify_opened,
    is_gray,
    open_for_role,
    rotate_tile,
)
from impasto.networks import Encoder, build_encoder, check_encoders
from impasto.networks.devices import choose_device, choose_precision, describe
from impasto.optimize.loop import IterativeRun
from impasto.optimize.objective import layer_weights, layers_of
from impasto.optimize.pyramid import least_side
from impasto.optimize.style_targets import StyleReader
from impasto.runs import Reference, Run
from impasto.settings import FIELDS, Settings
from impasto.settings.methods import method_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from impasto.settings.typed import Options

#: Settings whose other values leave styles as they were read, and the encoders.
_LIGHT = (
    *("strength", "style_weights", "bits", "keep_exif", "keep_gps", "steps", "time"),
    *("seed", "stop_after", "min_size", "init", "keep", "masks", "color_amount"),
)
#: Steps for each frame of a video but the first of a shot, if nothing is said.
FRAME_STEPS = 16


class IterativeStylizer:
    """Optimizes pixels against the statistics of a perceptual network (Gatys et al. 2016).

    Departures from the paper: relative losses, a start from the content, Adam, a pyramid of sizes,
    smoothness, and borders without zero padding; `Settings` can undo each but the last.

    Args:
        style: One style picture or several: path, bytes, PIL image, array or `Picture`.
        settings: All options at once, or None for the defaults.
        **options: Single options, by the names of `Settings`.

    Raises:
        SettingsError: An option that does not exist or does not fit.
        ImageError: A style picture that cannot be read.
        WeightsError: The encoder's file cannot be had.

    Examples:
        >>> stylizer = IterativeStylizer("starry_night.jpg", size=64, steps=3)
        >>> run = stylizer.run("harbour.jpg")
        >>> for state in run:
        ...     print(state.octave, state.step, state.size)
        1 1 (64, 43)
        1 2 (64, 43)
        1 3 (64, 43)
        >>> path = run.picture.save("steps.png")
    """

    def __init__(
        self,
        style: Sources,
        settings: Settings | None = None,
        **options: Unpack[Options],
    ) -> None:
        self.settings = (settings or Settings()).updated(**options)
        if not method_of(self.settings.method).steps:
            raise SettingsError(f"method {self.settings.method} takes one pass: use `stylizer`")
        self.device = choose_device(self.settings.device)
        self.precision = choose_precision(self.settings.precision, self.device)
        layers = layers_of(self.settings)
        check_encoders(self.settings.encoders, layers, self.settings.pooling)
        self.encoders: dict[str, Encoder] = {}
        self._sources = read_styles(style)
        self.settings.normalized_style_weights(len(self._sources))  # refuses what does not fit
        self.reader = self._read(least_side(layers))
        for name in self.settings.encoders:
            self.encoders[name] = build_encoder(
                name,
                layers,
                weights=self.settings.weights,
                pooling=self.settings.pooling,
                device=self.device,
                precision=self.precision,
            )

    def _read(self, narrowest: int) -> StyleReader:
        """Open the style pictures."""
        settings = self.settings
        largest = max(LEAST_PICTURE, round(settings.size * settings.style_scale))

        def opened(source: Source) -> tuple[Picture, Identity]:
            picture = open_for_role(source, "style", largest)
            return picture, identify_opened(picture, source)

        styles = [opened(source) for source in self._sources]
        fine, fine_identity = None, None
        if settings.fine_style is not None:
            fine, fine_identity = opened(read_styles([settings.fine_style])[0])
        return StyleReader(
            settings=settings,
            encoders=self.encoders,
            layers=tuple(layer_weights(settings.style_layers, None)),
            narrowest=narrowest,
            device=self.device,
            precision=self.precision,
            styles=[rotate_tile(picture, settings) for picture, _ in styles],
            identities=[identity for _, identity in styles],
            gray_styles=[is_gray(picture.filled().pixels) for picture, _ in styles],
            fine=fine,
            fine_identity=fine_identity,
        )

    def __call__(self, content: Source) -> Picture:
        """Stylize a content picture and return the result, with its recipe.

        Raises:
            ImageError: The content cannot be read, or is too small or too narrow.
            ImpastoError: It would not fit into memory, or the losses went out of bounds.
        """
        return self.run(content).finish()

    def run(
        self,
        content: Source,
        *,
        reference: Reference | None = None,
        started: float | None = None,
        start: Run | None = None,
    ) -> IterativeRun:
        """Begin a run; iterate over it for a state after every step, leave the loop to stop.

        Args:
            content: Path, bytes, PIL image, array or `Picture`.
            reference: What a frame of a video has to agree with; where earlier frames are at hand
                it starts from them, moved along, and takes fewer steps at one size.
            started: `time.monotonic()` from which `settings.time` counts; None: now.
            start: The run whose picture this one starts from; None: as `settings.init` says.

        Raises:
            ImageError: The content cannot be read, or is too small or too narrow.
            ImpastoError: It would not fit into memory, or the losses went out of bounds.
        """
        reader = self.reader
        if reference is not None and reference.frames:
            steps = (self.settings.steps or (FRAME_STEPS,))[-1]
            following = self.settings.updated(
                min_size=self.settings.size, time=None, steps=(steps,) * len(self.encoders)
            )
            reader = replace(reader, settings=following)
        return IterativeRun(reader, content, started, start, reference)

    def changed(self, **options: Unpack[Options]) -> IterativeStylizer:
        """Return a stylizer of the same styles with other settings; see `Stylizer`."""
        settings = self.settings.updated(**options)
        names = {n for n in FIELDS if getattr(settings, n) != getattr(self.settings, n)}
        if names - {*_LIGHT, "size"}:
            return IterativeStylizer(self._sources, settings)
        other = copy(self)
        other.settings = settings
        settings.normalized_style_weights(len(self._sources))
        if "size" in names:  # larger styles may be needed
            other.reader = other._read(self.reader.narrowest)
        else:
            other.reader = replace(self.reader, settings=settings)
        return other

    def at_size(self, size: int) -> IterativeStylizer:
        """Return one whose results have another size; see `Stylizer`."""
        return self.changed(size=size)

    def with_styles(self, style: Sources) -> IterativeStylizer:
        """Return a stylizer of other styles that shares the encoders; see `Stylizer`."""
        other = copy(self)
        other._sources = read_styles(style)
        other.settings.normalized_style_weights(len(other._sources))
        other.reader = other._read(self.reader.narrowest)
        return other

    def describe(self) -> str:
        """Return where it computes and with what: `vgg19 on cpu, 2 threads, bfloat16`."""
        return f"{self.settings.encoder} on {describe(self.device, self.precision)}"

    @property
    def weights(self) -> list[dict[str, str]]:
        """Names and SHA-256 of the files of its encoders."""
        return [{"name": each.file, "sha256": each.sha256} for each in self.encoders.values()]
