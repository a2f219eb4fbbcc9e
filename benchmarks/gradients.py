"""Compare where the pocket encoder and VGG-19 lead: the pixel gradients of their style losses.

Usage: python benchmarks/gradients.py --data FOLDER [--pairs 8] [--weights pocket.safetensors]

FOLDER has pairs.csv (content,style). Each pair is painted with VGG-19 at 256 pixels for half of the
default steps; there both gradients are taken, and their cosine printed. Gradients without phases,
in float32.
"""

import argparse
import csv
import statistics
from itertools import islice
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from impasto import open_picture
from impasto.losses import gram_matrix, relative_style_loss
from impasto.networks import Encoder, build_encoder
from impasto.optimize import IterativeStylizer
from impasto.optimize.pyramid import to_tensor
from impasto.optimize.schedule import LONE_STEPS
from impasto.settings.choices import STYLE_LAYERS

SIZE = 256


def style_gradient(encoder: Encoder, image: Tensor, style: Tensor) -> Tensor:
    """Return the pixel gradient (1, 3, H, W) of the relative style loss."""
    with torch.no_grad():
        targets = {name: gram_matrix(each) for name, each in encoder(style, STYLE_LAYERS).items()}
    image = image.detach().requires_grad_()
    features = encoder(image, STYLE_LAYERS)
    losses = [relative_style_loss(gram_matrix(features[n]), targets[n]) for n in STYLE_LAYERS]
    (gradient,) = torch.autograd.grad(torch.stack(losses).sum(), image)
    return gradient


def main() -> None:
    """Print the cosine of each pair and their mean."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--weights", default=None)
    arguments = parser.parse_args()
    teacher = build_encoder("vgg19", STYLE_LAYERS)
    pocket = build_encoder("pocket", STYLE_LAYERS, weights=arguments.weights)
    with (arguments.data / "pairs.csv").open() as file:
        pairs = list(islice(csv.DictReader(file), arguments.pairs))
    found = []
    for row in pairs:
        content, style = arguments.data / row["content"], arguments.data / row["style"]
        stylizer = IterativeStylizer(
            style, encoder="vgg19", size=SIZE, min_size=SIZE, steps=LONE_STEPS // 2
        )
        for state in stylizer.run(content):
            image = state.image
        picture = open_picture(style, max_size=SIZE)
        target = to_tensor(picture, picture.size, torch.device("cpu"))
        wanted, got = (style_gradient(encoder, image, target) for encoder in (teacher, pocket))
        found.append(float(F.cosine_similarity(wanted.flatten(1), got.flatten(1))))
        print(f"{content.stem} × {style.stem}: {found[-1]:.3f}", flush=True)
    print(f"mean {statistics.mean(found):.3f}")


if __name__ == "__main__":
    main()
