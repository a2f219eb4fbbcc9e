"""The any-style network's first lesson: pictures are read, understood, and painted again."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from impasto.perception.pocket import POCKET_LAYERS, Pocket
from impasto.training.lessons import feature_error
from impasto.training.painter import AnyStyle, Features
from impasto.weights import fetch, load_pocket

#: Layers of the pocket encoder that the coarse features tell, and the side of cells they come in.
TOLD = {"relu3_1": 2, "relu4_1": 1, "relu4_2": 1}


class Copying(nn.Module):
    """What judges copies.

    Args:
        network: Reads and paints; not a part of this.
        device: Of the network.
    """

    def __init__(self, network: AnyStyle, device: torch.device) -> None:
        super().__init__()
        trunk = {name: torch.from_numpy(a) for name, a in load_pocket(fetch("pocket")).items()}
        self.network = [network]
        self.pocket = [Pocket(trunk).to(device)]
        told = sum(POCKET_LAYERS[name] * side**2 for name, side in TOLD.items())
        self.telling = nn.Conv2d(network.shape.far, told, 1).to(device)
        for parameter in self.telling.parameters():
            nn.init.zeros_(parameter)

    def forward(self, images: Tensor, finer: bool) -> dict[str, Tensor]:
        """Return `copy`, the mean absolute error, and `features`, the relative one of pocket's.

        Args:
            images: (N, 3, H, W), H and W multiples of 16.
            finer: Whether the painter sees the finer features too.
        """
        (network,), (pocket,) = self.network, self.pocket
        read = network.reader(images)
        near = read.near if finer else torch.zeros_like(read.near)
        copies = network.painter(Features(read.far, near))
        with torch.no_grad():
            features = pocket(images, tuple(TOLD))
        told = self.telling(read.far).split(
            [POCKET_LAYERS[name] * side**2 for name, side in TOLD.items()], 1
        )
        errors = [
            feature_error(F.pixel_shuffle(part, side), _scaled(features[name]))
            for part, (name, side) in zip(told, TOLD.items(), strict=True)
        ]
        return {"copy": (copies - images).abs().mean(), "features": torch.stack(errors).mean()}


def _scaled(features: Tensor) -> Tensor:
    """Return features with a root mean square of 1."""
    features = features.float()
    return features / (features.square().mean().sqrt() + 1e-6)
