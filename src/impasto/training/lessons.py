"""What a student is taught: the teacher's features, their statistics, and where they lead.

What an encoder is for is its gradient in the pixels, so that is taught too: Czarnecki et al. 2017,
"Sobolev Training for Neural Networks", with the cosine as the measure.
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.settings.choices import STYLE_LAYERS

Features = Mapping[str, Tensor]


def grams(features: Features) -> dict[str, Tensor]:
    """Return the Gram matrices (N, C, C) of features (N, C, H, W), divided by H · W."""
    flat = {name: each.float().flatten(2) for name, each in features.items()}
    return {name: f @ f.mT / f.shape[2] for name, f in flat.items()}


def gram_distance(features: Tensor, target: Tensor) -> Tensor:
    """Return ‖G − A‖² / ‖A‖² of the Gram matrices of each picture: (N,).

    Args:
        features: (N, C, H, W).
        target: As large.
    """
    f, t = features.float().flatten(2), target.float().flatten(2)
    if f.shape[2] < f.shape[1]:
        # The same from the smaller products over channels: ‖FFᵀ − TTᵀ‖² in three parts.
        energy = _squares(t.mT @ t)
        distance = _squares(f.mT @ f) - 2 * _squares(f.mT @ t) + energy
    else:
        gram = t @ t.mT
        energy, distance = _squares(gram), _squares(f @ f.mT - gram)
    return distance / _floored(energy)


def feature_error(student: Tensor, teacher: Tensor) -> Tensor:
    """Return Σ (S − T)² / Σ T² of each picture: (N,)."""
    difference, target = student.float() - teacher.float(), teacher.float()
    return _squares(difference) / _floored(_squares(target))


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


def disagreement(student: Tensor, teacher: Tensor) -> Tensor:
    """Return 1 − cosine between two pixel gradients (N, 3, H, W): (N,)."""
    return 1 - F.cosine_similarity(student.float().flatten(1), teacher.float().flatten(1))


def _squares(x: Tensor) -> Tensor:
    return x.square().flatten(1).sum(1)


def _floored(energy: Tensor) -> Tensor:
    # A crop without any texture must not outweigh all others.
    return torch.maximum(energy, 0.05 * energy.detach().mean() + 1e-12)
