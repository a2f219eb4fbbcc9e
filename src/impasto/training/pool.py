"""Half-stylized pictures: what an optimizer shows an encoder for most of its life."""

from collections.abc import Sequence

import torch
from torch import Tensor

from impasto.training.crops import Dice, crop, disturbed

_LIFE = 40
"""Steps that a picture is optimized for before another takes its place."""


class Pool:
    """Pictures on their way to a style, each one step further whenever it is drawn.

    A picture starts as a crop of a photograph, often in the colors of its style, as runs do. It
    then follows the pixel gradient that training computes anyway; when it has lived its life, a
    new pair takes its place. Pixels are kept in 8 bits.

    Args:
        count: Pictures.
        size: Their side in pixels.
        device: Where they are.
    """

    def __init__(self, count: int, size: int, device: torch.device) -> None:
        shape = (count, 3, size, size)
        self.pictures = torch.zeros(shape, dtype=torch.uint8, device=device)
        self.styles = torch.zeros(shape, dtype=torch.uint8, device=device)
        self.left = torch.zeros(count, dtype=torch.int32)

    def draw(
        self, count: int, photos: Sequence[Tensor], paintings: Sequence[Tensor], dice: Dice
    ) -> tuple[list[int], Tensor, Tensor]:
        """Return places, pictures and styles, (count, 3, size, size) in [0, 1]."""
        places = [int(p) for p in dice.choices.choice(len(self.left), count, replace=False)]
        for place in places:
            if self.left[place] == 0:
                self._renew(place, photos, paintings, dice)
        return places, self.pictures[places].float() / 255, self.styles[places].float() / 255

    def _renew(
        self, place: int, photos: Sequence[Tensor], paintings: Sequence[Tensor], dice: Dice
    ) -> None:
        size = self.pictures.shape[-1]
        style = crop(paintings, size, dice)
        picture = crop(photos, size, dice)
        if dice.chance(0.2):
            style = disturbed(style, dice)
        if dice.chance(0.6):
            picture = _recolored(picture, style)
        self.styles[place] = _to_bytes(style)[0]
        self.pictures[place] = _to_bytes(picture)[0]
        self.left[place] = 1 + dice.below(_LIFE)

    def advance(self, places: Sequence[int], gradient: Tensor, length: float) -> None:
        """Move pictures against a gradient (N, 3, H, W), about `length` a pixel, as Adam would."""
        scale = gradient.abs().mean((1, 2, 3), keepdim=True) + 1e-30
        steps = length * gradient / (gradient.abs() + scale)
        moved = self.pictures[list(places)].float() / 255 - steps
        self.pictures[list(places)] = _to_bytes(moved)
        self.left[list(places)] -= 1


def _recolored(picture: Tensor, style: Tensor) -> Tensor:
    """Return the picture with each channel's mean and deviation those of the style."""
    deviation, mean = torch.std_mean(picture, (2, 3), keepdim=True)
    wanted, center = torch.std_mean(style, (2, 3), keepdim=True)
    return (picture - mean) / (deviation + 1e-3) * wanted + center


def _to_bytes(image: Tensor) -> Tensor:
    return (image.clamp(0, 1) * 255 + 0.5).to(torch.uint8)
