"""What judges a stylized picture: all measures of it, from photograph, style and result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from impasto.errors import ImageError
from impasto.evaluation import features as seen
from impasto.evaluation.flaws import dirt, seams
from impasto.evaluation.networks import as_input, open_network
from impasto.evaluation.structure import luma, ssim
from impasto.evaluation.wasserstein import (
    PATCH,
    SCALES,
    color_distance,
    colors,
    patch_distance,
    patches,
)
from impasto.files import sha256_of
from impasto.images import Picture, open_picture
from impasto.networks import Encoder, build_encoder
from impasto.networks.devices import choose_device
from impasto.settings.choices import CONTENT_LAYERS, STYLE_LAYERS
from impasto.weights import find


class Measure(NamedTuple):
    """A measure in words, and whether more of it is better."""

    meaning: str
    more: bool = False


#: In the order of the tables.
MEASURES: Mapping[str, Measure] = {
    "style": Measure("Gram matrices of features, to the style, relative"),
    "texture": Measure("sliced Wasserstein distance of features, to the style, relative"),
    "patches": Measure("sliced Wasserstein distance of 7x7 pixel patches, to the style"),
    "colors": Measure("sliced Wasserstein distance of colors, to the style, ΔE"),
    "content": Measure("features, to the photo, relative"),
    "lpips": Measure("LPIPS, to the photo"),
    "structure": Measure("self-similarity of features, to the photo's"),
    "ssim": Measure("structural similarity of brightness, to the photo", more=True),
    "dirt": Measure("detail on flat parts of the photo, relative to the style's"),
    "seams": Measure("worst straight line from edge to edge, in brightness"),
}
#: Raised when a measure is changed: what was measured before is measured again.
EDITION = 1
#: The two pictures that no number may look good beside: the photograph and the style themselves.
ANCHORS = ("photo", "style")
#: Least shorter side of what is judged, in pixels.
_LEAST = max(PATCH * SCALES[-1], 32)
_KEPT = 8


@dataclass(frozen=True, eq=False)
class Look:
    """What the measures need of a picture, in its size."""

    image: Tensor
    content: Tensor
    grams: dict[str, Tensor]
    projected: dict[str, Tensor]
    similarities: Tensor

    @cached_property
    def brightness(self) -> Tensor:
        """(1, 1, H, W)."""
        return luma(self.image)

    @cached_property
    def patches(self) -> Tensor:
        """Its patches, along directions."""
        return patches(self.image)

    @cached_property
    def colors(self) -> Tensor:
        """Its colors, along directions."""
        return colors(self.image)


class Judge:
    """Measures stylized pictures; what it has looked at last it remembers.

    VGG-19 judges where its file is at hand (nothing is downloaded for it), else the bundled pocket
    encoder, whose numbers are not those of VGG-19.

    Args:
        size: Longest side that outputs and styles are scaled to; photographs take the output's.
        tile: Of the seams: the sides of the tiles in pixels at that size; None: the worst line.
        lpips: File of a network that compares two pictures; None: that measure is left out.
        device: Where it computes.
    """

    def __init__(
        self,
        size: int = 512,
        *,
        tile: int | None = None,
        lpips: Path | None = None,
        device: str = "auto",
    ) -> None:
        self.size, self.tile = size, tile
        self._lpips = None if lpips is None else open_network(lpips)
        self.lpips_sha256 = None if lpips is None else sha256_of(lpips)
        self._device = choose_device(device)
        name = "vgg19" if find("vgg19") else "pocket"
        self.encoder: Encoder = build_encoder(
            name, (*STYLE_LAYERS, *CONTENT_LAYERS), device=self._device
        )
        self._opened = lru_cache(_KEPT)(self._open)
        self._seen = lru_cache(_KEPT)(self._look)
        self.anchors = lru_cache(4096)(self._anchors)

    def describe(self) -> str:
        """Return who judges, at which size."""
        name = {"vgg19": "VGG-19", "pocket": "the pocket encoder"}[self.encoder.name]
        return f"{name} ({self.encoder.file}, {self.encoder.sha256[:8]}) at {self.size} pixels"

    def __call__(self, content: Path, style: Path, output: Path) -> dict[str, float]:
        """Return the measures of a stylized picture, by the names of `MEASURES`.

        Raises:
            ImageError: A picture cannot be read, or is too narrow to be judged.
        """
        with torch.inference_mode():
            size = self._opened(output).resized(self.size).size
            made, model = self._seen(output, size), self._of_its_own_size(style)
            photo = self._seen(content, size)
            found = {
                "style": seen.style_distance(made.grams, model.grams),
                "texture": seen.texture_distance(made.projected, model.projected),
                "patches": patch_distance(made.patches, model.patches),
                "colors": color_distance(made.colors, model.colors),
                "content": seen.content_distance(made.content, photo.content),
                "structure": seen.self_similarity(made.similarities, photo.similarities),
                "ssim": ssim(made.brightness, photo.brightness),
                "dirt": dirt(made.brightness, photo.brightness, model.brightness),
                "seams": seams(made.brightness, photo.brightness, self.tile),
            }
            if self._lpips is not None:
                pair = (2 * as_input(each.image) - 1 for each in (made, photo))
                found["lpips"] = float(self._lpips(*pair).mean())
        return {name: found[name] for name in MEASURES if name in found}

    def _anchors(self, content: Path, style: Path) -> tuple[dict[str, float], dict[str, float]]:
        """Return the measures of the photograph itself and of the style itself as outputs."""
        return self(content, style, content), self(content, style, style)

    def _of_its_own_size(self, path: Path) -> Look:
        return self._seen(path, self._opened(path).resized(self.size).size)

    def _open(self, path: Path) -> Picture:
        picture = open_picture(path, max_size=2 * self.size).on_white()
        width, height = picture.size
        if min(width, height) * self.size < _LEAST * max(width, height):
            raise ImageError(f"{path} is too narrow to be judged: crop it, or judge it larger")
        return picture

    def _look(self, path: Path, size: tuple[int, int]) -> Look:
        picture = self._opened(path).resized(size)
        image = torch.from_numpy(picture.pixels).permute(2, 0, 1)[None].to(self._device)
        image = image.contiguous()
        features = self.encoder(image, (*STYLE_LAYERS, *CONTENT_LAYERS))
        style = {name: features[name] for name in STYLE_LAYERS}
        return Look(
            image=image,
            content=features[CONTENT_LAYERS[0]],
            grams=seen.grams(style),
            projected=seen.projected(style),
            similarities=seen.similarities(style),
        )
