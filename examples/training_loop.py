"""Style augmentation in a training loop: half of each batch is painted, on its own device.

Usage: python examples/training_loop.py [STEPS]
"""

import sys

import torch
from torch import nn

import impasto
from impasto.gallery import open_style


def main(steps: int) -> None:
    """Train a small network to tell two drawings apart by anything but their texture."""
    torch.manual_seed(0)
    sheets = [open_style(name, 256).to_tensor() for name in ("marble", "facets")]
    augment = impasto.StyleAugment(["mosaic", "waves"], probability=0.5, size=64, seed=0)
    network = nn.Sequential(
        *(nn.Conv2d(3, 16, 5, 2), nn.ReLU(), nn.Conv2d(16, 32, 5, 2), nn.ReLU()),
        *(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 2)),
    )
    adam = torch.optim.Adam(network.parameters(), 1e-3)
    for step in range(steps):
        labels = torch.randint(2, (8,))
        tops = torch.randint(192, (8, 2)).tolist()
        pairs = zip(labels, tops, strict=True)
        crops = [sheets[n][:, y : y + 64, x : x + 64] for n, (y, x) in pairs]
        images = augment.batch(torch.stack(crops))  # the one line
        loss = nn.functional.cross_entropy(network(images), labels)
        adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        adam.step()
        print(f"step {step + 1}: {loss.item():.3f}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
