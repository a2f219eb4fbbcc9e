"""Training pictures: whole folders in memory, and crops of them as an optimizer will see them."""

import csv
import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageOps
from torch import Tensor

from impasto.errors import ImageError, MissingExtraError
from impasto.networks.any_style import CELL

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"}
LONGEST = 768
#: Sides of crops as parts of what is cut out: as pictures are seen at 512 pixels.
SCALES = (0.6, 1.8)
_HELD_OUT = 20
"""Every so many-th picture is kept for measuring."""
_SAMPLES = (
    *("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg", "motorcycle_left.png"),
    "camera.png",
)


class Dice:
    """Everything random of one step, a function of seed and step: that makes a resume exact.

    Args:
        seed: Of the training.
        step: Number of the step.
        device: Where noise is drawn.
    """

    def __init__(self, seed: int, step: int, device: torch.device) -> None:
        self.device = device
        self.choices = np.random.default_rng((seed, step))
        self.noise = torch.Generator(device).manual_seed(int(self.choices.integers(2**62)))

    def chance(self, probability: float) -> bool:
        """Return True this often."""
        return bool(self.choices.random() < probability)

    def between(self, low: float, high: float) -> float:
        """Return a number, all of the interval equally likely."""
        return float(self.choices.uniform(low, high))

    def below(self, count: int) -> int:
        """Return a whole number from 0 to `count` - 1."""
        return int(self.choices.integers(count))

    def normal(self, shape: Sequence[int]) -> Tensor:
        """Return standard normal noise on the device."""
        return torch.randn(*shape, generator=self.noise, device=self.device)


def load_folder(folder: Path, device: torch.device) -> list[Tensor]:
    """Read all pictures of a folder and of those below it: see `load_pictures`.

    Raises:
        ImageError: There is none.
    """
    return load_pictures(picture_paths(folder), device)


def load_pictures(paths: Sequence[Path], device: torch.device) -> list[Tensor]:
    """Read pictures, sides of at most `LONGEST` pixels.

    Args:
        paths: Of the files.
        device: Where they go: crops of a batch then cost it no waiting.

    Returns:
        Each (3, H, W) uint8.

    Raises:
        ImageError: One cannot be read.
    """
    return [_load(path, LONGEST).to(device) for path in paths]


def sample_photos() -> list[Path]:
    """Return the photographs that come with scikit-image.

    Raises:
        MissingExtraError: It is not installed.
    """
    found = importlib.util.find_spec("skimage")
    if found is None or found.origin is None:
        raise MissingExtraError("learning without --photos", "lab")
    return [Path(found.origin).with_name("data") / name for name in _SAMPLES]


def picture_paths(folder: Path, without: Path | None = None) -> list[Path]:
    """Return the pictures of a folder and of those below it, by name; not those of one of these.

    Raises:
        ImageError: There is none.
    """
    left_out = None if without is None else without.resolve()
    paths = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in _SUFFIXES and left_out not in path.resolve().parents
    )
    if not paths:
        raise ImageError(f"there are no pictures in {folder}: name another folder")
    return paths


def _load(path: Path, longest: int) -> Tensor:
    try:
        with Image.open(path) as file:
            file.draft("RGB", (longest, longest))
            image = ImageOps.exif_transpose(file).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"{path} cannot be read as a picture: take it away") from error
    image.thumbnail((longest, longest))
    return torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1).contiguous()


def load_style(path: Path, longest: int) -> Tensor:
    """Read one picture as `impasto stylize` does: (1, 3, H, W) in [0, 1].

    Where there is little but torch: as plain 8-bit RGB.

    Args:
        path: The file.
        longest: Side in pixels to which a larger one is reduced.

    Raises:
        ImageError: It cannot be read.
    """
    try:
        from impasto.images import open_picture
    except ImportError:
        return _load(path, longest)[None].float() / 255
    pixels = open_picture(path, max_size=longest).filled().pixels
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].contiguous()


def listed_pairs(table: Path) -> list[tuple[Path, Path]]:
    """Read a table of pairs: CSV with columns `content` and `style`, paths from its folder.

    Raises:
        ImageError: It cannot be read or has no such columns.
    """
    try:
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        if not rows:
            raise ValueError
        return [(table.parent / row["content"], table.parent / row["style"]) for row in rows]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ImageError(f"{table} is no table of columns content and style") from error


def whole_cells(picture: Tensor) -> Tensor:
    """Return (1, 3, H, W) cut to sides that are multiples of `CELL`, one cell at least."""
    height, width = (max(CELL, side // CELL * CELL) for side in picture.shape[2:])
    below, right = max(0, height - picture.shape[2]), max(0, width - picture.shape[3])
    return F.pad(picture, (0, right, 0, below), mode="replicate")[:, :, :height, :width]


def held_out(pictures: Sequence[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
    """Return the pictures to train with, and those to measure with."""
    held = list(pictures[::_HELD_OUT])
    return [p for i, p in enumerate(pictures) if i % _HELD_OUT] or held, held


def crop(
    pictures: Sequence[Tensor], size: int, dice: Dice, scales: Sequence[float] = (0.6, 2.5)
) -> Tensor:
    """Return a crop at a random place, scale and hand of a random picture: (1, 3, size, size).

    Args:
        pictures: (3, H, W) uint8 each.
        size: Side of the crop.
        dice: What is random.
        scales: Least and largest side of what is cut out, as parts of `size`.
    """
    picture = pictures[dice.below(len(pictures))]
    height, width = picture.shape[1:]
    side = round(min(height, width, size * dice.between(*scales)))
    top, left = dice.below(height - side + 1), dice.below(width - side + 1)
    part = picture[None, :, top : top + side, left : left + side].float() / 255
    if dice.chance(0.5):
        part = part.flip(3)
    return F.interpolate(part, (size, size), mode="bilinear", antialias=True, align_corners=False)


def disturbed(image: Tensor, dice: Dice) -> Tensor:
    """Return (N, 3, H, W) in [0, 1] with other colors, contrast, noise or blur now and then."""
    if dice.chance(0.6):
        gains = torch.tensor([dice.between(0.7, 1.4) for _ in range(3)], device=image.device)
        middle = dice.between(0.3, 0.6)
        image = (image - middle) * gains.view(1, 3, 1, 1) * dice.between(0.5, 1.4) + middle
        image = image + dice.between(-0.1, 0.1)
    if dice.chance(0.1):
        image = image[:, list(dice.choices.permutation(3))]
    if dice.chance(0.15):
        image = F.avg_pool2d(F.pad(image, (1, 1, 1, 1), mode="replicate"), 3, 1)
    if dice.chance(0.3):
        coarse = 2 ** dice.below(3)
        shape = (*image.shape[:2], image.shape[2] // coarse, image.shape[3] // coarse)
        noise = F.interpolate(dice.normal(shape), image.shape[2:], mode="nearest")
        image = image + noise * dice.between(0, 0.12)
    return image.clamp(0, 1)


def batch(
    photos: Sequence[Tensor], paintings: Sequence[Tensor], count: int, size: int, dice: Dice
) -> Tensor:
    """Return (count, 3, size, size): photographs and paintings, some blended or disturbed."""
    crops = [crop(photos if i % 2 else paintings, size, dice) for i in range(count)]
    for place in range(count):
        if dice.chance(0.15):
            share = dice.between(0.2, 0.8)
            crops[place] = share * crops[place] + (1 - share) * crops[dice.below(count)]
    return torch.cat([disturbed(one, dice) if dice.chance(0.7) else one for one in crops])
