"""The fast stylizer: reads its styles once, then takes content after content."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

from impasto.errors import SettingsError
from impasto.fast.memory import check_memory
from impasto.fast.methods import open_network
from impasto.fast.network import MOST_STYLE, Look
from impasto.fast.sessions import Array
from impasto.fast.shot import Shot
from impasto.fast.tuned import find_looks, network_settings
from impasto.images import (
    LEAST_PICTURE,
    Picture,
    Source,
    Sources,
    fitted_size,
    identify,
    keep_colors,
    match_colors,
    open_role,
    placed,
    read_source,
)
from impasto.settings import Settings
from impasto.settings.methods import ignores
from impasto.states import State
from impasto.version import __version__
from impasto.weights import sha256_of


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
        self,
        style: Sources = (),
        settings: Settings | None = None,
        **options: Any,  # noqa: ANN401
    ) -> None:
        self.settings = (settings or Settings(method="fast")).updated(**options)
        if not self.settings.one_pass:
            raise SettingsError(f"FastStylizer paints in one pass, not by {self.settings.method}")
        self._take(style)

    def _take(self, style: Sources) -> None:
        """Read styles, or open the network that was tuned to the one."""
        sources = find_looks(style, self.settings)
        self.identities = [identify(source) for source in sources]
        self._shares = self.settings.normalized_style_weights(len(sources))
        settings = network_settings(sources, self.settings)
        if settings.knows_style:
            sources = []
        self.network = open_network(settings)
        self._longest = max(LEAST_PICTURE, round(self.settings.size * self.settings.style_scale))
        # A network that scales styles itself gets them as they are.
        scales = ignores(self.settings.method, "style_scale", "Picture")
        most = MOST_STYLE if scales else min(self._longest, MOST_STYLE)
        self.styles = [placed(open_role(each, "style", most), self.settings) for each in sources]
        matches = self.settings.color == "match"
        self._looks = [] if matches else [self._read(style) for style in self.styles]
        self._look = None if matches else self.network.mixed(self._looks, self._shares)

    def __call__(self, content: Source) -> Picture:
        """Stylize a content picture and return the result, with its recipe.

        Raises:
            ImageError: The content cannot be read, or is too small.
            ImpastoError: It would not fit into memory.
        """
        source = read_source(content)
        kept = open_role(source, "content", self.settings.size, self.settings)
        size = fitted_size(kept.size, self.settings.size)
        check_memory(size, self.network.bytes_per_pixel)
        kept = kept.resized(size)
        pixels = self.paint(kept)
        return replace(
            kept,
            pixels=pixels,
            bits=self.settings.bits or kept.bits,
            exif=kept.exif if self.settings.keep_exif else None,
            recipe=self._recipe(source),
        )

    def paint(self, content: Picture, shot: Shot | None = None) -> Array:
        """Return the stylized pixels of a picture as large as it is: (H, W, 3) in [0, 1].

        Args:
            content: The picture.
            shot: The shot that it is a frame of; None: it is a picture by itself.
        """
        strength, pixels = self.settings.strength, content.filled().pixels
        if strength == 0:
            return pixels
        look = self._look
        if look is None:
            look = self._matched(content)
        painted = self.network.paint(content, look, strength, shot)
        if self.settings.color == "content":
            painted = keep_colors(painted, pixels, self.settings.color_amount)
        return painted

    def for_shot(self, first: Picture) -> FastStylizer:
        """Return a stylizer for the frames of a shot.

        Where styles take on a content's colors (`color="match"`), they are its first frame's.
        """
        if self.settings.color != "match":
            return self
        other = copy(self)
        other._looks = [self._read(self._recolored(style, first)) for style in self.styles]
        other._look = self.network.mixed(other._looks, self._shares)
        return other

    def of(self, style: Sources) -> FastStylizer:
        """Return a stylizer of other styles that shares the network with this one.

        Args:
            style: One style picture or several.

        Raises:
            SettingsError: The settings have weights for another number of styles.
            ImageError: A style picture cannot be read.
        """
        other = copy(self)
        other._take(style)
        return other

    def changed(
        self, strength: float | None = None, style_weights: Sequence[float] | None = None
    ) -> FastStylizer:
        """Return a stylizer of the same styles that paints with another strength or mixture.

        Args:
            strength: From 0 to 1; None: as now.
            style_weights: Of each style; None: as now.

        Raises:
            SettingsError: A value is out of range, or there are not as many styles.
        """
        other, s = copy(self), self.settings
        if strength is not None:
            s = s.updated(strength=strength)
        other.settings = s if style_weights is None else s.updated(style_weights=style_weights)
        other._shares = other.settings.normalized_style_weights(len(self._shares))
        if self._looks:
            other._look = self.network.mixed(self._looks, other._shares)
        return other

    def _read(self, style: Picture) -> Look:
        return self.network.read(style, self._longest)

    def _matched(self, content: Picture) -> Look:
        """Return the look of the styles in a content's colors."""
        looks = [self._read(self._recolored(style, content)) for style in self.styles]
        return self.network.mixed(looks, self._shares)

    def _recolored(self, style: Picture, content: Picture) -> Picture:
        """Return a style with its colors moved to the content's."""
        amount = self.settings.color_amount
        pixels = match_colors(style.pixels, content.pixels, style.alpha, content.alpha, amount)
        return replace(style, pixels=pixels)

    def iterate(self, content: Source, *, started: float | None = None) -> Iterator[State]:
        """Yield the one state there is.

        Args:
            content: Path, bytes, PIL image, array or `Picture`.
            started: `time.monotonic()` at which the work began; None is now.

        Raises:
            ImageError: The content cannot be read, or is too small.
        """
        started = time.monotonic() if started is None else started
        result = self(content)
        yield State(
            octave=1,
            octaves=1,
            step=1,
            steps=(1,),
            done=1,
            size=result.size,
            seconds=time.monotonic() - started,
            finish=lambda _: result,
        )

    def describe(self) -> str:
        """Return with what and where it computes: `MicroAST, onnxruntime on CPU`."""
        return f"{self.network.title}, {self.network.machine}"

    def _recipe(self, content: Source) -> dict[str, Any]:
        return {
            "impasto": __version__,
            "runtime": self.network.machine,
            "weights": self.weights,
            "content": identify(content)._asdict(),
            "styles": [style._asdict() for style in self.identities],
            "settings": self._remade().to_dict(),
        }

    @property
    def weights(self) -> list[dict[str, str]]:
        """Names and SHA-256 of the files that it paints with, and of one's own that was tuned."""
        if self.settings.weights is None or not self.settings.tune:
            return self.network.named
        path = Path(self.settings.weights)
        return [*self.network.named, {"name": path.name, "sha256": sha256_of(path)}]

    def _remade(self) -> Settings:
        """Return the settings that make the same picture again: no folders, nothing automatic."""
        s = self.settings
        names: dict[str, Any] = {}
        if s.weights is not None:
            names["weights"] = Path(s.weights).name
        if s.knows_style:
            names["method"] = Path(s.method).name
        if s.method != "magenta":
            names["runtime"] = self.network.runtime
        return s.updated(**names)
