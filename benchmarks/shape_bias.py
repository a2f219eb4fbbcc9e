"""Does StyleAugment let a classifier look at shapes? A small experiment with real training.

Usage: python -m benchmarks.shape_bias [--seeds 3]

Six shapes, each filled with a texture of its own, before another one, as training pictures: a
network may learn either. It is tested on shapes with the textures of others. Trained as it is, with
ColorJitter-like changes of color, and with StyleAugment.batch.
"""

import argparse
import statistics
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor, nn

from impasto import StyleAugment
from impasto.gallery import open_style

SIDE, EPOCHS, BATCH, COUNT = 64, 8, 32, 720
TEXTURES = ("halftone", "knitted", "marble", "op_art", "circuit", "leaves")
GROUND = "watercolor"
#: The pool: none of the textures.
STYLES = (
    "mosaic",
    "waves",
    "woodcut",
    "stained_glass",
    "pastel",
    "neon",
    "strokes",
    "batik",
    "tiles",
)


def mask(shape: int, dice: np.random.Generator) -> np.ndarray:
    """Return a shape, somewhere, turned and scaled: (SIDE, SIDE) bool."""
    points = {
        0: [(np.cos(a), np.sin(a)) for a in np.linspace(0, 2 * np.pi, 40)],
        1: [(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)],
        2: [(0, -1), (0.9, 0.7), (-0.9, 0.7)],
        3: [
            (r * np.sin(a), -r * np.cos(a))
            for a, r in zip(np.arange(10) * np.pi / 5, [1.1, 0.45] * 5, strict=True)
        ],
        4: [(-1.1, -0.3), (1.1, -0.3), (1.1, 0.3), (-1.1, 0.3)],
        5: [
            *((-0.3, -1), (0.3, -1), (0.3, -0.3), (1, -0.3), (1, 0.3), (0.3, 0.3)),
            *((0.3, 1), (-0.3, 1), (-0.3, 0.3), (-1, 0.3), (-1, -0.3), (-0.3, -0.3)),
        ],
    }[shape]
    turn, scale = dice.uniform(-0.4, 0.4), dice.uniform(15, 24)
    x, y = dice.uniform(26, 38, 2)
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    placed = np.array(points) @ matrix.T + (x, y)
    image = Image.new("L", (SIDE, SIDE))
    ImageDraw.Draw(image).polygon([tuple(p) for p in placed], fill=1)
    return np.asarray(image, bool)


def pictures(count: int, *, shuffled: bool, seed: int) -> tuple[Tensor, Tensor]:
    """Return (N, 3, SIDE, SIDE) and the shapes' numbers."""
    dice = np.random.default_rng(seed)
    sheets = [open_style(name, 256).pixels for name in (*TEXTURES, GROUND)]
    images, labels = [], []
    for number in range(count):
        shape = number % 6
        texture = (shape + dice.integers(1, 6)) % 6 if shuffled else shape
        tops = dice.integers(0, 256 - SIDE, (2, 2))
        inside, ground = (
            sheets[which][top : top + SIDE, left : left + SIDE]
            for which, (top, left) in zip((texture, -1), tops, strict=True)
        )
        images.append(np.where(mask(shape, dice)[..., None], inside, ground))
        labels.append(shape)
    stacked = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).contiguous()
    return stacked, torch.tensor(labels)


def network() -> nn.Module:
    """Return a small classifier."""
    layers: list[nn.Module] = []
    for inputs, outputs in ((3, 24), (24, 48), (48, 96), (96, 96)):
        layers += [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]
        layers += [nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(96 * 16, 6))


def trained(images: Tensor, labels: Tensor, change: Callable[[Tensor], Tensor]) -> nn.Module:
    """Train a classifier on changed pictures."""
    net = network()
    adam = torch.optim.Adam(net.parameters(), 1e-3)
    for _ in range(EPOCHS):
        for rows in torch.split(torch.randperm(len(images)), BATCH):
            loss = nn.functional.cross_entropy(net(change(images[rows]) - 0.5), labels[rows])
            adam.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            adam.step()
    return net.eval()


def jittered(images: Tensor) -> Tensor:
    """Change colors by chance."""
    matrix = torch.eye(3) + 0.35 * torch.randn(len(images), 3, 3)
    mixed = torch.einsum("nij,njhw->nihw", matrix, images - 0.5)
    return (mixed + 0.5 + 0.1 * torch.randn(len(images), 3, 1, 1)).clamp(0, 1)


@torch.no_grad()
def accuracy(net: nn.Module, images: Tensor, labels: Tensor) -> float:
    """Return the part that is right."""
    return float((net(images - 0.5).argmax(1) == labels).float().mean())


def main() -> None:
    """Train, test and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=2)
    seeds = parser.parse_args().seeds
    own, others = (pictures(600, shuffled=shuffled, seed=99) for shuffled in (False, True))
    ways: dict[str, Callable[[int], Callable[[Tensor], Tensor]]] = {
        "as it is": lambda _: lambda images: images,
        "changes of color": lambda _: jittered,
        "StyleAugment": lambda seed: StyleAugment(STYLES, 0.8, (0.5, 1), size=96, seed=seed).batch,
    }
    print("| training | textures as trained | textures of others |\n|---|---|---|")
    for name, way in ways.items():
        found = []
        for seed in range(seeds):
            torch.manual_seed(seed)
            images, labels = pictures(COUNT, shuffled=False, seed=seed)
            net = trained(images, labels, way(seed))
            found.append((accuracy(net, *own), accuracy(net, *others)))
        columns = [
            f"{statistics.mean(part):.2f} ({min(part):.2f} … {max(part):.2f})"
            for part in zip(*found, strict=True)
        ]
        print(f"| {name} | {columns[0]} | {columns[1]} |", flush=True)


if __name__ == "__main__":
    main()
