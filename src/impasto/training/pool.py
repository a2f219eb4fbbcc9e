"""Half-stylized pictures: what an encoder sees most of the time that it is used."""

from collections.abc import Sequence

import torch
from torch import Tensor

from impasto.training.crops import crop, disturbed
from impasto.training.rng import Rng

_MOST_STEPS = 40  # that a picture is optimized for before another takes its place


class Pool:
    """Pictures on their way to a style, each one step further whenever it is drawn.

    A picture starts as a crop of a photograph, often in the colors of its style, as runs do. It
    then follows the pixel gradient that training computes anyway; after its last step a new pair
    takes its place. Pixels are kept in 8 bits. Photos and paintings are (3, H, W) uint8 each.
    """

    def __init__(
        self, photos: Sequence[Tensor], paintings: Sequence[Tensor], count: int, size: int
    ) -> None:
        self.photos, self.paintings = photos, paintings
        self.pictures = photos[0].new_zeros((count, 3, size, size))
        self.styles = torch.zeros_like(self.pictures)
        self.left = torch.zeros(count, dtype=torch.int32)

    def draw(self, count: int, rng: Rng) -> tuple[list[int], Tensor, Tensor]:
        """Return places, pictures and styles, (count, 3, size, size) in [0, 1]."""
        places = [int(p) for p in rng.numpy.choice(len(self.left), count, replace=False)]
        for place in places:
            if self.left[place] == 0:
                self._renew(place, rng)
        return places, self.pictures[places].float() / 255, self.styles[places].float() / 255

    def _renew(self, place: int, rng: Rng) -> None:
        size = self.pictures.shape[-1]
        style, picture = crop(self.paintings, size, rng), crop(self.photos, size, rng)
        if rng.bernoulli(0.2):
            style = disturbed(style, rng)
        if rng.bernoulli(0.6):
            picture = _recolored(picture, style)
        self.styles[place] = _to_bytes(style)[0]
        self.pictures[place] = _to_bytes(picture)[0]
        self.left[place] = 1 + rng.integer(_MOST_STEPS)

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
