"""Measures of pixels, without a network: patches, colors, structure, noise and tile seams.

Patches and colors are compared by sliced Wasserstein distances (Rabin et al. 2011, "Wasserstein
Barycenter and its Application to Texture Mixing"): two sets of points are projected on directions,
and along each of them the sorted projections are compared. The directions have a fixed seed, so
equal pictures have equal distances.
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
#: The part of a photograph that counts as flat, and the side of the window that decides it.
FLAT, FLAT_WINDOW = 0.3, 9
#: Lines on each side that a line is compared with.
BESIDE = 8
#: How many lines away an edge of the photograph may have been painted.
NEAR = 3
#: Of ITU-R BT.601.
_LUMA = (0.299, 0.587, 0.114)
_SSIM_WINDOW, _SSIM_SIGMA = 11, 1.5
_TINY = 1e-6


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
    """Return sorted projections, at evenly spaced ranks from the least to the greatest.

    Args:
        projections: (directions, points).
        ranks: How many to take; at least two.

    Returns:
        (directions, ranks), on the CPU.
    """
    # Sorted by numpy, which is ten times as fast.
    ordered = np.sort(projections.detach().cpu().numpy(), axis=1)
    places = np.arange(ranks) * (ordered.shape[1] - 1) // (ranks - 1)
    return torch.from_numpy(ordered[:, places])


def wasserstein_distance(made: Tensor, target: Tensor) -> float:
    """Return the mean distance (W₁) along all directions of what `ranked` returned."""
    return float((made - target).abs().mean())


def patches(image: Tensor) -> Tensor:
    """Return 7x7 pixel patches at three scales, as (scales, directions, ranks).

    `wasserstein_distance` compares them: 0 for the style itself. No network sees these, and no
    method here is trained to lower it.

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


def colors(image: Tensor) -> Tensor:
    """Return the colors of a picture in CIE L*a*b* (D65), as (directions, ranks).

    They are doubled, because a direction sees half of a shift on average: `wasserstein_distance` of
    colors that are all shifted by ΔE (1976) is ΔE. 2 is barely visible, 100 is from black to white.

    Args:
        image: (1, 3, H, W) in [0, 1].
    """
    from skimage.color import rgb2lab

    lab = torch.from_numpy(rgb2lab(image[0].cpu().numpy(), channel_axis=0))
    # Directions spread evenly over half a sphere, along a spiral.
    height = (torch.arange(COLOR_DIRECTIONS) + 0.5) / COLOR_DIRECTIONS
    turn = torch.arange(COLOR_DIRECTIONS) * (math.pi * (3 - math.sqrt(5)))
    across = (1 - height**2).sqrt()
    spread = torch.stack([height, across * turn.cos(), across * turn.sin()], 1)
    return ranked(2 * spread @ lab.flatten(1).float())


def luma(image: Tensor) -> Tensor:
    """Return the brightness (N, 1, H, W) of sRGB pictures (N, 3, H, W), in [0, 1]."""
    return (image * image.new_tensor(_LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)


def ssim(first: Tensor, second: Tensor) -> float:
    """Return the mean structural similarity of two pictures.

    Wang et al. 2004, "Image Quality Assessment: From Error Visibility to Structural Similarity",
    with its Gaussian window of 11 pixels (deviation 1.5) wherever that lies inside the picture.

    Args:
        first: (1, 1, H, W) in [0, 1].
        second: As large.

    Returns:
        In [-1, 1]; 1 for the picture itself.

    Raises:
        ImageError: They differ in size, or are smaller than the window.
    """
    from skimage.metrics import structural_similarity

    if first.shape != second.shape or min(first.shape[2:]) < _SSIM_WINDOW:
        raise ImageError(
            f"pictures as large as each other, {_SSIM_WINDOW} pixels and more, are compared"
        )
    pair = (each[0, 0].cpu().numpy() for each in (first, second))
    window = {"gaussian_weights": True, "sigma": _SSIM_SIGMA, "use_sample_covariance": False}
    return float(structural_similarity(*pair, data_range=1, **window))


def background_noise(made: Tensor, content: Tensor, style: Tensor) -> float:
    """Return the detail on flat parts of the photograph, relative to the style's detail.

    Detail is the mean |Laplacian| of brightness; flat are the three tenths of the photograph with
    the least of it around. Nothing is measured at the border.

    Args:
        made: (1, 1, H, W), brightness of the stylized picture.
        content: As large; of the photograph.
        style: (1, 1, h, w), of the style.

    Returns:
        From 0; 1 is as much as the style has on average, which need not be too much.
    """
    around = F.avg_pool2d(_detail(content), FLAT_WINDOW, 1, FLAT_WINDOW // 2)
    # By numpy: torch has no quantiles of more than 16 million.
    flat = around <= float(np.quantile(around.cpu().numpy(), FLAT))
    return float(_detail(made)[flat].mean() / _detail(style).mean().clamp_min(_TINY))


def _detail(brightness: Tensor) -> Tensor:
    kernel = brightness.new_tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]]).view(1, 1, 3, 3)
    return F.conv2d(brightness, kernel).abs()


def tile_seams(made: Tensor, content: Tensor, tile: int | None = None) -> float:
    """Return how much stronger than its neighbors a straight line through the picture is.

    Where tiles do not match, brightness jumps along a line from edge to edge; a painted frame has
    such lines, too. The jump of a line is the median over its pixels, which the edge of a smaller
    object does not change; its excess is over the median of the `BESIDE` lines on both sides.
    Excess that the photograph has there or up to `NEAR` lines away (a horizon, a tower) is
    subtracted, scaled by how much stronger the picture's jumps are on the whole. A style of
    straight lines has seams of its own: see what the style itself measures.

    Args:
        made: (1, 1, H, W), brightness of the stylized picture in [0, 1].
        content: As large; of the photograph.
        tile: Side of the tiles in pixels of `made`, for the mean over their lines; None: the worst
            of all lines.

    Returns:
        From 0, in units of brightness: 1/255 is one level of 8 bits.

    Raises:
        ImageError: The pictures differ in size, or there is no line between the tiles.
    """
    if made.shape != content.shape:
        raise ImageError("seams are looked for in pictures as large as each other")
    found = []
    for side in (3, 2):
        jumps = made.diff(dim=side).abs().mean(), content.diff(dim=side).abs().mean()
        gain = (jumps[0] / jumps[1].clamp_min(_TINY)).clamp_min(1)
        known = F.max_pool1d(_excess(content, side)[None], 2 * NEAR + 1, 1, NEAR)[0]
        excess = (_excess(made, side) - gain * known.clamp_min(0)).clamp_min(0)
        found.append(excess if tile is None else excess[tile - 1 :: tile])
    lines = torch.cat(found)
    if not len(lines):
        raise ImageError(f"a picture of one tile has no seams: name tiles smaller than {tile}")
    return float(lines.max() if tile is None else lines.mean())


def _excess(brightness: Tensor, side: int) -> Tensor:
    """Return for each line across a side how much more it jumps than those beside it."""
    jumps = brightness.diff(dim=side)[0, 0].abs().median(dim=3 - side).values
    around = F.pad(jumps[None, None], (BESIDE, BESIDE), mode="replicate")[0, 0]
    return jumps - around.unfold(0, 2 * BESIDE + 1, 1).median(1).values
