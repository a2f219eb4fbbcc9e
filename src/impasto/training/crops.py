"""Training pictures: whole folders in memory, and random crops as an optimizer will see them."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import Tensor

from impasto.errors import ImageError, MissingExtraError
from impasto.weights.any_style import CELL

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")  # others may start programs
_LONGEST = 768  # longest side of a training picture in memory, in pixels
#: Sides of crops as parts of what is cut out: as pictures are seen at 512 pixels.
SCALES = (0.6, 1.8)
_HELD_OUT = 20  # one picture in so many is kept for measuring
_SAMPLES = "astronaut.png chelsea.png coffee.png rocket.jpg motorcycle_left.png camera.png"
Pictures = Sequence[Tensor]


class Rng:
    """All random numbers of one step, a function of seed and step: that makes resuming exact."""

    def __init__(self, seed: int, step: int, device: torch.device) -> None:
        self.device = device
        self.numpy = np.random.default_rng((seed, step))
        self.torch = torch.Generator(device).manual_seed(self.integer(2**62))

    def bernoulli(self, probability: float) -> bool:
        """Return True with this probability."""
        return bool(self.numpy.random() < probability)

    def uniform(self, low: float, high: float) -> float:
        """Return a uniformly distributed number."""
        return float(self.numpy.uniform(low, high))

    def integer(self, count: int) -> int:
        """Return a whole number from 0 to `count` - 1."""
        return int(self.numpy.integers(count))

    def normal(self, shape: Sequence[int]) -> Tensor:
        """Return standard normal noise on the device."""
        return torch.randn(*shape, generator=self.torch, device=self.device)


def sample_photos() -> list[Path]:
    """Return the photographs that come with scikit-image."""
    found = importlib.util.find_spec("skimage")
    if found is None or found.origin is None:
        raise MissingExtraError("learning without --photos", "lab")
    return [Path(found.origin).with_name("data") / name for name in _SAMPLES.split()]


def picture_paths(folder: Path, without: Path | None = None) -> list[Path]:
    """Return the pictures of a folder and its subfolders, without one of these, sorted by name."""
    left_out = None if without is None else without.resolve()
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    paths = [path for path in found if left_out not in path.resolve().parents]
    if not paths:
        raise ImageError(f"there are no pictures in {folder}: name another folder")
    return paths


def load_pictures(paths: Sequence[Path], device: torch.device) -> list[Tensor]:
    """Read pictures, sides of at most 768 pixels: (3, H, W) uint8 each, on the device."""
    return [_load(path, _LONGEST).to(device) for path in paths]


def split_folder(
    folder: Path, device: torch.device, without: Path | None = None
) -> tuple[list[Tensor], list[Tensor]]:
    """Return the pictures of a folder that are to train with, and those to measure with."""
    pictures = load_pictures(picture_paths(folder, without), device)
    held = pictures[::_HELD_OUT]
    return [p for i, p in enumerate(pictures) if i % _HELD_OUT] or held, held


def _load(path: Path, longest: int) -> Tensor:
    try:
        with Image.open(path, formats=_FORMATS) as file:
            file.draft("RGB", (longest, longest))
            image = ImageOps.exif_transpose(file).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"{path} cannot be read as a picture: take it away") from error
    image.thumbnail((longest, longest))
    return torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1).contiguous()


def load_style(path: Path, longest: int) -> Tensor:
    """Return a picture as `impasto stylize` reads it, (1, 3, H, W) in [0, 1], of this side at most.

    Without the packages that this needs it is read as plain 8-bit RGB.
    """
    try:
        from impasto.images import open_for_role
    except ImportError:
        return _load(path, longest)[None].float() / 255
    return open_for_role(path, "style", longest).filled().to_tensor()[None]


def whole_cells(picture: Tensor) -> Tensor:
    """Return (1, 3, H, W) cut to sides that are multiples of `CELL`, one cell at least."""
    height, width = (max(CELL, side // CELL * CELL) for side in picture.shape[2:])
    below, right = max(0, height - picture.shape[2]), max(0, width - picture.shape[3])
    return F.pad(picture, (0, right, 0, below), mode="replicate")[:, :, :height, :width]


def resized(image: Tensor, size: Sequence[int]) -> Tensor:
    """Return (1, 3, H, W) in [0, 1] at another height and width."""
    return F.interpolate(image, tuple(size), mode="bilinear", antialias=True).clamp(0, 1)


def crop(pictures: Pictures, size: int, rng: Rng, scales: Sequence[float] = (0.6, 2.5)) -> Tensor:
    """Return a part (1, 3, size, size) in [0, 1] of one of the pictures (3, H, W) uint8.

    Picture, place and flip are random, and so is the side of the part, divided by `size`.
    """
    picture = pictures[rng.integer(len(pictures))]
    height, width = picture.shape[1:]
    side = round(min(height, width, size * rng.uniform(*scales)))
    part = random_part(picture, (side, side), rng)
    return F.interpolate(part, (size, size), mode="bilinear", antialias=True)


def random_part(picture: Tensor, size: tuple[int, int], rng: Rng) -> Tensor:
    """Return a part of (3, H, W) uint8 at a random place, flipped at random, in [0, 1]."""
    (height, width), (rows, columns) = picture.shape[1:], size
    top, left = rng.integer(height - rows + 1), rng.integer(width - columns + 1)
    part = picture[None, :, top : top + rows, left : left + columns].float() / 255
    return part.flip(3) if rng.bernoulli(0.5) else part


def disturbed(image: Tensor, rng: Rng) -> Tensor:
    """Return (N, 3, H, W) in [0, 1], at random with other colors, contrast, noise or blur."""
    if rng.bernoulli(0.6):
        gains = torch.tensor([rng.uniform(0.7, 1.4) for _ in range(3)], device=image.device)
        middle = rng.uniform(0.3, 0.6)
        image = (image - middle) * gains.view(1, 3, 1, 1) * rng.uniform(0.5, 1.4) + middle
        image = image + rng.uniform(-0.1, 0.1)
    if rng.bernoulli(0.1):
        image = image[:, list(rng.numpy.permutation(3))]
    if rng.bernoulli(0.15):
        image = F.avg_pool2d(F.pad(image, (1, 1, 1, 1), mode="replicate"), 3, 1)
    if rng.bernoulli(0.3):
        coarse = 2 ** rng.integer(3)
        shape = (*image.shape[:2], image.shape[2] // coarse, image.shape[3] // coarse)
        noise = F.interpolate(rng.normal(shape), image.shape[2:], mode="nearest")
        image = image + noise * rng.uniform(0, 0.12)
    return image.clamp(0, 1)


def batch(photos: Pictures, paintings: Pictures, count: int, size: int, rng: Rng) -> Tensor:
    """Return (count, 3, size, size): photographs and paintings, some blended or disturbed."""
    crops = [crop(photos if i % 2 else paintings, size, rng) for i in range(count)]
    for place in range(count):
        if rng.bernoulli(0.15):
            share = rng.uniform(0.2, 0.8)
            crops[place] = share * crops[place] + (1 - share) * crops[rng.integer(count)]
    return torch.cat([disturbed(one, rng) if rng.bernoulli(0.7) else one for one in crops])
