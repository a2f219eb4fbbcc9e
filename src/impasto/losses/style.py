"""The style losses: distances between features of a picture and of a style, one paper a function.

Each takes the `LayerStatistics` of a layer of the picture and of the style, and a seed for random
numbers; the picture's carry the gradient. Each is divided by the size of the target, so
that 0 is the style's texture and 1 about as far away as a picture without features; so they can be
mixed, and one set of weights serves every encoder, layer and size.
"""

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.losses.gatys import TINY, relative_style_loss
from impasto.losses.statistics import LayerStatistics
from impasto.settings.declaration import check_own_name
from impasto.settings.losses import STYLE_LOSSES, RequiredStatistics, StyleLoss

Distance = Callable[[LayerStatistics, LayerStatistics, int], Tensor]
#: Directions of the sliced Wasserstein distance.
SLICES = 64


def gram_distance(found: LayerStatistics, target: LayerStatistics, seed: int = 0) -> Tensor:
    """Return Σ (G − A)² / Σ A² (Gatys et al. 2016, eq. 4, relative)."""
    return relative_style_loss(found.required("gram"), target.required("gram"))


def moments_distance(found: LayerStatistics, target: LayerStatistics, seed: int = 0) -> Tensor:
    """Return the squared distance of means and of standard deviations, relative.

    Li et al. 2017, "Demystifying Neural Style Transfer": the matching of batch normalization
    statistics; also Huang & Belongie 2017.
    """
    least = 1e-5 * target.variance.mean() + TINY
    deviation, wanted = ((each.variance + least).sqrt() for each in (found, target))
    apart = (found.mean - target.mean).square().sum() + (deviation - wanted).square().sum()
    return apart / (target.mean.square().sum() + wanted.square().sum() + TINY)


def w2_distance(found: LayerStatistics, target: LayerStatistics, seed: int = 0) -> Tensor:
    """Return the squared Wasserstein-2 distance between the Gaussians of two layers, relative.

    ‖μ − μ'‖² + tr(Σ + Σ' − 2 (Σ'^½ Σ Σ'^½)^½) (Olkin & Pukelsheim 1982), as a style loss in
    Crowson's style-transfer-pytorch. The root's trace is computed from eigenvalues alone, whose
    gradient is stable where two of them are equal.
    """
    root = target.root
    cross = root @ found.covariance @ root
    values = torch.linalg.eigvalsh((cross + cross.T) / 2)
    least = values.detach().mean().clamp_min(TINY) * 1e-5
    trace = (F.relu(values - least) + least).sqrt().sum()
    spread = found.variance.sum() + target.variance.sum() - 2 * trace
    apart: Tensor = (found.mean - target.mean).square().sum() + spread
    return apart / (target.mean.square().sum() + target.variance.sum() + TINY)


def swd_distance(found: LayerStatistics, target: LayerStatistics, seed: int = 0) -> Tensor:
    """Return the sliced Wasserstein-2 distance of features, squared and relative.

    Heitz et al. 2021, "A Sliced Wasserstein Loss for Neural Texture Synthesis": features are
    projected on random directions, sorted, and compared in order.
    """
    mine, its = found.required("samples"), target.required("samples")
    generator = torch.Generator().manual_seed(seed)
    directions = torch.randn((mine.shape[1], SLICES), generator=generator, dtype=torch.float64)
    directions = F.normalize(directions, dim=0).to(mine)
    return _sorted_distance(*((each @ directions).T.sort(1).values for each in (mine, its)))


def histogram_distance(found: LayerStatistics, target: LayerStatistics, seed: int = 0) -> Tensor:
    """Return how far each channel's histogram is from the style's, squared and relative.

    Risser et al. 2017, "Stable and Controllable Neural Texture Synthesis and Style Transfer Using
    Histogram Losses". They remap features through histograms of 256 bins; sorted samples are the
    same without bins.
    """
    return _sorted_distance(found.in_order, target.in_order)


def nnfm_distance(found: LayerStatistics, target: LayerStatistics, seed: int = 0) -> Tensor:
    """Return the mean cosine distance of features to their nearest ones in the style.

    Kolkin et al. 2022, "Neural Neighbor Style Transfer": each picture's features are centered on
    their own mean first. By this name in Zhang et al. 2022, "ARF: Artistic Radiance Fields".
    """
    mine, its = (_centered_directions(each.required("samples")) for each in (found, target))
    nearest = (mine.detach() @ its.T).argmax(1)  # the gradient is of these pairs alone
    return 1 - (mine * its[nearest]).sum(1).mean()


def remd_distance(found: LayerStatistics, target: LayerStatistics, seed: int = 0) -> Tensor:
    """Return the relaxed earth mover's distance under cosine distance.

    Kolkin et al. 2019, "Style Transfer by Relaxed Optimal Transport and Self-Similarity" (STROTSS):
    the larger of the mean distance to the nearest feature there and from there. It ignores the
    length of features: STROTSS adds a loss of moments, `remd+moments` here.
    """
    mine, its = found.required("samples"), target.required("samples")
    distances = _cosine_distances(mine, its)
    return torch.maximum(distances.amin(1).mean(), distances.amin(0).mean())


_BUILT_IN = tuple(STYLE_LOSSES)


def add_style_loss(
    name: str, distance: Distance, needs: RequiredStatistics, title: str = "", *, mixes: bool = True
) -> None:
    """Register a style loss of your own under a name for `Settings.style_loss`, in this process.

    Args:
        name: Letters, digits and `_`; a loss of your own of that name is replaced.
        distance: The picture's statistics, the style's, a seed -> tensor (), differentiable in the
            first; about 1 for a picture without features, so that weights mean the same.
        needs: Which statistics it compares.
        title: For people.
        mixes: False where nearest neighbors count: strength is then the weight of the loss, and
            the target is the style as it is (see `StyleLoss`).

    Raises:
        SettingsError: The name is no name, or that of a loss that comes with impasto.

    Examples:
        >>> def means(found, target, seed):
        ...     return (found.mean - target.mean).square().sum() / target.mean.square().sum()
        >>> add_style_loss("means", means, RequiredStatistics(moments=True))
        >>> impasto.Settings(style_loss="gram+means").style_losses
        ('gram', 'means')
    """
    check_own_name(name, _BUILT_IN)
    STYLE_LOSSES[name] = StyleLoss(distance, needs, title or name, mixes)


def required_statistics(names: Sequence[str]) -> RequiredStatistics:
    """Return the statistics that any of these losses compares.

    Args:
        names: Of `STYLE_LOSSES`.
    """
    needs = RequiredStatistics()
    for name in names:
        needs |= STYLE_LOSSES[name].needs
    return needs


def self_similarity_loss(found: Tensor, target: Tensor) -> Tensor:
    """Return how much the similarities between positions within a picture have changed.

    STROTSS (Kolkin et al. 2019, eq. 4): cosine distances between all pairs of positions, each
    column divided by its sum; the mean absolute difference, times the number of positions.

    Args:
        found: (P, C), features at some positions of the picture.
        target: (P, C), those of the content at the same positions.
    """
    distances = [_cosine_distances(samples, samples) for samples in (found, target)]
    mine, its = (each / each.sum(0, keepdim=True).clamp_min(TINY) for each in distances)
    return (mine - its).abs().mean() * len(found)


def _cosine_distances(a: Tensor, b: Tensor) -> Tensor:
    """Return (P, Q) of 1 − cosine, for (P, C) and (Q, C)."""
    a, b = (F.normalize(each, dim=1, eps=1e-6) for each in (a, b))
    return 1 - a @ b.T


def _centered_directions(samples: Tensor) -> Tensor:
    """Return features from their mean, (P, C), of length 1; 0 where that is only rounding."""
    centered = samples - samples.mean(0)
    least = 1e-4 * samples.detach().norm(dim=1).mean() + 1e-6
    return centered / torch.maximum(centered.norm(dim=1, keepdim=True), least)


def _sorted_distance(found: Tensor, target: Tensor) -> Tensor:
    """Return the mean squared difference of values in order, relative."""
    return (found - target).square().mean() / target.square().mean().clamp_min(TINY)
