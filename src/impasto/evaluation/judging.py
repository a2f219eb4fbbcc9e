"""All measures of a stylized picture, from photograph, style and result."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

import torch
from torch import Tensor

from impasto.errors import ImageError, MissingExtraError
from impasto.evaluation import measures
from impasto.evaluation.networks import open_network
from impasto.files import sha256_of
from impasto.images import Picture, fitted_size, open_picture
from impasto.losses import gram_matrix, relative_content_loss
from impasto.networks import Encoder, build_encoder
from impasto.networks.devices import choose_device
from impasto.settings.choices import CONTENT_LAYERS, STYLE_LAYERS
from impasto.weights import find


class Measure(NamedTuple):
    """A measure in words, and an arrow to where it is better."""

    meaning: str
    arrow: str = "↓"


#: In the order of the tables.
MEASURES: Mapping[str, Measure] = {
    "style": Measure("Gram matrices of features, to the style, relative"),
    "texture": Measure("sliced Wasserstein distance of features, to the style, relative"),
    "patches": Measure("sliced Wasserstein distance of 7x7 pixel patches, to the style"),
    "colors": Measure("sliced Wasserstein distance of colors, to the style, ΔE"),
    "content": Measure("features, to the photo, relative"),
    "lpips": Measure("LPIPS, to the photo"),
    "structure": Measure("self-similarity of features, to the photo's"),
    "ssim": Measure("structural similarity of brightness, to the photo", "↑"),
    "background_noise": Measure("detail on flat parts of the photo, relative to the style's"),
    "tile_seams": Measure("worst straight line from edge to edge, in brightness"),
}
#: Raised when a measure changes: what was measured before is measured again.
EDITION = 2
#: What every number is shown beside: the photograph and the style themselves as outputs.
ANCHORS = ("photo", "style")
#: Least shorter side of what is judged, in pixels.
_LEAST = max(measures.PATCH * measures.SCALES[-1], 32)
_LAYERS = (*STYLE_LAYERS, *CONTENT_LAYERS)
#: How many pictures are kept, opened and analyzed.
_KEPT = 8


class Analysis:
    """What the measures need of a picture (1, 3, H, W), and of its features by layer."""

    def __init__(self, image: Tensor, layers: Mapping[str, Tensor]) -> None:
        style = {name: layers[name] for name in STYLE_LAYERS}
        self.image, self.brightness = image, measures.luma(image)
        self.content = layers[CONTENT_LAYERS[0]]
        self.grams = {name: gram_matrix(each) for name, each in style.items()}
        self.projected, self.places = measures.projected(style), measures.grid_features(style)
        self.patches, self.colors = measures.patches(image), measures.colors(image)


class Judge:
    """Measures stylized pictures, and keeps what it needs of the last few pictures.

    VGG-19 judges where its file is at hand (nothing is downloaded for it), else the bundled pocket
    encoder, whose numbers differ. Without scikit-image, it is a `MissingExtraError`.

    Args:
        size: Longest side that outputs and styles are scaled to; photographs take the output's.
        tile: For tile seams: the side of the tiles in pixels at that size; None: the worst line.
        lpips: File of a network that compares two pictures; None: that measure is left out.
    """

    def __init__(
        self, size: int = 512, *, tile: int | None = None, lpips: Path | None = None
    ) -> None:
        if find_spec("skimage") is None:
            raise MissingExtraError("measuring pictures", "lab")
        self.size, self.tile = size, tile
        self._lpips = None if lpips is None else open_network(lpips)
        self.lpips_sha256 = None if lpips is None else sha256_of(lpips)
        self._device = choose_device("auto")
        name = "vgg19" if find("vgg19") else "pocket"
        self.encoder: Encoder = build_encoder(name, _LAYERS, device=self._device)
        self._opened = lru_cache(_KEPT)(self._open)
        self._analysis = lru_cache(_KEPT)(self._analyze)
        self.anchors = lru_cache(4096)(self._anchors)

    @property
    def identity(self) -> list[object]:
        """What tells its numbers from those of another judge."""
        return [EDITION, self.describe(), self.tile, self.lpips_sha256]

    def describe(self) -> str:
        """Return who judges, at which size."""
        name = {"vgg19": "VGG-19", "pocket": "the pocket encoder"}[self.encoder.name]
        return f"{name} ({self.encoder.file}, {self.encoder.sha256[:8]}) at {self.size} pixels"

    def __call__(self, content: Path, style: Path, output: Path) -> dict[str, float]:
        """Return the measures of a stylized picture, by the names of `MEASURES`."""
        with torch.inference_mode():
            size = fitted_size(self._opened(output).size, self.size)
            made, photo = self._analysis(output, size), self._analysis(content, size)
            model = self._analysis(style, fitted_size(self._opened(style).size, self.size))
            light = made.brightness, photo.brightness
            found = {
                "style": measures.style_distance(made.grams, model.grams),
                "texture": measures.texture_distance(made.projected, model.projected),
                "patches": measures.wasserstein_distance(made.patches, model.patches),
                "colors": measures.wasserstein_distance(made.colors, model.colors),
                "content": float(relative_content_loss(made.content, photo.content)),
                "structure": measures.self_similarity(made.places, photo.places),
                "ssim": measures.ssim(*light),
                "background_noise": measures.background_noise(*light, model.brightness),
                "tile_seams": measures.tile_seams(*light, self.tile),
            }
            if self._lpips is not None:
                pair = (2 * each.image.cpu().numpy() - 1 for each in (made, photo))
                found["lpips"] = float(self._lpips(*pair).mean())
        return {name: found[name] for name in MEASURES if name in found}

    def _anchors(self, content: Path, style: Path) -> tuple[dict[str, float], dict[str, float]]:
        """Return the measures of the photograph itself and of the style itself as outputs."""
        return self(content, style, content), self(content, style, style)

    def _open(self, path: Path) -> Picture:
        picture = open_picture(path, max_size=2 * self.size).on_white()
        width, height = picture.size
        if min(width, height) * self.size < _LEAST * max(width, height):
            raise ImageError(f"{path} is too narrow to be judged: crop it, or judge it larger")
        return picture

    def _analyze(self, path: Path, size: tuple[int, int]) -> Analysis:
        pixels = torch.from_numpy(self._opened(path).resized(size).pixels)
        image = pixels.permute(2, 0, 1)[None].to(self._device).contiguous()
        return Analysis(image, self.encoder(image, _LAYERS))


def averaged(measured: Sequence[Mapping[str, float]]) -> tuple[dict[str, float], dict[str, float]]:
    """Return means and medians by name."""
    columns = {name: [each[name] for each in measured] for name in measured[0]}
    means = {name: fmean(values) for name, values in columns.items()}
    return means, {name: median(values) for name, values in columns.items()}
