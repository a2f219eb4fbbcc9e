"""The losses of Gatys et al. 2016, "Image Style Transfer Using Convolutional Neural Networks".

Each is a pure function of tensors. Features are (N, C, H, W); N is the paper's batch, always 1 in
a run; C is the paper's N_l (filters) and H·W its M_l (positions). Every loss comes in two forms:

- `gatys`, as the paper writes it;
- `relative`, divided by the size of the target, so that 1 means "as far away as a picture without
  any features": one set of weights then serves every encoder, layer and picture size.

Where `weight` is given, a (1, 1, H, W) map in [0, 1] says how much each position counts (alpha).
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

#: Keeps a target without any energy from dividing by zero; far below all real energies.
TINY = 1e-30
#: Where pictures are flat: pixels around each that are looked at, and the detail that is nothing.
_AROUND, _NOTHING = 4, 1e-4


def gram_matrix(
    features: Tensor, weight: Tensor | None = None, count: Tensor | float | None = None
) -> Tensor:
    """Return the Gram matrix G = F Fᵀ / M of the vectorized features (Gatys et al., eq. 3).

    We divide by the number of positions M, which the paper does in the loss (its 1/(4N²M²)
    becomes 1/(4N²)), so that pictures of different sizes can be compared.

    Args:
        features: (N, C, H, W), float32 or bfloat16; products of bfloat16 are summed in float32
            and the sum is rounded to bfloat16 once.
        weight: (1, 1, H, W), or None for all positions alike; M is then its sum.
        count: M, where the features are a part of the picture only.

    Returns:
        (N, C, C), float32 (float64 for float64 features), symmetric.

    Examples:
        >>> gram_matrix(torch.ones(1, 2, 4, 4))
        tensor([[[1., 1.],
                 [1., 1.]]])
    """
    if count is None:
        positions = features.shape[2] * features.shape[3]
        count = positions if weight is None else weight.sum().clamp_min(1e-6)
    if weight is not None:
        features = features * weight.sqrt().to(features.dtype)
    # Positions first: that is how channels_last lies in memory, and then the gradient does too.
    flat = features.permute(0, 2, 3, 1).flatten(1, 2)
    products: list[Tensor] = [_Products.apply(one) for one in flat]  # type: ignore[no-untyped-call]
    return (products[0][None] if len(products) == 1 else torch.stack(products)) / count


class _Products(torch.autograd.Function):
    """FᵀF of (M, C) features, with its gradient in one product where autograd would take two."""

    @staticmethod
    def forward(ctx: Any, features: Tensor) -> Tensor:  # noqa: ANN401
        ctx.save_for_backward(features)
        product = features.T @ features
        return product.float() if product.dtype == torch.bfloat16 else product

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # noqa: ANN401
        features: Tensor = ctx.saved_tensors[0]
        return features @ (gradient + gradient.T).to(features.dtype)


class _SquaredDistance(torch.autograd.Function):
    """Σ (F − P)² in fewer passes through memory; the gradient lies there as the features do.

    It can be differentiated once, and with respect to the features only.
    """

    @staticmethod
    def forward(ctx: Any, features: Tensor, target: Tensor) -> Tensor:  # noqa: ANN401
        assert not target.requires_grad
        difference = features - target
        ctx.save_for_backward(difference)
        ctx.dtype = features.dtype
        norm: Tensor = torch.linalg.vector_norm(difference)
        return norm.square()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        difference: Tensor = ctx.saved_tensors[0]
        return (difference * (2 * gradient)).to(ctx.dtype), None


def content_loss(features: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return ½ Σ (F − P)² (Gatys et al., eq. 1).

    Args:
        features: (N, C, H, W), of the picture.
        target: The same, of the content; it gets no gradient.
        weight: (1, 1, H, W) in [0, 1], how much each position counts; None: all alike.

    Returns:
        (), differentiable once.
    """
    return 0.5 * squared_distance(features, target, weight)


def relative_content_loss(features: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return Σ (F − P)² / Σ P²: 0 for the content itself, 1 for featureless features.

    Departs from Gatys et al., eq. 1, in the division: weights need not follow encoder and size.

    Args:
        features: (N, C, H, W), of the picture.
        target: The same, of the content; it gets no gradient.
        weight: (1, 1, H, W) in [0, 1], how much each position counts; None: all alike.

    Returns:
        (), differentiable once.

    Examples:
        >>> target = torch.ones(1, 2, 4, 4)
        >>> round(relative_content_loss(torch.zeros(1, 2, 4, 4), target).item(), 3)
        1.0
    """
    return squared_distance(features, target, weight) / energy(target, weight)


def style_loss(gram: Tensor, target: Tensor) -> Tensor:
    """Return Σ (G − A)² / (4 N²) for Gram matrices divided by M (Gatys et al., eq. 4).

    Args:
        gram: (N, C, C), of the picture, from `gram_matrix`.
        target: (N, C, C), of the style.
    """
    return squared_distance(gram, target) / (4 * gram.shape[-1] ** 2)


def relative_style_loss(gram: Tensor, target: Tensor) -> Tensor:
    """Return Σ (G − A)² / Σ A²: 0 for the style's texture, 1 for featureless features.

    Departs from Gatys et al., eq. 4, in the division: weights need not follow encoder and size.

    Args:
        gram: (N, C, C), of the picture, from `gram_matrix`.
        target: (N, C, C), of the style; it gets no gradient.

    Returns:
        (), differentiable once.
    """
    return squared_distance(gram, target) / energy(target)


def squared_distance(features: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return Σ w (F − P)², a sum over positions: parts of a picture add up.

    Args:
        features: (N, C, H, W).
        target: The same; it gets no gradient.
        weight: (1, 1, H, W) in [0, 1], how much each position counts; None: all alike.

    Returns:
        (), differentiable once.
    """
    if weight is None:
        distance: Tensor = _SquaredDistance.apply(features, target)  # type: ignore[no-untyped-call]
        return distance
    return ((features.to(target.dtype) - target).square() * weight).sum()


def energy(target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return Σ w P², and never zero.

    Args:
        target: (N, C, H, W), or any shape without a weight.
        weight: (1, 1, H, W) in [0, 1]; None: all alike.
    """
    squares = target.square() if weight is None else target.square() * weight
    return squares.sum().clamp_min(TINY)


def tv_loss(image: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return the mean squared difference of neighbors, across plus down (total variation, squared).

    Squared, as in Mahendran & Vedaldi 2015 with β = 2: it stops speckles and leaves edges alone.

    Args:
        image: (N, 3, H, W) in [0, 1].
        weight: (1, 1, H, W), or None; a pair counts as much as its lesser pixel.
    """
    return torch.stack([_mean(*pair) for pair in neighbors(image, weight)]).sum()


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
    across = (image[..., 1:], image[..., :-1])
    down = (image[..., 1:, :], image[..., :-1, :])
    if weight is None:
        return [(*across, None), (*down, None)]
    return [
        (*across, torch.minimum(weight[..., 1:], weight[..., :-1])),
        (*down, torch.minimum(weight[..., 1:, :], weight[..., :-1, :])),
    ]


def _mean(second: Tensor, first: Tensor, weight: Tensor | None) -> Tensor:
    if weight is None:
        return F.mse_loss(second, first)
    count = weight.sum().clamp_min(1) * first.shape[0] * first.shape[1]
    return ((second - first).square() * weight).sum() / count
