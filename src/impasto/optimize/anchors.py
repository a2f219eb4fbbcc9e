"""Pictures that a picture stays near while it is painted: frames that were painted before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from impasto.images import Picture
from impasto.optimize.pyramid import to_tensor
from impasto.optimize.wanted import Anchor


@dataclass(frozen=True)
class Anchors:
    """Pictures and where they count.

    Attributes:
        pictures: As large as the content.
        trusts: (H, W) each, from 0 to 1.
        weight: How much the mean squared distance to each of them counts.
    """

    pictures: Sequence[Picture] = ()
    trusts: Sequence[NDArray[np.float32]] = ()
    weight: float = 0.0

    def at(self, size: tuple[int, int], device: torch.device) -> list[Anchor]:
        """Return them at a width and height."""
        return [
            Anchor(to_tensor(picture, size, device), _at(trust, size, device))
            for picture, trust in zip(self.pictures, self.trusts, strict=True)
        ]


def _at(trust: NDArray[np.float32], size: tuple[int, int], device: torch.device) -> torch.Tensor:
    width, height = size
    whole = torch.from_numpy(np.ascontiguousarray(trust))[None, None].to(device)
    return torch.nn.functional.interpolate(whole, (height, width), mode="area")
