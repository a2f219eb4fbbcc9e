"""Measures of stylized pictures: of an encoder's features, and of pixels without a network.

Features are (1, C, H, W) by layer, pictures (1, 3, H, W) in [0, 1], brightness (1, 1, H, W) in
[0, 1]. Features, patches and colors are compared by sliced Wasserstein distances (Rabin et al.
2011, "Wasserstein Barycenter and its Application to Texture Mixing"): two sets of points are
projected on directions of a fixed seed, and along each the sorted projections are compared.
"""

import math
from collections.abc import Mapping
from statistics import fmean

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.errors import ImageError
from impasto.losses import relative_style_loss, self_similarity_loss

Features = Mapping[str, Tensor]
GRID = 24  # cells of the grid that self-similarity is measured on, across and down
#: Directions to project patches, features and colors (of three dimensions only) on.
DIRECTIONS, FEATURE_DIRECTIONS, COLOR_DIRECTIONS = 128, 32, 64
#: The most positions of a layer that are used, and numbers that are compared along a direction.
POSITIONS, RANKS = 1 << 14, 1024
#: Sides of a patch in pixels, and how many times smaller the picture is made before.
PATCH, SCALES = 7, (1, 2, 4)
#: The part of a photograph that counts as flat, and the side of the window that decides it.
FLAT, FLAT_WINDOW = 0.3, 9
#: Lines on each side that a line is compared with, and how many lines away an edge of the
#: photograph may have been painted.
BESIDE, NEAR = 8, 3
_TINY = 1e-6


def directions(
    dimensions: int, count: int = DIRECTIONS, generator: torch.Generator | None = None
) -> Tensor:
    """Return random directions: (count, dimensions), each of length 1; by default of seed 0."""
    generator = generator or torch.Generator().manual_seed(0)
    return F.normalize(torch.randn(count, dimensions, generator=generator), dim=1)


def ranked(projections: Tensor, ranks: int = RANKS) -> Tensor:
    """Return projections (directions, points) sorted, at even steps: (directions, ranks)."""
    # Sorted by numpy, which is ten times as fast.
    ordered = np.sort(projections.detach().cpu().numpy(), axis=1)
    return torch.from_numpy(ordered[:, np.arange(ranks) * (ordered.shape[1] - 1) // (ranks - 1)])


def wasserstein_distance(made: Tensor, target: Tensor) -> float:
    """Return the mean distance (W₁) along all directions of what `ranked` returned."""
    return float((made - target).abs().mean())


def style_distance(made: Features, targets: Features) -> float:
    """Return the mean over layers of Σ (G − A)² / Σ A² (Gatys et al. 2016, eq. 4, relative).

    Of Gram matrices (1, C, C) by layer. 1 is a picture without features, and more is possible.
    """
    return fmean(float(relative_style_loss(made[name], each)) for name, each in targets.items())


def projected(features: Features) -> dict[str, Tensor]:
    """Return each layer's features along random directions: (directions, ranks) by layer."""
    found = {}
    for name, each in features.items():
        flat = each.flatten(2)[0]
        flat = flat[:, :: -(-flat.shape[1] // POSITIONS)]
        found[name] = ranked(directions(len(flat), FEATURE_DIRECTIONS).to(flat) @ flat)
    return found


def texture_distance(made: Features, targets: Features) -> float:
    """Return the sliced Wasserstein distance of what `projected` returned, mean over layers.

    Heitz et al. 2021, "A Sliced Wasserstein Loss for Neural Texture Synthesis", with the distance
    itself (W₁) and not its square, divided by that of the style to a picture without features.
    """
    return fmean(
        wasserstein_distance(made[name], target) / max(_TINY, float(target.abs().mean()))
        for name, target in targets.items()
    )


def grid_features(features: Features) -> Tensor:
    """Return the concatenated features of all layers in `GRID` cells across and down: (P, C)."""
    columns = [F.adaptive_avg_pool2d(each, GRID).flatten(2)[0] for each in features.values()]
    return torch.cat(columns).T


def self_similarity(made: Tensor, target: Tensor) -> float:
    """Return how differently the places of two pictures resemble each other, in [0, 1].

    Kolkin et al. 2019, "Style Transfer by Relaxed Optimal Transport and Self-Similarity", eq. 8,
    but places are cells of a grid (see `grid_features`), and the sum over a column is halved, not
    divided by their number.
    """
    return float(self_similarity_loss(made, target) / 2)


def patches(image: Tensor) -> Tensor:
    """Return 7x7 pixel patches of a picture at three scales: (3, directions, ranks).

    No network sees these, and no method here is trained to lower their `wasserstein_distance`. A
    picture smaller than a patch at the coarsest scale is an `ImageError`.
    """
    if min(image.shape[2:]) < PATCH * SCALES[-1]:
        raise ImageError(f"a picture needs {PATCH * SCALES[-1]} pixels a side to have patches")
    generator, found = torch.Generator().manual_seed(0), []
    for scale in SCALES:
        along = directions(3 * PATCH**2, generator=generator).view(-1, 3, PATCH, PATCH)
        found.append(ranked(F.conv2d(F.avg_pool2d(image, scale), along.to(image)).flatten(2)[0]))
    return torch.stack(found)


def colors(image: Tensor) -> Tensor:
    """Return the colors of a picture in CIE L*a*b* (D65): (directions, ranks).

    They are doubled, because a direction sees half of a shift on average: `wasserstein_distance` of
    colors that are all shifted by ΔE (1976) is ΔE. 2 is barely visible, 100 is from black to white.
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
    """Return the brightness (N, 1, H, W) in [0, 1] of sRGB pictures (N, 3, H, W): ITU-R BT.601."""
    return (image * image.new_tensor((0.299, 0.587, 0.114)).view(1, 3, 1, 1)).sum(1, keepdim=True)


def ssim(first: Tensor, second: Tensor) -> float:
    """Return the mean structural similarity of brightness: 1 for the picture itself.

    Wang et al. 2004, "Image Quality Assessment: From Error Visibility to Structural Similarity",
    with its Gaussian window of 11 pixels (deviation 1.5) wherever that lies inside the picture.
    Pictures that differ in size, or are smaller than the window, are an `ImageError`.
    """
    from skimage.metrics import structural_similarity

    if first.shape != second.shape or min(first.shape[2:]) < 11:
        raise ImageError("pictures as large as each other, 11 pixels and more, are compared")
    pair = (each[0, 0].cpu().numpy() for each in (first, second))
    paper = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    return float(structural_similarity(*pair, data_range=1, **paper))


def background_noise(made: Tensor, content: Tensor, style: Tensor) -> float:
    """Return the detail on flat parts of the photograph, relative to the style's: 1 is as much.

    Detail is the mean |Laplacian| of brightness; flat are the three tenths of the photograph with
    the least of it around. Nothing is measured at the border.
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

    In [0, 1]: 1/255 is one level of 8 bits. It is the mean over the lines between tiles of `tile`
    pixels a side; None: the worst line. Pictures that differ in size, or have no line between
    tiles, are an `ImageError`.
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
    if not len(lines := torch.cat(found)):
        raise ImageError(f"a picture of one tile has no seams: name tiles smaller than {tile}")
    return float(lines.max() if tile is None else lines.mean())


def _excess(brightness: Tensor, side: int) -> Tensor:
    """Return for each line across a side how much more it jumps than those beside it."""
    jumps = brightness.diff(dim=side)[0, 0].abs().median(dim=3 - side).values
    around = F.pad(jumps[None, None], (BESIDE, BESIDE), mode="replicate")[0, 0]
    return jumps - around.unfold(0, 2 * BESIDE + 1, 1).median(1).values
