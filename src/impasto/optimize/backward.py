"""A step, and the gradient it follows: exact and in bounded memory, however large the picture.

Losses of statistics depend on the whole picture. So the statistics of the tiles are summed first,
without gradients; then the losses of the sum give a gradient with respect to it; and then each
tile is encoded again and back-propagates that gradient to its pixels.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from impasto.errors import ImpastoError
from impasto.losses import neighbors
from impasto.optimize.objective import ImageStatistics, Losses, Objective
from impasto.optimize.optimizers import PixelOptimizer
from impasto.optimize.tiles import Tile

#: With weights above this, they are why a loss is not finite.
LARGE_WEIGHT = 1e6
#: Diagonal neighbors follow each other, so that two steps see every row and column.
PHASE_ORDER = (0, 3, 1, 2)


def take_step(objective: Objective, optimizer: PixelOptimizer, step: int) -> Losses:
    """Take one step and return the losses of the picture it started from."""
    phase = PHASE_ORDER[step % len(PHASE_ORDER)] if objective.subsamples else None
    try:
        return optimizer.step(lambda: backward(objective, optimizer.image, phase, step))
    except FloatingPointError as error:
        largest = max(objective.weights)
        advice = (
            f"a loss times its weight ({largest:g}) is too large: choose smaller weights"
            if largest > LARGE_WEIGHT
            else f"the losses are not finite at step {step}: choose a smaller learning rate, "
            'the losses of loss "relative", or precision float32'
        )
        raise ImpastoError(advice) from error


def backward(
    objective: Objective, image: Tensor, subsample_phase: int | None = None, step: int = 0
) -> Losses:
    """Return the losses of a picture, (1, 3, H, W) in [0, 1], and add their gradient to its `grad`.

    In tiles, if the objective says so; for the phase and the step see `Objective`.
    """
    if len(objective.tiled.tiles) == 1:
        losses = objective(image, subsample_phase, step)
        losses.loss.backward()  # type: ignore[no-untyped-call]
        return losses
    anchor = objective.anchor_loss(image)  # first: the others add to its gradient
    if isinstance(anchor, Tensor):
        anchor.backward()  # type: ignore[no-untyped-call]
        anchor = anchor.detach()
    elif image.grad is None:
        image.grad = torch.zeros_like(image)
    whole: ImageStatistics = {}
    with torch.no_grad():
        for tile in objective.tiled.tiles:
            part = tile.cut(image.detach())
            views = objective.tiled.views(part, tile, objective.layers, subsample_phase)
            found = objective.statistics(views, step)
            whole = {key: whole[key] + each if whole else each for key, each in found.items()}
    parts = [part.requires_grad_() for part in _parts(whole)]
    style = objective.style_loss(whole, step)
    self_similarity = objective.self_similarity_loss(whole, step)
    content_weight, style_weight, _ = objective.weights
    gradients = torch.autograd.grad(
        content_weight * self_similarity + style_weight * style, parts, materialize_grads=True
    )
    content = torch.as_tensor(self_similarity).detach()
    tv = torch.zeros((), device=image.device)
    for tile in objective.tiled.tiles:
        losses_there = _backward_tile(objective, image, tile, gradients, subsample_phase, step)
        content, tv = content + losses_there[0], tv + losses_there[1]
    return objective.total(content, style.detach(), tv, anchor)


def _backward_tile(
    objective: Objective,
    image: Tensor,
    tile: Tile,
    gradients: Sequence[Tensor],  # of the losses, with respect to the whole picture's statistics
    subsample_phase: int | None,
    step: int,
) -> tuple[Tensor, Tensor]:
    """Add a tile's part to the gradient; return its parts of the content loss and smoothness."""
    part = tile.cut(image.detach()).clone().requires_grad_()
    views = objective.tiled.views(part, tile, objective.layers, subsample_phase)
    content = objective.content_loss(views)
    tv = _tv_part(part, objective.flatness_weight, objective.pair_counts, tile)
    content_weight, _, tv_weight = objective.weights
    pairs = zip(_parts(objective.statistics(views, step)), gradients, strict=True)
    of_statistics = torch.stack([(value * gradient).sum() for value, gradient in pairs]).sum()
    total = of_statistics + content_weight * content + tv_weight * tv
    total.backward()  # type: ignore[no-untyped-call]
    assert part.grad is not None
    assert image.grad is not None
    tile.add(image.grad, part.grad)
    return torch.as_tensor(content).detach(), tv.detach()


def _parts(statistics: ImageStatistics) -> list[Tensor]:
    return [part for each in statistics.values() for part in each.parts().values()]


def _tv_part(part: Tensor, weight: Tensor, pairs: Sequence[Tensor], tile: Tile) -> Tensor:
    """Return a tile's part of `tv_loss`: of pairs whose first pixel lies in its inner part."""
    inner, outer = tile.inner, tile.outer
    width, height = inner.right - inner.left, inner.bottom - inner.top
    within = inner._replace(right=inner.right + 1, bottom=inner.bottom + 1)
    within = within.within(weight.shape[3], weight.shape[2])
    near = within.moved(-outer.left, -outer.top).of(part)
    counts = within.of(weight)
    across = neighbors(near[..., :height, :], counts[..., :height, :])[0]
    down = neighbors(near[..., :width], counts[..., :width])[1]
    parts = []
    for (second, first, count), whole in zip((across, down), pairs, strict=True):
        assert count is not None
        parts.append(((second - first).square() * count).sum() / (3 * whole))
    return torch.stack(parts).sum()
