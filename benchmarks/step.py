"""Time one optimization step against the plain loop, in one run.

Usage: python benchmarks/step.py [--size 512x384] [--rounds 9]

The plain loop is what a tutorial writes: float32, NCHW, autograd's own Gram gradient, the same
layers, losses and padding. All contestants take turns, so that a noisy machine is noisy for all;
the ratio is that of the medians.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto.losses import required_statistics
from impasto.networks import build_encoder
from impasto.optimize.backward import backward
from impasto.optimize.objective import Objective
from impasto.optimize.optimizers import PixelOptimizer
from impasto.optimize.style_targets import StyleTarget
from impasto.optimize.targets import OctaveTargets
from impasto.optimize.tiles import SpatialWeight, TiledEncoder
from impasto.settings import Settings
from impasto.settings.choices import CONTENT_LAYERS, STYLE_LAYERS
from impasto.weights import VggParameters, fetch, load_vgg19

LAYERS = [
    "1_1",
    "1_2",
    "p",
    "2_1",
    "2_2",
    "p",
    "3_1",
    "3_2",
    "3_3",
    "3_4",
    "p",
    "4_1",
    "4_2",
    "4_3",
    "4_4",
    "p",
    "5_1",
]


def plain_features(parameters: VggParameters, image: Tensor) -> dict[str, Tensor]:
    """Run the network as a tutorial writes it."""
    mean = torch.tensor(parameters.convention.mean).view(1, 3, 1, 1)
    x = image.flip(1) * parameters.convention.scale - mean
    features = {}
    for layer in LAYERS:
        if layer == "p":
            x = F.max_pool2d(x, 2)
            continue
        weight, bias = (torch.from_numpy(a) for a in parameters.weights[f"conv{layer}"])
        x = F.relu(F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), weight, bias))
        features[f"relu{layer}"] = x
    return features


def plain_gram(features: Tensor) -> Tensor:
    """Return F Fᵀ / M as a tutorial writes it."""
    flat = features.flatten(2)[0]
    return flat @ flat.T / flat.shape[1]


def plain_step(content: Tensor, style: Tensor) -> Callable[[], None]:
    """Prepare the plain loop and return its step."""
    parameters = load_vgg19(fetch("vgg19"))
    with torch.no_grad():
        targets = {k: plain_gram(v) for k, v in plain_features(parameters, style).items()}
        wanted = plain_features(parameters, content)[CONTENT_LAYERS[0]]
    image = content.clone().requires_grad_()
    optimizer = torch.optim.Adam([image], lr=0.03)

    def step() -> None:
        optimizer.zero_grad()
        features = plain_features(parameters, image)
        losses = [
            (plain_gram(features[k]) - targets[k]).square().sum() / targets[k].square().sum()
            for k in STYLE_LAYERS
        ]
        distance = (features[CONTENT_LAYERS[0]] - wanted).square().sum() / wanted.square().sum()
        across = (image[..., 1:] - image[..., :-1]).square().mean()
        down = (image[..., 1:, :] - image[..., :-1, :]).square().mean()
        loss = torch.stack(losses).mean() + 0.15 * distance + 0.5 * (across + down)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        with torch.no_grad():
            image.clamp_(0, 1)

    return step


def our_step(
    content: Tensor, style: Tensor, name: str, precision: torch.dtype
) -> Callable[[], None]:
    """Prepare the iterative stylizer's loop and return its step."""
    encoder = build_encoder(name, (*STYLE_LAYERS, *CONTENT_LAYERS), precision=precision)
    phase = 0 if encoder.phases > 1 else None
    tiled = TiledEncoder(encoder, (style.shape[3], style.shape[2]))
    required = required_statistics(("gram",))
    targets = tiled.statistics(style, STYLE_LAYERS, required, SpatialWeight(None))
    objective = Objective(encoder, Settings(), OctaveTargets(content, [StyleTarget(targets)]))
    optimizer = PixelOptimizer(content, "adam", 0.03)

    def step() -> None:
        optimizer.step(lambda: backward(objective, optimizer.image, phase))

    return step


def main() -> None:
    """Time all contestants in turns and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", default="512x384")
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    width, height = map(int, arguments.size.split("x"))
    generator = torch.Generator().manual_seed(0)
    content, style = (torch.rand((1, 3, height, width), generator=generator) for _ in range(2))
    steps = {
        "plain loop, float32 NCHW": plain_step(content, style),
        "VGG-19, float32": our_step(content, style, "vgg19", torch.float32),
        "VGG-19, bfloat16": our_step(content, style, "vgg19", torch.bfloat16),
        "pocket, float32": our_step(content, style, "pocket", torch.float32),
        "pocket, bfloat16": our_step(content, style, "pocket", torch.bfloat16),
    }
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(arguments.rounds + 1):
        for name, step in steps.items():
            step()  # it finds its memory again, which the one before had given back
            start = time.perf_counter()
            step()
            seconds[name].append(time.perf_counter() - start)
    print(f"{arguments.size}, {torch.get_num_threads()} threads, torch {torch.__version__}")
    medians = {name: statistics.median(values[1:]) for name, values in seconds.items()}
    plain = next(iter(medians.values()))
    for name, median in medians.items():
        print(f"{name:26} {median:.3f} s a step   1/{plain / median:.2f} of the plain loop")


if __name__ == "__main__":
    main()
