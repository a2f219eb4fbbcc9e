"""Smoothness: total variation, and where a picture is flat."""

import torch
import torch.nn.functional as F
from torch import Tensor

#: For `flatness`: pixels around each that count, and a value below the detail of any photograph.
_AROUND, _NOTHING = 4, 1e-4


def tv_loss(image: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the mean squared difference of neighbors, across plus down (total variation, squared).

    Squared, as in Mahendran & Vedaldi 2015 with β = 2: it stops speckles and leaves edges alone.

    Args:
        image: (N, 3, H, W) in [0, 1].
        weight: (1, 1, H, W), or None; a pair counts as much as its lesser pixel.
    """
    parts = []
    for second, first, count in neighbors(image, weight):
        if count is None:
            parts.append(F.mse_loss(second, first))
        else:
            total = count.sum().clamp_min(1) * first.shape[0] * first.shape[1]
            parts.append(((second - first).square() * count).sum() / total)
    return torch.stack(parts).sum()


@torch.no_grad()
def flatness(image: Tensor) -> Tensor:
    """Return where a picture is flat: (N, 1, H, W), 1 where nothing is, near 0 in busy parts.

    1 / (1 + (e/m)^2), where e is the mean absolute Laplacian of the gray values around a pixel and
    m the median of all e. Ours: grain that a style leaves shows on flat skies, not on foliage.

    Args:
        image: (N, C, H, W).
    """
    # In place: of a large picture there is no room for many maps.
    gray = F.pad(image.mean(1, keepdim=True), (1, 1, 1, 1), mode="replicate")
    busy = 4 * gray[..., 1:-1, 1:-1]
    for across, down in ((0, 1), (1, 0), (1, 2), (2, 1)):
        busy -= gray[..., down : down + busy.shape[2], across : across + busy.shape[3]]
    del gray
    busy = F.pad(busy.abs_(), (_AROUND,) * 4, mode="replicate")
    busy = F.avg_pool2d(busy, 2 * _AROUND + 1, 1)
    # Every so many: the median of a million is that of all.
    some = busy.flatten()[:: 1 + busy.numel() // 1_000_000]
    return busy.div_(some.median() + _NOTHING).square_().add_(1).reciprocal_()


def neighbors(
    image: Tensor, weight: Tensor | None = None
) -> list[tuple[Tensor, Tensor, Tensor | None]]:
    """Return the pairs of neighbors across and down: second, first, how much each pair counts.

    Args:
        image: (N, C, H, W).
        weight: (1, 1, H, W), or None; a pair counts as much as its lesser pixel.
    """
    counts = [None, None] if weight is None else [torch.minimum(*pair) for pair in _pairs(weight)]
    return [(*pair, count) for pair, count in zip(_pairs(image), counts, strict=True)]


def _pairs(values: Tensor) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    return (values[..., 1:], values[..., :-1]), (values[..., 1:, :], values[..., :-1, :])
