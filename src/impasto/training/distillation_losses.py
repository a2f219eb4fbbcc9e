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
    """Return ‖G − A‖² / ‖A‖² of the Gram matrices of features (N, C, H, W), as large both: (N,).

    Unlike `relative_gram_distance` it can be differentiated twice.
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


def style_gradient(features: Features, image: Tensor, keep: bool) -> Tensor:
    """Return the pixel gradient of the relative style loss of every picture: (N, 3, H, W).

    Args:
        features: Of `image` and after these of a style for each, by layer, connected to `image`; no
            gradient goes into those of styles.
        image: (N, 3, H, W), which requires a gradient.
        keep: Whether the result can itself be differentiated.
    """
    count, layers = len(image), [features[name] for name in STYLE_LAYERS]
    losses = [gram_distance(each[:count], each[count:].detach()).sum() for each in layers]
    (gradient,) = torch.autograd.grad(
        torch.stack(losses).sum(), image, create_graph=keep, retain_graph=keep
    )
    return gradient


def cosine_distance(student: Tensor, teacher: Tensor) -> Tensor:
    """Return 1 − cosine between two pixel gradients (N, 3, H, W): (N,)."""
    return 1 - F.cosine_similarity(student.float().flatten(1), teacher.float().flatten(1))


def _squares(x: Tensor) -> Tensor:
    return x.square().flatten(1).sum(1)
