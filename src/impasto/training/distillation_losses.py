"""Losses of a distillation: features, their statistics, and the gradients that they lead to.

What an encoder is for is its gradient in the pixels, so the student learns that too: Czarnecki et
al. 2017, "Sobolev Training for Neural Networks", with the cosine as the measure.
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.settings.choices import STYLE_LAYERS
from impasto.training.vgg_loss import floored, relative_error

Features = Mapping[str, Tensor]


def feature_losses(student: Features, teacher: Features) -> dict[str, Tensor]:
    """Return the relative errors of features and of Gram matrices, summed over the layers: ()."""
    features = [relative_error(f, teacher[name]).mean() for name, f in student.items()]
    grams = [gram_distance(f, teacher[name]).mean() for name, f in student.items()]
    return {"features": torch.stack(features).sum(), "grams": torch.stack(grams).sum()}


def gram_distance(features: Tensor, target: Tensor) -> Tensor:
    """Return ‖G − A‖² / ‖A‖² of the Gram matrices of each picture: (N,).

    Unlike `relative_gram_distance` it can be differentiated twice.

    Args:
        features: (N, C, H, W).
        target: As large.
    """
    f, t = features.float().flatten(2), target.float().flatten(2)
    if f.shape[2] < f.shape[1]:
        # The same from the smaller products over channels: ‖FFᵀ − TTᵀ‖² in three parts.
        products = t.mT @ t
        distance = _squares(f.mT @ f) - 2 * _squares(f.mT @ t) + _squares(products)
    else:
        products = t @ t.mT
        distance = _squares(f @ f.mT - products)
    return distance / floored(products)


def style_gradient(features: Features, targets: Features, image: Tensor, keep: bool) -> Tensor:
    """Return the pixel gradient of the relative style loss of every picture.

    Args:
        features: Of `image`, by layer, connected to it.
        targets: Features of a style for every picture; no gradient goes into them.
        image: (N, 3, H, W), which requires a gradient.
        keep: Whether the result can itself be differentiated.

    Returns:
        (N, 3, H, W).
    """
    loss = torch.stack(
        [gram_distance(features[name], targets[name].detach()).sum() for name in STYLE_LAYERS]
    ).sum()
    (gradient,) = torch.autograd.grad(loss, image, create_graph=keep, retain_graph=keep)
    return gradient


def cosine_distance(student: Tensor, teacher: Tensor) -> Tensor:
    """Return 1 − cosine between two pixel gradients (N, 3, H, W): (N,)."""
    return 1 - F.cosine_similarity(student.float().flatten(1), teacher.float().flatten(1))


def _squares(x: Tensor) -> Tensor:
    return x.square().flatten(1).sum(1)
