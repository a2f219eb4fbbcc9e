"""Losses of trainings: of stylized pictures (Johnson et al. 2016), and of a distillation.

What an encoder is for is its gradient in the pixels, so a student learns that too (Czarnecki et al.
2017, "Sobolev Training for Neural Networks", with the cosine as the measure).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.networks.vgg import VGG19
from impasto.settings.choices import CONTENT_LAYERS, STYLE_LAYERS
from impasto.weights import VggParameters
from impasto.weights.any_style import CELL

Features = Mapping[str, Tensor]
Judge = Callable[[Tensor, Sequence[str]], Features]  # pictures and layers -> features
_CONTENT = CONTENT_LAYERS[0]
_FLAT = 0.03  # difference of neighbors in a photograph at which a place is hardly flat any more
#: Of the style layers: what is missing of strokes is missing in the deep ones.
_LAYER_WEIGHTS = torch.tensor([1.0, 1.0, 2.0, 3.0, 5.0]) / 12
#: Least part of a batch's mean energy that a target has: what has no texture must not outweigh all.
_FLOOR = 0.05


class FusedVgg(VGG19):
    """Picture -> features of VGG-19 after ReLUs, at nearly twice the speed of plain autograd.

    A convolution and its ReLU are one node that keeps its output alone; kernels get no gradient.
    """

    def _add(self, layer: str, parameters: VggParameters) -> None:
        super()._add(layer, parameters)
        adjoint = self.get_buffer(f"{layer}_weight").flip(2, 3).transpose(0, 1)
        adjoint = adjoint.contiguous(memory_format=torch.channels_last)
        self.register_buffer(f"{layer}_adjoint", adjoint, persistent=False)

    def _through(self, layer: str, x: Tensor, in_place: bool) -> Tensor:
        if not layer.startswith("conv"):
            return self.pool(x, 2) if layer.startswith("pool") else x  # the ReLU is done already
        weights = (self.get_buffer(f"{layer}_{part}") for part in ("weight", "bias", "adjoint"))
        y: Tensor = _Convolution.apply(x, *weights)  # type: ignore[no-untyped-call]
        return y


class _Convolution(torch.autograd.Function):
    """Convolution of 3 · 3 with replicated borders, and ReLU."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, bias: Tensor, adjoint: Tensor) -> Tensor:  # noqa: ANN401
        y = F.relu_(F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), kernel, bias))
        ctx.save_for_backward(y, adjoint)
        return y

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:  # noqa: ANN401
        y, adjoint = ctx.saved_tensors
        gradient = gradients[0].contiguous(memory_format=torch.channels_last)
        gradient = torch.ops.aten.threshold_backward(gradient, y, 0)
        return _input_gradient(gradient, adjoint), None, None, None


def _input_gradient(gradient: Tensor, adjoint: Tensor) -> Tensor:
    """Return the gradient of a convolution's input; the padding's goes to the pixels it repeats.

    The padding's part is computed in strips: with two pixels of padding it would be slower.
    """
    result = F.conv2d(gradient, adjoint, padding=1)
    for edge, kernel in ((0, adjoint[:, :, 2:]), (-1, adjoint[:, :, :1])):
        row = F.conv2d(gradient[:, :, edge, None], kernel, padding=(0, 2))[:, :, 0]
        result[:, :, edge] += row[:, :, 1:-1]
        result[:, :, edge, 0] += row[:, :, 0]
        result[:, :, edge, -1] += row[:, :, -1]
    for edge, kernel in ((0, adjoint[:, :, :, 2:]), (-1, adjoint[:, :, :, :1])):
        column = gradient[:, :, :, edge, None]
        result[:, :, :, edge] += F.conv2d(column, kernel, padding=(1, 0))[:, :, :, 0]
    return result


def perceptual_losses(
    judge: Judge,
    stylized: Tensor,
    photos: Tensor,
    grams: Features,
    dense: Callable[[Features], Tensor] | None = None,
) -> dict[str, Tensor]:
    """Return the losses of pictures (N, 3, H, W), not clamped, each a number.

    `style` is the weighted mean root of the relative Gram distances over pictures and layers
    (Gatys et al. 2016; the root, so that what is far off does not outweigh all else), `content` the
    relative error at relu4_2, `dense` what is given, of the features, `flat` that of
    `flatness_loss`, `lattice` that of `checkerboard_loss`, `beyond` what is cut off at 0 and 1: the
    judge does not see it, so it would grow. `gram` is the plain relative Gram distance, not to be
    minimized.

    Each of the photos (M, 3, H, W) is that of N / M pictures in turn; Gram matrices (N, C, C) of
    the styles are by style layer.
    """
    times = len(stylized) // len(photos)
    with torch.no_grad():
        content = judge(photos, (_CONTENT,))[_CONTENT].repeat_interleave(times, 0)
    # The gradient does not know that pictures were cut off.
    within = stylized + (stylized.clamp(0, 1) - stylized).detach()
    features = judge(within, (*STYLE_LAYERS, _CONTENT))
    distances = torch.stack([relative_gram_distance(features[n], grams[n]) for n in STYLE_LAYERS])
    losses = {
        "style": (_LAYER_WEIGHTS.to(distances) @ (distances + 0.01).sqrt()).mean(),
        "content": relative_error(features[_CONTENT], content).mean(),
        "flat": flatness_loss(stylized, photos),
        "lattice": checkerboard_loss(stylized),
        "beyond": (stylized - stylized.clamp(0, 1)).square().mean(),
        "gram": distances.detach().mean(),
    }
    return losses if dense is None else losses | {"dense": dense(features)}


def flatness_loss(stylized: Tensor, contents: Tensor) -> Tensor:
    """Return the mean difference of neighbors where the photograph is flat."""
    total = stylized.new_zeros(())
    for dim in (2, 3):
        detail = contents.diff(dim=dim).abs().amax(1, keepdim=True)
        # In two passes: the largest of 9 · 9 pixels.
        detail = F.max_pool2d(F.max_pool2d(detail, (9, 1), 1, (4, 0)), (1, 9), 1, (0, 4))
        flat = (-detail / _FLAT).exp().repeat_interleave(len(stylized) // len(contents), 0)
        total = total + (stylized.diff(dim=dim).abs() * flat).mean()
    return total


def checkerboard_loss(stylized: Tensor) -> Tensor:
    """Return how strong the detail is that all cells share, without the picture's mean slope."""
    count, colors, height, width = stylized.shape
    cells = stylized.reshape(count, colors, height // CELL, CELL, width // CELL, CELL)
    common = cells.mean((2, 4))
    common = common - common.mean((2, 3), keepdim=True)
    ramp = torch.arange(CELL, device=stylized.device) - (CELL - 1) / 2
    energy = ramp.square().sum() * CELL
    for slope in (ramp[:, None], ramp):
        common = common - (common * slope).sum((2, 3), keepdim=True) / energy * slope
    return common.abs().mean()


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
    return distance / _floored(products)


def style_gradient(features: Features, image: Tensor, keep: bool) -> Tensor:
    """Return the pixel gradient of the relative style loss of every picture: (N, 3, H, W).

    Features are those of the pictures and after these those of a style for each, which get no
    gradient. With `keep` the result can itself be differentiated.
    """
    count, layers = len(image), [features[name] for name in STYLE_LAYERS]
    losses = [gram_distance(each[:count], each[count:].detach()).sum() for each in layers]
    (gradient,) = torch.autograd.grad(torch.stack(losses).sum(), image, create_graph=keep)
    return gradient


def cosine_distance(student: Tensor, teacher: Tensor) -> Tensor:
    """Return 1 − cosine between two pixel gradients (N, 3, H, W): (N,)."""
    return 1 - F.cosine_similarity(student.float().flatten(1), teacher.float().flatten(1))


def gram_matrices(features: Features) -> dict[str, Tensor]:
    """Return the Gram matrices (N, C, C) of features (N, C, h, w), divided by h · w."""
    return {name: _gram(_rows(each)) for name, each in features.items()}


def relative_gram_distance(features: Tensor, target: Tensor) -> Tensor:
    """Return ‖G − A‖² / ‖A‖² of features (N, C, h, w) and targets A, (N, C, C) float32: (N,)."""
    energy = _floored(target)
    distance: Tensor = _GramDistance.apply(features, target, energy)  # type: ignore[no-untyped-call]
    return distance


def relative_error(features: Tensor, target: Tensor) -> Tensor:
    """Return Σ (F − P)² / Σ P² of each picture: (N,)."""
    target = target.float()
    return _squares(features.float() - target) / _floored(target)


def _floored(target: Tensor) -> Tensor:
    """Return the energy of each target (N, ...), a part of the batch's mean at least: (N,)."""
    energy = _squares(target.float())
    return torch.maximum(energy, _FLOOR * energy.mean() + 1e-12)


def _squares(x: Tensor) -> Tensor:
    return x.square().flatten(1).sum(1)


class _GramDistance(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, target: Tensor, energy: Tensor) -> Tensor:  # noqa: ANN401
        rows = _rows(features)
        apart = _gram(rows) - target
        ctx.save_for_backward(rows, apart, energy)
        ctx.size = features.shape[2:]
        return apart.square().sum((1, 2)) / energy

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:  # noqa: ANN401
        rows, apart, energy = ctx.saved_tensors
        scale = 4 * gradients[0] / energy / rows.shape[1]
        product = torch.bmm(rows, (apart * scale.view(-1, 1, 1)).to(rows.dtype))
        return product.view(len(rows), *ctx.size, -1).permute(0, 3, 1, 2), None, None


def _rows(features: Tensor) -> Tensor:
    """Return (N, h · w, C)."""
    return features.permute(0, 2, 3, 1).flatten(1, 2)


def _gram(rows: Tensor) -> Tensor:
    return torch.bmm(rows.mT, rows).float() / rows.shape[1]
