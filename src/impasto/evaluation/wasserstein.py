"""Sliced Wasserstein distances: of pixel patches and of colors, without any network.

Source: Rabin et al. 2011, "Wasserstein Barycenter and its Application to Texture Mixing". Two sets
of points are projected on random directions; along each the distance of what is then two rows of
numbers is that of the rows in order. The directions are drawn with a seed of their own: equal
pictures have equal distances.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.errors import ImageError

#: Sides of a patch in pixels, and how many times smaller the picture is made before.
PATCH, SCALES = 7, (1, 2, 4)
#: Directions to project on, and numbers that are compared along each.
DIRECTIONS, RANKS = 128, 1024
#: In the space of colors, which has three dimensions only.
COLOR_DIRECTIONS = 64
#: From linear sRGB to XYZ over the white of D65.
_XYZ = (
    (0.4124564 / 0.95047, 0.3575761 / 0.95047, 0.1804375 / 0.95047),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339 / 1.08883, 0.1191920 / 1.08883, 0.9503041 / 1.08883),
)
_KNEE = 6 / 29


def directions(
    dimensions: int, count: int = DIRECTIONS, generator: torch.Generator | None = None
) -> Tensor:
    """Return random directions: (count, dimensions), each of length 1.

    Args:
        dimensions: Of the space.
        count: How many.
        generator: Where to draw from; None: from one of seed 0.
    """
    generator = generator or torch.Generator().manual_seed(0)
    return F.normalize(torch.randn(count, dimensions, generator=generator), dim=1)


def ranked(projections: Tensor, ranks: int = RANKS) -> Tensor:
    """Return projections in order, at ranks from the least to the greatest.

    Args:
        projections: (directions, points).
        ranks: How many to take, evenly; two at least.

    Returns:
        (directions, ranks), on the CPU.
    """
    # Sorted by numpy, which does ten times as many in a second.
    ordered = np.sort(projections.detach().cpu().numpy(), axis=1)
    places = np.arange(ranks) * (ordered.shape[1] - 1) // (ranks - 1)
    return torch.from_numpy(ordered[:, places])


def sliced_wasserstein(first: Tensor, second: Tensor, count: int = DIRECTIONS) -> float:
    """Return the mean distance (W₁) of two sets of points along random directions.

    Args:
        first: (dimensions, points).
        second: (dimensions, any number of points).
        count: Directions.

    Returns:
        From 0, in the unit of the points.
    """
    along = directions(len(first), count).to(first)
    return float((ranked(along @ first) - ranked(along @ second)).abs().mean())


def patches(image: Tensor) -> Tensor:
    """Return what `patch_distance` compares: (scales, directions, ranks).

    Args:
        image: (1, 3, H, W) in [0, 1].

    Raises:
        ImageError: It is smaller than a patch at the coarsest scale.
    """
    if min(image.shape[2:]) < PATCH * SCALES[-1]:
        raise ImageError(f"a picture needs {PATCH * SCALES[-1]} pixels a side to have patches")
    generator, found = torch.Generator().manual_seed(0), []
    for scale in SCALES:
        along = directions(3 * PATCH**2, generator=generator).view(-1, 3, PATCH, PATCH)
        found.append(ranked(F.conv2d(F.avg_pool2d(image, scale), along.to(image)).flatten(2)[0]))
    return torch.stack(found)


def patch_distance(made: Tensor, target: Tensor) -> float:
    """Return the sliced Wasserstein distance of 7x7 pixel patches, mean over three scales.

    No network sees these, and no method here is trained to lower it.

    Args:
        made: From `patches`, of the stylized picture.
        target: Of the style.

    Returns:
        From 0, the style itself.
    """
    return float((made - target).abs().mean())


def lab_colors(image: Tensor) -> Tensor:
    """Return the colors of sRGB pictures (1, 3, H, W) as CIE L*a*b* (D65): (3, H · W)."""
    flat = image.flatten(2)[0].double()
    linear = torch.where(flat <= 0.04045, flat / 12.92, ((flat + 0.055) / 1.055) ** 2.4)
    xyz = torch.tensor(_XYZ, dtype=linear.dtype, device=linear.device) @ linear
    bent = xyz / (3 * _KNEE**2) + 4 / 29
    x, y, z = torch.where(xyz > _KNEE**3, xyz.clamp_min(0) ** (1 / 3), bent)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)]).float()


def colors(image: Tensor) -> Tensor:
    """Return what `color_distance` compares: (directions, ranks).

    Args:
        image: (1, 3, H, W) in [0, 1].
    """
    points = lab_colors(image)
    return ranked(_even_directions().to(points) @ points)


def _even_directions() -> Tensor:
    """Return directions spread evenly over half a sphere: (n, 3), along a spiral."""
    height = (torch.arange(COLOR_DIRECTIONS) + 0.5) / COLOR_DIRECTIONS
    turn = torch.arange(COLOR_DIRECTIONS) * (math.pi * (3 - math.sqrt(5)))
    across = (1 - height**2).sqrt()
    return torch.stack([height, across * turn.cos(), across * turn.sin()], 1)


def color_distance(made: Tensor, target: Tensor) -> float:
    """Return how far the colors of two pictures are apart, wherever in them they are.

    The sliced Wasserstein distance of their colors in L*a*b*, times two: colors that all are moved
    by ΔE are so far apart (a direction sees half of a move on average).

    Args:
        made: From `colors`, of the stylized picture.
        target: Of the style.

    Returns:
        From 0, in units of ΔE (1976): 2 is just seen, 100 is from black to white.
    """
    return 2 * float((made - target).abs().mean())
