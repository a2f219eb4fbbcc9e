"""A step, and the gradient it follows: exact and in bounded memory, however large the picture.

Losses of statistics depend on the whole picture. So what is known of the tiles is summed first,
without gradients; the losses of that sum tell how each part of it should change; and then each
tile is looked at again and passes that on to its pixels. The result is the whole's gradient,
however the picture was cut.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from impasto.errors import ImpastoError
from impasto.losses import neighbors
from impasto.optimize.objective import ImageStatistics, Losses, Objective
from impasto.optimize.optimizers import LOST_IN_THE_END, PixelOptimizer
from impasto.optimize.tiles import Tile

#: With weights above this, they are why a loss is not finite.
LARGE_WEIGHT = 1e6
#: Diagonal neighbors follow each other, so that two steps see every row and column.
PHASE_ORDER = (0, 3, 1, 2)


def take_step(objective: Objective, optimizer: PixelOptimizer, step: int) -> Losses:
    """Take one step and return the losses of the picture it started from.

    Raises:
        ImpastoError: The losses are not finite; the picture is as it was.
    """
    phase = PHASE_ORDER[step % len(PHASE_ORDER)] if objective.subsamples else None
    try:
        return optimizer.step(lambda: backward(objective, optimizer.image, phase, step))
    except FloatingPointError as error:
        raise ImpastoError(_not_finite(objective, step)) from error


def check_last_step(objective: Objective, optimizer: PixelOptimizer, step: int) -> bool:
    """Return whether the last step of an octave made the picture worse, and is taken back."""
    if not optimizer.guarded:
        return False
    return optimizer.goes_back(backward(objective, optimizer.image, None, step), LOST_IN_THE_END)


def _not_finite(objective: Objective, step: int) -> str:
    """Say why losses are not numbers, and what to do."""
    largest = max(objective.weights)
    if largest > LARGE_WEIGHT:
        return f"a loss times its weight ({largest:g}) is too large: choose smaller weights"
    return (
        f"the losses are no numbers at step {step}: choose a smaller learning rate, the losses of "
        'loss "relative", or precision float32'
    )


def backward(
    objective: Objective, image: Tensor, subsample_phase: int | None = None, step: int = 0
) -> Losses:
    """Return the losses of a picture, (1, 3, H, W) in [0, 1], and add their gradient to its `grad`.

    In tiles, if the objective says so; otherwise see `Objective`.
    """
    if len(objective.tiled.tiles) == 1:
        losses = objective(image, subsample_phase, step)
        losses.loss.backward()  # type: ignore[no-untyped-call]
        return losses
    anchored = objective.anchored(image)  # first: its gradient is the one that others add to
    if isinstance(anchored, Tensor):
        anchored.backward()  # type: ignore[no-untyped-call]
        anchored = anchored.detach()
    elif image.grad is None:
        image.grad = torch.zeros_like(image)
    gradients, style, self_similarity = _from_the_whole(
        objective, image.detach(), subsample_phase, step
    )
    content = torch.as_tensor(self_similarity).detach()
    tv = torch.zeros((), device=image.device)
    for tile in objective.tiled.tiles:
        parts = _from_a_tile(objective, image, tile, gradients, subsample_phase, step)
        content, tv = content + parts[0], tv + parts[1]
    return objective.together(content, style, tv, anchored)


def _from_the_whole(
    objective: Objective, image: Tensor, subsample_phase: int | None, step: int
) -> tuple[Sequence[Tensor], Tensor, Tensor | float]:
    """Return how what is known of the picture should change, the style loss, self-similarity."""
    seen: ImageStatistics = {}
    with torch.no_grad():
        for tile in objective.tiled.tiles:
            part = tile.outer.of(image)
            views = objective.tiled.views(part, tile, objective.layers, subsample_phase)
            found = objective.statistics(views, step)
            seen = {key: seen[key] + each if seen else each for key, each in found.items()}
    known = [part.requires_grad_() for part in _parts(seen)]
    style, self_similarity = objective.style(seen, step), objective.self_similarity(seen, step)
    alpha, beta, _ = objective.weights
    total = alpha * self_similarity + beta * style
    gradients = torch.autograd.grad(total, known, materialize_grads=True)
    return gradients, style.detach(), self_similarity


def _from_a_tile(
    objective: Objective,
    image: Tensor,
    tile: Tile,
    gradients: Sequence[Tensor],
    subsample_phase: int | None,
    step: int,
) -> tuple[Tensor, Tensor]:
    """Add a tile's part to the gradient; return its parts of the content loss and smoothness."""
    part = tile.outer.of(image.detach()).clone().requires_grad_()
    views = objective.tiled.views(part, tile, objective.layers, subsample_phase)
    content = objective.content_part(views)
    tv = _tv_part(part, objective.flatness_weight, objective.pairs, tile)
    alpha, _, gamma = objective.weights
    known = zip(_parts(objective.statistics(views, step)), gradients, strict=True)
    passed_on = torch.stack([(value * gradient).sum() for value, gradient in known]).sum()
    total = passed_on + alpha * content + gamma * tv
    total.backward()  # type: ignore[no-untyped-call]
    assert part.grad is not None
    assert image.grad is not None
    tile.outer.of(image.grad).add_(part.grad)
    return torch.as_tensor(content).detach(), tv.detach()


def _parts(seen: ImageStatistics) -> list[Tensor]:
    return [part for each in seen.values() for part in each.parts().values()]


def _tv_part(part: Tensor, weight: Tensor, pairs: Sequence[Tensor], tile: Tile) -> Tensor:
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
