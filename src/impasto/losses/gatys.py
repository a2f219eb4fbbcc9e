"""The losses of Gatys et al. 2016, of content and of style, and the Gram matrix."""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

#: Keeps a target without any energy from dividing by zero; far below all real energies.
TINY = 1e-30


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


def content_loss(features: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return ½ Σ (F − P)² (Gatys et al., eq. 1).

    Args:
        features: Of the picture; all as in `squared_distance`.
        target: Of the content.
        weight: How much each position counts.
    """
    return 0.5 * squared_distance(features, target, weight)


def relative_content_loss(features: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    """Return Σ (F − P)² / Σ P²: 0 for the content itself, 1 for featureless features.

    Departs from Gatys et al., eq. 1, in the division: weights need not follow encoder and size.

    Args:
        features: Of the picture; all as in `squared_distance`.
        target: Of the content.
        weight: How much each position counts.

    Examples:
        >>> target = torch.ones(1, 2, 4, 4)
        >>> round(relative_content_loss(torch.zeros(1, 2, 4, 4), target).item(), 3)
        1.0
    """
    return squared_distance(features, target, weight) / energy(target, weight)


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
    products = [_Products.apply(one) for one in flat]  # type: ignore[no-untyped-call]
    return torch.stack(products) / count


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
    """
    return squared_distance(gram, target) / energy(target)
