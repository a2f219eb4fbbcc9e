"""The gradient of a picture too large to be seen at once: exact, and in bounded memory.

Losses of statistics depend on the whole picture. So what is known of the tiles is summed first,
without gradients; the losses of that sum tell how each part of it should change; and then each
tile is looked at again and passes that on to its pixels. The result is the whole's gradient,
however the picture was cut.
"""

from __future__ import annotations

import torch
from torch import Tensor

from impasto.losses import Summary, neighbors
from impasto.optimize.objective import Losses, Objective, Seen
from impasto.optimize.tiles import Tile


def descend(objective: Objective, image: Tensor, phase: int | None = None, step: int = 0) -> Losses:
    """Return the losses of a picture and add their gradient to `image.grad`.

    Args:
        objective: Which knows whether the picture is to be seen in tiles.
        image: (1, 3, H, W) in [0, 1], a leaf.
        phase: Which part of the largest layers to look at; None: all.
        step: What is drawn by chance follows from it.
    """
    if len(objective.sight.tiles) == 1:
        losses = objective(image, phase, step)
        losses.total.backward()  # type: ignore[no-untyped-call]
        return losses
    anchored = objective.anchored(image)  # first: its gradient is the one that others add to
    if isinstance(anchored, Tensor):
        anchored.backward()  # type: ignore[no-untyped-call]
        anchored = anchored.detach()
    elif image.grad is None:
        image.grad = torch.zeros_like(image)
    known, style, likeness = _from_the_whole(objective, image.detach(), phase, step)
    content = torch.as_tensor(likeness).detach()
    tv = torch.zeros((), device=image.device)
    for tile in objective.sight.tiles:
        parts = _from_a_tile(objective, image, tile, known, phase, step)
        content, tv = content + parts[0], tv + parts[1]
    return objective.together(content, style, tv, anchored)


def _from_the_whole(
    objective: Objective, image: Tensor, phase: int | None, step: int
) -> tuple[Seen, Tensor, Tensor | float]:
    """Return how what is known of the picture should change, the style loss and the likeness."""
    seen: Seen | None = None
    with torch.no_grad():
        for tile in objective.sight.tiles:
            part = tile.outer.of(image)
            views = objective.sight.views(part, tile, objective.layers, phase)
            found = objective.seen(views, step)
            seen = found if seen is None else seen + found
    assert seen is not None
    leaves = seen.mapped(Summary.leaf)
    style, likeness = objective.style(leaves, step), objective.likeness(leaves, step)
    alpha, beta, _ = objective.weights
    (alpha * likeness + beta * style).backward()  # type: ignore[no-untyped-call]
    return leaves.mapped(Summary.gradient), style.detach(), likeness


def _from_a_tile(
    objective: Objective,
    image: Tensor,
    tile: Tile,
    gradient: Seen,
    phase: int | None,
    step: int,
) -> tuple[Tensor, Tensor]:
    """Add a tile's part to the gradient; return its parts of the content loss and smoothness."""
    part = tile.outer.of(image.detach()).clone().requires_grad_()
    views = objective.sight.views(part, tile, objective.layers, phase)
    content = objective.content_part(views)
    tv = _tv_part(part, objective.calm, objective.pairs, tile)
    alpha, _, gamma = objective.weights
    total = objective.seen(views, step).dot(gradient) + alpha * content + gamma * tv
    total.backward()  # type: ignore[no-untyped-call]
    assert part.grad is not None
    assert image.grad is not None
    tile.outer.of(image.grad).add_(part.grad)
    return torch.as_tensor(content).detach(), tv.detach()


def _tv_part(part: Tensor, weight: Tensor, pairs: tuple[Tensor, Tensor], tile: Tile) -> Tensor:
    """Return a tile's part of `tv_loss`: of pairs whose first pixel lies in its inner part."""
    left, top = tile.inner.left - tile.outer.left, tile.inner.top - tile.outer.top
    width = tile.inner.right - tile.inner.left
    height = tile.inner.bottom - tile.inner.top
    within = (slice(top, top + height + 1), slice(left, left + width + 1))
    near, counts = part[..., within[0], within[1]], tile.outer.of(weight)[..., within[0], within[1]]
    across = neighbors(near[..., :height, :], counts[..., :height, :])[0]
    down = neighbors(near[..., :width], counts[..., :width])[1]
    parts = []
    for (second, first, count), whole in zip((across, down), pairs, strict=True):
        assert count is not None
        parts.append(((second - first).square() * count).sum() / (3 * whole))
    return torch.stack(parts).sum()
