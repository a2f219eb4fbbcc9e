"""What nobody wants in a picture: dirt on flat parts, and lines where tiles meet."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.errors import ImageError

#: The part of a photograph that counts as flat, and the sides of the window that tells.
FLAT, _AROUND = 0.3, 9
#: Lines on each side that a line is compared with.
BESIDE = 8
#: Lines that a painted edge may lie beside that of the photograph.
NEAR = 3
_TINY = 1e-6


def dirt(made: Tensor, content: Tensor, style: Tensor) -> float:
    """Return the detail on flat parts of the photograph, relative to the style's detail.

    Detail is the mean |Laplacian| of brightness; flat are the three tenths of the photograph with
    the least of it around. Beyond the border there is none.

    Args:
        made: (1, 1, H, W), brightness of the stylized picture.
        content: As large; of the photograph.
        style: (1, 1, h, w), of the style.

    Returns:
        From 0; 1 is as much as the style has on average, which need not be too much.
    """
    around = F.avg_pool2d(_detail(content), _AROUND, 1, _AROUND // 2)
    # By numpy: torch has no quantiles of more than 16 million.
    flat = around <= float(np.quantile(around.cpu().numpy(), FLAT))
    return float(_detail(made)[flat].mean() / _detail(style).mean().clamp_min(_TINY))


def _detail(brightness: Tensor) -> Tensor:
    kernel = brightness.new_tensor([[0, 1, 0], [1, -4, 1], [0, 1, 0]]).view(1, 1, 3, 3)
    return F.conv2d(brightness, kernel).abs()


def seams(made: Tensor, content: Tensor, tile: int | None = None) -> float:
    """Return how much stronger than its neighbors a straight line through the picture is.

    Where tiles do not fit, brightness jumps along a line from edge to edge; and a frame along the
    borders has such lines too. So the jump of a line is the median of its pixels' jumps, which the
    edge of a smaller thing does not move, and its excess is what it has over the median of the
    `BESIDE` lines on both sides. What the photograph has there or `NEAR` it (a horizon, a tower) is
    taken off, as much stronger as the picture's jumps are than the photograph's on the whole.
    A style of straight lines has seams of its own: see what the style itself measures.

    Args:
        made: (1, 1, H, W), brightness of the stylized picture in [0, 1].
        content: As large; of the photograph.
        tile: Sides of the tiles in pixels of `made`: the mean over their lines then; None: the
            worst of all lines.

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
    """Return for each line across a side how much it jumps more than those beside it."""
    jumps = brightness.diff(dim=side)[0, 0].abs().median(dim=3 - side).values
    around = F.pad(jumps[None, None], (BESIDE, BESIDE), mode="replicate")[0, 0]
    return jumps - around.unfold(0, 2 * BESIDE + 1, 1).median(1).values
