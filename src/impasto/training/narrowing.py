"""A trained any-style network with fewer channels, to go on training with one style."""

from collections.abc import Mapping

import torch
from torch import Tensor


def narrowed(parameters: Mapping[str, Tensor], spread: Tensor, width: int) -> dict[str, Tensor]:
    """Return a network whose coarse map has fewer channels.

    The coarse map has half of all parameters. Kept are the channels that say most: those that
    differ much in the style and are listened to, and inside blocks those with large kernels.

    Args:
        parameters: Of `AnyStyle`, by name.
        spread: Standard deviation of each channel of the coarse map (C,) in the style.
        width: Channels to keep; all, if there are not as many.
    """
    kept, raised = dict(parameters), "painter.to_middle.weight"
    if width >= len(spread):
        return kept
    stream = _largest(spread * kept[raised].flatten(1).norm(dim=0), width)
    kept[raised] = kept[raised][:, stream]
    kept["grain.0"] = kept["grain.0"][stream]
    for name in ("reader.to_coarse.weight", "reader.to_coarse.bias"):
        kept[name] = kept[name][stream]
    for first in [name for name in kept if ".coarse." in name and name.endswith("first.weight")]:
        block = first.removesuffix("first.weight")
        second = f"{block}second.weight"
        given, taken = kept[first].flatten(1), kept[second].transpose(0, 1).flatten(1)
        inner = _largest(given.norm(dim=1) * taken.norm(dim=1), width)
        kept[first] = kept[first][inner][:, stream]
        kept[f"{block}first.bias"] = kept[f"{block}first.bias"][inner]
        kept[second] = kept[second][stream][:, inner]
        kept[f"{block}second.bias"] = kept[f"{block}second.bias"][stream]
    return kept


def _largest(scores: Tensor, count: int) -> Tensor:
    """Return the places of the largest, in order."""
    return torch.topk(scores, count).indices.sort().values
