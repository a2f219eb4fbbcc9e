"""All measures of a stylized picture, from photograph, style and result; networks that users bring.

Those map pictures to features, or two pictures to a distance. impasto neither contains nor
downloads an Inception or LPIPS network: licenses and conventions are those of whoever made a file.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from statistics import fmean, median
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from impasto.batch.pairs import reason_of
from impasto.errors import ImageError, MissingExtraError, WeightsError
from impasto.evaluation import measures
from impasto.files import sha256_of
from impasto.images import Picture, fitted_size, open_picture
from impasto.losses import gram_matrix, relative_content_loss
from impasto.networks import Encoder, build_encoder
from impasto.networks.devices import choose_device
from impasto.settings.choices import CONTENT_LAYERS, STYLE_LAYERS
from impasto.weights import find
from impasto.weights.folders import search_folders


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
EDITION = 2  # raised when a measure changes: what was measured before is measured again
#: What every number is shown beside: the photograph and the style themselves as outputs.
ANCHORS = ("photo", "style")
#: Least shorter side of what is judged, in pixels.
_LEAST = max(measures.PATCH * measures.SCALES[-1], 32)
_LAYERS = (*STYLE_LAYERS, *CONTENT_LAYERS)
_KEPT = 8  # how many pictures are kept, opened and analyzed
Floats = NDArray[np.float32]
Network = Callable[..., Floats]  # arrays (N, 3, H, W) -> array (N, …)
SUFFIXES = (".onnx", ".pt")


def find_lpips() -> Path | None:
    """Return `lpips.onnx` or `lpips.pt` from the folders of weights, None if there is none."""
    places = (folder.path / f"lpips{suffix}" for folder in search_folders() for suffix in SUFFIXES)
    return next((path for path in places if path.is_file()), None)


def open_network(path: Path) -> Network:
    """Open an .onnx or a TorchScript .pt, which is a program: open only what you trust.

    It takes float32 arrays (N, 3, H, W), one for each input, and returns the first output. A file
    that is none, or cannot take the pictures, is a `WeightsError`.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES or not path.is_file():
        raise WeightsError(f"{path} is not a network: name an .onnx or a TorchScript .pt file")
    try:
        network = _onnx(path) if suffix == ".onnx" else _torchscript(path)
    except Exception as error:  # whatever the runtimes raise for what they cannot read
        reason = reason_of(error)
        raise WeightsError(f"{path} cannot be opened ({reason}): export it again") from error

    def run(*inputs: Floats) -> Floats:
        try:
            return np.asarray(network(*inputs), np.float32)
        except Exception as error:  # the file is the user's, and so is what it raises
            reason = reason_of(error)
            raise WeightsError(f"{path.name} cannot take these pictures: {reason}") from error

    return run


def _onnx(path: Path) -> Network:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]
    return lambda *inputs: session.run(None, dict(zip(names, inputs, strict=True)))[0]


def _torchscript(path: Path) -> Network:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # TorchScript is deprecated
        module = torch.jit.load(str(path), map_location="cpu").eval()  # type: ignore[no-untyped-call]
    return torch.inference_mode()(lambda *inputs: module(*map(torch.from_numpy, inputs)).numpy())


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

    Outputs and styles are scaled to a longest side of `size`; photographs take the output's. Seams
    are measured along tiles of `tile` pixels at that size, or None: the worst line. `lpips` is the
    file of a network that compares two pictures; without it that measure is left out.
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
        return self(content, style, content), self(content, style, style)

    def _open(self, path: Path) -> Picture:
        picture = open_picture(path, max_size=2 * self.size).on_white()
        width, height = picture.size
        if min(width, height) * self.size < _LEAST * max(width, height):
            raise ImageError(f"{path} is too narrow to be judged: crop it, or judge it larger")
        return picture

    def _analyze(self, path: Path, size: tuple[int, int]) -> Analysis:
        image = self._opened(path).resized(size).to_tensor()[None].to(self._device)
        return Analysis(image, self.encoder(image, _LAYERS))


def averaged(measured: Sequence[Mapping[str, float]]) -> tuple[dict[str, float], dict[str, float]]:
    """Return means and medians by name."""
    columns = {name: [each[name] for each in measured] for name in measured[0]}
    means = {name: fmean(values) for name, values in columns.items()}
    return means, {name: median(values) for name, values in columns.items()}
